"""Instances of live devices are found as they are: by lists, by tables, by configuration."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from controllers.discovery import find_instances
from controllers.discovery_snmp import walk
from controllers.drivers import make_driver
from controllers.drivers.snmp_access import target_of
from controllers.ports import Device
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value
from twin.model.errors import DeviceAuthError, DeviceTimeout

_IDENTITY: dict[str, Value] = {"contact": "noc", "location": "here", "name": "it"}
_RADIO: dict[str, Value] = {
    "enabled": True, "channel": 1, "channel_in_use": 1, "bandwidth_mhz": 20, "tx_power_dbm": 15,
    "dca": False, "dtp": False, "tx_power_in_use_dbm": 15, "utilization_percent": 20,
    "noise_floor_dbm": -95,
}  # fmt: skip
_SSID: dict[str, Value] = {"enabled": True, "hidden": False, "station_isolation": False}
_PORT: dict[str, Value] = {"admin_up": True, "alias": "ap", "oper_up": True, "in_octets": 5}
_POE: dict[str, Value] = {"poe_enabled": True, "poe_priority": "low", "poe_delivering": True}


def _each(kind: str, names: tuple[str, ...], values: Mapping[str, Value]) -> dict[str, Value]:
    return {f"{kind}/{name}/{key}": value for name in names for key, value in values.items()}


_OPENWRT_RADIO = {k: v for k, v in _RADIO.items() if k not in ("dca", "dtp", "utilization_percent")}
_DEVICES: Mapping[str, tuple[str, str, dict[str, Value]]] = {
    "ap": (
        "ap", "openconfig-ap",
        _each("radio", ("1", "2"), _RADIO) | _each("ssid", ("Stadt", "a:b"), _SSID),
    ),
    "switch": (
        "switch", "poe-switch",
        {**_IDENTITY, **_each("port", ("1", "2", "10"), _PORT | _POE), "poe_power_w": 44},
    ),
    "ac": (
        "ap", "huawei-ac-wlan",
        {k: v for k, v in _each("radio", ("0", "1"), _RADIO).items() if "channel_in" not in k}
        | {f"radio/{i}/channel_in_use": 1 for i in (0, 1)},
    ),
    "vrp8": ("switch", "huawei-vrp8-switch", {**_IDENTITY, **_each("port", ("GE0-0-1",), _PORT)}),
    "ietf": (
        "switch", "ietf-interfaces-switch",
        {"contact": "noc", "location": "here", **_each("port", ("eth0", "eth1"), _PORT)},
    ),
    "openwrt": (
        "ap", "openwrt-ap",
        _each("radio", ("1",), _OPENWRT_RADIO) | _each("ssid", ("city",), _SSID),
    ),
    "router": (
        "router", "frr-router",
        {"router_id": "", "forwarding": True, "name": "edge",
         **_each("interface", ("eth0", "eth1"),
                 {"description": "", "enabled": False, "oper_up": True})},
    ),
    "linux": (
        "host", "linux-host",
        {**_IDENTITY, "uptime_s": 5, "radio/1/ssid": "Stadt", "radio/1/channel": 6},
    ),
    "cabinet": (
        "lamp_cabinet", "lamp-cabinet",
        {**_IDENTITY, "normal_level_percent": 100, "night_level_percent": 60, "night_start_min": 0,
         "night_end_min": 300, "level_now_percent": 100, "power_w": 3120, "energy_wh": 1000,
         "lamps_total": 40, "lamps_failed": 1},
    ),
}  # fmt: skip
_OPTIONS = {"ac": {"ap_mac": "00:25:9e:00:00:01"}, "openwrt": {"iface/city": "default_radio0"}}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Device]]:
    folder = tmp_path_factory.mktemp("fleet")
    world = MemoryWorld(
        {name: kind for name, (kind, _, _) in _DEVICES.items()},
        {name: values for name, (_, _, values) in _DEVICES.items()},
    )
    placement = Placement(
        profiles={name: profile for name, (_, profile, _) in _DEVICES.items()}, options=_OPTIONS
    )
    network = f"127.{80 + secrets.randbelow(47)}.{secrets.randbelow(256)}.0/27"
    entries = entries_of(world, tuple(_DEVICES), folder, network=network, placement=placement)
    key = write_folder(folder, entries)
    with FleetThread(world, entries, host_key=key):
        yield {entry.id: entry for entry in entries}


@pytest.mark.parametrize("name", _DEVICES)
def test_instances_are_those_the_device_has(fleet: dict[str, Device], name: str) -> None:
    device = fleet[name]
    options = {k: v for k, v in device.options.items() if not k.startswith("iface/")}
    blank = replace(device, instances={}, options=options)
    found = find_instances(blank, make_driver).of(blank)
    assert {kind: set(names) for kind, names in found.instances.items()} == {
        kind: set(names) for kind, names in device.instances.items()
    }
    assert dict(found.options) == dict(device.options)


def test_a_walk_ends_with_its_column_or_its_deadline(fleet: dict[str, Device]) -> None:
    device = replace(fleet["switch"], options={"timeout_s": "0.5"})
    rows = list(walk(target_of(device), (1, 3, 6, 1, 2, 1, 2, 2, 1, 7), "switch"))
    assert [row.oid[-1] for row in rows] == [1, 2, 10]
    assert list(walk(target_of(device), (1, 3, 6, 1, 99), "switch")) == []
    with pytest.raises(DeviceAuthError, match=r"switch: SNMP: .*; check user and secrets"):
        list(walk(target_of(replace(device, username="nobody")), (1, 3), "switch"))
    with pytest.raises(DeviceTimeout, match="no SNMP answer"):
        list(walk(target_of(replace(device, port=9)), (1, 3), "switch"))
