"""Inventories of others: NetBox over HTTPS and as a file, CSV, and Nornir as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from https_peer import QuietHandler, serving

from controllers.inventory import dump_inventory, load_inventory
from controllers.sources import devices_of
from controllers.sources.ansible import read_ansible
from controllers.sources.csv_file import read_csv
from controllers.sources.netbox import fetch_netbox, read_netbox_json, rows_of
from twin.model.errors import InputError
from twin.model.secret import Secret

TOKEN = "canary-0123456789abcdef"


def _named(name: str, i: int = 1, **more: Any) -> dict[str, Any]:
    url = f"https://127.0.0.1/api/x/{i}/"
    return {"id": i, "url": url, "display": name, "name": name, "slug": name.lower(), **more}


def _netbox_device(i: int, **more: Any) -> dict[str, Any]:
    return {
        "id": i,
        "url": f"https://127.0.0.1/api/dcim/devices/{i}/",
        "display": f"AP Zoo {i}",
        "name": f"AP Zoo {i}",
        "device_type": _named("WA-1", model="WA-1"),
        "role": _named("Access-Point"),
        "platform": _named("openconfig"),
        "site": _named("Zoo"),
        "status": {"value": "active", "label": "Active"},
        "primary_ip": {"id": i, "address": f"10.0.0.{i}/24"},
        "latitude": 51.43,
        "longitude": 6.81,
        "tags": [_named("outdoor")],
        "custom_fields": {"channel": 36, "rack unit": "x", "owner": None},
        **more,
    }


DEVICES = [
    *(_netbox_device(i) for i in range(1, 6)),
    _netbox_device(6, platform=None),
    _netbox_device(7, primary_ip=None),
    _netbox_device(8, platform=None, custom_fields={"stellwerk_profile": "openconfig-ap"}),
]
INTERFACES = [
    {
        "id": 1,
        "name": "wlan0",
        "display": "wlan0",
        "device": _named("AP Zoo 1"),
        "wireless_lans": [{"id": 1, "display": "Stadt", "ssid": "Stadt"}],
    }
]


class _NetboxHandler(QuietHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        self.asked.append(self.path)
        if self.headers["Authorization"] != f"Token {TOKEN}":
            self.answer(403, b'{"detail": "Invalid token"}')
            return
        rows = {"/api/dcim/devices/": DEVICES, "/api/dcim/interfaces/": INTERFACES}.get(parts.path)
        if rows is None:
            self.answer(404, b"{}")
            return
        limit = min(3, int(query["limit"][0]))  # MAX_PAGE_SIZE of this one
        offset = int(query.get("offset", ["0"])[0])
        rest = f"limit={limit}&offset={offset + limit}"
        more = offset + limit < len(rows)
        page = {
            "count": len(rows),
            "next": f"https://{self.headers['Host']}{parts.path}?{rest}" if more else None,
            "previous": None,
            "results": rows[offset : offset + limit],
        }
        self.answer(200, json.dumps(page).encode())


@pytest.fixture
def netbox(tmp_path: Path) -> Iterator[tuple[str, str]]:
    _NetboxHandler.asked.clear()
    with serving(_NetboxHandler, tmp_path) as (url, certificate):
        yield url, str(certificate)


def test_netbox_gives_devices_page_by_page(netbox: tuple[str, str], tmp_path: Path) -> None:
    rows = fetch_netbox(netbox[0], Secret(TOKEN), ca_file=netbox[1])
    found = devices_of(rows, base=tmp_path)
    first, *_, last = found.devices
    assert [device.id for device in found.devices] == [f"ap-zoo-{i}" for i in (1, 2, 3, 4, 5, 8)]
    assert (first.kind, first.profile, first.port) == ("ap", "openconfig-ap", 830)
    assert (first.host, first.site, first.role) == ("10.0.0.1", "zoo", "access-point")
    assert first.instances == {"ssid": ("Stadt",)}
    assert first.vars == {"latitude": 51.43, "longitude": 6.81, "channel": 36}
    assert first.groups == ("outdoor",)
    assert last.profile == "openconfig-ap"
    assert [line.partition("'")[2] for line in found.refused] == [
        "AP Zoo 6': no profile for 'wa-1, access-point'; say --profile PLATFORM=PROFILE",
        "AP Zoo 7': host is empty; give a host name or an address",
    ]
    assert len(_NetboxHandler.asked) < 8  # no question for each device
    dump_inventory(found.devices, tmp_path / "i.yaml")
    assert load_inventory(tmp_path / "i.yaml") == found.devices


def test_a_role_may_say_which_profile_fits() -> None:
    rows = [row for row in _rows_of_all() if row.name.endswith("6")]
    (device,) = devices_of(rows, profiles={"access-point": "openconfig-ap"}).devices
    assert device.profile == "openconfig-ap"
    with pytest.raises(InputError, match="did you mean 'openconfig-ap'"):
        devices_of(rows, profiles={"access-point": "openconfig-a"})


def _rows_of_all() -> list[Any]:
    return list(rows_of(DEVICES, {}, "test"))


def test_what_netbox_refuses_is_one_line_without_the_token(netbox: tuple[str, str]) -> None:
    for token, ca_file, message in (
        ("wrong-canary", netbox[1], "NetBox refuses the token"),
        (TOKEN, "", "the certificate is not trusted"),
        (f"{TOKEN}\nX: y", netbox[1], "is no token"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            fetch_netbox(netbox[0], Secret(token), ca_file=ca_file)
        assert "canary" not in str(caught.value)
    with pytest.raises(InputError, match="is not encrypted"):
        fetch_netbox("http://netbox.example", Secret(TOKEN))
    with pytest.raises(InputError, match="cannot be asked"):
        fetch_netbox("https://127.0.0.1:1", Secret(TOKEN))


def test_what_netbox_gave_earlier_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "devices.json"
    path.write_text(json.dumps({"count": 8, "results": DEVICES}))
    assert len(devices_of(read_netbox_json(path)).devices) == 6
    path.write_text(json.dumps(DEVICES[:2]))
    assert len(devices_of(read_netbox_json(path)).devices) == 2
    for text, message in (('{"a": 1}', "holds no list"), ("[1,", "not JSON"), ("[1]", "no list")):
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            read_netbox_json(path)


NETBOX_CSV = """\
Name,Status,Tenant,Site,Role,Manufacturer,Type,IP Address
sw-1,Active,,Zoo,Switch,Huawei,S5735,10.1.0.1/24
sw-2,Offline,,Zoo,Switch,Huawei,S5735,10.1.0.2/24
"""


def test_a_csv_file_of_netbox_or_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text(NETBOX_CSV)
    (device,) = devices_of(read_csv(path), profiles={"S5735": "huawei-vrp5-switch"}).devices
    assert (device.id, device.host, device.site, device.port) == ("sw-1", "10.1.0.1", "Zoo", 22)
    path.write_text(
        "\ufeffGerät;IP;Plattform;Port;Uplink;Raum\nSW_A;h1;poe-switch;1161;;1.01\n"
        'SW_B;h2;huawei_vrpv8;;SW_A;"1;02"\n',
        encoding="utf-8",
    )
    columns = {"id": "gerät", "profile": "Plattform", "vars.room": "Raum"}
    one, two = devices_of(read_csv(path, columns)).devices
    assert (one.id, one.port, one.vars) == ("sw-a", 1161, {"room": "1.01"})
    assert (two.profile, two.upstream, two.vars["room"]) == ("huawei-vrp8-switch", "sw-a", "1;02")


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("", {}, "is empty"),
        ("name,ip\n", {}, r":1: no column is known as profile; say --map profile=COLUMN"),
        ("name,ip,platform\na,b\n", {}, r":2: 2 columns, the head has 3"),
        ("name,ip,platform,port\na,b,linux,x\n", {}, r":2: port 'x' is no port"),
        ('name,ip,platform\n"a,b,linux\n', {}, r":2: not CSV"),
        ("name,ip,platform\n", {"id": "nam"}, "there is no column 'nam'; did you mean 'name'"),
        ("name,ip,platform\n", {"hots": "ip"}, "unknown field 'hots'; did you mean 'host'"),
    ],
)
def test_a_mistake_in_a_csv_file_is_named(
    tmp_path: Path, text: str, columns: dict[str, str], message: str
) -> None:
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        list(read_csv(tmp_path / "d.csv", columns))


ANSIBLE = {
    "_meta": {
        "hostvars": {
            "edge_1": {
                "ansible_host": "10.0.0.1", "ansible_port": 2222, "ansible_user": "admin",
                "ansible_password": "canary", "ansible_network_os": "community.network.ce",
                "site": "zoo", "asn": 65000, "nested": {"a": 1},
            },
            "cab-1": {},
        }
    },
    "all": {"children": ["ungrouped", "city"]},
    "city": {"children": ["routers", "cabinets"]},
    "routers": {"hosts": ["edge_1"], "children": ["city"]},
    "cabinets": {"hosts": ["cab-1", "bare"]},
}  # fmt: skip


def test_an_inventory_of_ansible_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hosts.json"
    path.write_text(json.dumps(ANSIBLE))
    found = devices_of(read_ansible(path), profiles={"cabinets": "lamp-cabinet"})
    edge, cabinet, bare = found.devices
    assert (edge.id, edge.host, edge.port, edge.username) == ("edge-1", "10.0.0.1", 2222, "admin")
    assert (edge.profile, edge.site, edge.vars) == ("huawei-vrp8-switch", "zoo", {"asn": 65000})
    assert edge.secrets == {}
    assert (cabinet.profile, cabinet.host, cabinet.groups) == (
        "lamp-cabinet", "cab-1", ("routers", "city", "cabinets"),
    )  # fmt: skip
    assert (bare.id, bare.port) == ("bare", 161)
    for text, message in (("{}", "holds no _meta.hostvars"), ("[", "not JSON"), ("[]", "holds no")):
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            list(read_ansible(path))


HOSTS = """\
host1.cmh:
  hostname: 127.0.0.1
  port: 2201
  username: vagrant
  password: canary-vagrant
  platform: linux
  groups: [cmh]
  data:
    site: cmh
    role: host
    nested_data: {a_dict: {a: 1}}
    stellwerk: {options: {file: /etc/x}, secrets: {password: "env:PW"}}
