"""Irregular Terrain Model (Longley-Rice): loss over a terrain profile or a kind of terrain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cext import _itm
from twin.model.errors import ModelRangeError
from twin.radio.ranges import finite, need

__all__ = ["CLIMATES", "MODEL", "ItmSetting", "itm_area_db", "itm_p2p_db", "raise_for_status"]

MODEL = "ITM (Longley-Rice), NTIA v1.4"

CLIMATES = (
    "equatorial",
    "continental_subtropical",
    "maritime_subtropical",
    "desert",
    "continental_temperate",
    "maritime_temperate_over_land",
    "maritime_temperate_over_sea",
)
"""Radio climates 1 to 7: Hufford (1995), Table 5.1."""

EARTH_CURVATURE_PER_M = 157e-9
MDVAR = tuple(mode + more for more in (0, 10, 20, 30) for mode in range(4))

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItmSetting:
    """What all paths of one call share: ground, air and statistics.

    Parameters
    ----------
    climate : int
        1 to 7, see `CLIMATES`; 5 is continental temperate.
    n0 : float
        Surface refractivity reduced to sea level. [N-units]  250 to 400.
    is_vertical : bool
        Vertical polarisation, else horizontal.
    epsilon_r : float
        Relative permittivity of the ground. At least 1.
    sigma_s_per_m : float
        Conductivity of the ground. [S/m]  Greater than 0.
    mdvar : int
        How the kinds of variability combine: 0 single message, 1 accidental, 2 mobile,
        3 broadcast; +10 without location, +20 without situation variability.
    time_percent, location_percent, situation_percent : float
        Share of time, places and situations in which the loss is not exceeded. [%]
        Greater than 0, less than 100.

    Raises
    ------
    ModelRangeError
        A value outside its range.
    """

    climate: int = 5
    n0: float = 301.0
    is_vertical: bool = True
    epsilon_r: float = 15.0
    sigma_s_per_m: float = 0.005
    mdvar: int = 12
    time_percent: float = 50.0
    location_percent: float = 50.0
    situation_percent: float = 50.0

    def __post_init__(self) -> None:
        need(self.n0, 250.0, 400.0, model=MODEL, quantity="surface refractivity [N-units]")
        need(self.epsilon_r, 1.0, math.inf, model=MODEL, quantity="relative permittivity")
        tiny = math.nextafter(0.0, 1.0)
        need(self.sigma_s_per_m, tiny, math.inf, model=MODEL, quantity="conductivity [S/m]")
        _one_of(self.climate, tuple(range(1, 8)), "climate")
        _one_of(self.mdvar, MDVAR, "mode of variability")
        for name in ("time", "location", "situation"):
            percent = float(getattr(self, f"{name}_percent"))
            finite(percent, f"{name} [%]")
            if not 0.0 < percent < 100.0:
                raise ModelRangeError(MODEL, f"{name} [%]", percent, "between 0 and 100")

    def for_kernel(self) -> tuple[float, ...]:
        """Put in the order of the kernel, percentages as deviates of the normal distribution.

        Returns
        -------
        tuple of float
            As `cext._itm` takes it.
        """
        return (
            self.n0,
            self.epsilon_r,
            self.sigma_s_per_m,
            _normal_deviate(self.time_percent / 100.0),
            _normal_deviate(self.location_percent / 100.0),
            _normal_deviate(self.situation_percent / 100.0),
            int(self.is_vertical),
            int(self.climate),
            int(self.mdvar),
        )


def itm_p2p_db(
    heights_m: ArrayLike,
    step_m: ArrayLike,
    tx_height_m: ArrayLike,
    rx_height_m: ArrayLike,
    freq_hz: ArrayLike,
    *,
    setting: ItmSetting | None = None,
    n_threads: int = 1,
) -> Array:
    """Compute the basic transmission loss over terrain profiles, point-to-point mode.

    Parameters
    ----------
    heights_m : array_like of shape (n_points,) or (n_profiles, n_points)
        Heights above sea level at equal steps from transmitter to receiver, both ends
        included. [m]  At least 3 points. float32 is taken as it is, all else as float64.
    step_m : array_like
        Distance of two points of a profile; one, or one per profile. [m]
    tx_height_m, rx_height_m : array_like
        Heights of the antennas above the ground; one, or one per profile. [m]  0.5 to 3000.
    freq_hz : array_like
        Frequency; one, or one per profile. [Hz]  20 MHz to 20 GHz.
    setting : ItmSetting, optional
        Ground, air and statistics.
    n_threads : int
        Threads to use; the result is the same for any number.

    Returns
    -------
    ndarray of float64 of shape () or (n_profiles,)
        Loss, free space included. [dB]

    Raises
    ------
    ValueError
        A height that is no number, a wrong shape: says which.
    ModelRangeError
        An input outside its range, or a profile whose refractivity, effective Earth or ground
        leaves the range of the model: says which.

    Notes
    -----
    The algorithm is stated for 1 to 2000 km, antennas of 1 to 1000 m and 40 MHz to 10 GHz; within
    the wider limits above it answers, as the reference does, but with less confidence.
    float32 heights change the loss by less than 0.001 dB.

    References
    ----------
    .. [1] G. A. Hufford, A. G. Longley, W. A. Kissick, "A guide to the use of the ITS Irregular
       Terrain Model in the area prediction mode", NTIA Report 82-100 (1982).
    .. [2] G. A. Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the algorithm" (1995).
    .. [3] NTIA/itm, reference implementation, v1.4.
    """
    heights = _heights(heights_m)
    n = heights.shape[0]
    loss, status = _itm.profiles(
        heights,
        _each(need(step_m, 1e-3, 1e6, model=MODEL, quantity="step [m]"), n, "step_m"),
        _each(_antenna(tx_height_m, "tx"), n, "tx_height_m"),
        _each(_antenna(rx_height_m, "rx"), n, "rx_height_m"),
        _each(_mega(freq_hz), n, "freq_hz"),
        (setting or ItmSetting()).for_kernel(),
        n_threads=n_threads,
    )
    raise_for_status(status, "heights_m")
    return loss if np.ndim(heights_m) == 2 else loss.reshape(())


def itm_area_db(
    distance_m: ArrayLike,
    delta_h_m: ArrayLike,
    tx_height_m: ArrayLike,
    rx_height_m: ArrayLike,
    freq_hz: ArrayLike,
    *,
    siting: tuple[int, int] = (0, 0),
    setting: ItmSetting | None = None,
) -> Array:
    """Compute the basic transmission loss over terrain of a given irregularity, area mode.

    Parameters
    ----------
    distance_m : array_like
        Length of the path. [m]  Greater than 0.
    delta_h_m : array_like
        Terrain irregularity, the interdecile range of heights. [m]  0 is a plain, 90 average
        terrain, 200 mountains.
    tx_height_m, rx_height_m : array_like
        Heights of the antennas above the ground. [m]  0.5 to 3000.
    freq_hz : array_like
        Frequency. [Hz]  20 MHz to 20 GHz.
    siting : tuple of int
        How the places of transmitter and receiver were chosen: 0 random, 1 careful, 2 very
        careful.
    setting : ItmSetting, optional
        Ground, air and statistics.

    Returns
    -------
    ndarray of float64
        Loss, free space included; the inputs are broadcast. [dB]

    Raises
    ------
    ValueError
        An input that is no number: says which element.
    ModelRangeError
        An input outside its range: says which element.

    References
    ----------
    .. [1] G. A. Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the algorithm" (1995),
       eqs. (3.1) to (3.4).
    .. [2] NTIA/itm, reference implementation, v1.4.
    """
    chosen = setting or ItmSetting()
    for place, end in zip(siting, ("transmitter", "receiver"), strict=True):
        _one_of(place, (0, 1, 2), f"siting of the {end}")
    d, delta_h, tx, rx, f_mhz = np.broadcast_arrays(
        need(distance_m, 1e-3, 1e8, model=MODEL, quantity="distance [m]"),
        need(delta_h_m, 0.0, 1e5, model=MODEL, quantity="terrain irregularity [m]"),
        _antenna(tx_height_m, "tx"),
        _antenna(rx_height_m, "rx"),
        _mega(freq_hz),
    )
    curvature = EARTH_CURVATURE_PER_M * (1.0 - 0.04665 * math.exp(chosen.n0 / 179.3))
    ends = [
        _end(height, delta_h, place, curvature)
        for height, place in zip((tx, rx), siting, strict=True)
    ]
    columns = [d, tx, rx, *(part for pair in zip(*ends, strict=True) for part in pair), delta_h]
    columns += [np.full(d.shape, chosen.n0), np.full(d.shape, curvature), f_mhz]
    table = np.ascontiguousarray(np.stack([column.ravel() for column in columns], axis=1))
    loss, status = _itm.area(table, chosen.for_kernel())
    raise_for_status(status, "distance_m")
    return loss.reshape(d.shape)


def raise_for_status(status: NDArray[np.uint8], name: str) -> None:
    """Refuse paths that left the range of the model on the way.

    Parameters
    ----------
    status : ndarray of uint8
        As `cext._itm` gives it; 0 is well.
    name : str
        What the paths are called where they were passed.

    Raises
    ------
    ModelRangeError
        The first such path.
    """
    bad = np.flatnonzero(status)
    if bad.size:
        quantity, valid = {
            1: ("surface refractivity at the height of the path", "150 to 400 N-units"),
            2: ("effective radius of the Earth", "4000 to 13333 km"),
            3: ("impedance of the ground", "a real part greater than the imaginary part"),
            4: ("loss", "finite: ground or heights leave the range of the formulas"),
        }[int(status[bad[0]])]
        raise ModelRangeError(MODEL, f"{name}[{bad[0]}]: {quantity}", math.nan, valid)


def _end(height_m: Array, delta_h_m: Array, siting: int, curvature: float) -> tuple[Array, ...]:
    """Effective height, distance and angle of the horizon: eqs. (3.1) to (3.4)."""
    effective = height_m
    if siting:
        more = (4.0, 9.0)[siting - 1] * np.where(
            height_m < 5.0, np.sin(0.1 * np.pi * height_m), 1.0
        )
        fade = np.minimum(20.0, 2.0 * height_m / np.maximum(1e-3, delta_h_m))
        effective = height_m + (1.0 + more) * np.exp(-fade)
    smooth = np.sqrt(2.0 * effective / curvature)
    horizon = smooth * np.exp(-0.07 * np.sqrt(delta_h_m / np.maximum(effective, 5.0)))
    angle = (0.65 * delta_h_m * (smooth / horizon - 1.0) - 2.0 * effective) / smooth
    return effective, horizon, angle


def _normal_deviate(q: float) -> float:
    """Deviate that is exceeded with probability q: Abramowitz and Stegun, eq. 26.2.23."""
    t = math.sqrt(-2.0 * math.log(min(q, 1.0 - q)))
    above = (0.010328 * t + 0.802853) * t + 2.515516
    below = ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    return math.copysign(t - above / below, 0.5 - q)


def _heights(heights_m: ArrayLike) -> NDArray[np.float32] | Array:
    array = np.asarray(heights_m)
    if array.dtype != np.float32:
        array = finite(array, "heights_m")
    if array.ndim not in (1, 2) or array.shape[-1] < 3:
        raise ValueError(
            f"heights_m: has shape {array.shape}, must be (n_points,) or (n_profiles, n_points) "
            "with at least 3 points"
        )
    if array.shape[0] == 0:
        raise ValueError("heights_m: is empty")
    return np.ascontiguousarray(np.atleast_2d(array))


def _antenna(height_m: ArrayLike, end: str) -> Array:
    return need(height_m, 0.5, 3000.0, model=MODEL, quantity=f"{end} antenna height [m]")


def _mega(freq_hz: ArrayLike) -> Array:
    return need(freq_hz, 20e6, 20e9, model=MODEL, quantity="frequency [Hz]") / 1e6


def _each(values: Array, n: int, name: str) -> Array:
    if values.ndim > 1 or (values.ndim == 1 and values.shape[0] not in (1, n)):
        raise ValueError(f"{name}: has shape {values.shape}, must be one number or ({n},)")
    return np.ascontiguousarray(np.broadcast_to(values, (n,)))


def _one_of(value: int, known: tuple[int, ...], quantity: str) -> None:
    if value not in known:
        raise ModelRangeError(MODEL, quantity, float(value), ", ".join(map(str, known)))
