"""Controllers that are killed at a record of their journal, and what recovery must leave behind."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

from file_devices import FileDriver, make_file
from memory_devices import device
from planning_memory import CELLS_AND_SWITCHES, FAST, VALUES, boxes, plan_of

from controllers.history import history_of
from controllers.journal import Journal
from controllers.recover import recover
from controllers.runner import apply

# A recovery must not give a device up because the machine is busy.
PATIENT = replace(FAST, patience_s=10.0)
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


def in_child(work) -> int:
    """Run work in a forked process; returns its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


class Fleet:
    """Devices in files, of the classes given by name, and a plan for all of them."""

    def __init__(self, folder: Path, classes: dict[str, str]) -> None:
        self.folder, self.classes = folder, classes
        self.devices = [device(name, name.rsplit("-", 1)[0]) for name in classes]
        self.make_driver = partial(FileDriver, folder)
        made = boxes(*(f"{name}:{cls}" for name, cls in classes.items()))
        self.plan = plan_of(made, CELLS_AND_SWITCHES)
        self.reset()

    def reset(self) -> None:
        for entry in self.devices:
            make_file(self.folder, entry, self.classes[entry.id], dict(VALUES[entry.kind]))

    def apply_and_die(self, journal_name: str, n: int) -> int:
        """Apply the plan in a process that dies at the n-th turn; returns its wait status."""

        def work():
            with Killer(self.folder / journal_name) as journal:
                journal.n = n
                apply(self.plan, self.devices, self.make_driver, journal, limits=FAST)

        return in_child(work)

    def recovered(self, journal_name: str, *, context: str) -> bool:
        """Recover, check every device and that a second recovery does nothing; True if new."""
        with Journal(self.folder / journal_name) as journal:
            result = recover(journal, self.devices, self.make_driver, limits=PATIENT)
            assert result.exit_code == 0, f"{context}: {result.runs}"
            n_records = len(journal.records())
            again = recover(journal, self.devices, self.make_driver, limits=PATIENT)
            assert (again.runs, len(journal.records())) == ((), n_records), context
            journal.verify()
            runs = journal.runs()
            decided = bool(runs) and history_of(journal, runs[0]).is_decided
        self.assert_all("new" if decided else "old", context=context)
        return decided

    def assert_all(self, which: str, *, context: str) -> None:
        for name in self.classes:
            state = json.loads((self.folder / f"{name}.json").read_text())
            wanted = {
                path: WANTED[which][path] for path in state["values"] if path in WANTED["old"]
            }
            found = {path: state["values"][path] for path in wanted}
            assert found == wanted, f"{name} is not {which} {context}"
            assert not state["armed"], f"{name} is armed {context}"
