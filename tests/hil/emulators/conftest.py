"""A small world, its fleet on free loopback addresses, and clients that speak to it."""

import secrets
import socket
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from controllers.ports import Device
from controllers.snmp.message import (
    PduType,
    decode_message,
    decode_scoped_pdu,
    encode_header,
    encode_pdu,
    encode_scoped_pdu,
)
from hil.emulators.device import EmulatedDevice
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.snmp_agent import SnmpAgent
from hil.emulators.snmp_objects import profile_nodes
from hil.emulators.usm import UsmEngine, UsmUser
from hil.emulators.world_port import MemoryWorld

CABINET = {
    "contact": "lighting desk",
    "location": "Friedrich-Wilhelm-Strasse",
    "name": "cab-1",
    "software_version": "2.4.1",
    "normal_level_percent": 100,
    "night_level_percent": 60,
    "night_start_min": 0,
    "night_end_min": 300,
    "level_now_percent": 100,
    "power_w": 3120,
    "energy_wh": 1000,
    "lamps_total": 40,
    "lamps_failed": 1,
}
RADIO = {
    "enabled": True,
    "channel": 36,
    "bandwidth_mhz": 20,
    "tx_power_dbm": 15,
    "dca": False,
    "dtp": False,
    "channel_in_use": 36,
    "channel_change_reason": "NONE",
    "tx_power_in_use_dbm": 15,
    "utilization_percent": 20,
    "noise_floor_dbm": -95,
}
SSID = {
    "enabled": True,
    "hidden": False,
    "station_isolation": False,
    "clients": 3,
    "client_rssi_dbm": -60,
    "rx_octets": 10,
    "tx_octets": 20,
}
AP = {
    **{f"radio/1/{name}": value for name, value in RADIO.items()},
    **{f"radio/2/{name}": value for name, value in RADIO.items()},
    **{f"ssid/city wifi: <&>/{name}": value for name, value in SSID.items()},
    "radio/1/channel": 1,
    "radio/1/channel_in_use": 1,
}
CELL = {
    "admin_state": "UNLOCKED",
    "tx_power_dbm": 43.0,
    "tilt_deg": 6.0,
    "operational_state": "ENABLED",
    "users": 4.25,
    "prb_load_percent": 30.0,
    "dl_octets": 99,
    "mean_rsrp_dbm": -90.5,
    "power_w": 700.0,
}
SWITCH = {
    "contact": "it",
    "location": "school",
    "name": "sw-1",
    "port/1/poe_enabled": True,
    "port/1/poe_priority": "low",
    "port/1/admin_up": True,
    "port/1/alias": "ap",
    "port/1/poe_delivering": True,
    "port/1/oper_up": True,
    "port/1/in_octets": 5,
    "port/10/poe_enabled": False,
    "port/10/poe_priority": "high",
    "poe_power_w": 44,
}
HOST = {
    "contact": "c",
    "location": "l",
    "name": "host-1",
    "uptime_s": 5,
    "radio/1/ssid": "Stadt WLAN",
    "radio/1/channel": 6,
}
WORLD = {
    "cab-1": ("lamp_cabinet", CABINET),
    "ap-1": ("ap", AP),
    "cell-1": ("cell", CELL),
    "sw-1": ("switch", SWITCH),
    "host-1": ("host", HOST),
}


def make_world():
    return MemoryWorld(
        {name: kind for name, (kind, _) in WORLD.items()},
        {name: values for name, (_, values) in WORLD.items()},
    )


def free_placement():
    ports = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.bind(("127.0.0.1", 0))
            ports.append(sock.getsockname()[1])
    return Placement(snmp=ports[0], netconf=ports[1], cli=ports[2])


def free_network(prefix=24):
    return f"127.{secrets.choice(range(80, 250))}.{secrets.choice(range(1, 250))}.0/{prefix}"


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def new_address():
    """Free ports and a network of one's own."""
    return SimpleNamespace(network=free_network, placement=free_placement)


@pytest.fixture
def bench(world, tmp_path):
    """A running fleet over the small world, and what a client needs to reach it."""
    entries = entries_of(
        world, list(WORLD), tmp_path, network=free_network(), placement=free_placement()
    )
    key = write_folder(tmp_path, entries)
    with FleetThread(world, entries, host_key=key) as fleet:
        yield SimpleNamespace(
            world=world,
            fleet=fleet,
            folder=tmp_path,
            entry={entry.id: entry for entry in entries},
            secret=lambda name: (tmp_path / "secrets" / name).read_text().strip(),
            read=lambda device, path: fleet.call(lambda: world.read(device, path)),
        )


@pytest.fixture
def net_snmp(bench):
    """Run a tool of net-snmp against a device of the bench."""

    def run(tool, device, *arguments, level="authPriv", user="stellwerk", **keys):
        entry = bench.entry[device]
        auth = keys.get("auth", bench.secret("snmp-auth"))
        priv = keys.get("priv", bench.secret("snmp-priv"))
        return subprocess.run(
            [
                tool, "-On", "-v3", "-l", level, "-u", user, "-a", "SHA-256", "-A", auth,
                "-x", "AES", "-X", priv, "-r", "1", "-t", str(keys.get("timeout", 3)),
                f"{entry.host}:{entry.port}", *arguments,
            ],
            capture_output=True, text=True, timeout=30, check=False,
            env={"MIBS": "", "SNMP_PERSISTENT_DIR": str(bench.folder), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip

    return run


class Asker:
    """Speaks SNMPv3 to an agent without a socket; knows its engine, as after discovery."""

    def __init__(self, agent, user, boots, clock):
        self.agent = agent
        self.user = user
        self.usm = UsmEngine(agent.usm.engine_id, (user,), boots=boots, clock=clock)
        self.flags = 3

    def datagram(self, kind, varbinds, *, first=0, second=0, context=b""):
        pdu = encode_pdu(kind, 77, first, second, varbinds)
        scoped = encode_scoped_pdu(self.usm.engine_id, context, pdu)
        header = encode_header(5, self.flags | 4)
        return self.usm.seal(header, self.flags, self.user.name.encode(), scoped)

    def ask(self, kind, varbinds, **fields):
        return self.read(self.agent.answer(self.datagram(kind, varbinds, **fields)))

    def read(self, answer):
        message = decode_message(answer)
        if message.security.user != self.user.name.encode() or not message.flags & 1:
            return decode_scoped_pdu(message.payload).pdu
        plain = self.usm.open(answer, message.flags, message.security, message.payload)
        return decode_scoped_pdu(plain).pdu


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def cabinet(world):
    """The agent of a lamp cabinet with a client that is already in its time window."""
    entry = Device(
        id="cab-1", kind="lamp_cabinet", profile="lamp-cabinet", host="", port=0, username="u"
    )
    clock = Clock()
    device = EmulatedDevice(entry, world, clock=clock)
    user = UsmUser("u", "authentic phrase", "private phrase")
    agent = SnmpAgent(device, (user,), profile_nodes(device))
    asker = Asker(agent, user, 1, clock)
    return SimpleNamespace(
        agent=agent, device=device, world=world, clock=clock, asker=asker, user=user, Pdu=PduType
    )


@pytest.fixture
def project_root():
    return Path(__file__).parents[3]
