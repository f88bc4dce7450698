"""Corridors that follow motion in a running city: energy, detectors, policy limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from tests.sim.lamps.conftest import BERLIN, X0, Y0, make_quarter
from twin.model.city import TrafficSignal
from twin.model.errors import ModelError
from twin.sim.lamps.dali import LIGHT_OF_PERCENT
from twin.sim.lamps.system import Lamps
from twin.sim.simulation import Simulation
from twin.sim.system import System


def _signals(flow=600.0):
    return tuple(
        TrafficSignal(
            id=f"sig-{k}",
            kind="junction",
            x_m=X0 + 240.0 * k,
            y_m=Y0,
            computer="a",
            corridor="main",
            corridor_m=240.0 * k,
            flow_veh_h=flow,
        )
        for k in range(3)
    )


def _city(**changes):
    return replace(make_quarter(), signals=_signals(), **changes)


class Loops(System):
    """Detectors that tell what a test wants."""

    name = "signals"

    def watch_vehicles(self, told):
        self.told = told


def _with_loops(at):
    """A run whose signals are loops: the lamps start when the loops are there."""
    simulation = Simulation(_city(), seed=3, start=at, systems=[], failure_factor=1e-9)
    context = simulation.context
    loops, lamps = Loops(context), Lamps(context)
    context.systems.update(signals=loops, lamps=lamps)
    lamps.start()
    return simulation, loops, lamps


def test_without_vehicles_the_corridor_waits_at_its_base_light():
    simulation, _, lamps = _with_loops(datetime(2026, 1, 20, 22, tzinfo=BERLIN))
    simulation.advance(3600.0)
    base = lamps.fleet.followers.base_light[:20]
    watts = lamps.fleet.true_w[:20]
    expected = (watts * (0.08 + 0.92 * base)).sum()
    assert lamps.fleet.power_at(3600.0)[0] == pytest.approx(expected)
    assert LIGHT_OF_PERCENT[10] < base.mean() < LIGHT_OF_PERCENT[35]  # raised to P6


def test_a_vehicle_lights_the_lamps_around_it_and_costs_their_hold():
    simulation, loops, lamps = _with_loops(datetime(2026, 1, 20, 22, tzinfo=BERLIN))
    simulation.advance(600.0)
    before_wh = lamps.fleet.totals(600.0).energy_wh[0]
    idle_w = lamps.fleet.power_at(600.0)[0]
    loops.told("main", 600.0, 12.5)
    simulation.advance(620.0)  # it is at 250 m: lamp 10 of 25 m
    chain = lamps.fleet.followers.chains["main"]
    assert np.flatnonzero(chain.is_bright(620.0)).max() == 12
    assert lamps.fleet.power_at(620.0)[0] > idle_w
    simulation.advance(3600.0)
    excess_w = lamps.fleet.followers.excess_w[chain.lamps]
    ahead_m = chain.lamp_m - chain.lamp_m[np.maximum(np.arange(20) - 2, 0)]
    expected_wh = (excess_w * (90.0 + ahead_m / 12.5)).sum() / 3600.0
    spent_wh = lamps.fleet.totals(3600.0).energy_wh[0] - before_wh
    assert spent_wh == pytest.approx(idle_w * 3000.0 / 3600.0 + expected_wh)
    assert lamps.kpis()["adaptive_detections"].value == 1


def test_vehicles_elsewhere_by_day_or_in_the_evening_are_not_counted():
    simulation, loops, lamps = _with_loops(datetime(2026, 1, 20, 20, tzinfo=BERLIN))
    loops.told("main", 0.0, 12.5)
    loops.told("other", 0.0, 12.5)
    assert lamps.kpis()["adaptive_detections"].value == 0
    simulation.advance(2.1 * 3600.0)
    loops.told("main", 2.1 * 3600.0, 12.5)
    assert lamps.kpis()["adaptive_detections"].value == 1


def test_without_signals_simulated_vehicles_are_drawn(run):
    simulation = run(hour=20, city=_city())
    simulation.advance(10 * 3600.0)
    detections = simulation.kpis()["lamps"]["adaptive_detections"].value
    assert detections == pytest.approx(8 * 60, abs=100)  # a tenth of 600 an hour


def test_following_saves_against_half_light_all_night(run):
    saved = {}
    for name, city in (("dimmed", make_quarter()), ("motion", _city())):
        simulation = run(hour=12, city=city, failure_factor=1e-9)
        simulation.advance(86_400.0)
        saved[name] = simulation.systems["lamps"].kpis_by_district()["south"]
    assert (
        saved["motion"]["energy_saved_percent"].value
        != saved["dimmed"]["energy_saved_percent"].value
    )


def test_a_path_of_a_cabinet_saves_most_of_its_night(run):
    simulation = run(hour=22, failure_factor=1e-9)
    do = simulation.systems["lamps"].actions()["follow_motion"]
    do.check("cab-1", {})
    do.begin("cab-1", {})
    simulation.advance(8 * 3600.0)
    kpis = simulation.systems["lamps"].kpis_by_district()["south"]
    assert 50.0 < kpis["energy_saved_percent"].value < 75.0  # "up to 70 %" (marlaktuell 449198)
    assert simulation.kpis()["lamps"]["adaptive_detections"].value == pytest.approx(48, abs=25)
    do.end("cab-1", {})
    assert simulation.read("cab-1", "power_w") > 0
    assert not simulation.systems["lamps"].fleet.followers.chains
    assert simulation.kpis()["lamps"]["adaptive_detections"].value > 0


def test_sodium_lamps_and_unknown_places_cannot_follow(run):
    check = run(city=_city()).systems["lamps"].actions()["follow_motion"].check
    with pytest.raises(ModelError, match="no LED lamps"):
        check("cab-2", {})
    with pytest.raises(ModelError, match=r"no corridor or lamp cabinet 'nowhere'; .* main"):
        check("nowhere", {})
    with pytest.raises(ModelError, match="base_percent is 0"):
        check("main", {"base_percent": 0})


def test_others_may_tell_of_passers_by_too(run):
    simulation = run(hour=23, failure_factor=1e-9)
    lamps = simulation.systems["lamps"]
    lamps.actions()["follow_motion"].begin("cab-1", {})
    before = lamps.kpis()["adaptive_detections"].value
    lamps.detect("cab-1", 0.0, 1.4)
    lamps.detect("cab-2", 0.0, 1.4)  # does not follow motion
    assert lamps.kpis()["adaptive_detections"].value == before + 1
    with pytest.raises(ValueError, match="speed_m_s is 0"):
        lamps.detect("cab-1", 0.0, 0.0)


def test_managed_cabinets_do_not_follow_unless_told(run):
    simulation = run(hour=23, city=_city(), managed=["cab-1"])
    assert not simulation.systems["lamps"].fleet.followers.chains
