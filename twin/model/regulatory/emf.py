"""Exposure limits for the general public: the 26. BImSchV."""

from __future__ import annotations

import math

from twin.model.errors import ModelRangeError

__all__ = [
    "EIRP_THRESHOLD_W",
    "emf_limit_a_per_m",
    "emf_limit_v_per_m",
    "is_above_eirp_threshold",
]

EIRP_THRESHOLD_W = 10.0
"""From this EIRP on the ordinance applies and a site needs its certificate. [W]"""

_MIN_HZ, _LOW_HZ, _MID_HZ, _MAX_HZ = 10e6, 400e6, 2e9, 300e9
# Annex 1b: field strength below 400 MHz, factor of the root of f in MHz, from 2 GHz on
_E_V_PER_M = (28.0, 1.375, 61.0)
_H_A_PER_M = (0.073, 0.0037, 0.16)


def emf_limit_v_per_m(freq_hz: float) -> float:
    """Limit of the electric field strength.

    Parameters
    ----------
    freq_hz : float
        Frequency. [Hz]  Valid 10 MHz to 300 GHz.

    Returns
    -------
    float
        Effective value, quadratic mean over six minutes. [V/m]

    Raises
    ------
    ModelRangeError
        `freq_hz` outside the valid range.

    Notes
    -----
    Just under 2 GHz the formula gives 61.5 V/m, more than the 61 V/m that hold from 2 GHz on; this
    is what the ordinance says.

    References
    ----------
    .. [1] 26. BImSchV (2013), paragraph 2 and Annex 1b.
    """
    return _limit(freq_hz, _E_V_PER_M)


def emf_limit_a_per_m(freq_hz: float) -> float:
    """Limit of the magnetic field strength.

    Parameters
    ----------
    freq_hz : float
        Frequency. [Hz]  Valid 10 MHz to 300 GHz.

    Returns
    -------
    float
        Effective value, quadratic mean over six minutes. [A/m]

    Raises
    ------
    ModelRangeError
        `freq_hz` outside the valid range.

    References
    ----------
    .. [1] 26. BImSchV (2013), paragraph 2 and Annex 1b.
    """
    return _limit(freq_hz, _H_A_PER_M)


def is_above_eirp_threshold(eirp_dbm: float) -> bool:
    """Say whether a transmitter alone falls under the ordinance.

    Parameters
    ----------
    eirp_dbm : float
        EIRP of the transmitter, or of a whole site. [dBm]

    Returns
    -------
    bool
        True from 10 W on. Below it, the sum of a site may still reach 10 W.

    References
    ----------
    .. [1] 26. BImSchV (2013), paragraph 2; BEMFV, paragraph 4.
    """
    threshold_dbm = 10 * math.log10(EIRP_THRESHOLD_W * 1e3)
    return eirp_dbm >= threshold_dbm


def _limit(freq_hz: float, row: tuple[float, float, float]) -> float:
    if not _MIN_HZ <= freq_hz <= _MAX_HZ:
        raise ModelRangeError(
            "26. BImSchV Annex 1b", "frequency [Hz]", freq_hz, "10 MHz to 300 GHz"
        )
    below, factor, above = row
    if freq_hz <= _LOW_HZ:
        return below
    if freq_hz < _MID_HZ:
        return factor * math.sqrt(freq_hz / 1e6)
    return above
