"""Wi-Fi modes, rates and frame durations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import InputError, ModelRangeError
from twin.radio.check.registry import check_table, find_check
from twin.radio.check.table import read_table
from twin.radio.wifi.duration import bcc_encoders, frame_ns, payload_ns, preamble_ns
from twin.radio.wifi.rates import Mode, data_bits_per_symbol, mode_of, phy_rate_bps

VECTORS = Path(__file__).parents[2] / "data" / "vectors"


def test_every_reference_duration_is_met_to_the_nanosecond():
    table = read_table(VECTORS / "wifi_tx_duration_ns3.csv")
    result = check_table(find_check(table), table)
    assert result.within == result.rows == len(table.rows)
    assert result.worst_error == 0.0


@pytest.mark.parametrize(
    ("name", "width", "guard", "streams", "mbps"),
    [
        ("DsssRate5_5Mbps", 22, 800, 1, 5.5),
        ("OfdmRate54Mbps", 20, 800, 1, 54.0),
        ("OfdmRate4_5MbpsBW10MHz", None, 800, 1, 4.5),
        ("OfdmRate1_5MbpsBW5MHz", None, 800, 1, 1.5),
        ("HtMcs31", 40, 400, 1, 600.0),
        ("HtMcs15", 20, 800, 1, 130.0),
        ("VhtMcs9", 160, 400, 8, 6933.3),
        ("VhtMcs8", 80, 800, 2, 702.0),
        ("HeMcs11", 160, 800, 8, 9607.8),
        ("HeMcs11", 20, 800, 1, 143.4),
        ("EhtMcs13", 320, 800, 8, 23058.8),
        ("EhtMcs12", 20, 3200, 1, 131.6),
    ],
)
def test_rates_are_those_of_the_tables(name, width, guard, streams, mbps):
    assert phy_rate_bps(mode_of(name, width, guard, streams)) / 1e6 == pytest.approx(mbps, abs=0.06)


def test_a_resource_unit_carries_its_own_tones():
    assert data_bits_per_symbol(Mode(phy="He", index=11, width_mhz=80, ru="106")) == 850
    assert data_bits_per_symbol(Mode(phy="Eht", index=0, width_mhz=80, ru="52+26")) == 36


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"phy": "Vht", "index": 9, "width_mhz": 20}, "streams of VHT-MCS 9"),
        ({"phy": "He", "index": 12}, "MCS is 12"),
        ({"phy": "He", "index": 0, "width_mhz": 320}, "width"),
        ({"phy": "Ht", "index": 0, "guard_ns": 1600}, "guard"),
        ({"phy": "Eht", "index": 0, "n_streams": 9}, "streams is 9"),
        ({"phy": "Ofdm", "index": 7_000_000}, "rate"),
        ({"phy": "He", "index": 0, "width_mhz": 20, "ru": "484"}, "resource unit"),
    ],
)
def test_a_mode_the_standard_has_not_is_refused(kwargs, words):
    with pytest.raises(ModelRangeError, match=words):
        Mode(**kwargs)


@pytest.mark.parametrize("name", ["HeMcs", "OfdmRateMbps", "", "XMcs3"])
def test_a_name_that_is_no_mode_is_refused(name):
    with pytest.raises(ValueError, match="no mode"):
        mode_of(name)


def test_the_standard_has_sig_b_and_whole_symbols_where_the_simulator_has_not():
    vht = mode_of("VhtMcs0", 20, 400)
    assert preamble_ns(vht) - preamble_ns(vht, convention="ns3") == 4000
    assert payload_ns(14, vht) % 4000 == 0
    assert payload_ns(14, vht, convention="ns3") % 3600 == 0


@pytest.mark.parametrize(
    ("mode", "form", "us"),
    [
        (Mode(phy="Ht", index=0, n_streams=2), "HT_MF", 40.0),
        (Mode(phy="Ht", index=0, n_streams=2), "HT_GF", 28.0),
        (Mode(phy="Vht", index=7, n_streams=3), "VHT_MU", 52.0),
        (Mode(phy="He", index=0), "HE_ER_SU", 51.2),
        (Mode(phy="He", index=0), "HE_TB", 47.2),
        (Mode(phy="Eht", index=13), "EHT_MU", 47.2),
        (Mode(phy="Ofdm", index=6_000_000, width_mhz=10), "LONG", 40.0),
    ],
)  # fmt: skip
def test_preambles_have_the_fields_of_their_format(mode, form, us):
    assert preamble_ns(mode, form) == pytest.approx(us * 1000)


def test_a_format_of_another_phy_is_refused():
    with pytest.raises(ValueError, match="none of Ht"):
        preamble_ns(Mode(phy="Ht", index=0), "HE_SU")


def test_fast_modes_have_more_encoders():
    assert bcc_encoders(Mode(phy="Ht", index=7)) == 1
    assert bcc_encoders(mode_of("HtMcs31", 40)) == 2
    assert bcc_encoders(Mode(phy="Vht", index=9, width_mhz=160, n_streams=8)) == 12


@given(
    st.sampled_from(["Dsss", "Ht", "Vht", "He", "Eht"]), st.integers(0, 5000), st.integers(1, 500)
)
def test_a_longer_frame_is_never_shorter_on_the_air(phy, size, more):
    mode = Mode(phy=phy, index=11_000_000 if phy == "Dsss" else 7)
    short, long = frame_ns([size, size + more], mode)
    assert short <= long


@given(st.integers(1, 5000), st.sampled_from([20, 40, 80, 160]), st.integers(0, 10))
def test_a_faster_mode_is_never_longer(size, width, mcs):
    slow, fast = (frame_ns(size, Mode(phy="He", index=m, width_mhz=width)) for m in (mcs, mcs + 1))
    assert fast <= slow


@pytest.mark.parametrize("size", [-1, [10, np.nan], [], 1.5, 7e6])
def test_a_bad_length_is_refused(size):
    with pytest.raises(ValueError, match=r"size"):
        frame_ns(size, Mode(phy="He", index=0))


def test_a_row_that_cannot_be_is_left_out_and_a_wrong_word_is_named(tmp_path):
    path = tmp_path / "mine.csv"
    header = "kind,size_bytes,phy,mode,width_MHz,guard_ns,preamble,duration_ns\n"
    path.write_text(header + "Tx,14,He,HeMcs12,20,800,HE_SU,57600\n")
    table = read_table(path)
    (out,) = check_table(find_check(table), table).excluded
    assert "MCS is 12" in out.reason
    path.write_text(header + "Tx,14,He,HexMcs1,20,800,HE_SU,57600\n")
    table = read_table(path)
    with pytest.raises(InputError, match=r":2: name: 'HexMcs1' is no mode"):
        check_table(find_check(table), table)
