"""One layer of cells: best server and interference, with the constants of the planning side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.radio.link.bands import band
from twin.radio.link.noise import noise_dbm
from twin.sim.cells import downlink_hz
from twin.sim.layers import Layer

LOAD = 0.3


def layer_of(city, levels_dbm):
    """A layer that hears each row of levels at one place, a column for each cell."""
    n_places, n_cells = levels_dbm.shape
    cells = [replace(city.cells[0], load=LOAD)] * n_cells
    layer = Layer("A/n78", np.arange(n_cells), cells, n_places)
    layer.columns = [(np.arange(n_places), levels_dbm[:, k]) for k in range(n_cells)]
    layer.rebuild(np.zeros(n_cells), np.ones(n_cells, dtype=bool))
    return layer


def expected_efficiency(city, levels_dbm):
    best = levels_dbm.argmax(axis=1)
    rows = np.arange(best.size)
    heard_mw = LOAD * 10.0 ** (levels_dbm / 10.0)
    heard_mw[rows, best] = 0.0
    noise_mw = 10.0 ** (noise_dbm(city.cells[0].scs_hz) / 10.0)
    sinr = 10.0 ** (levels_dbm[rows, best] / 10.0) / (noise_mw + heard_mw.sum(axis=1))
    return np.minimum(0.6 * np.log2(1.0 + sinr), 4.4)


def levels(seed, n_cells):
    """Levels the world can tell apart: whole 64ths of a decibel."""
    drawn = np.random.default_rng(seed).uniform(-118.0, -90.0, (500, n_cells))
    return np.rint(64.0 * drawn) / 64.0


@pytest.mark.parametrize("n_cells", [1, 2, 6])
def test_users_get_what_server_others_and_noise_of_the_twin_leave(city, n_cells):
    at = levels(1, n_cells)
    layer = layer_of(city, at)
    np.testing.assert_array_equal(layer.best_cell, at.argmax(axis=1))
    np.testing.assert_allclose(layer.efficiency, expected_efficiency(city, at), rtol=1e-12)


def test_one_interferer_is_counted_to_the_last_digit(city):
    """Total minus own would leave the rounding of the total."""
    at = levels(2, 2)
    np.testing.assert_allclose(
        layer_of(city, at).efficiency, expected_efficiency(city, at), rtol=2e-15
    )


def test_downlink_has_the_share_of_time_the_planning_side_gives_it(city):
    cell = replace(city.cells[0], band="n78", bandwidth_hz=90e6, mimo_layers=4)
    assert downlink_hz(cell) == 2.0 * 90e6 * band("n78").downlink_share
    assert downlink_hz(replace(cell, band="B3", mimo_layers=1)) == 90e6
