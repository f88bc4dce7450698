"""Wi-Fi: channels, overlap, losses, rates, coverage."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from radio_cells import X0, Y0, make_ap, make_city

from twin.model.errors import ModelError
from twin.radio.coverage import compute
from twin.radio.wifi import radio as wifi
from twin.radio.wifi.coverage import gather, levels_dbm


@pytest.mark.parametrize(("channel", "mhz"), [(1, 2422), (6, 2447), (13, 2462)])
def test_radio_is_heard_where_the_channel_plan_puts_its_block(channel, mhz):
    ap = make_ap("ap-1", X0, Y0)
    wide = replace(ap.radios[0], channel=channel, bandwidth_mhz=40)
    assert gather([replace(ap, radios=(wide,))], "2.4").centre_hz[0] == mhz * 1e6


def test_channel_that_does_not_exist_is_refused():
    ap = make_ap("ap-1", X0, Y0)
    odd = replace(ap.radios[1], channel=37)
    with pytest.raises(ModelError, match="37 is no channel at 5 GHz"):
        gather([replace(ap, radios=(odd,))], "5")


def test_overlap_falls_with_the_gap_and_ends():
    gaps = [wifi.overlap(2.412e9, 20, 2.412e9 + 5e6 * k, 20) for k in range(12)]
    assert gaps[0] == 1.0
    assert all(a > b for a, b in itertools.pairwise(gaps[:10]))
    assert 0.7 < gaps[1] < 0.8
    assert gaps[5] < 0.005  # channels 1 and 6
    assert gaps[11] == 0.0


def test_wide_transmitter_puts_a_quarter_of_its_power_into_a_narrow_channel():
    part = wifi.overlap(5.18e9, 20, 5.21e9, 80)
    assert part == pytest.approx(0.25, abs=0.01)
    assert wifi.overlap(5.21e9, 80, 5.18e9, 20) > 0.95


def test_rates_are_those_of_802_11ax():
    snr = np.array([3.9, 4.0, 34.0])
    mbit = wifi.rate_bps(snr, 20, n_streams=1) / 1e6
    assert mbit[0] == 0.0
    assert mbit[1] == pytest.approx(8.6, abs=0.05)
    assert mbit[2] == pytest.approx(143.4, abs=0.05)
    assert wifi.rate_bps(40.0, 80, n_streams=2) / 1e6 == pytest.approx(1201.0, abs=0.1)


@given(st.floats(-10, 60), st.floats(0, 20), st.sampled_from([20, 40, 80, 160]))
def test_better_signal_and_wider_channel_are_never_slower(snr, more, width):
    assert wifi.rate_bps(snr, width) <= wifi.rate_bps(snr + more, width)
    assert wifi.rate_bps(snr, 20) <= wifi.rate_bps(snr, width)


@given(st.floats(30, 480), st.floats(1.01, 1.5), st.booleans(), st.sampled_from([2.44e9, 5.5e9]))
def test_gain_falls_with_distance_and_walls(d, factor, is_indoor, freq_hz):
    near, far = wifi.mean_gain_db(
        np.array([d, d * factor]), np.full(2, freq_hz), np.full(2, 5.0), is_indoor=is_indoor
    )
    assert near > far
    outside = wifi.mean_gain_db(
        np.array([d]), np.array([freq_hz]), np.array([5.0]), is_indoor=False
    )
    assert (near < outside) == is_indoor


def test_entry_loss_grows_with_frequency():
    assert 10 < wifi.entry_loss_db(2.44e9) < wifi.entry_loss_db(5.5e9) < 25


def city_of(*aps):
    return compute(make_city(access_points=aps), step_m=10.0)


def test_served_area_lies_around_the_access_point_and_nothing_far_away():
    result = city_of(make_ap("ap-1", X0 + 505.0, Y0 + 505.0))
    for layer in result.wifi:
        served = layer.best_cell >= 0
        rows, columns = np.nonzero(served)
        assert 20 < served.sum() < 10_000
        distance = np.hypot(rows - 50, columns - 50) * 10
        assert distance.max() < 400
        assert np.isnan(layer.rsrp_dbm[~served]).all()
        assert (layer.throughput_bps[~served & result.inside] == 0).all()
        assert layer.rsrp_dbm[50, 50] == np.nanmax(layer.rsrp_dbm)


def test_neighbour_on_the_same_channel_takes_air_time_and_one_apart_does_not():
    here, there = make_ap("ap-1", X0 + 500, Y0 + 500), make_ap("ap-2", X0 + 560, Y0 + 500)
    alone, same, apart = (
        city_of(here, *others).wifi[0]
        for others in ((), (there,), (replace(there, radios=(
            replace(there.radios[0], channel=11), there.radios[1])),))
    )  # fmt: skip
    mine = (alone.best_cell == 0) & (same.best_cell == 0) & (apart.best_cell == 0)
    assert mine.sum() > 20
    assert np.mean(same.throughput_bps[mine]) < 0.85 * np.mean(alone.throughput_bps[mine])
    assert np.mean(apart.throughput_bps[mine]) > 0.97 * np.mean(alone.throughput_bps[mine])


def test_hidden_neighbour_on_the_same_channel_disturbs():
    here, hidden = make_ap("ap-1", X0 + 300, Y0 + 500), make_ap("ap-2", X0 + 650, Y0 + 500)
    alone, both = city_of(here).wifi[0], city_of(here, hidden).wifi[0]
    mine = (alone.best_cell == 0) & (both.best_cell == 0)
    assert (both.sinr_db[mine] <= alone.sinr_db[mine] + 1e-4).all()
    assert (both.sinr_db[mine] < alone.sinr_db[mine] - 0.5).any()


def test_radio_off_and_vehicle_are_not_on_the_map():
    ap = make_ap("ap-1", X0 + 500, Y0 + 500)
    off = replace(ap, radios=tuple(replace(radio, enabled=False) for radio in ap.radios))
    tram = replace(ap, placement="vehicle")
    for layer in (*city_of(off).wifi, *city_of(tram).wifi):
        assert (layer.best_cell == -1).all()
    assert gather([off, ap, tram], "5").index.tolist() == [1]


def test_more_power_is_a_stronger_signal_by_as_much():
    ap = make_ap("ap-1", X0 + 500, Y0 + 500)
    loud = replace(ap, radios=(replace(ap.radios[0], tx_power_dbm=18), ap.radios[1]))
    x, y, who = np.array([X0 + 400.0, X0 + 300.0]), np.full(2, Y0), np.zeros(2, dtype=np.int64)
    after, before = (levels_dbm(gather([it], "2.4"), who, x, y, 1.5) for it in (loud, ap))
    np.testing.assert_allclose(after - before, 3.0)


def test_every_point_has_its_own_height():
    radios = gather([make_ap("ap-1", X0, Y0)], "5")
    who = np.zeros(2, dtype=np.int64)
    x, y, heights = np.full(2, X0 + 60.0), np.full(2, Y0), (1.5, 20.0)
    each = [levels_dbm(radios, who[:1], x[:1], y[:1], height)[0] for height in heights]
    assert each[0] != each[1]
    np.testing.assert_array_equal(levels_dbm(radios, who, x, y, np.array(heights)), each)
