"""The threaded runner against devices in memory: each way to end, and each phase to die in."""

from __future__ import annotations

import json
import signal
import threading
import time
from dataclasses import replace

import pytest
from memory_devices import Box
from planning_memory import CELLS, CELLS_AND_SWITCHES, FAST, boxes, plan_of

from controllers.history import history_of
from controllers.journal import Journal
from controllers.plan_file import parse_plan, plan_data
from controllers.recover import recover, reverse_of, rollback
from controllers.runner import apply
from controllers.sessions import Sessions
from controllers.steps import Outcome, State
from twin.model.errors import (
    DeviceAuthError,
    DeviceConflict,
    DeviceRefused,
    DeviceUnreachable,
    JournalBusy,
    JournalError,
)

NAMES = ("cell-1", "cell-2", "cell-3", "switch-1", "switch-2")


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db") as opened:
        yield opened


def run(made, journal, **options):
    plan = options.pop("plan", None) or plan_of(made, CELLS_AND_SWITCHES)
    return apply(plan, made.devices, made.make_driver, journal, limits=FAST, **options)


def assert_state(made, which, *, dead=()):
    contact = f"{which}@example.org"
    for name, box in made.items():
        if name in dead:
            continue
        if box.device.kind == "cell":
            wanted = (43.0, 6.0) if which == "new" else (40.0, 2.0)
            assert (box.values["tx_power_dbm"], box.values["tilt_deg"]) == wanted, name
        else:
            assert (box.values["contact"], box.values["location"]) == (contact, which), name
    made.assert_clean()


def test_a_plan_over_unlike_devices_is_confirmed_and_replans_empty(journal):
    made = boxes(*NAMES)
    result = run(made, journal)
    assert (result.outcome, result.exit_code) == (Outcome.CONFIRMED, 0)
    assert set(result.devices.values()) == {State.CONFIRMED}
    assert_state(made, "new")
    assert plan_of(made, CELLS_AND_SWITCHES).no_op
    assert {"lock", "prepare", "commit", "verify", "confirm"} <= result.seconds.keys()
    journal.verify()


def test_every_class_takes_part(journal):
    made = boxes("cell-1:A", "cell-2:B", "cell-3:C", "cell-4:D")
    result = run(made, journal, plan=plan_of(made, CELLS))
    assert result.outcome is Outcome.CONFIRMED
    assert_state(made, "new")


def test_class_a_is_written_only_after_all_others_are_armed(journal):
    made = boxes("cell-1", "switch-1")
    order = []
    run(made, journal, on_event=lambda e: order.append((e.step, e.device, e.outcome)))
    assert order.index(("commit", "cell-1", "ok")) < order.index(("write", "switch-1", "begins"))


def test_nothing_to_do_touches_nothing(journal):
    made = boxes(*NAMES)
    run(made, journal)
    before = {name: len(box.calls) for name, box in made.items()}
    plan = plan_of(made, CELLS_AND_SWITCHES)
    reads = {name: len(box.calls) for name, box in made.items()}
    result = run(made, journal, plan=plan)
    assert (result.run, result.exit_code) == ("", 0)
    assert {name: len(box.calls) for name, box in made.items()} == reads
    assert all(reads[name] - before[name] == 1 for name in made)


@pytest.mark.parametrize(
    ("victim", "step"),
    [
        ("cell-2", "prepare"),
        ("cell-2", "commit"),
        ("cell-2", "read"),
        ("switch-1", "write"),
        ("switch-1", "read"),
    ],
)
def test_one_device_dies_and_all_others_end_old(journal, victim, step):
    made = boxes(*NAMES)
    plan = plan_of(made, CELLS_AND_SWITCHES)
    if step == "read":  # the lock reads once, the verification afterwards
        n_reads = 2 if made[victim].device_class == "A" else 1
        made[victim].faults["read"] = [None] * n_reads + [Box.die]
    else:
        made[victim].faults[step] = ["die"]
    result = run(made, journal, plan=plan)
    assert (result.outcome, result.exit_code) == (Outcome.INDETERMINATE, 5)
    assert result.devices[victim] is State.INDETERMINATE
    assert_state(made, "old", dead=[victim])
    assert journal.records(result.run)[-1].payload["states"][victim] == "indeterminate"


