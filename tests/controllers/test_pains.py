"""The ten pains of other tools, in order of worth, each as a test over the wire.

Devices are emulated and speak SNMPv3, NETCONF and SSH on loopback. What each pain was is told in
the first line of its test, with the threads it was reported in.
"""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controllers.drift import DriftClass, find_drift
from controllers.drivers import make_driver
from controllers.hold import Operator
from controllers.intent import parse_intent, resolve
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import Plan, make_plan
from controllers.plan_file import load_plan, save_plan
from controllers.recover import recover
from controllers.runner import RunResult, apply
from controllers.steps import Limits, Outcome, State
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value
from twin.model.errors import DeviceUnreachable, OutsideWindow
from twin.model.safe import parse_yaml

pytestmark = pytest.mark.slow

QUICK = Limits(step_s=20.0, patience_s=1.5, margin_s=2.0, pause_s=0.1)
_RADIO: dict[str, Value] = {
    "enabled": True, "channel": 36, "bandwidth_mhz": 20, "tx_power_dbm": 15, "dca": False,
    "dtp": False, "channel_in_use": 36, "tx_power_in_use_dbm": 15,
}  # fmt: skip
AP: dict[str, Value] = {f"radio/2/{name}": value for name, value in _RADIO.items()}
CELL: dict[str, Value] = {
    "admin_state": "UNLOCKED", "tx_power_dbm": 43.0, "tilt_deg": 6.0, "operational_state": "ENABLED"
}  # fmt: skip
CABINET: dict[str, Value] = {
    "contact": "c", "location": "l", "name": "cab", "normal_level_percent": 100,
    "night_level_percent": 60, "night_start_min": 0, "night_end_min": 300,
}  # fmt: skip
SWITCH: dict[str, Value] = {
    "contact": "it", "location": "school", "name": "sw", "port/1/alias": "", "port/1/oper_up": True,
    "port/1/admin_up": True, "port/1/in_octets": 5,
}  # fmt: skip
DEVICES: Mapping[str, tuple[str, dict[str, Value]]] = {
    "ap-1": ("ap", AP), "ap-2": ("ap", AP), "ap-3": ("ap", AP), "cell-1": ("cell", CELL),
    "cab-1": ("lamp_cabinet", CABINET), "cab-2": ("lamp_cabinet", CABINET),
    "vrp8": ("switch", SWITCH),
}  # fmt: skip
EVERYTHING = """
  - {name: power, select: "kind:ap", set: {radio/2/tx_power_dbm: 12}}
  - {name: tilt, select: "kind:cell", set: {tilt_deg: 8.5}}
  - {name: lamps, select: "kind:lamp_cabinet", set: {night_level_percent: 40}}
"""
CHANGED = ("radio/2/tx_power_dbm", "radio/2/channel", "tilt_deg", "night_level_percent")


class StubbornWorld(MemoryWorld):
    """A world whose devices say yes to a write; which of them do nothing is up to the test."""

    ignores: set[str]
    freezes: set[str]

    def write(self, device: str, changes: Mapping[str, Value]) -> None:
        if device in self.ignores:
            return
        before = dict(self._of(device))
        super().write(device, changes)
        if device in self.freezes:
            frozen = {path: value for path, value in before.items() if path.endswith("_in_use_dbm")}
            self._of(device).update(frozen)


