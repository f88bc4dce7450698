"""Which cells sleep: thresholds with room between them, a time to wait, hours of each site."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.sim.cellular.sleep import Sleepers

REFRESH_S = 300.0


@pytest.fixture
def sector(city):
    """A coverage cell of 10 MHz with two capacity cells, at hours without spread."""
    cell = next(cell for cell in city.cells if cell.technology == "lte")
    widths = (("B20", 806e6, 10e6), ("B3", 1.8e9, 20e6), ("n78", 3.6e9, 90e6))
    return [
        replace(cell, id=band, band=band, carrier_hz=carrier, bandwidth_hz=width,
                technology="nr" if band == "n78" else "lte")
        for band, carrier, width in widths
    ]  # fmt: skip


def _choose(sector, loads, *, hour=3.0, asleep=(False, False, False), waited_s=3600.0):
    sleepers = Sleepers(sector, [sector[0].site], np.random.default_rng(1))
    is_asleep = np.array(asleep)
    return sleepers.choose(hour, np.array(loads), ~is_asleep, is_asleep, waited_s).tolist()


def test_idle_capacity_cells_sleep_at_night_only(sector):
    assert _choose(sector, [0.1, 0.02, 0.01]) == [False, True, True]
    assert _choose(sector, [0.1, 0.02, 0.01], hour=12.0) == [False, False, False]
    assert _choose(sector, [0.1, 0.3, 0.01]) == [False, False, True]


def test_a_cell_must_be_idle_for_a_quarter_of_an_hour(sector):
    sleepers = Sleepers(sector, [sector[0].site], np.random.default_rng(1))
    awake = np.zeros(3, dtype=bool)
    loads = np.array([0.1, 0.02, 0.01])

    def choose(load=loads):
        return sleepers.choose(3.0, load, ~awake, awake, REFRESH_S).any()

    assert [choose(), choose(), choose()] == [False, False, True]
    assert not choose(np.array([0.1, 0.2, 0.2]))
    assert [choose(), choose(), choose()] == [False, False, True]


def test_nobody_falls_asleep_if_the_coverage_cell_has_no_room(sector):
    assert _choose(sector, [0.45, 0.0, 0.0]) == [False, False, False]
    assert _choose(sector, [0.2, 0.02, 0.09]) == [False, False, False]  # 0.2 + 0.04 + 0.81


def test_between_the_thresholds_cells_stay_as_they_are(sector):
    both = (False, True, True)
    assert _choose(sector, [0.45, 0.0, 0.0], asleep=both) == [False, True, True]
    assert _choose(sector, [0.45, 0.0, 0.0]) == [False, False, False]
    assert _choose(sector, [0.55, 0.0, 0.0], asleep=both) == [False, False, False]


def test_sites_begin_and_end_at_times_of_their_own(sector):
    names = [f"s{k}" for k in range(400)]
    cells = [replace(cell, site=name) for name in names for cell in sector]
    sleepers = Sleepers(cells, names, np.random.default_rng(2))
    loads = np.tile([0.1, 0.02, 0.01], len(names))
    is_asleep = np.zeros(len(cells), dtype=bool)
    counts = {}
    for step in range(22 * 12, 32 * 12):  # from 22 h to 8 h
        hour = step / 12.0 % 24.0
        is_asleep = sleepers.choose(hour, loads, ~is_asleep, is_asleep, REFRESH_S)
        counts[hour] = int(is_asleep.sum())
    assert counts[22.0] == counts[6.5] == 0
    assert counts[3.0] == 2 * len(names)
    assert max(abs(np.diff(list(counts.values())))) < 0.1 * 2 * len(names)
    assert counts[5.0] == pytest.approx(len(names), rel=0.15)  # half are back


def test_a_site_has_the_same_hours_whatever_else_is_simulated(sector):
    names = [f"s{k}" for k in range(9)]
    cells = [replace(cell, site=name) for name in names for cell in sector]
    hours = np.arange(0.0, 24.0, 0.05)
    few, all_ = (Sleepers(part, names, np.random.default_rng(2)) for part in (cells[12:15], cells))
    for hour in hours:
        assert np.array_equal(few.may_sleep_at(hour), all_.may_sleep_at(hour)[12:15])
