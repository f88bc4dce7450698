"""Channel numbers: EARFCN of LTE and NR-ARFCN, their frequencies and bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelError, ModelRangeError
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
    "nr_bands_of",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

LTE_BANDS: dict[int, tuple[float, int, int, float | None, int, int]] = {
    1: (2110, 0, 599, 1920, 18000, 18599), 2: (1930, 600, 1199, 1850, 18600, 19199),
    3: (1805, 1200, 1949, 1710, 19200, 19949), 4: (2110, 1950, 2399, 1710, 19950, 20399),
    5: (869, 2400, 2649, 824, 20400, 20649), 7: (2620, 2750, 3449, 2500, 20750, 21449),
    8: (925, 3450, 3799, 880, 21450, 21799), 10: (2110, 4150, 4749, 1710, 22150, 22749),
    11: (1475.9, 4750, 4949, 1427.9, 22750, 22949), 12: (729, 5010, 5179, 699, 23010, 23179),
    13: (746, 5180, 5279, 777, 23180, 23279), 14: (758, 5280, 5379, 788, 23280, 23379),
    17: (734, 5730, 5849, 704, 23730, 23849), 18: (860, 5850, 5999, 815, 23850, 23999),
    19: (875, 6000, 6149, 830, 24000, 24149), 20: (791, 6150, 6449, 832, 24150, 24449),
    21: (1495.9, 6450, 6599, 1447.9, 24450, 24599), 22: (3510, 6600, 7399, 3410, 24600, 25399),
    25: (1930, 8040, 8689, 1850, 26040, 26689), 26: (859, 8690, 9039, 814, 26690, 27039),
    27: (852, 9040, 9209, 807, 27040, 27209), 28: (758, 9210, 9659, 703, 27210, 27659),
    29: (717, 9660, 9769, None, 0, 0), 30: (2350, 9770, 9869, 2305, 27660, 27759),
    31: (462.5, 9870, 9919, 452.5, 27760, 27809), 32: (1452, 9920, 10359, None, 0, 0),
    33: (1900, 36000, 36199, 1900, 36000, 36199), 34: (2010, 36200, 36349, 2010, 36200, 36349),
    38: (2570, 37750, 38249, 2570, 37750, 38249), 39: (1880, 38250, 38649, 1880, 38250, 38649),
    40: (2300, 38650, 39649, 2300, 38650, 39649), 41: (2496, 39650, 41589, 2496, 39650, 41589),
    42: (3400, 41590, 43589, 3400, 41590, 43589), 43: (3600, 43590, 45589, 3600, 43590, 45589),
    48: (3550, 55240, 56739, 3550, 55240, 56739), 65: (2110, 65536, 66435, 1920, 131072, 131971),
    66: (2110, 66436, 67335, 1710, 131972, 132671), 67: (738, 67336, 67535, None, 0, 0),
    68: (753, 67536, 67835, 698, 132672, 132971), 69: (2570, 67836, 68335, None, 0, 0),
    70: (1995, 68336, 68585, 1695, 132972, 133121), 71: (617, 68586, 68935, 663, 133122, 133471),
    72: (461, 68936, 68985, 451, 133472, 133521), 73: (460, 68986, 69035, 450, 133522, 133571),
    74: (1475, 69036, 69465, 1427, 133572, 134001), 75: (1432, 69466, 70315, None, 0, 0),
    76: (1427, 70316, 70365, None, 0, 0), 85: (728, 70366, 70545, 698, 134002, 134181),
    87: (420, 70546, 70595, 410, 134182, 134231), 88: (422, 70596, 70645, 412, 134232, 134281),
}  # fmt: skip
"""TS 36.101 V17 Table 5.7.3-1 by band: lowest downlink frequency [MHz], first and last downlink
EARFCN, the same of the uplink; None where a band has a downlink only."""

NR_BANDS_MHZ: dict[str, tuple[float, float, float, float]] = {
    "n1": (1920, 1980, 2110, 2170), "n2": (1850, 1910, 1930, 1990), "n3": (1710, 1785, 1805, 1880),
    "n5": (824, 849, 869, 894), "n7": (2500, 2570, 2620, 2690), "n8": (880, 915, 925, 960),
    "n12": (699, 716, 729, 746), "n13": (777, 787, 746, 756), "n14": (788, 798, 758, 768),
    "n18": (815, 830, 860, 875), "n20": (832, 862, 791, 821), "n25": (1850, 1915, 1930, 1995),
    "n26": (814, 849, 859, 894), "n28": (703, 748, 758, 803), "n30": (2305, 2315, 2350, 2360),
    "n34": (2010, 2025, 2010, 2025), "n38": (2570, 2620, 2570, 2620),
    "n39": (1880, 1920, 1880, 1920), "n40": (2300, 2400, 2300, 2400),
    "n41": (2496, 2690, 2496, 2690), "n48": (3550, 3700, 3550, 3700),
    "n50": (1432, 1517, 1432, 1517), "n51": (1427, 1432, 1427, 1432),
    "n65": (1920, 2010, 2110, 2200), "n66": (1710, 1780, 2110, 2200),
    "n70": (1695, 1710, 1995, 2020), "n71": (663, 698, 617, 652), "n74": (1427, 1470, 1475, 1518),
    "n77": (3300, 4200, 3300, 4200), "n78": (3300, 3800, 3300, 3800),
    "n79": (4400, 5000, 4400, 5000), "n90": (2496, 2690, 2496, 2690),
}  # fmt: skip
"""TS 38.104 V17 Table 5.2-1 (FR1, pairs and TDD): edges of uplink and downlink. [MHz]"""

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
        An unknown band.
    """
    if band not in NR_BANDS_MHZ:
        raise ModelError(f"NR band {band!r} is unknown; choose of {', '.join(NR_BANDS_MHZ)}")
    low, high = NR_BANDS_MHZ[band][:2] if is_uplink else NR_BANDS_MHZ[band][2:]
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
    return tuple(name for name in NR_BANDS_MHZ if bool(is_in_nr_band(arfcn, name)))
