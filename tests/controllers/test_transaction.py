"""The transaction machine, event by event; its seeded fault schedules are in tests/hil/chaos."""

from __future__ import annotations

import pytest

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
)
from controllers.transaction import Resumed, Transaction

BEFORE, AFTER = {"tilt_deg": 2.0}, {"tilt_deg": 6.0}


def spec(name="c1", cls="D", **fields):
    return MemberSpec(
        device=name,
        kind="cell",
        device_class=DeviceClass(cls),
        before=BEFORE,
        after=AFTER,
        **fields,
    )


def machine(*specs, window_s=120.0, **options):
    return Transaction(
        specs or (spec(),),
        run="r",
        token="t",
        confirm_timeout_s=window_s,
        limits=Limits(),
        **options,
    )


def ops(turn):
    return [(command.device, command.op) for command in turn.commands]


def test_records_of_a_turn_announce_every_command():
    turn = machine(spec("a"), spec("b", "A")).start(0.0)
    announced = {(n.device, n.payload["op"]) for n in turn.notes if n.kind == "send"}
    assert announced == {(device, op.value) for device, op in ops(turn)}


def test_confirms_are_sent_only_after_all_members_are_verified():
    m = machine(spec("a"), spec("b"))
    m.start(0.0)
    for name in "ab":
        turn = m.handle(Done(1.0, name, Op.LOCK, BEFORE))
    assert ops(turn) == [("a", Op.PREPARE), ("b", Op.PREPARE)]
    for name in "ab":
        turn = m.handle(Done(2.0, name, Op.PREPARE))
    assert all(command.confirm_timeout_s == 120.0 for command in turn.commands)
    for name in "ab":
        turn = m.handle(Done(3.0, name, Op.COMMIT))
    assert ops(m.handle(Done(4.0, "a", Op.READ, AFTER))) == []
    turn = m.handle(Done(5.0, "b", Op.READ, AFTER))
    assert ops(turn) == [("a", Op.CONFIRM), ("b", Op.CONFIRM)]
    assert [note.kind for note in turn.notes][1:3] == ["decision", "phase"]


def test_a_stale_device_is_told_with_old_and_found_values():
    before = {"tilt_deg": 2.0, "tx_power_dbm": 40.0, "admin_state": "LOCKED"}
    m = machine(
        MemberSpec(
            device="c1",
            kind="cell",
            device_class=DeviceClass.D,
            before=before,
            after=before | {"tilt_deg": 6.0},
        )
    )
    m.start(0.0)
    m.handle(Done(1.0, "c1", Op.LOCK, {"tilt_deg": 4.5, "tx_power_dbm": 40.0}))
    assert m.cause == (
        Fault.STALE,
        "c1",
        "tilt_deg is 4.5, the plan was made at 2.0; "
        "admin_state is not shown, the plan was made at 'LOCKED'; plan again",
    )


def armed(m):
    """Take a machine of one class D member to where it is armed and being read."""
    m.start(0.0)
    m.handle(Done(0.0, "c1", Op.LOCK, BEFORE))
    m.handle(Done(0.0, "c1", Op.PREPARE))
    return m.handle(Done(1.0, "c1", Op.COMMIT))


def test_rearm_comes_before_the_timer_ends():
    m = machine(spec("c1", order=0), spec("s1", "A", order=1))
    m.start(0.0)
    for name in ("c1", "s1"):
        m.handle(Done(0.0, name, Op.LOCK, BEFORE))
    m.handle(Done(0.0, "c1", Op.PREPARE))
    turn = m.handle(Done(1.0, "c1", Op.COMMIT))
    assert ops(turn) == [("s1", Op.WRITE)]
    assert turn.wake_s == 60.0
    turn = m.handle(Tick(60.0))
    assert ops(turn) == [("c1", Op.REARM)]
    assert turn.commands[0].confirm_timeout_s == 120.0
    assert turn.commands[0].persist_id == "r-t-0"


def at_the_gate(m):
    """Take a machine of one class D member to the gate, where its timer is half over."""
    armed(m)
    m.handle(Done(2.0, "c1", Op.READ, AFTER))
    assert m.phase is Phase.GATE
    assert ops(m.handle(Tick(61.0))) == [("c1", Op.REARM)]


def test_a_failed_rearm_at_the_gate_is_survived_if_the_device_reads_back():
    m = machine(has_gate=True)
    at_the_gate(m)
    turn = m.handle(Failed(62.0, "c1", Op.REARM, Fault.REFUSED, "no follow-up commits"))
    assert ops(turn) == [("c1", Op.READ)]
    assert ops(m.handle(Done(63.0, "", Op.GATE))) == []
    turn = m.handle(Done(64.0, "c1", Op.READ, AFTER))
    assert ops(turn) == [("c1", Op.CONFIRM)]
    assert m.is_decided


