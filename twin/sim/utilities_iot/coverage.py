"""Loss from devices to the masts of a utility network, and which masts hear a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.city import City, Gateway
from twin.radio.empirical.hata import Area, hata_db
from twin.radio.itu.p525 import free_space_db
from twin.sim.utilities_iot.assumptions import value

__all__ = ["Links", "find_links", "suburban_gain_db"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROWS = 5_000
_SQUARE_M = 200.0  # holds about four census cells, whose raster lies askew to ours


@dataclass(slots=True, kw_only=True, eq=False)
class Links:
    """The strongest masts of each device, strongest first.

    Parameters
    ----------
    mast : ndarray of shape (N, K)
        Row of the mast.
    gain_db : ndarray of shape (N, K)
        Gain between the antenna ports: antennas less loss, negative. [dB]
    n : ndarray of shape (N,)
        How many of the K are worth a thought.
    """

    mast: Ints
    gain_db: Floats
    n: Ints


def suburban_gain_db(city: City, x_m: Floats, y_m: Floats, freq_hz: float) -> Floats:
    """Return what Okumura-Hata takes off the loss of a city where few people live.

    Parameters
    ----------
    city : City
        City with a census.
    x_m, y_m : ndarray of shape (N,)
        Points. [m]
    freq_hz : float
        Carrier. [Hz]

    Returns
    -------
    ndarray of shape (N,)
        0 in census cells of dense living, else the difference to a suburb. [dB]

    References
    ----------
    .. [1] M. Hata, IEEE Trans. Veh. Technol. VT-29 (1980), eq. (15).
    """
    residents: dict[tuple[float, float], float] = {}
    for cell in city.census:
        square = (cell.x_m // _SQUARE_M, cell.y_m // _SQUARE_M)
        residents[square] = residents.get(square, 0.0) + cell.residents
    least = value("urban_residents_per_ha") * _SQUARE_M**2 / 1e4
    squares = zip((x_m // _SQUARE_M).tolist(), (y_m // _SQUARE_M).tolist(), strict=True)
    is_dense = np.array([residents.get(square, 0.0) >= least for square in squares], dtype=bool)
    at = (freq_hz, 1000.0, 30.0, 1.5)
    gain_db = float(hata_db(*at) - hata_db(*at, area=Area.SUBURBAN))
    return np.where(is_dense, 0.0, gain_db)


def find_links(
    x_m: Floats,
    y_m: Floats,
    height_m: Floats,
    extra_db: Floats,
    masts: Sequence[Gateway],
    *,
    freq_hz: float,
    n_best: int,
    floor_db: float,
    rng: np.random.Generator,
) -> Links:
    """Find the masts that hear each device.

    Parameters
    ----------
    x_m, y_m, height_m : ndarray of shape (N,)
        Devices. [m]
    extra_db : ndarray of shape (N,)
        Entry loss less antenna gain of the device. [dB]
    masts : sequence of Gateway
        Masts of one technology.
    freq_hz : float
        Carrier. [Hz]
    n_best : int
        Keep so many for each device.
    floor_db : float
        A link with less gain is left out. [dB]
    rng : Generator
        Source of chance for the shadowing.

    Returns
    -------
    Links
        Okumura-Hata for a city, never less than free space; log-normal shadowing of which half
        the variance is common to all links of a device.

    Notes
    -----
    Hata's formula is fitted from 1 km and 30 m of mast on; nearer and lower it is extrapolated,
    as network planners do for small cells of this band.

    References
    ----------
    .. [1] M. Hata, IEEE Trans. Veh. Technol. VT-29 (1980), eq. (9) to (18).
    """
    n, n_kept = x_m.size, min(n_best, len(masts))
    mast = np.zeros((n, n_kept), dtype=np.int64)
    gain = np.full((n, n_kept), -np.inf)
    if not n_kept or not n:
        return Links(mast=mast, gain_db=gain, n=np.zeros(n, dtype=np.int64))
    sigma_db = value("shadow_sigma_db") / np.sqrt(2.0)
    own_db = rng.normal(0.0, sigma_db, n)
    at_x = np.array([m.x_m for m in masts])
    at_y = np.array([m.y_m for m in masts])
    base_m = np.clip([m.height_m for m in masts], 1.0, 1000.0)
    base_db = np.array([m.antenna_gain_dbi for m in masts]) - value("gateway_feeder_loss_db")
    for low in range(0, n, _ROWS):
        rows = slice(low, min(low + _ROWS, n))
        flat_m = np.hypot(x_m[rows, None] - at_x, y_m[rows, None] - at_y)
        flat_m = np.clip(flat_m, 10.0, 99e3)
        slant_m = np.hypot(flat_m, base_m - height_m[rows, None])
        loss_db = hata_db(freq_hz, flat_m, base_m, height_m[rows, None], is_extrapolated=True)
        loss_db = loss_db + own_db[rows, None] + rng.normal(0.0, sigma_db, flat_m.shape)
        loss_db = np.maximum(loss_db, free_space_db(freq_hz, slant_m))
        total_db = base_db - loss_db - extra_db[rows, None]
        best = np.argsort(-total_db, axis=1, kind="stable")[:, :n_kept]
        mast[rows] = best
        gain[rows] = np.take_along_axis(total_db, best, axis=1)
    return Links(mast=mast, gain_db=gain, n=(gain >= floor_db).sum(axis=1))