@pytest.mark.parametrize("victim", ["cell-2", "switch-1"])
@pytest.mark.parametrize("half", [False, True])
def test_recover_restores_the_dead_device_when_it_is_back(journal, victim, half):
    made = boxes(*NAMES)
    step = "write" if victim == "switch-1" else "commit"
    made[victim].faults[step] = ["die"]
    result = run(made, journal)
    assert result.exit_code == 5
    still = recover(journal, made.devices, made.make_driver, limits=FAST)
    assert still.exit_code == 5
    path = next(iter(plan_of(made, CELLS_AND_SWITCHES, on_unreachable="skip").unreachable))
    assert path == victim
    values = {"tilt_deg": 4.4} if victim == "cell-2" else {"location": "torn"}
    made[victim].revive(values if half else None)
    done = recover(journal, made.devices, made.make_driver, limits=FAST)
    assert done.exit_code == 0
    assert done.runs[0].devices[victim] is State.RESTORED
    assert_state(made, "old")
    n_records = len(journal.records())
    again = recover(journal, made.devices, made.make_driver, limits=FAST)
    assert (again.runs, again.exit_code, len(journal.records())) == ((), 0, n_records)
    found = [r for r in journal.records(result.run) if r.kind == "found"]
    assert bool(found) is half, "a foreign value is named before it is overwritten"


def test_a_device_that_dies_in_the_confirm_is_divergent_and_rolled_forward(journal):
    made = boxes(*NAMES)
    made["cell-2"].faults["confirm"] = [Box.die]
    result = run(made, journal)
    assert (result.outcome, result.exit_code) == (Outcome.DIVERGENT, 5)
    assert result.devices["cell-2"] is State.DIVERGENT
    assert_state(made, "new", dead=["cell-2"])
    made["cell-2"].revive()
    assert made["cell-2"].values["tilt_deg"] == 2.0
    assert recover(journal, made.devices, made.make_driver, limits=FAST).exit_code == 0
    assert_state(made, "new")


def test_a_lost_answer_to_the_confirm_is_settled_by_evidence(journal):
    made = boxes(*NAMES)
    made["cell-1"].faults["confirm"] = ["lost"]
    result = run(made, journal)
    assert result.outcome is Outcome.CONFIRMED
    assert_state(made, "new")


@pytest.mark.parametrize("victim", ["cell-3", "switch-2"])
def test_a_set_that_says_ok_and_changes_nothing_is_found_and_undone(journal, victim):
    made = boxes(*NAMES)
    made[victim].faults["write" if victim == "switch-2" else "commit"] = ["lie"]
    result = run(made, journal)
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert victim in result.reason
    assert_state(made, "old")


def test_operation_that_does_not_follow_the_configuration_is_a_failure(journal):
    made = boxes("ap-1")
    change = '  - {name: c, select: "kind:ap", set: {radio/2/channel: 48}}'
    result = run(made, journal, plan=_quick(plan_of(made, change)))
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert "channel_in_use" in result.reason
    assert made["ap-1"].values["radio/2/channel"] == 36


def _quick(plan):
    return replace(plan, devices=tuple(replace(p, settle_s=0.2) for p in plan.devices))


def test_operation_may_follow_later(journal):
    made = boxes("ap-1")
    box = made["ap-1"]

    def follow(box):
        box.values["radio/2/channel_in_use"] = box.values["radio/2/channel"]

    box.faults["read"] = [None, None, None, None, follow]
    change = '  - {name: c, select: "kind:ap", set: {radio/2/channel: 48}}'
    result = run(made, journal, plan=plan_of(made, change))
    assert result.outcome is Outcome.CONFIRMED


