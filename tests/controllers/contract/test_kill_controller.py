"""SIGKILL of the controller at the entries of its journal, then recovery, on live devices.

The controller is a process of its own; the devices live on in others: emulated ones here, snmpd
and netconfd as daemons. Invariants I1, I3, I5, I10 and I13 of the trust table.
"""

from __future__ import annotations

import json
import logging
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from controllers.drivers import make_driver
from controllers.history import runs_in
from controllers.intent import parse_intent, resolve
from controllers.inventory import dump_inventory
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import make_plan
from controllers.plan_file import save_plan
from controllers.ports import Device, DeviceClass
from controllers.recover import recover
from controllers.steps import Limits, Outcome, State
from twin.model.attributes import Value
from twin.model.safe import parse_yaml

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[3]
LIMITS = Limits(step_s=8.0, patience_s=6.0, margin_s=1.0, pause_s=0.1)
OLD, NEW = 0, 1
CHANGES: Mapping[str, Mapping[str, tuple[Value, Value]]] = {
    "ap": {"radio/1/channel": (1, 11), "radio/2/tx_power_dbm": (15, 12)},
    "cabinet": {"night_level_percent": (60, 40), "night_start_min": (0, 1380)},
    "linux-host": {"radio/1/ssid": ("Stadt", "Stadt Duisburg"), "contact": ("a", "b")},
    "host-snmpd": {"contact": ("night shift", "NOC"), "location": ("here", "Rathaus")},
    "host-netconfd": {"interface/eth0/description": ("", "to the core"),
                      "interface/eth1/enabled": (True, False)},
}  # fmt: skip


@dataclass(slots=True)
class Rig:
    """Devices, a journal, and a factory of controllers that die."""

    folder: Path
    devices: tuple[Device, ...]
    zygote: subprocess.Popen[str]
    at: int = OLD
    runs: int = 0
    seconds: list[float] = field(default_factory=list)

    def values(self) -> dict[str, dict[str, Value]]:
        return {name: dict(of) for name, of in read_live(self.devices, make_driver).values.items()}

    def side(self) -> dict[str, int | None]:
        """Say for each device whether it is wholly old or wholly new; None if it is neither."""
        values = self.values()
        sides: dict[str, int | None] = {}
        for device in self.devices:
            pairs = CHANGES[device.id]
            fitting = [
                side
                for side in (OLD, NEW)
                if all(values[device.id][path] == pair[side] for path, pair in pairs.items())
            ]
            sides[device.id] = fitting[0] if fitting else None
        return sides

    def plan_to(self, side: int) -> Path:
        lines = ["version: 1", "name: kill", "changes:"]
        for device in self.devices:
            wanted = {path: pair[side] for path, pair in CHANGES[device.id].items()}
            lines.append(f'  - {{name: "{device.id}", select: "id:{device.id}", '
                         f"set: {json.dumps(wanted)}}}")  # fmt: skip
        intent = parse_intent(parse_yaml("\n".join(lines), "kill.yaml"))
        live = read_live(self.devices, make_driver)
        wants = resolve(intent, self.devices)
        plan = make_plan(intent, self.devices, live.values, wants, limits=LIMITS)
        assert {part.device for part in plan.devices} == {device.id for device in self.devices}
        save_plan(plan, self.folder / "plan.json")
        return self.folder / "plan.json"

    def control(self, plan: Path, entry: int, moment: str) -> tuple[int, int]:
        """Let a controller apply the plan and die at an entry; exit status, entries written."""
        order = {"plan": str(plan), "inventory": str(self.folder / "inventory.yaml"),
                 "journal": str(self.folder / "journal.db"), "entry": entry,
                 "moment": moment}  # fmt: skip
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(json.dumps(order) + "\n")
        self.zygote.stdin.flush()
        status, n_entries = self.zygote.stdout.readline().split()
        return int(status), int(n_entries)

    def check_one_death(self, entry: int, moment: str) -> bool:
        """Kill a controller at an entry, recover, check; False if it finished before."""
        origin, target = self.at, 1 - self.at
        status, _ = self.control(self.plan_to(target), entry, moment)
        where = f"killed {moment} entry {entry}"
        assert status in (-9, 0), f"{where}: exit {status}"
        begun_s = time.monotonic()
        with Journal(self.folder / "journal.db") as journal:
            outcome, states = self._recovered(journal, where)
        self.seconds.append(time.monotonic() - begun_s)
        sides = self.side()
        self.at = target if outcome is Outcome.CONFIRMED else origin
        assert set(sides.values()) == {self.at}, f"{where}: {outcome}, devices {sides}"  # I1
        assert not set(states) & {State.OPEN, State.INDETERMINATE}, f"{where}: {states}"  # I10
        self._check_nothing_is_held(where)
        return status == -9

    def _recovered(self, journal: Journal, where: str) -> tuple[Outcome, list[State]]:
        before = journal.runs()
        result = recover(journal, self.devices, make_driver, limits=LIMITS)
        assert result.exit_code == 0, f"{where}: {result}"
        n_records = journal.verify().n_records  # I13
        again = recover(journal, self.devices, make_driver, limits=LIMITS)
        assert not again.runs, f"{where}: a second recovery found something"  # I5
        assert journal.verify().n_records == n_records
        if len(before) == self.runs:  # killed before the first record: nothing was begun
            return Outcome.RESTORED, []
        self.runs = len(before)
        told = [run for run in runs_in(journal) if run.run == before[-1]][-1]
        assert told.outcome is not None
        return told.outcome, [facts.state for facts in told.known.values()]

    def _check_nothing_is_held(self, where: str) -> None:
        """No lock, no armed timer, no dirty candidate (I3): all of them refuse one of these."""
        for device in self.devices:
            driver = make_driver(device)
            try:
                values = driver.read()
                driver.lock()
                if driver.device_class is DeviceClass.D:
                    path = next(iter(CHANGES[device.id]))
                    driver.prepare({path: values[path]})
                    driver.discard()
                driver.unlock()
            finally:
                driver.close()


