"""Finds devices from neighbour to neighbour: LLDP tables of agents that answer our SNMP user.

What LLDP says is said by anybody on a cable. So nobody outside the given networks is asked,
no community is ever sent to a stranger, and what is found is a proposal.

References
----------
.. [1] IEEE Std 802.1AB-2005, LLDP-MIB: lldpRemTable, lldpRemManAddrTable.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from controllers.discovery_snmp import walk
from controllers.drivers.snmp_access import credentials_of, target_of
from controllers.drivers.snmp_link import exchange
from controllers.inventory_platforms import default_port
from controllers.ports import Device
from controllers.profiles import load_profile, profile_names, profile_of
from controllers.snmp.ber import NULL
from controllers.snmp.exchange import Target, Variable
from controllers.sources.rows import id_of
from twin.model.errors import DeviceAuthError, DeviceError, InputError

__all__ = ["Neighbour", "Proposals", "discover", "neighbours_of", "networks_around"]

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_REMOTE = (1, 0, 8802, 1, 1, 2, 1, 4, 1, 1)
_ADDRESS = (1, 0, 8802, 1, 1, 2, 1, 4, 2, 1, 3)
_CHASSIS, _PORT, _NAME, _DESCRIPTION = 5, 7, 9, 10
_N_INDEX = 3
_FAMILIES = {1: 4, 2: 16}
_SYSTEM = ((1, 3, 6, 1, 2, 1, 1, 1, 0), (1, 3, 6, 1, 2, 1, 1, 5, 0))
_LONGEST = 200

_PROFILES = (
    (re.compile(r"Stellwerk emulated \w+, profile (?P<profile>[\w.-]+)"), ""),
    (re.compile(r"(?s)Huawei.*VRP.*Version 8\b"), "huawei-vrp8-switch"),
    (re.compile(r"(?s)Huawei.*VRP.*Version 5\b"), "huawei-vrp5-switch"),
    (re.compile(r"FRRouting"), "frr-router"),
    (re.compile(r"OpenWrt"), "openwrt-ap"),
)
"""Profile by what a device says of itself (sysDescr, lldpRemSysDesc); else it is an SNMP host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """One row of an LLDP table.

    Parameters
    ----------
    name, description, port : str
        What the neighbour says of itself and of its end of the cable.
    address : str
        Its management address; empty if it tells none.
    """

    name: str
    description: str
    port: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """What a search has found.

    Parameters
    ----------
    devices : tuple of Device
        New entries; `upstream` is the device in whose table they were first.
    upstreams : dict
        Upstream by the id of a device that the inventory has already, and without one.
    left_out : tuple of str
        Neighbours that cannot be proposed, and why.
    n_asked : int
        Devices whose tables were read.
    """

    devices: tuple[Device, ...]
    upstreams: dict[str, str]
    left_out: tuple[str, ...]
    n_asked: int


def networks_around(devices: Iterable[Device]) -> tuple[_Network, ...]:
    """List the networks that devices with an address are in: /24, or /64 of IPv6."""
    found: dict[_Network, None] = {}
    for device in devices:
        try:
            address = ipaddress.ip_address(device.host)
        except ValueError:
            continue
        length = 24 if address.version == 4 else 64
        found[ipaddress.ip_network(f"{address}/{length}", strict=False)] = None
    return tuple(found)


def neighbours_of(device: Device) -> tuple[Neighbour, ...]:
    """Read the LLDP table of a device.

    Parameters
    ----------
    device : Device
        An entry with SNMP access.

    Returns
    -------
    tuple of Neighbour
        In the order of its ports.

    Raises
    ------
    DeviceError
        It cannot be asked.
    """
    target = target_of(device)
    told: dict[tuple[int, ...], dict[int, str]] = {}
    for column in (_CHASSIS, _PORT, _NAME, _DESCRIPTION):
        for variable in walk(target, (*_REMOTE, column), device.id):
            index = variable.oid[len(_REMOTE) + 1 :]
            told.setdefault(index, {})[column] = _text(variable)
    addresses: dict[tuple[int, ...], str] = {}
    for variable in walk(target, _ADDRESS, device.id):
        index = variable.oid[len(_ADDRESS) :]
        address = _address(index[_N_INDEX:])
        if address:
            addresses.setdefault(index[:_N_INDEX], address)
    return tuple(
        Neighbour(
            name=row.get(_NAME) or row.get(_CHASSIS, ""),
            description=row.get(_DESCRIPTION, ""),
            port=row.get(_PORT, ""),
            address=addresses.get(index, ""),
        )
        for index, row in sorted(told.items())
    )


def _text(variable: Variable) -> str:
    data = variable.value if isinstance(variable.value, bytes) else b""
    text = data.decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()[:_LONGEST]


def _address(arcs: Sequence[int]) -> str:
    """Read subtype, length and octets of an address out of an index (RFC 2578, section 7.7)."""
    if len(arcs) < 2 or _FAMILIES.get(arcs[0]) != arcs[1] or len(arcs) != arcs[1] + 2:
        return ""
    if any(not 0 <= arc <= 255 for arc in arcs[2:]):
        return ""
    return str(ipaddress.ip_address(bytes(arcs[2:])))


