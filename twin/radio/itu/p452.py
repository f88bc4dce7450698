"""ITU-R P.452-18: clear-air interference over a terrain profile, 0.1 to 50 GHz."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.itu.clear_air import (
    Link,
    Losses,
    diffraction,
    free_space_db,
    put_together,
    scatter_db,
)
from twin.radio.itu.clear_air_ducting import ducting_db
from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals
from twin.radio.itu.clear_air_link import Limits, checked, derive_link
from twin.radio.itu.p676 import line_by_line_db_km
from twin.radio.ranges import need

__all__ = ["LIMITS", "gases_db_km", "surface_m", "transmission_loss"]

Array = NDArray[np.float64]

MODEL = "ITU-R P.452-18"
LIMITS = Limits(
    model=MODEL,
    freq_hz=(0.1e9, 50e9),
    length_m=(1.0, 1e7),
    height_m=(0.1, 1e4),
    percent=(0.001, 50.0),
)
"""Frequency, share of time and greatest distance of the Recommendation; it limits no height."""
BARE_M = 50.0
"""Nearer to an end than this, the profile has no clutter; Attachment 2 to Annex 1, section 3."""


def transmission_loss(
    path: Path,
    terminals: Terminals,
    climate: RadioClimate,
    *,
    time_percent: ArrayLike = 50.0,
    pressure_hpa: ArrayLike = 1013.0,
    temperature_k: ArrayLike = 288.15,
) -> Losses:
    """Compute the loss not exceeded for a share of time, in clear air.

    Parameters
    ----------
    path : Path
        Profiles of shape (..., n), up to 10,000 km long.
    terminals : Terminals
        Ends: 0.1 to 50 GHz; gains towards the horizon count in the troposcatter.
    climate : RadioClimate
        Air in the middle of the path.
    time_percent : array_like
        Share of time. [%]  0.001 to 50; of the average year, or of the worst month with its
        refractivity.
    pressure_hpa : array_like
        Pressure of dry air. [hPa]
    temperature_k : array_like
        Temperature. [K]

    Returns
    -------
    Losses
        `loss_db` and everything that led to it, of the shape the inputs broadcast to.

    Raises
    ------
    ValueError
        A NaN, shapes that do not fit: says which element.
    ModelRangeError
        An input outside its range: says which element.

    Notes
    -----
    Clutter is part of the profile, as P.452-18 has it; the loss of clutter around the ends of
    earlier editions is gone, P.2108 serves for it. Scatter by rain (section 5) is not here.

    References
    ----------
    .. [1] ITU-R P.452-18 (10/2023), Annex 1, section 4, and Attachments 2 and 3 to it.

    Examples
    --------
    >>> import numpy as np
    >>> from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals
    >>> flat = Path(distance_m=np.linspace(0, 60e3, 121), ground_m=np.full(121, 30.0))
    >>> ends = Terminals(freq_hz=3.6e9, tx_height_m=30, rx_height_m=10)
    >>> air = RadioClimate(latitude_deg=51.4, delta_n=40, n0=325)
    >>> loss_db = transmission_loss(flat, ends, air, time_percent=[1, 50]).loss_db
    >>> [round(float(value), 1) for value in loss_db]
    [150.1, 188.0]
    """
    pressure = need(pressure_hpa, 0.0, 1100.0, model=MODEL, quantity="pressure [hPa]")
    kelvin = need(temperature_k, 150.0, 350.0, model=MODEL, quantity="temperature [K]")
    inputs = checked(
        path, terminals, climate, time_percent, LIMITS, pressure=pressure, kelvin=kelvin
    )
    link = derive_link(path, inputs)
    geo = link.geometry
    air = (link.freq_hz, inputs["pressure"], inputs["kelvin"])
    length_km = geo.length_m / 1e3
    slant_km = np.hypot(length_km, (geo.tx_m - geo.rx_m) / 1e3)
    gases = gases_db_km(7.5 + 2.5 * link.sea_share, *air)  # eq. (9a)
    gains = inputs["tx_gain_dbi"] + inputs["rx_gain_dbi"]
    coupling = 0.051 * np.exp(0.055 * gains)  # eq. (45b)
    dry_gases = gases_db_km(np.full(link.freq_hz.shape, 3.0), *air)
    free = free_space_db(geo.length_m, geo.tx_m, geo.rx_m, link.freq_hz)
    return put_together(
        link,
        diffraction(link, surface_m(path)),
        free_space=free + gases * slant_km,
        ducting=ducting_db(link) + gases * length_km,
        scatter=scatter_db(
            link,
            inputs["n0"],
            base_db=190.0,
            spread_db=10.1,
            coupling_db=coupling + dry_gases * length_km,
        ),
        angle_factor=_angle_factor(path, link),
    )


def surface_m(path: Path) -> Array:
    """Heights over sea with clutter, which points nearer than 50 m to an end do not have.

    Parameters
    ----------
    path : Path
        Profiles of shape (..., n).

    Returns
    -------
    ndarray of shape (..., n)
        Heights g. [m]

    References
    ----------
    .. [1] ITU-R P.452-18 (2023), section 3.2.1, step 4 (radio profile).
    """
    d = path.distance_m
    is_bare = (d < BARE_M) | (d > d[..., -1:] - BARE_M)
    return np.where(is_bare, path.ground_m, path.ground_m + np.asarray(path.clutter_m))


def gases_db_km(
    vapour_density_g_m3: Array, freq_hz: Array, pressure_hpa: Array, kelvin: Array
) -> Array:
    """Specific attenuation by gases, also below the 1 GHz at which P.676 begins.

    Parameters
    ----------
    vapour_density_g_m3 : ndarray
        Density of the water vapour. [g/m3]
    freq_hz : ndarray
        Frequency. [Hz]
    pressure_hpa : ndarray
        Pressure of dry air. [hPa]
    kelvin : ndarray
        Temperature. [K]

    Returns
    -------
    ndarray
        Attenuation. [dB/km]

    References
    ----------
    .. [1] ITU-R P.676-13 (2022), Annex 1, eq. (1); its tables are those of P.676-12.
    """
    values = np.broadcast_arrays(freq_hz / 1e9, pressure_hpa, vapour_density_g_m3, kelvin)
    dry, wet = line_by_line_db_km(*(np.ravel(value)[:, None] for value in values))
    return np.asarray((dry + wet).reshape(values[0].shape))


def _angle_factor(path: Path, link: Link) -> Array:
    """Interpolation factor Fj from the slopes of the path, eq. (58), without clutter."""
    geo = link.geometry
    d = path.distance_m[..., 1:-1]
    rest = geo.length_m[..., None] - d
    top = path.ground_m[..., 1:-1] + d * rest / (2.0 * link.radius_m[..., None])
    steepest = ((top - geo.tx_m[..., None]) / d).max(axis=-1)
    direct = (geo.rx_m - geo.tx_m) / geo.length_m
    return np.asarray(0.5 * (1.0 - np.tanh(2.4 * 1e3 * (steepest - direct) / 0.3)))
