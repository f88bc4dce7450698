"""Sector antenna pattern of TR 38.901, Table 7.3-1, with electrical tilt."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["A_MAX_DB", "SLA_V_DB", "pattern_db", "wrap_deg"]

SLA_V_DB = 30.0
A_MAX_DB = 30.0

Array = NDArray[np.float64]


def wrap_deg(angle_deg: ArrayLike) -> Array:
    """Bring an angle into [-180, 180).

    Parameters
    ----------
    angle_deg : array_like
        Any angle. [deg]

    Returns
    -------
    ndarray
        The same direction. [deg]
    """
    return np.asarray((np.asarray(angle_deg, np.float64) + 180.0) % 360.0 - 180.0)


def pattern_db(
    azimuth_deg: ArrayLike,
    depression_deg: ArrayLike,
    *,
    boresight_deg: ArrayLike = 0.0,
    tilt_deg: ArrayLike = 0.0,
    beamwidth_h_deg: float = 65.0,
    beamwidth_v_deg: float = 65.0,
) -> Array:
    """Gain of a sector antenna relative to its greatest gain.

    Parameters
    ----------
    azimuth_deg : array_like
        Compass bearing of the direction. [deg]
    depression_deg : array_like
        Angle of the direction below the horizon. [deg]
    boresight_deg : array_like
        Compass bearing of the sector. [deg]
    tilt_deg : array_like
        Electrical tilt below the horizon. [deg]
    beamwidth_h_deg : float
        Horizontal half-power width; 360 and more means omnidirectional. [deg]
    beamwidth_v_deg : float
        Vertical half-power width; 180 and more means no vertical pattern. [deg]

    Returns
    -------
    gain_db : ndarray
        Zero at boresight, never below -30. [dB]

    Raises
    ------
    ValueError
        A beam width that is not positive.

    Notes
    -----
    The table describes one element of 65 x 65 degrees at zenith 90 degrees. Here the formula stands
    for a whole column: its widths are those of the data sheet and the vertical part is turned by
    the electrical tilt, as TR 36.814 Table A.2.1.1-2 does.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.3-1.
    """
    if beamwidth_h_deg <= 0 or beamwidth_v_deg <= 0:
        raise ValueError("beamwidth_h_deg, beamwidth_v_deg: must be positive")
    phi = wrap_deg(np.asarray(azimuth_deg, np.float64) - np.asarray(boresight_deg, np.float64))
    theta = np.asarray(depression_deg, np.float64) - np.asarray(tilt_deg, np.float64)
    horizontal = 0.0 if beamwidth_h_deg >= 360 else np.minimum(
        12.0 * (phi / beamwidth_h_deg) ** 2, A_MAX_DB
    )  # fmt: skip
    vertical = 0.0 if beamwidth_v_deg >= 180 else np.minimum(
        12.0 * (theta / beamwidth_v_deg) ** 2, SLA_V_DB
    )  # fmt: skip
    loss = np.minimum(horizontal + vertical, A_MAX_DB)
    return np.asarray(np.broadcast_to(-loss, np.broadcast_shapes(phi.shape, theta.shape)))
