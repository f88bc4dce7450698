"""The subjects of the contract: every kind of device, emulated and real, behind its driver."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from ncclient import manager

from controllers.drivers import make_driver
from controllers.ports import Device, DeviceClass, Driver
from controllers.profiles import load_profile
from controllers.profiles.profile import expand
from hil.daemons import (
    RunningDevice,
    start_frr,
    start_hostapd,
    start_linux_host,
    start_netconfd,
    start_snmpd,
)
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value, attribute_of
from twin.model.secret import resolve_secret

_RADIO = {
    "enabled": True, "bandwidth_mhz": 20, "tx_power_dbm": 15, "dca": False, "dtp": False,
    "tx_power_in_use_dbm": 15, "utilization_percent": 20, "noise_floor_dbm": -95,
}  # fmt: skip
_SSID = {
    "enabled": True, "hidden": False, "station_isolation": False, "clients": 3,
    "client_rssi_dbm": -60, "rx_octets": 10, "tx_octets": 20,
}  # fmt: skip
_IDENTITY = {"contact": "night shift", "location": "König-Heinrich-Platz", "name": "it"}

_PORT: dict[str, Value] = {"admin_up": True, "alias": "ap", "oper_up": True, "in_octets": 5}
_PORTS: dict[str, Value] = {
    **_IDENTITY, "location": "Koenigstrasse",
    **{f"port/GE0-0-{i}/{key}": value for i in (1, 2) for key, value in _PORT.items()},
}  # fmt: skip
_POWER: dict[str, Value] = {"poe_enabled": True, "poe_priority": "low", "poe_delivering": True}
_POE: dict[str, Value] = {
    f"port/GE0-0-{i}/{key}": value for i in (1, 2) for key, value in _POWER.items()
}

_OPENWRT: dict[str, Value] = {
    **{f"radio/1/{k}": v for k, v in _RADIO.items() if k not in ("dca", "dtp")},
    **{f"ssid/city/{k}": v for k, v in _SSID.items() if "octets" not in k and "client" not in k},
    "radio/1/channel": 36, "radio/1/channel_in_use": 36,
}  # fmt: skip
del _OPENWRT["radio/1/utilization_percent"]
_OPENWRT_WANTED: dict[str, Value] = {
    "radio/1/channel": 100, "radio/1/bandwidth_mhz": 40, "ssid/city/hidden": True,
}  # fmt: skip

# kind, initial values and a change of each kind of device
_EMULATED: Mapping[str, tuple[str, dict[str, Value], dict[str, Value]]] = {
    "ap": (
        "ap",
        {f"radio/1/{k}": v for k, v in _RADIO.items()}
        | {f"radio/2/{k}": v for k, v in _RADIO.items()}
        | {"radio/1/channel": 1, "radio/1/channel_in_use": 1}
        | {"radio/2/channel": 36, "radio/2/channel_in_use": 36}
        | {f"ssid/city/{k}": v for k, v in _SSID.items()},
        {"radio/1/channel": 11, "radio/2/tx_power_dbm": 12, "ssid/city/hidden": True},
    ),
    "cell": (
        "cell",
        {"admin_state": "UNLOCKED", "tx_power_dbm": 43.0, "tilt_deg": 6.0,
         "operational_state": "ENABLED", "users": 4.25, "prb_load_percent": 30.0,
         "dl_octets": 99, "mean_rsrp_dbm": -90.5, "power_w": 700.0},
        {"tilt_deg": 4.0, "tx_power_dbm": 40.0},
    ),
    "switch": (
        "switch",
        {**_IDENTITY, "port/1/poe_enabled": True, "port/1/poe_priority": "low",
         "port/1/admin_up": True, "port/1/alias": "ap", "port/1/poe_delivering": True,
         "port/1/oper_up": True, "port/1/in_octets": 5, "poe_power_w": 44},
        {"contact": "NOC", "port/1/poe_priority": "high", "port/1/alias": "ap of room 7"},
    ),
    "cabinet": (
        "lamp_cabinet",
        {**_IDENTITY, "normal_level_percent": 100, "night_level_percent": 60,
         "night_start_min": 0, "night_end_min": 300, "level_now_percent": 100, "power_w": 3120,
         "energy_wh": 1000, "lamps_total": 40, "lamps_failed": 1},
        {"night_level_percent": 40, "night_start_min": 1380},
    ),
    "signal": (
        "signal",
        {"pattern": 0, "pattern_in_effect": 2, "operational_state": "RUNNING",
         "is_coordinated": True, "inbound_volume": 12, "inbound_occupancy_percent": 7.5,
         "outbound_volume": 3, "outbound_occupancy_percent": 1.0},
        {"pattern": 3},
    ),
    "ac": (
        "ap",
        {f"radio/{i}/{k}": v for i in (0, 1) for k, v in _RADIO.items()}
        | {f"radio/{i}/channel{k}": 1 for i in (0, 1) for k in ("", "_in_use")},
        {"radio/0/channel": 11, "radio/1/bandwidth_mhz": 40, "radio/1/dtp": True},
    ),
    "snmp-host": (
        "host", {**_IDENTITY, "uptime_s": 5}, {"contact": "NOC", "location": "Rathaus"},
    ),
    "netconf-host": (
        "host",
        {"contact": "night shift", "location": "here", "interface/eth0/description": "",
         "interface/eth0/enabled": True, "interface/eth1/description": "",
         "interface/eth1/enabled": True},
        {"interface/eth0/description": "to the core", "interface/eth1/enabled": False},
    ),
    "linux-host": (
        "host",
        {**_IDENTITY, "uptime_s": 5, "radio/1/ssid": "Stadt", "radio/1/channel": 6},
        {"radio/1/ssid": "Stadt Duisburg", "radio/1/channel": 11, "contact": "a='b' $HOME"},
    ),
    "router": (
        "router",
        {"router_id": "", "forwarding": True, "name": "edge", "interface/eth0/description": "",
         "interface/eth0/enabled": True, "interface/eth0/oper_up": True},
        {"router_id": "192.0.2.1", "forwarding": False, "interface/eth0/description": "core"},
    ),
    "vrp5": (
        "switch",
        {**_PORTS, **_POE, "poe_power_w": 44},
        {"contact": "NOC", "port/GE0-0-1/poe_priority": "high",
         "port/GE0-0-1/alias": "ap of room 7", "port/GE0-0-1/poe_enabled": False},
    ),
    "vrp8": (
        "switch", _PORTS,
        {"contact": "NOC", "port/GE0-0-1/alias": "room 7", "port/GE0-0-2/admin_up": False},
    ),
    "openwrt": ("ap", _OPENWRT, _OPENWRT_WANTED),
    "openwrt-alone": ("ap", _OPENWRT, _OPENWRT_WANTED),
    "vehicle": (
        "vehicle_router",
        {"lte/enabled": True, "lte/apn": "internet", "lte/roaming": False, "lte/rsrp_dbm": -95,
         "radio/1/enabled": True, "radio/1/ssid": "Bahn", "radio/1/channel": 6,
         "radio/1/tx_power_dbm": 15, "radio/1/channel_in_use": 6},
        {"lte/apn": "it's.city", "lte/roaming": True, "radio/1/ssid": "Straßen \"Bahn\" $HOME"},
    ),
}  # fmt: skip
_EMULATED = {**_EMULATED, "talq": ("lamp_cabinet", *_EMULATED["cabinet"][1:])}
# further profiles of kinds above: not every question of the contract is asked of each
_MORE: Mapping[str, tuple[str, dict[str, Value], dict[str, Value]]] = {
    "lte-cell": ("cell", _EMULATED["cell"][1], {"tilt_deg": 4.0, "tx_power_dbm": 40.3}),
    "lorawan": (
        "lorawan_gateway",
        {"description": "Rathaus", "radio_enabled": True, "tx_enabled": True, "rx_frames": 7,
         "tx_power_erp_dbm": 14.0, "antenna_gain_dbi": 6.0, "tx_min_khz": 868_000,
         "tx_max_khz": 868_600, "operational_state": "ENABLED", "tx_air_s": 1.25},
        {"tx_enabled": False, "tx_power_erp_dbm": 12.5, "tx_max_khz": 869_650},
    ),
    "ietf-switch": (
        "switch",
        {"contact": "night shift", "location": "Koenigstrasse",
         **{f"port/eth{i}/{key}": value for i in (0, 1) for key, value in _PORT.items()}},
        {"contact": "NOC", "port/eth0/alias": "ap of room 7", "port/eth1/admin_up": False},
    ),
}  # fmt: skip
for _kind, _values, _ in (*_EMULATED.values(), *_MORE.values()):
    if _kind != "signal":
        _values["software_version"] = "1.2.3"
_PROFILES = {
    "ac": "huawei-ac-wlan",
    "vrp5": "huawei-vrp5-switch", "vrp8": "huawei-vrp8-switch", "openwrt": "openwrt-ap",
    "openwrt-alone": "openwrt-ap", "vehicle": "vehicle-router", "lte-cell": "3gpp-lte-cell",
    "ietf-switch": "ietf-interfaces-switch", "talq": "talq-gateway",
}  # fmt: skip
_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "ac": {"ap_mac": "00:25:9e:00:00:01"},
    "openwrt": {"iface/city": "default_radio0"},
    "openwrt-alone": {"iface/city": "default_radio0", "rpcd": "no"},
}
_REAL: Mapping[str, tuple[Callable[[Path], RunningDevice], dict[str, Value], tuple[str, ...]]] = {
    "snmpd": (start_snmpd, {"contact": "NOC", "location": "Rathaus"}, ("snmpd",)),
    "netconfd": (
        start_netconfd,
        {"contact": "NOC", "interface/eth0/description": "to the core",
         "interface/eth1/enabled": False},
        ("netconfd", "openssh-server"),
    ),
    "sshd": (
        start_linux_host,
        {"radio/1/ssid": "Stadt Duisburg", "radio/1/channel": 11, "contact": "a='b' $HOME"},
        ("openssh-server",),
    ),
    "frr": (
        start_frr,
        {"router_id": "192.0.2.1", "interface/eth0/description": "to the core",
         "interface/eth1/enabled": False},
        ("frr", "openssh-server"),
    ),
    "hostapd": (
        start_hostapd,
        {"radio/1/channel": 11, "ssid/city/hidden": True},
        ("hostapd", "openssh-server"),
    ),
}  # fmt: skip


@dataclass(slots=True)
class Subject:
    """A device under contract, with the powers that only a test has over it."""

    name: str
    device: Device
    wanted: dict[str, Value]
    kill: Callable[[], None]
    revive: Callable[[], None]
    frozen: Callable[[], Any]
    is_emulated: bool
    fleet: FleetThread | None = None
    folder: Path = field(default_factory=Path)
    opened: list[Driver] = field(default_factory=list)

    @property
    def protocol(self) -> str:
        return load_profile(self.device.profile).protocol

    @property
    def expected_class(self) -> DeviceClass:
        """What the driver says once it is connected."""
        has_timer = self.device.options.get("rpcd") != "no"
        return load_profile(self.device.profile).device_class if has_timer else DeviceClass.B

    @property
    def storing(self) -> str:
        """The operation that changes it for good, in the words of the emulator."""
        if load_profile(self.device.profile).dialect in ("vrp8", "uci"):
            return "write" if self.device.options.get("rpcd") == "no" else "commit"
        if self.expected_class is DeviceClass.E:
            return "commit"
        return {"snmp": "set", "cli": "write", "netconf": "commit", "rest": "set"}[self.protocol]

    @property
    def forgets_what_was_not_saved(self) -> bool:
        """Whether a restart brings back what was stored last."""
        return load_profile(self.device.profile).dialect in ("vtysh", "vrp5", "vrp8")

    @property
    def is_written_in_one_request(self) -> bool:
        """Whether no rule of the profile puts one attribute before another."""
        mapped = load_profile(self.device.profile).attributes.values()
        return not any(getattr(mapping, "order", 0) for mapping in mapped)

    def driver(self, device: Device | None = None, **options: str) -> Driver:
        """Make a driver that the fixture closes; options override those of the device."""
        base = device or self.device
        driver = make_driver(replace(base, options={**base.options, **options}))
        self.opened.append(driver)
        return driver

    def changed(self, **fields: Any) -> Device:
        """The inventory entry with some fields of it wrong."""
        return replace(self.device, **fields)

    def read(self) -> dict[str, Value]:
        """Read in a session of its own."""
        driver = make_driver(self.device)
        try:
            return driver.read()
        finally:
            driver.close()

    def logins(self) -> int:
        """Count the logins somebody tried, as the device saw them."""
        if self.fleet is not None:
            return self.fleet.stats().get(self.device.id, {}).get("login", 0)
        log = self.folder / "sshd.log"
        text = log.read_text() if log.exists() else ""
        return sum(text.count(word) for word in ("Accepted ", "Failed ", "Invalid user"))


def set_for_good(driver: Driver, values: Mapping[str, Value]) -> None:
    """Change a device the way the runner does for its class."""
    driver.read()
    if driver.device_class is DeviceClass.A:
        driver.write(values)
        return
    driver.lock()
    try:
        driver.prepare(values)
        if driver.device_class in (DeviceClass.B, DeviceClass.E):
            driver.commit(confirm_timeout_s=None, persist_id=None)
            return
        driver.commit(confirm_timeout_s=60, persist_id="contract")
        driver.confirm("contract")
    finally:
        driver.unlock()


@pytest.fixture(name="set_for_good")
def _set_for_good() -> Callable[[Driver, Mapping[str, Value]], None]:
    return set_for_good


@pytest.fixture
def within() -> Callable[[float], Any]:
    """Fail if the block takes longer than so many seconds."""

    @contextmanager
    def bounded(seconds: float) -> Iterator[None]:
        begun = time.monotonic()
        yield
        took = time.monotonic() - begun
        assert took <= seconds, f"took {took:.1f} s, allowed are {seconds:g} s"

    return bounded


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Ask again until a condition holds; netconfd's timers want a second of silence."""

    def wait(condition: Callable[[], object], what: str, deadline_s: float = 20.0) -> None:
        end_s = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < end_s, f"waited {deadline_s:g} s in vain for: {what}"
            time.sleep(1.3)

    return wait


