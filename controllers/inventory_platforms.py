"""Names that netmiko, NAPALM, Nornir and NetBox users give a platform, and our profile for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from controllers.profiles import load_profile

__all__ = ["DEFAULT_PORTS", "PLATFORMS", "canonical_profile", "default_port"]

DEFAULT_PORTS: Mapping[str, int] = MappingProxyType(
    {"snmp": 161, "netconf": 830, "cli": 22, "rest": 443}
)
"""Port of each protocol: RFC 3430 (161), RFC 6242 (830), RFC 4254 (22)."""

PLATFORMS: Mapping[str, str] = MappingProxyType(
    {
        # netmiko's CLASS_MAPPER, NAPALM's drivers and the slugs NetBox's device library uses
        "huawei": "huawei-vrp5-switch",
        "huawei_vrp": "huawei-vrp5-switch",
        "huawei-vrp": "huawei-vrp5-switch",
        "huawei_vrpv8": "huawei-vrp8-switch",
        "huawei-vrpv8": "huawei-vrp8-switch",
        "ce": "huawei-vrp8-switch",
        "frr": "frr-router",
        "frrouting": "frr-router",
        "linux": "linux-host",
        "linux_ssh": "linux-host",
        "hostapd": "linux-host",
        "openconfig": "openconfig-ap",
        "netconf": "netconf-host",
        "generic_snmp": "snmp-host",
    }
)
"""Profile by platform. ``ios`` and the like are not here: no profile has been checked on them."""


def canonical_profile(name: str) -> str:
    """Give the profile that a platform's name stands for; any other name as it is."""
    return PLATFORMS.get(name, name)


def default_port(profile: str) -> int:
    """Give the port on which a device of a profile listens unless somebody moved it.

    Raises
    ------
    InputError
        No such profile in the package.
    """
    return DEFAULT_PORTS[load_profile(profile).protocol]
