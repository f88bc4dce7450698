"""Whether a Wi-Fi radio may transmit as planned, and what the law makes of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from twin.model.city import Radio
from twin.model.errors import ModelError
from twin.model.regulatory.findings import Finding
from twin.model.regulatory.wifi_bands import WIFI_BANDS, WifiBand
from twin.model.regulatory.wifi_channels import channel_block_hz

__all__ = ["check_radio", "needs_cac_s", "radio_findings"]

ROUNDING_DB = 1.0
"""Devices show whole dBm: 13.97 is shown as 13, 26.98 as 26."""

WEATHER_RADAR_HZ = (5600e6, 5650e6)
_CAC_S = 60.0
_CAC_WEATHER_S = 600.0
_PLACEMENTS = ("indoor", "outdoor_fixed", "vehicle")
_BAND_OF_RADIO = {"1": "2.4", "2": "5", "3": "6"}
_DFS_REFERENCE = "EN 301 893 V2.1.1, table D.1"


def radio_findings(
    placement: str,
    band: str,
    channel: int,
    bandwidth_mhz: int,
    tx_power_dbm: float,
    antenna_gain_dbi: float,
    *,
    has_tpc: bool = True,
) -> tuple[Finding, ...]:
    """Check the setting of a Wi-Fi radio against the German rules.

    Parameters
    ----------
    placement : str
        ``indoor``, ``outdoor_fixed`` or ``vehicle``.
    band : str
        ``2.4``, ``5`` or ``6``.
    channel : int
        Primary 20 MHz channel.
    bandwidth_mhz : int
        Width. [MHz]
    tx_power_dbm : float
        Conducted power, sum of all chains. [dBm]
    antenna_gain_dbi : float
        Gain of the antenna. [dBi]
    has_tpc : bool
        The device controls its transmit power as the order asks; else limits are 3 dB lower.

    Returns
    -------
    tuple of Finding
        Empty if nothing is to be said; no entry of severity ``error`` means allowed. A block
        that lies across two bands must satisfy both.

    Raises
    ------
    ModelError
        Unknown placement or band.

    References
    ----------
    .. [1] The general assignments named in `WIFI_BANDS`.
    """
    if placement not in _PLACEMENTS:
        raise ModelError(f"unknown placement {placement!r}; known are {', '.join(_PLACEMENTS)}")
    try:
        low_hz, high_hz = channel_block_hz(band, channel, bandwidth_mhz)
    except ModelError as err:
        if band not in _BAND_OF_RADIO.values():
            raise
        return (_no_channel(str(err)),)
    touched = [b for b in WIFI_BANDS if b.low_hz < high_hz and low_hz < b.high_hz]
    if sum(min(b.high_hz, high_hz) - max(b.low_hz, low_hz) for b in touched) < high_hz - low_hz:
        return (
            _no_channel(f"{low_hz / 1e6:g}-{high_hz / 1e6:g} MHz is not wholly assigned to Wi-Fi"),
        )
    eirp_dbm = tx_power_dbm + antenna_gain_dbi
    findings: list[Finding] = []
    for row in touched:
        findings += _placement(row, placement)
        findings += _power(row, eirp_dbm, bandwidth_mhz, antenna_gain_dbi, has_tpc=has_tpc)
    cac_s = needs_cac_s(channel, bandwidth_mhz) if band == "5" else 0.0
    if cac_s:
        message = f"the radio is silent for {cac_s:g} s before it may use channel {channel}"
        findings.append(
            Finding(rule="dfs", severity="info", message=message, reference=_DFS_REFERENCE)
        )
    return tuple(findings)


def check_radio(placement: str, radio: Radio, *, has_tpc: bool = True) -> tuple[Finding, ...]:
    """Check a radio of an access point of the city.

    Parameters
    ----------
    placement : str
        Placement of the access point.
    radio : Radio
        The radio; its index names the band. One that is off is not checked.
    has_tpc : bool
        See `radio_findings`.

    Returns
    -------
    tuple of Finding
        See `radio_findings`.

    Raises
    ------
    ModelError
        Unknown placement or radio index.
    """
    band = _BAND_OF_RADIO.get(radio.index)
    if band is None:
        raise ModelError(f"radio {radio.index!r} has no band; known are 1 (2.4), 2 (5) and 3 (6)")
    if not radio.enabled:
        return ()
    return radio_findings(
        placement,
        band,
        radio.channel,
        radio.bandwidth_mhz,
        radio.tx_power_dbm,
        radio.antenna_gain_dbi,
        has_tpc=has_tpc,
    )


def needs_cac_s(channel: int, bandwidth_mhz: int = 20) -> float:
    """Say how long a 5 GHz radio must listen for radar before it may transmit.

    Parameters
    ----------
    channel : int
        Primary 20 MHz channel at 5 GHz.
    bandwidth_mhz : int
        Width. [MHz]

    Returns
    -------
    float
        Channel availability check: 0, 60, or 600 if the block touches 5600-5650 MHz. [s]

    Raises
    ------
    ModelError
        No such channel at 5 GHz.

    References
    ----------
    .. [1] EN 301 893 V2.1.1 (2017), table D.1.
    """
    low_hz, high_hz = channel_block_hz("5", channel, bandwidth_mhz)
    if low_hz < WEATHER_RADAR_HZ[1] and WEATHER_RADAR_HZ[0] < high_hz:
        return _CAC_WEATHER_S
    is_dfs = any(b.needs_dfs and b.low_hz < high_hz and low_hz < b.high_hz for b in WIFI_BANDS)
    return _CAC_S if is_dfs else 0.0


def _no_channel(message: str) -> Finding:
    return Finding(
        rule="channel",
        severity="error",
        message=message,
        reference="IEEE Std 802.11-2020 table E-4",
    )


def _placement(row: WifiBand, placement: str) -> Iterator[Finding]:
    if placement not in row.placements:
        where = {
            "outdoor_fixed": "on a fixed outdoor antenna",
            "vehicle": "in a vehicle",
            "indoor": "indoors",
        }[placement]
        yield Finding(
            rule="placement",
            severity="error",
            message=f"{row.name} may not be used {where}",
            reference=row.reference,
        )
    elif placement == "vehicle" and row.note:
        yield Finding(
            rule="placement", severity="warning", message=row.note, reference=row.reference
        )


def _power(
    row: WifiBand,
    eirp_dbm: float,
    bandwidth_mhz: float,
    antenna_gain_dbi: float,
    *,
    has_tpc: bool,
) -> Iterator[Finding]:
    """Compare EIRP and its density with the limits of one band."""
    tpc_db = 0.0 if has_tpc else row.eirp_dbm - row.eirp_without_tpc_dbm
    width_db = 10 * math.log10(bandwidth_mhz)
    limits = [("eirp", "EIRP", eirp_dbm, row.eirp_dbm - tpc_db, "dBm", 0.0)]
    if row.density_dbm_per_mhz is not None:
        limit = row.density_dbm_per_mhz - tpc_db
        limits.append(("density", "EIRP density", eirp_dbm - width_db, limit, "dBm/MHz", width_db))
    for rule, name, value, limit, unit, to_power_db in limits:
        excess_db = value - limit
        if excess_db <= 1e-9:
            continue
        conducted_dbm = limit + to_power_db - antenna_gain_dbi
        yield Finding(
            rule=rule,
            severity="warning" if excess_db <= ROUNDING_DB else "error",
            message=f"{name} {value:.1f} {unit} is above {limit:g} {unit} at {row.name}; "
            f"at most {conducted_dbm:.1f} dBm conducted",
            reference=row.reference,
        )
