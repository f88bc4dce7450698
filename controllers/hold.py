"""Who applies a plan, and how a run is held before anything is final until they decide."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from controllers.plan import Plan
from controllers.steps import State

__all__ = ["Answer", "Hold", "Operator", "Switch", "skipped_reasons", "wants_hold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person has decided about a run that is held.

    Parameters
    ----------
    goes_on : bool
        Confirm what was measured, or else take everything back.
    by : str
        Who.
    """

    goes_on: bool
    by: str


class Hold(Protocol):
    """Asks a person; neither method may block, for timers must be kept running meanwhile."""

    def ask(self, run: str, reasons: Sequence[str]) -> None:
        """Put the question; called once for each stop."""

    def answer(self) -> Answer | None:
        """Return what was decided, None as long as nothing was; asked some times a second."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who applies a plan.

    Parameters
    ----------
    name : str
        Stands in the journal.
    hold : Hold, optional
        Whom to ask where the plan says hold; without anybody that is a stop.
    clock : callable
        Their wall clock, for maintenance windows.
    """

    name: str = ""
    hold: Hold | None = None
    clock: Callable[[], datetime] = _now


class Switch:
    """A hold that another thread, or a signal handler, answers by `go` or `stop`.

    Parameters
    ----------
    by : str
        Who answers.
    """

    def __init__(self, by: str = "") -> None:
        self._by = by
        self._asked = threading.Event()
        self._answer: Answer | None = None
        self.reasons: tuple[str, ...] = ()

    def ask(self, run: str, reasons: Sequence[str]) -> None:
        """Note the question, and forget earlier answers: they were to something else."""
        self.reasons = tuple(reasons)
        self._answer = None
        self._asked.set()

    def answer(self) -> Answer | None:
        """Return what was decided, None as long as nothing was."""
        return self._answer

    def wait_asked(self, timeout_s: float) -> bool:
        """Wait until the question was put.

        Parameters
        ----------
        timeout_s : float
            Longest wait. [s]

        Returns
        -------
        bool
            True if it was.
        """
        return self._asked.wait(timeout_s)

    def go(self) -> None:
        """Let the run go on."""
        self._answer = Answer(goes_on=True, by=self._by)

    def stop(self) -> None:
        """Have everything taken back."""
        self._answer = Answer(goes_on=False, by=self._by)


def wants_hold(plan: Plan) -> bool:
    """Say whether a plan may have to be held; without anybody to ask, that is a stop.

    Parameters
    ----------
    plan : Plan
        The plan.
    """
    return "hold" in (plan.on_failure, plan.on_unreachable)


def skipped_reasons(
    plan: Plan, states: Mapping[str, State], reasons: Mapping[str, str]
) -> tuple[str, ...]:
    """Name the devices that were left out, where the plan wants a person to know.

    Parameters
    ----------
    plan : Plan
        The plan.
    states, reasons : mapping
        State and last complaint by device id.

    Returns
    -------
    tuple of str
        One line for each.
    """
    if plan.on_unreachable != "hold":
        return ()
    lost = dict(plan.unreachable) | {
        name: reasons.get(name, "") for name, state in states.items() if state is State.SKIPPED
    }
    return tuple(f"{name} was left out: {reason}" for name, reason in lost.items())