def test_a_lying_cancel_is_found_by_the_read_back_and_restored_after_the_timer(journal):
    made = boxes("cell-1", "switch-1")
    made["cell-1"].faults["cancel"] = ["lie"] * 50
    made["switch-1"].faults["write"] = [DeviceRefused("switch-1", "no")]
    plan = plan_of(made, CELLS_AND_SWITCHES)
    short = made["cell-1"]

    def soon(box):  # the timer of the device runs out while we try
        box.armed = (box.armed[0], time.monotonic() + 0.2) if box.armed else None

    short.faults["discard"] = [soon]
    result = run(made, journal, plan=plan)
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert_state(made, "old")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (DeviceUnreachable("cell-1", "gone"), 75),
        (DeviceConflict("cell-1", "dirty"), 75),
        (DeviceRefused("cell-1", "no such thing"), 4),
        (RuntimeError("driver bug"), 1),
    ],
)
def test_a_failed_lock_ends_with_nothing_written(journal, fault, code):
    made = boxes(*NAMES)
    plan = plan_of(made, CELLS_AND_SWITCHES)
    made["cell-1"].faults["lock"] = [fault]
    result = run(made, journal, plan=plan)
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, code)
    assert not any({"write", "commit", "prepare"} & set(box.calls) for box in made.values())
    assert_state(made, "old")


def test_a_foreign_lock_means_try_later(journal):
    made = boxes(*NAMES)
    plan = plan_of(made, CELLS_AND_SWITCHES)
    made["cell-1"].owner = "somebody"
    assert run(made, journal, plan=plan).exit_code == 75
    made["cell-1"].owner = None
    assert_state(made, "old")


def test_a_foreign_candidate_is_neither_committed_nor_thrown_away(journal):
    made = boxes(*NAMES)
    made["cell-1"].candidate = {"tilt_deg": 9.0}
    result = run(made, journal)
    assert result.exit_code == 75
    assert made["cell-1"].candidate == {"tilt_deg": 9.0}
    made["cell-1"].candidate = {}
    assert_state(made, "old")


def test_a_state_that_moved_since_the_plan_is_stale(journal):
    made = boxes(*NAMES)
    plan = plan_of(made, CELLS_AND_SWITCHES)
    made["switch-1"].values["location"] = "theirs"
    result = run(made, journal, plan=plan)
    assert (result.exit_code, result.outcome) == (1, Outcome.RESTORED)
    assert result.reason == (
        "switch-1: location is 'theirs', the plan was made at 'old'; plan again"
    )
    assert made["switch-1"].values["location"] == "theirs"
    assert "write" not in made["switch-1"].calls


def phases(made, journal, **options):
    """Run and return how each phase ended."""
    events = []
    plan = options.pop("plan", None) or plan_of(made, CELLS_AND_SWITCHES)
    run(made, journal, plan=plan, on_event=events.append, **options)
    return {e.step: e.outcome for e in events if not e.device and e.outcome != "begins"}


def test_phases_of_a_stale_plan_say_that_nothing_was_written(journal):
    made = boxes(*NAMES)
    plan = plan_of(made, CELLS_AND_SWITCHES)
    made["switch-1"].values["location"] = "theirs"
    assert phases(made, journal, plan=plan) == {
        "lock": "given up: switch-1: location is 'theirs', the plan was made at 'old'; plan again",
        "undo": "nothing was written",
    }


def test_phases_of_a_run_say_which_undo_has_failed(journal):
    made = boxes(*NAMES)
    made["cell-2"].faults["commit"] = ["die"]
    assert phases(made, journal) == {
        "lock": "ok",
        "prepare": "ok",
        "commit": "given up: cell-2: died",
        "undo": "1 device indeterminate",
    }