def test_a_failed_rearm_at_the_gate_is_not_survived_past_the_timer():
    m = machine(has_gate=True)
    at_the_gate(m)
    m.handle(Failed(62.0, "c1", Op.REARM, Fault.UNREACHABLE, "no answer"))
    m.handle(Done(63.0, "c1", Op.READ, AFTER))
    m.handle(Done(116.5, "", Op.GATE))
    assert m.phase is Phase.UNDO
    assert m.cause[0] is Fault.LAPSED


def test_a_device_that_reverted_while_it_was_rearmed_at_the_gate_is_found():
    m = machine(has_gate=True)
    at_the_gate(m)
    m.handle(Failed(62.0, "c1", Op.REARM, Fault.REFUSED, "no such commit"))
    m.handle(Done(63.0, "", Op.GATE))
    m.handle(Done(64.0, "c1", Op.READ, BEFORE))
    assert m.phase is Phase.UNDO
    assert m.cause[0] is Fault.MISMATCH


def test_a_failed_rearm_of_an_earlier_wave_is_survived_if_the_device_reads_back():
    m = machine(spec("a", wave=0), spec("b", wave=1))
    m.start(0.0)
    for name in ("a", "b"):
        m.handle(Done(0.0, name, Op.LOCK, BEFORE))
    for name in ("a", "b"):
        m.handle(Done(0.0, name, Op.PREPARE))
    m.handle(Done(1.0, "a", Op.COMMIT))
    m.handle(Done(2.0, "a", Op.READ, AFTER))
    assert ops(m.handle(Tick(61.0))) == [("a", Op.REARM)]
    m.handle(Failed(61.2, "a", Op.REARM, Fault.REFUSED, "no follow-up commits"))
    turn = m.handle(Done(61.5, "b", Op.COMMIT))
    assert ops(turn) == [("a", Op.READ), ("b", Op.READ)]
    m.handle(Done(61.6, "b", Op.READ, AFTER))
    turn = m.handle(Done(61.7, "a", Op.READ, AFTER))
    assert ops(turn) == [("a", Op.CONFIRM), ("b", Op.CONFIRM)]


def test_earlier_waves_are_read_again_when_the_last_one_is_committed():
    m = machine(spec("a", wave=0), spec("b", "A", wave=1))
    m.start(0.0)
    for name in ("a", "b"):
        m.handle(Done(0.0, name, Op.LOCK, BEFORE))
    m.handle(Done(0.0, "a", Op.PREPARE))
    m.handle(Done(1.0, "a", Op.COMMIT))
    assert ops(m.handle(Done(2.0, "a", Op.READ, AFTER))) == [("b", Op.WRITE)]
    turn = m.handle(Done(3.0, "b", Op.WRITE, AFTER))
    assert ops(turn) == [("a", Op.READ), ("b", Op.READ)]
    m.handle(Done(4.0, "b", Op.READ, AFTER))
    m.handle(Failed(9.0, "a", Op.READ, Fault.UNREACHABLE, "no answer"))  # b has cut it off
    assert m.phase is Phase.UNDO
    assert not m.is_decided


def test_no_confirm_when_the_timer_may_have_ended_meanwhile():
    m = machine()
    armed(m)
    turn = m.handle(Done(700.0, "c1", Op.READ, AFTER))  # the controller slept ten minutes
    assert m.phase is Phase.UNDO
    assert ops(turn) == [("c1", Op.CANCEL)]
    assert m.cause[0] is Fault.LAPSED


def test_late_answers_of_a_step_that_was_given_up_are_ignored():
    m = machine()
    armed(m)
    turn = m.handle(Done(2.0, "c1", Op.COMMIT))
    assert ops(turn) == []


def test_interrupt_in_the_lock_leaves_the_device_untouched():
    m = machine()
    m.start(0.0)
    m.handle(Interrupt(0.5, Fault.INTERRUPTED, "^C"))
    turn = m.handle(Done(1.0, "c1", Op.LOCK, BEFORE))
    assert ops(turn) == [("c1", Op.UNLOCK)]
    m.handle(Done(1.1, "c1", Op.UNLOCK))
    assert m.outcome is Outcome.RESTORED
    assert m.states() == {"c1": State.UNTOUCHED}
    assert not m.has_written


def test_resume_of_a_decided_run_confirms_and_needs_no_lock():
    m = machine()
    known = {"c1": Resumed(sent={Op.LOCK, Op.PREPARE, Op.COMMIT}, evidence="e")}
    assert ops(m.resume(0.0, known, is_decided=True)) == [("c1", Op.CONFIRM)]


