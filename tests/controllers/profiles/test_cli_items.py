"""Profiles of command lines: outputs and patterns fit, mistakes are named, lines are found."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.drivers.cli_config import (
    foreign_lines,
    lines_towards,
    parsed_config,
    texts_in,
)
from controllers.drivers.cli_dialects import DIALECTS, PAGER, QUESTION
from controllers.drivers.cli_session import CliSession, last_line
from controllers.drivers.cli_terminal import Terminal
from controllers.ports import Device, DeviceClass
from controllers.profiles import cli_items, load_profile, profile_names, profile_of, read_profile
from controllers.profiles.profile import CliMapping
from twin.model.attributes import Value
from twin.model.errors import InputError, ModelError
from twin.model.safe import parse_yaml

NAMES = [name for name in profile_names() if load_profile(name).protocol == "cli"]
SAMPLES: dict[str, Value] = {"bool": True, "int": 7, "float": 7.0, "str": "text"}
VRP = """\
!Software Version V200R019
#
sysname sw
#
snmp-agent sys-info contact it
#
interface GE0/0/1
 description room 7
 shutdown
#
interface GE0/0/10
 poe priority high
#
return
"""
FRR = """\
Building configuration...

Current configuration:
!
frr version 8.4.4
hostname vm
no ip forwarding
hostname edge
!
interface eth0
 description to the core: "x" ! # 5
