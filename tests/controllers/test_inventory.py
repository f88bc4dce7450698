"""The inventory file and the selection language."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.inventory import dump_inventory, load_inventory, select
from controllers.ports import Device
from controllers.selection import near_miss
from twin.model.errors import InputError

TEXT = """\
devices:
  - id: sw-zoo
    kind: switch
    profile: poe-switch
    host: 127.77.0.1
    port: 1161
    username: stellwerk
    secrets: {auth: "file:secrets/auth", priv: "env:PRIV"}
    site: zoo
    origin: emulated
    instances: {port: [1, 2]}
  - id: ap-zoo-01
    kind: ap
    profile: openconfig-ap
    host: 127.77.0.2
    port: 1830
    known_hosts: known_hosts
    site: zoo
    upstream: sw-zoo
    instances: {radio: ["1", "2"], ssid: [Stadt]}
  - {id: cab-0412, kind: lamp_cabinet, profile: lamp-cabinet, host: h, port: 161, site: Alt Hamborn}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(TEXT)
    return path


def test_an_inventory_becomes_devices(inventory: Path) -> None:
    switch, ap, cabinet = load_inventory(inventory)
    assert switch.instances == {"port": ("1", "2")}
    assert switch.secrets["priv"] == "env:PRIV"
    assert switch.base == inventory.parent
    assert (ap.upstream, ap.origin, cabinet.site) == ("sw-zoo", "real", "Alt Hamborn")


def test_what_is_written_is_read_again(inventory: Path) -> None:
    devices = load_inventory(inventory)
    other = inventory.with_name("other.yaml")
    dump_inventory(devices, other)
    assert load_inventory(other) == devices


def test_references_still_hold_in_another_folder(inventory: Path, tmp_path: Path) -> None:
    devices = load_inventory(inventory)
    (tmp_path / "elsewhere").mkdir()
    dump_inventory(devices, tmp_path / "elsewhere" / "i.yaml")
    switch, ap, _ = load_inventory(tmp_path / "elsewhere" / "i.yaml")
    assert switch.base / switch.secrets["auth"][5:] == (tmp_path / "secrets/auth").resolve()
    assert ap.base / ap.known_hosts == (tmp_path / "known_hosts").resolve()
    assert switch.secrets["priv"] == "env:PRIV"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: ap-zoo-01", "id: sw-zoo", "is already in line 2"),
        ("id: ap-zoo-01", "id: AP1", "id"),
        ("kind: ap\n", "kind: app\n", "did you mean 'ap'"),
        ("openconfig-ap", "openconfig-a", "did you mean 'openconfig-ap'"),
        ("poe-switch", "openconfig-ap", "is a switch, its profile"),
        ("upstream: sw-zoo", "upstream: sw-zo", "did you mean 'sw-zoo'"),
        ("upstream: sw-zoo", "upstream: ap-zoo-01", "its upstream is the device itself; name the"),
        ("upstream: sw-zoo", "upstream: ap-zoo-02", "'ap-zoo-02' is no device here; known are cab"),
        ("upstream: sw-zoo", f"upstream: {'x' * 300}", r"x\.\.\.' is no device here; known are"),
        ("kind: ap\n", f"kind: {'x' * 300}\n", r"unknown kind 'x+\.\.\.'; known are"),
        ("host: 127.77.0.2", f"host: {'h' * 300}", "is 300 characters long, .* at most 253$"),
        ("host: 127.77.0.2", f"host: {'h' * 64}.de", "at most 63 characters stand between dots"),
        ("host: 127.77.0.2", "host: ''", "host: is empty; give a host name or an address"),
        ("host: 127.77.0.2", "host: a b", "'a b' is no host name or address; leave out blanks"),
        ("port: 1830", "port: 0", "port: 0 is no port; ports are 1 to 65535$"),
        ("port: 1830", "port: -1", "port: -1 is no port"),
        ('"env:PRIV"', "hunter2", "secrets"),
        ("port: 1830", "port: 70000", "port"),
        ("site: zoo\n    origin", "sites: zoo\n    origin", "did you mean 'site'"),
        ("origin: emulated", "origin: emu", "origin"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    inventory: Path, old: str, new: str, message: str
) -> None:
    assert old in TEXT
    inventory.write_text(TEXT.replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        load_inventory(inventory)
    assert caught.value.source == str(inventory)
    assert caught.value.line > 1
    assert "hunter2" not in str(caught.value)


def test_a_device_that_is_there_twice_is_not_written(inventory: Path) -> None:
    devices = load_inventory(inventory)
    with pytest.raises(InputError, match="is there twice"):
        dump_inventory([*devices, devices[0]], inventory)
    assert inventory.read_text() == TEXT


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", "sw-zoo ap-zoo-01 cab-0412"),
        ("site:zoo", "sw-zoo ap-zoo-01"),
        ("site:zoo & kind:ap", "ap-zoo-01"),
        ("kind:ap | kind:lamp_cabinet", "ap-zoo-01 cab-0412"),
        ("!site:zoo", "cab-0412"),
        ("!(site:zoo & kind:ap)", "sw-zoo cab-0412"),
        ("kind:ap | kind:switch & site:zoo", "sw-zoo ap-zoo-01"),
        ("(kind:ap | kind:lamp_cabinet) & site:zoo", "ap-zoo-01"),
        ("*-0?1?", "cab-0412"),
        ("ap-zoo-01", "ap-zoo-01"),
        ('site:"Alt Hamborn"', "cab-0412"),
        ("origin:copy", ""),
        ("kind:cell", ""),
        ("!!kind:ap", "ap-zoo-01"),
        ("upstream:sw-zoo", "ap-zoo-01"),
    ],
)
def test_expressions_select(inventory: Path, expression: str, expected: str) -> None:
    chosen = select(load_inventory(inventory), expression)
    assert " ".join(device.id for device in chosen) == expected