def test_resume_of_an_undecided_run_cancels_then_reads_back():
    m = machine()
    known = {"c1": Resumed(sent={Op.LOCK, Op.PREPARE, Op.COMMIT})}
    assert ops(m.resume(0.0, known, is_decided=False)) == [("c1", Op.CANCEL)]
    assert ops(m.handle(Done(1.0, "c1", Op.CANCEL))) == [("c1", Op.READ)]
    turn = m.handle(Done(3.0, "c1", Op.READ, {"tilt_deg": 3.3}))
    assert ops(turn) == [("c1", Op.RESTORE)]
    assert any(note.kind == "found" for note in turn.notes)


def test_step_back_that_the_journal_refused_is_sent_again():
    m = machine()
    armed(m)
    assert ops(m.handle(Interrupt(2.0, Fault.INTERRUPTED, "^C"))) == []
    turn = m.handle(Done(3.0, "c1", Op.READ, AFTER))
    assert ops(turn) == [("c1", Op.CANCEL)]
    turn = m.handle(Failed(3.0, "c1", Op.CANCEL, Fault.JOURNAL, "disk full"))
    assert ops(turn) == [("c1", Op.CANCEL)]


@pytest.mark.parametrize("answer", ["done", "silence"])
@pytest.mark.parametrize(("cls", "op"), [("A", Op.WRITE), ("B", Op.COMMIT)])
def test_old_reading_after_a_write_is_not_believed_before_the_old_values_are_written(
    cls, op, answer
):
    m = machine(spec("c1", cls))
    m.start(0.0)
    turn = m.handle(Done(0.0, "c1", Op.LOCK, BEFORE))
    if cls == "B":
        turn = m.handle(Done(0.5, "c1", Op.PREPARE))
    assert ops(turn) == [("c1", op)]
    if answer == "silence":
        turn = m.handle(Failed(1.0, "c1", op, Fault.UNREACHABLE, "no answer"))
    else:
        m.handle(Done(1.0, "c1", op, AFTER))
        turn = m.handle(Done(2.0, "c1", Op.READ, BEFORE))
    assert ops(turn) == [("c1", Op.READ)]
    turn = m.handle(Done(3.0, "c1", Op.READ, BEFORE))  # of a cache, for all we know
    assert ops(turn) == [("c1", Op.RESTORE)]
    m.handle(Done(4.0, "c1", Op.RESTORE))
    m.handle(Done(5.0, "c1", Op.READ, BEFORE))
    assert m.states() == {"c1": State.RESTORED}


def test_slow_device_that_answers_is_restored_once_before_patience_ends():
    m = machine()
    m.resume(0.0, {"c1": Resumed(sent={Op.LOCK, Op.PREPARE, Op.COMMIT})}, is_decided=False)
    late_s = 1000.0  # past patience, and past its timer
    m.handle(Done(late_s, "c1", Op.CANCEL))
    turn = m.handle(Done(late_s + 25.0, "c1", Op.READ, AFTER))
    assert ops(turn) == [("c1", Op.RESTORE)]
    m.handle(Done(late_s + 50.0, "c1", Op.RESTORE))
    m.handle(Done(late_s + 75.0, "c1", Op.READ, AFTER))
    assert m.states() == {"c1": State.INDETERMINATE}


def test_cancel_of_a_confirmed_commit_takes_nothing_back():
    m = machine(spec("a", wave=0), spec("b", "A", wave=1), by_wave=True)
    m.start(0.0)
    for name in ("a", "b"):
        m.handle(Done(0.0, name, Op.LOCK, BEFORE))
    m.handle(Done(0.0, "a", Op.PREPARE))
    m.handle(Done(1.0, "a", Op.COMMIT))
    m.handle(Done(2.0, "a", Op.READ, AFTER))
    m.handle(Done(3.0, "a", Op.CONFIRM))
    turn = m.handle(Failed(4.0, "b", Op.WRITE, Fault.REFUSED, "no"))
    assert ops(turn) == [("a", Op.CANCEL), ("b", Op.READ)]
    m.handle(Done(5.0, "a", Op.CANCEL))
    assert ops(m.handle(Done(6.0, "a", Op.READ, BEFORE))) == [("a", Op.RESTORE)]


