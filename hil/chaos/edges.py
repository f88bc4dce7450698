"""The edges of the transaction that chaos must reach: a closed list, made from a table.

An edge is a result of a step in a phase, a way between phases, a reason to give up, an end of a
device or of the run, or a phase the controller was killed in. Results are told apart as far as
the machine does: done, silence (the outcome is unknown), and refusal (an answer, and nothing
done); a foreign lock, a foreign buffer and a refused login count alone where the machine minds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from controllers.steps import Done, Failed, Fault, Op, Outcome, Phase, State

__all__ = ["EDGES", "EXCLUDED", "Edge", "name_of", "result_of"]

Edge: TypeAlias = tuple[str, ...]

_MAIN = (Op.LOCK, Op.PREPARE, Op.COMMIT, Op.WRITE, Op.READ, Op.REARM)
_OF_A_WAVE = (Op.CONFIRM, Op.REAPPLY)  # of an earlier wave, given up while it was confirmed
_BACK = (Op.CANCEL, Op.DISCARD, Op.RESTORE)
_FORTH = (Op.CONFIRM, Op.DISCARD, Op.REAPPLY, Op.READ)

# Steps whose result can come in a phase. What was under way when the run was given up comes back
# in the undo; no other phase is left before all its steps have answered, but for the re-arming
# and the repeated reading that commit, verify and gate have in common.
_IN_PHASE: Mapping[Phase, tuple[Op, ...]] = MappingProxyType(
    {
        Phase.LOCK: (Op.LOCK,),
        Phase.PREPARE: (Op.PREPARE,),
        Phase.COMMIT: (Op.COMMIT, Op.WRITE, Op.REARM),
        Phase.VERIFY: (Op.READ, Op.REARM),
        Phase.GATE: (Op.GATE, Op.READ, Op.REARM),
        Phase.CONFIRM: (*_FORTH, Op.UNLOCK),
        Phase.UNDO: (*_MAIN, *_BACK, *_OF_A_WAVE, Op.GATE, Op.UNLOCK),
    }
)
# Why the result of a step comes in no other phase; all of them end, and begin, without a step.
_NOWHERE_ELSE: Mapping[Op, str] = MappingProxyType(
    {
        Op.LOCK: "the lock phase waits for every lock",
        Op.PREPARE: "the prepare phase waits for every candidate",
        Op.COMMIT: "the commit phase waits for every commit",
        Op.WRITE: "the commit phase waits for every write",
        Op.REARM: "no timer runs before the first commit, and a decision waits for those re-armed",
        Op.READ: "nothing is read back before the first commit",
        Op.GATE: "the gate is asked in its own phase, and answers late only to an undo",
        Op.CONFIRM: "nothing is confirmed before the decision",
        Op.REAPPLY: "nothing is written again before the decision",
        Op.CANCEL: "nothing is taken back outside the undo",
        Op.RESTORE: "nothing is taken back outside the undo",
        Op.DISCARD: "nothing is emptied outside the undo and the roll-forward",
        Op.UNLOCK: "nothing is let go before it was decided or undone",
    }
)
_RESULTS = ("done", "silence", "refusal")
_ALONE: Mapping[tuple[Op, Fault], str] = MappingProxyType(
    {
        (Op.LOCK, Fault.LOCKED): "locked",
        (Op.DISCARD, Fault.CONFLICT): "conflict",
        (Op.PREPARE, Fault.AUTH): "auth",
        (Op.RESTORE, Fault.AUTH): "auth",
        (Op.REAPPLY, Fault.AUTH): "auth",
    }
)
_ONE_RESULT: Mapping[Op, tuple[str, ...]] = MappingProxyType(
    {
        Op.UNLOCK: ("done",),
        Op.GATE: ("done", "refusal"),
    }
)
_NO_SUCH_RESULT: Mapping[Op, str] = MappingProxyType(
    {
        Op.UNLOCK: "a session that ends has no other answer",
        Op.GATE: "the gate is asked inside the controller, which cannot be silent to itself",
    }
)

# Phases follow one another; the undo is entered from every phase before the decision and left for
# the end only; a recovery starts in one of the two programs.
_WAYS: tuple[tuple[Phase, Phase], ...] = (
    (Phase.START, Phase.LOCK),
    (Phase.START, Phase.UNDO),
    (Phase.START, Phase.CONFIRM),
    (Phase.LOCK, Phase.PREPARE),
    (Phase.PREPARE, Phase.COMMIT),
    (Phase.COMMIT, Phase.VERIFY),
    (Phase.VERIFY, Phase.COMMIT),
    (Phase.VERIFY, Phase.GATE),
    (Phase.VERIFY, Phase.CONFIRM),
    (Phase.GATE, Phase.CONFIRM),
    (Phase.CONFIRM, Phase.PREPARE),
    (Phase.CONFIRM, Phase.END),
    (Phase.UNDO, Phase.END),
    *((phase, Phase.UNDO) for phase in (Phase.LOCK, Phase.PREPARE, Phase.COMMIT)),
    *((phase, Phase.UNDO) for phase in (Phase.VERIFY, Phase.GATE, Phase.CONFIRM)),
)

_STEP_FAULTS = (Fault.UNREACHABLE, Fault.BROKEN, Fault.AUTH, Fault.REFUSED)
_ANYTIME = (Fault.INTERRUPTED, Fault.JOURNAL)
_GIVES_UP: Mapping[Phase, tuple[Fault, ...]] = MappingProxyType(
    {
        # A journal that fails here ends the controller: nothing was sent that leaves a trace.
        Phase.LOCK: (*_STEP_FAULTS, Fault.LOCKED, Fault.STALE, Fault.INTERRUPTED),
        Phase.PREPARE: (
            *_STEP_FAULTS,
            *_ANYTIME,
            Fault.LOCKED,
            Fault.CONFLICT,
            Fault.MISMATCH,
        ),
        Phase.COMMIT: (*_STEP_FAULTS, *_ANYTIME, Fault.LOCKED, Fault.MISMATCH, Fault.LAPSED),
        Phase.VERIFY: (*_STEP_FAULTS, *_ANYTIME, Fault.MISMATCH, Fault.LAPSED),
        Phase.GATE: (*_STEP_FAULTS, *_ANYTIME, Fault.MISMATCH, Fault.LAPSED, Fault.GATE),
        # Between waves only: a wave that is not confirmed everywhere takes the earlier ones back.
        Phase.CONFIRM: (Fault.UNREACHABLE, *_ANYTIME),
    }
)
_SETTLES: Mapping[Phase, tuple[State, ...]] = MappingProxyType(
    {
        Phase.LOCK: (State.SKIPPED,),
        Phase.CONFIRM: (State.CONFIRMED, State.DIVERGENT),
        Phase.UNDO: (State.UNTOUCHED, State.RESTORED, State.INDETERMINATE),
    }
)
_PHASES = tuple(phase for phase in Phase if phase is not Phase.START)


def result_of(event: Done | Failed) -> str:
    """Name the result of a step as far as the machine tells it apart."""
    if isinstance(event, Done):
        return "done"
    if event.fault in (Fault.UNREACHABLE, Fault.BROKEN):
        return "silence"
    return _ALONE.get((event.op, event.fault), "refusal")


def _results(phase: Phase, op: Op) -> Iterator[Edge]:
    results = _ONE_RESULT.get(op, _RESULTS)
    alone = tuple(name for (of, _), name in _ALONE.items() if of is op)
    return (("result", phase, op, result) for result in (*results, *alone))


def _all() -> Iterator[Edge]:
    for phase, ops in _IN_PHASE.items():
        for op in ops:
            yield from _results(phase, op)
    yield from (("way", before, after) for before, after in _WAYS)
    for phase, faults in _GIVES_UP.items():
        yield from (("gives-up", phase, fault) for fault in faults)
    for phase, states in _SETTLES.items():
        yield from (("settles", phase, state) for state in states)
    yield from (("ends", outcome) for outcome in Outcome)
    yield from (("killed", phase) for phase in _PHASES)


EDGES: frozenset[Edge] = frozenset(_all())


def _excluded() -> Iterator[tuple[Edge, str]]:
    for phase in Phase:
        for op in Op:
            for result in _RESULTS:
                edge = ("result", phase, op, result)
                if edge in EDGES:
                    continue
                is_here = op in _IN_PHASE.get(phase, ())
                yield edge, _NO_SUCH_RESULT[op] if is_here else _NOWHERE_ELSE[op]


EXCLUDED: Mapping[Edge, str] = MappingProxyType(dict(_excluded()))


def name_of(edge: Edge) -> str:
    """Write an edge as a person reads it: ``result: commit, write, silence``."""
    return f"{edge[0]}: {', '.join(edge[1:])}"
