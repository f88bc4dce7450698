"""The 863-870 MHz sub-bands of short range devices such as LoRaWAN: power and duty cycle."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["ALARM_868", "OBSERVATION_S", "SRD_868", "SubBand", "srd868_sub_band"]

OBSERVATION_S = 3600.0
"""Time over which the duty cycle is counted. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubBand:
    """Limits of one sub-band.

    Parameters
    ----------
    low_hz, high_hz : float
        Edges. [Hz]
    erp_dbm : float
        Largest power relative to a half-wave dipole (EIRP is 2.15 dB more). [dBm]
    duty_cycle : float or None
        Largest share of time on the air; None: not verified, so ask before relying on it.
    reference : str
        Where the row comes from.
    allows_lbt : bool
        Listening before talking may take the place of the duty cycle.
    """

    low_hz: float = field(metadata={"unit": "Hz"})
    high_hz: float = field(metadata={"unit": "Hz"})
    erp_dbm: float = field(metadata={"unit": "dBm"})
    duty_cycle: float | None
    reference: str
    allows_lbt: bool = False

    @property
    def name(self) -> str:
        """Its edges in MHz, such as ``868-868.6 MHz``."""
        return f"{self.low_hz / 1e6:g}-{self.high_hz / 1e6:g} MHz"

    @property
    def airtime_per_hour_s(self) -> float | None:
        """Time on the air allowed in each hour, in seconds."""
        return None if self.duty_cycle is None else self.duty_cycle * OBSERVATION_S


def _row(
    low_mhz: float,
    high_mhz: float,
    erp_dbm: float,
    duty: float | None,
    ref: str,
    *,
    allows_lbt: bool = False,
) -> SubBand:
    return SubBand(
        low_hz=low_mhz * 1e6,
        high_hz=high_mhz * 1e6,
        erp_dbm=erp_dbm,
        duty_cycle=duty,
        reference=ref,
        allows_lbt=allows_lbt,
    )


ALARM_868: tuple[tuple[float, float], ...] = (
    (868.6e6, 868.7e6),
    (869.2e6, 869.4e6),
    (869.65e6, 869.7e6),
)
"""Slots for alarms only: ERC/REC 70-03, Annex 10. [Hz]"""

SRD_868: tuple[SubBand, ...] = (
    _row(863.0, 865.0, 14, 0.001, "EN 300 220-2 V3.2.1, band K"),
    _row(865.0, 868.0, 14, None, "EN 300 220-2 V3.2.1; duty cycle not verified"),
    _row(868.0, 868.6, 14, 0.01, "BNetzA Vfg 30/2006", allows_lbt=True),
    _row(868.7, 869.2, 14, 0.001, "EN 300 220-2 V3.2.1, band N"),
    _row(869.4, 869.65, 27, 0.1, "BNetzA Vfg 30/2006"),
    _row(869.7, 870.0, 14, None, "EN 300 220-2 V3.2.1; duty cycle not verified"),
)


def srd868_sub_band(freq_hz: float, bandwidth_hz: float = 125e3) -> SubBand | None:
    """Find the sub-band that holds a whole channel.

    Parameters
    ----------
    freq_hz : float
        Centre. [Hz]
    bandwidth_hz : float
        Width. [Hz]

    Returns
    -------
    SubBand or None
        None: not wholly inside one, so not to be used.
    """
    low_hz, high_hz = freq_hz - bandwidth_hz / 2, freq_hz + bandwidth_hz / 2
    for row in SRD_868:
        if row.low_hz <= low_hz and high_hz <= row.high_hz:
            return row
    return None
