"""Profiles: how attributes of the model stand on the wire, for drivers and emulators alike."""

from controllers.profiles.cli import CliItem, cli_items
from controllers.profiles.codec import Codec
from controllers.profiles.loader import load_profile, profile_names, profile_of, read_profile
from controllers.profiles.netconf import NetconfNode, netconf_nodes
from controllers.profiles.paths import Key, Step, build_filter, find, graft, has_entry
from controllers.profiles.profile import Profile, Quirks, option
from controllers.profiles.snmp import BaseType, SnmpObject, SnmpRow, snmp_objects

__all__ = [
    "BaseType",
    "CliItem",
    "Codec",
    "Key",
    "NetconfNode",
    "Profile",
    "Quirks",
    "SnmpObject",
    "SnmpRow",
    "Step",
    "build_filter",
    "cli_items",
    "find",
    "graft",
    "has_entry",
    "load_profile",
    "netconf_nodes",
    "option",
    "profile_names",
    "profile_of",
    "read_profile",
    "snmp_objects",
]
