"""Parts of the LoRaWAN model, each against a plain statement of the same rule."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.city import City, Gateway
from twin.radio.lora.adr import POWERS_DBM, Setting, adapt
from twin.radio.lora.link import survives
from twin.sim.clock import Clock
from twin.sim.deviations import draw_deviations
from twin.sim.kernel import Kernel
from twin.sim.system import Context
from twin.sim.utilities_iot.assumptions import ASSUMPTIONS, value
from twin.sim.utilities_iot.coverage import find_links
from twin.sim.utilities_iot.demodulators import find_paths
from twin.sim.utilities_iot.devices import entry_loss_db, place_devices
from twin.sim.utilities_iot.downlinks import RX2_BAND, Downlinks
from twin.sim.utilities_iot.lorawan import Lorawan
from twin.sim.utilities_iot.masts import Masts
from twin.sim.utilities_iot.rate_control import adapt_many, back_off
from twin.sim.utilities_iot.receptions import Outcome, Receptions, judge, receive, sensitivity_dbm
from twin.sim.utilities_iot.uplinks import Frames, Senders

START_US = 1_000_000
NOWHERE = City(
    name="nowhere", title="Nowhere", seed=1, timezone="UTC", lat_deg=0.0, lon_deg=0.0, outline=()
)


def _context(city) -> Context:
    return Context(
        city=city,
        seed=1,
        kernel=Kernel(),
        clock=Clock(datetime(2026, 3, 3, tzinfo=UTC), "UTC"),
        hidden=draw_deviations(city, 1),
        managed=None,
        tick_s=10.0,
    )


def _masts(n: int = 1) -> Masts:
    gateways = [
        Gateway(id=f"g{i}", technology="lorawan", x_m=0, y_m=0, height_m=30, antenna_gain_dbi=6)
        for i in range(n)
    ]
    return Masts(_context(NOWHERE), gateways, battery_s=0.0, boot_s=60.0, needs_link=True)


def _frames(start_us, air_us, sf, channel) -> Frames:
    n = len(start_us)
    start = START_US + np.array(start_us, dtype=np.int64)
    return Frames(
        device=np.arange(n),
        sf=np.array(sf, dtype=np.int64),
        power=np.zeros(n, dtype=np.int64),
        channel=np.array(channel, dtype=np.int64),
        tries=np.zeros(n, dtype=np.int64),
        start_us=start,
        end_us=start + np.array(air_us, dtype=np.int64),
    )


def _seen(power_dbm) -> Receptions:
    n = len(power_dbm)
    return Receptions(
        frame=np.arange(n),
        gateway=np.zeros(n, dtype=np.int64),
        power_dbm=np.array(power_dbm, dtype=np.float64),
        is_refused=np.zeros(n, dtype=bool),
    )


def test_every_assumption_has_a_mark_and_a_source():
    keys = [row.key for row in ASSUMPTIONS]
    assert len(keys) == len(set(keys))
    assert all(row.mark in "RSCK" and row.source and row.unit for row in ASSUMPTIONS)
    with pytest.raises(KeyError):
        value("no_such_figure")


@given(st.floats(-30.0, 40.0), st.integers(7, 12), st.integers(0, len(POWERS_DBM) - 1))
def test_many_devices_adapt_as_one_does(snr_db, sf, power):
    wanted = adapt([snr_db], Setting(sf=sf, power_dbm=POWERS_DBM[power]))
    got_sf, got_power = adapt_many(np.array([snr_db]), np.array([sf]), np.array([power]))
    assert (int(got_sf[0]), POWERS_DBM[int(got_power[0])]) == (wanted.sf, wanted.power_dbm)


def test_an_unheard_device_becomes_louder_then_slower():
    sf, power = back_off(np.array([7, 7, 12]), np.array([3, 0, 0]))
    assert sf.tolist() == [7, 8, 12]
    assert power.tolist() == [0, 0, 0]


def test_the_ninth_frame_at_a_time_finds_no_demodulator():
    n = 9
    frames = _frames(range(n), [100_000] * n, np.arange(n) % 6 + 7, np.arange(n) % 8)
    seen = _seen([-60.0] * n)
    outcome = judge(frames, seen, _masts())
    assert outcome.tolist()[:8].count(Outcome.NO_PATH) == 0
    assert outcome[8] == Outcome.NO_PATH


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 3))
def test_paths_are_given_first_come_first_served(seed, n, paths):
    rng = np.random.default_rng(seed)
    at, start = rng.integers(0, 2, n), rng.permutation(200)[:n]
    end = start + rng.integers(1, 60, n)
    got = find_paths(at, start, end, np.zeros(n, dtype=bool), paths)
    taken: dict[int, list[int]] = {0: [], 1: []}
    for i in np.argsort(start):
        busy = [e for e in taken[int(at[i])] if e > start[i]]
        assert got[i] == (len(busy) < paths)
        taken[int(at[i])] = [*busy, int(end[i])] if got[i] else busy


def test_a_frame_survives_what_is_six_db_weaker_and_no_less():
    frames = _frames([0, 40_000], [56_000, 56_000], [7, 7], [0, 0])
    masts = _masts()
    strong = judge(frames, _seen([-80.0, -86.1]), masts)
    assert strong.tolist() == [Outcome.DELIVERED, Outcome.COLLIDED]
    equal = judge(frames, _seen([-80.0, -85.9]), masts)
    assert equal.tolist() == [Outcome.COLLIDED, Outcome.COLLIDED]


def test_other_channels_do_not_disturb_and_other_factors_only_if_far_stronger():
    masts = _masts()
    apart = _frames([0, 0], [56_000, 56_000], [7, 7], [0, 1])
    assert judge(apart, _seen([-100.0, -50.0]), masts).tolist() == [Outcome.DELIVERED] * 2
    mixed = _frames([0, 0], [56_000, 56_000], [7, 8], [0, 0])
    assert judge(mixed, _seen([-100.0, -84.1]), masts)[0] == Outcome.DELIVERED
    assert judge(mixed, _seen([-100.0, -83.9]), masts)[0] == Outcome.COLLIDED


def test_what_ends_within_three_symbols_of_preamble_does_no_harm():
    masts = _masts()
    symbol_us = 1024
    early = _frames([0, 56_000 - 3 * symbol_us], [56_000, 56_000], [7, 7], [0, 0])
    assert judge(early, _seen([-80.0, -80.0]), masts).tolist() == [
        Outcome.COLLIDED,
        Outcome.DELIVERED,
    ]
    late = _frames([0, 56_000 - 3 * symbol_us - 1], [56_000, 56_000], [7, 7], [0, 0])
    assert judge(late, _seen([-80.0, -80.0]), masts)[1] == Outcome.COLLIDED


@given(st.integers(0, 10_000), st.integers(2, 25))
def test_collisions_are_those_of_the_radio_model(seed, n):
    rng = np.random.default_rng(seed)

    frames = _frames(
        rng.integers(0, 400_000, n),
        rng.integers(110_000, 250_000, n),
        rng.integers(7, 13, n),
        rng.integers(0, 2, n),
    )
    power = rng.uniform(-110.0, -70.0, n)
    got = judge(frames, _seen(power), _masts())
    spare = 3 * 2**frames.sf * 8  # symbols at 125 kHz [us]
    for i in np.flatnonzero(got != Outcome.NO_PATH):
        others = [
            j
            for j in range(n)
            if j != i
            and frames.channel[j] == frames.channel[i]
            and frames.start_us[j] < frames.end_us[i]
            and frames.end_us[j] > frames.start_us[i] + spare[i]
        ]
        is_clear = not others or survives(
            power[i], int(frames.sf[i]), power[others], frames.sf[others]
        )
        assert (got[i] == Outcome.DELIVERED) == is_clear


def test_a_weak_frame_is_lost_and_noise_makes_more_weak():
    frames, masts = _frames([0], [1_000_000], [12], [0]), _masts()
    level = float(sensitivity_dbm(np.array([12]))[0])
    assert judge(frames, _seen([level + 0.01]), masts)[0] == Outcome.DELIVERED
    assert judge(frames, _seen([level - 0.01]), masts)[0] == Outcome.WEAK
    masts.rise_db[:] = 3.0
    assert judge(frames, _seen([level + 2.9]), masts)[0] == Outcome.WEAK


def test_a_gateway_hears_only_what_lies_wholly_in_its_uptime():
    frames, masts = _frames([0, 200_000], [100_000, 100_000], [7, 7], [0, 0]), _masts()
    masts.down_from_s[0] = 1.25
    assert judge(frames, _seen([-80.0, -80.0]), masts).tolist() == [
        Outcome.DELIVERED,
        Outcome.OFF,
    ]


def _busy_network(city) -> Lorawan:
    """Make a network where all send at SF12 every two minutes and nobody answers."""
    context = _context(city)
    gateways = [gateway for gateway in city.gateways if gateway.technology == "lorawan"]
    masts = Masts(context, gateways, battery_s=0.0, boot_s=60.0, needs_link=True)
    network = Lorawan(context, place_devices(city, context.rng("d")), masts)
    network.devices.is_confirmed[:] = False
    network.senders.sf[:] = 12
    network.senders.unanswered[:] = -(10**6)
    network.senders.set_interval(np.arange(network.devices.n), 120.0, 0.0)
    network._n_snr[:] = -(10**6)
    return network


def test_no_collision_depends_on_where_windows_begin(town):
    by_window, at_once = _busy_network(town), _busy_network(town)
    none = np.zeros(0, dtype=np.int64)
    frames, seen = _frames(none, none, none, none), _seen([])
    for k in range(6):
        by_window.run(60.0 * k, 60.0 * (k + 1))
        fresh = at_once.senders.draw(60.0 * k, 60.0 * (k + 1))
        seen = seen.join(receive(fresh, at_once.links, at_once._fading), frames.n)
        frames = frames.join(fresh)
    assert by_window.n_in_flight > 0
    is_over = frames.end_us <= 360_000_000
    outcome = np.zeros(frames.n, dtype=np.int64)
    np.maximum.at(outcome, seen.frame, judge(frames, seen, at_once.masts))
    wanted = np.bincount(outcome[is_over], minlength=by_window.outcomes.size)
    assert by_window.outcomes.tolist() == wanted.tolist()
    assert wanted[Outcome.COLLIDED] > 100


def test_a_gateway_that_sends_hears_nothing(town):
    network = _busy_network(town)
    air_s = network.downlinks.multicast_s(12)
    for gateway in range(network.masts.n):
        assert network.downlinks.try_to_send(gateway, RX2_BAND, 30.0, 12, air_s)
    frames = network.senders.draw(0.0, 60.0)
    overlaps = (frames.start_us < 1e6 * (30.0 + air_s)) & (frames.end_us > 30e6)
    again = _busy_network(town)
    again.downlinks = network.downlinks
    again.run(0.0, 60.0)
    sending = int(again.outcomes[Outcome.SENDING])
    assert 0 < sending <= int(overlaps.sum())
    assert again.outcomes[Outcome.DELIVERED] > 0


def test_links_weaken_with_distance_and_the_strongest_comes_first():
    masts = [
        Gateway(id=f"g{i}", technology="lorawan", x_m=1000.0 * i, y_m=0.0, height_m=30.0,
                antenna_gain_dbi=6.0)
        for i in range(8)
    ]  # fmt: skip
    n = 400
    links = find_links(
        np.zeros(n), np.zeros(n), np.full(n, 1.5), np.zeros(n), masts, freq_hz=868e6, n_best=6,
        floor_db=-160.0, rng=np.random.default_rng(1),
    )  # fmt: skip
    assert (np.diff(links.gain_db, axis=1) <= 0.0).all()
    assert (links.mast[:, 0] == 0).mean() > 0.9
    assert ((links.gain_db >= -160.0).sum(axis=1) == links.n).all()


def test_cellars_cost_five_to_fifteen_db_more_and_medians_are_those_of_p2109():
    n = 20_000
    yes, no = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
    above = entry_loss_db(868e6, yes, no, np.random.default_rng(1))
    below = entry_loss_db(868e6, yes, yes, np.random.default_rng(1))
    assert ((below - above) >= 5.0).all()
    assert ((below - above) <= 15.0).all()
    assert np.median(above) == pytest.approx(16.5, abs=2.0)  # 14.2 dB, a fifth 31.2 dB
    assert (entry_loss_db(868e6, no, no, np.random.default_rng(1)) == 0.0).all()


def test_devices_wait_for_their_duty_cycle(town):
    context = _context(town)
    devices = place_devices(town, context.rng("d"))
    senders = Senders(devices, np.random.default_rng(1))
    senders.sf[:] = 12
    senders.interval_s[:] = 120.0
    senders.next_s[:] = 0.0
    for k in range(120):
        senders.draw(60.0 * k, 60.0 * (k + 1))
    assert senders.n_deferred > 0
    assert senders.n_violations == 0
    air_s = senders.air_s[devices.kind, 5]
    # two sub-bands of 1 % for two hours, and a frame in each
    assert (senders.n_sent * air_s <= 2 * 2 * 36.0 + 1e-9).all()


def test_a_gateway_keeps_its_own_duty_cycle():
    downlinks = Downlinks(1)
    air_s = downlinks.multicast_s(9)
    assert air_s == pytest.approx(0.2, abs=0.05)  # CITY_FACTS: 0.2 s for 20 byte at SF9
    sent = [downlinks.try_to_send(0, RX2_BAND, 0.5 * k, 9, air_s) for k in range(7200)]
    total_s = sum(s.end_s - s.start_s for s in sent if s)
    assert 300.0 < total_s <= 360.0 + 1e-6
    assert downlinks.n_violations == 0


def test_an_answer_takes_the_second_window_when_the_first_is_used_up():
    downlinks = Downlinks(1)
    gateways, gain_db = np.array([0]), np.array([-100.0])
    first = downlinks.answer(10.0, 7, 0, gateways, gain_db)
    second = downlinks.answer(11.5, 7, 0, gateways, gain_db)
    assert first is not None
    assert second is not None
    assert (first.start_s, first.sf) == (11.0, 7)
    assert (second.start_s, second.sf) == (13.5, 12)
    assert downlinks.answer(12.0, 7, 0, gateways, gain_db) is None
    assert downlinks.n_blocked == 1
