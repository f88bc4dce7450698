"""The drivers of routers on emulated devices, and on peers that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ssh_peers import HOST, PASSWORD, USER, Loop, Session, ssh_peer

from controllers.drivers import make_driver
from controllers.drivers.cli_trial import TrialDriver
from controllers.ports import Device
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value, attribute_of
from twin.model.errors import (
    DeviceAuthError,
    DeviceConflict,
    DeviceError,
    DeviceHostKeyError,
    DeviceLocked,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
    EvidenceMismatch,
)

_PORT: dict[str, Value] = {"admin_up": True, "alias": "", "oper_up": True, "in_octets": 5}
SWITCH: dict[str, Value] = {
    "contact": "it", "location": "school", "name": "sw",
    **{f"port/{i}/{key}": value for i in range(1, 13) for key, value in _PORT.items()},
}  # fmt: skip
ROUTER: dict[str, Value] = {
    "router_id": "", "forwarding": True, "name": "edge", "interface/eth0/description": "",
    "interface/eth0/enabled": True, "interface/eth0/oper_up": True,
}  # fmt: skip
KINDS: Mapping[str, tuple[str, str, dict[str, Value]]] = {
    "vrp8": ("switch", "huawei-vrp8-switch", SWITCH),
    "vrp5": ("switch", "huawei-vrp5-switch", SWITCH),
    "vtysh": ("router", "frr-router", ROUTER),
}
WANTED: dict[str, Value] = {"contact": "NOC", "port/1/alias": "room 7", "port/2/admin_up": False}


@contextlib.contextmanager
def emulated(folder: Path, *names: str) -> Iterator[SimpleNamespace]:
    """Devices of some dialects, with drivers that are closed in the end."""
    world = MemoryWorld(
        {name: KINDS[name][0] for name in names}, {name: KINDS[name][2] for name in names}
    )
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    network = f"127.{80 + secrets.randbelow(40)}.{secrets.randbelow(250)}.0/24"
    placement = Placement(
        cli=port,
        profiles={name: KINDS[name][1] for name in names},
        options={"vrp8": {"shortest_trial_s": "1"}, "vrp5": {"startup_file": "none"}},
    )
    entries = entries_of(world, names, folder, network=network, placement=placement)
    key = write_folder(folder, entries)
    opened: list[Any] = []

    def driver(name: str, **options: str) -> Any:
        entry = next(entry for entry in entries if entry.id == name)
        made = make_driver(replace(entry, options={**entry.options, **options}))
        opened.append(made)
        return made

    with FleetThread(world, entries, host_key=key) as fleet:
        yield SimpleNamespace(
            world=world, fleet=fleet, driver=driver,
            entry={entry.id: entry for entry in entries},
            read=lambda name, path: fleet.call(lambda: world.read(name, path)),
        )  # fmt: skip
        for one in opened:
            one.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    with emulated(tmp_path_factory.mktemp("routers"), *KINDS) as bench:
        yield bench


@pytest.fixture
def bench(shared: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """The shared devices, as they were in the end."""
    yield shared
    for name, (kind, _, values) in KINDS.items():
        old = {
            path: value for path, value in values.items() if attribute_of(kind, path)[0].writable
        }
        shared.fleet.kill(name)
        shared.fleet.revive(name, old)


def settled(read: Callable[[], object], wanted: object, what: str) -> None:
    end_s = time.monotonic() + 8
    while read() != wanted:
        assert time.monotonic() < end_s, what
        time.sleep(0.05)


# --- pain 10: VRP8's prompts, its question on leaving, and trial commits -----------------------


def test_pain_10_vrp8_prompts_trial_commit_and_the_question_on_leaving(
    bench: SimpleNamespace,
) -> None:
    """netmiko#2625 and #1072: ``[*`` prompts, a session that is jammed, no trial commit."""
    driver: TrialDriver = bench.driver("vrp8")
    driver.lock()
    before = driver.read()

    driver.prepare(WANTED)
    assert driver.terminal.prompt == "[*sw-1]" or driver.terminal.prompt.startswith("[*sw")
    assert bench.driver("vrp8").read() == before, "a candidate is not running"

    driver.unlock()  # leaves the configuration: asked, and answered no
    assert driver.terminal.prompt == "<sw>"
    assert driver.read() == before, "nothing is committed by leaving, and the session is not jammed"

    driver.lock()
    driver.prepare(WANTED)
    driver.commit(confirm_timeout_s=60, persist_id=None)
    assert bench.driver("vrp8").read(list(WANTED)) == WANTED, "a trial run is running"
    driver.cancel("any")
    assert driver.read() == before, "and is taken back"

    driver.prepare(WANTED)
    driver.commit(confirm_timeout_s=60, persist_id=None)
    driver.confirm("any")
    driver.unlock()
    bench.fleet.kill("vrp8")
    bench.fleet.revive("vrp8")
    assert bench.driver("vrp8").read(list(WANTED)) == WANTED, "and outlives a power cut once kept"


