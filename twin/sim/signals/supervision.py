"""What each signal should do: its time table, supply, faults, computer, and what it is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from twin.model.errors import ModelError
from twin.sim.holidays import is_workday
from twin.sim.signals.assumptions import assumed
from twin.sim.signals.cycles import Cycles, State
from twin.sim.signals.layout import Layout
from twin.sim.signals.programme import (
    CHANGE_MINUTES,
    FLASH_PATTERN,
    PATTERNS,
    is_off_at,
    pattern_at,
)
from twin.sim.supply import SupplyKind
from twin.sim.system import Context, Moment

__all__ = ["Supervision"]

_MOMENTS = 40
_TELLING = {
    State.DARK: "dark: no power, the signs of priority count",
    State.FLASH: "flashing: a fault, or told so",
    State.RUNNING: "running again",
}
_LOCAL = round(assumed("lost_link_pattern"))
_NUMBERS = {pattern.number: i for i, pattern in enumerate(PATTERNS)}


class Supervision:
    """Decides the state and the programme of every signal.

    Parameters
    ----------
    context : Context
        Time and supply.
    layout : Layout
        Signals.
    cycles : Cycles
        What is decided for.
    catch_up : callable
        Bound method that lets traffic flow until now and returns the second; called before
        anything changes.
    """

    def __init__(
        self, context: Context, layout: Layout, cycles: Cycles, catch_up: Callable[[], int]
    ) -> None:
        self._context, self._layout, self._cycles = context, layout, cycles
        self._catch_up = catch_up
        n = len(layout.ids)
        self._faults: dict[int, set[str]] = {}
        self._outages: dict[str, set[str]] = {}
        self.forced: dict[int, int] = {}
        self._starts = np.zeros(n, dtype=np.int64)
        self._scheduled = np.zeros(n, dtype=np.int64)
        self._moments: list[tuple[float, str, list[str]]] = []

    def start(self, now_s: int) -> None:
        """Put every signal into step, and listen to the supply."""
        supply, cycles = self._context.supply, self._cycles
        self._follow_time()
        self._coordinate()
        cycles.state[cycles.is_off_wanted] = State.OFF
        cycles.settle(now_s)
        supply.watch(self._layout.ids, self._hear)
        supply.watch(self._layout.computers, self._hear_computer)
        for i, signal in enumerate(self._layout.ids):
            if not supply.is_supplied(signal, "power"):
                self._settle(i)

    def _follow_time(self) -> None:
        """Do what the time table says now, and come back at its next change."""
        self._catch_up()
        clock, kernel = self._context.clock, self._context.kernel
        local = clock.local(kernel.now_s)
        minute = 60 * local.hour + local.minute
        self._scheduled[:] = pattern_at(minute, is_workday=is_workday(local.date()))
        for is_pedestrian in (False, True):
            kind = self._layout.is_off_at_night & (self._layout.is_pedestrian == is_pedestrian)
            self._cycles.is_off_wanted[kind] = is_off_at(minute, is_pedestrian=is_pedestrian)
        self._cycles.wanted[:] = self._wanted_patterns()
        for i in np.flatnonzero(self._cycles.state == State.OFF):
            self._settle(int(i))
        later = [m for m in CHANGE_MINUTES if m > minute]
        day = local if later else local + timedelta(days=1)
        due_s = clock.seconds_on(day, later[0] if later else CHANGE_MINUTES[0])
        # an hour that is skipped or comes twice must not make the time stand still
        kernel.at(max(due_s, kernel.now_s + 1.0), "signals", self._follow_time)

    def _wanted_patterns(self) -> NDArray[np.int64]:
        wanted = self._scheduled.copy()
        wanted[~self._cycles.is_coordinated] = _NUMBERS[_LOCAL]
        for i, number in self.forced.items():
            if number in _NUMBERS:
                wanted[i] = _NUMBERS[number]
        return wanted

    # --- what a signal does ---

    def _settle(self, i: int) -> None:
        """Bring a signal into the state its supply, faults and time table ask for."""
        self._catch_up()
        state = self._cycles.state
        wanted = self._wanted_state(i)
        was = State(state[i])
        if wanted == was or (wanted is State.RUNNING and was in (State.STARTUP, State.ALL_RED)):
            return
        if wanted is State.OFF and was is State.RUNNING:
            return  # at the end of its cycle
        self._starts[i] += 1
        if wanted is State.RUNNING:
            self._start_up(i, was)
        else:
            state[i] = wanted
        self._context.note(f"signal-{State(state[i]).name.lower()}", self._layout.ids[i])
        if wanted in (State.DARK, State.FLASH):
            self._remember(self._layout.ids[i], _TELLING[wanted])

    def _wanted_state(self, i: int) -> State:
        if not self._context.supply.is_supplied(self._layout.ids[i], "power"):
            return State.DARK
        if self._faults.get(i) or self.forced.get(i) == FLASH_PATTERN:
            return State.FLASH
        return State.OFF if self._cycles.is_off_wanted[i] else State.RUNNING

    def _start_up(self, i: int, was: State) -> None:
        """Boot and flash after darkness; then red for all, then the programme."""
        who, token, kernel = self._layout.ids[i], int(self._starts[i]), self._context.kernel
        if was is State.DARK:
            self._cycles.state[i] = State.STARTUP
            kernel.after(assumed("start_flash"), who, self._show_red, i, token, True)
        else:
            self._cycles.state[i] = State.STARTUP
            self._show_red(i, token, was is State.FLASH)

    def _show_red(self, i: int, token: int, was_hurt: bool) -> None:
        if token != self._starts[i]:
            return
        self._catch_up()
        self._cycles.state[i] = State.ALL_RED
        who = self._layout.ids[i]
        self._context.kernel.after(assumed("all_red"), who, self._run, i, token, was_hurt)

    def _run(self, i: int, token: int, was_hurt: bool) -> None:
        if token != self._starts[i]:
            return
        now_s = self._catch_up()
        self._cycles.begin(i, now_s)
        self._context.note("signal-running", self._layout.ids[i])
        if was_hurt:
            self._remember(self._layout.ids[i], _TELLING[State.RUNNING])

    def _hear(self, consumer: str, kind: SupplyKind, is_supplied: bool) -> None:
        if kind == "power":
            self._settle(self._layout.index[consumer])
        else:
            self._coordinate()

    def _hear_computer(self, consumer: str, kind: SupplyKind, is_supplied: bool) -> None:
        if is_supplied:
            self.regain_computer(consumer, kind)
        else:
            self.lose_computer(consumer, kind)

    def story(self) -> tuple[Moment, ...]:
        """Tell what went wrong and right again; signals of one moment together."""
        return tuple(
            Moment(at_s, who[0] if len(who) == 1 else f"{len(who)} signals", text)
            for at_s, text, who in self._moments
        )

    def _remember(self, who: str, text: str) -> None:
        at_s = self._context.kernel.now_s
        if self._moments and self._moments[-1][:2] == (at_s, text):
            self._moments[-1][2].append(who)
        elif len(self._moments) < _MOMENTS:
            self._moments.append((at_s, text, [who]))

    def _coordinate(self) -> None:
        """Let signals run alone whose computer or link is out, and join the others again."""
        self._catch_up()
        supply = self._context.supply
        up = np.array([not self._outages.get(name) for name in self._layout.computers])
        linked = np.array([supply.is_supplied(name, "link") for name in self._layout.ids])
        self._cycles.is_coordinated[:] = up[self._layout.computer] & linked
        self._cycles.wanted[:] = self._wanted_patterns()

    # --- faults, told by upkeep and scenarios ---

    def break_signal(self, signal: int, cause: str) -> None:
        """Let a signal flash for a cause."""
        self._faults.setdefault(signal, set()).add(cause)
        self._context.note("signal-fault", self._layout.ids[signal])
        self._settle(signal)

    def mend_signal(self, signal: int, cause: str = "") -> None:
        """Take a cause away, or all of them without one."""
        causes = self._faults.get(signal, set())
        causes.clear() if not cause else causes.discard(cause)
        self._settle(signal)

    def lose_computer(self, computer: str, cause: str) -> None:
        """Let the signals of a traffic computer run alone for a cause."""
        self._outages.setdefault(computer, set()).add(cause)
        self._context.note("signal-computer-lost", computer)
        self._remember(computer, "traffic computer lost: its signals run the day programme alone")
        self._coordinate()

    def regain_computer(self, computer: str, cause: str) -> None:
        """Take a cause away."""
        causes = self._outages.get(computer, set())
        if cause not in causes:
            return
        causes.remove(cause)
        if not causes:
            self._context.note("signal-computer-back", computer)
            self._remember(computer, "traffic computer back: its signals join their waves")
            self._coordinate()

    def set_pattern(self, signal: str, pattern: int) -> None:
        """Choose the programme of a signal; it takes effect at the end of the cycle.

        Parameters
        ----------
        signal : str
            Id.
        pattern : int
            1 to 4 as in `PATTERNS`, 255 to flash, 0 to follow the time table again.

        Raises
        ------
        ModelError
            Unknown signal or pattern, or a signal without power or link, which cannot be told.
        """
        i = self._layout.place(signal)
        if pattern not in {0, FLASH_PATTERN, *_NUMBERS}:
            raise ModelError(f"{signal} has no pattern {pattern}; 0, 1 to {len(PATTERNS)} or 255")
        self.require_listening(signal)
        self._catch_up()
        if pattern:
            self.forced[i] = pattern
        else:
            self.forced.pop(i, None)
        self._cycles.wanted[:] = self._wanted_patterns()
        self._context.note("signal-pattern", signal, pattern)
        self._settle(i)

    def is_listening(self, signal: str) -> bool:
        """Say whether a signal has power and a link, so that it can be told something."""
        supply = self._context.supply
        return supply.is_supplied(signal, "power") and supply.is_supplied(signal, "link")

    def require_listening(self, signal: str) -> None:
        """Refuse to tell a signal something that it cannot hear.

        Parameters
        ----------
        signal : str
            Id.

        Raises
        ------
        ModelError
            Unknown signal, or one without power or link.
        """
        self._layout.place(signal)
        if not self.is_listening(signal):
            has = self._context.supply.is_supplied(signal, "power")
            missing = "link" if has else "power"
            raise ModelError(f"{signal} has no {missing} and cannot be told anything")
