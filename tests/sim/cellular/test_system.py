"""A day of the mobile network: conservation, saving, districts, scenarios, vehicles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.sim.saved import taken_up
from twin.model.city import District
from twin.model.errors import ModelError
from twin.sim.cellular import ASSUMPTIONS, Cellular, HandoverRates
from twin.sim.cellular.assumptions import assumed

WEST = (((343_000.0, 5_699_000.0), (344_300.0, 5_699_000.0), (344_300.0, 5_702_000.0),
         (343_000.0, 5_702_000.0)),)  # fmt: skip
EAST = (((344_300.0, 5_699_000.0), (346_000.0, 5_699_000.0), (346_000.0, 5_702_000.0),
         (344_300.0, 5_702_000.0)),)  # fmt: skip


@pytest.fixture
def halves(city):
    """The small city in two districts."""
    return replace(
        city,
        districts=tuple(
            District(code=slug, slug=slug, level="district", area_km2=1.0, rings=rings)
            for slug, rings in (("west", WEST), ("east", EAST))
        ),
    )


def _mobile(run):
    return run.systems["cellular"]


def test_octets_and_connections_are_conserved_through_a_day_of_faults(simulate):
    run = simulate(failure_factor=30_000.0, tick_s=30.0)
    for hour in range(1, 9):
        if hour == 2:
            run.context.supply.cut(["site-a-002"], "link", "ring")
        if hour == 4:
            run.context.supply.restore(["site-a-002"], "link", "ring")
        run.advance(3600.0 * hour)
        run.check_invariants()
    figures = _mobile(run).kpis()
    assert figures["dropped_session_percent"].value > 0.0
    assert figures["cell_availability_percent"].value < 100.0
    assert figures["handovers"].value > 0.0


def test_every_figure_is_finite_and_has_a_unit(simulate):
    run = simulate(tick_s=30.0)
    run.advance(1200.0)
    figures = _mobile(run).kpis()
    assert len(figures) >= 10
    for name, kpi in figures.items():
        assert np.isfinite(kpi.value), name
        assert kpi.value >= 0.0, name
        assert kpi.unit
        if kpi.unit == "%":
            assert kpi.value <= 100.0


def test_the_same_seed_gives_the_same_trace_and_another_does_not(simulate):
    runs = [simulate(seed=seed) for seed in (5, 5, 6)]
    for run in runs:
        run.advance(1000.0)
    first, second, third = (run.context.trace.sha256() for run in runs)
    assert first == second != third


def test_a_saved_run_has_the_same_future(simulate):
    run = simulate(failure_factor=20_000.0)
    run.advance(605.0)
    run.write("cell-a-001-1-n78", {"admin_state": "SHUTTING_DOWN"})
    run.context.supply.cut(["site-a-003"], "power", "x")
    run.advance(615.0)
    copy = taken_up(run)
    for each in (run, copy):
        each.advance(3000.0)
        each.check_invariants()
    assert run.context.trace.sha256() == copy.context.trace.sha256()
    assert copy.read("cell-a-001-1-n78", "admin_state") == "LOCKED"


def test_districts_add_up_to_the_city(halves, simulate):
    run = simulate(town=halves, tick_s=30.0)
    run.advance(1800.0)
    whole, parts = _mobile(run).kpis(), _mobile(run).kpis_by_district()
    assert set(parts) == {"west", "east"}
    for name in ("traffic_gb", "energy_kwh", "handovers"):
        total = sum(part[name].value for part in parts.values())
        assert total == pytest.approx(whole[name].value)


def test_demand_of_a_district_can_be_changed(halves, simulate):
    volumes = []
    for factor in (1.0, 0.2):
        run = simulate(town=halves, tick_s=30.0)
        action = _mobile(run).actions()["demand"]
        action.check("east", {"factor": factor})
        action.begin("east", {"factor": factor})
        run.advance(1800.0)
        volumes.append(_mobile(run).kpis()["traffic_gb"].value)
    assert volumes[1] < 0.8 * volumes[0]


@pytest.mark.parametrize(
    ("verb", "target", "parameters", "words"),
    [
        ("demand", "nowhere", {"factor": 2.0}, "no district 'nowhere'"),
        ("demand", "east", {"factor": -1.0}, "not in 0 to 100"),
        ("demand", "east", {"factor": float("nan")}, "not in 0 to 100"),
        ("demand", "east", {"factor": "much"}, "needs a number"),
        ("demand", "east", {}, "needs a number"),
        ("demand", "east", {"factor": 1.0, "colour": 1}, "unknown parameter 'colour'"),
        ("fail", "cell-none", {}, "no cell or site 'cell-none'"),
        ("repair", "site-none", {}, "no cell or site 'site-none'"),
        ("forbid_sleep", "site-a-001", {}, "cell sleep is set for"),
    ],
)
def test_bad_actions_are_refused_in_one_line(halves, simulate, verb, target, parameters, words):
    action = _mobile(simulate(town=halves)).actions()[verb]
    with pytest.raises(ModelError, match=words) as caught:
        action.check(target, parameters)
    assert "\n" not in str(caught.value)


def test_a_site_fails_and_is_repaired_by_a_scenario(simulate):
    run = simulate()
    action = _mobile(run).actions()["fail"]
    action.check("site-a-001", {})
    action.begin("site-a-001", {})
    run.advance(20.0)
    assert run.read("cell-a-001-2-n78", "operational_state") == "DISABLED"
    assert run.read("cell-a-001-2-n78", "users") == 0.0
    assert _mobile(run).gauges()["down_count"] == 6.0
    assert action.end is not None
    action.end("site-a-001", {})
    run.advance(40.0)
    assert run.read("cell-a-001-2-n78", "operational_state") == "ENABLED"


def test_cells_sleep_at_night_save_energy_and_wake_in_the_morning(simulate):
    night = simulate(hour=1, tick_s=30.0)
    awake = simulate(hour=1, tick_s=30.0)
    _mobile(awake).actions()["forbid_sleep"].begin("testtown", {})
    for run in (night, awake):
        run.advance(1800.0)
    assert _mobile(night).gauges()["asleep_count"] > 0.0
    assert _mobile(awake).gauges()["asleep_count"] == 0.0
    energy = [_mobile(run).kpis()["energy_kwh"].value for run in (night, awake)]
    assert energy[0] < energy[1]
    sleeper = next(cell for cell in night.devices() if night.read(cell, "users") == 0.0)
    assert night.read(sleeper, "operational_state") == "ENABLED"
    night.advance(5.1 * 3600.0)  # the last site ends at 6 h
    assert _mobile(night).gauges()["asleep_count"] == 0.0


def test_a_night_begins_with_cells_asleep_and_counts_no_handovers_for_it(simulate):
    mobile = _mobile(simulate(hour=3))
    assert mobile.gauges()["asleep_count"] > 0.0
    assert mobile.kpis()["handovers"].value == 0.0


def test_links_of_a_site_that_goes_dark_fail_and_its_connections_drop(simulate):
    run = simulate()
    mobile = _mobile(run)
    before = mobile.gauges()["users_count"]
    run.context.supply.cut(["site-a-001"], "link", "ring")
    run.advance(5.0)
    figures = mobile.kpis()
    gone = before - mobile.gauges()["users_count"]
    assert figures["outage_link_failures"].value == gone > 0.0
    assert figures["radio_link_failures"].value >= gone
    assert figures["dropped_session_percent"].value == 100.0  # of those that are over


def test_where_only_a_radio_fails_most_connections_go_on_at_other_cells(simulate):
    run = simulate()
    mobile = _mobile(run)
    cell = max(run.devices(), key=lambda name: run.read(name, "users"))
    before, all_before = run.read(cell, "users"), mobile.gauges()["users_count"]
    mobile.actions()["fail"].begin(cell, {})
    run.advance(5.0)
    figures = mobile.kpis()
    assert figures["outage_link_failures"].value == before > 0.0
    lost = all_before - mobile.gauges()["users_count"]
    assert 0.0 < lost < 0.6 * before
    assert figures["handovers"].value == 0.0  # re-established, not handed over
    run.check_invariants()


def test_passengers_are_users_of_the_cells_they_pass(city, simulate):
    run = simulate(town=replace(city, census=()))
    mobile = _mobile(run)
    assert mobile.gauges()["users_count"] == 0.0
    mobile.carry([344_000.0, 344_600.0], [5_700_100.0, 5_700_100.0], [200.0, 150.0])
    # operator B has no LTE here, so a part of the riders has no layer
    assert mobile.gauges()["users_count"] == pytest.approx(350.0 * 1.3 * 0.05, rel=0.5)
    run.advance(60.0)
    assert mobile.kpis()["traffic_gb"].value > 0.0
    run.check_invariants()
    mobile.carry([], [], [])
    assert mobile.gauges()["users_count"] == 0.0


def _router_bps(mobile, operator):
    """What routers for LTE and 5G could get at two points, and whether cells serve them."""
    points = np.array([344_050.0, 344_400.0]), np.array([5_700_050.0, 5_700_300.0])
    return mobile.routers.offer(points, np.zeros(2), [operator], np.ones(2, dtype=bool))


def test_a_router_gets_less_from_a_busy_network_and_nothing_where_all_is_dark(simulate):
    run = simulate()
    mobile = _mobile(run)
    run.advance(30.0)
    usual, is_served = _router_bps(mobile, "A")
    assert (usual > 1e6).all()
    assert is_served.all()
    mobile.actions()["demand"].begin("testtown", {"factor": 60.0})
    run.advance(630.0)
    assert (_router_bps(mobile, "A")[0] < usual).all()
    for site in ("site-a-001", "site-a-002", "site-a-003"):
        mobile.actions()["fail"].begin(site, {})
    run.advance(650.0)
    assert _router_bps(mobile, "A")[0].tolist() == [0.0, 0.0]
    fallback, is_served = _router_bps(mobile, "Z")
    assert fallback.tolist() == [20e6, 20e6]
    assert not is_served.any()


def test_telemetry_is_kept_only_if_asked_for(simulate):
    silent, told = simulate(), simulate(telemetry=["cells", "users"])
    for run in (silent, told):
        run.advance(601.0)
    assert silent.context.telemetry.tables() == ()
    cells = told.context.telemetry.take("cells")
    assert set(cells["at_s"]) == {300.0, 600.0}
    assert cells["users"].size == 2 * 27
    users = told.context.telemetry.take("users")
    assert {"x_m", "y_m", "cell", "where"} <= set(users)


def test_handover_rates_can_come_from_elsewhere(simulate):
    run = simulate(managed=["ap-fws-1"])  # a context without cells of its own
    run.context.managed = None
    rates = HandoverRates(
        handovers_per_km=((50.0, 50.0, 50.0),),
        ping_pong=((1.0, 1.0, 1.0),),
        soon_return=((1.0, 1.0, 1.0),),
        radio_link_failure=((0.0, 0.0, 0.0),),
        reestablished=0.0,
        source="a dynamic run",
    )
    mobile = Cellular(run.context, n_agents=3000, rates=rates)
    mobile.start()
    run.advance(900.0)
    figures = mobile.kpis()
    assert figures["handovers"].value > 0.0
    # all of those under way go back at once; users who stay do not when layers are balanced
    assert figures["ping_pong_percent"].value > 90.0
    assert figures["soon_return_percent"].value >= figures["ping_pong_percent"].value
    assert figures["radio_link_failures"].value == 0.0
    assert "a dynamic run" in figures["ping_pong_percent"].note


def test_assumptions_are_marked_and_looked_up_in_one_place():
    assert {figure.mark for figure in ASSUMPTIONS} <= set("RSCK")
    assert all(figure.source and figure.unit for figure in ASSUMPTIONS)
    assert len({figure.key for figure in ASSUMPTIONS}) == len(ASSUMPTIONS)
    assert assumed("gb_per_sim_month") == 7.4
    with pytest.raises(KeyError):
        assumed("nothing")
