"""Saturation throughput of the distributed coordination function by Bianchi's Markov model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import finite, need
from twin.radio.wifi.duration import frame_ns
from twin.radio.wifi.rates import MCS, Mode, phy_rate_bps

__all__ = [
    "DCF",
    "Dcf",
    "ack_mode",
    "exchange_s",
    "saturation_throughput_bps",
    "slot_shares",
    "transmit_probability",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dcf:
    """Access parameters of one PHY.

    Parameters
    ----------
    slot_s, sifs_s : float
        Slot and short interframe space; DIFS is SIFS and two slots. [s]
    cw_min, cw_max : int
        Contention window, smallest and greatest.
    overhead_bytes : int
        MAC header, FCS and what upper layers add to the payload. [byte]
    recapture : bool
        The station that just succeeded may draw backoff zero and send again before any other.
    """

    slot_s: float = field(metadata={"unit": "s"})
    sifs_s: float = field(metadata={"unit": "s"})
    cw_min: int
    cw_max: int = 1023
    overhead_bytes: int = field(metadata={"unit": "byte"})
    recapture: bool

    @property
    def difs_s(self) -> float:
        """DIFS in seconds: IEEE 802.11-2020, 10.3.7."""
        return self.sifs_s + 2.0 * self.slot_s

    @property
    def stages(self) -> int:
        """Doublings from the smallest to the greatest window, Bianchi's m."""
        return round(math.log2((self.cw_max + 1) / (self.cw_min + 1)))


DCF: dict[str, Dcf] = {
    "Dsss": Dcf(slot_s=20e-6, sifs_s=10e-6, cw_min=31, overhead_bytes=36, recapture=True),
    "Ofdm": Dcf(slot_s=9e-6, sifs_s=16e-6, cw_min=15, overhead_bytes=34, recapture=True),
    "ErpOfdm": Dcf(slot_s=9e-6, sifs_s=10e-6, cw_min=15, overhead_bytes=34, recapture=True),
    "He": Dcf(slot_s=9e-6, sifs_s=16e-6, cw_min=15, overhead_bytes=38, recapture=False),
}
"""Slot, SIFS, window: PHY characteristics of IEEE 802.11-2020, clauses 16 to 19, and 802.11ax-2021,
27. Overhead: header 24 byte (QoS 26, and 4 of HT control), FCS 4, upper layers 6 to 8."""

_PROPAGATION_S = 1e-7
"""Added where the collision ends with an EIFS, as the reference curves do. [s]"""
_ACK_BYTES = 14


def transmit_probability(
    n_stations: ArrayLike, cw_min: int, stages: int, *, grid: int | None = None
) -> Array:
    """Probability that a saturated station sends in a slot: the fixed point of Bianchi's chain.

    Parameters
    ----------
    n_stations : array_like
        Stations that contend, 1 or more; need not be whole.
    cw_min : int
        Smallest contention window; W is one more.
    stages : int
        Doublings m.
    grid : int or None
        Take eq. (7) at the best of so many equal steps from 0 to 1 instead of the exact zero, to
        compare with curves that were computed in that way.

    Returns
    -------
    ndarray
        tau.

    Raises
    ------
    ModelRangeError
        Fewer than one station.

    Notes
    -----
    Eq. (7) falls with p and eq. (9) rises with tau, so their difference has one zero and
    bisection finds it for every n, W and m. At p = 1/2 the sum form of eq. (7) has no pole.

    References
    ----------
    .. [1] G. Bianchi, "Performance analysis of the IEEE 802.11 distributed coordination
       function", IEEE JSAC 18 (3), 2000, eq. (7) and (9).
    """
    n = need(n_stations, 1, 1e6, model="Bianchi 2000", quantity="stations")
    if grid is not None:
        t = np.linspace(0.0, 1.0, grid)
        value = _eq7(1.0 - (1.0 - t) ** (n[..., None] - 1.0), cw_min + 1, stages)
        best = np.abs(t - value).argmin(axis=-1)
        return np.asarray(np.take_along_axis(value, best[..., None], axis=-1)[..., 0])
    low, high = np.zeros_like(n), np.ones_like(n)
    for _ in range(60):
        tau = 0.5 * (low + high)
        p = 1.0 - (1.0 - tau) ** (n - 1.0)
        is_low = _eq7(p, cw_min + 1, stages) > tau
        low, high = np.where(is_low, tau, low), np.where(is_low, high, tau)
    return np.asarray(0.5 * (low + high))


def _eq7(p: Array, window: int, stages: int) -> Array:
    powers = sum(((2.0 * p) ** i for i in range(stages)), np.zeros_like(p))
    return np.asarray(2.0 / (1.0 + window + p * window * powers))


def slot_shares(n_stations: ArrayLike, tau: ArrayLike) -> tuple[Array, Array, Array]:
    """Probabilities that a slot is idle, carries one frame, or a collision.

    Parameters
    ----------
    n_stations : array_like
        Stations that contend.
    tau : array_like
        Probability that one sends in a slot.

    Returns
    -------
    idle, success, collision : ndarray
        They sum to one.

    References
    ----------
    .. [1] Bianchi 2000, eq. (10) and (11).
    """
    n, t = finite(n_stations, "n_stations"), finite(tau, "tau")
    idle = (1.0 - t) ** n
    success = n * t * (1.0 - t) ** (n - 1.0)
    return np.asarray(idle), np.asarray(success), np.maximum(1.0 - idle - success, 0.0)