def test_phases_of_a_run_that_is_taken_back_or_lost_in_the_confirm(journal):
    made = boxes(*NAMES)
    made["switch-1"].faults["write"] = ["lie"]
    ended = phases(made, journal)
    assert ended["commit"].startswith("given up: switch-1: said yes and did not set contact")
    assert ended["undo"] == "ok"
    made = boxes(*NAMES)
    made["cell-2"].faults["confirm"] = [Box.die]
    assert phases(made, journal)["confirm"] == "1 device divergent"


def test_interrupt_takes_everything_back_and_says_so(journal):
    made = boxes(*NAMES)
    events = []

    def on_event(event):
        events.append(event)
        if event.step == "verify" and not event.device and event.outcome == "begins":
            signal.raise_signal(signal.SIGINT)

    result = run(made, journal, on_event=on_event)
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 130)
    assert any("rolls back" in event.outcome for event in events)
    assert_state(made, "old")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupt_after_the_decision_goes_on(journal):
    made = boxes(*NAMES)

    def on_event(event):
        if event.step == "confirm" and event.outcome == "begins" and not event.device:
            signal.raise_signal(signal.SIGINT)

    assert run(made, journal, on_event=on_event).outcome is Outcome.CONFIRMED
    assert_state(made, "new")


def test_a_broken_progress_display_does_not_stop_a_run(journal):
    made = boxes(*NAMES)

    def on_event(event):
        raise OSError("the terminal is gone")

    assert run(made, journal, on_event=on_event).outcome is Outcome.CONFIRMED


def test_a_step_that_never_ends_is_given_up_at_its_deadline(journal):
    made = boxes("cell-1", "switch-1")
    plan = plan_of(made, CELLS_AND_SWITCHES)
    released = threading.Event()

    def hang(box):
        box.guard.release()
        released.wait(20)
        box.guard.acquire()

    made["switch-1"].faults["write"] = [hang]
    limits = type(FAST)(step_s=0.3, patience_s=0.3, margin_s=1.0, pause_s=0.02)
    begun = time.monotonic()
    try:
        result = apply(plan, made.devices, made.make_driver, journal, limits=limits)
    finally:
        released.set()
    assert time.monotonic() - begun < 10
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)


def test_the_gate_holds_back_the_confirm(journal):
    class Gate:
        def judge(self, plan, observed):
            assert observed["cell-1"]["tilt_deg"] == 6.0
            return ("signal left the predicted band",)

    made = boxes(*NAMES)
    result = run(made, journal, gate=Gate())
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert "band" in result.reason
    assert_state(made, "old")


def test_the_open_gate_lets_it_pass(journal):
    class Gate:
        def judge(self, plan, observed):
            return ()

    made = boxes(*NAMES)
    assert run(made, journal, gate=Gate()).outcome is Outcome.CONFIRMED


class BrokenGate:
    def __init__(self, error):
        self.error = error

    def judge(self, plan, observed):
        raise self.error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DeviceAuthError("cell-1", "key refused"), "the gate failed: cell-1: key refused"),
        (DeviceRefused("cell-1", "no such path"), "the gate failed: cell-1: no such path"),
        (ZeroDivisionError("x"), "the gate failed: unexpected ZeroDivisionError in the gate (see"),
    ],
)
def test_a_gate_that_fails_takes_everything_back(journal, error, reason):
    made = boxes(*NAMES)
    result = run(made, journal, gate=BrokenGate(error))
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert reason in result.reason
    assert_state(made, "old")
    assert history_of(journal, result.run).outcome is Outcome.RESTORED


def test_an_unreachable_device_is_refused_or_skipped(journal):
    made = boxes(*NAMES)
    made["cell-3"].die()
    with pytest.raises(DeviceUnreachable):
        run(made, journal, plan=plan_of(made, CELLS_AND_SWITCHES))
    result = run(made, journal, plan=plan_of(made, CELLS_AND_SWITCHES, on_unreachable="skip"))
    assert result.outcome is Outcome.CONFIRMED
    assert "cell-3" not in result.devices
    assert_state(made, "new", dead=["cell-3"])


