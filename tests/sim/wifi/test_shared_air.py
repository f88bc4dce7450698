"""Access points that several systems share: supply, failures, lessons, one state for all."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.sim.saved import stored
from twin.sim.clock import Clock
from twin.sim.deviations import draw_deviations
from twin.sim.kernel import Kernel
from twin.sim.system import Context
from twin.sim.wifi import PUBLIC, SCHOOL, shared_air

SCHOOL_APS = [f"ap-school-1-{k}" for k in range(1, 5)]


def make_context(city, *, seed=3, managed=None, tick_s=10.0, **options):
    """A context of a Tuesday noon."""
    start = datetime(2026, 1, 20, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    chosen = None if managed is None else frozenset(managed)
    return Context(
        city=city, seed=seed, kernel=Kernel(), clock=Clock(start, city.timezone),
        hidden=draw_deviations(city, seed, chosen), managed=chosen, tick_s=tick_s, **options,
    )  # fmt: skip


@pytest.fixture
def context(city):
    """The small city."""
    return make_context(city)


def _busy(context, *, until_s=600.0):
    """Give the school and the street stations."""
    air = shared_air(context)
    rng = context.rng("test")
    for use, n, demand_bps in ((PUBLIC, 30, 1e6), (SCHOOL, 80, 3e5)):
        home = np.resize(np.flatnonzero(air.fleet.use == use), n)
        begin = 300.0 * rng.random(n) * (use == SCHOOL)
        end = np.full(n, 3000.0) + 120.0 * rng.random(n)
        air.fleet.add(home, (begin, end), np.full(n, demand_bps))
    air.start()
    context.kernel.advance(until_s)
    return air


def _up(air, context, ids=SCHOOL_APS):
    return [air.fleet.is_reachable(ap, context.kernel.now_s) for ap in ids]


def test_all_systems_get_the_same_air(context):
    assert shared_air(context) is shared_air(context)
    air = _busy(context)
    air.start()
    assert air.devices(SCHOOL) == dict.fromkeys(SCHOOL_APS, "ap") | {"sw-school-1": "switch"}
    assert set(air.devices(PUBLIC)) == {f"ap-fws-{k}" for k in range(1, 5)}


def test_a_site_without_power_comes_back_in_order(context):
    air = _busy(context)
    clients = air.fleet.clients_of_use(SCHOOL)
    context.supply.cut(["school-1"], "power", "feeder")
    assert not any(_up(air, context))
    assert not air.switches.is_reachable("sw-school-1", 600.0)
    context.kernel.advance(620.0)
    assert air.fleet.clients_of_use(SCHOOL) == 0
    context.supply.restore(["school-1"], "power", "feeder")
    context.kernel.advance(679.0)
    assert not air.switches.is_reachable("sw-school-1", 679.0)
    context.kernel.advance(681.0)
    assert air.switches.is_reachable("sw-school-1", 681.0)
    assert not any(_up(air, context))
    context.kernel.advance(769.0)
    assert not any(_up(air, context))
    context.kernel.advance(771.0)
    assert all(_up(air, context))
    assert air.fleet.radios.ready_s[air.fleet.index["ap-school-1-1"], 1] == 830.0  # listens again
    context.kernel.advance(900.0)
    assert air.fleet.clients_of_use(SCHOOL) > 0.8 * clients


def test_a_second_cut_while_the_switch_boots_starts_it_again(context):
    air = _busy(context)
    for at_s, acts in ((600.0, "cut"), (610.0, "restore"), (640.0, "cut"), (650.0, "restore")):
        context.kernel.advance(at_s)
        getattr(context.supply, acts)(["school-1"], "power", "feeder")
    context.kernel.advance(675.0)
    assert not air.switches.is_on("sw-school-1")
    context.kernel.advance(711.0)
    assert air.switches.is_on("sw-school-1")


def test_a_link_that_flaps_while_the_switch_boots_does_not_stop_it(context):
    air = _busy(context)
    context.supply.cut(["school-1"], "power", "feeder")
    context.supply.restore(["school-1"], "power", "feeder")
    context.supply.cut(["school-1"], "link", "digger")
    context.kernel.advance(700.0)
    assert air.switches.is_on("sw-school-1")
    assert not air.switches.is_reachable("sw-school-1", 700.0)
    context.supply.restore(["school-1"], "link", "digger")
    context.kernel.advance(760.0)
    assert all(_up(air, context))


def test_a_cut_link_needs_no_boot(context):
    air = _busy(context)
    context.supply.cut(["school-1"], "link", "digger")
    assert not any(_up(air, context))
    assert air.switches.read("sw-school-1", "port/{port}/poe_delivering", {"port": "1"}, 600.0)
    context.supply.restore(["school-1"], "link", "digger")
    assert all(_up(air, context))


def test_a_school_hangs_on_its_own_id_too(context):
    air = _busy(context)
    context.supply.cut(["1"], "power", "station")
    assert not any(_up(air, context))


def test_what_is_cut_at_the_start_is_off_from_the_start(context):
    context.supply.cut(["fws"], "power", "before")
    air = _busy(context)
    assert not any(_up(air, context, ["ap-fws-1", "ap-fws-4"]))
    assert air.fleet.clients_of_use(PUBLIC) == 0


def test_offered_bits_are_served_dropped_or_queued(context):
    air = _busy(context)
    fleet = air.fleet
    fleet.set_backhaul("school-1", 5e6)
    context.kernel.advance(1200.0)
    for use in (PUBLIC, SCHOOL):
        traffic = fleet.traffic
        total = traffic.served_bits[use] + traffic.dropped_bits[use] + fleet.queued_bits(use)
        assert traffic.offered_bits[use] == pytest.approx(total, rel=1e-9)
    assert fleet.traffic.dropped_bits[SCHOOL] > 0.0
    assert fleet.traffic.served_bps[fleet.members("school-1")].sum() <= 5e6 * 1.000001


def test_accelerated_failures_are_repaired(city):
    context = make_context(city, failure_factor=1e6)
    _busy(context, until_s=1800.0)
    counts = context.trace.counts()
    assert counts["ap_failed"] > 3
    assert counts["ap_repaired"] > 3


def test_a_world_of_one_switch_has_only_its_access_points(city):
    air = shared_air(make_context(city, managed=["sw-school-1"]))
    assert air.fleet.ids == tuple(SCHOOL_APS)
    assert air.devices(SCHOOL) == {"sw-school-1": "switch"}
    assert air.devices(PUBLIC) == {}


def test_a_world_without_managed_access_points_schedules_nothing(city):
    context = make_context(city, managed=["cab-1"])
    shared_air(context).start()
    assert context.kernel.peek() == float("inf")


def test_a_saved_air_has_the_same_future(context):
    _busy(context, until_s=300.0)
    copy = stored(context, context.city)
    for each in (context, copy):
        each.supply.cut(["fws"], "power", "feeder")
        each.kernel.advance(1500.0)
    assert copy.trace.sha256() == context.trace.sha256()
    np.testing.assert_array_equal(
        shared_air(copy).fleet.stations.ap, shared_air(context).fleet.stations.ap
    )
