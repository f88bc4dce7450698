"""Thermal noise of receivers."""

from __future__ import annotations

import math

__all__ = ["TERMINAL_NOISE_FIGURE_DB", "WIFI_NOISE_FIGURE_DB", "noise_dbm"]

TERMINAL_NOISE_FIGURE_DB = 7.0
"""Noise figure of a mobile terminal: 3GPP R1-1707360, dense urban calibration. [dB]"""
WIFI_NOISE_FIGURE_DB = 7.0
"""Noise figure of a Wi-Fi client, assumed to be that of a mobile terminal. [dB]"""

_BOLTZMANN_J_PER_K = 1.380649e-23
_REFERENCE_K = 290.0


def noise_dbm(bandwidth_hz: float, noise_figure_db: float = TERMINAL_NOISE_FIGURE_DB) -> float:
    """Noise power at the input of a receiver.

    Parameters
    ----------
    bandwidth_hz : float
        Noise bandwidth. [Hz]
    noise_figure_db : float
        Noise figure. [dB]

    Returns
    -------
    float
        k T0 B F with T0 = 290 K. [dBm]

    References
    ----------
    .. [1] ITU-R P.372-16 (2022), eq. (1); k from the SI (2019).
    """
    density_mw = _BOLTZMANN_J_PER_K * _REFERENCE_K * 1e3
    return 10.0 * math.log10(density_mw * bandwidth_hz) + noise_figure_db
