"""Time a LoRa or FSK frame is on the air, by the formula of the transceivers' data sheets."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need

__all__ = [
    "BANDWIDTHS_HZ",
    "fsk_time_on_air_s",
    "needs_low_rate",
    "payload_symbols",
    "symbol_s",
    "time_on_air_s",
]

Array = NDArray[np.float64]

DOCUMENT = "Semtech AN1200.13 (2013), SX1276 data sheet 4.1.1.7, SX1261/2 data sheet 6.1.4"
BANDWIDTHS_HZ = (
    7812.5, 10_416.667, 15_625.0, 20_833.333, 31_250.0, 41_666.667, 62_500.0,
    125_000.0, 250_000.0, 500_000.0,
)  # fmt: skip
"""Bandwidths of the transceivers. [Hz]"""
LOW_RATE_SYMBOL_S = 16e-3
"""From this symbol length on the low data rate optimisation is mandatory (SX1276, 4.1.1.6). [s]"""


def symbol_s(sf: ArrayLike, bandwidth_hz: ArrayLike = 125e3) -> Array:
    """Length of a symbol.

    Parameters
    ----------
    sf : array_like of int
        Spreading factor, 5 to 12.
    bandwidth_hz : array_like
        Bandwidth. [Hz]

    Returns
    -------
    ndarray
        2^SF / BW. [s]

    Raises
    ------
    ModelRangeError
        Outside what the transceivers can do.
    """
    factor = _whole(sf, 5, 12, "spreading factor")
    return np.asarray(2.0**factor / _band(bandwidth_hz))


def needs_low_rate(sf: ArrayLike, bandwidth_hz: ArrayLike = 125e3) -> NDArray[np.bool_]:
    """Say whether the low data rate optimisation is mandatory.

    Parameters
    ----------
    sf : array_like of int
        Spreading factor.
    bandwidth_hz : array_like
        Bandwidth. [Hz]

    Returns
    -------
    ndarray of bool
        The symbol lasts 16 ms or more: SF11 and SF12 at 125 kHz, SF12 at 250 kHz.

    References
    ----------
    .. [1] Semtech SX1276 data sheet, 4.1.1.6.
    """
    return np.asarray(symbol_s(sf, bandwidth_hz) >= LOW_RATE_SYMBOL_S)


def payload_symbols(
    size_bytes: ArrayLike,
    sf: ArrayLike,
    *,
    coding_rate: ArrayLike = 1,
    has_header: ArrayLike = True,
    has_crc: ArrayLike = True,
    low_rate: ArrayLike = False,
    chip: str = "sx126x",
) -> NDArray[np.int64]:
    """Symbols of header, payload and CRC.

    Parameters
    ----------
    size_bytes : array_like of int
        PHY payload, 0 to 255. [byte]
    sf : array_like of int
        Spreading factor, 5 to 12.
    coding_rate : array_like of int
        1 to 4 for 4/5 to 4/8.
    has_header, has_crc, low_rate : array_like of bool
        Explicit header, payload CRC, low data rate optimisation.
    chip : {"sx126x", "sx127x"}
        Family of the transceiver; they differ at SF5 and SF6.

    Returns
    -------
    ndarray of int
        Symbols.

    Raises
    ------
    ModelRangeError
        An input out of range.

    Notes
    -----
    SF5 and SF6 of the SX1261/2 do without the eight bits that the first block of SF7 to SF12
    spares, and have two symbols of preamble more. The SX1276 has no SF5, and SF6 with implicit
    header only; AN1200.13 gives one formula for all.

    References
    ----------
    .. [1] Semtech AN1200.13 (2013), section 4.
    .. [2] Semtech SX1261/2 data sheet, 6.1.4.
    """
    n = _whole(size_bytes, 0, 255, "payload [byte]")
    factor = _whole(sf, 5, 12, "spreading factor")
    rate = _whole(coding_rate, 1, 4, "coding rate")
    header, crc, optimised = (
        np.asarray(x, dtype=np.float64) for x in (has_header, has_crc, low_rate)
    )
    spare = np.where(_is_long(factor, chip), 8.0, 0.0)
    bits = 8.0 * n - 4.0 * factor + spare + 16.0 * crc + 20.0 * header
    blocks = np.ceil(np.maximum(bits, 0.0) / (4.0 * (factor - 2.0 * optimised)))
    return np.asarray(8.0 + blocks * (rate + 4.0)).astype(np.int64)


def time_on_air_s(
    size_bytes: ArrayLike,
    sf: ArrayLike,
    bandwidth_hz: ArrayLike = 125e3,
    *,
    coding_rate: ArrayLike = 1,
    preamble_symbols: ArrayLike = 8,
    has_header: ArrayLike = True,
    has_crc: ArrayLike = True,
    low_rate: ArrayLike | None = None,
    chip: str = "sx126x",
) -> Array:
    """Time on air of a LoRa frame.

    Parameters
    ----------
    size_bytes : array_like of int
        PHY payload, 0 to 255. [byte]
    sf : array_like of int
        Spreading factor, 5 to 12.
    bandwidth_hz : array_like
        Bandwidth. [Hz]
    coding_rate : array_like of int
        1 to 4 for 4/5 to 4/8.
    preamble_symbols : array_like of int
        Programmed preamble; 8 in LoRaWAN.
    has_header, has_crc : array_like of bool
        Explicit header (uplink and downlink), payload CRC (uplink only).
    low_rate : array_like of bool or None
        Low data rate optimisation; None: where it is mandatory.
    chip : {"sx126x", "sx127x"}
        As `payload_symbols`.

    Returns
    -------
    ndarray
        Time. [s]

    Raises
    ------
    ModelRangeError
        An input out of range.

    References
    ----------
    .. [1] Semtech AN1200.13 (2013), section 4; SX1276 data sheet, 4.1.1.7.
    """
    factor = _whole(sf, 5, 12, "spreading factor")
    optimised = needs_low_rate(factor, bandwidth_hz) if low_rate is None else low_rate
    n_payload = payload_symbols(
        size_bytes, factor, coding_rate=coding_rate, has_header=has_header, has_crc=has_crc,
        low_rate=optimised, chip=chip,
    )  # fmt: skip
    sync = np.where(_is_long(factor, chip), 4.25, 6.25)
    n_preamble = _whole(preamble_symbols, 1, 65_535, "preamble [symbols]")
    return np.asarray((n_preamble + sync + n_payload) * 2.0**factor / _band(bandwidth_hz))


def fsk_time_on_air_s(size_bytes: ArrayLike, bit_rate_bps: float = 50e3) -> Array:
    """Time on air of a LoRaWAN FSK frame (data rate 7 of EU868).

    Parameters
    ----------
    size_bytes : array_like of int
        PHY payload, 0 to 255. [byte]
    bit_rate_bps : float
        Bit rate. [bit/s]

    Returns
    -------
    ndarray
        5 byte preamble, 3 sync word, 1 length, payload, 2 CRC. [s]

    Raises
    ------
    ModelRangeError
        A payload out of range.

    References
    ----------
    .. [1] LoRaWAN Regional Parameters RP002-1.0.3, FSK modulation.
    """
    return np.asarray((_whole(size_bytes, 0, 255, "payload [byte]") + 11.0) * 8.0 / bit_rate_bps)


def _is_long(factor: Array, chip: str) -> NDArray[np.bool_]:
    """Say where the frame has the layout of SF7 to SF12."""
    if chip not in ("sx126x", "sx127x"):
        raise ValueError(f"chip: {chip!r} is neither sx126x nor sx127x")
    return np.asarray((factor >= 7) | (chip == "sx127x"))


def _whole(values: ArrayLike, low: int, high: int, quantity: str) -> Array:
    array = need(values, low, high, model=DOCUMENT, quantity=quantity)
    if (array != np.floor(array)).any():
        raise ValueError(f"{quantity}: must be whole numbers")
    return array


def _band(bandwidth_hz: ArrayLike) -> Array:
    return need(bandwidth_hz, 7812.5, 1_625_000.0, model=DOCUMENT, quantity="bandwidth [Hz]")
