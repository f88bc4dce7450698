"""How a phase and a run have ended: in words, and as an exit code."""

from __future__ import annotations

from controllers.plan_words import counted
from controllers.steps import Fault, Outcome, Phase, State
from controllers.transaction import Transaction

__all__ = ["DONE", "PERSON", "exit_code_of", "phase_outcome"]

DONE, PERSON = 0, 5
_ERROR, _RESTORED, _LATER, _INTERRUPTED = 1, 4, 75, 130


def phase_outcome(
    machine: Transaction, phase: Phase, following: Phase, *, has_written: bool
) -> str:
    """Say how a phase has ended.

    Parameters
    ----------
    machine : Transaction
        The run.
    phase, following : Phase
        The phase, and the one that was entered after it.
    has_written : bool
        Anything was written to a device.

    Returns
    -------
    str
        ``ok``, or what did not end well.
    """
    if following is Phase.UNDO:
        _, device, reason = machine.cause
        return f"given up: {device}: {reason}" if device else f"given up: {reason}"
    if phase not in (Phase.UNDO, Phase.CONFIRM):
        return "ok"
    states = list(machine.states().values())
    lost = [
        f"{counted(states.count(state), 'device')} {state}"
        for state in (State.INDETERMINATE, State.DIVERGENT)
        if state in states
    ]
    if phase is Phase.UNDO and not (lost or has_written):
        return "nothing was written"
    return ", ".join(lost) or "ok"


def exit_code_of(outcome: Outcome, fault: Fault | None, *, has_written: bool) -> int:
    """Say how a run has ended as an exit code.

    Parameters
    ----------
    outcome : Outcome
        Its end state.
    fault : Fault or None
        Why it was given up.
    has_written : bool
        A commit or a write was sent.

    Returns
    -------
    int
        See `controllers.runner.RunResult`.
    """
    if outcome is Outcome.CONFIRMED:
        return DONE
    if outcome is not Outcome.RESTORED:
        return PERSON
    if fault is Fault.INTERRUPTED:
        return _INTERRUPTED
    if has_written or fault is None:
        return _RESTORED
    if fault in (Fault.LOCKED, Fault.UNREACHABLE, Fault.CONFLICT):
        return _LATER
    return _ERROR if fault in (Fault.STALE, Fault.AUTH, Fault.BROKEN) else _RESTORED
