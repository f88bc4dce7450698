"""Time a Wi-Fi frame is on the air, from long-preamble DSSS to EHT, exact to the nanosecond."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need
from twin.radio.wifi.rates import (
    MCS,
    Mode,
    coded_bits_per_symbol,
    data_bits_per_symbol,
    symbol_ns,
)

__all__ = ["PREAMBLES", "bcc_encoders", "frame_ns", "payload_ns", "preamble_ns"]

Ints = NDArray[np.int64]
Convention = Literal["ieee", "ns3"]

PREAMBLES: dict[str, tuple[str, ...]] = {
    "Dsss": ("LONG", "SHORT"),
    "Ofdm": ("LONG",),
    "ErpOfdm": ("LONG",),
    "Ht": ("HT_MF", "HT_GF"),
    "Vht": ("VHT_SU", "VHT_MU"),
    "He": ("HE_SU", "HE_ER_SU", "HE_MU", "HE_TB"),
    "Eht": ("EHT_MU", "EHT_TB"),
}
"""Formats of each PHY, the usual one first."""

SIGNAL_EXTENSION_NS = 6000
"""ERP-OFDM always, HT and later at 2.4 GHz: IEEE 802.11-2020, 18.3.2.4 and 19.4.3. [ns]"""
_SERVICE_BITS = 16
_TAIL_BITS = 6
_LTF_COUNT = (1, 2, 4, 4, 6, 6, 8, 8)
"""Training fields by streams: IEEE 802.11-2020, Tables 19-13 and 21-13 (HE and EHT alike)."""
_LTF_NS = {800: 7200, 1600: 8000, 3200: 16000}
"""Guard interval to the usual HE-LTF: 2x, 2x, 4x (802.11ax-2021, 27.3.11.10). [ns]"""
_LTF_NS3 = 8000
_EHT_SIG_BITS = 52
"""One user, no OFDMA: 20 common, 22 user, 4 CRC, 6 tail (802.11be-2024, 36.3.12.8)."""


def preamble_ns(
    mode: Mode,
    preamble: str | None = None,
    *,
    sig_b_symbols: int = 1,
    ltf_ns: int | None = None,
    convention: Convention = "ieee",
) -> int:
    """Time from the start of a frame to its first data symbol.

    Parameters
    ----------
    mode : Mode
        How the data are sent.
    preamble : str or None
        Format, one of `PREAMBLES`; None: the usual one of the PHY.
    sig_b_symbols : int
        Symbols of HE-SIG-B in an HE MU frame; they depend on the users.
    ltf_ns : int or None
        One HE- or EHT-LTF with its guard interval. [ns]  None: 2x at 800 and 1600, 4x at 3200.
    convention : {"ieee", "ns3"}
        ``ns3``: as that simulator counts, see `frame_ns`.

    Returns
    -------
    int
        Time. [ns]

    Raises
    ------
    ValueError
        The PHY has no such format.

    References
    ----------
    .. [1] IEEE 802.11-2020, 15.2.2, 16.2.2, 17.3.2, 19.3.2, 21.3.4.
    .. [2] IEEE 802.11ax-2021, 27.3.4; IEEE 802.11be-2024, 36.3.4.
    """
    form = preamble or PREAMBLES[mode.phy][0]
    if form not in PREAMBLES[mode.phy]:
        raise ValueError(f"preamble: {form!r} is none of {mode.phy}: {PREAMBLES[mode.phy]}")
    if mode.phy == "Dsss":
        return 96_000 if form == "SHORT" and mode.index > 1_000_000 else 192_000
    if mode.phy in ("Ofdm", "ErpOfdm"):
        return 20_000 * 20 // mode.width_mhz
    n_ltf = _LTF_COUNT[mode.n_streams - 1]
    if mode.phy == "Ht":
        if form == "HT_GF":
            return 24_000 + 4000 * (n_ltf - 1)
        return 32_000 + 4000 * n_ltf
    if mode.phy == "Vht":
        has_sig_b = convention == "ieee" or form == "VHT_MU"
        return 32_000 + 4000 * n_ltf + 4000 * has_sig_b
    one_ltf = ltf_ns or (_LTF_NS3 if convention == "ns3" else _LTF_NS[mode.guard_ns])
    signal = {
        "HE_SU": 8000,
        "HE_ER_SU": 16_000,
        "HE_MU": 8000 + 4000 * sig_b_symbols,
        "HE_TB": 8000,
        "EHT_MU": 8000 + 4000 * _eht_sig_symbols(mode, convention),
        "EHT_TB": 8000,
    }[form]
    stf = 8000 if form.endswith("_TB") else 4000
    return 24_000 + signal + stf + one_ltf * n_ltf


def _eht_sig_symbols(mode: Mode, convention: Convention) -> int:
    """Symbols of EHT-SIG for one user, at the EHT-SIG MCS next under that of the data."""
    if convention == "ns3":
        allocation = 8 if mode.width_mhz <= 40 else 8 * mode.width_mhz // 40 + 1
        bits, mcs = 10 + allocation + 31, min(5, mode.index)
    else:
        bits, mcs = _EHT_SIG_BITS, 3 if mode.index >= 3 else min(mode.index, 1)
    return -(-bits // int(52 * MCS[mcs][0] * MCS[mcs][1]))


def bcc_encoders(mode: Mode) -> int:
    """Count the convolutional encoders N_ES; each adds six tail bits.

    Parameters
    ----------
    mode : Mode
        The mode.

    Returns
    -------
    int
        1 but for the fastest modes of HT (over 300 Mbit/s) and VHT (over 540 Mbit/s).

    Notes
    -----
    The rule behind the tables: one more encoder with every 1200 (HT) or 2160 (VHT) data bits per
    symbol, and more until both data and coded bits divide evenly among them.

    References
    ----------
    .. [1] IEEE 802.11-2020, 19.5 and 21.5 (columns N_ES).
    """
    per_encoder = {"Ht": 1200, "Vht": 2160}.get(mode.phy)
    if per_encoder is None:
        return 1
    data, coded = data_bits_per_symbol(mode), coded_bits_per_symbol(mode)
    n = -(-data // per_encoder)
    while data % n or coded % n:
        n += 1
    return n


def payload_ns(
    size_bytes: ArrayLike,
    mode: Mode,
    *,
    is_ldpc: bool = False,
    is_2_4_ghz: bool = False,
    convention: Convention = "ieee",
) -> Ints:
    """Time of the data of a frame, with the signal extension where there is one.

    Parameters
    ----------
    size_bytes : array_like of int
        Length of the PSDU, MAC header and FCS included. [byte]
    mode : Mode
        How the data are sent.
    is_ldpc : bool
        Low-density parity check code: no tail bits. The one symbol more that its padding may
        need (802.11-2020, 19.3.11.7.5) is left out.
    is_2_4_ghz : bool
        HT and later in that band carry the signal extension; ERP-OFDM always does.
    convention : {"ieee", "ns3"}
        See `frame_ns`.

    Returns
    -------
    ndarray of int
        Time. [ns]

    Raises
    ------
    ModelRangeError
        A length that is negative or over 6,500,631 byte (the longest PSDU, 802.11ax 27.4.3).
    ValueError
        A length that is no whole number.
    """
    size = need(
        size_bytes, 0, 6_500_631, model="IEEE 802.11ax-2021, 27.4.3", quantity="size [byte]"
    )
    bits = 8 * size.astype(np.int64)
    if (size != np.floor(size)).any():
        raise ValueError("size_bytes: must be whole numbers")
    if mode.phy == "Dsss":
        return np.asarray(-(-bits * 1_000_000 // mode.index) * 1000)
    tail = 0 if is_ldpc else _TAIL_BITS * bcc_encoders(mode)
    n_symbols = -(-(_SERVICE_BITS + bits + tail) // data_bits_per_symbol(mode))
    if mode.phy in ("He", "Eht", "Ht", "Vht"):
        n_symbols = np.where(size > 0, n_symbols, 0)  # a null data packet has no data field
    time = n_symbols * symbol_ns(mode)
    if mode.guard_ns == 400 and mode.phy in ("Ht", "Vht") and convention == "ieee":
        time = -(-time // 4000) * 4000
    has_extension = mode.phy == "ErpOfdm" or (is_2_4_ghz and mode.phy != "Ofdm")
    return np.asarray(time + SIGNAL_EXTENSION_NS * has_extension)


def frame_ns(
    size_bytes: ArrayLike,
    mode: Mode,
    preamble: str | None = None,
    *,
    is_ldpc: bool = False,
    is_2_4_ghz: bool = False,
    convention: Convention = "ieee",
) -> Ints:
    """Time of a whole frame (TXTIME).

    Parameters
    ----------
    size_bytes : array_like of int
        Length of the PSDU, MAC header and FCS included. [byte]
    mode : Mode
        How the data are sent.
    preamble : str or None
        Format, one of `PREAMBLES`; None: the usual one.
    is_ldpc, is_2_4_ghz : bool
        As `payload_ns`.
    convention : {"ieee", "ns3"}
        Which count.

    Returns
    -------
    ndarray of int
        Time. [ns]

    Raises
    ------
    ModelRangeError
        A length out of range.
    ValueError
        The PHY has no such format.

    Notes
    -----
    ``ns3`` differs from the standard in four places and is there to compare with that simulator:
    no VHT-SIG-B in single-user frames; data with a short guard interval are not rounded up to
    4 us; an HE- or EHT-LTF is 8 us whatever the guard interval; EHT-SIG has the layout of
    HE-SIG-B. Packet extension is 0 in both.

    References
    ----------
    .. [1] IEEE 802.11-2020, 15.4.4.3, 16.3.4, 17.4.3, 19.4.3, 21.4.3; 802.11ax-2021, 27.4.3.
    """
    data = payload_ns(
        size_bytes, mode, is_ldpc=is_ldpc, is_2_4_ghz=is_2_4_ghz, convention=convention
    )
    return np.asarray(data + preamble_ns(mode, preamble, convention=convention))
