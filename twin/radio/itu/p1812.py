"""ITU-R P.1812-8: basic transmission loss and field strength over a terrain profile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.itu.clear_air import (
    Losses,
    diffraction,
    free_space_db,
    put_together,
    scatter_db,
    tail_quantile,
)
from twin.radio.itu.clear_air_ducting import ducting_db
from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals, Zone
from twin.radio.itu.clear_air_link import Limits, checked, derive_link
from twin.radio.ranges import finite, need

__all__ = [
    "LIMITS",
    "field_strength_dbuv_m",
    "location_sigma_db",
    "surface_m",
    "transmission_loss",
]

Array = NDArray[np.float64]

MODEL = "ITU-R P.1812-8"
LIMITS = Limits(
    model=MODEL,
    freq_hz=(30e6, 6e9),
    length_m=(250.0, 3e6),
    height_m=(1.0, 3000.0),
    percent=(1.0, 50.0),
)
"""Section 2 and Table 1 of Annex 1."""
LOCATION_PERCENT = (1.0, 99.0)


def transmission_loss(
    path: Path,
    terminals: Terminals,
    climate: RadioClimate,
    *,
    time_percent: ArrayLike = 50.0,
    location_percent: ArrayLike = 50.0,
    location_sigma_db: ArrayLike = 0.0,
) -> Losses:
    """Compute the loss not exceeded for a share of time and of locations, receiver outdoors.

    Parameters
    ----------
    path : Path
        Profiles of shape (..., n), 0.25 to 3000 km long.
    terminals : Terminals
        Ends: 30 MHz to 6 GHz, heights of 1 to 3000 m over ground; gains are not used.
    climate : RadioClimate
        Air in the middle of the path.
    time_percent : array_like
        Share of time. [%]  1 to 50.
    location_percent : array_like
        Share of locations. [%]  1 to 99.
    location_sigma_db : array_like
        Standard deviation over locations, see `location_sigma_db`; not applied to a receiver on
        sea. [dB]

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
    Written after the equations of P.1812-7, whose sections P.1812-8 keeps; tested against values
    computed for this Recommendation by others. The loss of entering a building (section 4.8) is
    not part of it: add that of P.2109. The smooth path uses the points of the profile, not the
    closed form of Attachment 4.

    References
    ----------
    .. [1] ITU-R P.1812-8 (09/2025), Annex 1; equation numbers are those of P.1812-7 (08/2023).

    Examples
    --------
    >>> import numpy as np
    >>> from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals
    >>> d_m = np.linspace(0, 20e3, 201)
    >>> hill = Path(distance_m=d_m, ground_m=100 * np.exp(-(((d_m - 8e3) / 1e3) ** 2)))
    >>> ends = Terminals(freq_hz=868e6, tx_height_m=30, rx_height_m=1.5)
    >>> air = RadioClimate(latitude_deg=51.4, delta_n=40, n0=325)
    >>> round(float(transmission_loss(hill, ends, air).loss_db), 1)
    149.8
    """
    location = need(
        location_percent, *LOCATION_PERCENT, model=MODEL, quantity="share of locations [%]"
    )
    sigma = need(location_sigma_db, 0.0, 50.0, model=MODEL, quantity="sigma over locations [dB]")
    inputs = checked(path, terminals, climate, time_percent, LIMITS, location=location, sigma=sigma)
    link = derive_link(path, inputs)
    geo = link.geometry
    angle_factor = 0.5 * (1.0 - np.tanh(2.4 * (geo.angle_mrad - 0.3) / 0.3))  # eq. (57)
    losses = put_together(
        link,
        diffraction(link, surface_m(path)),
        free_space=free_space_db(geo.length_m, geo.tx_m, geo.rx_m, link.freq_hz),
        ducting=ducting_db(link),
        scatter=scatter_db(link, inputs["n0"], base_db=190.1, spread_db=10.125, coupling_db=0.0),
        angle_factor=angle_factor,
    )
    on_land = np.asarray(path.zone)[..., -1] != Zone.SEA
    spread = tail_quantile(inputs["location"] / 100.0) * inputs["sigma"] * on_land  # eq. (66)
    return replace(losses, loss_db=np.maximum(losses.los_percent_db, losses.loss_db - spread))


def surface_m(path: Path) -> Array:
    """Heights over sea with clutter, which both ends do not have.

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
    .. [1] ITU-R P.1812-7 (2023), section 3.2.1, eq. (1).
    """
    surface = path.ground_m + np.asarray(path.clutter_m)
    surface[..., 0], surface[..., -1] = path.ground_m[..., 0], path.ground_m[..., -1]
    return np.asarray(surface)


def field_strength_dbuv_m(
    loss_db: ArrayLike, freq_hz: ArrayLike, erp_w: ArrayLike = 1000.0
) -> Array:
    """Compute the field strength from the basic transmission loss.

    Parameters
    ----------
    loss_db : array_like
        Basic transmission loss. [dB]
    freq_hz : array_like
        Frequency. [Hz]  30 MHz to 6 GHz.
    erp_w : array_like
        Effective radiated power, over a half-wave dipole. [W]  Greater than 0.

    Returns
    -------
    ndarray
        Field strength. [dB(uV/m)]

    Raises
    ------
    ValueError
        A NaN: says which element.
    ModelRangeError
        A frequency or power outside its range: says which element.

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 4.10, eq. (70), for 1 kW.
    """
    freq = need(freq_hz, *LIMITS.freq_hz, model=MODEL, quantity="frequency [Hz]")
    power = need(erp_w, 1e-12, 1e12, model=MODEL, quantity="ERP [W]")
    loss = finite(loss_db, "loss_db")
    return np.asarray(199.36 + 20.0 * np.log10(freq / 1e9) - loss + 10.0 * np.log10(power / 1e3))


def location_sigma_db(
    freq_hz: ArrayLike, rx_height_m: ArrayLike, clutter_m: ArrayLike, square_m: ArrayLike
) -> Array:
    """Compute the standard deviation over locations outdoors.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  30 MHz to 6 GHz.
    rx_height_m : array_like
        Height of the receiver over ground. [m]
    clutter_m : array_like
        Height of the clutter around it. [m]
    square_m : array_like
        Width of the square the deviation is for. [m]  1 to 1000.

    Returns
    -------
    ndarray
        Standard deviation, 0 for a receiver 10 m or more over the clutter. [dB]

    Raises
    ------
    ValueError
        A NaN: says which element.
    ModelRangeError
        An input outside its range: says which element.

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 4.7, eq. (64), (65).
    """
    freq = need(freq_hz, *LIMITS.freq_hz, model=MODEL, quantity="frequency [Hz]")
    height = need(rx_height_m, *LIMITS.height_m, model=MODEL, quantity="rx height [m]")
    clutter = need(clutter_m, 0.0, 1e3, model=MODEL, quantity="clutter [m]")
    square = need(square_m, 1.0, 1000.0, model=MODEL, quantity="width of the square [m]")
    weight = np.clip(1.0 - (height - clutter) / 10.0, 0.0, 1.0)
    return np.asarray((0.52 + 0.024 * freq / 1e9) * square**0.28 * weight)
