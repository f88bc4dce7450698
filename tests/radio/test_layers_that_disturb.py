"""Layers whose carriers overlap: they disturb each other, and each serves its own subscribers."""

from __future__ import annotations

import dataclasses

import numpy as np
from radio_cells import X0, Y0, make_cell, make_city

from twin.radio.coverage import compute, update
from twin.radio.links import disturbers

OWN = make_cell("own", x_m=X0 - 300.0, y_m=Y0)
FOREIGN = make_cell("foreign", operator="B", x_m=X0 + 300.0, y_m=Y0)


def layers_of(*cells):
    return {layer.layer: layer for layer in compute(make_city(cells), step_m=25.0).layers}


def moved_away(cell):
    return dataclasses.replace(cell, carrier_hz=cell.carrier_hz + 4 * cell.bandwidth_hz)


def test_a_foreign_cell_on_the_same_carrier_disturbs_and_never_serves():
    alone, both = layers_of(OWN)["A/n78"], layers_of(OWN, FOREIGN)["A/n78"]
    assert both.disturbed_by == ("B/n78",)
    inside = np.isfinite(alone.sinr_db)
    assert (both.best_cell[inside] == 0).all()
    np.testing.assert_array_equal(both.rsrp_dbm, alone.rsrp_dbm)
    assert (both.sinr_db[inside] < alone.sinr_db[inside]).all()
    assert np.median(alone.sinr_db[inside] - both.sinr_db[inside]) > 3.0


def test_a_foreign_cell_on_another_carrier_changes_nothing():
    alone, both = layers_of(OWN)["A/n78"], layers_of(OWN, moved_away(FOREIGN))["A/n78"]
    assert both.disturbed_by == ()
    np.testing.assert_array_equal(both.sinr_db, alone.sinr_db)


def test_a_foreign_cell_that_is_off_is_not_heard():
    assert disturbers([OWN], [dataclasses.replace(FOREIGN, is_on=False)]) == ()


def test_an_update_reaches_layers_that_hear_the_changed_one_before_or_after():
    cells = {True: (OWN, FOREIGN), False: (OWN, moved_away(FOREIGN))}
    for overlaps_first in (True, False):
        before = compute(make_city(cells[overlaps_first]), step_m=25.0)
        city = make_city(cells[not overlaps_first])
        updated, whole = update(city, before, ["B/n78"]), compute(city, step_m=25.0)
        for ours, theirs in zip(updated.layers, whole.layers, strict=True):
            np.testing.assert_array_equal(ours.sinr_db, theirs.sinr_db)
            assert ours.disturbed_by == theirs.disturbed_by
