"""Devices are found from neighbour to neighbour, within bounds, and only proposed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controllers.discovery_lldp import discover, networks_around
from controllers.inventory import dump_inventory, load_inventory
from controllers.ports import Device
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from stellwerk.cli import run
from stellwerk.exits import Exit
from twin.model.attributes import Value
from twin.model.errors import DeviceError, InputError

_SWITCH: dict[str, Value] = {"contact": "noc", "location": "here", "poe_power_w": 44}
KINDS = {"core": "switch", "edge-1": "switch", "edge-2": "switch", "ap-1": "ap", "deep": "switch"}
UPSTREAMS = {"edge-1": "core", "edge-2": "core", "ap-1": "edge-1", "deep": "edge-2"}


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory, network: str) -> Iterator[dict[str, Device]]:
    folder = tmp_path_factory.mktemp("lab")
    ap: dict[str, Value] = {"ssid/Stadt/enabled": True}
    world = MemoryWorld(KINDS, {n: ap if k == "ap" else _SWITCH for n, k in KINDS.items()})
    placement = Placement(upstreams=UPSTREAMS)
    entries = entries_of(world, tuple(KINDS), folder, network=network, placement=placement)
    key = write_folder(folder, entries)
    with FleetThread(world, entries, host_key=key):
        yield {entry.id: entry for entry in entries}


def _search(devices: dict[str, Device], *, depth: int = 4, most: int = 500, **seed: object):  # type: ignore[no-untyped-def]
    core = replace(devices["core"], **seed)  # type: ignore[arg-type]
    pauses: list[float] = []
    found = discover(
        [core], [core], networks_around([devices["core"]]),
        max_depth=depth, max_devices=most, sleep=pauses.append,
    )  # fmt: skip
    assert set(pauses) <= {0.1}
    return found, pauses


def test_neighbours_of_neighbours_are_proposed_with_what_feeds_them(
    devices: dict[str, Device],
) -> None:
    found, pauses = _search(devices)
    assert {d.id: d.upstream for d in found.devices} == UPSTREAMS
    by_id = {d.id: d for d in found.devices}
    for name in ("edge-1", "deep"):
        assert replace(by_id[name], instances=devices[name].instances) == devices[name]
    assert (by_id["ap-1"].profile, by_id["ap-1"].secrets) == ("openconfig-ap", {})
    assert found.n_asked == 4
    assert len(pauses) >= 6
    assert [line.partition(":")[0] for line in found.left_out] == ["ap-1"]


def test_a_search_is_bounded(devices: dict[str, Device]) -> None:
    found, _ = _search(devices, depth=1)
    assert [d.id for d in found.devices] == ["edge-1", "edge-2"]
    found, _ = _search(devices, most=1)
    assert found.left_out[-1] == "the search: ended after 1 devices"
    core = devices["core"]
    far = networks_around([replace(core, host="192.0.2.1")])
    found = discover([core], [core], far, sleep=lambda _: None)
    assert found.devices == ()
    assert "is in none of the networks; say --within" in found.left_out[0]


def test_who_does_not_answer_our_user_ends_the_search(devices: dict[str, Device]) -> None:
    with pytest.raises(DeviceError, match="core: SNMP"):
        _search(devices, username="nobody")
    with pytest.raises(InputError, match="ap-1 has no SNMP agent to begin at"):
        discover([devices["ap-1"]], [], ())


def test_known_devices_get_their_upstream(devices: dict[str, Device]) -> None:
    known = [replace(device, upstream="") for device in devices.values()]
    found = discover([known[0]], known, networks_around(known), sleep=lambda _: None)
    assert found.devices == ()
    assert found.upstreams == UPSTREAMS


def test_the_command_writes_a_file_to_include(
    devices: dict[str, Device], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    dump_inventory([devices["core"]], tmp_path / "inventory.yaml")
    words = ["inventory", "discover", "--from", "core", "--per-second", "1000"]
    assert run([*words, "--out", "found.yaml", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["asked"] == 4
    text = (tmp_path / "inventory.yaml").read_text()
    (tmp_path / "inventory.yaml").write_text("include: [found.yaml]\n" + text)
    assert [d.id for d in load_inventory(tmp_path / "inventory.yaml")] == [
        "core", "edge-1", "edge-2", "ap-1", "deep",
    ]  # fmt: skip
    assert run([*words, "--out", "found.yaml"]) == Exit.ERROR
    assert run([*words, "--within", "10.0.0.0/33"]) == Exit.ERROR
    assert "--within: " in capsys.readouterr().err
