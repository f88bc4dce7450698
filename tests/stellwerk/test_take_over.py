"""Live devices become inventory and intent, their configurations commits, new ports drift."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from controllers.drivers import make_driver
from controllers.intent import load_intent, resolve
from controllers.inventory import dump_inventory, load_inventory
from controllers.live import read_live
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from stellwerk.cli import run
from stellwerk.exits import Exit
from twin.model.attributes import Value
from twin.model.errors import InputError

pytestmark = pytest.mark.slow

_RADIO: dict[str, Value] = {
    "enabled": True, "bandwidth_mhz": 20, "tx_power_dbm": 15, "dca": False, "dtp": False,
    "tx_power_in_use_dbm": 15, "utilization_percent": 20, "noise_floor_dbm": -95,
}  # fmt: skip
_PORT: dict[str, Value] = {
    "admin_up": True, "alias": "ap", "oper_up": True, "in_octets": 5, "poe_enabled": True,
    "poe_priority": "low", "poe_delivering": True,
}  # fmt: skip
VALUES: Mapping[str, dict[str, Value]] = {
    "ap-1": {f"radio/{r}/{k}": v for r in (1, 2) for k, v in _RADIO.items()}
    | {"radio/1/channel": 1, "radio/1/channel_in_use": 1}
    | {"radio/2/channel": 35, "radio/2/channel_in_use": 35}
    | {"ssid/Stadt/enabled": True, "ssid/Stadt/hidden": False, "software_version": "8.4"},
    "sw-1": {
        "contact": "pay ${nobody}",
        "location": "here",
        "name": "it",
        "poe_power_w": 44,
        "software_version": "5.170",
    }
    | {f"port/{p}/{k}": v for p in (1, 2) for k, v in _PORT.items()},
}
Call = Callable[..., dict[str, object]]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, network: str) -> Iterator[MemoryWorld]:
    folder = tmp_path_factory.mktemp("lab")
    world = MemoryWorld({"ap-1": "ap", "sw-1": "switch"}, VALUES)
    entries = entries_of(world, tuple(VALUES), folder, network=network, placement=Placement())
    key = write_folder(folder, entries)
    (folder / "whole.yaml").write_text((folder / "inventory.yaml").read_text())
    bare = [replace(entry, instances={}) for entry in load_inventory(folder / "inventory.yaml")]
    dump_inventory(bare, folder / "inventory.yaml")
    world.folder = folder  # type: ignore[attr-defined]
    with FleetThread(world, entries, host_key=key):
        yield world


@pytest.fixture
def folder(lab: MemoryWorld) -> Path:
    return lab.folder  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def call(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Call:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STELLWERK_INVENTORY", str(folder / "whole.yaml"))
    monkeypatch.setenv("STELLWERK_JOURNAL", str(tmp_path / "journal.db"))

    def command(*words: str, code: Exit = Exit.OK) -> dict[str, object]:
        got = run([*words, "--json"])
        out, err = capsys.readouterr()
        assert got == code, err
        return (json.loads(out) if out else {}) | {"stderr": err}

    return command


def test_adopted_devices_are_as_the_intent_wants_them(call: Call, folder: Path) -> None:
    (folder / "profiles").mkdir()
    (folder / "profiles" / "mine.yaml").write_text("# a profile of the user's own\n")
    told = call("adopt", "found", "--inventory", str(folder / "inventory.yaml"))
    assert Path("found/profiles/mine.yaml").is_file()
    assert told["devices"] == {
        "ap-1": {"radio": ["1", "2"], "ssid": ["Stadt"]},
        "sw-1": {"port": ["1", "2"]},
    }
    assert [(one["device"], one["path"]) for one in told["refused"]] == [  # type: ignore[attr-defined]
        ("ap-1", "radio/2/channel")
    ]
    devices = load_inventory(Path("found/inventory.yaml"))
    wants = resolve(load_intent(Path("found/intent.yaml")), devices)
    live = read_live(devices, make_driver)
    for device, values in live.values.items():
        missing = {"radio/2/channel"} if device == "ap-1" else set()
        assert {p: w.value for p, w in wants[device].items()} == {
            p: v for p, v in values.items() if p not in missing
        }
    assert "# ap-1 radio/2/channel = 35: " in Path("found/intent.yaml").read_text()
    words = ("plan", "found/intent.yaml", "-i", "found/inventory.yaml", "--detailed-exitcode")
    assert call(*words)["no_op"] is True


def test_adoption_writes_over_nothing_unless_told(call: Call) -> None:
    Path("found").mkdir()
    Path("found/intent.yaml").write_text("mine")
    told = call("adopt", "found", code=Exit.ERROR)
    assert "found/intent.yaml: exists already" in str(told["stderr"])
    assert Path("found/intent.yaml").read_text() == "mine"
    assert not Path("found/inventory.yaml").exists()
    call("adopt", "found", "--force")
    assert "as found on sw-1" in Path("found/intent.yaml").read_text()


def test_a_device_that_is_silent_is_a_remark(call: Call, folder: Path) -> None:
    one, two = load_inventory(folder / "whole.yaml")
    silent = replace(one, port=9, options={**one.options, "timeout_s": "1"})
    dump_inventory([silent, two], folder / "silent.yaml")
    told = call("adopt", "found", "-i", str(folder / "silent.yaml"), code=Exit.TRY_LATER)
    assert list(told["failed"]) == [one.id]  # type: ignore[call-overload]
    assert f"  # {one.id}: not read: " in Path("found/intent.yaml").read_text()


def test_instances_that_the_inventory_lacks_are_added_drift(call: Call, folder: Path) -> None:
    text = (folder / "whole.yaml").read_text()
    fewer = [replace(d, instances={"port": ("1",)}) if d.id == "sw-1" else d
             for d in load_inventory(folder / "whole.yaml")]  # fmt: skip
    dump_inventory(fewer, folder / "fewer.yaml")
    Path("i.yaml").write_text(
        "version: 1\nname: t\nchanges:\n  - {name: c, devices: [sw-1], set: {location: here}}\n"
    )
    words = ("drift", "i.yaml", "--instances")
    assert call(*words)["drift"] == []
    (found,) = call(*words, "-i", str(folder / "fewer.yaml"))["drift"]  # type: ignore[misc]
    assert (found["path"], found["class"]) == ("port/2", "added")  # type: ignore[index]
    assert (folder / "whole.yaml").read_text() == text


def test_devices_tell_which_software_they_run(call: Call, folder: Path) -> None:
    assert call("inventory", "versions")["versions"] == {"ap-1": "8.4", "sw-1": "5.170"}
    Path("i.yaml").write_text(
        "version: 1\nname: t\nchanges:\n"
        "  - {name: old, devices: [sw-1], set: {location: x}, when: {software_version: '5.130'}}\n"
        "  - {name: now, devices: [sw-1], set: {location: y}, when: {software_version: '5.170'}}\n"
    )
    with pytest.raises(InputError, match="location of sw-1 is 'x' in change 'old'"):
        resolve(load_intent(Path("i.yaml")), load_inventory(folder / "whole.yaml"))
    Path("i.yaml").write_text(Path("i.yaml").read_text().replace("location: y", "contact: y"))
    drift = call("drift", "i.yaml")["drift"]
    assert [one["path"] for one in drift] == ["contact"]  # type: ignore[attr-defined]


def _log() -> list[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    told = subprocess.run(
        ["git", "-C", "kept", "log", "--format=%s"], capture_output=True, text=True, check=True,
        env=clean,
    )  # fmt: skip
    return told.stdout.splitlines()


def test_a_backup_is_a_commit_of_what_changed(call: Call, lab: MemoryWorld, folder: Path) -> None:
    secret = (folder / "secrets" / "snmp-auth").read_text().strip()
    assert call("backup", "--git", "kept", "--run", "r-1")["changed"] == ["ap-1.yaml", "sw-1.yaml"]
    assert call("backup", "--git", "kept")["changed"] == []
    assert _log() == ["run r-1"]
    lab.write("sw-1", {"port/2/alias": "new", "location": f"key {secret}"})
    try:
        assert call("backup", "--git", "kept")["changed"] == ["sw-1.yaml"]
        text = Path("kept/sw-1.yaml").read_text()
        assert secret not in text
        assert "location: key ***" in text
        assert _log()[0].startswith("backup at 2")
        told = call("backup", "--git", "kept", "--restore", "back.yaml", "--at", "HEAD~1")
        assert told["devices"] == ["ap-1", "sw-1"]
        wants = resolve(load_intent(Path("back.yaml")), load_inventory(folder / "whole.yaml"))
        assert wants["sw-1"]["port/2/alias"].value == "ap"
        assert wants["sw-1"]["contact"].value == "pay ${nobody}"
        call("backup", "--git", "kept", "--restore", "back.yaml", code=Exit.ERROR)
        told = call("backup", "--git", "kept", "--restore", "back.yaml", "--force")
        assert told["left_out"] == {"sw-1": "masked in the backup: location"}
    finally:
        lab.write("sw-1", {"port/2/alias": "ap", "location": "here"})


def test_a_backup_may_hold_the_whole_configuration(call: Call) -> None:
    call("backup", "--git", "kept", "--raw")
    assert call("backup", "--git", "kept", "--raw")["changed"] == []
    text = Path("kept/ap-1.yaml").read_text()
    assert "<channel>35</channel>" in text
    assert "configuration:" not in Path("kept/sw-1.yaml").read_text()
    told = call("backup", "--git", "kept", "--restore", "back.yaml")
    assert told["devices"] == ["ap-1", "sw-1"]


def test_a_backup_goes_into_a_repository_of_its_own(call: Call, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "other.txt").write_text("mine")
    told = call("backup", "--git", "kept", code=Exit.ERROR)
    assert "is no git repository and not empty" in str(told["stderr"])
    told = call("backup", "--git", "none", "--restore", "x.yaml", code=Exit.ERROR)
    assert "is no git repository; make a backup first" in str(told["stderr"])
