"""Octets: how many are wanted by class, how many a loaded cell serves, and what each user gets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sim.cellular.assumptions import assumed

__all__ = ["TrafficClass", "Transfer", "arrivals", "fair_rate_bps", "traffic_classes", "transfer"]

_Floats = NDArray[np.float64]
_Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficClass:
    """A class of traffic as a flow of units while a connection lasts.

    Parameters
    ----------
    name : str
        ``ftp``, ``web``, ``video`` or ``voice``.
    session_share : float
        Share of the connections.
    rate_bps : float
        Mean rate of one connection. [bit/s]
    unit_octets : float
        Mean size of a file, page, segment or talk spurt. [octets]
    variation : float
        Standard deviation of the size over its mean; 0 for a fixed size.
    """

    name: str
    session_share: float
    rate_bps: float
    unit_octets: float
    variation: float = 0.0


def traffic_classes() -> tuple[TrafficClass, ...]:
    """Derive the classes from the volume per SIM and month.

    Returns
    -------
    tuple of TrafficClass
        Rates such that a SIM, connected its mean share of time, moves its volume of a month; voice
        comes on top.
    """
    month_s = assumed("days_per_month") * 86400.0
    mean_bps = assumed("gb_per_sim_month") * 8e9 / month_s
    connected = assumed("connected_share")
    voice = assumed("voice_min_per_sim_month") * 60.0 / month_s / connected
    classes = []
    for name, variation in (("ftp", 0.0), ("web", assumed("web_variation")), ("video", 0.0)):
        share = (1.0 - voice) * assumed(f"{name}_sessions")
        classes.append(
            TrafficClass(
                name=name,
                session_share=share,
                rate_bps=assumed(f"{name}_volume") * mean_bps / connected / share,
                unit_octets=assumed(f"{name}_octets"),
                variation=variation,
            )
        )
    classes.append(
        TrafficClass(
            name="voice",
            session_share=voice,
            rate_bps=assumed("voice_bps"),
            unit_octets=assumed("voice_octets"),
        )
    )
    return tuple(classes)


def arrivals(
    demand_bps: _Floats, traffic: TrafficClass, dt_s: float, rng: np.random.Generator
) -> _Counts:
    """Draw the octets that arrive at each cell in a step.

    Parameters
    ----------
    demand_bps : ndarray of shape (n_cells,)
        Mean demand of one class. [bit/s]
    traffic : TrafficClass
        The class.
    dt_s : float
        Length of the step. [s]
    rng : Generator
        For the number of units and their sizes.

    Returns
    -------
    ndarray of int64
        Whole octets.

    Notes
    -----
    Units arrive as a Poisson process. Sizes that vary are gamma distributed: their sum is drawn at
    once.
    """
    units = rng.poisson(demand_bps * (dt_s / 8.0 / traffic.unit_octets))
    if not traffic.variation:
        return np.asarray(np.rint(units * traffic.unit_octets), dtype=np.int64)
    octets = np.zeros(units.size, dtype=np.int64)
    some = np.flatnonzero(units)
    shape = traffic.variation**-2
    sizes = rng.gamma(units[some] * shape, traffic.unit_octets / shape)
    octets[some] = np.rint(sizes).astype(np.int64)
    return octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What became of the octets of a step, by cell: served, dropped, and still queued."""

    served: _Counts
    dropped: _Counts
    queued: _Counts


def transfer(
    queued: _Counts, arrived: _Counts, capacity: _Counts, most_queued: _Counts
) -> Transfer:
    """Serve what a cell can, queue what may wait, drop the rest; no octet is lost.

    Parameters
    ----------
    queued, arrived : ndarray of int64
        Octets waiting, and new ones.
    capacity : ndarray of int64
        Octets a cell can send in the step.
    most_queued : ndarray of int64
        Octets it may keep waiting.

    Returns
    -------
    Transfer
        queued + arrived = served + dropped + queued afterwards, in every cell.
    """
    wanted = queued + arrived
    served = np.minimum(wanted, capacity)
    left = wanted - served
    kept = np.minimum(left, most_queued)
    return Transfer(served=served, dropped=left - kept, queued=kept)


def fair_rate_bps(rate_bps: _Floats, load: _Floats, users: _Floats) -> _Floats:
    """Rate a user sees of a cell that shares its time equally (proportional fairness).

    Parameters
    ----------
    rate_bps : ndarray
        Rate if the user had the cell alone. [bit/s]
    load : ndarray
        Share of time the cell is busy, 0 to 1.
    users : ndarray
        Connections in the cell.

    Returns
    -------
    ndarray
        Size of a file over its time in an M/G/1 queue with processor sharing, r (1 - load); never
        less than an equal share among all connections. [bit/s]

    References
    ----------
    .. [1] L. Kleinrock, Queueing Systems II (1976), section 4.4: E[T(x)] = x / (C (1 - load)).
    """
    return rate_bps * np.maximum(1.0 - load, 1.0 / np.maximum(users + 1.0, 1.0))
