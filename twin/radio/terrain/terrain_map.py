"""Maps of the loss from one transmitter over a raster of heights."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cext import _itm
from twin.radio.ranges import finite, need
from twin.radio.terrain.itm import MODEL, ItmSetting, raise_for_status
from twin.radio.terrain.raster import SurfaceRaster

__all__ = ["itm_at_points_db", "itm_map_db"]

Array = NDArray[np.float64]


def itm_at_points_db(
    raster: SurfaceRaster,
    tx_m: tuple[float, float],
    x_m: ArrayLike,
    y_m: ArrayLike,
    *,
    tx_height_m: float,
    rx_height_m: float,
    freq_hz: float,
    step_m: float | None = None,
    setting: ItmSetting | None = None,
    n_threads: int = 1,
) -> Array:
    """Compute the loss from one transmitter to points on a raster, each over its own profile.

    Parameters
    ----------
    raster : SurfaceRaster
        Heights; antennas stand on them.
    tx_m : tuple of float
        x and y of the transmitter, EPSG:25832. [m]
    x_m, y_m : array_like
        Receivers, EPSG:25832; broadcast. [m]
    tx_height_m, rx_height_m : float
        Heights of the antennas over the surface. [m]  0.5 to 3000.
    freq_hz : float
        Frequency. [Hz]  20 MHz to 20 GHz.
    step_m : float, optional
        Greatest distance of two points of a profile; the step of the raster by default. [m]
    setting : ItmSetting, optional
        Ground, air and statistics.
    n_threads : int
        Threads to use; the result is the same for any number.

    Returns
    -------
    ndarray of float64
        Basic transmission loss of `itm_p2p_db` over the profile of `profile_between`. [dB]

    Raises
    ------
    ValueError
        A point that is not on the raster, a profile of more than 4095 points: says which.
    ModelRangeError
        An input outside its range: says which.

    Notes
    -----
    A receiver closer than one step is taken to be one step away: the model is stated from 1 km
    on, and has no answer at the transmitter itself.
    """
    x, y = np.broadcast_arrays(finite(x_m, "x_m"), finite(y_m, "y_m"))
    need(tx_height_m, 0.5, 3000.0, model=MODEL, quantity="tx antenna height [m]")
    need(rx_height_m, 0.5, 3000.0, model=MODEL, quantity="rx antenna height [m]")
    need(freq_hz, 20e6, 20e9, model=MODEL, quantity="frequency [Hz]")
    step = raster.step_m if step_m is None else float(step_m)
    transmitter = (tx_m[0], tx_m[1], tx_height_m, rx_height_m, freq_hz / 1e6, step)
    loss, status = _itm.coverage(
        np.ascontiguousarray(raster.heights_m),
        (raster.x0_m, raster.y0_m, raster.step_m),
        transmitter,
        np.ascontiguousarray(x.ravel()),
        np.ascontiguousarray(y.ravel()),
        (setting or ItmSetting()).for_kernel(),
        n_threads=n_threads,
    )
    raise_for_status(status, "x_m")
    return loss.reshape(x.shape)


def itm_map_db(
    raster: SurfaceRaster,
    tx_m: tuple[float, float],
    *,
    tx_height_m: float,
    rx_height_m: float,
    freq_hz: float,
    every: int = 1,
    step_m: float | None = None,
    setting: ItmSetting | None = None,
    n_threads: int = 1,
) -> Array:
    """Compute the loss from one transmitter to the cells of a raster.

    Parameters
    ----------
    raster : SurfaceRaster
        Heights; antennas stand on them.
    tx_m : tuple of float
        x and y of the transmitter, EPSG:25832. [m]
    tx_height_m, rx_height_m : float
        Heights of the antennas over the surface. [m]  0.5 to 3000.
    freq_hz : float
        Frequency. [Hz]  20 MHz to 20 GHz.
    every : int
        Compute every n-th cell in both directions.
    step_m : float, optional
        Greatest distance of two points of a profile; the step of the raster by default. [m]
    setting : ItmSetting, optional
        Ground, air and statistics.
    n_threads : int
        Threads to use; the result is the same for any number.

    Returns
    -------
    ndarray of float64, shape (n_y, n_x)
        Basic transmission loss; row 0 is the southernmost, as in the raster. [dB]

    Raises
    ------
    ValueError
        The transmitter is not on the raster, a profile has more than 4095 points.
    ModelRangeError
        An input outside its range: says which.
    """
    if every < 1:
        raise ValueError(f"every: is {every}, must be at least 1")
    n_y, n_x = raster.heights_m.shape
    return itm_at_points_db(
        raster,
        tx_m,
        raster.x0_m + raster.step_m * np.arange(0, n_x, every),
        (raster.y0_m + raster.step_m * np.arange(0, n_y, every))[:, None],
        tx_height_m=tx_height_m,
        rx_height_m=rx_height_m,
        freq_hz=freq_hz,
        step_m=step_m,
        setting=setting,
        n_threads=n_threads,
    )
