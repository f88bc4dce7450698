"""kill -9 at every journal record: recovery leaves every device old or new, as the journal says."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time

import pytest
from file_devices import FileDriver
from killing import Fleet, Killer, in_child
from planning_memory import CELLS_AND_SWITCHES, FAST, boxes, plan_of

from controllers.journal import Journal
from controllers.recover import recover, rollback
from controllers.runner import apply
from controllers.steps import Note
from twin.model.errors import InputError, JournalDamaged, JournalError

FOUR = {"cell-1": "D", "cell-2": "B", "switch-1": "A", "switch-2": "A"}
TWENTY = (
    {f"cell-{i}": "D" for i in range(1, 9)}
    | {f"cell-{i}": "B" for i in range(9, 13)}
    | {f"switch-{i}": "A" for i in range(1, 9)}
)


def test_kill_at_every_record_then_recover(tmp_path):
    fleet = Fleet(tmp_path, FOUR)
    outcomes = {new for _, new in _killed_at(fleet, itertools.count(1))}
    assert outcomes == {False, True}


def _killed_at(fleet, turns):
    """Kill at each of these turns, until there are no more; yields turn and outcome."""
    for n in turns:
        fleet.reset()
        status = fleet.apply_and_die(f"j{n}.db", n)
        yield n, fleet.recovered(f"j{n}.db", context=f"turn {n}")
        if not os.WIFSIGNALED(status):
            assert n > 12
            return


@pytest.mark.slow
def test_kill_in_a_transaction_of_twenty_devices_then_recover(tmp_path):
    fleet = Fleet(tmp_path, TWENTY)
    outcomes = {new for _, new in _killed_at(fleet, range(2, 1000, 4))}
    assert outcomes == {False, True}


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_kill_at_every_record_of_a_transaction_of_twenty_devices(tmp_path):
    fleet = Fleet(tmp_path, TWENTY)
    # Results that come together are one write, so that the number of turns differs by chance.
    outcomes = set()
    for _, is_new in _killed_at(fleet, itertools.count(1)):
        outcomes.add(is_new)
        for file in tmp_path.glob("j*.db*"):
            file.unlink()
    assert outcomes == {False, True}


@pytest.mark.slow
def test_kill_at_random_instants_and_again_in_the_recovery(tmp_path):
    fleet = Fleet(tmp_path, FOUR)
    rng = random.Random(5)
    for i in range(25):
        fleet.reset()
        name = f"r{i}.db"

        n_turns = rng.randint(1, 12)

        def again(name=name, n=n_turns):
            with Killer(fleet.folder / name) as journal:
                journal.n = n
                recover(journal, fleet.devices, fleet.make_driver, limits=FAST)

        child = os.fork()
        if child == 0:
            try:
                with Journal(fleet.folder / name) as journal:
                    apply(fleet.plan, fleet.devices, fleet.make_driver, journal, limits=FAST)
            finally:
                os._exit(0)
        time.sleep(rng.uniform(0.0, 0.12))  # the instant is what is drawn here
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        in_child(again)
        fleet.recovered(name, context=f"instant {i}")


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