def test_a_device_lost_after_planning_is_skipped_before_the_first_commit(journal):
    made = boxes(*NAMES)
    plan = plan_of(made, CELLS_AND_SWITCHES, on_unreachable="skip")
    made["cell-3"].die()
    result = run(made, journal, plan=plan)
    assert result.outcome is Outcome.CONFIRMED
    assert result.devices["cell-3"] is State.SKIPPED
    assert_state(made, "new", dead=["cell-3"])


def test_waves_are_confirmed_alone_and_a_later_failure_takes_them_back(journal):
    made = boxes(*NAMES)
    plan = plan_of(made, CELLS_AND_SWITCHES, atomic="wave", wave_size=2)
    assert len({part.wave for part in plan.devices}) == 3
    last = plan.devices[-1].device
    made[last].faults["write"] = [DeviceRefused(last, "no")]
    result = run(made, journal, plan=plan)
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert_state(made, "old")
    giving_up = [r for r in journal.records(result.run) if r.kind == "giving-up"]
    assert giving_up[0].payload["undone_waves"] == [0, 1]
    assert run(made, journal, plan=plan).outcome is Outcome.CONFIRMED
    assert_state(made, "new")


def test_staged_waves_are_one_transaction(journal):
    made = boxes(*NAMES)
    plan = plan_of(made, CELLS_AND_SWITCHES, wave_size=2)
    last = plan.devices[-1].device
    made[last].faults["write"] = [DeviceRefused(last, "no")]
    assert run(made, journal, plan=plan).exit_code == 4
    assert not any("confirm" in box.calls for box in made.values())
    assert_state(made, "old")


def test_rollback_takes_a_confirmed_run_back_as_a_new_run(journal):
    made = boxes(*NAMES)
    first = run(made, journal)
    second = rollback(journal, first.run, made.devices, made.make_driver, limits=FAST)
    assert (second.outcome, second.exit_code) == (Outcome.CONFIRMED, 0)
    assert second.run != first.run
    assert_state(made, "old")


def test_the_reverse_of_a_run_is_a_plan_that_apply_takes(journal):
    made = boxes(*NAMES)
    first = run(made, journal)
    plan = reverse_of(journal, first.run)
    assert plan.applyable
    assert first.run in plan.name
    assert {part.device: part.target for part in plan.devices}["cell-1"] == {
        "tx_power_dbm": 40.0,
        "tilt_deg": 2.0,
    }
    assert parse_plan(json.dumps(plan_data(plan)), "p.json") == plan
    assert run(made, journal, plan=plan).outcome is Outcome.CONFIRMED
    assert_state(made, "old")


def test_the_reverse_of_a_run_leaves_out_what_the_run_has_skipped(journal):
    made = boxes(*NAMES)
    plan = plan_of(made, CELLS_AND_SWITCHES, on_unreachable="skip")
    made["cell-3"].die()
    first = run(made, journal, plan=plan)
    made["cell-3"].revive()
    back = rollback(journal, first.run, made.devices, made.make_driver, limits=FAST)
    assert (back.outcome, set(back.devices)) == (Outcome.CONFIRMED, set(NAMES) - {"cell-3"})
    assert_state(made, "old")


def test_rollback_refuses_what_was_changed_since(journal):
    made = boxes(*NAMES)
    first = run(made, journal)
    made["cell-1"].values["tilt_deg"] = 8.0
    second = rollback(journal, first.run, made.devices, made.make_driver, limits=FAST)
    assert second.exit_code == 1
    assert made["cell-1"].values["tilt_deg"] == 8.0


def test_a_device_open_in_an_earlier_run_must_be_recovered_first(journal):
    made = boxes(*NAMES)
    made["cell-2"].faults["commit"] = ["die"]
    assert run(made, journal).exit_code == 5
    made["cell-2"].revive()
    with pytest.raises(DeviceConflict, match="recover"):
        run(made, journal)
    assert recover(journal, made.devices, made.make_driver, limits=FAST).exit_code == 0
    assert run(made, journal).outcome is Outcome.CONFIRMED


