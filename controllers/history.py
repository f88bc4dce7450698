"""What a journal says about runs: their plan, how far they came, and what is still open."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from controllers.journal import Journal, Record
from controllers.plan import Plan
from controllers.plan_file import parse_plan, plan_data
from controllers.steps import Limits, Note, Op, Outcome, State
from controllers.transaction import Resumed
from twin.model.errors import InputError, JournalDamaged, JournalError

__all__ = [
    "Facts",
    "History",
    "history_of",
    "open_devices",
    "open_runs",
    "plan_record",
    "replay",
    "runs_in",
]

_CLOSED = (Outcome.CONFIRMED.value, Outcome.RESTORED.value)
_OPEN = (State.OPEN, State.INDETERMINATE, State.DIVERGENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the journal says about one run.

    Parameters
    ----------
    run : str
        Its id.
    begun : str
        When, UTC.
    plan : Plan
        What was to be done.
    token : str
        The random part of its persist ids.
    limits : Limits
        Its limits.
    known : mapping
        What is known by device id.
    is_decided : bool
        The decision of the last wave was taken.
    outcome : Outcome or None
        How it ended; None if it did not.
    reason : str
        Why it was given up.
    n_records : int
        Records it has.
    """

    run: str
    begun: str
    plan: Plan
    token: str
    limits: Limits
    known: Mapping[str, Resumed]
    is_decided: bool
    outcome: Outcome | None
    reason: str
    n_records: int

    @property
    def open_devices(self) -> tuple[str, ...]:
        """Devices of which it is not known, or not as it should be, how they ended."""
        if self.outcome is None:
            return tuple(self.known)
        return tuple(device for device, facts in self.known.items() if facts.state in _OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the records of a run amount to; see `History`."""

    known: Mapping[str, Resumed]
    is_decided: bool
    outcome: Outcome | None
    reason: str


def plan_record(plan: Plan, token: str, limits: Limits) -> dict[str, Any]:
    """Make the payload of the first record of a run: all that recovery needs."""
    return {
        "plan": plan_data(replace(plan, effect=None)),
        "token": token,
        "limits": {
            "step_s": limits.step_s,
            "patience_s": limits.patience_s,
            "margin_s": limits.margin_s,
            "pause_s": limits.pause_s,
        },
    }


def runs_in(journal: Journal) -> tuple[History, ...]:
    """Tell the history of every run, oldest first.

    Raises
    ------
    JournalError
        The journal cannot be read or does not begin a run as it must.
    """
    of_run: dict[str, list[Record]] = {}
    for record in journal.records():
        of_run.setdefault(record.run, []).append(record)
    return tuple(_told(run, records) for run, records in of_run.items())


def open_runs(journal: Journal) -> tuple[History, ...]:
    """Tell the history of the runs that are not closed, oldest first.

    Raises
    ------
    JournalError
        The journal cannot be read or does not begin a run as it must.
    """
    closed: dict[str, bool] = {}
    for record in journal.records(kinds=("end", "resumed")):
        closed[record.run] = record.payload.get("outcome") in _CLOSED
    told = (history_of(journal, run) for run in journal.runs() if not closed.get(run, False))
    return tuple(history for history in told if history.open_devices)


def history_of(journal: Journal, run: str) -> History:
    """Tell the history of one run.

    Raises
    ------
    InputError
        There is no such run.
    JournalError
        The journal cannot be read.
    """
    records = journal.records(run)
    if not records:
        last = ", ".join(journal.runs()[-3:]) or "none"
        raise InputError(f"no run {run!r} in {journal.store}", hint=f"the last runs are {last}")
    return _told(run, records)


def open_devices(journal: Journal) -> dict[str, str]:
    """List devices that an earlier run has left open.

    Returns
    -------
    dict
        Run by device id.
    """
    return {device: told.run for told in open_runs(journal) for device in told.open_devices}


def _told(run: str, records: Sequence[Record]) -> History:
    first = records[0]
    if first.kind != "begin":
        raise JournalDamaged(f"record {first.seq}: run {run} does not begin with its plan")
    try:
        plan = parse_plan(json.dumps(first.payload["plan"]), f"record {first.seq}")
        limits = Limits(**first.payload["limits"])
        token = str(first.payload["token"])
    except (InputError, KeyError, TypeError, ValueError) as err:
        raise JournalError(f"record {first.seq}: the plan of run {run} is unusable: {err}") from err
    facts = replay(records, [part.device for part in plan.devices])
    return History(
        run=run,
        begun=first.at,
        plan=plan,
        token=token,
        limits=limits,
        known=facts.known,
        is_decided=facts.is_decided,
        outcome=facts.outcome,
        reason=facts.reason,
        n_records=len(records),
    )


def replay(entries: Iterable[Record | Note], devices: Sequence[str]) -> Facts:
    """Replay the records of one run.

    Parameters
    ----------
    entries : iterable of Record or Note
        What was written, in order.
    devices : sequence of str
        Its members.

    Returns
    -------
    Facts
        What recovery starts from.
    """
    sent: dict[str, set[Op]] = {device: set() for device in devices}
    states = dict.fromkeys(devices, State.OPEN)
    evidence: dict[str, str] = {}
    is_decided, reason = False, ""
    outcome: Outcome | None = None
    for entry in entries:
        payload, device = entry.payload, entry.device
        if entry.kind == "send" and device in sent:
            sent[device].add(Op(payload["op"]))
        elif entry.kind == "settled":
            states[device] = State(payload["state"])
        elif entry.kind == "decision":
            is_decided = is_decided or bool(payload["is_last"])
            evidence.update(payload["evidence"])
        elif entry.kind == "giving-up":
            reason = str(payload["reason"])
        elif entry.kind in ("end", "resumed"):
            outcome = Outcome(payload["outcome"]) if entry.kind == "end" else None
    known = {
        device: Resumed(
            state=states[device], sent=frozenset(ops), evidence=evidence.get(device, "")
        )
        for device, ops in sent.items()
    }
    return Facts(known=known, is_decided=is_decided, outcome=outcome, reason=reason)
