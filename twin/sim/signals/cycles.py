"""The controllers at the kerb, all at once: cycles, programmes in effect, and how they change."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from twin.sim.signals.assumptions import assumed
from twin.sim.signals.layout import Layout
from twin.sim.signals.programme import LOST_PHASE_S, PATTERNS

__all__ = ["Cycles", "State"]

_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]
_CYCLES_S = np.array([pattern.cycle_s for pattern in PATTERNS], dtype=np.int64)
_MOST_CYCLES = 3  # a change of offset is spread over no more
_LOCAL = round(assumed("lost_link_pattern")) - 1


class State(IntEnum):
    """What the lamps of a signal do."""

    RUNNING = 0
    OFF = 1
    FLASH = 2
    DARK = 3
    STARTUP = 4
    ALL_RED = 5


class Cycles:
    """State of the controllers; only those that are `State.RUNNING` count cycles.

    Parameters
    ----------
    layout : Layout
        Splits and offsets.
    midnight_s : int
        Simulated second of a local midnight: where all cycles would begin without offsets. [s]

    Notes
    -----
    A new programme takes effect at the end of the running cycle. Then the cycle is made longer, or
    shorter where that is less and the greens allow it, by at most a sixth, until it begins at its
    offset: at most three cycles when shorter or longer is free, as ``coordCorrectionMode``
    shortWay of NTCIP 1202 does. Controllers count cycles from midnight of their own clocks. 60, 80
    and 100 s go into an hour without rest, so neither the next midnight nor a change of
    daylight-saving time moves them.
    """

    def __init__(self, layout: Layout, midnight_s: int = 0) -> None:
        n = len(layout.ids)
        self._layout, self._midnight_s = layout, midnight_s
        self.state = np.full(n, State.RUNNING, dtype=np.int64)
        self.pattern = np.full(n, _LOCAL, dtype=np.int64)
        self.wanted = self.pattern.copy()
        self.is_coordinated = np.ones(n, dtype=bool)
        self.is_off_wanted = np.zeros(n, dtype=bool)
        self.begin_s = np.zeros(n, dtype=np.int64)
        self.length_s = np.ones(n, dtype=np.int64)
        self.main_s = np.zeros(n, dtype=np.int64)
        self.side_s = np.zeros(n, dtype=np.int64)
        self._rest_s = np.zeros(n, dtype=np.int64)
        self._n_rest = np.zeros(n, dtype=np.int64)
        self.pattern_changes = 0
        self._called = np.ones(n, dtype=bool)
        self._was_main = np.zeros(n, dtype=bool)

    def settle(self, now_s: int) -> None:
        """Put every signal into its wanted programme and cycle, long in step."""
        self.pattern[:] = self.wanted
        cycle = _CYCLES_S[self.pattern]
        every = np.arange(self.pattern.size)
        offset = self._midnight_s + self._layout.offset_s[self.pattern, every]
        self.begin_s[:] = now_s - np.mod(now_s - offset, cycle)
        self._load(every)

    def begin(self, signal: int, now_s: int) -> None:
        """Start one signal with the first cycle of its wanted programme."""
        self.state[signal] = State.RUNNING
        self.begin_s[signal] = now_s
        self._n_rest[signal] = 0
        self._begin_cycles(np.array([signal]))

    def greens(self, t0_s: int, n_s: int) -> tuple[_Bools, _Bools]:
        """Run the cycles for some seconds.

        Parameters
        ----------
        t0_s : int
            First second.
        n_s : int
            Seconds; no more than half of any cycle.

        Returns
        -------
        main, side : ndarray of shape (n_s, S)
            Effective green of the two phases in each second; false where no cycle runs.
        """
        running = self.state == State.RUNNING
        seconds = np.arange(t0_s, t0_s + n_s)[:, None]
        rest = self.begin_s + self.length_s - t0_s
        main, side = self._phases(seconds - self.begin_s, slice(None))
        over = np.flatnonzero(running & (rest < n_s))
        if over.size:
            self.begin_s[over] += self.length_s[over]
            self._end_cycles(over)
            at = seconds - self.begin_s[over]
            new_main, new_side = self._phases(at, over)
            main[:, over] = np.where(at >= 0, new_main, main[:, over])
            side[:, over] = np.where(at >= 0, new_side, side[:, over])
        main &= running
        side &= running
        return main, side

    def call_walkers(
        self,
        main: _Bools,
        side: _Bools,
        queue: NDArray[np.float64],
        coming: NDArray[np.float64],
    ) -> None:
        """Give walkers green only where somebody pressed the button, else let the main road run.

        Parameters
        ----------
        main, side : ndarray of shape (n, S)
            Greens of `greens`; changed in place at signals for pedestrians alone.
        queue : ndarray of shape (S,)
            Walkers who wait.
        coming : ndarray of shape (n, S)
            Walkers who come.
        """
        at = np.flatnonzero(self._layout.is_pedestrian & (self.state == State.RUNNING))
        was, called = self._was_main[at], self._called[at]
        greens = main[:, at]
        waiting = queue[at] + coming[:, at].cumsum(axis=0) > 0.0
        calls = np.empty_like(greens)
        for k, green in enumerate(greens):
            called = np.where(was & ~green, waiting[k], called)
            calls[k] = called
            was = green
        main[:, at] = greens | ~calls
        side[:, at] &= calls
        self._was_main[at], self._called[at] = was, called

    def _phases(self, at: _Ints, which: slice | _Ints) -> tuple[_Bools, _Bools]:
        main_end = self.main_s[which]
        side_from = main_end + LOST_PHASE_S
        main = (at >= 0) & (at < main_end)
        side = (at >= side_from) & (at < side_from + self.side_s[which])
        return main, side

    def _end_cycles(self, over: _Ints) -> None:
        """End cycles: some signals go off, all others begin the next."""
        off = over[self.is_off_wanted[over]]
        if off.size:
            self.state[off] = State.OFF
            self.main_s[off] = self.side_s[off] = 0
        self._begin_cycles(over[~self.is_off_wanted[over]])

    def _begin_cycles(self, which: _Ints) -> None:
        changed = which[self.pattern[which] != self.wanted[which]]
        if changed.size:
            self.pattern[changed] = self.wanted[changed]
            self.pattern_changes += int(changed.size)
            self._n_rest[changed] = 0
        self._load(which)
        self._correct(which)

    def _load(self, which: _Ints) -> None:
        pattern = self.pattern[which]
        self.length_s[which] = _CYCLES_S[pattern]
        self.main_s[which] = self._layout.main_s[pattern, which]
        self.side_s[which] = self._layout.side_s[pattern, which]

    def _correct(self, which: _Ints) -> None:
        """Stretch or squeeze the cycles that do not begin at their offset."""
        cycle = self.length_s[which]
        offset = self._midnight_s + self._layout.offset_s[self.pattern[which], which]
        late = np.mod(self.begin_s[which] - offset, cycle)
        late[~self.is_coordinated[which]] = 0
        self._n_rest[which[late == 0]] = 0
        astray = late > 0
        new = which[astray & (self._n_rest[which] == 0)]
        if new.size:
            self._plan(new, late[astray & (self._n_rest[which] == 0)])
        act = which[astray]
        if not act.size:
            return
        step = np.rint(self._rest_s[act] / self._n_rest[act]).astype(np.int64)
        self._rest_s[act] -= step
        self._n_rest[act] -= 1
        main, side = self.main_s[act], self.side_s[act]
        spare_main, spare_side = self._spare(act)
        # longer: as the greens are; shorter: as far as they are above the least
        share = np.where(
            step < 0,
            spare_main / np.maximum(spare_main + spare_side, 1),
            np.where(self._layout.is_pedestrian[act], 1.0, main / (main + side)),
        )
        to_main = np.rint(step * share).astype(np.int64)
        self.main_s[act] += to_main
        self.side_s[act] += step - to_main
        self.length_s[act] += step

    def _plan(self, which: _Ints, late: _Ints) -> None:
        cycle = self.length_s[which]
        most = np.floor(cycle * assumed("max_correction")).astype(np.int64)
        shorter = np.minimum(most, sum(self._spare(which)))
        is_short = (late <= cycle - late) & (late <= _MOST_CYCLES * shorter)
        rest = np.where(is_short, -late, cycle - late)
        per_cycle = np.where(is_short, np.maximum(shorter, 1), np.maximum(most, 1))
        n = np.clip(-(-np.abs(rest) // per_cycle), 1, _MOST_CYCLES)
        self._rest_s[which], self._n_rest[which] = rest, n

    def _spare(self, which: _Ints) -> tuple[_Ints, _Ints]:
        """Seconds by which the two greens are above the least; walkers keep theirs."""
        least = round(assumed("min_green"))
        side = np.where(self._layout.is_pedestrian[which], 0, self.side_s[which] - least)
        return self.main_s[which] - least, side
