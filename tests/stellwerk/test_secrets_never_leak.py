"""Canary secrets go through plan, apply, failures and tracebacks, and are found in no sink."""

from __future__ import annotations

import base64
import html
import json
import logging
import os
import subprocess
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from controllers.drivers import make_driver
from controllers.inventory import dump_inventory, load_inventory
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from stellwerk.cli import run
from stellwerk.exits import Exit
from twin.model.attributes import Value
from twin.model.errors import DeviceError

pytestmark = pytest.mark.slow

CANARIES = {
    name: f'Canary<{name}>&"7f%3a/+ü{name}'
    for name in ("snmp-auth", "snmp-priv", "ssh-password", "wrong")
}
_IDENTITY: dict[str, Value] = {"contact": "noc", "location": "here", "name": "it"}
VALUES: dict[str, dict[str, Value]] = {
    "ap-1": {"ssid/Stadt/enabled": True, "ssid/Stadt/hidden": False},
    "sw-1": {**_IDENTITY, "poe_power_w": 44},
    "host-1": {**_IDENTITY, "uptime_s": 5},
}
INTENT = """\
version: 1
name: canaries
changes:
  - {name: identity, select: "kind:switch | kind:host", set: {contact: "CONTACT"}}
  - {name: network, select: "kind:ap", set: {ssid/Stadt/hidden: HIDDEN}}
"""
Call = Callable[..., str]


def forms_of(secret: str) -> dict[str, bytes]:
    """Spell a secret in every way in which it might come out."""
    data = secret.encode()
    forms = {
        "plain": data,
        "hex": data.hex().encode(),
        "HEX": data.hex().upper().encode(),
        "url": quote(secret, safe="").encode(),
        "url +": quote_plus(secret).encode(),
        "xml": html.escape(secret).encode(),
        "xml text": html.escape(secret, quote=False).encode(),
        "json": json.dumps(secret)[1:-1].encode(),
        "repr": repr(secret)[1:-1].encode(),
        "utf-16le": secret.encode("utf-16-le"),
        "utf-16be": secret.encode("utf-16-be"),
    }
    for shift in range(3):
        # What stands before it decides how it is cut into groups of three octets.
        coded = base64.b64encode(bytes(shift) + data + bytes(-(shift + len(data)) % 3))
        forms[f"base64 {shift}"] = coded[4 if shift else 0 : -4]
    return forms


def leaks_in(sinks: dict[str, bytes]) -> list[str]:
    """Name every sink in which a canary is, and how it is spelt there."""
    return [
        f"{name} as {form} in {sink}"
        for name, secret in CANARIES.items()
        for form, spelt in forms_of(secret).items()
        for sink, data in sinks.items()
        if spelt in data
    ]


def test_the_scanner_finds_what_it_looks_for() -> None:
    secret = CANARIES["ssh-password"]
    for spelt in forms_of(secret).values():
        assert leaks_in({"sink": b"xx" + spelt + b"yy"})
    for before in (b"", b"u:", b"us:", b"usr:"):
        assert leaks_in({"sink": base64.b64encode(before + secret.encode() + b"\n")})
    assert not leaks_in({"sink": b"Canary"})


@pytest.fixture(scope="module")
def lab(
    tmp_path_factory: pytest.TempPathFactory, network: str
) -> Iterator[tuple[Path, FleetThread]]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "secrets").mkdir()
    for name, secret in CANARIES.items():
        (folder / "secrets" / name).write_text(secret + "\n", encoding="utf-8")
        (folder / "secrets" / name).chmod(0o600)
    world = MemoryWorld({"ap-1": "ap", "sw-1": "switch", "host-1": "host"}, VALUES)
    placement = Placement(profiles={"host-1": "linux-host"})
    entries = entries_of(world, tuple(VALUES), folder, network=network, placement=placement)
    key = write_folder(folder, entries)
    with FleetThread(world, entries, host_key=key) as fleet:
        yield folder, fleet