@pytest.mark.parametrize(
    ("expression", "message", "column"),
    [
        ("site:zo", "did you mean 'zoo'", 1),
        ("sit:zoo", "did you mean 'site'", 1),
        ("kind:aps", "did you mean 'ap'", 1),
        ("site:zoo & id:ap-zoo-02", "did you mean 'ap-zoo-01'", 12),
        ("(site:zoo", "not closed", 1),
        ("site:zoo)", "too much", 9),
        ("site:zoo kind:ap", "too much", 10),
        ("site:zoo &", "ends too early", 11),
        ("| site:zoo", "stands where a word is needed", 1),
        ('site:"zoo', "cannot read", 5),
    ],
)
def test_a_wrong_expression_is_explained(
    inventory: Path, expression: str, message: str, column: int
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        select(load_inventory(inventory), expression)
    assert caught.value.column == column


def test_the_longest_host_is_read(inventory: Path) -> None:
    host = ".".join(["h" * 63, "h" * 63, "h" * 63, "h" * 61])
    assert len(host) == 253
    inventory.write_text(TEXT.replace("127.77.0.2", host))
    assert load_inventory(inventory)[1].host == host
    inventory.write_text(TEXT.replace("127.77.0.2", "2001:db8::1%eth0"))
    assert load_inventory(inventory)[1].host == "2001:db8::1%eth0"


def test_a_number_that_is_not_there_is_not_taken_for_a_typing_error() -> None:
    assert near_miss("0", ["1", "10"]) == "known are 1, 10"
    assert near_miss("0", []) == "there are none"


DEVICE = Device(id="ap-1", kind="ap", profile="p", host="h", port=1, username="u", site="zoo")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("(" * 2000, "is 2000 characters long, at most 1000 are read"),
        ("!" * 2000 + "ap-1", "at most 1000"),
        ("(" * 51 + "ap-1" + ")" * 51, "more than 50 parentheses"),
        ("(" * 1000, "more than 50 parentheses"),
        ("!(" * 500, "more than 50 parentheses"),
        ("!" * 1000, "ends too early"),
        (")" * 1000, "stands where a word"),
        ("x" * 1000, r"no device has id 'x+\.\.\.'; known are ap-1"),
        ("x" * 900 + ":y", r"unknown field 'x+\.\.\.'; known are"),
        ('"a\x1b[0m"', r"no device has id 'a\\x1b\[0m'"),
    ],
)
def test_an_expression_too_big_is_refused_in_few_words(expression: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        select([DEVICE], expression)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "expression",
    [
        "!(" * 50 + "ap-1" + ")" * 50,
        "|".join("*" * 500),
        "&".join("*" * 500),
        "!" * 994 + "ap-1",
        "(ap-1)&" * 140 + "ap-1",
    ],
)
def test_an_expression_as_big_as_allowed_selects(expression: str) -> None:
    assert select([DEVICE], expression) == (DEVICE,)


@given(st.text('site:zoap&|!() *"[', max_size=20))
def test_any_text_selects_or_is_an_input_error(expression: str) -> None:
    try:
        chosen = select([DEVICE], expression)
    except InputError:
        return
    assert list(chosen) in ([], [DEVICE])
