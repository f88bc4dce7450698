"""Access points, switches and lessons of the world: a change is physics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelError
from twin.radio.wifi.coverage import gather, levels_dbm
from twin.sim.wifi.air import availability_check_s, block_hz, loss_db, rate_bps

SCHOOL = [f"ap-school-1-{k}" for k in range(1, 5)]
STREET = [f"ap-fws-{k}" for k in range(1, 5)]


def _clients(world, aps, ssid):
    return sum(world.read(ap, f"ssid/{ssid}/clients") for ap in aps)


def _lesson(make_world, **options):
    """A world ten minutes into the second lesson."""
    world = make_world(2026, 1, 20, 9, 14, **options)
    world.advance(660.0)
    return world


def test_a_lesson_brings_clients_and_its_log_on_storm_traffic(make_world):
    world = make_world(2026, 1, 20, 7, 53)  # the bells of this school ring five minutes early
    world.advance(60.0)
    before = _clients(world, SCHOOL, "schule")
    volumes = []
    for minute in (2, 4, 6, 12):
        world.advance(60.0 * minute)
        volumes.append(sum(world.read(ap, "ssid/schule/tx_octets") for ap in SCHOOL))
    during = _clients(world, SCHOOL, "schule")
    assert during > before + 30
    storm = (volumes[2] - volumes[1]) / 2.0
    calm = (volumes[3] - volumes[2]) / 6.0
    assert storm > 1.2 * calm
    world.advance(4800.0)
    assert world.trace.counts()["lesson_begins"] == 2


def test_clients_leave_after_the_last_lesson(make_world):
    world = make_world(2026, 1, 20, 15, 5)
    world.advance(2.0)
    during = _clients(world, SCHOOL, "schule")
    world.advance(15 * 60.0)
    assert during > 30
    assert _clients(world, SCHOOL, "schule") < during / 4


def test_a_world_that_starts_in_a_lesson_has_its_pupils(make_world):
    world = make_world(2026, 1, 20, 8, 30)
    world.advance(2.0)
    assert _clients(world, SCHOOL, "schule") > 30


def test_there_are_no_lessons_at_the_weekend(make_world):
    world = make_world(2026, 1, 24, 7, 50, tick_s=30.0)
    world.advance(3600.0)
    assert "lesson_begins" not in world.trace.counts()


def test_less_power_lowers_the_signal_and_the_number_of_clients(make_world):
    world = make_world(2026, 1, 20, 17)
    everywhere = {}
    for power in (20, 0, -10):
        for ap in STREET:
            world.write(ap, {f"radio/{r}/tx_power_dbm": min(power, 14) for r in (1, 2)})
        signals = [
            world.read(ap, "ssid/city/client_rssi_dbm")
            for ap in STREET
            if world.read(ap, "ssid/city/clients")
        ]
        everywhere[power] = (np.mean(signals), _clients(world, STREET, "city"))
    assert everywhere[20][0] > everywhere[0][0] + 3.0
    assert everywhere[20][1] >= everywhere[0][1] >= everywhere[-10][1]


def test_one_weak_access_point_loses_its_clients_to_the_neighbours(make_world):
    world = _lesson(make_world)
    weak, rest = SCHOOL[1], [SCHOOL[0], *SCHOOL[2:]]
    before, others = _clients(world, [weak], "schule"), _clients(world, rest, "schule")
    world.write(weak, {"radio/1/tx_power_dbm": -10, "radio/2/tx_power_dbm": -10})
    assert _clients(world, [weak], "schule") < before
    assert _clients(world, rest, "schule") > others


def test_clients_of_a_disabled_network_leave_and_come_back(make_world):
    world = _lesson(make_world)
    before = _clients(world, SCHOOL, "schule")
    for ap in SCHOOL:
        world.write(ap, {"ssid/schule/enabled": False})
    assert _clients(world, SCHOOL, "schule") == 0
    assert world.read(SCHOOL[0], "ssid/schule/client_rssi_dbm") == -100
    for ap in SCHOOL:
        world.write(ap, {"ssid/schule/enabled": True})
    assert _clients(world, SCHOOL, "schule") == before


def test_a_radar_channel_is_used_after_its_availability_check(make_world):
    world = make_world()
    world.advance(5.0)
    world.write("ap-fws-1", {"radio/2/channel": 132})
    assert world.read("ap-fws-1", "radio/2/channel") == 132
    assert world.read("ap-fws-1", "radio/2/channel_in_use") == 100
    assert world.read("ap-fws-1", "radio/2/utilization_percent") == 0
    assert world.read("ap-fws-1", "radio/2/tx_power_in_use_dbm") == -10
    world.advance(64.0)
    assert world.read("ap-fws-1", "radio/2/channel_in_use") == 100
    world.advance(65.0)
    assert world.read("ap-fws-1", "radio/2/channel_in_use") == 132
    assert world.read("ap-fws-1", "radio/2/tx_power_in_use_dbm") == 20


def test_the_way_back_to_a_checked_channel_needs_no_check(make_world):
    world = make_world()
    world.write("ap-fws-1", {"radio/2/channel": 132})
    world.advance(10.0)
    world.write("ap-fws-1", {"radio/2/channel": 100})
    assert world.read("ap-fws-1", "radio/2/channel_in_use") == 100
    assert world.read("ap-fws-1", "radio/2/tx_power_in_use_dbm") == 20


def test_a_channel_of_weather_radar_takes_ten_minutes(make_world):
    world = make_world(tick_s=10.0)
    world.write("ap-fws-1", {"radio/2/channel": 120, "radio/2/bandwidth_mhz": 20})
    world.advance(599.0)
    assert world.read("ap-fws-1", "radio/2/channel_in_use") == 100
    world.advance(600.0)
    assert world.read("ap-fws-1", "radio/2/channel_in_use") == 120


def test_a_better_channel_plan_lowers_the_airtime_taken_by_neighbours(make_world):
    def lit(world):
        world.advance(world.now_s + 30.0)
        return np.mean([world.read(ap, "radio/1/utilization_percent") for ap in SCHOOL])

    same, spread = _lesson(make_world), _lesson(make_world)
    for ap in SCHOOL:
        for world in (same, spread):
            world.write(ap, {"radio/2/enabled": False})
    for ap, channel in zip(SCHOOL, (1, 6, 11, 6), strict=True):
        spread.write(ap, {"radio/1/channel": channel})
    assert lit(spread) < lit(same)


def test_a_port_without_power_takes_its_access_point_off_the_network(make_world):
    world = _lesson(make_world)
    watts = world.read("sw-school-1", "poe_power_w")
    world.write("sw-school-1", {"port/2/poe_enabled": False})
    assert not world.is_reachable("ap-school-1-2")
    assert world.read("sw-school-1", "port/2/poe_delivering") is False
    assert world.read("sw-school-1", "port/2/oper_up") is False
    assert world.read("sw-school-1", "poe_power_w") < watts
    assert _clients(world, ["ap-school-1-2"], "schule") == 0
    world.write("sw-school-1", {"port/2/poe_enabled": True})
    assert world.read("sw-school-1", "port/2/poe_delivering") is True
    assert not world.is_reachable("ap-school-1-2")  # it boots
    world.advance(world.now_s + 91.0)
    assert world.is_reachable("ap-school-1-2")
    assert world.read("sw-school-1", "port/2/oper_up") is True
    world.advance(world.now_s + 61.0)  # and then listens for radar
    assert _clients(world, ["ap-school-1-2"], "schule") > 0


def test_a_failed_access_point_is_away_until_it_is_repaired_and_has_booted(make_world):
    world = make_world(failure_factor=2e6)
    states = []
    for second in range(1, 1801):
        world.advance(float(second))
        up = [world.is_reachable(ap) for ap in SCHOOL]
        states.append(all(up))
        for ap, is_up in zip(SCHOOL, up, strict=True):
            assert is_up or _clients(world, [ap], "schule") == 0
    first = states.index(False)
    assert states[0]
    assert True in states[first:]


def test_a_port_that_is_shut_keeps_its_power_but_not_its_link(make_world):
    world = make_world()
    world.write("sw-school-1", {"port/1/admin_up": False})
    assert world.read("sw-school-1", "port/1/poe_delivering") is True
    assert world.read("sw-school-1", "port/1/oper_up") is False
    assert not world.is_reachable("ap-school-1-1")
    world.write("sw-school-1", {"port/1/admin_up": True})
    assert world.is_reachable("ap-school-1-1")


def test_a_port_with_nothing_behind_it_delivers_nothing(make_world):
    world = make_world()
    assert world.read("sw-school-1", "port/6/poe_delivering") is False
    assert world.read("sw-school-1", "port/6/oper_up") is False
    assert world.read("sw-school-1", "port/6/in_octets") == 0


def test_a_radio_with_automatic_channel_leaves_a_crowded_one(make_world):
    world = _lesson(make_world, tick_s=5.0)
    for ap in SCHOOL:
        world.write(ap, {"radio/1/dca": True, "radio/2/enabled": False})
    world.advance(world.now_s + 1300.0)
    channels = {world.read(ap, "radio/1/channel_in_use") for ap in SCHOOL}
    assert len(channels) > 1
    assert {world.read(ap, "radio/1/channel") for ap in SCHOOL} == {1}


def test_automatic_power_gives_way_where_stations_are_near(make_world):
    world = _lesson(make_world, tick_s=5.0)
    world.write(SCHOOL[0], {"radio/2/dtp": True, "radio/2/tx_power_dbm": 30})
    world.advance(world.now_s + 610.0)
    in_use = world.read(SCHOOL[0], "radio/2/tx_power_in_use_dbm")
    assert in_use in (27, 30)
    assert world.read(SCHOOL[0], "radio/2/tx_power_dbm") == 30


@pytest.mark.parametrize(
    ("band", "channel", "width", "edges", "wait_s"),
    [
        (0, 6, 20, (2427.0, 2447.0), 0.0),
        (0, 6, 40, (2427.0, 2467.0), 0.0),
        (1, 36, 80, (5170.0, 5250.0), 0.0),
        (1, 40, 160, (5170.0, 5330.0), 60.0),
        (1, 52, 20, (5250.0, 5270.0), 60.0),
        (1, 112, 20, (5550.0, 5570.0), 60.0),
        (1, 116, 40, (5570.0, 5610.0), 600.0),
        (1, 124, 20, (5610.0, 5630.0), 600.0),
        (1, 132, 20, (5650.0, 5670.0), 60.0),
        (1, 149, 20, (5735.0, 5755.0), 0.0),
        (2, 37, 80, (6105.0, 6185.0), 0.0),
    ],
)
def test_blocks_and_radar_waits_follow_the_channel_plan(band, channel, width, edges, wait_s):
    assert block_hz(band, channel, width) == tuple(1e6 * edge for edge in edges)
    assert availability_check_s(band, channel, width) == wait_s


@pytest.mark.parametrize(("band", "channel", "width"), [(1, 36, 20), (2, 6, 20), (1, 6, 80)])
def test_channels_of_another_band_are_refused(make_world, band, channel, width):
    changes = {f"radio/{band}/channel": channel, f"radio/{band}/bandwidth_mhz": width}
    with pytest.raises(ModelError, match=f"ap-fws-1: radio/{band}: "):
        make_world().write("ap-fws-1", changes)


@given(
    near=st.floats(10.0, 200.0),
    far=st.floats(10.0, 200.0),
    height=st.floats(3.0, 8.0),
    indoor=st.booleans(),
)
def test_loss_grows_with_distance_and_frequency(near, far, height, indoor):
    near, far = sorted((near, far))
    distances, walls = np.array([near, far]), np.array([indoor, indoor])
    loss = loss_db(distances, np.full(2, height), walls)
    assert (loss[0] <= loss[1]).all()
    assert (np.diff(loss, axis=1) > 0.0).all()


def test_a_station_hears_what_the_planning_side_computes(city):
    """What remains is declared: power, position and the shadow of the place."""
    ap = next(ap for ap in city.access_points if ap.placement == "outdoor_fixed")
    radios = gather([replace(ap, radios=(replace(ap.radios[1], bandwidth_mhz=20),))], "5")
    x, who = ap.x_m + np.array([15.0, 60.0]), np.zeros(2, dtype=np.int64)
    planned = levels_dbm(radios, who, x, np.full(2, ap.y_m), 1.5)
    loss = loss_db(x - ap.x_m, radios.height_m[who], radios.is_indoor[who])[:, 1]
    np.testing.assert_allclose(radios.eirp_dbm[0] - loss, planned)


def test_rate_grows_with_signal_and_width_up_to_a_limit():
    width = np.array([20, 20, 40, 40])
    rates = rate_bps(np.array([5.0, 10.0, 10.0, 70.0]), width)
    assert (np.diff(rates) > 0.0).all()
    assert rates[-1] <= 573.6e6  # HE-MCS 11, two streams, 40 MHz
