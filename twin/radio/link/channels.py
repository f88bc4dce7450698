"""Channel numbers: EARFCN of LTE and NR-ARFCN, their frequencies and bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelError, ModelRangeError
from twin.radio.link.band_tables import (
    LTE_BANDS,
    NR_BANDS_MHZ,
    NR_DOWNLINK_ONLY_MHZ,
    NR_UPLINK_ONLY_MHZ,
)
from twin.radio.ranges import finite, need

__all__ = [
    "LTE_BANDS",
    "NR_BANDS_MHZ",
    "earfcn_band",
    "earfcn_of_hz",
    "earfcn_to_hz",
    "is_in_nr_band",
    "nr_arfcn_of_hz",
    "nr_arfcn_to_hz",
    "nr_band_edges_mhz",
    "nr_bands_of",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

_RASTER_LTE_HZ = 100e3
_RASTER_NR = (  # frequencies from, step, offset [Hz], first number
    (0.0, 5e3, 0.0, 0),
    (3e9, 15e3, 3e9, 600000),
    (24.25e9, 60e3, 24.25008e9, 2016667),
)
_NR_MAX = 3279165
_NR_MODEL = "TS 38.104 V17 Table 5.4.2.1-1"


def earfcn_band(earfcn: int) -> int:
    """Find the band of an LTE channel number.

    Parameters
    ----------
    earfcn : int
        Channel number of down- or uplink.

    Returns
    -------
    int
        Band.

    Raises
    ------
    ModelError
        A number of no known band.
    """
    for number, (_, first, last, up, up_first, up_last) in LTE_BANDS.items():
        if first <= earfcn <= last or (up is not None and up_first <= earfcn <= up_last):
            return number
    raise ModelError(f"EARFCN {earfcn} is of no known band")


def earfcn_to_hz(earfcn: int) -> float:
    """Centre frequency of an LTE channel number.

    Parameters
    ----------
    earfcn : int
        Channel number of down- or uplink.

    Returns
    -------
    float
        Lowest frequency of the band and 100 kHz per number. [Hz]

    Raises
    ------
    ModelError
        A number of no known band.

    References
    ----------
    .. [1] 3GPP TS 36.101 V17, 5.7.3 and Table 5.7.3-1.
    """
    low, first, last, up_low, up_first, _ = LTE_BANDS[earfcn_band(earfcn)]
    if first <= earfcn <= last or up_low is None:
        return low * 1e6 + _RASTER_LTE_HZ * (earfcn - first)
    return up_low * 1e6 + _RASTER_LTE_HZ * (earfcn - up_first)


def earfcn_of_hz(freq_hz: float, band: int, *, is_uplink: bool = False) -> int:
    """Channel number of a frequency in an LTE band.

    Parameters
    ----------
    freq_hz : float
        Centre frequency, on the raster of 100 kHz. [Hz]
    band : int
        Band.
    is_uplink : bool
        Number of the uplink.

    Returns
    -------
    int
        EARFCN.

    Raises
    ------
    ModelError
        An unknown band, or one without uplink.
    ModelRangeError
        A frequency outside the band.
    ValueError
        A frequency off the raster.
    """
    if band not in LTE_BANDS or (is_uplink and LTE_BANDS[band][3] is None):
        raise ModelError(f"LTE band {band} has no {'up' if is_uplink else 'down'}link here")
    low, first, last = LTE_BANDS[band][3:] if is_uplink else LTE_BANDS[band][:3]
    low_hz = float(low or 0.0) * 1e6
    steps = (float(finite(freq_hz, "frequency [Hz]")) - low_hz) / _RASTER_LTE_HZ
    if not 0 <= round(steps) <= last - first:
        valid = f"{low_hz / 1e6:g} to {low_hz / 1e6 + 0.1 * (last - first):g}"
        raise ModelRangeError(f"LTE band {band}", "frequency [MHz]", freq_hz / 1e6, valid)
    if abs(steps - round(steps)) > 1e-6:
        raise ValueError(f"frequency: {freq_hz:g} Hz is off the raster of 100 kHz")
    return first + round(steps)


def nr_arfcn_to_hz(arfcn: ArrayLike) -> Array:
    """Frequency of an NR channel number.

    Parameters
    ----------
    arfcn : array_like
        Channel number, 0 to 3279165.

    Returns
    -------
    ndarray
        Reference frequency. [Hz]

    Raises
    ------
    ModelRangeError
        A number outside the table.

    References
    ----------
    .. [1] 3GPP TS 38.104 V17, 5.4.2.1 and Table 5.4.2.1-1.
    """
    number = need(arfcn, 0, _NR_MAX, model=_NR_MODEL, quantity="NR-ARFCN")
    hz = number * _RASTER_NR[0][1]
    for _, step, offset, first in _RASTER_NR[1:]:
        hz = np.where(number >= first, offset + step * (number - first), hz)
    return np.asarray(hz)


def nr_arfcn_of_hz(freq_hz: ArrayLike) -> Index:
    """NR channel number nearest to a frequency.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 0 to 100 GHz.

    Returns
    -------
    ndarray of int
        NR-ARFCN.

    Raises
    ------
    ModelRangeError
        A frequency outside the table.
    """
    hz = need(freq_hz, 0.0, 100e9, model=_NR_MODEL, quantity="frequency [Hz]")
    number = np.round(hz / _RASTER_NR[0][1])
    for start, step, offset, first in _RASTER_NR[1:]:
        number = np.where(
            hz >= start, first + np.maximum(np.round((hz - offset) / step), 0), number
        )
    return np.asarray(np.minimum(number, _NR_MAX), dtype=np.int64)


def nr_band_edges_mhz(band: str, *, is_uplink: bool = False) -> tuple[float, float]:
    """Look up the edges of an NR band.

    Parameters
    ----------
    band : str
        Such as ``n78``.
    is_uplink : bool
        Uplink of the band.

    Returns
    -------
    low, high : float
        Edges. [MHz]

    Raises
    ------
    ModelError
        An unknown band, or one without that direction.

    References
    ----------
    .. [1] 3GPP TS 38.101-1 V18 Table 5.2-1; TS 38.101-2 V17 Table 5.2-1.
    """
    if band in NR_BANDS_MHZ:
        edges = NR_BANDS_MHZ[band]
        return edges[:2] if is_uplink else edges[2:]
    single = NR_UPLINK_ONLY_MHZ if is_uplink else NR_DOWNLINK_ONLY_MHZ
    if band in single:
        return single[band]
    if band in NR_UPLINK_ONLY_MHZ or band in NR_DOWNLINK_ONLY_MHZ:
        raise ModelError(f"NR band {band!r} has no {'up' if is_uplink else 'down'}link")
    known = ", ".join((*NR_BANDS_MHZ, *NR_DOWNLINK_ONLY_MHZ, *NR_UPLINK_ONLY_MHZ))
    raise ModelError(f"NR band {band!r} is unknown; choose of {known}")


def is_in_nr_band(arfcn: ArrayLike, band: str, *, is_uplink: bool = False) -> NDArray[np.bool_]:
    """Say whether a channel number lies in a band.

    Parameters
    ----------
    arfcn : array_like
        NR-ARFCN.
    band : str
        Such as ``n78``.
    is_uplink : bool
        Uplink of the band.

    Returns
    -------
    ndarray of bool
        True between the edges, edges included.

    Raises
    ------
    ModelError
        An unknown band, or one without that direction.
    """
    low, high = nr_band_edges_mhz(band, is_uplink=is_uplink)
    hz = nr_arfcn_to_hz(arfcn)
    return np.asarray((hz >= low * 1e6) & (hz <= high * 1e6))


def nr_bands_of(arfcn: int) -> tuple[str, ...]:
    """Bands whose downlink holds a channel number.

    Parameters
    ----------
    arfcn : int
        NR-ARFCN.

    Returns
    -------
    tuple of str
        Names; empty if none of the table.
    """
    downlinks = (*NR_BANDS_MHZ, *NR_DOWNLINK_ONLY_MHZ)
    return tuple(name for name in downlinks if bool(is_in_nr_band(arfcn, name)))
