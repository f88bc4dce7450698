"""Moving users under real cells: reports, handover, lost links, shares and rates.

The answer to "how often do users change cells here"; the city run takes its rates from it. Between
two reports filtered levels and SINR are straight lines and events stand where these cross, so that
reports of a second do what steps of 40 ms do (`tests/sim/mobility`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cext import _mobility
from twin.model.city import Cell
from twin.model.errors import ModelError
from twin.radio.link.bands import band
from twin.radio.link.throughput import throughput_bps
from twin.radio.links import LayerTables, layer_tables
from twin.radio.tr38901.shadowing import CORRELATION_DISTANCE_M, SIGMA_SF_DB
from twin.sim.mobility.fading import measurement_error_db
from twin.sim.mobility.policy import HandoverPolicy
from twin.sim.mobility.shadow import ShadowField, make_field
from twin.sim.mobility.walk import Walk

__all__ = ["MobilityCounts", "MobilitySimulation"]

_LOG2_PER_DB = math.log2(10.0) / 10.0
_KEY_STEP = 0x9E3779B9  # odd, so that keys repeat after 2^32 reports only
_CURVE_LOW_DB, _CURVE_STEP_DB, _CURVE_POINTS = -15.0, 0.01, 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilityCounts:
    """What happened to all users since the start.

    Parameters
    ----------
    handovers, ping_pongs, soon_returns : int
        Handovers that succeeded; those among them that went back to the old cell at once (within
        `HandoverPolicy.shortest_stay_s`) and soon (within `HandoverPolicy.soon_s`).
    reports : int
        Times event A3 was reported.
    failures, link_losses : int
        Handovers that failed, and links lost outside of a handover.
    user_s, user_km : float
        Time and way of all users together. [s], [km]
    outage_s : float
        Time without service: handover execution and re-establishment. [s]
    served_bit : float
        Data that went to all users. [bit]
    """

    handovers: int
    ping_pongs: int
    soon_returns: int
    reports: int
    failures: int
    link_losses: int
    user_s: float = field(metadata={"unit": "s"})
    user_km: float = field(metadata={"unit": "km"})
    outage_s: float = field(metadata={"unit": "s"})
    served_bit: float = field(metadata={"unit": "bit"})

    @property
    def handovers_per_km(self) -> float:
        """Handovers on a kilometre of one user. [1/km]."""
        return self.handovers / self.user_km if self.user_km else 0.0

    @property
    def ping_pong_share(self) -> float:
        """Share of handovers that were ping-pong."""
        return self.ping_pongs / self.handovers if self.handovers else 0.0

    @property
    def soon_return_share(self) -> float:
        """Share of handovers that went back to the old cell soon."""
        return self.soon_returns / self.handovers if self.handovers else 0.0

    @property
    def failure_share(self) -> float:
        """Share of handovers tried that failed."""
        tried = self.handovers + self.failures
        return self.failures / tried if tried else 0.0

    @property
    def link_losses_per_km(self) -> float:
        """Links lost outside of a handover on a kilometre of one user. [1/km]."""
        return self.link_losses / self.user_km if self.user_km else 0.0


class MobilitySimulation:
    """Users walking under one layer of cells.

    Parameters
    ----------
    cells : sequence of Cell
        Cells of one carrier that are on.
    walk : Walk
        The users; moved by the simulation.
    rng : numpy.random.Generator
        Source of the shadowing and of the errors of measurement.
    policy : HandoverPolicy
        Handover and link monitoring.
    sigma_db, correlation_m : float, optional
        Shadowing; those of the scenario without line of sight unless given. [dB], [m]
    height_m : float
        Height of users over the ground. [m]
    has_full_buffer : bool
        Cells with a user are on the air all the time and others not at all; else each has the
        load of its `Cell`.
    n_threads : int
        Threads; results do not depend on it.

    Raises
    ------
    ModelError
        No user, no cell that is on, more than one carrier.

    Notes
    -----
    Users share a cell's time equally, which is what proportional fairness comes to with full
    buffers and no fast fading. Levels are means over fast fading; path loss is the expectation over
    line of sight and none, as everywhere in `twin.radio.links`. Errors of measurement disturb the
    filtered levels that decide about handover, not the SINR; reports as far apart as the samples of
    layer 1 (0.2 s) show them as a terminal would see them.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        walk: Walk,
        rng: np.random.Generator,
        *,
        policy: HandoverPolicy | None = None,
        sigma_db: float | None = None,
        correlation_m: float | None = None,
        height_m: float = 1.5,
        has_full_buffer: bool = True,
        n_threads: int = 1,
    ) -> None:
        self.walk, self.policy, self.n_threads = walk, policy or HandoverPolicy(), n_threads
        self._tables = _tables_of(cells, height_m)
        order = np.argsort(self._tables.column)
        self._cells = [self._tables.cells[k] for k in self._tables.column]
        self._place = self._tables.index[self._tables.column]
        scenario = self._cells[0].scenario
        period = (walk.width_m, walk.depth_m) if walk.is_torus else (0.0, 0.0)
        self._period = period
        self._field = make_field(
            len(self._tables.sites),
            sigma_db=SIGMA_SF_DB[scenario, "NLOS"] if sigma_db is None else sigma_db,
            correlation_m=correlation_m or CORRELATION_DISTANCE_M[scenario, "NLOS"],
            rng=rng,
            period_m=period,
        )
        self._error_key = int(rng.integers(2**32))
        self._has_full_buffer = has_full_buffer
        self._curve, self._curve_of_cell = _curves(self._cells)
        self._n_cells = len(order)
        self.now_s = 0.0
        self._allocate()
        self._attach()

    def _allocate(self) -> None:
        n, m, group = self.n_users, self._n_cells, _mobility.GROUP
        blocks = (n + group - 1) // group
        self._ahead = _measured(blocks, m, group)
        self._now = _measured(blocks, m, group)
        self._near = np.zeros(blocks * group, np.uint8)
        self._serving = np.zeros(n, np.int32)
        self._target = np.zeros(n, np.int32)
        self._before = np.full(n, -1, np.int32)
        self._phase = np.zeros(n, np.uint8)
        self._until = np.zeros(n)
        self._out_since = np.full(n, -1.0)
        self._joined = np.full(n, -1e9)
        self._since = np.zeros((n, m))
        self._counts = np.zeros((n, len(_mobility.COUNTS)), np.int32)
        self._outage_s = np.zeros(n)
        self._sinr_db = np.zeros(n, np.float32)
        self._served_bit = np.zeros(n)
        error_db = measurement_error_db(self.policy, self.walk.speed_m_s, self._cells[0].carrier_hz)
        self._error = np.zeros(blocks * group, np.float32)
        self._error[:n] = error_db * (_LOG2_PER_DB / _mobility.ERROR_UNITS)
        self._load = np.array([cell.load for cell in self._cells], np.float32)
        self._old_load = self._load.copy()

    def _attach(self) -> None:
        """Measure where users stand and give each the strongest cell."""
        self._report(0.0, (0.0, 0.0))
        smooth = self._now[1].transpose(0, 2, 1).reshape(-1, self._n_cells)[: self.n_users]
        self._serving[:] = smooth.argmax(axis=1)
        self._near[:] = 0
        if self._has_full_buffer:
            self._load = (self._users_by_cell() > 0).astype(np.float32)
            self._report(0.0, (0.0, 0.0))  # once more: interference follows the load
            self._near[:] = 0

    @property
    def n_users(self) -> int:
        """Users."""
        return int(self.walk.x_m.size)

    @property
    def field(self) -> ShadowField:
        """The shadowing they walk through."""
        return self._field

    @property
    def sinr_db(self) -> NDArray[np.float32]:
        """SINR of each user's cell at the last report. [dB]."""
        return self._sinr_db

    @property
    def serving(self) -> NDArray[np.int32]:
        """Place of each user's cell among the cells given."""
        return np.asarray(self._place[self._serving], np.int32)

    @property
    def is_connected(self) -> NDArray[np.bool_]:
        """Whether each user has service now."""
        return np.asarray(self._phase <= _mobility.PHASES.index("preparing"))

    @property
    def served_bit(self) -> NDArray[np.float64]:
        """Data that went to each user since the start. [bit]."""
        return self._served_bit

    def counts_by_user(self) -> dict[str, NDArray[np.int32]]:
        """Return counts of events since the start by name, each of shape (n_users,)."""
        return {name: self._counts[:, k].copy() for k, name in enumerate(_mobility.COUNTS)}

    def counts(self) -> MobilityCounts:
        """Return what happened since the start."""
        total = dict(zip(_mobility.COUNTS, self._counts.sum(axis=0).tolist(), strict=True))
        return MobilityCounts(
            handovers=total["handovers"],
            ping_pongs=total["returns"],
            soon_returns=total["soon_returns"],
            reports=total["reports"],
            failures=total["failures"],
            link_losses=total["link_losses"],
            user_s=self.now_s * self.n_users,
            user_km=float(self.walk.speed_m_s.sum()) * self.now_s / 1e3,
            outage_s=float(self._outage_s.sum()),
            served_bit=float(self._served_bit.sum()),
        )

    def level_dbm(self) -> NDArray[np.float32]:
        """Return levels per resource element now, shape (n_users, n_cells). [dBm]."""
        return self._by_user(0)

    def filtered_dbm(self) -> NDArray[np.float32]:
        """Return levels after the filter of layer 3, shape (n_users, n_cells). [dBm]."""
        return self._by_user(1)

    def _by_user(self, k: Literal[0, 1]) -> NDArray[np.float32]:
        """Levels by user and by place of the cell among those that are on."""
        rows = self._now[k].transpose(0, 2, 1).reshape(-1, self._n_cells)[: self.n_users]
        levels = np.empty_like(rows)
        levels[:, self._tables.column] = rows * np.float32(10.0 * np.log10(2.0))
        return levels

    def advance(self, step_s: float = 1.0) -> None:
        """Move users to the next report and let happen what happens until then.

        Parameters
        ----------
        step_s : float
            Time to the next report. [s]  Must be > 0.

        Raises
        ------
        ValueError
            A step that is not positive.
        """
        if not step_s > 0.0:
            raise ValueError(f"step_s: is {step_s}, must be positive")
        users = self._users_by_cell()
        self._old_load = self._load
        if self._has_full_buffer:
            self._load = (users > 0).astype(np.float32)
        self.walk.advance(step_s)
        outage_s = self._outage_s.copy()
        memory, lag = self.policy.smoothing(step_s)
        self._error_key = (self._error_key + _KEY_STEP) % 2**32
        # what the last report's error loses by the filter's memory, fresh errors put back
        fresh = self._error * np.float32(math.sqrt(1.0 - memory * memory))
        self._report(step_s, (memory, lag), (fresh, self._error_key) if fresh.any() else None)
        self._serve(step_s - (self._outage_s - outage_s))
        self.now_s += step_s

    def run(self, n_reports: int, step_s: float = 1.0) -> None:
        """Advance by so many reports."""
        for _ in range(n_reports):
            self.advance(step_s)

    def _users_by_cell(self) -> NDArray[np.int64]:
        return np.bincount(self._serving, minlength=self._n_cells)

    def _serve(self, with_service_s: NDArray[np.float64]) -> None:
        """Give each user an equal share of its cell's time."""
        entry = (self._sinr_db - np.float32(_CURVE_LOW_DB)) * np.float32(1.0 / _CURVE_STEP_DB)
        entry = np.clip(entry, 0, _CURVE_POINTS - 1).astype(np.int32)
        rate = self._curve[self._curve_of_cell[self._serving], entry]
        share = 1.0 / np.maximum(self._users_by_cell(), 1)
        self._served_bit += rate * share[self._serving] * with_service_s

    def _report(
        self,
        step_s: float,
        smoothing: tuple[float, float],
        error: tuple[NDArray[np.float32], int] | None = None,
    ) -> None:
        tables, field_ = self._tables, self._field
        _mobility.report(
            (self.walk.x_m.astype(np.float32), self.walk.y_m.astype(np.float32)),
            (tables.sites, tables.sectors, tables.first, self._load, self._old_load,
             float(tables.noise_mw[0]), *self._period),
            (field_.squares, field_.shift, field_.node_x, field_.node_y, field_.own,
             field_.common),
            (*self._now, *self._ahead),
            (self._near, self._serving, self._target, self._before, self._phase, self._until,
             self._out_since, self._joined, self._since, self._counts, self._outage_s,
             self._sinr_db),
            start_s=self.now_s,
            step_s=step_s,
            rules=self.policy.rules(),
            smoothing=smoothing,
            error=error,
            n_threads=self.n_threads,
        )  # fmt: skip
        self._now, self._ahead = self._ahead, self._now


