"""A command over LoRaWAN changes the lamps that hear it, where both are simulated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.sim.lamps.dali import LIGHT_OF_PERCENT

HOUR_S = 3600.0
BOTH = ["lamps", "utilities_iot"]


def _dim(sim, level_percent, target="all"):
    sim.systems["utilities_iot"].actions()["dim"].begin(target, {"level_percent": level_percent})
    sim.advance(sim.now_s + 120.0)


def _rows(sim):
    devices = sim.systems["utilities_iot"].network.devices
    return np.sort(devices.lamp[devices.lamp >= 0])


def _power_w(sim):
    return float(sim.systems["lamps"].fleet.power_at(sim.now_s).sum())


def test_lamps_with_a_controller_obey_and_the_others_do_not(make_sim):
    sim = make_sim(19, systems=BOTH)
    sim.advance(600.0)
    fleet, rows = sim.systems["lamps"].fleet, _rows(sim)
    before_w = _power_w(sim)
    _dim(sim, 20)
    assert set(fleet.commanded.rows) == set(rows)
    light = 1.0 - LIGHT_OF_PERCENT[20]
    saved_w = float((fleet.true_w * fleet._drive * fleet.works)[rows].sum()) * 0.92 * light
    assert before_w - _power_w(sim) == pytest.approx(saved_w, rel=1e-6)
    _dim(sim, 100)
    assert _power_w(sim) == pytest.approx(before_w, rel=1e-6)
    sim.check_invariants()


def test_energy_follows_from_the_moment_a_lamp_has_heard(make_sim):
    used = []
    for level in (100, 30):
        sim = make_sim(19, systems=BOTH)
        sim.advance(60.0)
        _dim(sim, level)
        sim.advance(HOUR_S)
        used.append(sim.systems["lamps"].fleet.energy_wh(sim.now_s))
    assert used[1] < 0.9 * used[0]


def test_a_lamp_out_of_reach_goes_by_its_cabinet(make_sim):
    sim = make_sim(19, systems=BOTH)
    sim.systems["utilities_iot"].actions()["fail"].begin("gw-1", {})
    sim.systems["utilities_iot"].actions()["fail"].begin("gw-2", {})
    sim.advance(120.0)
    before_w = _power_w(sim)
    _dim(sim, 20)
    assert not sim.systems["lamps"].fleet.commanded.rows.size
    assert _power_w(sim) == pytest.approx(before_w)


@pytest.mark.parametrize("how", ["write", "scenario", "power"])
def test_the_last_word_counts(make_sim, how):
    sim = make_sim(19, systems=BOTH)
    sim.advance(60.0)
    fleet = sim.systems["lamps"].fleet
    _dim(sim, 20)
    of = fleet.cabinet_of[fleet.commanded.rows]
    assert (of == 0).any()
    if how == "write":
        sim.write("cab-0", {"normal_level_percent": 80})
    elif how == "scenario":
        sim.systems["lamps"].actions()["dim"].begin("cab-0", {"level_percent": 60})
    else:
        sim.context.supply.cut(["cab-0"], "power", "test")
    sim.advance(sim.now_s + 60.0)
    of = fleet.cabinet_of[fleet.commanded.rows]
    assert not (of == 0).any()
    assert (of == 1).any()


def test_controllers_sit_on_led_lamps_only(make_sim, town):
    lamps = tuple(
        replace(lamp, kind="sodium") if k % 4 else lamp for k, lamp in enumerate(town.lamps)
    )
    sim = make_sim(19, city=replace(town, lamps=lamps))
    rows = _rows(sim)
    assert rows.size == 20
    assert {lamps[i].kind for i in rows} == {"led"}
