"""Watts of cells by EARTH and by TR 38.864, and who sleeps at night."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.sim.cellular.assumptions import assumed
from twin.sim.cellular.energy import CellPower
from twin.sim.cellular.sleep import coverage_cells

ON, OFF = np.array([True]), np.array([False])


def _watts(cell, load, *, on=True, fed=True, tx_dbm=None):
    tx = np.array([cell.tx_power_dbm if tx_dbm is None else tx_dbm])
    power = CellPower([cell]).watts(np.array([load]), tx, ON if on else OFF, ON if fed else OFF)
    return float(power[0])


@pytest.fixture
def lte(city):
    cell = next(cell for cell in city.cells if cell.band == "B3")
    return replace(cell, tx_power_dbm=46.0206)  # 40 W on two transceivers


@pytest.fixture
def nr(city):
    return next(cell for cell in city.cells if cell.band == "n78")


def test_a_macro_site_of_three_sectors_draws_what_earth_says(lte):
    assert 3 * _watts(lte, 1.0) == pytest.approx(1344.0, abs=0.1)
    assert 3 * _watts(lte, 0.0) == pytest.approx(780.0)
    assert 3 * _watts(lte, 0.0, on=False) == pytest.approx(450.0)


def test_an_active_antenna_follows_the_relative_power_of_tr_38864(nr):
    unit_w = assumed("nr_w_per_unit")
    assert _watts(nr, 1.0) == pytest.approx(280.0 * unit_w)
    assert _watts(nr, 0.0) == pytest.approx(55.0 * unit_w)
    assert _watts(nr, 0.0, on=False) == pytest.approx(25.0 * unit_w)
    # half the radiated power: A = 0.4 of the dynamic part stays
    half = _watts(nr, 1.0, tx_dbm=nr.tx_power_dbm - 10.0 * np.log10(2.0))
    assert half == pytest.approx(unit_w * (55.0 + 225.0 * (0.4 + 0.6 * 0.5)))


def test_without_electricity_there_are_no_watts(lte, nr):
    assert _watts(lte, 1.0, fed=False) == _watts(nr, 1.0, fed=False) == 0.0


def test_power_grows_with_load(lte, nr):
    for cell in (lte, nr):
        watts = [_watts(cell, load) for load in (0.0, 0.25, 0.5, 1.0)]
        assert watts == sorted(watts)


def test_the_lowest_lte_carrier_of_a_sector_covers_for_the_others(city):
    cells = city.cells
    covered_by = coverage_cells(cells)
    for i, cell in enumerate(cells):
        if cell.layer == "A/n78":
            cover = cells[covered_by[i]]
            assert (cover.site, cover.azimuth_deg, cover.band) == (
                cell.site,
                cell.azimuth_deg,
                "B3",
            )
        else:  # B has no LTE here, and nothing covers for the coverage layer
            assert covered_by[i] == -1