def _tables_of(cells: Sequence[Cell], height_m: float) -> LayerTables:
    if not any(cell.is_on for cell in cells):
        raise ModelError("moving users: no cell is on")
    tables = layer_tables(cells, x0_m=0.0, y0_m=0.0, height_m=height_m)
    if len(tables.noise_mw) != 1:
        raise ModelError(f"moving users: {len(tables.noise_mw)} carriers, handover is within one")
    return tables


_Measured = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]


def _measured(blocks: int, n_cells: int, group: int) -> _Measured:
    """Levels, filtered levels, sums and strongest cell of one report."""
    return (
        np.zeros((blocks, n_cells, group), np.float32),
        np.zeros((blocks, n_cells, group), np.float32),
        np.zeros((2, blocks * group), np.float32),
        np.zeros(blocks * group, np.int32),
    )


def _curves(cells: Sequence[Cell]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Rate of the idle carrier over SINR by kind of cell, and the kind of each cell."""
    kinds = [(c.technology, c.band, c.bandwidth_hz, c.scs_hz, c.mimo_layers) for c in cells]
    names = list(dict.fromkeys(kinds))
    sinr_db = _CURVE_LOW_DB + _CURVE_STEP_DB * (np.arange(_CURVE_POINTS) + 0.5)
    curves = [
        throughput_bps(sinr_db, technology=technology, bandwidth_hz=bandwidth_hz, scs_hz=scs_hz,
                       mimo_layers=layers, downlink_share=band(name).downlink_share)
        for technology, name, bandwidth_hz, scs_hz, layers in names
    ]  # fmt: skip
    return np.array(curves, np.float32), np.array([names.index(k) for k in kinds], np.int32)
