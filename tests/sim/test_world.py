"""The world as emulated devices see it: paths, values, atomic writes, counters, determinism."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import pytest

from hil.emulators.world_port import DeviceWorld, MemoryWorld
from twin.geo.cityfile import load_city
from twin.model.attributes import KINDS, attribute_of, check_value
from twin.model.errors import ModelError
from twin.sim.deviations import draw_deviations
from twin.sim.streams import stream
from twin.sim.world import World


def _snapshot(world):
    return {
        (device, path): world.read(device, path)
        for device in world.devices()
        for path in world.paths(device)
    }


def test_every_attribute_of_every_kind_is_answered_with_a_value_that_fits(make_world):
    world = make_world(hour=10, minute=50)
    world.advance(30.0)
    seen = {}
    for (device, path), value in _snapshot(world).items():
        kind = world.devices()[device]
        attribute, _ = attribute_of(kind, path)
        seen.setdefault(kind, set()).add(attribute.template)
        assert check_value(kind, path, value) == value
        assert type(value) is type(check_value(kind, path, value))
    for kind in ("ap", "cell", "switch", "lamp_cabinet"):
        assert seen[kind] == {attribute.template for attribute in KINDS[kind]}


def test_every_cell_is_managed_whatever_its_technology(make_world, city):
    cells = {device for device, kind in make_world().devices().items() if kind == "cell"}
    assert cells == {cell.id for cell in city.cells}
    assert {cell.technology for cell in city.cells} == {"lte", "nr"}


def test_only_managed_devices_are_shown_but_their_surroundings_live(make_world):
    world = make_world(managed=["cell-a-001-1-n78", "ap-fws-1", "cab-2"])
    assert dict(world.devices()) == {
        "ap-fws-1": "ap",
        "cell-a-001-1-n78": "cell",
        "cab-2": "lamp_cabinet",
    }
    with pytest.raises(ModelError, match="unknown device"):
        world.read("ap-fws-2", "radio/1/channel")
    world.advance(5.0)
    whole = make_world()
    whole.advance(5.0)
    path = "mean_rsrp_dbm"
    assert world.read("cell-a-001-1-n78", path) == pytest.approx(
        whole.read("cell-a-001-1-n78", path), abs=2.0
    )


def test_an_unknown_managed_device_is_refused(make_world):
    with pytest.raises(ModelError, match="'ap-nowhere'"):
        make_world(managed=["ap-nowhere"])


@pytest.mark.parametrize(
    ("device", "changes", "reason"),
    [
        ("nobody", {"contact": "x"}, "unknown device"),
        ("cab-1", {"contact": "new", "power_w": 3}, "operational"),
        ("cab-1", {"contact": "new", "night_level_percent": 101}, "from 0 to 100"),
        ("cab-1", {"contact": "new", "colour": 1}, "no attribute"),
        ("ap-fws-1", {"radio/1/channel": 6, "radio/2/channel": 7}, "7 is no channel at 5"),
        ("ap-fws-1", {"radio/1/channel": 6, "radio/3/channel": 1}, "has no"),
        ("ap-fws-1", {"radio/1/channel": 6, "ssid/none/enabled": True}, "has no"),
        ("ap-fws-1", {"radio/1/channel": 6, "radio/1/bandwidth_mhz": 80}, "no width at 2.4"),
        ("cell-a-001-1-n78", {"tilt_deg": 2.0, "admin_state": "OPEN"}, "must be one of"),
        ("sw-school-1", {"contact": "new", "port/1/admin_up": 1}, "true or false"),
    ],
)
def test_a_write_with_one_bad_value_changes_nothing(make_world, device, changes, reason):
    world = make_world()
    before = _snapshot(world)
    with pytest.raises(ModelError, match=reason):
        world.write(device, changes)
    assert _snapshot(world) == before


def test_what_is_written_is_read_back(make_world):
    world = make_world()
    wanted = {
        "ap-fws-1": {
            "radio/1/channel": 11,
            "radio/1/tx_power_dbm": 10,
            "radio/2/enabled": False,
            "ssid/city/hidden": True,
            "ssid/city/station_isolation": False,
            "radio/2/dca": True,
        },
        "cell-a-001-1-n78": {"tx_power_dbm": 43.0, "tilt_deg": 8.5, "admin_state": "LOCKED"},
        "sw-school-1": {
            "contact": "new",
            "location": "cellar",
            "port/6/alias": "spare",
            "port/6/poe_priority": "high",
        },
        "cab-1": {"contact": "lamps", "location": "corner", "night_start_min": 0},
    }
    for device, changes in wanted.items():
        world.write(device, changes)
    for device, changes in wanted.items():
        assert {path: world.read(device, path) for path in changes} == changes


def test_an_empty_write_does_nothing(make_world):
    world = make_world()
    before = world.trace.sha256()
    world.write("cab-1", {})
    assert world.trace.sha256() == before


def test_counters_never_go_back(make_world):
    world = make_world(2026, 1, 20, 7, 55)
    counters = ("octets", "energy_wh")
    before = {k: v for k, v in _snapshot(world).items() if k[1].endswith(counters)}
    assert before
    for minute in range(1, 16):
        if minute == 5:
            world.write("ap-school-1-1", {"ssid/schule/enabled": False})
            world.write("sw-school-1", {"port/2/poe_enabled": False})
            world.write("cell-a-001-1-n78", {"admin_state": "LOCKED"})
            world.write("cab-1", {"normal_level_percent": 10})
        world.advance(60.0 * minute)
        after = {k: world.read(*k) for k in before}
        assert all(after[k] >= before[k] for k in before)
        before = after
    assert before["ap-school-1-3", "ssid/schule/tx_octets"] > 0
    assert before["cell-a-001-2-n78", "dl_octets"] > 0


def test_two_readings_five_seconds_apart_differ(make_world):
    world = make_world()
    before = _snapshot(world)
    world.advance(5.0)
    after = _snapshot(world)
    kinds = {
        world.devices()[device]
        for (device, path) in after
        if after[device, path] != before[device, path]
    }
    assert {"ap", "cell", "switch"} <= kinds


def test_the_same_seed_gives_the_same_world_and_another_seed_another(make_world):
    worlds = [make_world(2026, 1, 20, 7, 58, seed=seed) for seed in (5, 5, 6)]
    for world in worlds:
        world.advance(300.0)
    one, same, other = worlds
    assert _snapshot(one) == _snapshot(same)
    assert one.trace.sha256() == same.trace.sha256()
    assert one.trace.sha256() != other.trace.sha256()


def test_how_often_time_is_advanced_does_not_matter(make_world):
    at_once, in_steps = make_world(), make_world()
    at_once.advance(60.0)
    for k in range(1, 601):
        in_steps.advance(k / 10.0)
    assert at_once.trace.sha256() == in_steps.trace.sha256()
    assert _snapshot(at_once) == _snapshot(in_steps)


def test_time_does_not_run_backwards_or_to_nowhere(make_world):
    world = make_world()
    world.advance(10.0)
    world.advance(5.0)
    assert world.now_s == 10.0
    with pytest.raises(ValueError, match="finite"):
        world.advance(float("nan"))


def test_a_start_without_timezone_is_refused(city):
    with pytest.raises(ValueError, match="no timezone"):
        World(city, seed=1, start=datetime(2026, 1, 20, 12))


def test_the_drill_does_not_shift_what_else_happens(make_world):
    calm, drilled = make_world(), make_world(drill=True)
    for world in (calm, drilled):
        world.advance(120.0)
    for path in ("users", "dl_octets", "mean_rsrp_dbm"):
        assert calm.read("cell-a-001-1-n78", path) == drilled.read("cell-a-001-1-n78", path)
    calm_trams, drilled_trams = (w.systems["transit_wifi"].trams() for w in (calm, drilled))
    assert calm_trams == drilled_trams


def test_streams_depend_on_their_name_only():
    first = stream(3, "a").random(4)
    stream(3, "b").random(100)
    assert (stream(3, "a").random(4) == first).all()
    assert (stream(3, "b").random(4) != first).any()
    assert (stream(4, "a").random(4) != first).any()
    with pytest.raises(ValueError, match="seed"):
        stream(-1, "a")


def test_deviations_are_bounded_and_few_entries_are_wrong(city):
    hidden = draw_deviations(city, 3)
    wrong = set(hidden.wrong)
    sound = [i for i, cell in enumerate(city.cells) if cell.id not in wrong]
    assert len(wrong) == 4
    assert abs(hidden.cell_power_db[sound]).max() <= 2.0
    assert abs(hidden.cell_tilt_deg).max() <= 3.0
    assert (hidden.ap_dx_m != 0.0).sum() == 2
    by_site = {}
    for cell, shadow in zip(city.cells, hidden.cell_shadow_db, strict=True):
        by_site.setdefault(cell.site, set()).add(float(shadow))
    assert all(len(values) == 1 for values in by_site.values())


def test_emulators_take_the_world_for_their_port_and_copy_it(make_world):
    world: DeviceWorld = make_world()
    values = {name: {p: world.read(name, p) for p in world.paths(name)} for name in world.devices()}
    copy = MemoryWorld(world.devices(), values)
    assert _snapshot(copy) == _snapshot(world)


def test_nothing_outside_the_simulation_reads_the_hidden_deviations():
    root = Path(__file__).parents[2]
    readers = [
        path.relative_to(root)
        for package in ("twin", "controllers", "hil", "stellwerk")
        for path in (root / package).rglob("*.py")
        if "twin.sim.deviations" in path.read_text(encoding="utf-8")
        or "draw_deviations" in path.read_text(encoding="utf-8")
    ]
    assert readers
    assert {path.parts[:2] for path in readers} == {("twin", "sim")}


@pytest.mark.slow
def test_a_hundred_devices_of_duisburg_live_in_real_time_with_room_to_spare():
    duisburg = load_city("duisburg")
    managed = [ap.id for ap in duisburg.access_points[:30]]
    managed += [cell.id for cell in duisburg.cells if cell.technology == "nr"][:30]
    managed += [cabinet.id for cabinet in duisburg.cabinets[:30]]
    managed += [switch.id for switch in duisburg.switches[:10]]
    begin = process_time()
    world = World(duisburg, seed=7, start=datetime(2026, 1, 20, 9, tzinfo=UTC), managed=managed)
    created_s = process_time() - begin
    begin = process_time()
    world.advance(200.0)
    per_second = (process_time() - begin) / 200.0
    assert len(world.devices()) == 100
    # Time of the processor, so that others on the machine do not count; measured on one core of an
    # AMD EPYC (Zen 4): 0.28 s and 1.1 ms. `python -m benchmarks.realtime` measures the wall clock.
    assert created_s < 1.0
    assert per_second < 0.005


def test_the_city_itself_is_not_changed_by_its_world(city, make_world):
    before = hash(city)
    world = make_world()
    world.write("cell-a-001-1-n78", {"tilt_deg": 9.0})
    world.advance(5.0)
    assert hash(city) == before
