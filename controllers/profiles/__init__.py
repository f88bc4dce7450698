"""Profiles: how attributes of the model stand on the wire, for drivers and emulators alike."""

from controllers.profiles.cli import CliItem, cli_items
from controllers.profiles.codec import Codec
from controllers.profiles.loader import load_profile, profile_names, profile_of, read_profile
from controllers.profiles.netconf import NetconfNode, netconf_nodes
from controllers.profiles.paths import Key, Step, build_filter, find, graft, has_entry
from controllers.profiles.profile import Profile, Quirks, option
from controllers.profiles.rest import (
    Resource,
    RestItem,
    merged,
    names_of,
    rest_items,
    rest_resources,
)
from controllers.profiles.snmp import BaseType, SnmpObject, SnmpRow, snmp_objects

__all__ = [
    "BaseType",
    "CliItem",
    "Codec",
    "Key",
    "NetconfNode",
    "Profile",
    "Quirks",
    "Resource",
    "RestItem",
    "SnmpObject",
    "SnmpRow",
    "Step",
    "build_filter",
    "cli_items",
    "find",
    "graft",
    "has_entry",
    "load_profile",
    "merged",
    "names_of",
    "netconf_nodes",
    "option",
    "profile_names",
    "profile_of",
    "read_profile",
    "rest_items",
    "rest_resources",
    "snmp_objects",
]
