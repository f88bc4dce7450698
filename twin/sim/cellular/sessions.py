"""Connections of the agents: they begin, are handed over, end, or drop; none is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sim.cellular.agents import Agents
from twin.sim.cellular.assumptions import assumed
from twin.sim.cellular.rates import HandoverRates

__all__ = ["Moves", "Sessions"]

_Indices = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What happened to connections as their agents changed cells.

    Parameters
    ----------
    handovers : ndarray of int64, shape (n_cells,)
        Handovers out of each cell.
    ping_pongs, soon_returns : int
        Handovers that went back within 1 s and within 5 s.
    failures, outage_failures : int
        Radio-link failures, and those among them because a cell went off the air without warning.
    dropped : ndarray of int64, shape (n_cells,)
        Connections dropped in each cell.
    """

    handovers: NDArray[np.int64]
    dropped: NDArray[np.int64]
    ping_pongs: int = 0
    soon_returns: int = 0
    failures: int = 0
    outage_failures: int = 0


class Sessions:
    """Connections in columns; each belongs to an agent and has a class of traffic.

    Parameters
    ----------
    agents : Agents
        Whose connections they are.
    n_cells : int
        Number of cells.
    shares : tuple of float
        Share of connections by class of traffic.
    rates : HandoverRates
        How often handovers go wrong.
    rng : Generator
        For everything here.

    Attributes
    ----------
    agent, cell : ndarray of int32
        Agent and cell of each connection.
    kind : ndarray of int8
        Class of traffic.
    started, ended, dropped, blocked : int
        Since the start; blocked ones found no cell and are not among those started.
    """

    def __init__(
        self,
        agents: Agents,
        n_cells: int,
        shares: tuple[float, ...],
        rates: HandoverRates,
        rng: np.random.Generator,
    ) -> None:
        self._agents, self._n_cells, self._rng, self.rates = agents, n_cells, rng, rates
        self._per_km, self._at_once, self._soon, self._lost = (
            np.array(table).ravel()
            for table in (
                rates.handovers_per_km, rates.ping_pong, rates.soon_return, rates.radio_link_failure
            )
        )  # fmt: skip
        self._cumulative = np.cumsum(shares) / sum(shares)
        self._first = np.concatenate([[0], np.cumsum(agents.group_sizes)[:-1]])
        self.agent = np.zeros(0, dtype=np.int32)
        self.cell = np.zeros(0, dtype=np.int32)
        self.kind = np.zeros(0, dtype=np.int8)
        self._end_s = np.zeros(0)
        self.started = self.ended = self.dropped = self.blocked = 0

    @property
    def active(self) -> int:
        """Connections under way."""
        return self.agent.size

    def begin(self, now_s: float, mean: NDArray[np.float64]) -> None:
        """Let new connections begin.

        Parameters
        ----------
        now_s : float
            When. [s]
        mean : ndarray
            Mean number by group of agents; the numbers are drawn.
        """
        counts = self._rng.poisson(mean)
        counts[self._agents.group_sizes == 0] = 0
        n = int(counts.sum())
        if not n:
            return
        sizes = np.repeat(self._agents.group_sizes, counts)
        chosen = (self._rng.random(n) * sizes).astype(np.int64) + np.repeat(self._first, counts)
        agent = chosen.astype(np.int32)
        kind = np.searchsorted(self._cumulative, self._rng.random(n), side="right").astype(np.int8)
        end_s = now_s + self._rng.exponential(assumed("session_s"), n)
        cell = self._agents.cell[agent]
        served = cell >= 0
        n_served = int(np.count_nonzero(served))
        self.started += n_served
        self.blocked += n - n_served
        self.agent = np.concatenate([self.agent, agent[served]])
        self.cell = np.concatenate([self.cell, cell[served]])
        self.kind = np.concatenate([self.kind, kind[served]])
        self._end_s = np.concatenate([self._end_s, end_s[served]])

    def end(self, now_s: float) -> None:
        """Let connections end whose time has come."""
        stay = self._end_s > now_s
        self.ended += int(stay.size - np.count_nonzero(stay))
        self._keep(stay)

    def _keep(self, stay: NDArray[np.bool_]) -> None:
        self.agent, self.cell = self.agent[stay], self.cell[stay]
        self.kind, self._end_s = self.kind[stay], self._end_s[stay]

    def retune(self) -> None:
        """Take the agents' cells before time begins: nothing is counted."""
        cell = self._agents.cell[self.agent]
        self.cell = np.where(cell >= 0, cell, self.cell)

    def follow(
        self,
        is_broken: NDArray[np.bool_] | None = None,
        keeps_context: NDArray[np.bool_] | None = None,
    ) -> Moves:
        """Hand connections over to the cells where their agents are now.

        Parameters
        ----------
        is_broken : ndarray of bool, shape (n_cells,), optional
            Given after a change of the network: cells that went off the air without warning, whose
            links all fail. None: after a step in which agents moved.
        keeps_context : ndarray of bool, shape (n_cells,), optional
            Broken cells whose site still knows its connections.

        Returns
        -------
        Moves
            What happened.

        Notes
        -----
        A link fails when T310 expires, a second after its cell fell silent or its user left all
        coverage. The terminal asks another cell to re-establish the connection, which needs what
        the old site knows of it (TS 36.331 5.3.7): where only the radio of a cell failed a part
        goes on, where the whole site is dark or cut off all drop.
        """
        new = self._agents.cell[self.agent]
        moving = np.flatnonzero(new != self.cell)
        none = np.zeros(self._n_cells, dtype=np.int64)
        if not moving.size:
            return Moves(handovers=none, dropped=none)
        old, goal = self.cell[moving], new[moving]
        lost = goal < 0
        counted = ~lost
        failures, outage_failures = int(np.count_nonzero(lost)), 0
        if is_broken is not None:
            silent = is_broken[old]
            saved = silent & (self._rng.random(silent.size) < self.rates.reestablished)
            saved &= False if keeps_context is None else keeps_context[old]
            counted &= ~silent
            failures = int(np.count_nonzero(lost | silent))
            outage_failures = int(np.count_nonzero(silent))
            lost |= silent & ~saved
        if is_broken is None:  # those who moved are counted by `travel`
            counted &= self._agents.moved_m[self.agent[moving]] == 0.0
        self.cell[moving] = goal
        return Moves(
            handovers=np.bincount(old[counted], minlength=self._n_cells),
            dropped=self._drop(moving[lost], old[lost]),
            failures=failures,
            outage_failures=outage_failures,
        )

    def travel(self) -> Moves:
        """Count the handovers on the way of connections that move, and drop some of them.

        Returns
        -------
        Moves
            What happened, drawn by the rates per kilometre: the places of a city lie too far
            apart to see every change of cells on a street.
        """
        moved_m = self._agents.moved_m[self.agent]
        under_way = np.flatnonzero(moved_m > 0.0)
        mode, cell = self._agents.mode[self.agent[under_way]] - 1, self.cell[under_way]
        rates, rng = self.rates, self._rng
        place = 3 * rates.row(self._agents.load_around(self.agent[under_way])) + mode
        mean = moved_m[under_way] / 1e3 * self._per_km.take(place)
        handovers = rng.poisson(np.bincount(cell, mean, minlength=self._n_cells))
        by_place = np.bincount(place, mean, minlength=self._per_km.size)
        n_handovers = int(handovers.sum())
        soon = min(int(rng.poisson(by_place @ self._soon)), n_handovers)
        at_once = min(int(rng.poisson(by_place @ self._at_once)), n_handovers)
        fails = rng.random(mean.size) < mean * self._lost.take(place)
        failed = under_way[fails]
        gone = failed[rng.random(failed.size) >= rates.reestablished]
        return Moves(
            handovers=handovers,
            dropped=self._drop(gone, self.cell[gone]),
            ping_pongs=at_once,
            soon_returns=max(soon, at_once),
            failures=failed.size,
        )

    def _drop(self, which: NDArray[np.int64], there: _Indices) -> NDArray[np.int64]:
        """Let connections drop; return how many by the cells where they were."""
        if which.size:
            stay = np.ones(self.agent.size, dtype=bool)
            stay[which] = False
            self._keep(stay)
            self.dropped += which.size
        return np.bincount(there, minlength=self._n_cells)
