"""The first minutes of a run: controllers in step with the time of day, streets already full."""

from __future__ import annotations

import numpy as np
import pytest

from twin.sim.signals.system import Signals

from .towns import run, signal, town


def _timers(context, system: Signals, wall_s: int) -> dict[str, tuple[object, ...]]:
    midnight_s = context.clock.seconds_on(context.clock.local(0.0), 0)
    context.kernel.run(midnight_s + wall_s)
    names = ("cycle_s", "cycle_timer_s", "main_green_s", "pattern_in_effect")
    return {
        name: tuple(system.read_signal(name)[key] for key in names) for name in system.layout.ids
    }


def test_cycles_stand_where_the_time_of_day_puts_them_whenever_the_run_began():
    at_s = 12 * 3600 + 34 * 60 + 20
    seen = [_timers(*run(hour=h, minute=m), at_s) for h, m in ((12, 0), (12, 7), (12, 33))]
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize(("hour", "minute"), [(7, 0), (7, 11), (12, 7), (22, 1)])
def test_a_cycle_begins_at_its_offset_after_midnight(hour, minute):
    _, system = run(hour=hour, minute=minute)
    second = 3600 * hour + 60 * minute
    for name in system.layout.ids:
        now = system.read_signal(name)
        if now["operational_state"] == "RUNNING":
            begun_s = second - int(now["cycle_timer_s"])
            assert (begun_s - int(now["offset_s"])) % int(now["cycle_s"]) == 0


def test_a_signal_that_comes_back_finds_the_offset_of_the_time_of_day():
    context, system = run(hour=12, minute=7)
    context.supply.cut(["signal-1"], "power", "feeder")
    context.kernel.run(137.0)
    context.supply.restore(["signal-1"], "power", "feeder")
    context.kernel.run(1200.0)
    now = system.read_signal("signal-1")
    second = 12 * 3600 + 7 * 60 + 1200
    begun_s = second - int(now["cycle_timer_s"])
    assert (begun_s - int(now["offset_s"])) % int(now["cycle_s"]) == 0


def test_gauges_and_detectors_read_a_full_street_from_the_first_second():
    city = town(*(signal(k, corridor="main", corridor_m=280.0 * k) for k in range(12)))
    context, system = run(city, hour=8)
    first = dict(system.gauges())
    volume = sum(int(system.read_signal(name)["inbound_volume"]) for name in system.layout.ids)
    assert volume > 0
    later = []
    for quarter in range(1, 5):
        context.kernel.run(900.0 * quarter)
        later.append(dict(system.gauges()))
    for name, tolerance in (("vehicles_per_h", 0.1), ("mean_delay_s", 0.2)):
        usual = float(np.mean([gauge[name] for gauge in later]))
        assert first[name] == pytest.approx(usual, rel=tolerance)
    assert first["queue_veh"] > 0.3 * np.mean([gauge["queue_veh"] for gauge in later])


def test_what_passed_before_the_start_is_not_counted():
    context, system = run(hour=8)
    assert system.kpis()["vehicles"].value == 0.0
    assert system.kpis()["energy_kwh"].value == 0.0
    context.kernel.run(60.0)
    assert 0.0 < system.kpis()["vehicles"].value < 2000.0
    system.check_invariants()