def ack_mode(mode: Mode) -> Mode:
    """Find the mode in which a frame is acknowledged.

    Parameters
    ----------
    mode : Mode
        How the data frame is sent.

    Returns
    -------
    Mode
        Fastest basic rate not over that of the data: 1 and 2, or 6, 12 and 24 Mbit/s; HT and
        later by the non-HT reference rate of the modulation.

    References
    ----------
    .. [1] IEEE 802.11-2020, 10.6.6.5 and 10.6.11.
    """
    if mode.phy == "Dsss":
        return Mode(phy="Dsss", index=min(mode.index, 2_000_000))
    if mode.phy in ("Ofdm", "ErpOfdm"):
        rate, phy, width = phy_rate_bps(mode) / 1e6, mode.phy, mode.width_mhz
    else:
        bits, code = MCS[mode.index]
        rate, phy, width = float(12 * bits * code), "Ofdm", 20
    basic = max(b for b in (6, 12, 24) if b * width / 20 <= rate)
    return Mode(phy=phy, index=basic * 1_000_000 * width // 20, width_mhz=width)


def exchange_s(
    payload_bytes: ArrayLike, mode: Mode, dcf: Dcf, *, timeout: str = "DIFS"
) -> tuple[Array, Array]:
    """Time the air is taken by a success and by a collision, up to the next backoff slot.

    Parameters
    ----------
    payload_bytes : array_like
        Payload of one frame. [byte]
    mode : Mode
        How it is sent.
    dcf : Dcf
        Access parameters.
    timeout : {"DIFS", "EIFS"}
        What stations wait for after a collision.

    Returns
    -------
    success_s, collision_s : ndarray
        T_s and T_c of basic access, long preamble, HE-LTF of 8 us. [s]

    Raises
    ------
    ValueError
        Another timeout.

    References
    ----------
    .. [1] Bianchi 2000, eq. (14); EIFS: IEEE 802.11-2020, 10.3.7.
    """
    if timeout not in ("DIFS", "EIFS"):
        raise ValueError(f"timeout: {timeout!r} is neither DIFS nor EIFS")
    size = finite(payload_bytes, "payload_bytes") + dcf.overhead_bytes
    data = frame_ns(size, mode, convention="ns3") * 1e-9
    ack = frame_ns(_ACK_BYTES, ack_mode(mode)) * 1e-9
    success = data + dcf.sifs_s + ack + dcf.difs_s
    if timeout == "DIFS":
        return np.asarray(success), np.asarray(data + dcf.difs_s)
    return np.asarray(success + _PROPAGATION_S), np.asarray(success + _PROPAGATION_S)


def saturation_throughput_bps(
    n_stations: ArrayLike,
    mode: Mode,
    *,
    payload_bytes: ArrayLike = 1500,
    timeout: str = "DIFS",
    dcf: Dcf | None = None,
    tau: ArrayLike | None = None,
) -> Array:
    """Payload throughput of a cell whose stations always have a frame to send.

    Parameters
    ----------
    n_stations : array_like
        Stations in saturation, 1 or more.
    mode : Mode
        How all of them send.
    payload_bytes : array_like
        Payload of a frame; no aggregation. [byte]
    timeout : {"DIFS", "EIFS"}
        What stations wait for after a collision.
    dcf : Dcf or None
        Access parameters; None: those of the PHY (HT, VHT and EHT as HE).
    tau : array_like or None
        Probability that a station sends in a slot; None: the fixed point.

    Returns
    -------
    ndarray
        Sum over the stations. [bit/s]

    Raises
    ------
    ModelRangeError
        Fewer than one station, a payload out of range.

    Notes
    -----
    A success is followed by one slot in which nobody counts down, and, for `Dcf.recapture`, with
    probability B = 1/W by another frame of the same station [2]_.

    References
    ----------
    .. [1] Bianchi 2000, eq. (13).
    .. [2] I. Tinnirello, G. Bianchi, Y. Xiao, "Refinements on IEEE 802.11 distributed
       coordination function modeling approaches", IEEE TVT 59 (3), 2010.
    """
    rule = dcf or DCF.get(mode.phy, DCF["He"])
    if tau is None:
        tau = transmit_probability(n_stations, rule.cw_min, rule.stages)
    idle, success, collision = slot_shares(n_stations, tau)
    success_s, collision_s = exchange_s(payload_bytes, mode, rule, timeout=timeout)
    again = 1.0 - 1.0 / (rule.cw_min + 1) if rule.recapture else 1.0
    bits = 8.0 * np.asarray(payload_bytes, dtype=np.float64) / again
    slot = (
        idle * rule.slot_s + success * (success_s / again + rule.slot_s) + collision * collision_s
    )
    return np.asarray(success * bits / slot)
