"""The way to the devices: loss, delay, overtaking, doubles and late answers, and what dies there.

A request that is held back arrives before the deadline of its step: what a session has sent dies
with it, and a datagram is taken to live shorter than a step may take. A doubled datagram is
carried out twice in a row.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from controllers.ports import DeviceClass
from controllers.steps import Command, Done, Failed, Fault, Op, Phase
from hil.chaos.devices import MemoryDevice, StepRefused
from hil.chaos.faults import POINTS, REFUSALS, FaultKind
from hil.chaos.schedule import P_ACTIVE, P_FIRES
from hil.chaos.world import World

if TYPE_CHECKING:
    from hil.chaos.controller import Controller

__all__ = ["Network"]

_FOR_EVER_S = 1e9
_BACK_S = (2.0, 15.0, 100.0, _FOR_EVER_S)
_BEFORE_UNDO = frozenset(
    (
        *(Op.LOCK, Op.PREPARE, Op.COMMIT, Op.WRITE),
        *(Op.READ, Op.REARM, Op.CONFIRM, Op.REAPPLY),
    )
)
_K = FaultKind
_UNANSWERED = frozenset((_K.ANSWER_LOST, _K.ANSWER_LATE, _K.DIES_AFTER))
_LIES = frozenset((_K.LIE, _K.HALF_DONE, _K.STALE_READ))
_WAYS_BACK = frozenset((Op.CANCEL, Op.RESTORE, Op.REAPPLY))
_OF_SILENCE = (Fault.UNREACHABLE, "no answer")
_OF_DRIVER = (Fault.BROKEN, "unexpected error in the driver")


class Network:
    """Carries steps to devices and answers back.

    Parameters
    ----------
    world : World
        Where it is.
    """

    __slots__ = ("_active", "_aims", "_n_left", "_n_passed", "_world")

    def __init__(self, world: World) -> None:
        self._world = world
        self._active: dict[Op, tuple[FaultKind, ...]] = {}
        self._n_passed = 0
        self._n_left = world.schedule.n_faults
        self._aims = list(world.schedule.aims)

    # ------------------------------------------------------------------ there

    def send(self, controller: Controller, command: Command) -> None:
        """Send a step; its answer comes back to the controller.

        Parameters
        ----------
        controller : Controller
            Who sends it.
        command : Command
            The step.
        """
        world = self._world
        if command.op is Op.GATE:
            self._ask_gate(controller, command)
            return
        world.after(0.01 + 0.29 * world.rng.random(), self._arrive, (controller, command))

    def _ask_gate(self, controller: Controller, command: Command) -> None:
        world = self._world
        event: Done | Failed = Done(0.0, "", Op.GATE)
        seconds = 0.1
        if world.schedule.gate_s and not world.is_calm:
            seconds += world.schedule.gate_s
            world.strike(_K.GATE_SLOW)
        if self._fault(controller, Op.GATE) is _K.GATE_REFUSES:
            world.strike(_K.GATE_REFUSES)
            event = Failed(0.0, "", Op.GATE, Fault.GATE, "outside the predicted band")
        world.after(seconds, controller.on_answer, (command, event))

    def _arrive(self, event: Any) -> None:  # noqa: ANN401 - an event of SimPy
        controller, command = event.value
        world = self._world
        device = world.devices[command.device]
        device.settle(world.env.now)
        if controller.is_dead:
            if world.rng.random() < 0.5:
                with contextlib.suppress(StepRefused):
                    self._execute(device, command)
            return
        if command.op is Op.UNLOCK:
            self._unlock(controller, command, device)
            return
        if not world.is_calm and self._waits_for_undo(controller, command):
            return
        kind = self._fault(controller, command.op)
        if kind is _K.DELAY or kind is _K.REORDER:
            world.strike(kind, device.name, command.op)
            share = 0.7 if kind is _K.DELAY else 0.3
            world.after(share * command.deadline_s, self._arrive_late, (controller, command, None))
            return
        self._reach(controller, command, device, kind)

    def _waits_for_undo(self, controller: Controller, command: Command) -> bool:
        """Hold back a step that shall fail while the run is being undone, and interrupt the run."""
        aim = self._aims[0] if self._aims else None
        if aim is None or aim.phase is not Phase.UNDO or aim.op is not command.op:
            return False
        machine = controller.machine
        if aim.kind is _K.STALE_READ:  # a reading that is judged, not one that comes too late
            return False
        if command.op not in _BEFORE_UNDO or machine.phase is Phase.UNDO or machine.is_decided:
            return False
        del self._aims[0]
        world = self._world
        world.strike(_K.DELAY, command.device, command.op)
        world.after(0.3 * command.deadline_s, controller.on_interrupt, None)
        held = (controller, command, aim.kind)
        world.after(0.6 * command.deadline_s, self._arrive_late, held)
        return True

    def _arrive_late(self, event: Any) -> None:  # noqa: ANN401 - an event of SimPy
        controller, command, kind = event.value
        if controller.is_dead:
            return
        device = self._world.devices[command.device]
        device.settle(self._world.env.now)
        self._reach(controller, command, device, kind)

    def _fault(self, controller: Controller, op: Op) -> FaultKind | None:
        """Say what strikes a step now."""
        world = self._world
        if world.is_calm:
            return None
        if self._aims:
            aim = self._aims[0]
            if aim.op is op and controller.machine.phase is aim.phase:
                del self._aims[0]
                return aim.kind
        self._n_passed += 1
        if not self._n_left or self._n_passed <= world.schedule.onset:
            return None
        chance = world.rng.random
        active = self._active.get(op)
        if active is None:
            active = tuple(kind for kind in POINTS[op] if chance() < P_ACTIVE)
            self._active[op] = active
        for kind in active:
            if chance() < P_FIRES:
                self._n_left -= 1
                return kind
        return None

    # ------------------------------------------------------------------ at the device

    def _unlock(self, controller: Controller, command: Command, device: MemoryDevice) -> None:
        """End a session: the answer is nobody's concern, and a lost one ends it too."""
        if not device.is_dead(self._world.env.now):
            self._execute(device, command)
        if self._fault(controller, Op.UNLOCK) is not None:
            self._world.strike(_K.REQUEST_LOST, device.name, Op.UNLOCK)
        self._answer(controller, command, Done(0.0, command.device, command.op))

    def _reach(
        self,
        controller: Controller,
        command: Command,
        device: MemoryDevice,
        kind: FaultKind | None,
    ) -> None:
        world = self._world
        if device.is_dead(world.env.now) or self._is_cut_off(device, command):
            self._fail(controller, command, device, _OF_SILENCE)
            return
        if kind is not None:
            if kind not in (_K.DELAY, _K.REORDER):
                world.strike(kind, device.name, command.op)
            if self._ends(controller, command, device, kind):
                return
        try:
            values = self._execute(device, command, kind)
        except StepRefused as err:
            self._refuse(controller, command, err.fault, err.reason)
            return
        answer = Done(0.0, command.device, command.op, values)
        if kind in _UNANSWERED:
            if kind is _K.DIES_AFTER:
                device.die(world.env.now, world.rng.choice(_BACK_S))
            self._fail(controller, command, device, _OF_SILENCE)
            if kind is _K.ANSWER_LATE:
                late_s = command.deadline_s + 5.0 * world.rng.random()
                world.after(late_s, controller.on_answer, (command, answer))
            return
        self._answer(controller, command, answer)
        if kind is _K.ANSWER_TWICE:
            world.after(0.3 + 2.0 * world.rng.random(), controller.on_answer, (command, answer))

    def _is_cut_off(self, device: MemoryDevice, command: Command) -> bool:
        if not self._world.is_cut_off(device.name):
            return False
        self._world.strike(_K.PATH_CUT, device.name, command.op)
        return True

    def _ends(
        self, controller: Controller, command: Command, device: MemoryDevice, kind: FaultKind
    ) -> bool:
        """Let a fault end a step before it is carried out; says whether it did."""
        world = self._world
        if kind in REFUSALS:
            self._refuse(controller, command, REFUSALS[kind], f"{kind} by chance")
        elif kind is _K.REQUEST_LOST:
            self._fail(controller, command, device, _OF_SILENCE)
        elif kind is _K.BROKEN:
            if world.rng.random() < 0.5:
                with contextlib.suppress(StepRefused):
                    self._execute(device, command)
            self._fail(controller, command, device, _OF_DRIVER)
        elif kind in (_K.DIES_BEFORE, _K.DIES_HALF_WAY):
            values = command.values or device.buffer
            if kind is _K.DIES_HALF_WAY and values:
                device.write_half(values)
            device.die(world.env.now, world.rng.choice(_BACK_S))
            self._fail(controller, command, device, _OF_SILENCE)
        else:
            return False
        return True

    def _execute(
        self, device: MemoryDevice, command: Command, kind: FaultKind | None = None
    ) -> Any:  # noqa: ANN401 - values by path
        """Carry out a step on a device, in its odd way."""
        world = self._world
        now_s = world.env.now
        buffer = device.buffer
        lies = kind in _LIES
        if lies and command.op is Op.CANCEL and device.holds(device.spec.before):
            lies = False  # nothing to read would show it
        if lies and command.op in _WAYS_BACK:
            device.previous = {}  # two lies that agree are the truth to whoever reads
        values = device.execute(now_s, command, lies=lies)
        if kind is _K.HALF_DONE:
            device.write_half(command.values or buffer or device.config())
            values = device.config() if command.op is Op.WRITE else values
        elif kind is _K.EARLY_REVERT and device.is_armed:
            device.armed_until_s = now_s + world.rng.random() * world.schedule.confirm_timeout_s
        elif kind is _K.NO_REVERT:
            device.reverts = False
        elif kind is _K.REQUEST_TWICE and device.device_class in (DeviceClass.A, DeviceClass.E):
            with contextlib.suppress(StepRefused):
                device.execute(now_s, command)
        world.watch.executed(device, command)
        return values

    # ------------------------------------------------------------------ and back

    def _answer(self, controller: Controller, command: Command, event: Done | Failed) -> None:
        delay_s = 0.01 + 0.29 * self._world.rng.random()
        self._world.after(delay_s, controller.on_answer, (command, event))

    def _refuse(self, controller: Controller, command: Command, fault: Fault, reason: str) -> None:
        self._answer(controller, command, Failed(0.0, command.device, command.op, fault, reason))

    def _fail(
        self,
        controller: Controller,
        command: Command,
        device: MemoryDevice,
        why: tuple[Fault, str],
    ) -> None:
        """Let a step end without an answer: soon, or at its deadline; its session ends with it."""
        if command.op is not Op.READ:
            device.lose_session()
        fault, reason = why
        event = Failed(0.0, command.device, command.op, fault, reason)
        delay_s = self._world.rng.choice((0.05, command.deadline_s))
        self._world.after(delay_s, controller.on_answer, (command, event))
