"""Bianchi's model of the distributed coordination function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.check.registry import check_table, find_check
from twin.radio.check.table import read_table
from twin.radio.wifi.bianchi import (
    saturation_throughput_bps,
    slot_shares,
    transmit_probability,
)
from twin.radio.wifi.rates import Mode, mode_of, phy_rate_bps

VECTORS = Path(__file__).parents[2] / "data" / "vectors"


def test_every_reference_curve_is_met():
    table = read_table(VECTORS / "bianchi_saturation_ns3.csv")
    result = check_table(find_check(table), table)
    assert result.within == result.rows == len(table.rows)
    assert result.worst_error < 1e-4


def test_the_exact_fixed_point_is_within_a_quarter_percent_of_every_curve():
    table = read_table(VECTORS / "bianchi_saturation_ns3.csv")
    for row in table.rows[::7]:
        name, _, width = row["phy_rate"].partition("_")
        mode = mode_of(name, int(width[:-3])) if "MHz" in width else mode_of(row["phy_rate"])
        ours = saturation_throughput_bps(int(row["n_stations"]), mode, timeout=row["timeout"])
        assert ours / 1e6 == pytest.approx(float(row["throughput_Mbps"]), rel=2.5e-3)


@given(st.floats(1, 2000), st.sampled_from([7, 15, 31, 127]), st.integers(0, 8))
def test_the_fixed_point_satisfies_both_equations(n, cw_min, stages):
    tau = transmit_probability(n, cw_min, stages)
    p = 1 - (1 - tau) ** (n - 1)
    powers = sum((2 * p) ** i for i in range(stages))
    assert tau == pytest.approx(2 / (2 + cw_min + p * (cw_min + 1) * powers), rel=1e-9)


def test_a_station_alone_never_collides():
    tau = transmit_probability(1, 15, 6)
    assert tau == pytest.approx(2 / 17)
    assert slot_shares(1, tau)[2] == pytest.approx(0.0, abs=1e-15)


@given(st.integers(10, 200), st.integers(0, 11))
def test_more_stations_share_less(n, mcs):
    few, many = saturation_throughput_bps([n, n + 10], Mode(phy="He", index=mcs))
    assert 0 < many < few < phy_rate_bps(Mode(phy="He", index=mcs))


@pytest.mark.parametrize("n", [0, -1, np.nan, [5, 0.5], []])
def test_bad_numbers_of_stations_are_refused(n):
    with pytest.raises(ValueError, match="stations"):
        saturation_throughput_bps(n, Mode(phy="He", index=0))


def test_another_timeout_is_refused():
    with pytest.raises(ValueError, match="neither DIFS nor EIFS"):
        saturation_throughput_bps(5, Mode(phy="He", index=0), timeout="SIFS")


def test_range_error_says_which_element():
    with pytest.raises(ModelRangeError, match=r"stations\[1\] is 0.5"):
        saturation_throughput_bps([5, 0.5], Mode(phy="He", index=0))