@pytest.fixture
def rig(tmp_path: Path, make_emulated: Any, make_real: Any) -> Iterator[Rig]:
    with ExitStack() as stack:
        subjects = [
            stack.enter_context(make_emulated(name, tmp_path / name))
            for name in ("ap", "cabinet", "linux-host")
        ] + [stack.enter_context(make_real(n, tmp_path / n)) for n in ("snmpd", "netconfd")]
        devices = tuple(subject.device for subject in subjects)
        dump_inventory(devices, tmp_path / "inventory.yaml")
        for subject in subjects:
            driver = make_driver(subject.device)
            wanted = {path: pair[OLD] for path, pair in CHANGES[subject.device.id].items()}
            if driver.read() and driver.device_class is DeviceClass.A:
                driver.write(wanted)
            driver.close()
        zygote = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("doomed_controller.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        )  # fmt: skip
        try:
            yield Rig(tmp_path, devices, zygote)
        finally:
            zygote.kill()
            zygote.communicate()


def _n_entries_of_a_whole_run(rig: Rig) -> int:
    assert rig.side() == dict.fromkeys(CHANGES, OLD)
    status, n_entries = rig.control(rig.plan_to(NEW), 0, "after")
    assert status == 0
    assert rig.side() == dict.fromkeys(CHANGES, NEW)
    rig.at, rig.runs = NEW, 1
    return n_entries


@pytest.mark.slow
@pytest.mark.daemon("snmpd", "netconfd", "openssh-server")
def test_a_killed_controller_leaves_every_device_old_or_new_after_recovery(rig: Rig) -> None:
    n_entries = _n_entries_of_a_whole_run(rig)
    assert n_entries > 15
    some = [(1, "after"), (n_entries // 5, "after"), (2 * n_entries // 5, "before"),
            (n_entries // 2, "after"), (4 * n_entries // 5, "before"),
            (n_entries - 2, "after")]  # fmt: skip
    deaths = sum(rig.check_one_death(entry, moment) for entry, moment in some)
    assert deaths >= len(some) - 1


@pytest.mark.long
@pytest.mark.daemon("snmpd", "netconfd", "openssh-server")
def test_a_controller_killed_at_every_entry_can_be_recovered(rig: Rig) -> None:
    n_entries = _n_entries_of_a_whole_run(rig)
    orders = [(n, moment) for n in range(1, n_entries + 1) for moment in ("after", "before")]
    random.Random(2).shuffle(orders)
    deaths = sum(rig.check_one_death(entry, moment) for entry, moment in orders)
    log.info("%d deaths at %d entries, recovery %.1f s at most", deaths, n_entries,
             max(rig.seconds))  # fmt: skip
    # how many entries a run has depends on how its steps interleave
    assert deaths >= 0.8 * len(orders)
    assert max(rig.seconds) < 15, "recovery is not bounded"
