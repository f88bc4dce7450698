"""netmiko's own device types, as they come, drive the emulated routers and switches."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from netmiko import ConnectHandler

from controllers.ports import Device
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value
from twin.model.secret import resolve_secret

pytestmark = pytest.mark.long  # its huawei types wait some seconds at each change of the view

PORT: dict[str, Value] = {"port/1/admin_up": True, "port/1/alias": "", "port/1/oper_up": True}
WORLD: dict[str, tuple[str, str, dict[str, Value]]] = {
    "vrp5": ("switch", "huawei-vrp5-switch", {"name": "sw5", "contact": "it", **PORT}),
    "vrp8": ("switch", "huawei-vrp8-switch", {"name": "sw8", "contact": "it", **PORT}),
    "vtysh": (
        "router", "frr-router",
        {"name": "edge", "interface/eth0/description": "", "interface/eth0/enabled": True},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder: Path = tmp_path_factory.mktemp("netmiko")
    world = MemoryWorld(
        {name: kind for name, (kind, _, _) in WORLD.items()},
        {name: values for name, (_, _, values) in WORLD.items()},
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    placement = Placement(cli=port, profiles={name: p for name, (_, p, _) in WORLD.items()})
    network = f"127.{120 + secrets.randbelow(40)}.{secrets.randbelow(250)}.0/24"
    entries = entries_of(world, list(WORLD), folder, network=network, placement=placement)
    key = write_folder(folder, entries)
    with FleetThread(world, entries, host_key=key) as fleet:
        yield SimpleNamespace(
            entry={entry.id: entry for entry in entries},
            read=lambda name, path: fleet.call(lambda: world.read(name, path)),
        )


def connected(entry: Device, device_type: str) -> Any:
    return ConnectHandler(
        device_type=device_type, host=entry.host, port=entry.port, username=entry.username,
        password=resolve_secret(entry.secrets["password"], entry.base).reveal(),
    )  # fmt: skip


def test_huawei_changes_and_saves(bench: SimpleNamespace) -> None:
    with connected(bench.entry["vrp5"], "huawei") as huawei:
        huawei.send_config_set(["interface 1", "description by netmiko"])
        assert "successfully" in huawei.save_config()
        assert " description by netmiko" in huawei.send_command("display saved-configuration")


def test_huawei_vrpv8_changes_a_candidate_and_commits(bench: SimpleNamespace) -> None:
    with connected(bench.entry["vrp8"], "huawei_vrpv8") as vrpv8:
        vrpv8.send_config_set(["interface 1", "description by netmiko"])
        assert bench.read("vrp8", "port/1/alias") == ""
        vrpv8.commit()
        assert bench.read("vrp8", "port/1/alias") == "by netmiko"


def test_cisco_ios_changes_and_saves_over_vtysh(bench: SimpleNamespace) -> None:
    with connected(bench.entry["vtysh"], "cisco_ios") as cisco:
        cisco.send_config_set(["interface eth0", "description by netmiko"])
        assert "[OK]" in cisco.save_config()
        assert bench.read("vtysh", "interface/eth0/description") == "by netmiko"
