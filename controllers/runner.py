"""Applies a plan to devices as one transaction."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from controllers.drive import OnEvent, RunResult, StepEvent, Watch, drive
from controllers.endings import DONE
from controllers.history import open_devices, plan_record
from controllers.hold import Operator, wants_hold
from controllers.journal import Journal
from controllers.live import boot_clock
from controllers.plan import Plan, members_of
from controllers.ports import Device, DriverFactory
from controllers.skipping import skipping
from controllers.steps import Limits, Note, Outcome
from controllers.transaction import Transaction
from controllers.verify import KpiGate
from controllers.waves import MOST_TOGETHER
from controllers.windows import require_window, undo_reserve_s
from twin.model.errors import DeviceConflict, InputError

__all__ = ["OnEvent", "RunResult", "StepEvent", "apply", "drive", "members_in"]


def apply(
    plan: Plan,
    devices: Sequence[Device],
    make_driver: DriverFactory,
    journal: Journal,
    *,
    on_event: OnEvent | None = None,
    gate: KpiGate | None = None,
    limits: Limits | None = None,
    n_threads: int = 16,
    operator: Operator | None = None,
) -> RunResult:
    """Apply a plan as one transaction.

    Parameters
    ----------
    plan : Plan
        What to do.
    devices : sequence of Device
        The inventory.
    make_driver : DriverFactory
        Makes the drivers.
    journal : Journal
        An open journal.
    on_event : callable, optional
        Told of each step.
    gate : KpiGate, optional
        Asked before anything is confirmed.
    limits : Limits, optional
        How long things may take.
    n_threads : int
        Steps under way at most, but for devices that are switched together.
    operator : Operator, optional
        Who applies it, whom to ask where the plan says hold, and their clock.

    Returns
    -------
    RunResult
        How it ended; see its exit code. A run that its window overtakes is taken back.

    Raises
    ------
    OutsideWindow
        No maintenance window is open, or it closes too soon.
    PolicyRefused
        A finding forbids the plan.
    DeviceUnreachable
        The plan has devices that could not be read and does not skip them.
    DeviceConflict
        A device is still open in an earlier run: recover first.
    JournalBusy
        Another controller works with this journal.
    JournalError
        The journal cannot be written, and no device was.
    InputError
        The plan names a device the inventory does not have.
    """
    limits = limits or Limits()
    who = operator or Operator()
    plan.require_applyable()
    if plan.no_op:
        return RunResult(run="", outcome=Outcome.CONFIRMED, exit_code=DONE, devices={})
    members = members_in(plan, devices)
    n_threads = max(n_threads, _most_at_once(plan))
    now = who.clock()
    closes = require_window(plan, limits, n_threads, now)
    closes_s = boot_clock() + (closes - now).total_seconds() if closes else math.inf
    with journal.lease("apply"):
        held = open_devices(journal)
        for device in members:
            if device.id in held:
                raise DeviceConflict(
                    device.id,
                    f"is still open in run {held[device.id]}; run `stellwerk recover` first",
                )
        undo_from_s = closes_s - undo_reserve_s(plan, limits, n_threads)
        watch = Watch(gate=gate, hold=who.hold, undo_from_s=undo_from_s)

        def once(chosen: Plan) -> RunResult:
            run, token = _new_run(), secrets.token_hex(8)
            begin = plan_record(chosen, token, limits) | {"applied_by": who.name}
            journal.append(run, [Note("begin", "", begin)])
            machine = _machine(chosen, run, token, limits, watch)
            return drive(
                machine,
                machine.start,
                chosen,
                members_in(chosen, devices),
                make_driver,
                journal,
                run=run,
                on_event=on_event,
                watch=watch,
                n_threads=n_threads,
            )

        return skipping(plan, once)


def _machine(plan: Plan, run: str, token: str, limits: Limits, watch: Watch) -> Transaction:
    return Transaction(
        members_of(plan),
        run=run,
        token=token,
        confirm_timeout_s=plan.confirm_timeout_s,
        limits=limits,
        by_wave=plan.atomic == "wave",
        # The machine leaves out any device; of a mesh none may stay behind, so `skipping` chooses.
        may_skip=plan.on_unreachable != "refuse" and not any(p.mesh for p in plan.devices),
        has_gate=watch.gate is not None or wants_hold(plan),
    )


def _most_at_once(plan: Plan) -> int:
    """Count the devices of the largest step that must be one instant."""
    steps = Counter((part.wave, part.order) for part in plan.devices)
    sizes = [steps[part.wave, part.order] for part in plan.devices if part.mesh]
    return min(max(sizes, default=0), MOST_TOGETHER)


def _new_run() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def members_in(plan: Plan, devices: Sequence[Device]) -> tuple[Device, ...]:
    """Find the devices of a plan in the inventory.

    Raises
    ------
    InputError
        One is not there, or is of another kind.
    """
    known = {device.id: device for device in devices}
    for part in plan.devices:
        if part.device not in known or known[part.device].kind != part.kind:
            raise InputError(
                f"the plan has {part.kind} {part.device}, the inventory does not",
                hint="use the inventory the plan was made with, or plan again",
            )
    return tuple(known[part.device] for part in plan.devices)
