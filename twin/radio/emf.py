"""Field strength around radio sites, and how much of the 26. BImSchV's limits it uses up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.city import Cell
from twin.model.regulatory import emf_limit_a_per_m, emf_limit_v_per_m
from twin.radio.antenna.pattern import pattern_db
from twin.radio.grid import Grid
from twin.radio.ranges import finite, need

__all__ = [
    "EmfSource",
    "exhaustion",
    "exhaustion_map",
    "field_strength_v_per_m",
    "power_density_w_per_m2",
    "safety_distance_m",
    "source_of_cell",
]

Array = NDArray[np.float64]

MODEL = "far field of an antenna"
NEAREST_M = 1.0
"""Points nearer to an antenna are treated as if they were so far away. [m]"""
_Z0_OHM = 120.0 * math.pi
_MAX_EIRP_W = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class EmfSource:
    """A transmitting antenna as seen by an exposure calculation.

    Parameters
    ----------
    x_m, y_m, height_m : float
        Place and height of its middle, the height over the ground of the site. [m]
    eirp_dbm : float
        Highest EIRP in the direction of the beam, all carriers and polarisations. [dBm]
    freq_hz : float
        Frequency. [Hz]  Valid 10 MHz to 300 GHz.
    azimuth_deg : float
        Compass bearing of the beam. [deg]
    tilt_deg : float
        Angle of the beam below the horizon. [deg]
    beamwidth_h_deg, beamwidth_v_deg : float
        Half-power widths; 360 and 180 radiate alike in every direction. [deg]
    """

    x_m: float = field(default=0.0, metadata={"unit": "m"})
    y_m: float = field(default=0.0, metadata={"unit": "m"})
    height_m: float = field(metadata={"unit": "m"})
    eirp_dbm: float = field(metadata={"unit": "dBm"})
    freq_hz: float = field(metadata={"unit": "Hz"})
    azimuth_deg: float = field(default=0.0, metadata={"unit": "deg"})
    tilt_deg: float = field(default=0.0, metadata={"unit": "deg"})
    beamwidth_h_deg: float = field(default=360.0, metadata={"unit": "deg"})
    beamwidth_v_deg: float = field(default=180.0, metadata={"unit": "deg"})


def source_of_cell(cell: Cell) -> EmfSource:
    """Take a cell of the city as a source at its full power.

    Parameters
    ----------
    cell : Cell
        The cell; one that is off is a source all the same, for a limit must hold when it is on.

    Returns
    -------
    EmfSource
        Power and gain of the cell at its place.
    """
    return EmfSource(
        x_m=cell.x_m,
        y_m=cell.y_m,
        height_m=cell.height_m,
        eirp_dbm=cell.tx_power_dbm + cell.antenna_gain_dbi,
        freq_hz=cell.carrier_hz,
        azimuth_deg=cell.azimuth_deg,
        tilt_deg=cell.tilt_deg,
        beamwidth_h_deg=cell.beamwidth_h_deg,
        beamwidth_v_deg=cell.beamwidth_v_deg,
    )


def field_strength_v_per_m(
    eirp_w: ArrayLike, distance_m: ArrayLike, *, reflection: ArrayLike = 0.0
) -> Array:
    """Electric field strength of a source in its far field.

    Parameters
    ----------
    eirp_w : array_like
        EIRP in the direction of the point. [W]
    distance_m : array_like
        Distance. [m]  Must be > 0.
    reflection : array_like
        Reflection coefficient of the surroundings, 0 (none) to 1 (perfect ground, in phase).

    Returns
    -------
    ndarray
        (1 + reflection) sqrt(30 EIRP) / d, effective value. [V/m]

    Raises
    ------
    ModelRangeError
        A distance of 0, a negative power, a reflection outside.
    ValueError
        NaN.

    Notes
    -----
    From E^2 / (120 pi) = EIRP / (4 pi d^2). It holds from about 2 D^2 / wavelength on for an
    antenna of size D; nearer to it the formula gives more than there is.

    References
    ----------
    .. [1] ITU-T K.52, point source model with ground reflection; EN 62232, spherical formula.
    """
    eirp = need(eirp_w, 0.0, _MAX_EIRP_W, model=MODEL, quantity="EIRP [W]")
    distance = need(distance_m, 1e-3, 1e7, model=MODEL, quantity="distance [m]")
    rho = need(reflection, 0.0, 1.0, model=MODEL, quantity="reflection")
    return np.asarray((1.0 + rho) * np.sqrt(30.0 * eirp) / distance)


def power_density_w_per_m2(e_v_per_m: ArrayLike) -> Array:
    """Power density of a plane wave.

    Parameters
    ----------
    e_v_per_m : array_like
        Electric field strength. [V/m]

    Returns
    -------
    ndarray
        E^2 / (120 pi). [W/m2]

    Raises
    ------
    ValueError
        NaN.

    References
    ----------
    .. [1] ITU-R P.525-4 (2019), section 4, with 120 pi ohm.
    """
    return np.asarray(finite(e_v_per_m, "e_v_per_m") ** 2 / _Z0_OHM)


def safety_distance_m(eirp_w: ArrayLike, freq_hz: ArrayLike, *, reflection: float = 0.0) -> float:
    """Distance from which on the limits are kept, when all sources send to the same side.

    Parameters
    ----------
    eirp_w : array_like of shape (n,)
        EIRP of each source in that direction. [W]
    freq_hz : array_like of shape (n,)
        Frequency of each. [Hz]  Valid 10 MHz to 300 GHz.
    reflection : float
        Reflection coefficient of the surroundings, 0 to 1.

    Returns
    -------
    float
        Where the sum of (E / limit)^2, or of (H / limit)^2 if that is farther, is 1. [m]

    Raises
    ------
    ModelRangeError
        A negative power, a frequency outside the ordinance.
    ValueError
        NaN, arrays that do not fit.

    References
    ----------
    .. [1] 26. BImSchV (2013), Annexes 1b and 2b.
    """
    eirp = need(eirp_w, 0.0, _MAX_EIRP_W, model=MODEL, quantity="EIRP [W]")
    freqs = finite(freq_hz, "freq_hz")
    limit_v, limit_h = _limits(freqs)
    at_1_m = field_strength_v_per_m(eirp, 1.0, reflection=reflection)
    electric = np.sum((at_1_m / limit_v) ** 2)
    magnetic = np.sum((at_1_m / _Z0_OHM / limit_h) ** 2)
    return math.sqrt(max(electric, magnetic))


def exhaustion(
    sources: Sequence[EmfSource],
    x_m: ArrayLike,
    y_m: ArrayLike,
    height_m: ArrayLike = 1.5,
    *,
    reflection: float = 0.0,
) -> Array:
    """Share of the permitted field strength that several sources use at points.

    Parameters
    ----------
    sources : sequence of EmfSource
        The antennas, of one site or of many.
    x_m, y_m : array_like
        Points. [m]
    height_m : array_like
        Height of the points over the same ground as that of the sources. [m]
    reflection : float
        Reflection coefficient of the surroundings, 0 to 1.

    Returns
    -------
    ndarray
        Root of the greater of the two sums; 1 is the limit, 0.5 half of the field strength.

    Raises
    ------
    ModelRangeError
        A frequency outside the ordinance, a power or a reflection outside.
    ValueError
        No source, NaN, arrays that do not fit.

    Notes
    -----
    Free sight to every antenna; walls and roofs only lower the field. Within `NEAREST_M` of an
    antenna the field at that distance is taken. Side lobes are those of the pattern of
    TR 38.901, at most 30 dB down, and not those of a data sheet.

    References
    ----------
    .. [1] 26. BImSchV (2013), Annexes 1b and 2b.
    .. [2] 3GPP TR 38.901 V17.0.0 (2022), Table 7.3-1 (pattern).
    """
    if not sources:
        raise ValueError("sources: is empty")
    x, y, z = np.broadcast_arrays(
        finite(x_m, "x_m"), finite(y_m, "y_m"), finite(height_m, "height_m")
    )
    electric = np.zeros(x.shape)
    magnetic = np.zeros(x.shape)
    limits = _limits(finite([source.freq_hz for source in sources], "freq_hz of sources"))
    powers = finite([source.eirp_dbm for source in sources], "eirp_dbm of sources")
    watts = 10.0 ** ((powers - 30.0) / 10.0)
    for source, watt, limit_v, limit_h in zip(sources, watts, *limits, strict=True):
        east, north, down = x - source.x_m, y - source.y_m, source.height_m - z
        ground = np.hypot(east, north)
        gain_db = pattern_db(
            np.degrees(np.arctan2(east, north)),
            np.degrees(np.arctan2(down, ground)),
            boresight_deg=source.azimuth_deg,
            tilt_deg=source.tilt_deg,
            beamwidth_h_deg=source.beamwidth_h_deg,
            beamwidth_v_deg=source.beamwidth_v_deg,
        )
        distance = np.maximum(np.hypot(ground, down), NEAREST_M)
        strength = field_strength_v_per_m(
            watt * 10.0 ** (gain_db / 10.0), distance, reflection=reflection
        )
        electric += (strength / limit_v) ** 2
        magnetic += (strength / _Z0_OHM / limit_h) ** 2
    return np.asarray(np.sqrt(np.maximum(electric, magnetic)))


def exhaustion_map(
    sources: Sequence[EmfSource],
    grid: Grid,
    height_m: ArrayLike = 1.5,
    *,
    reflection: float = 0.0,
) -> Array:
    """Share of the permitted field strength on a raster.

    Parameters
    ----------
    sources : sequence of EmfSource
        The antennas.
    grid : Grid
        The raster.
    height_m : array_like
        Height of the points; one number, or an array of the shape of the raster. [m]
    reflection : float
        Reflection coefficient of the surroundings, 0 to 1.

    Returns
    -------
    ndarray of shape (n_y, n_x)
        See `exhaustion`.

    Raises
    ------
    ModelRangeError
        As `exhaustion`.
    ValueError
        As `exhaustion`.
    """
    x_m, y_m = grid.centres()
    return exhaustion(sources, x_m, y_m[:, None], height_m, reflection=reflection)


def _limits(freqs_hz: Array) -> tuple[Array, Array]:
    """Limits of both field strengths by frequency."""
    flat = freqs_hz.ravel().tolist()
    electric = np.array([emf_limit_v_per_m(f) for f in flat]).reshape(freqs_hz.shape)
    return electric, np.array([emf_limit_a_per_m(f) for f in flat]).reshape(freqs_hz.shape)
