"""How Wi-Fi stations of unequal rate, hidden from one another or aggregating, share a channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import finite, need
from twin.radio.wifi.bianchi import (
    DCF,
    Dcf,
    ack_mode,
    exchange_s,
    saturation_throughput_bps,
    slot_shares,
    transmit_probability,
)
from twin.radio.wifi.duration import frame_ns
from twin.radio.wifi.rates import Mode, phy_rate_bps

__all__ = [
    "ampdu_efficiency",
    "ampdu_throughput_bps",
    "hidden_collision_probability",
    "packet_fair_bps",
    "time_fair_bps",
]

Array = NDArray[np.float64]

_DELIMITER_BYTES = 4
_BLOCK_ACK_BYTES = 32
MAX_FRAME_S = 5.484e-3
"""aPPDUMaxTime of HT-mixed and later formats: IEEE 802.11-2020, Table 19-25. [s]"""


def packet_fair_bps(
    modes: Sequence[Mode],
    *,
    payload_bytes: ArrayLike = 1500,
    timeout: str = "DIFS",
    dcf: Dcf | None = None,
) -> Array:
    """Throughput of saturated stations that send at unequal rates.

    Parameters
    ----------
    modes : sequence of Mode
        How each station sends.
    payload_bytes : array_like
        Payload of each station's frames. [byte]
    timeout : {"DIFS", "EIFS"}
        What stations wait for after a collision.
    dcf : Dcf or None
        Access parameters, the same for all; None: those of the first station's PHY.

    Returns
    -------
    ndarray of shape (n,)
        Throughput of each. [bit/s]

    Raises
    ------
    ValueError
        No station, or as many payloads as are not the number of stations.

    Notes
    -----
    All stations win the channel equally often, whatever time their frames take: one slow
    station pulls all down to about its own throughput (the anomaly of [2]_). A collision lasts
    as long as its longest frame. With equal stations the sum is Bianchi's throughput.

    References
    ----------
    .. [1] G. Bianchi, IEEE JSAC 18 (3), 2000, eq. (13).
    .. [2] M. Heusse, F. Rousseau, G. Berger-Sabbatel, A. Duda, "Performance anomaly of
       802.11b", IEEE INFOCOM 2003.
    """
    if not modes:
        raise ValueError("modes: is empty")
    n = len(modes)
    size = np.broadcast_to(finite(payload_bytes, "payload_bytes"), n)
    rule = dcf or _dcf_of(modes[0])
    times = [
        exchange_s(b, mode, rule, timeout=timeout) for b, mode in zip(size, modes, strict=True)
    ]
    success_s = np.array([float(t) for t, _ in times])
    collision_s = np.array([float(t) for _, t in times])
    tau = float(transmit_probability(n, rule.cw_min, rule.stages))
    idle, success, _ = (float(x) for x in slot_shares(n, tau))
    rank = np.empty(n)
    rank[np.argsort(-collision_s, kind="stable")] = np.arange(n)
    alone = tau * (1.0 - tau) ** (n - 1)
    is_longest = tau * (1.0 - tau) ** rank - alone
    again = 1.0 - 1.0 / (rule.cw_min + 1) if rule.recapture else 1.0
    slot_s = (
        idle * rule.slot_s
        + alone * (success_s / again).sum()
        + success * rule.slot_s
        + (is_longest * collision_s).sum()
    )
    return np.asarray(alone * 8.0 * size / again / slot_s)


def time_fair_bps(
    modes: Sequence[Mode], *, payload_bytes: float = 1500, timeout: str = "DIFS"
) -> Array:
    """Throughput of saturated stations that get the air for equal times.

    Parameters
    ----------
    modes : sequence of Mode
        How each station sends.
    payload_bytes : float
        Payload of a frame. [byte]
    timeout : {"DIFS", "EIFS"}
        What stations wait for after a collision.

    Returns
    -------
    ndarray of shape (n,)
        Each gets the n-th part of what a cell of n stations like itself would carry. [bit/s]

    Raises
    ------
    ValueError
        No station.

    References
    ----------
    .. [1] G. Tan, J. Guttag, "Time-based fairness improves performance in multi-rate WLANs",
       USENIX Annual Technical Conference 2004 (baseline property).
    """
    if not modes:
        raise ValueError("modes: is empty")
    n = len(modes)
    kinds = {
        mode: float(
            saturation_throughput_bps(n, mode, payload_bytes=payload_bytes, timeout=timeout)
        )
        for mode in set(modes)
    }
    return np.array([kinds[mode] / n for mode in modes])


def hidden_collision_probability(
    n_heard: ArrayLike, n_hidden: ArrayLike, mode: Mode, *, payload_bytes: float = 1500
) -> Array:
    """Probability that a saturated station's frame is lost when some others do not hear it.

    Parameters
    ----------
    n_heard : array_like
        Stations that hear one another, the sender among them; 1 or more.
    n_hidden : array_like
        Stations that the receiver hears and the sender does not, as saturated as the sender.
    mode : Mode
        How all send.
    payload_bytes : float
        Payload of a frame. [byte]

    Returns
    -------
    ndarray
        p; Bianchi's where nobody is hidden.

    Raises
    ------
    ModelRangeError
        Fewer than one station that is heard, or a negative number hidden.

    Notes
    -----
    A heard station collides only by choosing the same slot. A hidden one collides if it starts
    within a frame before or after the start: over that vulnerable period it starts at the rate
    tau per mean slot of its own neighbourhood, taken as Poisson. Eq. (7) of [1]_ closes the
    loop; its right side falls with tau, so bisection finds the one zero. An approximation: no
    correlation between the two sides, no retry limit.

    References
    ----------
    .. [1] G. Bianchi, IEEE JSAC 18 (3), 2000, eq. (7) and (9).
    .. [2] O. Ekici, A. Yongacoglu, "IEEE 802.11a throughput performance with hidden nodes",
       IEEE Communications Letters 12 (6), 2008 (vulnerable period).
    """
    n = need(n_heard, 1, 1e6, model="hidden stations", quantity="stations heard")
    h = need(n_hidden, 0, 1e6, model="hidden stations", quantity="stations hidden")
    n, h = np.broadcast_arrays(n, h)
    dcf = _dcf_of(mode)
    success_s, collision_s = (float(t) for t in exchange_s(payload_bytes, mode, dcf))
    data_s = float(frame_ns(payload_bytes + dcf.overhead_bytes, mode)) * 1e-9
    window = dcf.cw_min + 1
    low, high = np.zeros(n.shape), np.ones(n.shape)
    p = np.zeros(n.shape)
    for _ in range(60):
        tau = 0.5 * (low + high)
        idle, success, collision = slot_shares(n, tau)
        slot_s = idle * dcf.slot_s + success * success_s + collision * collision_s
        quiet = (1.0 - tau) ** (n - 1.0) * np.exp(-h * tau * 2.0 * data_s / slot_s)
        p = 1.0 - quiet
        powers = sum(((2.0 * p) ** i for i in range(dcf.stages)), np.zeros_like(p))
        is_low = 2.0 / (1.0 + window + p * window * powers) > tau
        low, high = np.where(is_low, tau, low), np.where(is_low, high, tau)
    return np.asarray(p)


def _ampdu_s(n_frames: int, payload_bytes: float, mode: Mode, dcf: Dcf) -> float:
    """Time of an aggregate; every frame has a delimiter and is padded to four bytes."""
    one = _DELIMITER_BYTES + -(-(payload_bytes + dcf.overhead_bytes) // 4) * 4
    return float(frame_ns(n_frames * one, mode)) * 1e-9


def _ampdu_exchange(n_frames: int, payload_bytes: float, mode: Mode) -> tuple[Dcf, float, float]:
    if mode.phy not in ("Ht", "Vht", "He", "Eht"):
        raise ValueError(f"mode: {mode.phy} has no A-MPDU")
    need(n_frames, 1, 1024, model="A-MPDU, IEEE 802.11be-2024, 35.4", quantity="frames")
    dcf = _dcf_of(mode)
    data_s = _ampdu_s(int(n_frames), payload_bytes, mode, dcf)
    need(data_s, 0, MAX_FRAME_S, model="A-MPDU, aPPDUMaxTime", quantity="time on air [s]")
    ack_s = float(frame_ns(_BLOCK_ACK_BYTES, ack_mode(mode))) * 1e-9
    return dcf, data_s + dcf.sifs_s + ack_s + dcf.difs_s, data_s + dcf.difs_s


def ampdu_efficiency(n_frames: int, mode: Mode, *, payload_bytes: float = 1500) -> float:
    """Part of the rate that a lone station turns into payload when it aggregates.

    Parameters
    ----------
    n_frames : int
        Frames per aggregate, 1 to 1024.
    mode : Mode
        HT or later.
    payload_bytes : float
        Payload of a frame. [byte]

    Returns
    -------
    float
        0 to 1: preamble, SIFS, block acknowledgement, DIFS and the mean backoff are paid once.

    Raises
    ------
    ModelRangeError
        An aggregate longer than 5.484 ms, or too many frames.
    ValueError
        A PHY without aggregation.

    References
    ----------
    .. [1] IEEE 802.11-2020, 9.7 (A-MPDU), 10.12; 802.11ax-2021, 26.6.
    """
    dcf, success_s, _ = _ampdu_exchange(n_frames, payload_bytes, mode)
    total_s = success_s + dcf.cw_min / 2.0 * dcf.slot_s
    return float(8.0 * payload_bytes * n_frames / total_s / phy_rate_bps(mode))


def ampdu_throughput_bps(
    n_stations: ArrayLike, n_frames: int, mode: Mode, *, payload_bytes: float = 1500
) -> Array:
    """Saturation throughput of a cell whose stations aggregate.

    Parameters
    ----------
    n_stations : array_like
        Stations in saturation.
    n_frames : int
        Frames per aggregate.
    mode : Mode
        HT or later.
    payload_bytes : float
        Payload of a frame. [byte]

    Returns
    -------
    ndarray
        Sum over the stations; a collision loses the whole aggregate. [bit/s]

    Raises
    ------
    ModelRangeError
        As `ampdu_efficiency`, or fewer than one station.
    ValueError
        A PHY without aggregation.

    References
    ----------
    .. [1] G. Bianchi, IEEE JSAC 18 (3), 2000, eq. (13).
    """
    dcf, success_s, collision_s = _ampdu_exchange(n_frames, payload_bytes, mode)
    tau = transmit_probability(n_stations, dcf.cw_min, dcf.stages)
    idle, success, collision = slot_shares(n_stations, tau)
    slot = idle * dcf.slot_s + success * (success_s + dcf.slot_s) + collision * collision_s
    return np.asarray(success * 8.0 * payload_bytes * n_frames / slot)


def _dcf_of(mode: Mode) -> Dcf:
    return DCF.get(mode.phy, DCF["He"])
