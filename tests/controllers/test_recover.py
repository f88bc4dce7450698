"""kill -9 at every journal record: recovery leaves every device old or new, as the journal says."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from functools import partial

import pytest
from file_devices import FileDriver, make_file
from memory_devices import device
from planning_memory import CELLS_AND_SWITCHES, FAST, VALUES, boxes, plan_of

from controllers.history import history_of
from controllers.journal import Journal
from controllers.recover import recover, rollback
from controllers.runner import apply
from controllers.steps import Note
from twin.model.errors import InputError, JournalDamaged, JournalError

CLASSES = {"cell-1": "D", "cell-2": "B", "switch-1": "A", "switch-2": "A"}
WANTED = {
    "old": {"tx_power_dbm": 40.0, "tilt_deg": 2.0, "contact": "old@example.org", "location": "old"},
    "new": {"tx_power_dbm": 43.0, "tilt_deg": 6.0, "contact": "new@example.org", "location": "new"},
}


class Killer(Journal):
    """A journal that kills its process when the n-th turn is durable."""

    n = 0

    def append(self, run, notes):
        last = super().append(run, notes)
        if notes:
            self.n -= 1
            if self.n == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return last


@pytest.fixture
def fleet(tmp_path):
    devices = [device(name, name.rsplit("-", 1)[0]) for name in CLASSES]

    def reset():
        for entry in devices:
            make_file(tmp_path, entry, CLASSES[entry.id], dict(VALUES[entry.kind]))

    reset()
    return devices, partial(FileDriver, tmp_path), reset, tmp_path


def planned():
    made = boxes(*(f"{name}:{cls}" for name, cls in CLASSES.items()))
    return plan_of(made, CELLS_AND_SWITCHES)


def in_child(work) -> int:
    """Run work in a forked process; returns its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def assert_all(folder, which, *, context=""):
    for name in CLASSES:
        state = json.loads((folder / f"{name}.json").read_text())
        wanted = {path: WANTED[which][path] for path in state["values"] if path in WANTED["old"]}
        found = {path: state["values"][path] for path in wanted}
        assert found == wanted, f"{name} is not {which} {context}"
        assert not state["armed"], f"{name} is armed {context}"


def recovered(folder, devices, make_driver, name, *, context):
    with Journal(folder / name) as journal:
        result = recover(journal, devices, make_driver, limits=FAST)
        assert result.exit_code == 0, context
        n_records = len(journal.records())
        again = recover(journal, devices, make_driver, limits=FAST)
        assert (again.runs, len(journal.records())) == ((), n_records), context
        journal.verify()
        runs = journal.runs()
        decided = bool(runs) and history_of(journal, runs[0]).is_decided
    assert_all(folder, "new" if decided else "old", context=context)
    return decided


def test_kill_at_every_record_then_recover(fleet):
    devices, make_driver, reset, folder = fleet
    plan = planned()
    n, outcomes = 1, set()
    while True:
        reset()

        def work(n=n):
            with Killer(folder / f"j{n}.db") as journal:
                journal.n = n
                apply(plan, devices, make_driver, journal, limits=FAST)

        status = in_child(work)
        outcomes.add(recovered(folder, devices, make_driver, f"j{n}.db", context=f"turn {n}"))
        if not os.WIFSIGNALED(status):
            break
        n += 1
    assert n > 12
    assert outcomes == {False, True}


@pytest.mark.slow
def test_kill_at_random_instants_and_again_in_the_recovery(fleet):
    devices, make_driver, reset, folder = fleet
    plan = planned()
    rng = random.Random(5)
    for i in range(25):
        reset()
        name = f"r{i}.db"

        def begin(name=name):
            with Journal(folder / name) as journal:
                apply(plan, devices, make_driver, journal, limits=FAST)

        n_turns = rng.randint(1, 12)

        def again(name=name, n=n_turns):
            with Killer(folder / name) as journal:
                journal.n = n
                recover(journal, devices, make_driver, limits=FAST)

        child = os.fork()
        if child == 0:
            try:
                begin()
            finally:
                os._exit(0)
        time.sleep(rng.uniform(0.0, 0.12))  # the instant is what is drawn here
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        in_child(again)
        recovered(folder, devices, make_driver, name, context=f"instant {i}")


def test_a_damaged_journal_is_never_acted_on(tmp_path):
    made = boxes("cell-1", "switch-1")
    made["switch-1"].faults["write"] = ["die"]
    with Journal(tmp_path / "j.db") as journal:
        apply(
            plan_of(made, CELLS_AND_SWITCHES), made.devices, made.make_driver, journal, limits=FAST
        )
        journal._connected().exec_driver_sql(
            "UPDATE records SET payload = replace(payload, '\"old\"', '\"odd\"') WHERE kind='begin'"
        )
        journal._connected().commit()
        made["switch-1"].revive()
        before = made.state()
        with pytest.raises(JournalDamaged, match="record 1 "):
            recover(journal, made.devices, made.make_driver, limits=FAST)
        with pytest.raises(JournalDamaged, match="record 1 "):
            rollback(journal, journal.runs()[0], made.devices, made.make_driver, limits=FAST)
    assert made.state() == before


def test_a_run_without_its_plan_is_refused(tmp_path):
    with Journal(tmp_path / "j.db") as journal:
        journal.append("r", [Note("send", "cell-1", {"op": "lock"})])
        with pytest.raises(JournalDamaged, match="does not begin with its plan"):
            recover(journal, [], FileDriver, limits=FAST)
    with Journal(tmp_path / "k.db") as journal:
        journal.append("r", [Note("begin", "", {"plan": {}})])
        with pytest.raises(JournalError, match="unusable"):
            recover(journal, [], FileDriver, limits=FAST)


def test_rollback_of_an_unknown_or_failed_run_is_a_user_error(tmp_path):
    made = boxes("cell-1", "switch-1")
    made["switch-1"].faults["write"] = ["lie"]
    with Journal(tmp_path / "j.db") as journal:
        result = apply(
            plan_of(made, CELLS_AND_SWITCHES), made.devices, made.make_driver, journal, limits=FAST
        )
        with pytest.raises(InputError, match="no run 'x'"):
            rollback(journal, "x", made.devices, made.make_driver)
        with pytest.raises(InputError, match="restored"):
            rollback(journal, result.run, made.devices, made.make_driver)


def test_an_inventory_without_a_device_of_the_run_is_a_user_error(tmp_path):
    made = boxes("cell-1", "switch-1")
    made["switch-1"].faults["write"] = ["die"]
    with Journal(tmp_path / "j.db") as journal:
        apply(
            plan_of(made, CELLS_AND_SWITCHES), made.devices, made.make_driver, journal, limits=FAST
        )
        with pytest.raises(InputError, match="switch-1"):
            recover(journal, made.devices[:1], made.make_driver, limits=FAST)