exit
!
end
"""


def device(profile: str, **options: str) -> Device:
    found = load_profile(profile)
    needed = {name: "x" for name, value in found.options.items() if value is None}
    needed |= {f"iface/{ssid}": f"section_{ssid}" for ssid in ("city",)}
    instances = {"port": ("GE0/0/1", "GE0/0/10"), "interface": ("eth0",), "radio": ("1",),
                 "ssid": ("city",)}  # fmt: skip
    return Device(
        id="d-1", kind=found.kind, profile=profile, host="127.0.0.1", port=1, username="u",
        instances=instances, options={**needed, **options},
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_pattern_finds_the_value_in_the_output_it_belongs_to(name: str) -> None:
    for item in cli_items(load_profile(name), device(name)):
        if not item.pattern:
            continue
        value = SAMPLES[item.codec.attribute.type]
        for one in (True, False) if value is True else (value,):
            shown = item.output.replace("{value}", item.encode(one))
            found = item.text_of_output(f"something before\n{shown}\nsomething after\n")
            assert found is not None, item.path
            assert item.decode(found) == one
        assert item.text_of_output("nothing of the kind") is None


@pytest.mark.parametrize("name", NAMES)
def test_a_line_that_sets_a_value_is_found_again_and_can_be_taken_away(name: str) -> None:
    for item in cli_items(load_profile(name), device(name)):
        if not (item.line and item.is_writable):
            continue
        samples: dict[str, Value] = {"bool": False, "str": "text", "enum": "high"}
        text = item.encode(samples[item.codec.attribute.type])
        line = item.line_for(text, None, "undo")
        assert item.text_in((line,)) == text
        gone = item.text_in(())
        assert gone is not None
        assert item.line_for(gone, text, "undo") != line


def test_the_configuration_of_vrp_is_split_into_its_sections() -> None:
    config = parsed_config(VRP)
    assert config["interface GE0/0/1"] == ("description room 7", "shutdown")
    assert "sysname sw" in config[""]
    items = cli_items(load_profile("huawei-vrp5-switch"), device("huawei-vrp5-switch"))
    texts = texts_in(config, [item for item in items if item.line])
    assert texts["contact"] == "it"
    assert texts["location"] == ""
    assert texts["port/GE0/0/1/admin_up"] == "present"
    assert texts["port/GE0/0/10/alias"] == "", "GE0/0/1 is not the beginning of GE0/0/10"
    assert texts["port/GE0/0/10/poe_priority"] == "high"


def test_the_configuration_of_frr_is_split_and_the_last_of_several_lines_counts() -> None:
    config = parsed_config(FRR)
    items = cli_items(load_profile("frr-router"), device("frr-router"))
    texts = texts_in(config, [item for item in items if item.line])
    assert texts == {
        "router_id": "", "forwarding": "present", "name": "edge",
        "interface/eth0/description": 'to the core: "x" ! # 5',
        "interface/eth0/enabled": "absent",
    }  # fmt: skip


def test_only_lines_that_differ_are_sent_the_top_first() -> None:
    items = [item for item in cli_items(load_profile("frr-router"), device("frr-router"))
             if item.line and item.is_writable]  # fmt: skip
    config = parsed_config(FRR)
    wanted = texts_in(config, items)
    assert lines_towards(config, wanted, items, "no") == []
    wanted |= {"interface/eth0/description": "", "forwarding": "absent", "router_id": "192.0.2.1"}
    assert lines_towards(config, wanted, items[::-1], "no") == [
        ("", "ip forwarding"), ("", "ip router-id 192.0.2.1"),
        ("interface eth0", "no description"),
    ]  # fmt: skip


def test_lines_of_others_are_told_from_ours() -> None:
    items = [item for item in cli_items(load_profile("frr-router"), device("frr-router"))
             if item.path == "interface/eth0/description"]  # fmt: skip
    before = foreign_lines(parsed_config(FRR), items)
    ours = FRR.replace(" description to", " description not to")
    theirs = FRR.replace("no ip forwarding", "ip multicast-routing")
    assert foreign_lines(parsed_config(ours), items) == before
    assert len(foreign_lines(parsed_config(theirs), items) ^ before) == 2


@given(st.text(max_size=200))
def test_any_configuration_is_survived(text: str) -> None:
    assert "" in parsed_config(text)


@pytest.mark.parametrize(
    ("prompt", "dialect"),
    [
        ("\n<HUAWEI>", "vrp8"), ("\n[~HUAWEI]", "vrp8"), ("\n[*HUAWEI-GE1/0/1]", "vrp8"),
        ("\n[*c2-huawei-acl4-basic-2000]", "vrp8"), ("\nHRP_M<fw>", "vrp5"),
        ("\n[HUAWEI-GigabitEthernet0/0/1]", "vrp5"), ("\nvm# ", "vtysh"),
        ("\nedge.city(config-if)# ", "vtysh"), ("\n(null)(config)# ", "vtysh"),
    ],
)  # fmt: skip
def test_prompts_are_known_at_the_end_only(prompt: str, dialect: str) -> None:
    found = DIALECTS[dialect].prompt
    assert found.search(last_line(f"output{prompt}"))
    assert not found.search(last_line(f"output{prompt}\nmore"))
    assert not found.search(last_line(f"description of {prompt.strip()}"))
    assert not found.search(last_line("x" * 1000 + prompt.strip()))


NASTY = (
    "x",
    "[a/",
    "(",
    "-",
    " ",
    "?",
    "[",
    "\x1b[",
    "1",
    "---- More ",
    "<",
    "Error:",
    "\n ",
    "a/",
)


@pytest.mark.parametrize("piece", NASTY)
def test_no_output_of_a_device_makes_a_search_last(piece: str) -> None:
    """Searches that were quadratic or worse took minutes with these, and held every thread."""
    text = piece * (400_000 // len(piece))
    for dialect in DIALECTS.values():
        for one in (dialect.prompt, PAGER, QUESTION, *map(re.compile, dialect.answers)):
            one.search(last_line(text))
        terminal = Terminal(CliSession(device("linux-host"), "linux"), dialect)
        terminal.refusal_in(text)
        terminal._told(text, "line")
        dialect.saved_by.search(text)
    parsed_config(text)


@pytest.mark.parametrize(
    "question",
    [
        "Warning: Uncommitted configurations found. Are you sure to commit them before switching "
        "out? [Y(yes)/N(no)/C(cancel)]:",
        "Are you sure to continue? [Y/N]:", "Please input the file name(*.cfg,*.zip)[vrpcfg.zip]:",
        "flash:/vrpcfg.zip exists, overwrite?[Y/N]:", "Proceed (y/n)? ", "Enter the password:",
        "Error: Please choose 'YES', 'NO' or 'CANCEL' first before pressing 'Enter'. [Y/N/C]:",
    ],
)  # fmt: skip
def test_questions_are_known(question: str) -> None:
    assert QUESTION.search(last_line(f"text\n{question}"))


def test_a_page_is_known() -> None:
    assert PAGER.search("line\n  ---- More ----")
    assert not PAGER.search("line\n  ---- More ----\nline")


@pytest.mark.parametrize(
    ("dialect", "entry", "message"),
    [
        ("vtysh", "{key: contact}", "dialect vtysh has no key"),
        ("file", "{line: contact}", "dialect file has no line"),
        ("file", "{key: a, command: b}", "give one of key, line and command"),
        ("file", "{command: b}", "a command only reads"),
        ("file", '{key: a, around: "x"}', "around needs {value} once"),
        ("vtysh", '{line: "contact {valeu}"}', r"\{valeu\} is not a name here"),
    ],
)
def test_a_mistake_of_a_command_line_profile_is_named(
    dialect: str, entry: str, message: str
) -> None:
    text = (
        f"profile: p\nkind: host\nprotocol: cli\ndialect: {dialect}\ndevice_class: A\n"
        f"quality: {{checked_against: x}}\nattributes:\n  contact: {entry}\n"
    )
    with pytest.raises(InputError, match=message):
        read_profile(parse_yaml(text, "p.yaml"))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('{command: x, pattern: "("}', "is no regular expression"),
        ("{command: x, pattern: y}", "needs one group"),
        ('{command: x, pattern: "(y)"}', "give both or none"),
    ],
)
def test_a_bad_pattern_is_named(entry: str, message: str) -> None:
    text = (
        "profile: p\nkind: host\nprotocol: cli\ndevice_class: A\n"
        f"quality: {{checked_against: x}}\nattributes:\n  name: {entry}\n"
    )
    with pytest.raises(InputError, match=message):
        read_profile(parse_yaml(text, "p.yaml"))


def test_text_around_a_value_must_be_there() -> None:
    items = cli_items(load_profile("openwrt-ap"), device("openwrt-ap"))
    width = next(item for item in items if item.path == "radio/1/bandwidth_mhz")
    assert width.encode(80) == "HE80"
    assert width.decode("HE40") == 40
    with pytest.raises(ModelError, match=r"'VHT80', not 'HE\{value\}'"):
        width.decode("VHT80")


def test_an_openwrt_device_without_rpcd_is_of_class_b() -> None:
    assert profile_of(device("openwrt-ap")).device_class is DeviceClass.C
    assert profile_of(device("openwrt-ap", rpcd="no")).device_class is DeviceClass.B
    assert profile_of(device("linux-host")).device_class is DeviceClass.A


@pytest.mark.parametrize("name", NAMES)
def test_every_attribute_of_a_command_line_is_mapped_as_one(name: str) -> None:
    assert all(isinstance(one, CliMapping) for one in load_profile(name).attributes.values())