@pytest.mark.long
def test_a_trial_run_that_is_not_confirmed_in_time_is_noticed(bench: SimpleNamespace) -> None:
    driver = bench.driver("vrp8")
    driver.prepare(WANTED)
    driver.commit(confirm_timeout_s=1, persist_id=None)
    settled(lambda: bench.read("vrp8", "contact"), "it", "the trial run ends by itself")
    with pytest.raises(EvidenceMismatch, match="the trial run has expired"):
        driver.confirm("any")
    assert bench.driver("vrp8").read(list(WANTED)) == {path: SWITCH[path] for path in WANTED}


@pytest.mark.long
def test_a_trial_run_ends_with_its_session_and_cannot_be_confirmed_by_another(
    bench: SimpleNamespace,
) -> None:
    driver = bench.driver("vrp8")
    driver.prepare(WANTED)
    driver.commit(confirm_timeout_s=60, persist_id=None)
    driver.close()
    settled(lambda: bench.read("vrp8", "contact"), "it", "the trial run ends with its session")
    with pytest.raises(DeviceRefused, match="the device has reverted"):
        driver.confirm("any")
    driver.cancel("any")  # nothing armed is no error
    driver.prepare(WANTED)
    driver.close()
    with pytest.raises(DeviceUnreachable, match="prepare again"):
        driver.commit(confirm_timeout_s=60, persist_id=None)


@pytest.mark.long
def test_what_is_wanted_for_good_and_is_there_already_is_stored(bench: SimpleNamespace) -> None:
    driver = bench.driver("vrp8")
    driver.terminal.order("a controller that died", "system-view")
    driver.terminal.order("a controller that died", "snmp-agent sys-info contact NOC")
    driver.terminal.order("a controller that died", "commit")
    driver.terminal.order("a controller that died", "return")
    driver.prepare({"contact": "NOC"})
    driver.commit(confirm_timeout_s=None, persist_id=None)
    bench.fleet.kill("vrp8")
    bench.fleet.revive("vrp8")
    assert bench.driver("vrp8").read(["contact"]) == {"contact": "NOC"}


@pytest.mark.long
def test_a_trial_run_too_short_for_the_device_or_prolonged_is_refused(
    bench: SimpleNamespace,
) -> None:
    driver = bench.driver("vrp8", shortest_trial_s="60")
    driver.prepare(WANTED)
    with pytest.raises(DeviceRefused, match="too short for it; confirm after 60 s or more"):
        driver.commit(confirm_timeout_s=30, persist_id=None)
    driver.commit(confirm_timeout_s=60, persist_id=None)
    with pytest.raises(DeviceRefused, match="cannot be prolonged"):
        driver.commit(confirm_timeout_s=60, persist_id=None)
    driver.cancel("any")


