"""The transaction machine against a model of thirty lines, answered in any order."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from controllers.ports import DeviceClass
from controllers.steps import (
    Done,
    Failed,
    Fault,
    Interrupt,
    Limits,
    MemberSpec,
    Op,
    Outcome,
    Phase,
    State,
    Tick,
    Turn,
)
from controllers.transaction import Transaction

OLD, NEW = {"tilt_deg": 2.0}, {"tilt_deg": 6.0}
MAIN = {Op.LOCK, Op.PREPARE, Op.COMMIT, Op.WRITE, Op.READ, Op.REARM}
BACK = {Op.CANCEL, Op.DISCARD, Op.READ, Op.RESTORE, Op.UNLOCK}
FORTH = {Op.CONFIRM, Op.REAPPLY, Op.DISCARD, Op.READ, Op.UNLOCK}
FOR_GOOD = {Op.RESTORE, Op.REAPPLY}


class Model:
    """What must be: who holds which values, and whether it may still end new."""

    def __init__(self, names):
        self.values = dict.fromkeys(names, 2.0)
        self.armed = set()
        self.verified = set()
        self.has_failed = False

    def carry_out(self, name, op, is_armable):
        """Let a step take effect on a device."""
        if op in (Op.COMMIT, Op.WRITE, Op.REAPPLY):
            self.values[name] = 6.0
        elif op is Op.RESTORE or (op is Op.CANCEL and name in self.armed):
            self.values[name] = 2.0
        if op is Op.COMMIT and is_armable:
            self.armed.add(name)
        elif op in (Op.CONFIRM, Op.CANCEL):
            self.armed.discard(name)

    def learn(self, name, op, *, is_good, is_decided):
        """Take the answer as the machine hears it."""
        if op in (Op.COMMIT, Op.WRITE):
            self.verified.clear()  # evidence is younger than every write
        if is_good and op is Op.READ and self.values[name] == 6.0:
            self.verified.add(name)
        if not is_good and not is_decided and op not in (Op.REARM, Op.UNLOCK):
            self.has_failed = True

    def may_decide(self):
        """Say whether everything is verified and nothing has failed."""
        return not self.has_failed and self.verified == set(self.values)


class Comparison(RuleBasedStateMachine):
    """Answers steps in any order, with any result, and compares."""

    @initialize(
        classes=st.lists(st.sampled_from(DeviceClass), min_size=1, max_size=3),
        n_waves=st.integers(1, 2),
        n_good=st.sampled_from((1, 5, 40)),
    )
    def begin(self, classes, n_waves, n_good):
        self.results = ("good",) * n_good + ("refused", "lost", "late")
        self.specs = {
            f"d{i}": MemberSpec(
                device=f"d{i}", kind="cell", device_class=c, before=OLD, after=NEW, wave=i % n_waves
            )
            for i, c in enumerate(classes)
        }
        self.model = Model(self.specs)
        self.machine = Transaction(
            tuple(self.specs.values()),
            run="r",
            token="t",
            confirm_timeout_s=math.ldexp(1.0, 20),
            limits=Limits(patience_s=0.5),
        )
        self.now_s = 0.0
        self.pending = {}
        self.take(self.machine.start(0.0))

    def take(self, turn):
        is_back = self.machine.phase in (Phase.UNDO, Phase.END) and not self.machine.is_decided
        allowed = FORTH if self.machine.is_decided else BACK if is_back else MAIN
        for command in turn.commands:
            assert command.device not in self.pending, "one step at a time"
            assert command.op in allowed, (self.machine.phase, command.op)
            self.pending[command.device] = command
        self.wake_s = turn.wake_s

    def give(self, event):
        self.now_s = max(self.now_s, event.now_s)
        self.take(self.machine.handle(event))

    @precondition(lambda self: self.pending)
    @rule(data=st.data())
    def answer(self, data):
        result = data.draw(st.sampled_from(self.results))
        name = data.draw(st.sampled_from(sorted(self.pending)))
        command = self.pending.pop(name)
        op, model = command.op, self.model
        is_armable = self.specs[name].device_class in (DeviceClass.C, DeviceClass.D)
        is_pending = name in model.armed
        if (op is Op.CONFIRM and not is_pending) or (op in FOR_GOOD and is_pending):
            result = "refused"  # as devices do
        if result in ("good", "late"):
            model.carry_out(name, op, is_armable)
        model.learn(name, op, is_good=result == "good", is_decided=self.machine.is_decided)
        now_s = self.now_s + 0.25
        if result == "good":
            reads = op in (Op.LOCK, Op.READ, Op.WRITE)
            values = {"tilt_deg": model.values[name]} if reads else None
            self.give(Done(now_s, name, op, values))
        else:
            fault = Fault.REFUSED if result == "refused" else Fault.UNREACHABLE
            self.give(Failed(now_s, name, op, fault, result))

    @precondition(lambda self: self.wake_s is not None and not self.pending)
    @rule()
    def wait(self):
        self.give(Tick(max(self.now_s, self.wake_s)))

    @precondition(lambda self: self.machine.outcome is None)
    @rule(is_meant=st.integers(0, 9))
    def interrupt(self, is_meant):
        if is_meant == 0:
            self.model.has_failed = self.model.has_failed or not self.machine.is_decided
            self.give(Interrupt(self.now_s, Fault.INTERRUPTED, "^C"))

    @precondition(lambda self: self.machine.outcome is not None)
    @rule()
    def hear_a_late_answer(self):
        turn = self.machine.handle(Done(self.now_s, "d0", Op.READ, NEW))
        assert turn == Turn((), (), None)

    @invariant()
    def decides_exactly_when_the_model_may(self):
        if self.machine.is_decided:
            assert self.model.verified == set(self.specs)
        elif self.model.may_decide():
            raise AssertionError("everything is verified, and nothing was decided")

    @invariant()
    def goes_on_until_it_ends_as_the_model_says(self):
        machine, values = self.machine, self.model.values
        if machine.outcome is None:
            assert self.pending or self.wake_s is not None, "it waits for nothing"
            return
        assert machine.is_decided == (machine.outcome in (Outcome.CONFIRMED, Outcome.DIVERGENT))
        for name, state in machine.states().items():
            if state is State.CONFIRMED:
                assert values[name] == 6.0
                assert name not in self.model.armed
            elif state in (State.RESTORED, State.UNTOUCHED):
                assert values[name] == 2.0
                assert name not in self.model.armed
            else:
                assert state in (State.INDETERMINATE, State.DIVERGENT)


@pytest.mark.parametrize(
    "n_examples",
    [150, pytest.param(2000, marks=[pytest.mark.soak, pytest.mark.timeout(600)])],
    ids=["some", "two-thousand"],
)
def test_machine_does_what_the_model_says(n_examples):
    steps = settings(max_examples=n_examples, stateful_step_count=50)
    run_state_machine_as_test(Comparison, settings=steps)
