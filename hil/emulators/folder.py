"""Addresses, inventory, host keys and secrets of a fleet, in a folder a controller can use."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import asyncssh

from controllers.inventory import dump_inventory
from controllers.ports import Device
from controllers.profiles import load_profile
from hil.emulators.tls import certificate_for, fresh_key
from hil.emulators.world_port import DeviceWorld
from twin.model.attributes import attribute_of
from twin.model.errors import BenchError

__all__ = [
    "DEFAULT_NETWORK",
    "Placement",
    "address_plan",
    "entries_of",
    "keep_boots",
    "next_boots",
    "profile_for",
    "write_folder",
]

DEFAULT_NETWORK = "127.77.0.0/16"
USERNAME = "stellwerk"

_PROFILES: Mapping[str, str] = MappingProxyType(
    {
        "router": "frr-router",
        "ap": "openconfig-ap",
        "cell": "3gpp-nr-cell",
        "switch": "poe-switch",
        "lamp_cabinet": "lamp-cabinet",
        "signal": "ntcip-1202-signal",
        "lorawan_gateway": "lorawan-gateway",
    }
)
_HOST_KEY = "secrets/ssh_host_ed25519_key"
_BOOTS = "boots"
_MOST_BOOTS = 2**31 - 1
_KNOWN_HOSTS = "known_hosts"
_SECRETS = ("snmp-auth", "snmp-priv", "ssh-password", "rest-token")
_TLS_KEY = "secrets/tls-key"
_CERTIFICATE = "tls.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where emulated devices are: ports by protocol; site, upstream device and profile by id.

    Traps go to the host and port of `traps_to`; without it none is sent.
    """

    snmp: int = 1161
    netconf: int = 1830
    cli: int = 1822
    rest: int = 8443
    sites: Mapping[str, str] = field(default_factory=dict)
    upstreams: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    traps_to: tuple[str, int] | None = None

    def port_of(self, protocol: str) -> int:
        """Return the port of a protocol."""
        ports = {"snmp": self.snmp, "netconf": self.netconf, "cli": self.cli, "rest": self.rest}
        return ports[protocol]


def address_plan(device_ids: Sequence[str], network: str = DEFAULT_NETWORK) -> dict[str, str]:
    """Give each device one loopback address, in the order of the ids.

    Parameters
    ----------
    device_ids : sequence of str
        Device ids.
    network : str
        A network within 127.0.0.0/8.

    Returns
    -------
    dict
        Address by device id.

    Raises
    ------
    BenchError
        Not a loopback network, or too small.
    """
    try:
        net = ipaddress.IPv4Network(network)
    except ValueError as err:
        raise BenchError(f"network {network!r}: {err}; give one such as {DEFAULT_NETWORK}") from err
    if not net.subnet_of(ipaddress.IPv4Network("127.0.0.0/8")):
        raise BenchError(f"network {network} is not loopback; give one such as {DEFAULT_NETWORK}")
    if len(device_ids) > net.num_addresses - 2:
        raise BenchError(f"network {network} is too small for {len(device_ids)} devices")
    return {name: str(net[i]) for i, name in enumerate(device_ids, start=1)}


def profile_for(world: DeviceWorld, device: str) -> str:
    """Choose the profile a device is emulated with, by its kind and attributes."""
    kind = world.devices()[device]
    if kind in _PROFILES:
        return _PROFILES[kind]
    paths = world.paths(device)
    if any(path.startswith("radio/") for path in paths):
        return "linux-host"
    return "netconf-host" if any(p.startswith("interface/") for p in paths) else "snmp-host"


def entries_of(
    world: DeviceWorld,
    device_ids: Sequence[str],
    base: Path,
    *,
    network: str = DEFAULT_NETWORK,
    placement: Placement = Placement(),
) -> tuple[Device, ...]:
    """Make the inventory entries of emulated devices.

    Parameters
    ----------
    world : DeviceWorld
        Says kinds and instances.
    device_ids : sequence of str
        Devices to emulate.
    base : Path
        Folder of the inventory; secrets and known hosts are relative to it.
    network : str
        Loopback network of the addresses.
    placement : Placement
        Ports by protocol, sites and upstream devices.

    Returns
    -------
    tuple of Device
        With ``origin="emulated"``.

    Raises
    ------
    BenchError
        The world lacks a device, or the network does not fit.
    """
    kinds = world.devices()
    missing = [name for name in device_ids if name not in kinds]
    if missing:
        raise BenchError(f"the world has no device {missing[0]!r} to emulate")
    entries = []
    for name, host in address_plan(device_ids, network).items():
        profile = placement.profiles.get(name) or profile_for(world, name)
        protocol = load_profile(profile).protocol
        # An upstream device that is not emulated here is in no inventory: there is none to name.
        upstream = placement.upstreams.get(name, "")
        entry = Device(
            id=name,
            kind=kinds[name],
            profile=profile,
            host=host,
            port=placement.port_of(protocol),
            username=USERNAME,
            site=placement.sites.get(name, ""),
            upstream=upstream if upstream in device_ids else "",
            origin="emulated",
            instances=_instances(world, name),
            options=placement.options.get(name, {}),
            base=base,
        )
        entries.append(_with_access(entry, protocol))
    return tuple(entries)