spine00.bma:
  hostname: 10.0.0.2
  groups: [bma, cmh]
  connection_options:
    netmiko: {port: 2222, extras: {fast_cli: true}}
leaf:
"""
GROUPS = """\
global:
  data: {domain: global.local, asn: 1}
cmh:
  groups: [global]
  data: {asn: 65000, vlans: {100: frontend}}
bma:
  platform: huawei_vrpv8
  groups: [global]
"""


@pytest.fixture
def nornir(tmp_path: Path) -> Path:
    (tmp_path / "hosts.yaml").write_text(HOSTS)
    (tmp_path / "groups.yaml").write_text(GROUPS)
    (tmp_path / "defaults.yaml").write_text("platform: frr\nusername: root\ndata: {domain: d}\n")
    return tmp_path


def test_an_inventory_of_nornir_is_read_as_it_is(
    nornir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two, three = load_inventory(Path(f"nornir:{nornir}"))
    assert (one.id, one.profile, one.port, one.username) == (
        "host1.cmh", "linux-host", 2201, "vagrant",
    )  # fmt: skip
    assert one.vars == {"domain": "global.local", "asn": 65000}
    assert (one.site, one.role, one.secrets) == ("cmh", "host", {"password": "env:PW"})
    assert (two.profile, two.port, two.vars["asn"]) == ("huawei-vrp8-switch", 2222, 1)
    assert two.groups == ("cmh", "global", "bma")
    assert (three.host, three.profile, three.username) == ("leaf", "frr-router", "root")
    assert "host1.cmh: its password stands in clear text" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("hosts", "port: 2201", "port: x", r"hosts.yaml:3:\d+: port"),
        ("hosts", "groups: [bma", "groups: [bmx", r"hosts.yaml:15:\d+: unknown group 'bmx'"),
        ("hosts", "platform: linux", "platform: ios", r"hosts.yaml:6:\d+: host1.cmh: no profile"),
        ("hosts", "stellwerk: {options", "stellwerk: {optins", r"hosts.yaml:12:.*'options'"),
        ("groups", "groups: [global]", "groups: [bma]", r"groups.yaml:8:\d+: group bma is in"),
    ],
)
def test_a_mistake_in_an_inventory_of_nornir_is_named(
    nornir: Path, file: str, old: str, new: str, message: str
) -> None:
    path = nornir / f"{file}.yaml"
    text = path.read_text()
    i = text.rindex(old)
    path.write_text(text[:i] + new + text[i + len(old) :])
    with pytest.raises(InputError, match=message):
        load_inventory(Path(f"nornir:{nornir}"))
