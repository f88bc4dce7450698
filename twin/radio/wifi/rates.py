"""Rates of IEEE 802.11 from DSSS to EHT: bits per symbol, symbol length, bit/s of every mode."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

from twin.model.errors import ModelRangeError

__all__ = [
    "DSSS_RATES_BPS",
    "MCS",
    "OFDM_DATA_BITS",
    "RU_DATA_TONES",
    "Mode",
    "coded_bits_per_symbol",
    "data_bits_per_symbol",
    "mode_of",
    "phy_rate_bps",
    "symbol_ns",
]

DOCUMENT = "IEEE 802.11-2020, 802.11ax-2021, 802.11be-2024"

DSSS_RATES_BPS = (1_000_000, 2_000_000, 5_500_000, 11_000_000)
"""IEEE 802.11-2020, 15.2.3.3 (1, 2) and 16.2.3.4 (5.5, 11). [bit/s]"""

OFDM_DATA_BITS: dict[int, tuple[int, int]] = {
    6: (24, 48), 9: (36, 48), 12: (48, 96), 18: (72, 96),
    24: (96, 192), 36: (144, 192), 48: (192, 288), 54: (216, 288),
}  # fmt: skip
"""Rate at 20 MHz in Mbit/s to N_DBPS and N_CBPS: IEEE 802.11-2020, Table 17-4."""

MCS: tuple[tuple[int, Fraction], ...] = (
    (1, Fraction(1, 2)), (2, Fraction(1, 2)), (2, Fraction(3, 4)), (4, Fraction(1, 2)),
    (4, Fraction(3, 4)), (6, Fraction(2, 3)), (6, Fraction(3, 4)), (6, Fraction(5, 6)),
    (8, Fraction(3, 4)), (8, Fraction(5, 6)), (10, Fraction(3, 4)), (10, Fraction(5, 6)),
    (12, Fraction(3, 4)), (12, Fraction(5, 6)),
)  # fmt: skip
"""Bits per tone and code rate of MCS 0 to 13: 802.11-2020 19.5 and 21.5, ax 27.5, be 36.5."""

_TOP_MCS = {"Ht": 7, "Vht": 9, "He": 11, "Eht": 13}
_TOP_STREAMS = {"Ht": 4, "Vht": 8, "He": 8, "Eht": 8}
_DATA_TONES: dict[str, dict[int, int]] = {
    "Ht": {20: 52, 40: 108},
    "Vht": {20: 52, 40: 108, 80: 234, 160: 468},
    "He": {20: 234, 40: 468, 80: 980, 160: 1960},
    "Eht": {20: 234, 40: 468, 80: 980, 160: 1960, 320: 3920},
}
"""N_SD: 802.11-2020 Tables 19-6 and 21-5, 802.11ax Table 27-14, 802.11be-2024, 36.3.9."""

RU_DATA_TONES: dict[str, int] = {
    "26": 24, "52": 48, "106": 102, "242": 234, "484": 468, "996": 980, "2x996": 1960,
    "52+26": 72, "106+26": 126, "484+242": 702, "996+484": 1448, "996+484+242": 1682,
    "2x996+484": 2428, "3x996": 2940, "3x996+484": 3408, "4x996": 3920,
}  # fmt: skip
"""Data tones of resource units: 802.11ax Table 27-14; from 52+26 on 802.11be-2024, 36.3.2."""

_GUARD_NS = {
    "Ht": (400, 800),
    "Vht": (400, 800),
    "He": (800, 1600, 3200),
    "Eht": (800, 1600, 3200),
}
_NO_VHT_MODE = {
    (20, 9): (1, 2, 4, 5, 7, 8), (80, 6): (3, 7), (80, 9): (6,), (160, 9): (3,),
}  # fmt: skip
"""Width and VHT-MCS to the numbers of streams without such a mode: 802.11-2020, 21.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One way to send.

    Parameters
    ----------
    phy : str
        ``Dsss``, ``Ofdm``, ``ErpOfdm``, ``Ht``, ``Vht``, ``He``, ``Eht``.
    index : int
        MCS per stream (HT: 0 to 7), or before HT the rate. [bit/s]
    width_mhz : int
        Channel width; OFDM also 10 and 5. [MHz]
    guard_ns : int
        Guard interval; before HT it follows from the width. [ns]
    n_streams : int
        Spatial streams.
    ru : str or None
        Resource unit of OFDMA (HE, EHT), a key of `RU_DATA_TONES`; None: the whole channel.

    Raises
    ------
    ModelRangeError
        The standard has no such mode.
    """

    phy: str
    index: int
    width_mhz: int = field(default=20, metadata={"unit": "MHz"})
    guard_ns: int = field(default=800, metadata={"unit": "ns"})
    n_streams: int = 1
    ru: str | None = None

    def __post_init__(self) -> None:
        if self.phy == "Dsss":
            _hold("rate [bit/s]", self.index, DSSS_RATES_BPS)
        elif self.phy in ("Ofdm", "ErpOfdm"):
            _hold("width [MHz]", self.width_mhz, (5, 10, 20) if self.phy == "Ofdm" else (20,))
            rates = [mbps * 1_000_000 * self.width_mhz // 20 for mbps in OFDM_DATA_BITS]
            _hold("rate [bit/s]", self.index, rates)
        elif self.phy in _TOP_MCS:
            self._hold_multi_stream()
        else:
            raise ValueError(f"phy: {self.phy!r} is none of Dsss, Ofdm, ErpOfdm, Ht, Vht, He, Eht")

    def _hold_multi_stream(self) -> None:
        _hold("MCS", self.index, range(_TOP_MCS[self.phy] + 1))
        _hold("width [MHz]", self.width_mhz, tuple(_DATA_TONES[self.phy]))
        _hold("guard interval [ns]", self.guard_ns, _GUARD_NS[self.phy])
        _hold("streams", self.n_streams, range(1, _TOP_STREAMS[self.phy] + 1))
        if self.phy == "Vht":
            missing = _NO_VHT_MODE.get((self.width_mhz, self.index), ())
            if self.n_streams in missing:
                raise ModelRangeError(
                    DOCUMENT, f"streams of VHT-MCS {self.index} at {self.width_mhz} MHz",
                    self.n_streams, f"any but {missing}",
                )  # fmt: skip
        if self.ru is not None:
            if self.phy not in ("He", "Eht"):
                raise ValueError(f"ru: {self.phy} has no resource units")
            if self.ru not in RU_DATA_TONES:
                raise ValueError(f"ru: {self.ru!r} is none of {', '.join(RU_DATA_TONES)}")
            _hold(
                f"data tones of resource unit {self.ru}", RU_DATA_TONES[self.ru],
                range(_DATA_TONES[self.phy][self.width_mhz] + 1),
            )  # fmt: skip


def mode_of(
    name: str, width_mhz: int | None = None, guard_ns: int = 800, n_streams: int = 1
) -> Mode:
    """Read a mode by its usual name.

    Parameters
    ----------
    name : str
        ``DsssRate5_5Mbps``, ``OfdmRate3MbpsBW10MHz``, ``ErpOfdmRate54Mbps``, ``HtMcs0`` to
        ``HtMcs31``, ``VhtMcs9``, ``HeMcs11``, ``EhtMcs13``.
    width_mhz : int or None
        Channel width. [MHz]  None: 20, or what the name says.
    guard_ns : int
        Guard interval. [ns]
    n_streams : int
        Spatial streams; an HT index from 8 on says its own.

    Returns
    -------
    Mode
        The mode.

    Raises
    ------
    ValueError
        No such name.
    ModelRangeError
        No such mode.
    """
    if match := re.fullmatch(r"(Ht|Vht|He|Eht)Mcs(\d+)", name):
        phy, mcs = match[1], int(match[2])
        if phy == "Ht" and mcs > 7:
            mcs, n_streams = mcs % 8, mcs // 8 + 1
        return Mode(
            phy=phy, index=mcs, width_mhz=width_mhz or 20, guard_ns=guard_ns, n_streams=n_streams
        )
    if match := re.fullmatch(r"(Dsss|Ofdm|ErpOfdm)Rate(\d+)(?:_(\d+))?Mbps(?:BW(\d+)MHz)?", name):
        rate = float(f"{match[2]}.{match[3] or 0}") * 1e6
        width = int(match[4]) if match[4] else width_mhz or 20
        return Mode(phy=match[1], index=round(rate), width_mhz=width)
    raise ValueError(f"name: {name!r} is no mode of IEEE 802.11")


def data_bits_per_symbol(mode: Mode) -> int:
    """N_DBPS, data bits in one OFDM symbol.

    Parameters
    ----------
    mode : Mode
        OFDM or later.

    Returns
    -------
    int
        Bits.

    Raises
    ------
    ValueError
        DSSS has no symbols of OFDM.

    References
    ----------
    .. [1] IEEE 802.11-2020, Table 17-4, 19.5, 21.5; IEEE 802.11ax-2021, 27.5, 27.3.12.5.
    """
    if mode.phy in ("Ofdm", "ErpOfdm"):
        return OFDM_DATA_BITS[_at_20_mhz(mode)][0]
    return int(coded_bits_per_symbol(mode) * MCS[mode.index][1])


def coded_bits_per_symbol(mode: Mode) -> int:
    """N_CBPS, coded bits in one OFDM symbol.

    Parameters
    ----------
    mode : Mode
        OFDM or later.

    Returns
    -------
    int
        Bits.

    Raises
    ------
    ValueError
        DSSS has no symbols of OFDM.
    """
    if mode.phy == "Dsss":
        raise ValueError("mode: DSSS has no OFDM symbols")
    if mode.phy in ("Ofdm", "ErpOfdm"):
        return OFDM_DATA_BITS[_at_20_mhz(mode)][1]
    tones = RU_DATA_TONES[mode.ru] if mode.ru else _DATA_TONES[mode.phy][mode.width_mhz]
    return tones * MCS[mode.index][0] * mode.n_streams


def symbol_ns(mode: Mode) -> int:
    """Length of an OFDM symbol with its guard interval.

    Parameters
    ----------
    mode : Mode
        OFDM or later.

    Returns
    -------
    int
        Length. [ns]

    References
    ----------
    .. [1] IEEE 802.11-2020, Tables 17-5, 19-6, 21-5; IEEE 802.11ax-2021, Table 27-12.
    """
    if mode.phy in ("Ofdm", "ErpOfdm"):
        return 4000 * 20 // mode.width_mhz
    return (12800 if mode.phy in ("He", "Eht") else 3200) + mode.guard_ns


def phy_rate_bps(mode: Mode) -> float:
    """Rate of a mode.

    Parameters
    ----------
    mode : Mode
        The mode.

    Returns
    -------
    float
        Rate. [bit/s]
    """
    if mode.phy == "Dsss":
        return float(mode.index)
    return data_bits_per_symbol(mode) * 1e9 / symbol_ns(mode)


def _at_20_mhz(mode: Mode) -> int:
    return mode.index * 20 // mode.width_mhz // 1_000_000


def _hold(quantity: str, value: int, allowed: range | tuple[int, ...] | list[int]) -> None:
    if value not in allowed:
        text = f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else str(allowed)
        raise ModelRangeError(DOCUMENT, quantity, value, text)
