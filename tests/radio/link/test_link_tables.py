"""Tables of CQI and MCS, and the link adaptation of LTE, against their references."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.check.registry import check_table, find_check
from twin.radio.check.table import read_table
from twin.radio.link import cqi, lte

VECTORS = Path(__file__).parents[2] / "data" / "vectors"


@pytest.mark.parametrize(
    "name", ["ts38214_cqi_tables.csv", "ts38214_mcs_tables.csv", "lte_snr_efficiency_mcs_ns3.csv"]
)
def test_every_reference_row_is_met(name):
    table = read_table(VECTORS / name)
    result = check_table(find_check(table), table)
    assert result.within == result.rows == len(table.rows)


@pytest.mark.parametrize("table", [1, 2, 3])
def test_a_table_has_fifteen_rising_indicators(table):
    efficiency = cqi.cqi_efficiency_bps_hz(np.arange(16), table)
    assert np.all(np.diff(efficiency) > 0)
    assert cqi.cqi_of_efficiency(efficiency, table).tolist() == list(range(16))


def test_the_low_rate_table_starts_and_ends_as_printed():
    assert cqi.cqi_efficiency_bps_hz([1, 2, 3, 15], 3).tolist() == [0.0586, 0.0977, 0.1523, 4.5234]


@pytest.mark.parametrize("bad", [-1, 16, 2.5, np.nan, []])
def test_an_indicator_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match="cqi"):
        cqi.cqi_efficiency_bps_hz(bad)


def test_a_table_that_is_none_is_refused():
    with pytest.raises(ValueError, match="table: 4"):
        cqi.cqi_of_efficiency(1.0, 4)


@given(st.floats(-30, 40), st.floats(0, 10))
def test_more_snr_never_gives_a_lower_scheme(snr, more):
    assert lte.lte_mcs(snr + more) >= lte.lte_mcs(snr)
    assert lte.lte_cqi(snr + more) >= lte.lte_cqi(snr)


def test_a_channel_below_the_first_indicator_has_no_scheme():
    assert lte.lte_mcs([-20.0, 40.0]).tolist() == [-1, 28]


@pytest.mark.parametrize("bad", [0.0, 0.2, -1.0, np.nan])
def test_a_bit_error_rate_outside_the_formula_is_refused(bad):
    with pytest.raises(ModelRangeError, match="bit error rate"):
        lte.lte_efficiency_bps_hz(0.0, bad)
