"""Channel numbers an NR band allows, and the raster of its synchronisation signals (GSCN)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelError
from twin.radio.link.channels import nr_arfcn_of_hz, nr_arfcn_to_hz, nr_band_edges_mhz
from twin.radio.ranges import finite, need

__all__ = ["gscn_of_hz", "gscn_to_hz", "is_on_nr_raster", "nr_channel_numbers", "nr_rasters_hz"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

_FINE = frozenset({"n46", "n47", "n48", "n77", "n78", "n79", "n96", "n102", "n104", "n41"})
_FR2_MHZ = 24250.0
_GSCN = (  # first GSCN, first frequency, step [Hz]
    (7499, 3000e6, 1.44e6),
    (22256, 24250.08e6, 17.28e6),
)
_GSCN_MAX = 26639
_LOW_STEP_HZ, _LOW_SHIFT_HZ = 1200e3, 50e3
_MODEL = "TS 38.104 V17 Table 5.4.3.1-1"


def nr_rasters_hz(band: str) -> tuple[float, ...]:
    """Channel rasters of a band.

    Parameters
    ----------
    band : str
        Such as ``n78``.

    Returns
    -------
    tuple of float
        100 kHz, or 15 and 30 kHz, or 60 and 120 kHz; n90 has three. [Hz]

    Raises
    ------
    ModelError
        An unknown band.

    References
    ----------
    .. [1] 3GPP TS 38.104 V17, Tables 5.4.2.3-1 and 5.4.2.3-2.
    """
    low_mhz, _ = _any_edges_mhz(band)
    if low_mhz >= _FR2_MHZ:
        return 60e3, 120e3
    if band == "n90":
        return 15e3, 30e3, 100e3
    return (15e3, 30e3) if band in _FINE else (100e3,)


def nr_channel_numbers(band: str, raster_hz: float, *, is_uplink: bool = False) -> range:
    """List the channel numbers of a band.

    Parameters
    ----------
    band : str
        Such as ``n78``.
    raster_hz : float
        One of `nr_rasters_hz`. [Hz]
    is_uplink : bool
        Numbers of the uplink.

    Returns
    -------
    range
        NR-ARFCN from the first to the last, edges of the band included.

    Raises
    ------
    ModelError
        An unknown band, one without that direction, a raster the band does not have.

    Notes
    -----
    Computed from the edges; the numbers are those of the tables, apart from n28, which has one
    more (155608 down, 144608 up), and n46, n96 and n102, of whose numbers notes allow a few only.

    References
    ----------
    .. [1] 3GPP TS 38.104 V17, 5.4.2.3 and Tables 5.4.2.3-1 and 5.4.2.3-2.
    """
    rasters = nr_rasters_hz(band)
    if raster_hz not in rasters:
        known = ", ".join(f"{raster / 1e3:g}" for raster in rasters)
        raise ModelError(f"NR band {band!r} has no raster {raster_hz / 1e3:g} kHz, but {known} kHz")
    edges_mhz = nr_band_edges_mhz(band, is_uplink=is_uplink)
    low, high = (mhz * 1e6 for mhz in edges_mhz)
    nearest = int(nr_arfcn_of_hz(low))
    at_hz, next_hz = nr_arfcn_to_hz([nearest, nearest + 1])
    global_step_hz = float(next_hz - at_hz)
    step = round(raster_hz / global_step_hz)
    # wide rasters count from the origin of their part of the global raster
    origin = {5e3: nearest, 15e3: 600000, 60e3: 2016667}[global_step_hz]
    first = nearest if at_hz >= low - 1.0 else nearest + 1
    first += -(first - origin) % step
    last = math.floor(round((high - float(nr_arfcn_to_hz(first))) / global_step_hz, 6)) + first
    return range(first, last + 1, step)


def is_on_nr_raster(
    arfcn: ArrayLike, band: str, raster_hz: float, *, is_uplink: bool = False
) -> NDArray[np.bool_]:
    """Say whether channel numbers are allowed in a band.

    Parameters
    ----------
    arfcn : array_like
        NR-ARFCN.
    band : str
        Such as ``n78``.
    raster_hz : float
        One of `nr_rasters_hz`. [Hz]
    is_uplink : bool
        Numbers of the uplink.

    Returns
    -------
    ndarray of bool
        True for numbers of `nr_channel_numbers`.

    Raises
    ------
    ModelError
        As `nr_channel_numbers`.
    ValueError
        NaN.
    """
    numbers = nr_channel_numbers(band, raster_hz, is_uplink=is_uplink)
    given = finite(arfcn, "arfcn")
    is_inside = (given >= numbers[0]) & (given <= numbers[-1])
    return np.asarray(is_inside & ((given - numbers[0]) % numbers.step == 0))


def gscn_to_hz(gscn: ArrayLike) -> Array:
    """Frequency of a synchronisation channel number.

    Parameters
    ----------
    gscn : array_like
        Global synchronisation channel number, 2 to 26639.

    Returns
    -------
    ndarray
        Reference frequency of the SS block. [Hz]

    Raises
    ------
    ModelRangeError
        A number outside the table.
    ValueError
        A number that is not whole.

    References
    ----------
    .. [1] 3GPP TS 38.104 V17, 5.4.3.1 and Table 5.4.3.1-1.
    """
    number = need(gscn, 2, _GSCN_MAX, model=_MODEL, quantity="GSCN")
    if (number != np.round(number)).any():
        raise ValueError("GSCN: holds something that is not a whole number")
    n = np.floor((number + 1.0) / 3.0)  # GSCN = 3 N + (M - 3) / 2 with M of 1, 3, 5
    m = 3.0 + 2.0 * (number - 3.0 * n)
    hz = n * _LOW_STEP_HZ + m * _LOW_SHIFT_HZ
    for first, start_hz, step_hz in _GSCN:
        hz = np.where(number >= first, start_hz + step_hz * (number - first), hz)
    return np.asarray(hz)


def gscn_of_hz(freq_hz: float) -> int:
    """Find the synchronisation channel of a frequency.

    Parameters
    ----------
    freq_hz : float
        Reference frequency of an SS block. [Hz]

    Returns
    -------
    int
        GSCN.

    Raises
    ------
    ModelRangeError
        A frequency outside the table.
    ValueError
        A frequency off the raster.

    References
    ----------
    .. [1] 3GPP TS 38.104 V17, 5.4.3.1 and Table 5.4.3.1-1.
    """
    hz = float(need(freq_hz, 1.25e6, 100e9, model=_MODEL, quantity="frequency [Hz]"))
    if hz < _GSCN[0][1]:
        n = round(hz / _LOW_STEP_HZ)
        near = [3 * n + k for k in (-1, 0, 1)]
    else:
        first, start_hz, step_hz = _GSCN[1] if hz >= _GSCN[1][1] else _GSCN[0]
        near = [first + round((hz - start_hz) / step_hz)]
    for number in near:
        if 2 <= number <= _GSCN_MAX and abs(float(gscn_to_hz(number)) - hz) < 1.0:
            return number
    raise ValueError(f"frequency: {hz:.0f} Hz is off the synchronisation raster")


def _any_edges_mhz(band: str) -> tuple[float, float]:
    try:
        return nr_band_edges_mhz(band)
    except ModelError:
        return nr_band_edges_mhz(band, is_uplink=True)
