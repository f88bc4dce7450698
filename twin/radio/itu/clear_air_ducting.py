"""Ducting and layer reflection of ITU-R P.1812 and P.452."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.radio.itu.clear_air import Link
from twin.radio.itu.clear_air_path import Geometry, inland_factor

__all__ = ["ducting_db"]

Array = NDArray[np.float64]


def ducting_db(link: Link) -> Array:
    """Loss of ducting and layer reflection, without gases.

    Parameters
    ----------
    link : Link
        Inputs and path parameters.

    Returns
    -------
    ndarray
        Lba. [dB]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 4.5, eq. (46) to (56).
    .. [2] ITU-R P.452-18 (2023), section 4.4, eq. (46) to (56).
    """
    geo, f = link.geometry, link.freq_hz / 1e9
    d, near, far = (v / 1e3 for v in (geo.length_m, geo.horizon_tx_m, geo.horizon_rx_m))
    low = np.where(f < 0.5, 45.375 - 137.0 * f + 92.5 * f * f, 0.0)  # eq. (47a)
    shielding = _shielding_db(geo.elevation_tx_mrad, near, f)
    shielding = shielding + _shielding_db(geo.elevation_rx_mrad, far, f)
    coupling = _coupling_db(link.tx_coast_m / 1e3, near, geo.tx_m, link.sea_share)
    coupling = coupling + _coupling_db(link.rx_coast_m / 1e3, far, geo.rx_m, link.sea_share)
    fixed = 102.45 + 20.0 * np.log10(f) + 20.0 * np.log10(near + far) + low + shielding + coupling

    radius = link.radius_m / 1e3
    angle_tx = np.minimum(geo.elevation_tx_mrad, 0.1 * near)
    angle_rx = np.minimum(geo.elevation_rx_mrad, 0.1 * far)
    of_angle = 5e-5 * radius * np.cbrt(f) * (1e3 * d / radius + angle_tx + angle_rx)  # (51), (52)

    beta = link.ducting_percent * _path_factor(link, d, radius) * _roughness_factor(geo, d)
    log_beta = np.log10(beta)
    gamma = 1.076 / (2.0058 - log_beta) ** 1.012
    gamma = gamma * np.exp(-(9.51 - 4.8 * log_beta + 0.198 * log_beta**2) * 1e-6 * d**1.13)
    ratio = link.percent / beta
    of_time = -12.0 + (1.2 + 3.7e-3 * d) * np.log10(ratio) + 12.0 * ratio**gamma  # eq. (53)
    return np.asarray(fixed + of_angle + of_time)


def _shielding_db(elevation_mrad: Array, horizon_km: Array, f_ghz: Array) -> Array:
    """Site shielding, eq. (48)."""
    over = np.maximum(elevation_mrad - 0.1 * horizon_km, 0.0)
    edge = 20.0 * np.log10(1.0 + 0.361 * over * np.sqrt(f_ghz * horizon_km))
    return np.asarray(edge + 0.264 * over * np.cbrt(f_ghz))


def _coupling_db(coast_km: Array, horizon_km: Array, height_m: Array, sea: Array) -> Array:
    """Coupling to a duct over the sea, eq. (49)."""
    gain = -3.0 * np.exp(-0.25 * coast_km**2) * (1.0 + np.tanh(0.07 * (50.0 - height_m)))
    return np.where((sea >= 0.75) & (coast_km <= horizon_km) & (coast_km <= 5.0), gain, 0.0)


def _path_factor(link: Link, d_km: Array, radius_km: Array) -> Array:
    """Correction mu2 for the path geometry, eq. (55)."""
    geo = link.geometry
    alpha = np.maximum(-0.6 - 3.5e-9 * d_km**3.1 * inland_factor(link.inland_m), -3.4)
    roots = np.sqrt(geo.effective_tx_m) + np.sqrt(geo.effective_rx_m)
    return np.asarray(np.minimum((500.0 / radius_km * d_km**2 / roots**2) ** alpha, 1.0))


def _roughness_factor(geo: Geometry, d_km: Array) -> Array:
    """Correction mu3 for the terrain roughness, eq. (56)."""
    between = np.minimum(d_km - (geo.horizon_tx_m + geo.horizon_rx_m) / 1e3, 40.0)
    excess = np.maximum(geo.roughness_m - 10.0, 0.0)
    return np.asarray(np.exp(-4.6e-5 * excess * (43.0 + 6.0 * between)))
