"""Finds the instances of a live device: its radios, networks, ports, as its profile names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from controllers.discovery_cli import cli_instances
from controllers.discovery_netconf import netconf_instances
from controllers.discovery_snmp import snmp_instances
from controllers.ports import Device, Driver
from controllers.profiles import Profile, profile_of
from controllers.profiles.profile import (
    Mapped,
    NetconfMapping,
    RestMapping,
    SnmpMapping,
    placeholders,
)
from twin.model.errors import DeviceError

__all__ = ["Instances", "find_instances", "kinds_of_instances"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """What was found on a device.

    Parameters
    ----------
    names : mapping
        Instance names by kind of instance, such as ``radio``.
    options : mapping
        Options that the device needs so that its profile finds them.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    def of(self, device: Device) -> Device:
        """Give the entry of a device with its instances and options; what it has stays in order."""
        merged = dict(device.instances)
        for name, found in self.names.items():
            merged[name] = tuple(dict.fromkeys((*device.instances.get(name, ()), *found)))
        return replace(device, instances=merged, options={**self.options, **device.options})


def kinds_of_instances(profile: Profile) -> tuple[str, ...]:
    """List the kinds of instances that a profile knows."""
    return tuple(dict.fromkeys(n for t in profile.attributes for n in placeholders(t)))


def find_instances(device: Device, make_driver: Callable[[Device], Driver]) -> Instances:
    """Ask a device which instances it has.

    Parameters
    ----------
    device : Device
        Its entry; instances in it are not asked for.
    make_driver : callable
        Makes its driver.

    Returns
    -------
    Instances
        What it has: by the keys of its lists over NETCONF, by a walk over the columns of its
        profile over SNMP, by its configuration on a command line. A kind of instance of which a
        profile knows only one, and no name, is ``1``.

    Raises
    ------
    DeviceError
        The device cannot be asked.
    InputError
        Its profile does not fit it.
    """
    profile = profile_of(device)
    kinds = kinds_of_instances(profile)
    find = {"netconf": netconf_instances, "snmp": snmp_instances, "cli": cli_instances}
    if not kinds or profile.protocol not in find:
        return Instances()
    names, options = find[profile.protocol](device, profile)
    found = {kind: _sorted(names.get(kind, {})) for kind in kinds if names.get(kind)}
    for kind in kinds:
        if kind not in found and _has_only_one(device, profile, kind, make_driver):
            found[kind] = ("1",)
    return Instances(names=found, options=options)


def _sorted(names: Mapping[str, None]) -> tuple[str, ...]:
    """Order numbers by size and names as the device has them."""
    if all(name.isascii() and name.isdecimal() for name in names):
        return tuple(sorted(names, key=int))
    return tuple(names)


def _has_only_one(
    device: Device, profile: Profile, kind: str, make_driver: Callable[[Device], Driver]
) -> bool:
    """Say whether a device whose profile does not name an instance on the wire has one."""
    templates = [t for t in profile.attributes if placeholders(t) == (kind,)]
    mappings = [profile.attributes[template] for template in templates]
    names = {kind, *(name for name, table in profile.maps.items() if table.of == kind)}
    if not templates or any(names & set(placeholders(_on_the_wire(m))) for m in mappings):
        return False
    one = replace(device, instances={**device.instances, kind: ("1",)})
    driver = make_driver(one)
    try:
        return bool(driver.read([template.format(**{kind: "1"}) for template in templates[:1]]))
    except DeviceError:
        return False
    finally:
        driver.close()


def _on_the_wire(mapping: Mapped) -> str:
    """Join all templates by which a mapping says where its value stands."""
    if isinstance(mapping, SnmpMapping):
        return mapping.index
    if isinstance(mapping, NetconfMapping):
        return " ".join(value for step in mapping.steps for _, value, _ in step.keys)
    if isinstance(mapping, RestMapping):
        return " ".join(mapping.pointer)
    return " ".join((mapping.key, mapping.section, mapping.line, mapping.command))
