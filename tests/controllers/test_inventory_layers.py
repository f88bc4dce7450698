"""Groups, roles, defaults, included files and variables of an inventory."""

from __future__ import annotations

from pathlib import Path

import pytest

from controllers.intent import parse_intent, resolve
from controllers.inventory import dump_inventory, load_inventory, select
from controllers.ports import Device
from twin.model.errors import InputError
from twin.model.safe import parse_yaml

TEXT = """\
defaults:
  username: stellwerk
  known_hosts: known_hosts
  vars: {domain: net.example, contact: "noc@${domain}"}
groups:
  duisburg: {vars: {city: Duisburg}, options: {timeout_s: "9"}}
  zoo:
    groups: [duisburg]
    site: zoo
    vars: {channel: 36}
  quiet: {}
roles:
  indoor-ap:
    kind: ap
    profile: openconfig-ap
    port: 830
    host: "${id}.${site}.${domain}"
    secrets: {password: "file:secrets/${site}"}
    instances: {radio: ["1", "2"], ssid: ["Stadt ${city}"]}
    options: {timeout_s: "5"}
devices:
  - {id: ap-1, role: indoor-ap, groups: [zoo]}
  - {id: ap-2, role: indoor-ap, groups: [zoo, quiet], host: 127.0.0.1, vars: {channel: 44}}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(TEXT)
    return path


def test_what_is_nearer_to_the_device_goes_first(inventory: Path) -> None:
    one, two = load_inventory(inventory)
    assert (one.host, one.port, one.username) == ("ap-1.zoo.net.example", 830, "stellwerk")
    assert one.secrets == {"password": "file:secrets/zoo"}
    assert one.instances == {"radio": ("1", "2"), "ssid": ("Stadt Duisburg",)}
    assert one.options == {"timeout_s": "5"}  # the role goes before the group
    assert (one.groups, one.role, one.site) == (("duisburg", "zoo"), "indoor-ap", "zoo")
    assert (two.host, two.vars["channel"], one.vars["channel"]) == ("127.0.0.1", 44, 36)
    assert two.vars["contact"] == "noc@net.example"


def test_groups_and_roles_can_be_selected(inventory: Path) -> None:
    devices = load_inventory(inventory)
    assert [d.id for d in select(devices, "group:duisburg & role:indoor-ap & !group:quiet")] == [
        "ap-1"
    ]
    with pytest.raises(InputError, match="did you mean 'zoo'"):
        select(devices, "group:zo")


def test_what_was_merged_is_written_and_read_again(inventory: Path) -> None:
    devices = load_inventory(inventory)
    dump_inventory(devices, inventory)
    assert load_inventory(inventory) == devices


def test_alike_devices_share_what_their_layers_say(tmp_path: Path) -> None:
    text = TEXT.replace('"Stadt ${city}"', "Stadt").replace("/${site}", "/ap")
    (tmp_path / "i.yaml").write_text(text)
    one, two = load_inventory(tmp_path / "i.yaml")
    assert one.secrets == two.secrets
    assert one.username is two.username


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("duisburg: {vars", "duisburg: {groups: [zoo], vars",
         r":8:\d+: group duisburg is in itself: duisburg \(line 6\) -> zoo \(line 7\) -> duisburg"),
        ("groups: [duisburg]", "groups: [duisburk]", "unknown group 'duisburk'; did you mean"),
        ("groups: [zoo]}", "groups: [zo]}", r":22:\d+: unknown group 'zo'; did you mean 'zoo'"),
        ("role: indoor-ap, groups: [zoo]}", "role: indor-ap}", "unknown role 'indor-ap'; did you"),
        ("kind: ap", "kind: app", r":14:\d+: unknown kind 'app'"),
        ("    port: 830\n", "", "port of device ap-1 is missing; add port: ... to it, its role"),
        ("${domain}\"}", "${domian}\"}", r":4:\d+: unknown variable 'domian'; did you mean 'dom"),
        ("domain: net.example", 'domain: "${contact}"', "contact needs itself: contact -> domain"),
        ("domain: net.example", 'domain: "a b"', "' is no host name or address; leave out blanks"),
        ("{channel: 36}", "{site: x}", r":10:\d+: site is a field of every device"),
        ("Stadt ${city}", "Stadt ${city + 1}", "is no variable; write"),
        ("Stadt ${city}", "Stadt ${city", "is no variable; write"),
        ("Stadt ${city}", "Stadt ${id.__class__}", "is no variable; write"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_layer_is_named_where_it_stands(
    inventory: Path, old: str, new: str, message: str
) -> None:
    assert old in TEXT
    inventory.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        load_inventory(inventory)


def test_an_inventory_may_be_many_files(tmp_path: Path) -> None:
    head, _, devices = TEXT.partition("devices:\n")
    (tmp_path / "inventory.yaml").write_text("include: ['sites/*.yaml']\n" + head)
    (tmp_path / "sites").mkdir()
    for i, line in enumerate(devices.splitlines()):
        (tmp_path / "sites" / f"{i}.yaml").write_text(f"devices:\n{line}\n")
    whole = load_inventory(tmp_path / "inventory.yaml")
    assert [d.id for d in whole] == ["ap-1", "ap-2"]
    assert {d.base for d in whole} == {tmp_path}
    (tmp_path / "sites" / "1.yaml").write_text(f"devices:\n{devices.splitlines()[0]}\n")
    with pytest.raises(InputError, match=r"device ap-1 is already in .*sites/0.yaml:2"):
        load_inventory(tmp_path / "inventory.yaml")
    (tmp_path / "sites" / "1.yaml").write_text("include: [../inventory.yaml]\n")
    with pytest.raises(InputError, match=r"1.yaml:1:\d+: .* is included a second time"):
        load_inventory(tmp_path / "inventory.yaml")
    (tmp_path / "sites" / "1.yaml").write_text("defaults: {site: x}\n")
    with pytest.raises(InputError, match="an included file has no defaults"):
        load_inventory(tmp_path / "inventory.yaml")


def _resolved(devices: tuple[Device, ...], wish: str) -> dict[str, object]:
    text = f"version: 1\nname: t\nchanges:\n  - {{name: c, select: 'id:*', set: {{{wish}}}}}\n"
    wants = resolve(parse_intent(parse_yaml(text, "intent.yaml")), devices)
    return {device: want.value for device, of in wants.items() for want in of.values()}


def test_an_intent_names_variables_of_each_device(inventory: Path) -> None:
    devices = load_inventory(inventory)
    assert _resolved(devices, 'radio/2/channel: "${channel}"') == {"ap-1": 36, "ap-2": 44}
    with pytest.raises(InputError, match=r"intent.yaml:4:\d+: ap-1: unknown variable 'chanel'"):
        _resolved(devices, 'radio/2/channel: "${chanel}"')
    with pytest.raises(InputError, match=r"intent.yaml:4:\d+: "):
        _resolved(devices, 'radio/2/channel: "${site}"')


def test_a_platform_name_stands_for_a_profile(inventory: Path) -> None:
    inventory.write_text(
        "devices:\n  - {id: s, kind: switch, profile: huawei_vrpv8, host: h, port: 22}\n"
    )
    (device,) = load_inventory(inventory)
    assert device.profile == "huawei-vrp8-switch"


def test_a_gateway_of_rest_has_a_token(inventory: Path) -> None:
    inventory.write_text(
        "devices:\n  - {id: g, kind: lamp_cabinet, profile: talq-gateway, host: h, port: 443, "
        "secrets: {token: 'file:secrets/token'}, options: {ca: ca.pem}}\n"
    )
    (device,) = load_inventory(inventory)
    assert device.secrets == {"token": "file:secrets/token"}
    (inventory.parent / "other").mkdir()
    dump_inventory([device], inventory.parent / "other" / "i.yaml")
    (moved,) = load_inventory(inventory.parent / "other" / "i.yaml")
    assert moved.options == {"ca": str((inventory.parent / "ca.pem").resolve())}