def _with_access(entry: Device, protocol: str) -> Device:
    if protocol == "snmp":
        access = {"auth": "file:secrets/snmp-auth", "priv": "file:secrets/snmp-priv"}
        return replace(entry, secrets=access)
    options = dict(entry.options)
    if protocol == "rest":
        options["ca"] = _CERTIFICATE
        return replace(entry, secrets={"token": "file:secrets/rest-token"}, options=options)
    if "file" in load_profile(entry.profile).options:
        options["file"] = "/etc/hostapd/hostapd.conf"
        options["reload"] = "systemctl reload hostapd"
    access = {"password": "file:secrets/ssh-password"}
    return replace(entry, secrets=access, known_hosts=_KNOWN_HOSTS, options=options)


def _instances(world: DeviceWorld, device: str) -> dict[str, tuple[str, ...]]:
    kind = world.devices()[device]
    found: dict[str, dict[str, None]] = {}
    for path in world.paths(device):
        for placeholder, instance in attribute_of(kind, path)[1].items():
            found.setdefault(placeholder, {})[instance] = None
    return {placeholder: tuple(names) for placeholder, names in found.items()}


def write_folder(folder: Path, entries: Sequence[Device]) -> asyncssh.SSHKey:
    """Write inventory, known hosts and secrets; keys and secrets that are there are kept.

    Parameters
    ----------
    folder : Path
        Folder to write; made if it is not there.
    entries : sequence of Device
        The devices, as `entries_of` makes them.

    Returns
    -------
    asyncssh.SSHKey
        The host key the devices must show.

    Raises
    ------
    BenchError
        The folder cannot be written.
    """
    try:
        (folder / "secrets").mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in _SECRETS:
            _write_once(folder / "secrets" / name, secrets.token_urlsafe(24).encode() + b"\n")
        fresh = asyncssh.generate_private_key("ssh-ed25519").export_private_key()
        key = asyncssh.import_private_key(_write_once(folder / _HOST_KEY, fresh))
        public = key.export_public_key().decode().split()[:2]
        lines = [
            f"[{entry.host}]:{entry.port} {' '.join(public)}\n"
            for entry in entries
            if entry.known_hosts
        ]
        if hosts := [entry.host for entry in entries if entry.options.get("ca") == _CERTIFICATE]:
            tls_key = _write_once(folder / _TLS_KEY, fresh_key())
            (folder / _CERTIFICATE).write_bytes(certificate_for(tls_key, hosts))
        (folder / _KNOWN_HOSTS).write_text("".join(lines), encoding="utf-8")
        dump_inventory(entries, folder / "inventory.yaml")
    except OSError as err:
        raise BenchError(f"{folder} cannot be written: {err.strerror}; choose another") from err
    return key


def _write_once(path: Path, content: bytes) -> bytes:
    """Write a file of mode 0600 unless it is there; return what it holds."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with contextlib.suppress(FileExistsError), os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
    return path.read_bytes()


def next_boots(folder: Path) -> int:
    """Count one more start of the fleet of a folder: engine boots never go back (RFC 3414, 2.2).

    Parameters
    ----------
    folder : Path
        Folder of the fleet.

    Returns
    -------
    int
        One more than any device of the fleet ever had; it stays at 2147483647.

    Raises
    ------
    BenchError
        The count is broken, or cannot be written.
    """
    path = folder / _BOOTS
    try:
        text = path.read_bytes().strip() if path.exists() else b"0"
    except OSError as err:
        raise BenchError(f"{path} cannot be read: {err.strerror}") from err
    if not text.isdigit() or int(text) > _MOST_BOOTS:
        # Starting again at 1 would lock out every manager that knows the devices.
        raise BenchError(f"{path} is broken: write the highest snmpEngineBoots seen here into it")
    boots = min(int(text) + 1, _MOST_BOOTS)
    keep_boots(folder, boots)
    return boots


def keep_boots(folder: Path, boots: int) -> None:
    """Store the highest engine boots of a fleet, all of it or nothing.

    Parameters
    ----------
    folder : Path
        Folder of the fleet.
    boots : int
        Highest snmpEngineBoots of its devices.

    Raises
    ------
    BenchError
        The folder cannot be written.
    """
    path = folder / _BOOTS
    fresh = path.with_suffix(".new")
    try:
        with fresh.open("w", encoding="ascii") as file:
            file.write(f"{boots}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as err:
        raise BenchError(f"{path} cannot be written: {err.strerror}") from err
