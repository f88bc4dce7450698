"""The legal limits, with the worked figures of their sources."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.city import Radio
from twin.model.errors import ModelError, ModelRangeError
from twin.model.regulatory import (
    SRD_868,
    WIFI_BANDS,
    channel_block_hz,
    channel_centre_hz,
    check_radio,
    emf_limit_a_per_m,
    emf_limit_v_per_m,
    is_above_eirp_threshold,
    needs_cac_s,
    radio_findings,
    srd868_sub_band,
)


def _errors(*args, **options) -> set[str]:
    return {f.rule for f in radio_findings(*args, **options) if f.severity == "error"}


@pytest.mark.parametrize("channel", range(36, 65, 4))
def test_lamp_post_may_never_use_channels_36_to_64(channel: int) -> None:
    assert "placement" in _errors("outdoor_fixed", "5", channel, 20, 0, 0)


@pytest.mark.parametrize(
    ("placement", "band", "channel", "width", "power", "gain", "errors"),
    [
        ("outdoor_fixed", "2.4", 1, 20, 17, 3, set()),
        ("outdoor_fixed", "2.4", 1, 20, 20, 3, {"eirp", "density"} - {"density"}),
        ("indoor", "5", 36, 20, 20, 3, set()),
        ("indoor", "5", 36, 20, 23, 3, {"eirp", "density"}),
        ("indoor", "5", 52, 80, 20, 3, set()),
        ("vehicle", "5", 52, 20, 10, 0, {"placement"}),
        ("outdoor_fixed", "5", 100, 20, 24, 6, set()),
        ("outdoor_fixed", "5", 100, 20, 28, 6, {"eirp", "density"}),
        ("outdoor_fixed", "5", 149, 20, 11, 3, set()),
        ("outdoor_fixed", "5", 149, 20, 20, 3, {"eirp"}),
        ("indoor", "6", 1, 160, 20, 3, set()),
        ("outdoor_fixed", "6", 1, 20, 10, 0, {"placement"}),
        ("indoor", "5", 132, 80, 20, 3, {"eirp"}),  # 5650-5730 MHz reaches into 5725-5875
        ("indoor", "5", 177, 20, 0, 0, {"channel"}),  # 5875-5895 MHz
        ("indoor", "5", 38, 20, 0, 0, {"channel"}),
        ("indoor", "2.4", 14, 20, 0, 0, {"channel"}),
        ("indoor", "2.4", 1, 80, 0, 0, {"channel"}),
    ],
)
def test_setting_is_judged_as_the_orders_say(
    placement, band, channel, width, power, gain, errors
) -> None:
    assert _errors(placement, band, channel, width, power, gain) == errors


def test_one_db_of_rounding_is_a_warning() -> None:
    findings = radio_findings("outdoor_fixed", "2.4", 6, 20, 18, 3)
    assert [(f.rule, f.severity) for f in findings] == [("eirp", "warning")]
    assert "at most 17.0 dBm conducted" in findings[0].message
    assert "128/2023" in findings[0].reference


@pytest.mark.parametrize(("channel", "limit_dbm"), [(52, 20), (100, 27)])
def test_without_tpc_limits_are_three_db_lower(channel: int, limit_dbm: int) -> None:
    args = ("indoor", "5", channel, 20)
    assert not _errors(*args, limit_dbm + 3, 0)
    assert not _errors(*args, limit_dbm, 0, has_tpc=False)
    assert _errors(*args, limit_dbm + 3, 0, has_tpc=False) == {"eirp", "density"}


def test_radar_bands_are_announced_with_their_silence() -> None:
    (finding,) = radio_findings("outdoor_fixed", "5", 124, 20, 20, 3)
    assert (finding.rule, finding.severity) == ("dfs", "info")
    assert "600 s" in finding.message


@pytest.mark.parametrize(
    ("channel", "width", "cac_s"),
    [
        (36, 20, 0),
        (36, 80, 0),
        (36, 160, 60),
        (52, 20, 60),
        (100, 80, 60),
        (116, 20, 60),
        (116, 40, 600),  # with channel 120
        (120, 20, 600),
        (128, 20, 600),
        (132, 20, 60),
        (149, 20, 0),
    ],
)
def test_channel_availability_check(channel: int, width: int, cac_s: float) -> None:
    assert needs_cac_s(channel, width) == cac_s


@pytest.mark.parametrize(
    ("band", "channel", "width", "centre_mhz"),
    [
        ("2.4", 1, 20, 2412),
        ("2.4", 13, 20, 2472),
        ("2.4", 1, 40, 2422),
        ("2.4", 13, 40, 2462),
        ("5", 36, 20, 5180),
        ("5", 40, 40, 5190),
        ("5", 48, 80, 5210),
        ("5", 64, 160, 5250),
        ("5", 112, 80, 5530),
        ("5", 128, 160, 5570),
        ("5", 144, 80, 5690),
        ("5", 161, 80, 5775),
        ("6", 1, 20, 5955),
        ("6", 93, 20, 6415),
        ("6", 33, 320, 6105),
    ],
)
def test_channel_centre(band: str, channel: int, width: int, centre_mhz: float) -> None:
    assert channel_centre_hz(band, channel, width) == centre_mhz * 1e6


@given(st.sampled_from(["2.4", "5", "6"]), st.integers(-5, 240), st.sampled_from([20, 40, 80, 160]))
def test_block_has_its_width_and_holds_its_primary_channel(band, channel, width) -> None:
    try:
        low_hz, high_hz = channel_block_hz(band, channel, width)
    except ModelError:
        return
    assert high_hz - low_hz == width * 1e6
    assert low_hz < channel_centre_hz(band, channel) < high_hz


@given(st.integers(-10, 40), st.floats(0, 20), st.sampled_from([36, 52, 100, 149]))
def test_less_power_is_never_worse(power: int, gain: float, channel: int) -> None:
    worse = _errors("indoor", "5", channel, 20, power, gain)
    assert _errors("indoor", "5", channel, 20, power - 1, gain) <= worse


def test_radio_of_the_city_is_checked_by_its_index() -> None:
    radio = Radio(
        index="2", channel=36, bandwidth_mhz=20, tx_power_dbm=17, antenna_gain_dbi=3.0, enabled=True
    )
    assert [f.rule for f in check_radio("outdoor_fixed", radio)] == ["placement"]
    assert check_radio("indoor", radio) == ()


def test_radio_that_is_off_breaks_no_rule() -> None:
    radio = Radio(
        index="2",
        channel=36,
        bandwidth_mhz=20,
        tx_power_dbm=30,
        antenna_gain_dbi=9.0,
        enabled=False,
    )
    assert check_radio("outdoor_fixed", radio) == ()


@pytest.mark.parametrize("args", [("roof", "5", 36, 20, 0, 0), ("indoor", "60", 1, 20, 0, 0)])
def test_unknown_word_is_an_error_of_the_caller(args) -> None:
    with pytest.raises(ModelError, match="unknown"):
        radio_findings(*args)


def test_every_band_has_its_order_and_sane_limits() -> None:
    for band in WIFI_BANDS:
        assert band.reference
        assert band.low_hz < band.high_hz
        assert band.eirp_without_tpc_dbm <= band.eirp_dbm


@pytest.mark.parametrize(
    ("freq_mhz", "limit"),
    [(100, 28.0), (700, 36.4), (800, 38.9), (900, 41.2), (1800, 58.3), (2000, 61.0), (3600, 61.0)],
)
def test_electric_field_limit(freq_mhz: float, limit: float) -> None:
    assert emf_limit_v_per_m(freq_mhz * 1e6) == pytest.approx(limit, abs=0.05)


def test_magnetic_field_limit() -> None:
    assert emf_limit_a_per_m(100e6) == 0.073
    assert emf_limit_a_per_m(900e6) == pytest.approx(0.0037 * 30)
    assert emf_limit_a_per_m(2.4e9) == 0.16


@pytest.mark.parametrize(
    ("freq_hz", "limit"), [(10e6, 28.0), (400e6, 28.0), (400.001e6, 27.5), (300e9, 61.0)]
)
def test_field_limit_at_its_edges(freq_hz: float, limit: float) -> None:
    assert emf_limit_v_per_m(freq_hz) == pytest.approx(limit, abs=1e-3)


@pytest.mark.parametrize("freq_hz", [0.0, 9.9e6, 301e9, math.nan])
def test_field_limit_outside_the_ordinance_is_refused(freq_hz: float) -> None:
    with pytest.raises(ModelRangeError) as caught:
        emf_limit_v_per_m(freq_hz)
    assert str(caught.value) == (
        f"26. BImSchV Annex 1b: frequency [Hz] is {freq_hz:g}, valid is 10 MHz to 300 GHz"
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            ("outdoor_fixed", "5", 36, 20, 0, 0),
            "placement: 5150-5250 MHz may not be used on a fixed outdoor antenna "
            "(BNetzA Vfg 136/2022 i.d.F. 49/2023; (EU) 2022/179)",
        ),
        (
            ("vehicle", "5", 52, 20, 0, 0),
            "placement: 5250-5350 MHz may not be used in a vehicle "
            "(BNetzA Vfg 136/2022 i.d.F. 49/2023; (EU) 2022/179)",
        ),
        (
            ("indoor", "5", 100, 20, 28, 6),
            "eirp: EIRP 34.0 dBm is above 30 dBm at 5470-5725 MHz; at most 24.0 dBm conducted "
            "(BNetzA Vfg 136/2022 i.d.F. 49/2023; (EU) 2022/179)",
        ),
        (
            ("indoor", "2.4", 1, 20, 26, 3),
            "density: EIRP density 16.0 dBm/MHz is above 10 dBm/MHz at 2400-2483.5 MHz; "
            "at most 20.0 dBm conducted (BNetzA Vfg 128/2023)",
        ),
        (
            ("indoor", "5", 177, 20, 0, 0),
            "channel: 5875-5895 MHz is not wholly assigned to Wi-Fi "
            "(IEEE Std 802.11-2020 table E-4)",
        ),
        (
            ("indoor", "2.4", 14, 20, 0, 0),
            "channel: 14 is no channel at 2.4 GHz; channels are 1 to 13 "
            "(IEEE Std 802.11-2020 table E-4)",
        ),
        (
            ("indoor", "2.4", 1, 80, 0, 0),
            "channel: 80 MHz is no width at 2.4 GHz; widths are 20, 40 "
            "(IEEE Std 802.11-2020 table E-4)",
        ),
        (
            ("indoor", "5", 38, 20, 0, 0),
            "channel: 38 is no channel at 5 GHz; channels are 36 to 64, 100 to 144, 149 to 177 "
            "in steps of 4 (IEEE Std 802.11-2020 table E-4)",
        ),
        (
            ("indoor", "5", 132, 160, 0, 0),
            "channel: channel 132 at 5 GHz has no block of 160 MHz "
            "(IEEE Std 802.11-2020 table E-4)",
        ),
    ],
)
def test_finding_says_what_is_wrong_and_by_which_order(setting, message: str) -> None:
    assert message in [str(finding) for finding in radio_findings(*setting)]


def test_ten_watt_is_the_threshold() -> None:
    assert is_above_eirp_threshold(40.0)
    assert not is_above_eirp_threshold(39.9)
    assert not is_above_eirp_threshold(30.0)  # an access point


@pytest.mark.parametrize(
    ("freq_mhz", "erp_dbm", "airtime_s"),
    [(868.1, 14, 36.0), (868.9, 14, 3.6), (869.525, 27, 360.0), (864.0, 14, 3.6)],
)
def test_868_mhz_sub_band(freq_mhz: float, erp_dbm: float, airtime_s: float) -> None:
    row = srd868_sub_band(freq_mhz * 1e6)
    assert row is not None
    assert row.erp_dbm == erp_dbm
    assert row.airtime_per_hour_s == pytest.approx(airtime_s)


@pytest.mark.parametrize("freq_mhz", [868.65, 869.3, 869.68, 868.58, 868.02, 862.0, 870.1])
def test_alarm_slots_and_edges_are_no_sub_band(freq_mhz: float) -> None:
    assert srd868_sub_band(freq_mhz * 1e6) is None


def test_channel_may_touch_the_edges_of_its_sub_band() -> None:
    row = srd868_sub_band(868.3e6, 600e3)
    assert row is not None
    assert (row.low_hz, row.high_hz) == (868.0e6, 868.6e6)


def test_what_is_not_verified_says_so() -> None:
    assert all("not verified" in row.reference for row in SRD_868 if row.duty_cycle is None)