class Lab:
    """Emulated devices, and the way of a change over them."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self.folder = folder
        self.world = StubbornWorld(
            {name: DEVICES[name][0] for name in names}, {name: DEVICES[name][1] for name in names}
        )
        self.world.ignores, self.world.freezes = set(), set()
        network = f"127.{secrets.choice(range(80, 250))}.{secrets.choice(range(1, 250))}.0/24"
        ports = [_free_port(kind) for kind in (socket.SOCK_DGRAM, *[socket.SOCK_STREAM] * 2)]
        placement = Placement(
            snmp=ports[0], netconf=ports[1], cli=ports[2],
            profiles={"vrp8": "huawei-vrp8-switch"} if "vrp8" in names else {},
            options={"vrp8": {"shortest_trial_s": "1"}} if "vrp8" in names else {},
        )  # fmt: skip
        entries = entries_of(self.world, list(names), folder, network=network, placement=placement)
        key = write_folder(folder, entries)
        mesh = {"mesh": "yard"}
        self.entries = tuple(
            replace(entry, options={**entry.options, **mesh}) if entry.kind == "ap" else entry
            for entry in entries
        )
        self.fleet = FleetThread(self.world, self.entries, host_key=key)
        self.journal = Journal(folder / "journal.db")

    def plan(self, changes: str = EVERYTHING, *, head: str = "", **options: Any) -> Plan:
        text = f"version: 1\nname: pain\n{head}\nchanges:\n{changes}"
        intent = parse_intent(parse_yaml(text, "intent.yaml"))
        wants = resolve(intent, self.entries)
        live = read_live([d for d in self.entries if d.id in wants], make_driver)
        return make_plan(
            intent, self.entries, live.values, wants, unreachable=live.unreachable, limits=QUICK,
            **options,
        )  # fmt: skip

    def apply(self, plan: Plan, **options: Any) -> RunResult:
        return apply(plan, self.entries, make_driver, self.journal, limits=QUICK, **options)

    def recover(self) -> int:
        return recover(self.journal, self.entries, make_driver, limits=QUICK).exit_code

    def entry(self, name: str) -> Any:
        return next(entry for entry in self.entries if entry.id == name)

    def values(self, *, skip: tuple[str, ...] = ()) -> dict[tuple[str, str], Value]:
        """What the devices are, seen from inside."""
        return self.fleet.call(
            lambda: {
                (name, path): self.world.read(name, path)
                for name in self.world.devices()
                for path in CHANGED
                if path in self.world.paths(name) and name not in skip
            }
        )

    def set(self, name: str, values: Mapping[str, Value]) -> None:
        """Somebody else changes a device behind our back."""
        self.fleet.call(lambda: self.world.write(name, values))

    def stats(self, name: str, operation: str) -> int:
        return self.fleet.call(self.fleet.fleet.stats)[name].get(operation, 0)

    def assert_free(self, *, skip: tuple[str, ...] = ()) -> None:
        """No lock held, no timer armed, no candidate dirty: seen from new sessions."""
        for entry in self.entries:
            if entry.id not in skip and entry.kind in ("ap", "cell"):
                with closing(make_driver(entry)) as driver:
                    driver.lock()  # refused while a confirmed commit is pending (RFC 6241, 7.5)
                    driver.unlock()


def _free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    names = getattr(request, "param", ("ap-1", "ap-2", "cell-1", "cab-1"))
    made = Lab(tmp_path, names)
    with made.fleet, made.journal:
        yield made


@pytest.mark.parametrize(
    ("victim", "operation"), [("ap-1", "edit-config"), ("cell-1", "commit"), ("ap-2", "confirm")]
)
def test_pain_01_one_of_many_dies_in_each_phase_and_all_others_end_alike(
    lab: Lab, victim: str, operation: str
) -> None:
    """ncclient#440, ansible#32841, golden#932: a change of many devices ends half way."""
    old = lab.values()
    plan = lab.plan()
    lab.fleet.kill_on(victim, operation, "before")
    result = lab.apply(plan)
    is_decided = operation == "confirm"  # from the first confirm on there is no way back
    ended = (State.DIVERGENT, 5) if is_decided else (State.INDETERMINATE, 5)
    assert (result.devices[victim], result.exit_code) == ended
    others = {part.device: part.target for part in plan.devices if part.device != victim}
    for name, target in others.items():
        wanted = State.CONFIRMED if is_decided else {State.RESTORED, State.UNTOUCHED}
        assert result.devices[name] in (wanted if isinstance(wanted, set) else {wanted})
        for path, value in target.items():
            assert lab.values()[name, path] == (value if is_decided else old[name, path])
    ends = [r.payload for r in lab.journal.records(result.run) if r.kind == "end"]
    assert ends[0]["states"] == {name: str(state) for name, state in result.devices.items()}
    lab.fleet.revive(victim)
    assert lab.recover() == 0
    new = {(p.device, path): v for p in plan.devices for path, v in p.target.items()}
    assert lab.values() == ({**old, **new} if is_decided else old)
    lab.assert_free()


def test_pain_02_no_timer_is_left_armed_after_a_failed_apply(lab: Lab) -> None:
    """nornir_napalm#69, netopeer2#1826, napalm-ros#149: a confirm timer is forgotten."""
    old = lab.values()

    class Gate:
        def judge(self, plan: Plan, observed: object) -> tuple[str, ...]:
            assert lab.values() != old, "all were committed, and their timers armed"
            return ("the city does not agree",)

    result = lab.apply(lab.plan(), gate=Gate())
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert all(lab.stats(name, "cancel-commit") == 1 for name in ("ap-1", "ap-2", "cell-1"))
    assert lab.values() == old
    lab.assert_free()


@pytest.mark.parametrize("how", ["ignores", "freezes"])
def test_pain_03_a_yes_without_a_change_is_a_failure_and_is_undone(lab: Lab, how: str) -> None:
    """pysnmp#164 and #181; "configuration saved but actual power determined by AP"."""
    victim = {"ignores": "cab-1", "freezes": "ap-2"}[how]
    getattr(lab.world, how).add(victim)
    old = lab.values()
    plan = lab.plan()
    plan = replace(plan, devices=tuple(replace(part, settle_s=0.5) for part in plan.devices))
    result = lab.apply(plan)
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert victim in result.reason
    assert lab.values() == old
    lab.assert_free()


