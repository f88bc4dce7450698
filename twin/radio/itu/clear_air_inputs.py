"""Profile, ends and air of a path: what ITU-R P.1812 and P.452 ask for, checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import finite, need

__all__ = ["Path", "RadioClimate", "Terminals", "Zone"]

Array = NDArray[np.float64]

MIN_POINTS = 4
MODEL = "ITU-R P.1812, P.452"


class Zone(IntEnum):
    """Radio-climatic zone of a point of the profile (P.1812 Table 3, P.452 Table 2)."""

    INLAND = 0
    COASTAL = 1
    SEA = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """Terrain profiles from the transmitter to the receiver, checked when made.

    Parameters
    ----------
    distance_m : array_like of shape (..., n)
        Distance of the points from the transmitter; begins with 0, never falls, and no point
        between lies at an end. Two points at one distance make a vertical step. [m]
    ground_m : array_like of shape (..., n)
        Height of the ground over sea. [m]
    clutter_m : array_like of shape (..., n)
        Representative height of the ground cover; not counted at both ends. [m]
    zone : array_like of shape (..., n)
        `Zone` of the points.

    Raises
    ------
    ValueError
        Shapes that do not fit, fewer than four points, a NaN, distances that fall, a zone that is
        none: says which element.
    ModelRangeError
        A height no ground has.
    """

    distance_m: Array
    ground_m: Array
    clutter_m: ArrayLike = 0.0
    zone: ArrayLike = Zone.INLAND

    def __post_init__(self) -> None:
        d = finite(self.distance_m, "distance_m")
        ground = need(self.ground_m, -1e3, 1e4, model=MODEL, quantity="ground [m]")
        clutter = need(self.clutter_m, 0.0, 1e3, model=MODEL, quantity="clutter [m]")
        zone = finite(self.zone, "zone")
        if d.ndim == 0 or d.shape[-1] < MIN_POINTS:
            raise ValueError(
                f"distance_m: has shape {d.shape}, must be (..., {MIN_POINTS} or more)"
            )
        try:
            shape = np.broadcast_shapes(d.shape, ground.shape, clutter.shape, zone.shape)
        except ValueError as err:
            raise ValueError(
                f"distance_m, ground_m, clutter_m, zone: shapes {d.shape}, {ground.shape}, "
                f"{clutter.shape}, {zone.shape} do not fit"
            ) from err
        if ground.ndim == 0 or d.shape[-1] != ground.shape[-1] or d.shape[-1] != shape[-1]:
            raise ValueError(f"ground_m: has shape {ground.shape}, distance_m has {d.shape}")
        _check_distances(d)
        known = np.isin(zone, list(Zone))
        if not known.all():
            place = tuple(int(i) for i in np.argwhere(~known)[0])
            raise ValueError(f"zone{list(place) or ''}: is {zone[place]:g}, must be 0, 1 or 2")
        for name, values in (("distance_m", d), ("ground_m", ground), ("clutter_m", clutter)):
            object.__setattr__(self, name, np.broadcast_to(values, shape))
        object.__setattr__(self, "zone", np.broadcast_to(zone.astype(np.uint8), shape))


def _check_distances(d: Array) -> None:
    if (d[..., 0] != 0.0).any():
        place = [int(i) for i in np.argwhere(d[..., 0] != 0.0)[0]]
        raise ValueError(f"distance_m{[*place, 0]}: is {d[(*place, 0)]:g}, must be 0")
    falls = np.diff(d, axis=-1) < 0.0
    falls[..., 0] |= d[..., 1] <= 0.0
    falls[..., -1] |= d[..., -1] <= d[..., -2]
    if falls.any():
        place = [int(i) for i in np.argwhere(falls)[0]]
        place[-1] += 1
        raise ValueError(f"distance_m{place}: is {d[tuple(place)]:g}, must not fall behind")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terminals:
    """Both ends of the path.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]
    tx_height_m, rx_height_m : array_like
        Height of the antennas over the ground. [m]
    is_vertical : array_like of bool
        Vertical polarization, else horizontal.
    tx_gain_dbi, rx_gain_dbi : array_like
        Gain towards the horizon along the path; only P.452 asks for it, in its troposcatter. [dBi]
    """

    freq_hz: ArrayLike
    tx_height_m: ArrayLike
    rx_height_m: ArrayLike
    is_vertical: ArrayLike = False
    tx_gain_dbi: ArrayLike = 0.0
    rx_gain_dbi: ArrayLike = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RadioClimate:
    """Air in the middle of the path, and how far the coast is; the maps of the ITU are not here.

    Parameters
    ----------
    latitude_deg : array_like
        Latitude of the middle of the path. [deg]
    delta_n : array_like
        Lapse rate of refractivity through the lowest kilometre, positive. [N-units/km]
    n0 : array_like
        Refractivity of the surface at sea level. [N-units]
    tx_coast_m, rx_coast_m : array_like
        Distance over land from each end to the coast along the path, 0 for an end on sea; matters
        up to 5 km. [m]
    """

    latitude_deg: ArrayLike
    delta_n: ArrayLike
    n0: ArrayLike
    tx_coast_m: ArrayLike = 500e3
    rx_coast_m: ArrayLike = 500e3
