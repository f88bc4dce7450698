"""Whether a device at 863 to 870 MHz, such as a LoRa node, may transmit as planned."""

from __future__ import annotations

import math

from twin.model.regulatory.findings import Finding
from twin.model.regulatory.srd868 import (
    ALARM_868,
    OBSERVATION_S,
    SRD_868,
    SubBand,
    srd868_sub_band,
)

__all__ = ["DIPOLE_DBI", "srd868_findings"]

DIPOLE_DBI = 2.15
"""Gain of a half-wave dipole: EIRP is so much more than ERP. [dBi]"""

_ASSIGNMENT = "BNetzA Vfg 30/2006; EN 300 220-2 V3.2.1"
_ALARM = "ERC/REC 70-03, Annex 10"


def srd868_findings(
    freq_hz: float,
    tx_power_dbm: float,
    antenna_gain_dbi: float,
    *,
    airtime_per_hour_s: float,
    bandwidth_hz: float = 125e3,
    has_lbt: bool = False,
) -> tuple[Finding, ...]:
    """Check a transmitter against the limits of its sub-band.

    Parameters
    ----------
    freq_hz : float
        Centre of the channel. [Hz]
    tx_power_dbm : float
        Conducted power. [dBm]
    antenna_gain_dbi : float
        Gain of the antenna less the loss of its cable. [dBi]
    airtime_per_hour_s : float
        Longest time on the air in any hour, all channels of the sub-band together. [s]
    bandwidth_hz : float
        Width of the channel. [Hz]
    has_lbt : bool
        The device listens before it talks as the assignment asks; then no duty cycle is set where
        the sub-band allows that.

    Returns
    -------
    tuple of Finding
        Empty if nothing is to be said; no entry of severity ``error`` means allowed.

    Raises
    ------
    ValueError
        A frequency, power, gain, width or time that is no number or negative.

    References
    ----------
    .. [1] The rows of `SRD_868` and `ALARM_868`.
    """
    for name, value, least in (
        ("freq_hz", freq_hz, 0.0),
        ("tx_power_dbm", tx_power_dbm, -math.inf),
        ("antenna_gain_dbi", antenna_gain_dbi, -math.inf),
        ("airtime_per_hour_s", airtime_per_hour_s, 0.0),
        ("bandwidth_hz", bandwidth_hz, 0.0),
    ):
        if not (math.isfinite(value) and value >= least):
            sign = " and not negative" if least == 0.0 else ""
            raise ValueError(f"{name}: is {value}, must be finite{sign}")
    if airtime_per_hour_s > OBSERVATION_S:
        raise ValueError(f"airtime_per_hour_s: is {airtime_per_hour_s}, an hour has 3600 s")
    row = srd868_sub_band(freq_hz, bandwidth_hz)
    if row is None:
        return (_no_sub_band(freq_hz, bandwidth_hz),)
    erp_dbm = tx_power_dbm + antenna_gain_dbi - DIPOLE_DBI
    findings = []
    if erp_dbm > row.erp_dbm + 1e-9:
        most_dbm = row.erp_dbm + DIPOLE_DBI - antenna_gain_dbi
        findings.append(
            Finding(
                rule="erp",
                severity="error",
                message=f"ERP {erp_dbm:.1f} dBm is above {row.erp_dbm:g} dBm at {row.name}; "
                f"at most {most_dbm:.1f} dBm conducted",
                reference=row.reference,
            )
        )
    if airtime_per_hour_s > 0.0 and not (has_lbt and row.allows_lbt):
        findings += _duty(row, airtime_per_hour_s)
    return tuple(findings)


def _duty(row: SubBand, airtime_s: float) -> list[Finding]:
    """Compare the time on the air with what an hour of the sub-band allows."""
    allowed_s = row.airtime_per_hour_s
    if allowed_s is None:
        message = f"the duty cycle at {row.name} is not verified; ask before relying on it"
        return [
            Finding(rule="duty-cycle", severity="warning", message=message, reference=row.reference)
        ]
    if airtime_s <= allowed_s * (1.0 + 1e-12):
        return []
    message = (
        f"{airtime_s:.1f} s on the air in an hour, at most {allowed_s:g} s at {row.name} "
        f"({100.0 * airtime_s / OBSERVATION_S:.2g} % of {100.0 * (row.duty_cycle or 0.0):g} %)"
    )
    return [Finding(rule="duty-cycle", severity="error", message=message, reference=row.reference)]


def _no_sub_band(freq_hz: float, bandwidth_hz: float) -> Finding:
    low_hz, high_hz = freq_hz - bandwidth_hz / 2, freq_hz + bandwidth_hz / 2
    where = f"{low_hz / 1e6:g}-{high_hz / 1e6:g} MHz"
    if any(low < high_hz and low_hz < high for low, high in ALARM_868):
        message, reference = f"{where} reaches into a slot for alarms only", _ALARM
    else:
        known = ", ".join(row.name for row in SRD_868)
        message, reference = f"{where} is not wholly inside one of {known}", _ASSIGNMENT
    return Finding(rule="sub-band", severity="error", message=message, reference=reference)
