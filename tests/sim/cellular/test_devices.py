"""Cells as devices: power, tilt, lock, failure, electricity and links move users and watts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.model.city import Site
from twin.model.errors import ModelError

CELL = "cell-a-001-1-n78"
SITE = "site-a-001"
LAYER = [f"cell-a-{site:03d}-{sector}-n78" for site in (1, 2, 3) for sector in (1, 2, 3)]


def _users(run, cells=LAYER):
    return sum(run.read(cell, "users") for cell in cells)


def _busiest(run):
    return max(LAYER, key=lambda cell: run.read(cell, "users"))


def test_less_power_weakens_the_signal_and_sends_users_to_neighbours(simulate):
    run = simulate()
    cell = _busiest(run)
    users, signal, total = run.read(cell, "users"), run.read(cell, "mean_rsrp_dbm"), _users(run)
    run.write(cell, {"tx_power_dbm": 34.0})
    assert run.read(cell, "tx_power_dbm") == 34.0
    assert run.read(cell, "users") < users
    assert run.read(cell, "mean_rsrp_dbm") < signal
    assert _users(run) == pytest.approx(total, rel=0.02)  # the layer still covers the town


def test_tilt_changes_the_signal_and_back(simulate):
    run = simulate()
    cell = _busiest(run)
    signal = run.read(cell, "mean_rsrp_dbm")
    run.write(cell, {"tilt_deg": 14.0})
    assert run.read(cell, "mean_rsrp_dbm") != signal
    run.write(cell, {"tilt_deg": 6.0})
    assert run.read(cell, "mean_rsrp_dbm") == pytest.approx(signal, abs=0.5)


def test_a_locked_cell_sleeps_and_its_neighbours_take_over(simulate):
    run = simulate()
    cell = _busiest(run)
    others = [name for name in LAYER if name != cell]
    before, watts = _users(run, others), run.read(cell, "power_w")
    run.write(cell, {"admin_state": "LOCKED"})
    assert run.read(cell, "users") == 0.0
    assert run.read(cell, "operational_state") == "DISABLED"
    assert run.read(cell, "mean_rsrp_dbm") == -156.0
    assert 0.0 < run.read(cell, "power_w") < watts
    assert _users(run, others) > before
    octets = run.read(cell, "dl_octets")
    run.advance(30.0)
    assert run.read(cell, "dl_octets") == octets
    run.write(cell, {"admin_state": "UNLOCKED"})
    assert run.read(cell, "operational_state") == "ENABLED"
    assert run.read(cell, "users") > 0.0


def test_a_cell_that_shuts_down_drains_and_is_locked(simulate):
    run = simulate()
    run.write(CELL, {"admin_state": "SHUTTING_DOWN"})
    run.advance(29.0)
    assert run.read(CELL, "admin_state") == "SHUTTING_DOWN"
    run.advance(31.0)
    assert run.read(CELL, "admin_state") == "LOCKED"
    assert run.systems["cellular"].kpis()["dropped_session_percent"].value < 1.0


def test_a_shut_down_taken_back_stays_taken_back(simulate):
    run = simulate()
    run.write(CELL, {"admin_state": "SHUTTING_DOWN"})
    run.write(CELL, {"admin_state": "UNLOCKED"})
    run.advance(60.0)
    assert run.read(CELL, "admin_state") == "UNLOCKED"


def test_a_site_without_electricity_lives_on_its_battery_then_boots_five_minutes(city, simulate):
    roofs = tuple(
        Site(id=f"site-a-{k:03d}", operator="A", kind="rooftop", x_m=0.0, y_m=0.0)
        for k in (1, 2, 3)
    )
    run = simulate(town=replace(city, sites=roofs))
    supply = run.context.supply
    supply.cut([SITE], "power", "station-1")
    (full,) = (e.amount for e in run.context.trace.recent() if e.what == "site_on_battery")
    assert 1200.0 <= full <= 2400.0
    run.advance(full - 5.0)
    assert run.is_reachable(CELL)
    assert run.read(CELL, "operational_state") == "ENABLED"
    run.advance(full + 15.0)
    assert not run.is_reachable(CELL)
    assert run.read(CELL, "operational_state") == "DISABLED"
    assert run.read(CELL, "power_w") == 0.0
    assert run.read(CELL, "users") == 0.0
    supply.restore([SITE], "power", "station-1")
    run.advance(full + 305.0)
    assert not run.is_reachable(CELL)
    run.advance(full + 325.0)
    assert run.is_reachable(CELL)
    assert run.read(CELL, "users") > 0.0
    events = [event.what for event in run.context.trace.recent() if event.who == SITE]
    assert events == ["site_on_battery", "site_dark", "site_power_back", "site_on_air"]
    run.check_invariants()


def test_a_short_cut_is_not_noticed_and_a_mast_lasts_hours(simulate):
    run = simulate(tick_s=60.0)  # a site of unknown kind is a mast
    run.context.supply.cut([SITE], "power", "station-1")
    run.advance(7000.0)
    assert run.read(CELL, "operational_state") == "ENABLED"
    run.context.supply.restore([SITE], "power", "station-1")
    run.advance(7300.0)
    run.context.supply.cut([SITE], "power", "station-1")
    run.advance(7000.0 + 14400.0)
    assert run.read(CELL, "operational_state") == "DISABLED"  # it had no time to charge


def test_a_site_without_link_is_out_of_service_but_keeps_its_power(simulate):
    run = simulate()
    run.context.supply.cut([SITE], "link", "ring")
    run.advance(10.0)
    assert not run.is_reachable(CELL)
    assert run.read(CELL, "operational_state") == "DISABLED"
    assert run.read(CELL, "power_w") > 0.0
    run.context.supply.restore([SITE], "link", "ring")
    run.advance(20.0)
    assert run.is_reachable(CELL)


def test_cells_fail_and_are_repaired(simulate):
    run = simulate(failure_factor=60_000.0, tick_s=60.0)
    run.advance(3600.0)
    counts = run.context.trace.counts()
    assert counts["cell_failed"] > 3
    assert counts["cell_repaired"] > 0
    run.check_invariants()


def test_only_managed_cells_and_what_they_need_are_simulated(simulate):
    run = simulate(managed=LAYER)
    assert set(run.devices()) == set(LAYER)
    assert _users(run) > 0.0
    run.advance(60.0)
    assert run.read(_busiest(run), "dl_octets") > 0


def test_a_world_without_managed_cells_costs_nothing(simulate):
    run = simulate(managed=["ap-fws-1"])
    assert run.devices() == {}
    assert {kpi.value for kpi in run.kpis()["cellular"].values()} == {0.0}
    assert run.context.kernel.peek() == float("inf")
    assert run.systems["cellular"].routers is None


def test_the_signal_of_the_world_is_not_the_inventorys(simulate):
    seen = [[simulate(seed=seed).read(cell, "mean_rsrp_dbm") for cell in LAYER] for seed in (3, 4)]
    assert np.abs(np.subtract(*seen)).max() > 1.0


def test_unknown_devices_and_paths_are_refused(simulate):
    run = simulate()
    with pytest.raises(ModelError, match="unknown device"):
        run.read("cell-none", "users")
    with pytest.raises(ModelError):
        run.write(CELL, {"users": 3.0})
