"""LoRaWAN in the 868 MHz band: channels, data rates, payloads, what the duty cycle leaves."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelRangeError
from twin.model.regulatory.srd868 import OBSERVATION_S, SubBand, srd868_sub_band
from twin.radio.lora.airtime import fsk_time_on_air_s, time_on_air_s
from twin.radio.ranges import need

__all__ = [
    "DATA_RATES",
    "JOIN_CHANNELS_HZ",
    "RX2_DATA_RATE",
    "RX2_HZ",
    "DataRate",
    "frame_s",
    "messages_per_hour",
    "multicast_per_hour",
    "off_time_s",
    "sub_band",
]

Array = NDArray[np.float64]

DOCUMENT = "LoRaWAN Regional Parameters RP002-1.0.3, EU863-870"
JOIN_CHANNELS_HZ = (868.1e6, 868.3e6, 868.5e6)
"""RP002-1.0.3, 2.4.2: every device has these three. [Hz]"""
RX2_HZ, RX2_DATA_RATE = 869.525e6, 0
"""RP002-1.0.3, 2.4.7: second receive window, SF12. [Hz]"""
_MAC_OVERHEAD = 13
"""MHDR 1, FHDR 7 without options, FPort 1, MIC 4 (LoRaWAN 1.0.4, 4). [byte]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRate:
    """One data rate.

    Parameters
    ----------
    sf : int or None
        Spreading factor; None: FSK.
    bandwidth_hz : float
        Bandwidth. [Hz]
    bit_rate_bps : int
        Nominal rate. [bit/s]
    max_payload_bytes : int
        Largest application payload without options, no repeater. [byte]
    """

    sf: int | None
    bandwidth_hz: float = field(metadata={"unit": "Hz"})
    bit_rate_bps: int = field(metadata={"unit": "bit/s"})
    max_payload_bytes: int = field(metadata={"unit": "byte"})


DATA_RATES: tuple[DataRate, ...] = tuple(
    DataRate(sf=sf, bandwidth_hz=bw, bit_rate_bps=rate, max_payload_bytes=size)
    for sf, bw, rate, size in (
        (12, 125e3, 250, 51), (11, 125e3, 440, 51), (10, 125e3, 980, 51), (9, 125e3, 1760, 115),
        (8, 125e3, 3125, 242), (7, 125e3, 5470, 242), (7, 250e3, 11000, 242),
        (None, 150e3, 50000, 242),
    )
)  # fmt: skip
"""DR0 to DR7: RP002-1.0.3, 2.4 (EU863-870), data rates and maximum payload N."""


def sub_band(freq_hz: float, bandwidth_hz: float = 125e3) -> SubBand:
    """Find the sub-band of a channel.

    Parameters
    ----------
    freq_hz, bandwidth_hz : float
        Centre and width. [Hz]

    Returns
    -------
    SubBand
        Its limits.

    Raises
    ------
    ModelRangeError
        The channel lies in none.
    """
    row = srd868_sub_band(freq_hz, bandwidth_hz)
    if row is None:
        raise ModelRangeError(
            "BNetzA Vfg 30/2006, EN 300 220-2", "channel [Hz]", freq_hz,
            "wholly inside a sub-band of twin.model.regulatory.srd868",
        )  # fmt: skip
    return row


def frame_s(payload_bytes: ArrayLike, data_rate: int, *, is_downlink: bool = False) -> Array:
    """Time on air of a LoRaWAN data frame.

    Parameters
    ----------
    payload_bytes : array_like of int
        Application payload; the 13 byte of MAC header and check are added. [byte]
    data_rate : int
        DR0 to DR7.
    is_downlink : bool
        Downlink frames carry no payload CRC.

    Returns
    -------
    ndarray
        Time. [s]

    Raises
    ------
    ModelRangeError
        No such data rate, a payload over its limit.
    """
    rate = _data_rate(data_rate)
    size = need(
        payload_bytes, 0, rate.max_payload_bytes, model=DOCUMENT,
        quantity=f"payload of DR{data_rate} [byte]",
    )  # fmt: skip
    if rate.sf is None:
        return fsk_time_on_air_s(size + _MAC_OVERHEAD)
    return time_on_air_s(size + _MAC_OVERHEAD, rate.sf, rate.bandwidth_hz, has_crc=not is_downlink)


def off_time_s(air_s: ArrayLike, duty_cycle: float) -> Array:
    """Silence after a frame until the sub-band may be used again.

    Parameters
    ----------
    air_s : array_like
        Time on air of the frame. [s]
    duty_cycle : float
        Share of time allowed, over 0 up to 1.

    Returns
    -------
    ndarray
        air / duty - air. [s]

    Raises
    ------
    ModelRangeError
        A duty cycle or a time out of range.

    References
    ----------
    .. [1] LoRaWAN 1.0.2 Specification, 7.1 (T_off).
    """
    air = need(air_s, 0, OBSERVATION_S, model=DOCUMENT, quantity="time on air [s]")
    share = need(duty_cycle, 1e-6, 1, model=DOCUMENT, quantity="duty cycle")
    return np.asarray(air / share - air)


def messages_per_hour(air_s: ArrayLike, freq_hz: float, bandwidth_hz: float = 125e3) -> Array:
    """Frames that the duty cycle of a channel's sub-band allows in an hour.

    Parameters
    ----------
    air_s : array_like
        Time on air of one frame. [s]
    freq_hz, bandwidth_hz : float
        Channel. [Hz]

    Returns
    -------
    ndarray
        Whole frames.

    Raises
    ------
    ModelRangeError
        The channel is in no sub-band.
    ValueError
        The duty cycle of its sub-band is not verified.
    """
    air = need(air_s, 1e-6, OBSERVATION_S, model=DOCUMENT, quantity="time on air [s]")
    budget_s = sub_band(freq_hz, bandwidth_hz).airtime_per_hour_s
    if budget_s is None:
        raise ValueError(f"freq_hz: the duty cycle at {freq_hz / 1e6:g} MHz is not verified")
    return np.floor(budget_s / air + 1e-9)


def multicast_per_hour(payload_bytes: ArrayLike, data_rate: int, n_gateways: int = 1) -> Array:
    """Class C multicast commands that gateways may send on the RX2 channel in an hour.

    Parameters
    ----------
    payload_bytes : array_like of int
        Application payload of a command. [byte]
    data_rate : int
        DR0 to DR7.
    n_gateways : int
        Gateways that must send one after another to reach the whole group.

    Returns
    -------
    ndarray
        Commands to the whole group: each gateway has its own duty cycle, but on one channel only
        one of them sends at a time.

    Raises
    ------
    ModelRangeError
        No such data rate, a payload over its limit.
    ValueError
        Fewer than one gateway.
    """
    if n_gateways < 1:
        raise ValueError(f"n_gateways: is {n_gateways}, must be 1 or more")
    air = frame_s(payload_bytes, data_rate, is_downlink=True)
    width = _data_rate(data_rate).bandwidth_hz
    own = messages_per_hour(air, RX2_HZ, width)
    return np.minimum(own, np.floor(OBSERVATION_S / (air * n_gateways)))


def _data_rate(data_rate: int) -> DataRate:
    if not 0 <= data_rate < len(DATA_RATES):
        raise ModelRangeError(DOCUMENT, "data rate", data_rate, f"0 to {len(DATA_RATES) - 1}")
    return DATA_RATES[data_rate]