def test_pain_04_a_candidate_of_somebody_else_is_neither_committed_nor_thrown_away(
    lab: Lab,
) -> None:
    """terraform-iosxe#628 and #633: the shared candidate holds what others have begun."""
    old = lab.values()
    plan = lab.plan()
    with closing(make_driver(lab.entry("ap-1"))) as somebody:
        somebody.prepare({"radio/2/channel": 44})
        result = lab.apply(plan)
        assert result.outcome is Outcome.RESTORED
        assert result.exit_code == 75
        assert result.reason.startswith("ap-1: ")
        assert lab.values() == old
        somebody.commit(confirm_timeout_s=None, persist_id=None)
    assert lab.values() == old | {("ap-1", "radio/2/channel"): 44}
    lab.assert_free()


def test_pain_05_a_thousand_silent_peers_cost_bounded_time_threads_and_sockets(lab: Lab) -> None:
    """ncclient#58, #668, #548; pysnmp#64, #237: a peer that accepts and never speaks."""
    n_peers = 1000
    most: list[tuple[int, int]] = []

    def counting(device: Any) -> Any:
        most.append((threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))))
        return make_driver(device)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(n_peers)  # the kernel takes each connection, and nobody ever speaks
        port = listener.getsockname()[1]
        key = next(iter((lab.folder / "known_hosts").read_text().splitlines())).split(" ", 1)[1]
        (lab.folder / "silent_hosts").write_text(f"[127.0.0.1]:{port} {key}\n")
        silent = [
            replace(
                lab.entry("cell-1"), id=f"cell-{i}", host="127.0.0.1", port=port,
                known_hosts="silent_hosts",
                options={"connect_timeout_s": "0.15", "timeout_s": "0.3"},
            )
            for i in range(100, 100 + n_peers)
        ]  # fmt: skip
        before = (threading.active_count(), len(list(Path("/proc/self/fd").iterdir())))
        begun_s = time.monotonic()
        live = read_live([*silent, lab.entry("cell-1")], counting, paths={}, deadline_s=5.0)
        took_s = time.monotonic() - begun_s
        assert set(live.unreachable) == {device.id for device in silent}
        assert live.values["cell-1"]["tilt_deg"] == 6.0  # the last in the queue is not forgotten
        assert took_s < n_peers * 5.0 / 16  # sixteen at a time, each within its deadline
        assert max(threads for threads, _ in most) <= before[0] + 3 * 128
        assert max(files for _, files in most) <= before[1] + 3 * 128
        end_s = time.monotonic() + 10
        while time.monotonic() < end_s:
            after = (threading.active_count(), len(list(Path("/proc/self/fd").iterdir())))
            if after[0] <= before[0] and after[1] <= before[1]:
                break
            threading.Event().wait(0.05)
        assert (after[0] <= before[0], after[1] <= before[1]) == (True, True), (before, after)


def test_pain_06_a_plan_made_of_an_older_state_is_refused_and_applied_means_evidence(
    lab: Lab,
) -> None:
    """clixon#253: a stale cache reverts in silence; openwisp#1330: a status that lies."""
    plan = lab.plan()
    lab.set("cab-1", {"night_level_percent": 75})
    changed = lab.values()
    result = lab.apply(plan)
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 1)
    assert "cab-1" in result.reason
    assert "75" in result.reason
    assert lab.values() == changed, "what somebody has set since is not overwritten"
    assert set(result.devices.values()) == {State.UNTOUCHED}
    done = lab.apply(lab.plan())
    (decision,) = (r for r in lab.journal.records(done.run) if r.kind == "decision")
    assert set(decision.payload["evidence"]) == {part.device for part in plan.devices}
    assert all(decision.payload["evidence"].values())


def test_pain_07_one_bad_device_is_left_out_by_policy_and_reconciled_later(lab: Lab) -> None:
    """clixon#239, golden#692, openwisp#291: one device that is away blocks all others."""
    lab.fleet.kill("ap-2")
    with pytest.raises(DeviceUnreachable, match="ap-2"):
        lab.apply(lab.plan())
    result = lab.apply(lab.plan(head="rollout: {on_unreachable: skip}"))
    assert (result.outcome, result.exit_code) == (Outcome.CONFIRMED, 0)
    assert lab.values()["ap-1", "radio/2/tx_power_dbm"] == 12
    lab.fleet.revive("ap-2")
    late = lab.plan()
    assert [part.device for part in late.devices] == ["ap-2"]
    assert lab.apply(late).outcome is Outcome.CONFIRMED
    assert lab.plan().is_settled


MESH = '  - {name: mesh, select: "kind:ap", set: {radio/2/channel: 44}}'
NIGHT = "rollout: {canaries: 1, windows: ['Mon-Fri 01:00-05:00 Europe/Berlin']}"


