"""Adaptive data rate of LoRaWAN: what the network tells a device to use, from the SNR it saw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.model.errors import ModelRangeError
from twin.radio.lora.link import required_snr_db
from twin.radio.ranges import finite

__all__ = ["DEVICE_MARGIN_DB", "POWERS_DBM", "Setting", "adapt", "margin_db"]

POWERS_DBM = (16, 14, 12, 10, 8, 6, 4, 2)
"""EIRP of TXPower 0 to 7 in EU868: RP002-1.0.3, 2.4, 16 dBm less 2 dB each. [dBm]"""
DEVICE_MARGIN_DB = 10.0
"""Kept for fading: the default of Semtech's algorithm. [dB]"""
_STEP_DB = 3.0
_HISTORY = 20
"""Frames the algorithm looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a device sends with.

    Parameters
    ----------
    sf : int
        Spreading factor, 7 to 12.
    power_dbm : int
        EIRP, one of `POWERS_DBM`. [dBm]
    """

    sf: int
    power_dbm: int = field(metadata={"unit": "dBm"})

    def __post_init__(self) -> None:
        if not 7 <= self.sf <= 12:
            raise ModelRangeError("LoRaWAN ADR", "spreading factor", self.sf, "7 to 12")
        if self.power_dbm not in POWERS_DBM:
            raise ModelRangeError("LoRaWAN ADR", "power [dBm]", self.power_dbm, str(POWERS_DBM))


def margin_db(
    snr_db: Sequence[float], sf: int, device_margin_db: float = DEVICE_MARGIN_DB
) -> float:
    """Reserve of a device over what its factor needs.

    Parameters
    ----------
    snr_db : sequence of float
        SNR of the last frames, the newest last; the best gateway's each. [dB]
    sf : int
        Spreading factor they were sent with.
    device_margin_db : float
        Kept for fading. [dB]

    Returns
    -------
    float
        Greatest of the last 20 less the limit and the reserve. Decibels throughout: ratios are
        subtracted, never mixed with linear values. [dB]

    Raises
    ------
    ValueError
        No frame, or an SNR that is no number.
    """
    seen = finite(np.asarray(snr_db, dtype=np.float64), "snr_db")[-_HISTORY:]
    return float(seen.max() - required_snr_db(sf) - device_margin_db)


def adapt(
    snr_db: Sequence[float], now: Setting, device_margin_db: float = DEVICE_MARGIN_DB
) -> Setting:
    """Choose the next setting of a device.

    Parameters
    ----------
    snr_db : sequence of float
        SNR of the last frames. [dB]
    now : Setting
        What they were sent with.
    device_margin_db : float
        Kept for fading. [dB]

    Returns
    -------
    Setting
        For every 3 dB of margin first one factor down to SF7, then one step of power down; for
        every 3 dB missing one step of power up. The network never raises the factor: the device
        does that itself when no answer comes.

    Raises
    ------
    ValueError
        No frame, or an SNR that is no number.

    References
    ----------
    .. [1] Semtech, "LoRaWAN - simple rate adaptation recommended algorithm", rev. 1.0 (2016).
    .. [2] LoRaWAN Regional Parameters RP002-1.0.3, 2.4 (TXPower).
    """
    steps = math.floor(margin_db(snr_db, now.sf, device_margin_db) / _STEP_DB)
    sf, i_power = now.sf, POWERS_DBM.index(now.power_dbm)
    down = min(max(steps, 0), sf - 7)
    i_power = min(max(i_power + steps - down, 0), len(POWERS_DBM) - 1)
    return Setting(sf=sf - down, power_dbm=POWERS_DBM[i_power])
