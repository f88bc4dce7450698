"""The invariants of a transaction, checked at every record, every step and at rest.

I1 all devices old, or all new from the decision on. I2 nothing is confirmed unless all of it was
verified. I3 at rest no armed timer, no lock, no candidate of ours. I4 nothing is sent before its
record is durable. I5 recovery of a closed run does nothing. I6 "applied" has evidence. I7 every
run ends in bounded time, and confirms if nothing disturbs it. I8 no change cuts off a
device. I9 what somebody else did is never overwritten. I10 what is not known is not claimed. I11 a
wave begins when the earlier ones are verified. I12 no secret in a record. I13 the chain holds, or
its break is found. I14 two controllers never work at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from controllers.history import Facts
from controllers.steps import Command, MemberSpec, Note, Op, Outcome, Phase, State
from hil.chaos.devices import ARMABLE, FOREIGN, MemoryDevice
from hil.chaos.world import World

if TYPE_CHECKING:
    from hil.chaos.controller import Controller

__all__ = ["SECRET", "Violation", "Watch", "check_end", "check_released", "check_rest"]

SECRET = "hunter2-the-password-of-the-devices"  # noqa: S105 - a canary: it must never be seen
_FIRST_WRITES = frozenset((Op.PREPARE, Op.COMMIT, Op.WRITE))
_COMMITS = frozenset((Op.COMMIT, Op.WRITE))
_FORWARD = frozenset((Op.CONFIRM, Op.REAPPLY))
_BACK = frozenset((Op.CANCEL, Op.RESTORE))
_RELEASED = (State.RESTORED, State.UNTOUCHED, State.CONFIRMED, State.SKIPPED)


class Violation(Exception):
    """An invariant does not hold.

    Parameters
    ----------
    invariant : str
        Its number, such as ``I4``.
    what : str
        What was seen.
    """

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(invariant, what)
        self.invariant = invariant
        self.what = what

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


class Watch:
    """Watches one run: what was recorded, sent and carried out.

    Parameters
    ----------
    world : World
        Where it happens.
    specs : sequence of MemberSpec
        The members of the run.
    """

    __slots__ = (
        "_announced",
        "_cancelled",
        "_committed",
        "_decided",
        "_fresh",
        "_is_final",
        "_phase",
        "_skipped",
        "_specs",
        "_verified",
        "_world",
    )

    def __init__(self, world: World, specs: Sequence[MemberSpec]) -> None:
        self._world = world
        self._specs = {spec.device: spec for spec in specs}
        self._phase: str = Phase.START
        self._announced: dict[str, tuple[str, int]] = {}
        self._fresh: set[str] = set()
        self._verified: set[str] = set()
        self._committed: set[str] = set()
        self._cancelled: set[str] = set()
        self._skipped: set[str] = set()
        self._decided: set[str] = set()
        self._is_final = False

    # ------------------------------------------------------------------ records

    def noted(self, notes: Sequence[Note]) -> None:
        """Check records that were just written."""
        journal = self._world.journal
        tell = self._world.tell
        seq = len(journal.rows) - len(notes)
        for note in notes:
            seq += 1
            kind = note.kind
            if tell is not None:
                tell(self._world.env.now, note.device, f"record {seq} {kind} {_told(note.payload)}")
            if kind == "send":
                self._announced[note.device] = (note.payload["op"], seq)
            elif kind == "done":
                self._done(note)
            elif kind in _ON_NOTE:
                _ON_NOTE[kind](self, note)
            if SECRET in journal.rows[seq - 1]["payload"]:
                raise Violation("I12", f"a secret is in record {seq}")

    def _done(self, note: Note) -> None:
        op = note.payload["op"]
        if op not in ("lock", "read"):
            return
        spec = self._specs[note.device]
        values = note.payload["values"]
        wanted = spec.before if op == "lock" else spec.after
        agrees = all(values.get(path) == value for path, value in wanted.items())
        if agrees:
            (self._fresh if op == "lock" else self._verified).add(note.device)

    def _on_phase(self, note: Note) -> None:
        phase: str = note.payload["phase"]
        self._reached("way", self._phase, phase)
        self._phase = phase

    def _on_resumed(self, note: Note) -> None:
        self._phase = Phase.START
        self._announced.clear()
        self._fresh.clear()

    def _on_giving_up(self, note: Note) -> None:
        self._reached("gives-up", self._phase, note.payload["fault"])

    def _on_end(self, note: Note) -> None:
        self._reached("way", self._phase, Phase.END)
        self._reached("ends", note.payload["outcome"])

    def _on_settled(self, note: Note) -> None:
        world, name = self._world, note.device
        state = State(note.payload["state"])
        self._reached("settles", self._phase, state)
        if state is State.SKIPPED:
            self._skipped.add(name)
        if state in (State.RESTORED, State.CONFIRMED) and not note.payload.get("evidence"):
            raise Violation("I6", f"{name} is called {state} without evidence")
        device = world.devices[name]
        device.settle(world.env.now)
        wanted = {
            State.RESTORED: device.spec.before,
            State.UNTOUCHED: device.values if device.foreign else device.spec.before,
            State.CONFIRMED: device.spec.after,
        }.get(state)
        if wanted is not None and not device.holds(wanted):
            raise Violation("I10", f"{name} is called {state} and holds {device.config()}")
        if wanted is not None and device.is_armed:
            raise Violation("I3", f"{name} is called {state} and is armed")

    def _on_decision(self, note: Note) -> None:
        evidence: Mapping[str, str] = note.payload["evidence"]
        wave = note.payload["wave"]
        by_wave = self._world.schedule.by_wave
        due = {
            name
            for name, spec in self._specs.items()
            if name not in self._skipped and (not by_wave or spec.wave == wave)
        }
        if due != set(evidence):
            raise Violation("I2", f"decided without {sorted(due - set(evidence))}")
        unproved = [
            name for name, proof in evidence.items() if not proof or name not in self._verified
        ]
        if unproved:
            raise Violation("I2", f"decided without evidence from {unproved}")
        if cut := [name for name in sorted(due) if self._world.is_cut_off(name)]:
            raise Violation("I8", f"decided while {cut} are cut off by {self._world.schedule.core}")
        self._decided |= due
        self._is_final = self._is_final or note.payload["is_last"]

    def _reached(self, *edge: str) -> None:
        self._world.reach.edges.add(edge)

    # ------------------------------------------------------------------ steps

    def sending(self, controller: Controller, command: Command) -> None:
        """Check a step that is about to be sent."""
        world, name, op = self._world, command.device, command.op
        if world.journal.holder is not controller:
            raise Violation("I14", f"{op} to {name} by a controller without the lease")
        announced, seq = self._announced.pop(name, ("", 0))
        if announced != op or seq > world.journal.n_synced:
            raise Violation("I4", f"{op} to {name} without a durable record")
        if op in _FIRST_WRITES:
            self._check_first_write(command)
        elif op in _FORWARD and name not in self._decided:
            raise Violation("I2", f"{op} to {name} before the decision")
        elif op in _BACK:
            self._check_back(name, op)
        if tell := world.tell:
            tell(world.env.now, name, f"sent {op}")

    def _check_first_write(self, command: Command) -> None:
        name, op = command.device, command.op
        spec = self._specs[name]
        if name not in self._fresh:
            raise Violation("I9", f"{op} to {name}, not locked or not as the plan was made from")
        if op not in _COMMITS:
            return
        if spec.device_class in ARMABLE and command.confirm_timeout_s is None:
            raise Violation("I1", f"{op} to {name} for good before the decision")
        for other in self._specs.values():
            is_due = other.wave < spec.wave and other.device not in self._skipped
            if is_due and other.device not in self._verified:
                raise Violation("I11", f"{op} to {name} before {other.device} was verified")
        self._verified.discard(name)
        self._committed.add(name)
        self._cancelled.discard(name)

    def _check_back(self, name: str, op: Op) -> None:
        if self._is_final:
            raise Violation("I1", f"{op} to {name} after the decision")
        if op is Op.CANCEL:
            self._cancelled.add(name)
            return
        is_armable = self._specs[name].device_class in ARMABLE
        if is_armable and name in self._committed and name not in self._cancelled:
            raise Violation("I3", f"{op} to {name}, whose commit was never cancelled")

    def executed(self, device: MemoryDevice, command: Command) -> None:
        """Check a device after a step was carried out."""
        if tell := self._world.tell:
            tell(self._world.env.now, device.name, f"{command.op} carried out")
        if device.is_edited and device.buffer_owner != FOREIGN:
            raise Violation("I9", f"what a person edited on {device.name} is gone")
        if device.foreign and not device.holds(device.foreign):
            raise Violation("I9", f"the foreign value of {device.name} was overwritten")


_ON_NOTE = {
    "phase": Watch._on_phase,
    "resumed": Watch._on_resumed,
    "giving-up": Watch._on_giving_up,
    "settled": Watch._on_settled,
    "decision": Watch._on_decision,
    "end": Watch._on_end,
}


def _told(payload: Mapping[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in payload.items())


def check_end(controller: Controller, begun_s: float) -> None:
    """Check a machine that has nothing to do any more.

    Parameters
    ----------
    controller : Controller
        Who drove it.
    begun_s : float
        When it began. [s]

    Raises
    ------
    Violation
        It is stuck, took too long, or its end is not what it says.
    """
    world, machine = controller.world, controller.machine
    if controller.is_dead:
        return
    if machine.outcome is None:
        raise Violation("I7", f"stuck in {machine.phase}")
    schedule = world.schedule
    limits, n = schedule.limits, len(world.devices)
    steps_s = 40 * limits.step_s * (1 + n // 16)
    bound_s = 6 * schedule.confirm_timeout_s + steps_s + 4 * limits.patience_s + 100.0
    bound_s = bound_s * (3 if schedule.by_wave else 1) + schedule.sleeps_s + schedule.gate_s
    if world.now_s - begun_s > bound_s:
        raise Violation("I7", f"took {world.now_s - begun_s:.0f} s")
    states = machine.states()
    for name, state in states.items():
        if state in _RELEASED:
            check_released(world.devices[name], world.now_s)
    good = {
        Outcome.CONFIRMED: {State.CONFIRMED, State.SKIPPED},
        Outcome.RESTORED: {State.RESTORED, State.UNTOUCHED, State.SKIPPED},
    }.get(machine.outcome, set(State) - {State.OPEN})
    if not good.issuperset(states.values()):
        raise Violation("I1", f"{machine.outcome} with {sorted(set(states.values()))}")
    if machine.outcome is not Outcome.CONFIRMED and not world.n_struck:
        raise Violation("I7", f"nothing disturbed it, and it is {machine.outcome}: {machine.cause}")


def check_released(device: MemoryDevice, now_s: float) -> None:
    """Check that a device holds nothing of ours but values.

    Raises
    ------
    Violation
        It is armed, locked, or keeps a candidate of ours.
    """
    device.settle(now_s)
    if device.is_armed:
        raise Violation("I3", f"{device.name} is armed at rest")
    if device.lock_owner > 0:
        raise Violation("I3", f"{device.name} is locked at rest")
    if device.buffer is not None and device.buffer_owner != FOREIGN:
        raise Violation("I3", f"{device.name} has our candidate at rest")


def check_rest(world: World, facts: Facts) -> None:
    """Check every device after the run was closed.

    Parameters
    ----------
    world : World
        Where it was.
    facts : Facts
        What the journal says.

    Raises
    ------
    Violation
        A device is not as the journal says.
    """
    for name, device in world.devices.items():
        check_released(device, world.now_s)
        is_skipped = facts.known[name].state is State.SKIPPED
        if world.is_cut_off(name) and not is_skipped:
            raise Violation("I8", f"{name} is cut off at rest")
        is_new = facts.is_decided and not is_skipped
        wanted = device.spec.after if is_new else device.spec.before
        if device.foreign:
            wanted = device.foreign
        if not device.holds(wanted):
            said = "decided" if facts.is_decided else "not decided"
            raise Violation("I1", f"{said}, and {name} holds {device.config()}")
        if device.is_edited and device.buffer_owner != FOREIGN:
            raise Violation("I9", f"what a person edited on {name} is gone")
