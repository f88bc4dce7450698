"""Power and time on the air of devices at 863 to 870 MHz."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.regulatory import ALARM_868, SRD_868, srd868_findings


def rules(freq_mhz: float, power: float, gain: float, airtime_s: float, **options) -> list[str]:
    findings = srd868_findings(freq_mhz * 1e6, power, gain, airtime_per_hour_s=airtime_s, **options)
    return [f"{f.severity} {f.rule}" for f in findings]


@pytest.mark.parametrize(
    ("freq_mhz", "power", "gain", "airtime_s", "expected"),
    [
        (868.1, 14.0, 2.15, 36.0, []),
        (868.1, 14.0, 2.15, 36.1, ["error duty-cycle"]),
        (868.1, 14.1, 2.15, 1.0, ["error erp"]),
        (868.1, 14.0, 5.0, 40.0, ["error erp", "error duty-cycle"]),
        (868.9, 14.0, 2.15, 3.6, []),
        (868.9, 14.0, 2.15, 3.7, ["error duty-cycle"]),
        (869.525, 27.0, 2.15, 360.0, []),
        (869.525, 27.0, 5.15, 361.0, ["error erp", "error duty-cycle"]),
        (864.0, 14.0, 2.15, 3.6, []),
        (867.1, 14.0, 2.15, 36.0, ["warning duty-cycle"]),
        (867.1, 14.0, 2.15, 0.0, []),
        (868.65, 14.0, 2.15, 1.0, ["error sub-band"]),
        (863.0, 14.0, 2.15, 1.0, ["error sub-band"]),
        (871.0, 0.0, 0.0, 0.0, ["error sub-band"]),
    ],
)
def test_transmitter_is_judged_as_its_sub_band_says(freq_mhz, power, gain, airtime_s, expected):
    assert rules(freq_mhz, power, gain, airtime_s) == expected


def test_listening_first_lifts_the_duty_cycle_only_where_it_is_allowed():
    assert rules(868.1, 14, 2.15, 100.0, has_lbt=True) == []
    assert rules(868.9, 14, 2.15, 100.0, has_lbt=True) == ["error duty-cycle"]


@pytest.mark.parametrize("slot", ALARM_868)
def test_a_slot_for_alarms_is_named(slot):
    (finding,) = srd868_findings(sum(slot) / 2, 10, 0, airtime_per_hour_s=1.0, bandwidth_hz=25e3)
    assert "slot for alarms only" in finding.message
    assert finding.reference == "ERC/REC 70-03, Annex 10"


def test_finding_says_what_would_be_allowed():
    power, duty = srd868_findings(868.3e6, 16, 3.15, airtime_per_hour_s=72.0)
    assert str(power) == (
        "erp: ERP 17.0 dBm is above 14 dBm at 868-868.6 MHz; at most 13.0 dBm conducted "
        "(BNetzA Vfg 30/2006)"
    )
    assert str(duty) == (
        "duty-cycle: 72.0 s on the air in an hour, at most 36 s at 868-868.6 MHz (2 % of 1 %) "
        "(BNetzA Vfg 30/2006)"
    )
    (edge,) = srd868_findings(870e6, 10, 0, airtime_per_hour_s=1.0)
    assert "is not wholly inside one of 863-865 MHz, 865-868 MHz" in edge.message


def test_slots_and_sub_bands_do_not_overlap():
    for low, high in ALARM_868:
        assert all(high <= row.low_hz or row.high_hz <= low for row in SRD_868)


@given(st.floats(863e6, 870e6), st.floats(-10, 30), st.floats(0, 3600), st.floats(0, 5))
def test_less_power_and_less_time_are_never_worse(freq_hz, power, airtime_s, less):
    def errors(p, t):
        found = srd868_findings(freq_hz, p, 2.15, airtime_per_hour_s=t)
        return {f.rule for f in found if f.severity == "error"}

    assert errors(power - less, airtime_s / (1 + less)) <= errors(power, airtime_s)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"freq_hz": math.nan}, "freq_hz"),
        ({"tx_power_dbm": math.inf}, "tx_power_dbm"),
        ({"antenna_gain_dbi": math.nan}, "antenna_gain_dbi"),
        ({"airtime_per_hour_s": -1.0}, "airtime_per_hour_s"),
        ({"airtime_per_hour_s": 3601.0}, "an hour has 3600 s"),
        ({"bandwidth_hz": -1.0}, "bandwidth_hz"),
    ],
)
def test_numbers_that_are_none_are_refused(change, what):
    good = {"freq_hz": 868.1e6, "tx_power_dbm": 14.0, "antenna_gain_dbi": 0.0}
    with pytest.raises(ValueError, match=what):
        srd868_findings(**{**good, "airtime_per_hour_s": 1.0, **change})
