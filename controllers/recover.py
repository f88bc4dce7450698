"""Takes up runs that a crash or a dead device left open, and takes finished runs back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from controllers.history import History, history_of, open_runs
from controllers.journal import Journal
from controllers.plan import Plan, members_of, reverse_plan
from controllers.ports import Device, DriverFactory
from controllers.runner import OnEvent, RunResult, apply, drive, members_in
from controllers.steps import Limits, Note, Outcome, State
from controllers.transaction import Transaction
from controllers.verify import KpiGate
from twin.model.errors import InputError

__all__ = ["RecoverResult", "recover", "reverse_of", "rollback"]

_DONE, _PERSON = 0, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverResult:
    """What recovery did.

    Parameters
    ----------
    runs : tuple of RunResult
        One for each run that was open, oldest first.
    exit_code : int
        0 if nothing is open any more, 5 if a person is still needed.
    """

    runs: tuple[RunResult, ...]
    exit_code: int


def recover(
    journal: Journal,
    devices: Sequence[Device],
    make_driver: DriverFactory,
    *,
    on_event: OnEvent | None = None,
    limits: Limits | None = None,
    n_threads: int = 16,
) -> RecoverResult:
    """Bring every device of every open run to the state the journal says it must have.

    Runs that were not decided are undone, decided ones rolled forward. Doing it again changes
    nothing. Devices that still do not answer stay open.

    Parameters
    ----------
    journal : Journal
        An open journal; its chain is verified first.
    devices : sequence of Device
        The inventory.
    make_driver : DriverFactory
        Makes the drivers.
    on_event : callable, optional
        Told of each step.
    limits : Limits, optional
        How long things may take; by default those of the run.
    n_threads : int
        Steps under way at most.

    Returns
    -------
    RecoverResult
        What became of each open run.

    Raises
    ------
    JournalDamaged
        The journal is not as it was written: nothing is done, a person must look.
    JournalBusy
        Another controller works with this journal.
    JournalError
        It cannot be read or written.
    InputError
        The inventory lacks a device of an open run.
    """
    with journal.lease("recover"):
        journal.verify()
        results = tuple(
            _take_up(told, journal, devices, make_driver, on_event, limits, n_threads)
            for told in open_runs(journal)
        )
    good = (Outcome.CONFIRMED, Outcome.RESTORED)
    is_clean = all(result.outcome in good for result in results)
    return RecoverResult(runs=results, exit_code=_DONE if is_clean else _PERSON)


def _take_up(
    told: History,
    journal: Journal,
    devices: Sequence[Device],
    make_driver: DriverFactory,
    on_event: OnEvent | None,
    limits: Limits | None,
    n_threads: int,
) -> RunResult:
    plan = told.plan
    members = members_in(plan, devices)
    machine = Transaction(
        members_of(plan),
        run=told.run,
        token=told.token,
        confirm_timeout_s=plan.confirm_timeout_s,
        limits=limits or told.limits,
        by_wave=plan.atomic == "wave",
    )
    way = "forward" if told.is_decided else "back"
    journal.append(told.run, [Note("resumed", "", {"way": way})])
    return drive(
        machine,
        partial(machine.resume, known=told.known, is_decided=told.is_decided),
        plan,
        members,
        make_driver,
        journal,
        run=told.run,
        on_event=on_event,
        n_threads=n_threads,
    )


def reverse_of(journal: Journal, run: str) -> Plan:
    """Make the plan that takes a confirmed run back.

    Parameters
    ----------
    journal : Journal
        An open journal; its chain is verified first.
    run : str
        Id of the run.

    Returns
    -------
    Plan
        To be checked, rehearsed and applied like any other, without effect and findings yet. A
        device that was changed since is stale when it is applied: nothing is written.

    Raises
    ------
    InputError
        There is no such run, or it was not confirmed.
    JournalDamaged
        The journal is not as it was written.
    JournalError
        It cannot be read.
    """
    journal.verify()
    told = history_of(journal, run)
    if told.outcome is not Outcome.CONFIRMED:
        state = told.outcome.value if told.outcome else "not finished"
        raise InputError(
            f"run {run} is {state}: only a confirmed run can be taken back",
            hint="stellwerk recover finishes open runs",
        )
    changed = tuple(
        part for part in told.plan.devices if told.known[part.device].state is not State.SKIPPED
    )
    return reverse_plan(
        replace(told.plan, devices=changed), name=f"undo of {told.plan.name} ({run})"
    )


def rollback(
    journal: Journal,
    run: str,
    devices: Sequence[Device],
    make_driver: DriverFactory,
    *,
    on_event: OnEvent | None = None,
    gate: KpiGate | None = None,
    limits: Limits | None = None,
    n_threads: int = 16,
) -> RunResult:
    """Take a confirmed run back, as a new run: `reverse_of`, then `controllers.runner.apply`.

    Parameters
    ----------
    journal : Journal
        An open journal.
    run : str
        Id of the run.
    devices, make_driver, on_event, gate, limits, n_threads
        See `controllers.runner.apply`.

    Returns
    -------
    RunResult
        How the new run ended. A device that was changed since is stale: nothing is written.

    Raises
    ------
    StellwerkError
        See `reverse_of` and `controllers.runner.apply`.
    """
    return apply(
        reverse_of(journal, run),
        devices,
        make_driver,
        journal,
        on_event=on_event,
        gate=gate,
        limits=limits,
        n_threads=n_threads,
    )