def test_two_controllers_never_interleave(journal, tmp_path):
    made = boxes(*NAMES)
    with (
        Journal(tmp_path / "journal.db") as other,
        other.lease("apply"),
        pytest.raises(JournalBusy, match="process"),
    ):
        run(made, journal)
    assert_state(made, "old")


class Meter:
    """Makes drivers whose n-th call, over all devices, fails before or after it is carried out."""

    def __init__(self, made, n, when):
        self.made, self.n, self.when = made, n, when
        self.guard = threading.Lock()

    def make_driver(self, device):
        return Metered(self, self.made.make_driver(device))

    def is_hit(self):
        with self.guard:
            self.n -= 1
            return self.n == 0


class Metered:
    def __init__(self, meter, driver):
        self.meter, self.driver = meter, driver

    def __getattr__(self, name):
        value = getattr(self.driver, name)
        if not callable(value) or name in ("close", "unlock"):
            return value

        def call(*args, **kwargs):
            is_hit = self.meter.is_hit()
            if is_hit and self.meter.when == "before":
                self.driver.box.end_session(self.driver)
                raise DeviceUnreachable(self.driver.device.id, "lost on the way")
            result = value(*args, **kwargs)
            if is_hit:
                self.driver.box.end_session(self.driver)
                raise MemoryError
            return result

        return call


