"""The acts of the demo, each with its evidence: apply, roll back, and a device that dies twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, perf_counter, sleep

from controllers.drivers import make_driver
from controllers.intent import load_intent
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import DevicePlan, Plan
from controllers.ports import Device
from controllers.recover import recover, rollback
from controllers.runner import OnEvent, apply
from controllers.steps import Limits
from hil.emulators.control import FleetControl
from hil.rehearse import rehearse
from stellwerk.exits import Exit
from stellwerk.output import waiting
from stellwerk.workflow import Desk, read_back
from twin.model.attributes import Value, same_value
from twin.model.errors import InputError, StellwerkError

__all__ = ["Act", "Moved", "Story", "Timer", "WorldWatch", "first_act", "second_act"]


# The device is known to be dead, so the demo does not wait for it as long as a city would.
_IMPATIENT = Limits(patience_s=2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing the demo did, and what shows that it worked.

    Parameters
    ----------
    name, outcome, evidence : str
        What was done, how it ended, by which reading that is known.
    ok : bool
        It ended as it must.
    exit_code : int
        Exit code the command would have given.
    run : str
        Run in the journal; empty if none.
    """

    name: str
    outcome: str
    evidence: str
    ok: bool
    exit_code: int
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A value read twice."""

    device: str
    path: str
    first: Value
    later: Value


class Timer:
    """Adds up wall time by step; steps do not overlap.

    Attributes
    ----------
    seconds : dict
        Duration by step. [s]
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step.

        Parameters
        ----------
        name : str
            Name of the step.
        """
        begin = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - begin


@dataclass(slots=True, kw_only=True)
class Story:
    """What the demo works with and what it has found out.

    Parameters
    ----------
    desk : Desk
        City, devices, predictor.
    intent : Path
        The intent file.
    journal : Journal
        An open journal.
    control : FleetControl
        Kills and revives emulated devices.
    timer : Timer
        Adds up the seconds.
    say : callable
        Prints a line for the user.
    on_event : callable or None
        Told of each step on a device.

    Attributes
    ----------
    acts : list of Act
        What was done so far.
    replan_empty : bool
        True once planning again after the apply was empty.
    """

    desk: Desk
    intent: Path
    journal: Journal
    control: FleetControl
    timer: Timer
    say: Callable[[str], None]
    on_event: OnEvent | None = None
    acts: list[Act] = field(default_factory=list, init=False)
    replan_empty: bool = field(default=False, init=False)

    def record(self, act: Act) -> None:
        """Keep an act and tell the user."""
        self.acts.append(act)
        mark = "ok " if act.ok else "NOT AS IT MUST BE "
        self.say(f"{mark}{act.name}: {act.outcome} (exit {act.exit_code}); {act.evidence}")


def first_act(story: Story, plan: Plan) -> dict[str, str]:
    """Rehearse, apply and verify the plan, then take it back.

    Parameters
    ----------
    story : Story
        The demo.
    plan : Plan
        An applyable plan.

    Returns
    -------
    dict
        State by device after the apply.
    """
    devices = story.desk.devices
    with story.timer.step("rehearse"), waiting("rehearsing on copies"):
        rehearsal = rehearse(plan, devices)
        story.record(
            Act(
                name="rehearse",
                outcome=str(rehearsal.run.outcome),
                evidence=f"{len(plan.devices)} emulated copies read back",
                ok=rehearsal.is_good,
                exit_code=rehearsal.run.exit_code,
            )
        )
    if not rehearsal.is_good:
        raise InputError(f"the rehearsal failed: {rehearsal.run.reason}", hint="nothing was sent")
    with story.timer.step("apply"), waiting("applying"):
        gate = story.desk.gate(plan)
        result = apply(
            plan, devices, make_driver, story.journal, on_event=story.on_event, gate=gate
        )
    with story.timer.step("verify"), waiting("verifying"):
        wrong = read_back(plan, devices) if result.exit_code == Exit.OK else {"": ("not applied",)}
        replan = story.desk.plan(load_intent(story.intent), with_effect=False)
        story.replan_empty = replan.is_settled
        evidence = f"read back in new sessions, {len(wrong)} differ; plan again is " + (
            "empty" if replan.is_settled else "not empty"
        )
        story.record(
            Act(
                name="apply and verify",
                outcome=str(result.outcome),
                evidence=evidence,
                ok=result.exit_code == Exit.OK and not wrong and replan.is_settled,
                exit_code=result.exit_code,
                run=result.run,
            )
        )
    with story.timer.step("rollback"), waiting("rolling back"):
        _take_back(story, plan, result.run)
    return {name: str(state) for name, state in result.devices.items()}


def _take_back(story: Story, plan: Plan, run: str) -> None:
    result = rollback(story.journal, run, story.desk.devices, make_driver, on_event=story.on_event)
    left = _not_old(story, plan)
    story.record(
        Act(
            name="roll back",
            outcome=str(result.outcome),
            evidence=f"{len(plan.devices) - len(left)} of {len(plan.devices)} devices read back "
            "at their old values",
            ok=result.exit_code == Exit.OK and not left,
            exit_code=result.exit_code,
            run=result.run,
        )
    )


def _not_old(story: Story, plan: Plan, skip: str = "") -> tuple[str, ...]:
    """Read every planned device and name those that are not at their old values."""
    parts = {part.device: part for part in plan.devices if part.device != skip}
    live = read_live(
        [device for device in story.desk.devices if device.id in parts],
        make_driver,
        paths={name: tuple(part.undo) for name, part in parts.items()},
    )
    return tuple(
        name
        for name, part in parts.items()
        if name not in live.values
        or any(
            not same_value(part.kind, path, old, live.values[name][path])
            for path, old in part.undo.items()
        )
    )


def second_act(story: Story, plan: Plan, victim: DevicePlan, operation: str, *, half: bool) -> bool:
    """Apply again, let one device die in the middle, let it return, recover.

    Parameters
    ----------
    story : Story
        The demo.
    plan : Plan
        The plan, all devices at their old values.
    victim : DevicePlan
        The device that dies.
    operation : str
        Operation at which it dies.
    half : bool
        It returns with a half-written configuration instead of its old one.

    Returns
    -------
    bool
        True if every device, the dead one included, was read back at its old value.
    """
    word = "half-written" if half else "old"
    with story.timer.step(f"failure_{word.replace('-', '_')}"), waiting("a device dies"):
        story.control.kill_on(victim.device, operation)
        result = apply(
            plan,
            story.desk.devices,
            make_driver,
            story.journal,
            on_event=story.on_event,
            limits=_IMPATIENT,
        )
        others = _not_old(story, plan, skip=victim.device)
        state = str(result.devices.get(victim.device, ""))
        story.record(
            Act(
                name=f"{victim.device} dies at {operation}",
                outcome=f"{result.outcome}, as it must be",
                evidence=f"{len(plan.devices) - 1 - len(others)} of {len(plan.devices) - 1} others "
                "read back at their old values",
                ok=result.exit_code == Exit.NOT_RESTORED and not others
                and state == "indeterminate",
                exit_code=result.exit_code,
                run=result.run,
            )
        )  # fmt: skip
    with story.timer.step(f"recover_{word.replace('-', '_')}"), waiting("recovering"):
        return _recover(story, plan, victim, half=half) and not others


def _recover(story: Story, plan: Plan, victim: DevicePlan, *, half: bool) -> bool:
    targets = list(victim.target.items())
    kept = dict(targets[: max(1, len(targets) // 2)]) if half else {}
    story.control.revive(victim.device, {**victim.undo, **kept})
    _await_answer(story.desk.devices, victim.device)
    result = recover(story.journal, story.desk.devices, make_driver, on_event=story.on_event)
    left = _not_old(story, plan)
    state = "half-written" if half else "old"
    story.record(
        Act(
            name=f"{victim.device} returns with its {state} configuration, recover",
            outcome=", ".join(str(run.outcome) for run in result.runs) or "nothing to do",
            evidence=f"{len(plan.devices) - len(left)} of {len(plan.devices)} devices read back "
            "at their old values",
            ok=result.exit_code in (Exit.OK, Exit.RESTORED) and not left,
            exit_code=result.exit_code,
            run=", ".join(run.run for run in result.runs),
        )
    )
    return not left


def _await_answer(devices: Sequence[Device], name: str, *, limit_s: float = 20.0) -> None:
    device = next(device for device in devices if device.id == name)
    until_s = monotonic() + limit_s
    while not read_live([device], make_driver).values:
        if monotonic() > until_s:
            raise StellwerkError(f"{name} was revived and does not answer in {limit_s:g} s")


class WorldWatch:
    """Reads operational values when it is made and again later, over the wire.

    Parameters
    ----------
    devices : sequence of Device
        Whom to ask.
    paths : mapping
        Which values, by device id.
    """

    def __init__(self, devices: Sequence[Device], paths: Mapping[str, tuple[str, ...]]) -> None:
        self._asked = [device for device in devices if device.id in paths]
        self._paths = paths
        self._begin_s = monotonic()
        self._first = read_live(self._asked, make_driver, paths=paths).values

    def moved(self, *, apart_s: float = 5.0) -> tuple[tuple[Moved, ...], float]:
        """Read again and keep what differs.

        Parameters
        ----------
        apart_s : float
            Least time between the beginnings of the two readings. [s]

        Returns
        -------
        moved : tuple of Moved
            Values that differ.
        seconds : float
            Time between the beginnings of the readings. [s]
        """
        sleep(max(0.0, apart_s - (monotonic() - self._begin_s)))
        apart_s = monotonic() - self._begin_s
        later = read_live(self._asked, make_driver, paths=self._paths).values
        moved = tuple(
            Moved(device=name, path=path, first=value, later=later[name][path])
            for name, values in self._first.items()
            if name in later
            for path, value in values.items()
            if later[name][path] != value
        )
        return moved, apart_s
