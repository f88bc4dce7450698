"""The inventory file and the selection language."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.inventory import dump_inventory, load_inventory, select
from controllers.ports import Device
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
        ("upstream: sw-zoo", "upstream: ap-zoo-01", "is no other device"),
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


@given(st.text('site:zoap&|!() *"[', max_size=20))
def test_any_text_selects_or_is_an_input_error(expression: str) -> None:
    device = Device(id="ap-1", kind="ap", profile="p", host="h", port=1, username="u", site="zoo")
    try:
        chosen = select([device], expression)
    except InputError:
        return
    assert list(chosen) in ([], [device])
