"""Moves a world in step with the wall clock, and keeps book of how well that went."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass

__all__ = ["PaceReport", "Pacer"]

log = logging.getLogger(__name__)

_KEPT_STEPS = 36_000  # percentiles are those of the last hour of steps of 100 ms
_WINDOW_S = 10.0
_WARN_EVERY_S = 60.0
_MOST_LATE_SHARE = 0.05
_FAR_BEHIND_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceReport:
    """How well a world kept real time.

    A step is behind by the time between when it was due and when its work was done.

    Parameters
    ----------
    seconds : float
        Real time since the start. [s]
    step_s : float
        Time between two steps. [s]
    steps : int
        Steps made.
    late : int
        Of these, done only after the next one was due.
    missed : int
        Steps not made on their own: their time had passed, and their work was done by a later
        one. No moment of the world is left out.
    busy_percent : float
        Share of the real time in which the world was moved. [%]
    behind_p50_ms, behind_p99_ms, behind_max_ms : float
        Median and 99th percentile over the last hour, and the worst of all. [ms]
    """

    seconds: float
    step_s: float
    steps: int
    late: int
    missed: int
    busy_percent: float
    behind_p50_ms: float
    behind_p99_ms: float
    behind_max_ms: float

    def as_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return asdict(self)


class Pacer:
    """Moves a world in step with the wall clock.

    Steps are due at whole multiples of their length since the start, so that being late once does
    not shift what comes later. A step that is late moves the world to now.

    Parameters
    ----------
    advance : callable
        Moves the world to a time since the start. [s]
    step_s : float
        Time between two steps. [s]  Must be > 0.
    clock : callable
        Monotonic clock. [s]

    Raises
    ------
    ValueError
        The step is not greater than 0.
    """

    def __init__(
        self,
        advance: Callable[[float], None],
        *,
        step_s: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not step_s > 0.0:
            raise ValueError(f"step_s is {step_s}, must be greater than 0")
        self._advance = advance
        self._step_s = step_s
        self._clock = clock
        self._started_s = clock()
        self._i_step = 0  # the last one that was due
        self._n_steps = self._n_late = self._n_missed = 0
        self._busy_s = self._worst_s = 0.0
        self._behind_s: deque[float] = deque(maxlen=_KEPT_STEPS)
        self._window_s, self._warned_s = 0.0, -math.inf
        self._window = [0, 0, 0.0]  # steps, late steps, worst [s]

    async def run(self) -> None:
        """Keep the pace until cancelled."""
        self._started_s = self._clock()
        while True:
            await asyncio.sleep(self.wait_s())
            self.step()

    def wait_s(self) -> float:
        """Return the time until the next step is due. [s]."""
        return max(0.0, self._started_s + (self._i_step + 1) * self._step_s - self._clock())

    def step(self) -> None:
        """Move the world to now, and note how late that was."""
        begun_s = self._clock() - self._started_s
        due_s = (self._i_step + 1) * self._step_s
        i_now = max(self._i_step + 1, math.floor(begun_s / self._step_s))
        self._advance(begun_s)
        done_s = self._clock() - self._started_s
        behind_s = max(0.0, done_s - due_s)
        self._n_steps += 1
        self._n_missed += i_now - self._i_step - 1
        self._n_late += behind_s > self._step_s
        self._busy_s += done_s - begun_s
        self._worst_s = max(self._worst_s, behind_s)
        self._behind_s.append(behind_s)
        self._i_step = i_now
        self._watch(done_s, behind_s)

    def _watch(self, now_s: float, behind_s: float) -> None:
        """Say so when real time is not kept, at most once a minute."""
        n_steps, n_late, worst_s = self._window
        n_steps, n_late = n_steps + 1, n_late + (behind_s > self._step_s)
        worst_s = max(worst_s, behind_s)
        self._window = [n_steps, n_late, worst_s]
        if now_s - self._window_s < _WINDOW_S:
            return
        self._window_s, self._window = now_s, [0, 0, 0.0]
        is_late = n_late > _MOST_LATE_SHARE * n_steps or worst_s > _FAR_BEHIND_S
        if is_late and now_s - self._warned_s >= _WARN_EVERY_S:
            self._warned_s = now_s
            log.warning(
                "real time is not kept: %d of the last %d steps late, the worst %.0f ms behind; "
                "emulate fewer devices or free the machine",
                n_late,
                n_steps,
                1e3 * worst_s,
            )

    def report(self) -> PaceReport:
        """Say how well real time was kept until now."""
        seconds = self._clock() - self._started_s
        ordered = sorted(self._behind_s)
        return PaceReport(
            seconds=round(seconds, 3),
            step_s=self._step_s,
            steps=self._n_steps,
            late=self._n_late,
            missed=self._n_missed,
            busy_percent=round(100.0 * self._busy_s / seconds, 2) if seconds > 0.0 else 0.0,
            behind_p50_ms=_milliseconds(ordered, 0.50),
            behind_p99_ms=_milliseconds(ordered, 0.99),
            behind_max_ms=round(1e3 * self._worst_s, 3),
        )


def _milliseconds(ordered: list[float], share: float) -> float:
    """Nearest-rank percentile of ordered times. [ms]."""
    if not ordered:
        return 0.0
    return round(1e3 * ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)