def prepared_without_answer(fault=Fault.UNREACHABLE):
    """Take a machine of one class E member to where its buffer may be ours."""
    m = machine(spec("c1", "E"))
    m.start(0.0)
    m.handle(Done(0.0, "c1", Op.LOCK, BEFORE))
    return m, m.handle(Failed(1.0, "c1", Op.PREPARE, fault, "no answer"))


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.BROKEN, Fault.AUTH])
def test_buffer_without_a_session_is_discarded_after_a_silence(fault):
    m, turn = prepared_without_answer(fault)
    assert ops(turn) == [("c1", Op.DISCARD)]
    m.handle(Failed(2.0, "c1", Op.DISCARD, Fault.UNREACHABLE, "no answer"))
    assert ops(m.handle(Tick(3.0))) == [("c1", Op.DISCARD)]
    assert ops(m.handle(Done(4.0, "c1", Op.DISCARD))) == [("c1", Op.READ)]
    m.handle(Done(5.0, "c1", Op.READ, BEFORE))
    assert m.states() == {"c1": State.RESTORED}


def test_buffer_without_a_session_is_left_to_its_owner():
    m, _ = prepared_without_answer()
    turn = m.handle(Failed(2.0, "c1", Op.DISCARD, Fault.CONFLICT, "the buffer is not ours"))
    assert ops(turn) == [("c1", Op.READ)]


def test_device_that_refuses_to_empty_our_buffer_is_not_called_restored():
    m, turn = prepared_without_answer()
    now_s = 1.0
    while m.outcome is None:
        now_s += 1.0
        for _, op in ops(turn):
            event = Failed(now_s, "c1", op, Fault.REFUSED, "no")
            turn = m.handle(Done(now_s, "c1", op) if op is Op.UNLOCK else event)
        if not turn.commands:
            turn = m.handle(Tick(now_s))
    assert m.states() == {"c1": State.INDETERMINATE}


def test_refused_commit_of_a_buffer_without_a_session_is_discarded():
    m = machine(spec("c1", "E"))
    m.start(0.0)
    m.handle(Done(0.0, "c1", Op.LOCK, BEFORE))
    assert m.handle(Done(0.0, "c1", Op.PREPARE)).commands[0].confirm_timeout_s is None
    turn = m.handle(Failed(1.0, "c1", Op.COMMIT, Fault.REFUSED, "doneWithError"))
    assert ops(turn) == [("c1", Op.DISCARD)]


def test_buffer_is_discarded_even_if_the_device_says_it_was_committed():
    m = machine(spec("c1", "E"))
    m.start(0.0)
    m.handle(Done(0.0, "c1", Op.LOCK, BEFORE))
    m.handle(Done(0.0, "c1", Op.PREPARE))
    m.handle(Done(1.0, "c1", Op.COMMIT))
    assert ops(m.handle(Done(2.0, "c1", Op.READ, BEFORE))) == [("c1", Op.DISCARD)]


@pytest.mark.parametrize("is_decided", [True, False])
def test_resume_empties_a_buffer_that_may_be_ours(is_decided):
    m = machine(spec("c1", "E"))
    known = {"c1": Resumed(sent={Op.LOCK, Op.PREPARE, Op.COMMIT}, evidence="e")}
    assert ops(m.resume(0.0, known, is_decided=is_decided)) == [("c1", Op.DISCARD)]
    assert ops(m.handle(Done(1.0, "c1", Op.DISCARD))) == [("c1", Op.READ)]


def test_lost_answer_of_a_rewrite_empties_the_buffer_before_the_next_one():
    m = machine(spec("c1", "E"))
    m.resume(0.0, {"c1": Resumed(sent={Op.LOCK, Op.PREPARE})}, is_decided=True)
    m.handle(Done(0.0, "c1", Op.DISCARD))
    assert ops(m.handle(Done(0.0, "c1", Op.READ, BEFORE))) == [("c1", Op.REAPPLY)]
    m.handle(Failed(1.0, "c1", Op.REAPPLY, Fault.UNREACHABLE, "no answer"))
    assert ops(m.handle(Tick(2.0))) == [("c1", Op.DISCARD)]


@pytest.mark.parametrize(
    ("offered", "planned", "is_enough"),
    [("D", "C", True), ("C", "D", False), ("E", "D", False), ("E", "B", False), ("E", "E", True)],
)
def test_device_class_serves_a_plan_made_for_another(offered, planned, is_enough):
    assert DeviceClass(offered).serves(DeviceClass(planned)) is is_enough


def test_a_window_that_cannot_be_rearmed_in_time_is_refused():
    with pytest.raises(ValueError, match="re-armed"):
        machine(window_s=60.0)
    with pytest.raises(ValueError, match="members"):
        Transaction((), run="r", token="t", confirm_timeout_s=120.0, limits=Limits())
    with pytest.raises(ValueError, match="positive"):
        Limits(step_s=0.0)