@contextmanager
def _stopped(running: RunningDevice) -> Iterator[None]:
    pids = running.pids
    try:
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    """Signal a process, or find it gone: a daemon's child may end once its parent runs again."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


@contextmanager
def _held(fleet: FleetThread) -> Iterator[None]:
    """Stop the loop of a fleet: its sockets accept and its devices are mute."""
    gate, is_in = threading.Event(), threading.Event()

    def hold() -> None:
        is_in.set()
        gate.wait(9)

    holder = threading.Thread(target=lambda: fleet.call(hold))
    holder.start()
    is_in.wait(5)
    try:
        yield
    finally:
        gate.set()
        holder.join()


def free_placement(host: str) -> Placement:
    ports = []
    for kind in (socket.SOCK_DGRAM, *(3 * [socket.SOCK_STREAM])):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind((host, 0))
            ports.append(probe.getsockname()[1])
    return Placement(snmp=ports[0], netconf=ports[1], cli=ports[2], rest=ports[3])


def loopback_network() -> str:
    return f"127.{80 + secrets.randbelow(47)}.{secrets.randbelow(256)}.{4 * secrets.randbelow(64)}"


class LyingWorld(MemoryWorld):
    """A world that says yes to every change and makes none."""

    def write(self, device: str, changes: Mapping[str, Value]) -> None:
        """Drop the changes."""


@contextmanager
def emulated(
    name: str, folder: Path, world_type: type[MemoryWorld] = MemoryWorld
) -> Iterator[Subject]:
    """Run one emulated device."""
    kind, values, wanted = {**_EMULATED, **_MORE}[name]
    world = world_type({name: kind}, {name: values})
    network = loopback_network()
    placement = free_placement(network[: network.rindex(".")] + ".1")
    if name in _PROFILES:
        placement = replace(
            placement, profiles={name: _PROFILES[name]}, options={name: _OPTIONS.get(name, {})}
        )
    entries = entries_of(world, [name], folder, network=f"{network}/30", placement=placement)
    key = write_folder(folder, entries)
    with FleetThread(world, entries, host_key=key) as fleet:
        yield Subject(
            name=name, device=entries[0], wanted=wanted, kill=lambda: fleet.kill(name),
            revive=lambda: fleet.revive(name), frozen=lambda: _held(fleet), is_emulated=True,
            fleet=fleet, folder=folder,
        )  # fmt: skip


@contextmanager
def real(name: str, folder: Path) -> Iterator[Subject]:
    """Run one real daemon."""
    start, wanted, _ = _REAL[name]
    with start(folder) as running:
        yield Subject(
            name=name, device=running.device, wanted=wanted, kill=running.kill,
            revive=running.revive, frozen=lambda: _stopped(running), is_emulated=False,
            folder=folder,
        )  # fmt: skip


ALL = [pytest.param(name, id=f"emulated-{name}") for name in _EMULATED] + [
    pytest.param(name, id=f"real-{name}", marks=pytest.mark.daemon(*packages))
    for name, (_, _, packages) in _REAL.items()
]
_PROTOCOL = {
    "snmp": ("switch", "cabinet", "signal", "ac", "snmp-host", "snmpd"),
    "netconf": ("ap", "cell", "netconf-host", "netconfd"),
    "cli": ("linux-host", "sshd"),
    "openwrt": ("openwrt", "openwrt-alone", "vehicle"),
    "file": ("hostapd",),
    "router": ("router", "vrp5", "vrp8", "frr"),
}


def _some(*names: str) -> list[Any]:
    return [one for one in ALL if one.values[0] in names]


def _made(name: str, folder: Path) -> Iterator[Subject]:
    with ExitStack() as stack:
        make = emulated if name in _EMULATED else real
        subject = stack.enter_context(make(name, folder / name))
        yield subject
        for driver in subject.opened:
            driver.close()


@pytest.fixture(params=ALL)
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """Every device."""
    yield from _made(request.param, tmp_path)


@pytest.fixture(params=_some(*_PROTOCOL["netconf"]))
def netconf_subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """Every NETCONF device."""
    yield from _made(request.param, tmp_path)


@pytest.fixture(params=_some("switch", "snmpd"))
def snmp_subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """An emulated and the real SNMP agent."""
    yield from _made(request.param, tmp_path)


@pytest.fixture(params=_some("ap", "netconfd", *_PROTOCOL["cli"]))
def ssh_subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """An emulated and a real device behind ncclient and behind netmiko."""
    yield from _made(request.param, tmp_path)


@pytest.fixture(params=list(_EMULATED))
def emulated_subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """Every emulated device."""
    yield from _made(request.param, tmp_path)


@pytest.fixture(params=list(_EMULATED))
def lying_subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """Every emulated device, in a world that says yes and does nothing."""
    with emulated(request.param, tmp_path / "lying", LyingWorld) as subject:
        yield subject
        for driver in subject.opened:
            driver.close()


@pytest.fixture
def templates_of() -> Callable[[Device], dict[str, bool]]:
    """Paths a device's profile maps, with whether each can be written."""

    def paths(device: Device) -> dict[str, bool]:
        profile = load_profile(device.profile)
        found = (path for _, path, _ in expand(profile, device))
        return {path: attribute_of(device.kind, path)[0].writable for path in found}

    return paths


@pytest.fixture
def foreign() -> Iterator[Callable[[Device], manager.Manager]]:
    """Somebody else's NETCONF session: plain ncclient, none of our code."""
    opened: list[manager.Manager] = []

    def connect(device: Device) -> manager.Manager:
        key = device.secrets.get("key", "").removeprefix("file:")
        login: dict[str, Any] = {"key_filename": key} if key else {
            "password": resolve_secret(device.secrets["password"], device.base).reveal()
        }  # fmt: skip
        session = manager.connect(
            host=device.host, port=device.port, username=device.username, timeout=20,
            hostkey_verify=False, look_for_keys=False, allow_agent=False, **login,
        )  # fmt: skip
        opened.append(session)
        return session

    yield connect
    for session in opened:
        if session.connected:
            session.close_session()


@pytest.fixture(params=_some("netconf-host", "netconfd"))
def rules_subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """The same profile on the emulator and on netconfd."""
    yield from _made(request.param, tmp_path)


@pytest.fixture
def make_emulated() -> Callable[[str, Path], Any]:
    """Start one emulated device, as a context manager."""
    return emulated


@pytest.fixture
def make_real() -> Callable[[str, Path], Any]:
    """Start one real daemon, as a context manager."""
    return real
