"""Profiles are checked files; mistakes in them are positioned errors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from controllers.ports import Device
from controllers.profiles import (
    cli_items,
    load_profile,
    netconf_nodes,
    profile_names,
    profile_of,
    read_profile,
    snmp_objects,
)
from twin.model.attributes import KINDS
from twin.model.errors import InputError
from twin.model.safe import parse_yaml

NAMES = (
    "3gpp-lte-cell",
    "3gpp-nr-cell",
    "frr-router",
    "huawei-ac-wlan",
    "ietf-interfaces-switch",
    "lamp-cabinet",
    "linux-host",
    "netconf-host",
    "ntcip-1202-signal",
    "openconfig-ap",
    "poe-switch",
    "snmp-host",
)

GOOD = """\
profile: mine
kind: host
protocol: snmp
device_class: A
quality: {checked_against: nothing}
attributes:
  contact: {object: "M-MIB::obj", oid: 1.2.3, syntax: DisplayString}
"""


def device(profile: str, kind: str, **fields: object) -> Device:
    return Device(
        id="d-1", kind=kind, profile=profile, host="127.0.0.1", port=1, username="u",
        **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_package_holds_these_profiles() -> None:
    assert set(NAMES) <= set(profile_names())


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_loads_and_says_what_it_was_checked_against(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert profile.checked_against
    assert set(profile.attributes) <= {a.template for a in KINDS[profile.kind]}


@pytest.mark.parametrize("name", ["openconfig-ap", "3gpp-nr-cell", "poe-switch", "lamp-cabinet"])
def test_profiles_of_emulated_devices_cover_their_whole_kind(name: str) -> None:
    profile = load_profile(name)
    assert set(profile.attributes) == {a.template for a in KINDS[profile.kind]}


def test_an_unknown_profile_is_guessed() -> None:
    with pytest.raises(InputError, match="did you mean 'openconfig-ap'"):
        load_profile("openconfig-aps")


def test_a_profile_of_the_user_goes_before_the_packaged_one(tmp_path: Path) -> None:
    (tmp_path / "snmp-host.yaml").write_text(GOOD.replace("mine", "snmp-host"))
    assert len(load_profile("snmp-host", tmp_path).attributes) == 1
    assert len(load_profile("snmp-host").attributes) == 5


def test_a_changed_profile_of_the_user_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    assert load_profile("mine", tmp_path).checked_against == "nothing"
    path.write_text(GOOD.replace("nothing", "something"))
    os.utime(path, ns=(1, 1))
    assert load_profile("mine", tmp_path).checked_against == "something"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: host", "kind: hots", r"mine\.yaml:2:7: unknown kind 'hots'"),
        ("protocol: snmp", "protocol: smtp", r"mine\.yaml:3:11: protocol is 'smtp'"),
        ("contact:", "contacts:", "did you mean 'contact'"),
        ("syntax: DisplayString", "syntax: Text", "unknown syntax 'Text'"),
        ("1.2.3", "1.two", "oid"),
        ("device_class: A", "device_class: Z", "device_class"),
        ("oid: 1.2.3", 'oid: 1.2.3, index: "{port}"', r"\{port\} is not a name here"),
        ("checked_against: nothing", "checked_against: x, by: me", "unknown key 'by'"),
    ],
)
def test_a_mistake_is_named_with_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_profile(parse_yaml(GOOD.replace(old, new), "mine.yaml"))
    assert caught.value.line > 0


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('{path: "/x:a/b", type: string}', "prefix 'x'"),
        ('{path: "/if:a/b[", type: string}', "not a path|bad key"),
        ('{path: "/a", type: string}', "needs a prefix"),
    ],
)
def test_a_bad_yang_path_is_named(entry: str, message: str) -> None:
    text = (
        "profile: n\nkind: host\nprotocol: netconf\ndevice_class: D\n"
        "quality: {checked_against: x}\nnamespaces: {if: urn:x}\nattributes:\n"
        f"  contact: {entry}\n"
    )
    with pytest.raises(InputError, match=message):
        read_profile(parse_yaml(text, "n.yaml"))


def test_a_device_of_another_kind_than_its_profile_is_refused() -> None:
    with pytest.raises(InputError, match="is a switch, its profile openconfig-ap is of a ap"):
        profile_of(device("openconfig-ap", "switch"))


def test_a_missing_option_is_named() -> None:
    host = device("linux-host", "host")
    with pytest.raises(InputError, match="lacks option 'file'"):
        cli_items(profile_of(host), host)


def test_an_instance_that_is_no_number_is_no_snmp_index() -> None:
    switch = device("poe-switch", "switch", instances={"port": ("ge-0/0/1",)})
    with pytest.raises(InputError, match="no index of an SNMP object"):
        snmp_objects(profile_of(switch), switch)


def test_two_radios_cannot_share_one_key_of_a_file() -> None:
    host = device("linux-host", "host", instances={"radio": ("1", "2")}, options={"file": "/x"})
    with pytest.raises(InputError, match="same key 'ssid'"):
        cli_items(profile_of(host), host)


def test_a_radio_without_a_band_is_named_and_can_be_given_one() -> None:
    ap = device("openconfig-ap", "ap", instances={"radio": ("7",)})
    with pytest.raises(InputError, match="knows no band"):
        netconf_nodes(profile_of(ap), ap)
    ap = device(
        "openconfig-ap", "ap", instances={"radio": ("7",)},
        options={"band/7": "oc-wifi-types:FREQ_6GHZ"},
    )  # fmt: skip
    keys = netconf_nodes(profile_of(ap), ap)[0].steps[3].keys
    assert [key.value for key in keys] == ["7", "FREQ_6GHZ"]


def test_a_device_has_only_the_attributes_of_its_instances() -> None:
    ap = device("openconfig-ap", "ap", instances={"radio": ("1",)})
    assert {node.path.split("/")[0] for node in netconf_nodes(profile_of(ap), ap)} == {
        "radio",
        "software_version",
    }


def test_the_group_of_power_ports_is_an_option() -> None:
    switch = device("poe-switch", "switch", instances={"port": ("3",)}, options={"group": "2"})
    by_path = {o.path: o for o in snmp_objects(profile_of(switch), switch)}
    assert by_path["port/3/poe_enabled"].oid[-2:] == (2, 3)
    assert by_path["port/3/admin_up"].oid[-1:] == (3,)