@pytest.mark.long
@pytest.mark.parametrize("name", ["vrp5", "vrp8"])
def test_a_configuration_that_somebody_else_has_locked_is_told_with_who(
    bench: SimpleNamespace, name: str
) -> None:
    first, second = bench.driver(name), bench.driver(name)
    first.lock()
    with pytest.raises(DeviceLocked, match="User Name: stellwerk"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


@pytest.mark.parametrize("name", ["vrp5", "vrp8", "vtysh"])
def test_one_wrong_line_never_leaves_the_device_half_configured(
    bench: SimpleNamespace, name: str
) -> None:
    driver = bench.driver(name)
    before = driver.read()
    wrong: dict[str, Value] = {"router_id": "192.0.2.1", "interface/eth0/description": "x" * 65}
    if name != "vtysh":
        wrong = {"contact": "NOC", "port/1/alias": "x" * 65, "port/2/admin_up": False}
    with pytest.raises(DeviceRefused, match=r"line 'description x.*the device says"):
        driver.prepare(wrong) if name == "vrp8" else driver.write(wrong)
    assert driver.read() == before
    assert bench.driver(name).read() == before


def test_a_candidate_that_is_not_ours_is_refused_and_left_alone(bench: SimpleNamespace) -> None:
    driver: TrialDriver = bench.driver("vrp8")
    driver.terminal.order("somebody", "system-view")
    driver.terminal.order("somebody", "snmp-agent sys-info location elsewhere")
    with pytest.raises(DeviceConflict, match="not committed and not ours"):
        driver.prepare(WANTED)


@pytest.mark.long
def test_a_device_in_immediate_mode_is_no_vrp8_switch_of_ours(bench: SimpleNamespace) -> None:
    entry = replace(bench.entry["vrp5"], profile="huawei-vrp8-switch")
    driver = make_driver(entry)
    with pytest.raises(DeviceRefused, match=r"prompt '\[sw\]' is not of the two-stage mode"):
        driver.prepare(WANTED)
    assert bench.driver("vrp5").read(["contact"]) == {"contact": "it"}
    driver.close()


@pytest.mark.long
def test_a_vrp8_switch_with_a_commit_that_was_not_saved_is_refused(bench: SimpleNamespace) -> None:
    driver = bench.driver("vrp8")
    for line in ("system-view", "snmp-agent sys-info location elsewhere", "commit", "return"):
        driver.terminal.order("somebody", line)
    with pytest.raises(DeviceConflict, match="2 lines that are not ours"):
        driver.prepare({"contact": "NOC"})
    assert driver.terminal.prompt == "<sw>"


@pytest.mark.long
def test_a_vrp5_switch_with_changes_that_were_not_saved_is_refused(bench: SimpleNamespace) -> None:
    driver = bench.driver("vrp5")
    driver.terminal.order("somebody", "system-view")
    driver.terminal.order("somebody", "snmp-agent sys-info location elsewhere")
    driver.terminal.order("somebody", "return")
    with pytest.raises(DeviceConflict, match="2 lines that are not ours"):
        driver.write({"contact": "NOC"})
    driver.write({"location": "school", "contact": "NOC"})
    driver.close()
    bench.fleet.kill("vrp5")
    bench.fleet.revive("vrp5")
    assert bench.driver("vrp5").read(["contact", "location"]) == {
        "contact": "NOC", "location": "school",
    }  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", ["vrp5", "vtysh"])
def test_what_was_not_saved_is_saved_when_it_is_wanted_again(
    bench: SimpleNamespace, name: str
) -> None:
    driver = bench.driver(name)
    path = "port/1/alias" if name == "vrp5" else "interface/eth0/description"
    section = "interface 1" if name == "vrp5" else "interface eth0"
    for line in (driver.terminal.dialect.enter, section, "description core",
                 driver.terminal.dialect.leave):  # fmt: skip
        driver.terminal.order("a controller that died", line)
    driver.write({path: "core"})
    driver.close()
    bench.fleet.kill(name)
    bench.fleet.revive(name)
    assert bench.driver(name).read([path]) == {path: "core"}


@pytest.mark.long
@pytest.mark.parametrize("name", ["vrp5", "vrp8"])
def test_pages_are_turned(bench: SimpleNamespace, name: str) -> None:
    driver = bench.driver(name)
    before = driver.read()
    driver.terminal.order("turn paging on", "screen-length 3 temporary")
    assert driver.read() == before


@pytest.mark.long
@pytest.mark.parametrize("text", ["who?", " blank", "two  blanks"])
def test_a_value_that_the_line_editor_would_change_is_refused(
    bench: SimpleNamespace, text: str
) -> None:
    for name, path in (("vrp5", "contact"), ("vtysh", "interface/eth0/description")):
        with pytest.raises(DeviceRefused, match="this command line"):
            bench.driver(name).write({path: text})
    with pytest.raises(DeviceRefused, match="this command line"):
        bench.driver("vrp8").prepare({"contact": text})


# --- peers that misbehave -----------------------------------------------------------------------


@pytest.fixture
def peers() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def peer_device(tmp_path: Path, port: int, key: str) -> Device:
    (tmp_path / "known_hosts").write_text(f"[{HOST}]:{port} {key}\n" if key else "")
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    return Device(
        id="sw-1", kind="switch", profile="huawei-vrp5-switch", host=HOST, port=port,
        username=USER, secrets={"password": "file:password"}, known_hosts="known_hosts",
        instances={"port": ("1",)}, base=tmp_path,
        options={"connect_timeout_s": "5", "timeout_s": "1"},
    )  # fmt: skip


def speaking(answer: Callable[[Any, str], Any]) -> Session:
    """A switch that echoes, knows netmiko's first commands, and answers the rest as told."""

    async def session(process: Any) -> None:
        process.stdout.write(b"\r\n<HUAWEI>")
        while True:
            line = (await process.stdin.readuntil(b"\n")).decode().strip()
            process.stdout.write(f"{line}\r\n".encode())
            if line.startswith("display") or line.startswith("sys"):
                await answer(process, line)
            process.stdout.write(b"<HUAWEI>")

    return session


async def asks(process: Any, _line: str) -> None:
    process.stdout.write(b"Warning: The licence expires. Format flash? [Y/N]:")
    await process.stdin.readuntil(b"\n")
    process.stdout.write(b"formatting\r\n")


async def drips(process: Any, _line: str) -> None:
    for _ in range(1000):
        process.stdout.write(b"x")
        await asyncio.sleep(0.1)


async def pages_for_ever(process: Any, _line: str) -> None:
    key = b" "
    while key:
        process.stdout.write(b"x\r\n  ---- More ----")
        key = await process.stdin.read(1)


async def hangs_up(process: Any, _line: str) -> None:
    process.close()


async def falls_silent(process: Any, _line: str) -> None:
    await asyncio.sleep(3600)


async def seems_to_ask(process: Any, _line: str) -> None:
    process.stdout.write(b"#\r\nsnmp-agent sys-info contact who is it [y/n]")
    await asyncio.sleep(0.1)
    process.stdout.write(b" then\r\n#\r\nreturn\r\n")


@pytest.mark.long
@pytest.mark.parametrize(
    ("answer", "expected", "says"),
    [
        (asks, DeviceRefused, r"asks 'Warning: The licence expires. Format flash\? \[Y/N\]:'"),
        (drips, DeviceTimeout, "no result within 1 s"),
        (pages_for_ever, DeviceTimeout, "does not end|no result within 1 s"),
        (hangs_up, DeviceUnreachable, "the SSH session was lost"),
        (falls_silent, DeviceTimeout, "no result within 1 s"),
    ],
)
def test_a_peer_that_misbehaves_is_one_line_in_bounded_time(
    peers: Loop, tmp_path: Path, answer: Any, expected: type[DeviceError], says: str
) -> None:
    port, key = ssh_peer(peers, speaking(answer))
    driver = make_driver(peer_device(tmp_path, port, key))
    begun_s = time.monotonic()
    with pytest.raises(expected, match=says) as caught:
        driver.read(["contact"])
    driver.close()
    assert time.monotonic() - begun_s < 8
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.long
def test_a_text_that_only_looks_like_a_question_is_read_to_its_end(
    peers: Loop, tmp_path: Path
) -> None:
    port, key = ssh_peer(peers, speaking(seems_to_ask))
    driver = make_driver(peer_device(tmp_path, port, key))
    assert driver.read(["contact"]) == {"contact": "who is it [y/n] then"}
    driver.close()


@pytest.mark.long
def test_wrong_password_and_unknown_or_changed_host_key_are_named(
    peers: Loop, tmp_path: Path
) -> None:
    port, key = ssh_peer(peers, speaking(asks))
    device = peer_device(tmp_path, port, key)
    (tmp_path / "password").write_text("wrong-canary")
    for known, expected, says in (
        (key, DeviceAuthError, "refuses the login of 'stellwerk'"),
        ("", DeviceHostKeyError, "is unknown"),
        (ssh_peer(peers, speaking(asks))[1], DeviceHostKeyError, "has CHANGED"),
    ):
        (tmp_path / "known_hosts").write_text(f"[{HOST}]:{port} {known}\n" if known else "")
        with pytest.raises(expected, match=says) as caught:
            make_driver(device).read()
        assert "canary" not in str(caught.value)
