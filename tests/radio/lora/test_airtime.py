"""Time on air of LoRa frames, the EU868 plan and its duty cycles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.model.regulatory.srd868 import SRD_868
from twin.radio.check.registry import check_table, find_check
from twin.radio.check.table import read_table
from twin.radio.lora import airtime, eu868

VECTORS = Path(__file__).parents[2] / "data" / "vectors"


@pytest.mark.parametrize("name", ["lora_time_on_air.csv", "lora_payload_symbols.csv"])
def test_every_reference_row_is_met(name):
    table = read_table(VECTORS / name)
    result = check_table(find_check(table), table)
    assert result.within == result.rows == len(table.rows)


def test_low_rate_is_on_for_the_long_symbols_only():
    assert airtime.needs_low_rate([10, 11, 12]).tolist() == [False, True, True]
    assert airtime.needs_low_rate([11, 12], 250e3).tolist() == [False, True]
    assert not airtime.needs_low_rate(12, 500e3)


@given(st.integers(0, 254), st.integers(5, 11), st.sampled_from(airtime.BANDWIDTHS_HZ))
def test_more_bytes_and_higher_factors_take_longer(size, sf, bandwidth):
    first = airtime.time_on_air_s(size, sf, bandwidth)
    assert airtime.time_on_air_s(size + 1, sf, bandwidth) >= first
    assert airtime.time_on_air_s(size, sf + 1, bandwidth) > first


def test_arrays_broadcast():
    table = airtime.time_on_air_s(np.arange(10, 50, 10)[:, None], np.arange(7, 13))
    assert table.shape == (4, 6)
    assert table[0, 0] == pytest.approx(0.041216)


@pytest.mark.parametrize("kwargs", [{"sf": 13}, {"sf": 7.5}, {"sf": np.nan}, {"size_bytes": 256},
                                    {"coding_rate": 5}, {"bandwidth_hz": 1.0}])  # fmt: skip
def test_bad_inputs_are_refused(kwargs):
    with pytest.raises(ValueError, match=r"LoRa|Semtech|must be"):
        airtime.time_on_air_s(**{"size_bytes": 10, "sf": 7} | kwargs)


def test_fsk_of_20_bytes_takes_five_milliseconds():
    assert airtime.fsk_time_on_air_s(20) == pytest.approx(31 * 8 / 50e3)


def test_data_rates_end_where_their_payload_ends():
    assert eu868.frame_s(51, 0) > 2.7
    with pytest.raises(ModelRangeError, match="payload of DR0"):
        eu868.frame_s(52, 0)
    with pytest.raises(ModelRangeError, match="data rate is 8"):
        eu868.frame_s(10, 8)


def test_duty_cycle_is_that_of_the_regulation():
    for channel in eu868.JOIN_CHANNELS_HZ:
        assert eu868.sub_band(channel).duty_cycle == 0.01
    assert eu868.sub_band(eu868.RX2_HZ) in SRD_868
    assert eu868.messages_per_hour(0.36, 868.1e6) == 100
    assert eu868.messages_per_hour(0.36, eu868.RX2_HZ) == 1000
    with pytest.raises(ModelRangeError, match="channel"):
        eu868.sub_band(868.65e6)
    with pytest.raises(ValueError, match="not verified"):
        eu868.messages_per_hour(0.1, 867.1e6)


def test_off_time_and_frame_fill_the_duty_cycle():
    air = eu868.frame_s([10, 20], 5)
    assert air / (air + eu868.off_time_s(air, 0.01)) == pytest.approx(0.01)


def test_multicast_is_limited_by_the_duty_cycle_then_by_the_number_of_gateways():
    alone = eu868.multicast_per_hour(20, 3)
    assert eu868.multicast_per_hour(20, 3, 5) == alone
    assert eu868.multicast_per_hour(20, 3, 50) < alone


def test_short_factors_differ_between_the_families_of_chips():
    old = airtime.time_on_air_s(20, [6, 7], has_header=False, chip="sx127x")
    new = airtime.time_on_air_s(20, [6, 7], has_header=False)
    assert old[1] == new[1]
    assert old[0] != new[0]
    with pytest.raises(ValueError, match="neither sx126x nor sx127x"):
        airtime.time_on_air_s(20, 7, chip="cc1101")