@pytest.mark.parametrize("atomic", ["network", "wave"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_nth_call_to_a_device_fails_for_every_n(journal, when, atomic):
    n, outcomes = 1, set()
    while True:
        made = boxes("cell-1", "cell-2:B", "switch-1")
        plan = plan_of(made, CELLS_AND_SWITCHES, atomic=atomic, wave_size=2)
        meter = Meter(made, n, when)
        result = apply(plan, made.devices, meter.make_driver, journal, limits=FAST)
        outcomes.add(result.outcome)
        assert result.exit_code in (0, 1, 4, 75), (n, result)
        assert_state(made, "new" if result.outcome is Outcome.CONFIRMED else "old")
        if meter.n > 0:
            break
        n += 1
    assert n > 12
    assert outcomes == {Outcome.CONFIRMED, Outcome.RESTORED}


@pytest.mark.parametrize("atomic", ["network", "wave"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_with_skip_every_device_is_as_the_result_says_for_every_failing_call(journal, when, atomic):
    n, ended = 1, set()
    rollout = "{wave_size: 2, on_failure: skip, on_unreachable: skip}"
    while True:
        made = boxes("cell-1", "cell-2:B", "switch-1")
        plan = plan_of(made, CELLS_AND_SWITCHES, atomic=atomic, rollout=rollout)
        meter = Meter(made, n, when)
        result = apply(plan, made.devices, meter.make_driver, journal, limits=FAST)
        for name, state in result.devices.items():
            ended.add(state)
            is_new = state is State.CONFIRMED
            box = made[name]
            path = "tilt_deg" if box.device.kind == "cell" else "contact"
            wanted = {True: (6.0, "new@example.org"), False: (2.0, "old@example.org")}[is_new]
            assert box.values[path] in wanted, (n, name, state)
        assert (result.exit_code == 0) is (result.outcome is Outcome.CONFIRMED)
        made.assert_clean()
        if meter.n > 0:
            break
        n += 1
    assert {State.CONFIRMED, State.SKIPPED, State.RESTORED} <= ended


READING = {"read", "lock", "prepare", "unlock"}


class FailingJournal(Journal):
    """A journal whose n-th write fails, as on a full disk, once or for good."""

    def arm(self, n, times):
        self.n, self.times = n, times

    def append(self, run, notes):
        if notes:
            self.n -= 1
            if self.n < 0 and self.times:
                self.times -= 1
                raise JournalError("disk full")
        return super().append(run, notes)


@pytest.mark.parametrize("times", [1, 10**6])
def test_the_journal_fails_at_every_write(tmp_path, times):
    n, finished = 0, False
    while not finished:
        made = boxes("cell-1", "switch-1")
        plan = plan_of(made, CELLS_AND_SWITCHES)
        path = tmp_path / f"j{n}.db"
        with FailingJournal(path) as journal:
            journal.arm(n, times)
            try:
                result = run(made, journal, plan=plan)
            except JournalError:
                new = None
                assert all(set(box.calls) <= READING for box in made.values()), n
            else:
                finished = journal.n >= 0
                is_open = result.outcome is Outcome.INDETERMINATE
                new = None if is_open else result.outcome is Outcome.CONFIRMED
                if is_open:
                    assert result.exit_code == 5
                    assert "disk full" in result.reason
                    assert "stellwerk recover" in result.reason
        if new is None:
            with Journal(path) as journal:
                recovered = recover(journal, made.devices, made.make_driver, limits=FAST)
                assert recovered.exit_code == 0
                journal.verify()
                runs = journal.runs()
                new = bool(runs) and history_of(journal, runs[0]).is_decided
        assert_state(made, "new" if new else "old")
        n += 1
    assert n > 6  # results that come together are written together


def test_a_journal_that_fails_once_at_the_decision_does_not_end_the_run(tmp_path):
    made = boxes("cell-1", "switch-1")
    plan = plan_of(made, CELLS_AND_SWITCHES)
    with FailingAtTheDecision(tmp_path / "j.db") as journal:
        result = run(made, journal, plan=plan)
        assert (result.outcome, result.exit_code) == (Outcome.CONFIRMED, 0)
        assert history_of(journal, result.run).outcome is Outcome.CONFIRMED
        journal.verify()
    assert_state(made, "new")


def test_a_journal_that_ends_at_the_decision_leaves_the_run_to_recovery(tmp_path):
    made = boxes("cell-1", "switch-1")
    plan = plan_of(made, CELLS_AND_SWITCHES)
    with FailingAtTheDecision(tmp_path / "j.db", times=10**6) as journal:
        result = run(made, journal, plan=plan)
    assert (result.outcome, result.exit_code) == (Outcome.INDETERMINATE, 5)
    assert "stellwerk recover" in result.reason
    assert set(result.devices.values()) == {State.INDETERMINATE}
    assert not any("confirm" in box.calls for box in made.values())
    with Journal(tmp_path / "j.db") as journal:
        assert recover(journal, made.devices, made.make_driver, limits=FAST).exit_code == 0
    assert_state(made, "old")


class FailingAtTheDecision(Journal):
    """A journal that cannot write a decision, nor anything after it, so many times."""

    def __init__(self, path, times=1):
        super().__init__(path)
        self.times, self.is_full = times, False

    def append(self, run, notes):
        self.is_full = self.is_full or any(note.kind == "decision" for note in notes)
        if self.is_full and self.times:
            self.times -= 1
            raise JournalError("disk full")
        return super().append(run, notes)


class ListedJournal(Journal):
    """A journal that keeps what it was given in one write."""

    def __init__(self, path):
        super().__init__(path)
        self.writes = []

    def append(self, run, notes):
        self.writes.append([(note.kind, note.device) for note in notes])
        return super().append(run, notes)


def test_results_that_wait_are_written_together(tmp_path, monkeypatch):
    ask = Sessions.wait

    def late(self, timeout_s):
        if timeout_s != 0.0:
            time.sleep(0.05)  # both devices have answered by then
        return ask(self, timeout_s)

    monkeypatch.setattr(Sessions, "wait", late)
    made = boxes("cell-1", "switch-1")
    with ListedJournal(tmp_path / "j.db") as journal:
        result = run(made, journal, plan=plan_of(made, CELLS_AND_SWITCHES))
        assert result.outcome is Outcome.CONFIRMED
    locked = next(write for write in journal.writes if ("done", "cell-1") in write)
    assert ("done", "switch-1") in locked
    assert_state(made, "new")