@pytest.fixture
def call(
    lab: tuple[Path, FleetThread], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> Iterator[Call]:  # fmt: skip
    """Run commands as loud as they go; at the end everything they have left is searched."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STELLWERK_INVENTORY", str(lab[0] / "inventory.yaml"))
    monkeypatch.setenv("STELLWERK_JOURNAL", str(tmp_path / "journal.db"))
    monkeypatch.setenv("STELLWERK_HOME", str(tmp_path / "home"))
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    def calling(*words: str, code: Exit = Exit.OK) -> str:
        got = run(["-vv", *words])
        told = capfd.readouterr()
        said.extend((told.out, told.err))
        assert got == code, told.err
        return told.out

    yield calling
    told = capfd.readouterr()
    sinks = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    sinks["terminal"] = "\n".join([*said, told.out, told.err]).encode()
    sinks["log"] = caplog.text.encode()
    sinks["argv"] = Path("/proc/self/cmdline").read_bytes()
    sinks["environment"] = Path("/proc/self/environ").read_bytes()
    if (tmp_path / "kept").is_dir():
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        git = ["git", "-C", str(tmp_path / "kept"), "log", "-p"]
        sinks["commits"] = subprocess.run(git, capture_output=True, check=True, env=clean).stdout
    assert len(sinks["terminal"]) > 100
    assert leaks_in(sinks) == []


def _intent(contact: str, *, hidden: bool) -> str:
    text = INTENT.replace("CONTACT", contact).replace("HIDDEN", str(hidden).lower())
    Path("intent.yaml").write_text(text)
    return "intent.yaml"


def test_no_secret_is_in_what_a_change_leaves(call: Call) -> None:
    intent = _intent("night shift", hidden=True)
    call("plan", intent, "--out", "plan.json")
    call("plan", intent, "--json")
    call("apply", "plan.json", "--yes")
    call("journal", "verify")
    call("drift", intent, "--json", "--save-baseline", "baseline.json", "--instances")
    call("adopt", "found")
    call("backup", "--git", "kept", "--raw")
    call("inventory", "show", "--json")
    call("inventory", "check")
    assert "night shift" in Path("kept/sw-1.yaml").read_text()


def test_no_secret_is_in_what_a_failure_says(
    call: Call, lab: tuple[Path, FleetThread], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, fleet = lab
    devices = load_inventory(folder / "inventory.yaml")
    wrong = [
        replace(
            device,
            secrets=dict.fromkeys(device.secrets, "file:secrets/wrong"),
            options={**device.options, "timeout_s": "2"},
        )
        for device in devices
    ]
    dump_inventory(wrong, folder / "wrong.yaml")
    for device in wrong:
        words = ("plan", _intent("x", hidden=False), "-i", str(folder / "wrong.yaml"))
        call(*words, "--limit", f"id:{device.id}", code=Exit.ERROR)
        driver = make_driver(device)
        with suppress(DeviceError):
            try:
                driver.read()
            except DeviceError as err:
                print("".join(traceback.format_exception(err)))  # noqa: T201 - a sink too
                raise
        driver.close()
    call("plan", _intent("x", hidden=False), "--out", "plan.json")
    for device in devices:
        fleet.kill(device.id)
    try:
        run(["-vv", "apply", "plan.json", "--yes"])
        run(["-vv", "recover"])
    finally:
        for device in devices:
            fleet.revive(device.id)
    monkeypatch.setenv("SW", "")
    open_file = folder / "secrets" / "open"
    open_file.write_text(CANARIES["wrong"])
    open_file.chmod(0o644)
    in_clear = (
        (folder / "wrong.yaml").read_text().replace("file:secrets/wrong", "file:secrets/open")
    )
    (folder / "open.yaml").write_text(in_clear)
    call("inventory", "check", "-i", str(folder / "open.yaml"), code=Exit.ERROR)
    pasted = in_clear.replace("file:secrets/open", "'" + CANARIES["wrong"] + "'")
    (folder / "pasted.yaml").write_text(pasted)
    call("inventory", "check", "-i", str(folder / "pasted.yaml"), code=Exit.ERROR)