@pytest.mark.parametrize("lab", [("ap-1", "ap-2", "ap-3", "cab-1", "cab-2")], indirect=True)
def test_pain_08_a_draft_waits_for_its_window_and_a_mesh_switches_in_one_instant(
    lab: Lab, tmp_path: Path
) -> None:
    """openwisp#1142, #182, #380: no draft, no staging, no windows, no synchronised switch."""
    lamps = '  - {name: lamps, select: "kind:lamp_cabinet", set: {night_level_percent: 40}}'
    save_plan(lab.plan(f"{MESH}\n{lamps}", head=NIGHT), tmp_path / "draft.json")
    draft = load_plan(tmp_path / "draft.json")
    old = lab.values()
    noon = Operator(clock=lambda: datetime(2026, 11, 25, 12, tzinfo=UTC))
    with pytest.raises(OutsideWindow, match="next opens Thu 2026-11-26 01:00"):
        lab.apply(draft, operator=noon)
    assert lab.values() == old
    night = Operator(clock=lambda: datetime(2026, 11, 26, 0, 30, tzinfo=UTC))
    result = lab.apply(draft, operator=night)
    assert result.outcome is Outcome.CONFIRMED
    assert [part.device for part in draft.devices if part.wave == 0] == ["cab-1"]
    sent, answered = [], []
    for i, record in enumerate(lab.journal.records(result.run)):
        if record.payload.get("op") == "commit" and record.kind in ("send", "done"):
            (sent if record.kind == "send" else answered).append((i, record.device))
    assert {device for _, device in sent} == {"ap-1", "ap-2", "ap-3"}
    assert max(sent)[0] < min(answered)[0], "all were told before the first one answered"
    assert lab.values()["ap-3", "radio/2/channel"] == 44


def test_pain_09_what_a_device_rounds_or_adds_is_no_false_drift(lab: Lab) -> None:
    """terraform#613, clixon#6: differences in spelling, and leaves that a device adds."""
    changes = """
  - {name: tilt, select: "kind:cell", set: {tilt_deg: 8.54, tx_power_dbm: 40}}
  - {name: who, select: "kind:lamp_cabinet", set: {contact: "night desk"}}
"""
    assert lab.apply(lab.plan(changes)).outcome is Outcome.CONFIRMED
    assert lab.plan(changes).is_settled, "8.54 degrees read back as 8.5 are as they were wanted"
    cell, cabinet = lab.entry("cell-1"), lab.entry("cab-1")
    wanted: dict[str, dict[str, Value]] = {
        "cell-1": {"tilt_deg": 8.54, "tx_power_dbm": 40}, "cab-1": {"contact": "night desk "}
    }  # fmt: skip
    first = read_live([cell, cabinet], make_driver).values
    for device in (cell, cabinet):
        assert not find_drift(device, wanted[device.id], first[device.id])
    # A leaf that was not there when the baseline was taken is named once, then it is known.
    known = {path: value for path, value in first["cab-1"].items() if path != "location"}
    (added,) = find_drift(cabinet, wanted["cab-1"], first["cab-1"], baseline=known)
    assert (added.path, added.drift_class) == ("location", DriftClass.ADDED)
    assert not find_drift(cabinet, wanted["cab-1"], first["cab-1"], baseline=first["cab-1"])


@pytest.mark.parametrize("lab", [("vrp8", "ap-1")], indirect=True)
def test_pain_10_a_vrp8_switch_takes_part_with_its_trial_commit(lab: Lab) -> None:
    """netmiko#2625, #1072: ``[*`` prompts, no trial commit. Prompts: test_driver_cli_vrp.py."""
    changes = """
  - {name: contact, select: "kind:switch", set: {contact: NOC, port/1/alias: "room 7"}}
  - {name: power, select: "kind:ap", set: {radio/2/tx_power_dbm: 12}}
"""

    def seen() -> tuple[Value, Value]:
        with closing(make_driver(lab.entry("vrp8"))) as driver:
            read = driver.read(["contact", "port/1/alias"])
            return read["contact"], read["port/1/alias"]

    class Gate:
        def __init__(self, *answers: str) -> None:
            self.answers = answers

        def judge(self, plan: Plan, observed: object) -> tuple[str, ...]:
            assert seen() == ("NOC", "room 7"), "the trial run is running"
            return self.answers

    result = lab.apply(lab.plan(changes), gate=Gate("no"))
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert seen() == ("it", ""), "the trial was taken back, and no session is jammed"
    assert lab.apply(lab.plan(changes), gate=Gate()).outcome is Outcome.CONFIRMED
    lab.fleet.kill("vrp8")
    lab.fleet.revive("vrp8")
    assert seen() == ("NOC", "room 7"), "and what was kept outlives a power cut"