def discover(
    seeds: Sequence[Device],
    known: Sequence[Device],
    networks: Sequence[_Network],
    *,
    max_devices: int = 500,
    max_depth: int = 4,
    per_second: float = 10.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Proposals:
    """Search from neighbour to neighbour, the nearest first.

    Parameters
    ----------
    seeds : sequence of Device
        Where to begin; entries with SNMP access, which strangers are asked with too.
    known : sequence of Device
        The inventory.
    networks : sequence of network
        Addresses that may be asked.
    max_devices, max_depth : int
        Devices to ask at most, and cables to go.
    per_second : float
        Devices asked in a second at most. [1/s]
    sleep : callable
        Waits. [s]

    Returns
    -------
    Proposals
        New entries, upstreams and what was left out.

    Raises
    ------
    InputError
        A seed is not spoken to over SNMP.
    DeviceError
        No seed answers.
    """
    for seed in seeds:
        if profile_of(seed).protocol != "snmp":
            raise InputError(
                f"{seed.id} has no SNMP agent to begin at", hint="name others by --from"
            )
    return _Search(known, networks, max_devices, max_depth, 1.0 / per_second, sleep).run(seeds)


class _Search:
    """One search: who was seen, who is still to be asked, and what came of it."""

    def __init__(
        self,
        known: Sequence[Device],
        networks: Sequence[_Network],
        max_devices: int,
        max_depth: int,
        pause_s: float,
        sleep: Callable[[float], None],
    ) -> None:
        self._by_host = {device.host: device for device in known}
        self._by_id = {device.id: device for device in known}
        self._networks = networks
        self._max_devices, self._max_depth = max_devices, max_depth
        self._pause_s, self._sleep = pause_s, sleep
        self._waiting: deque[tuple[Device, int]] = deque()
        self._seen: set[str] = set()
        self._found: dict[str, Device] = {}
        self._upstreams: dict[str, str] = {}
        self._left_out: dict[str, None] = {}
        self._n_asked = 0

    def run(self, seeds: Sequence[Device]) -> Proposals:
        self._seen |= {seed.id for seed in seeds}
        self._waiting.extend((seed, 0) for seed in seeds)
        failures: list[DeviceError] = []
        while self._waiting and self._n_asked < self._max_devices:
            device, depth = self._waiting.popleft()
            if self._n_asked:
                self._sleep(self._pause_s)
            self._n_asked += 1
            try:
                rows = neighbours_of(device)
            except DeviceError as err:
                failures.append(err)
                self._leave_out(device.id, f"its neighbours cannot be read: {err.reason}")
                continue
            for row in rows:
                self._meet(row, device, depth)
        if failures and len(failures) == self._n_asked:
            raise failures[0]
        if self._waiting:
            self._leave_out("the search", f"ended after {self._max_devices} devices")
        return Proposals(
            devices=tuple(self._found.values()),
            upstreams=self._upstreams,
            left_out=tuple(self._left_out),
            n_asked=self._n_asked,
        )

    def _leave_out(self, name: str, reason: str) -> None:
        self._left_out[f"{name}: {reason}"] = None

    def _meet(self, row: Neighbour, via: Device, depth: int) -> None:
        old = self._by_host.get(row.address) or self._by_id.get(id_of(row.name))
        name = old.id if old else id_of(row.name) or id_of(row.address)
        if not name or name in self._seen:
            return
        self._seen.add(name)
        if old is not None:
            if not old.upstream:
                self._upstreams[old.id] = via.id
            if profile_of(old).protocol == "snmp" and depth + 1 < self._max_depth:
                self._waiting.append((old, depth + 1))
            return
        reason = self._why_not(row)
        if reason:
            self._leave_out(f"{name} (beside {via.id})", reason)
            return
        entry, answers = self._entry(name, row, via)
        self._found[name] = entry
        if answers and depth + 1 < self._max_depth:
            self._waiting.append((replace(via, id=name, host=row.address), depth + 1))

    def _why_not(self, row: Neighbour) -> str:
        if not row.address:
            return "it tells no management address"
        address = ipaddress.ip_address(row.address)
        if not any(address in network for network in self._networks):
            return f"its address {address} is in none of the networks; say --within"
        return ""

    def _entry(self, name: str, row: Neighbour, via: Device) -> tuple[Device, bool]:
        """Propose an entry; ask the device itself if our user may be shown to it."""
        as_via = replace(via, id=name, host=row.address, instances={}, upstream=via.id)
        self._sleep(self._pause_s)
        description, answers = row.description, False
        try:
            if credentials_of(via).version == "v2c":
                raise DeviceAuthError(name, "no community is sent to a device that is not known")
            description, answers = _described(target_of(as_via)) or description, True
        except DeviceError as err:
            self._leave_out(name, f"proposed by its word alone: {err.reason}")
        profile_name = _profile_for(description)
        profile = load_profile(profile_name)
        if profile.protocol == "snmp":
            entry = replace(as_via, kind=profile.kind, profile=profile_name)
            return entry, answers
        return (
            Device(
                id=name, kind=profile.kind, profile=profile_name, host=row.address,
                port=default_port(profile_name), username=via.username, site=via.site,
                origin=via.origin, upstream=via.id, base=via.base,
            ),
            answers,
        )  # fmt: skip


def _described(target: Target) -> str:
    answer = exchange(target, "get", [Variable(oid, NULL, None) for oid in _SYSTEM])
    if answer.failure:
        raise DeviceAuthError("", f"it does not answer our SNMP user ({answer.failure_text})")
    return _text(answer.variables[0]) if answer.variables else ""


def _profile_for(description: str) -> str:
    for pattern, name in _PROFILES:
        match = pattern.search(description)
        if match:
            profile = name or match["profile"]
            if profile in profile_names():
                return profile
    return "snmp-host"
