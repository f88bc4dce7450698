"""Radar on a channel: the radio leaves, listens, and comes back when the law allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.model.city import AccessPoint, Radio, Ssid
from twin.sim.wifi.radios import NON_OCCUPANCY_S, Radios

AP = AccessPoint(
    id="ap", site="s", x_m=0.0, y_m=0.0, height_m=4.0, placement="outdoor_fixed",
    radios=(
        Radio(index="2", channel=100, bandwidth_mhz=20, tx_power_dbm=20, antenna_gain_dbi=3.0),
    ),
    ssids=(Ssid(name="n"),),
)  # fmt: skip
UP = np.ones(1, dtype=bool)


def _radios(ap=AP):
    return Radios((ap,), np.zeros(1), (np.zeros(1), np.zeros(1)), np.random.default_rng(1))


def _on_air(radios, now_s):
    return bool(radios.settle(now_s, UP)[0, 1])


def test_radar_moves_the_radio_after_an_availability_check():
    radios = _radios()
    assert radios.see_radar(0, np.zeros((1, 3)), 1000.0)
    assert not _on_air(radios, 1001.0)
    assert not _on_air(radios, 1059.0)
    assert _on_air(radios, 1060.0)
    assert radios.in_use[0, 1] in (104, 108, 112, 132, 136, 140)
    assert radios.numbers["channel"][0, 1] == 100


def test_the_configured_channel_is_barred_for_half_an_hour():
    radios = _radios()
    radios.see_radar(0, np.zeros((1, 3)), 0.0)
    radios.settle(60.0, UP)
    radios.set(0, {(1, "channel"): 100}, 600.0)
    assert not _on_air(radios, NON_OCCUPANCY_S + 59.0)
    assert _on_air(radios, NON_OCCUPANCY_S + 60.0)
    assert radios.in_use[0, 1] == 100


def test_it_goes_home_when_the_time_is_over():
    radios = _radios()
    assert radios.why_moved(0, 1) == "NONE"
    radios.see_radar(0, np.zeros((1, 3)), 0.0)
    radios.settle(60.0, UP)
    assert radios.why_moved(0, 1) == "DFS"
    radios.go_home(0, NON_OCCUPANCY_S)
    assert radios.why_moved(0, 1) == "NONE"
    radios.settle(NON_OCCUPANCY_S + 60.0, UP)
    assert radios.in_use[0, 1] == 100


@pytest.mark.parametrize("channel", [36, 40])
def test_channels_without_radar_duty_stay(channel):
    radio = replace(AP.radios[0], channel=channel)
    radios = _radios(replace(AP, placement="indoor", radios=(radio,)))
    assert not radios.see_radar(0, np.zeros((1, 3)), 0.0)
    assert _on_air(radios, 0.0)


def test_radar_on_every_channel_keeps_the_radio_silent_until_one_is_free():
    radios = _radios()
    now_s = 0.0
    for _ in range(9):
        if radios.settle(now_s, UP)[0, 1]:
            radios.see_radar(0, np.zeros((1, 3)), now_s)
        now_s += 61.0
    assert not _on_air(radios, now_s)
    assert _on_air(radios, now_s + NON_OCCUPANCY_S + 60.0)


@pytest.mark.parametrize(
    ("width_mhz", "allowed"), [(20, set(range(100, 144, 4))), (80, {100, 104, 108, 112})]
)
def test_radar_moves_a_wide_radio_to_a_block_that_fits_the_band(width_mhz, allowed):
    radio = replace(AP.radios[0], bandwidth_mhz=width_mhz)
    radios = _radios(replace(AP, radios=(radio,)))
    radios.see_radar(0, np.zeros((1, 3)), 0.0)
    radios.settle(660.0, UP)
    assert radios.target[0, 1] in allowed


def test_radar_on_the_only_block_of_160_mhz_keeps_the_radio_silent():
    radio = replace(AP.radios[0], bandwidth_mhz=160)
    radios = _radios(replace(AP, radios=(radio,)))
    radios.see_radar(0, np.zeros((1, 3)), 0.0)
    assert not _on_air(radios, NON_OCCUPANCY_S + 599.0)  # the block holds channels of weather radar
    assert _on_air(radios, NON_OCCUPANCY_S + 600.0)
