"""Adaptive data rate for many devices at once: the network's rule and the device's own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.radio.lora.adr import DEVICE_MARGIN_DB, POWERS_DBM
from twin.radio.lora.link import required_snr_db

__all__ = ["adapt_many", "back_off"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STEP_DB = 3.0


def adapt_many(snr_max_db: Floats, sf: Ints, power: Ints) -> tuple[Ints, Ints]:
    """Choose the next settings, each as `twin.radio.lora.adr.adapt` does for one.

    Parameters
    ----------
    snr_max_db : ndarray of shape (N,)
        Greatest SNR of the last frames. [dB]
    sf : ndarray of shape (N,)
        Spreading factors, 7 to 12.
    power : ndarray of shape (N,)
        Index into `POWERS_DBM`, 0 the greatest power.

    Returns
    -------
    sf, power : ndarray of shape (N,)
        The new settings.

    References
    ----------
    .. [1] Semtech, "LoRaWAN - simple rate adaptation recommended algorithm", rev. 1.0 (2016).
    """
    if not sf.size:
        return sf, power
    margin_db = snr_max_db - required_snr_db(sf) - DEVICE_MARGIN_DB
    steps = np.floor(margin_db / _STEP_DB).astype(np.int64)
    down = np.minimum(np.maximum(steps, 0), sf - 7)
    return sf - down, np.clip(power + steps - down, 0, len(POWERS_DBM) - 1)


def back_off(sf: Ints, power: Ints) -> tuple[Ints, Ints]:
    """Return what devices do that the network has not answered: full power, then slower.

    References
    ----------
    .. [1] LoRaWAN 1.0.4 Specification, 4.3.1.1 (ADRACKReq).
    """
    return np.where(power > 0, sf, np.minimum(sf + 1, 12)), np.zeros_like(power)
