"""The load: SNMP requests at a given rate and NETCONF sessions, from a process of its own.

`python -m benchmarks.realtime.load FOLDER SECONDS RATE SESSIONS` prints what it saw as JSON
and then asks the fleet of the folder to stop.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import sys
import threading
import time
from collections import deque
from pathlib import Path

from benchmarks.realtime.figures import spread_ms
from controllers.drivers import make_driver
from controllers.inventory import load_inventory
from controllers.ports import Device
from controllers.profiles import load_profile, snmp_objects
from controllers.snmp.ber import encode_integer, encode_oid
from controllers.snmp.message import (
    PduType,
    decode_message,
    decode_scoped_pdu,
    encode_header,
    encode_pdu,
    encode_scoped_pdu,
    encode_varbind,
)
from hil.emulators.control import FleetControl
from hil.emulators.usm import UsmEngine, UsmUser, engine_id_of
from twin.model.errors import StellwerkError

WRITE_SHARE = 0.02
_WAIT_S = 2.0  # then a request counts as lost
_OBJECTS = 10
_REOPEN_AFTER = (15, 30)  # NETCONF requests before a session goes on to the next device
_FLAGS = 3
_REPORTABLE = 4
_NULL = bytes((5, 0))


class _Agent:
    """One SNMP device as the client knows it: keys, prepared requests, the one on its way."""

    def __init__(self, device: Device, user: UsmUser, boots: int) -> None:
        self.address = (device.host, device.port)
        self.user = user
        self.usm = UsmEngine(engine_id_of(device.id), (user,), boots=boots)
        objects = snmp_objects(load_profile(device.profile), device)
        self.read = b"".join(
            encode_varbind(encode_oid(item.oid), _NULL) for item in objects[:_OBJECTS]
        )
        self.level = next(
            (encode_oid(o.oid) for o in objects if o.path == "night_level_percent"), None
        )
        self.sent_s = 0.0
        self.is_write = False
        self.request = 0

    def next_datagram(self, rng: random.Random) -> bytes:
        """A GET of ten objects, or now and then a SET where lamps can be dimmed."""
        self.request += 1
        self.is_write = self.level is not None and rng.random() < WRITE_SHARE
        kind, varbinds = PduType.GET, self.read
        if self.is_write and self.level is not None:
            value = encode_integer(rng.choice((40, 50, 60)))
            kind, varbinds = PduType.SET, encode_varbind(self.level, value)
        pdu = encode_pdu(kind, self.request, 0, 0, varbinds)
        header = encode_header(self.request, _FLAGS | _REPORTABLE)
        scoped = encode_scoped_pdu(self.usm.engine_id, b"", pdu)
        return self.usm.seal(header, _FLAGS, self.user.name.encode(), scoped)

    def is_answered(self, datagram: bytes) -> bool:
        """Check and decrypt an answer; say whether the request succeeded."""
        message = decode_message(datagram)
        if not message.is_encrypted:
            return False
        plain = self.usm.open(datagram, message.flags, message.security, message.payload)
        pdu = decode_scoped_pdu(plain).pdu
        return pdu.type == PduType.RESPONSE and pdu.request_id == self.request and not pdu.status


def ask_snmp(
    agents: list[_Agent], seconds: float, rate_hz: float, window: int
) -> dict[str, object]:
    """Send at a rate, or for a rate of 0 as fast as answers come; one at a time to a device."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    rng = random.Random(1)
    idle, busy = deque(agents), {}
    reads, writes, n_lost, n_failed, n_sent = [], [], 0, 0, 0
    begun_s = time.perf_counter()
    with selectors.DefaultSelector() as selector, sock:
        selector.register(sock, selectors.EVENT_READ)
        while (now_s := time.perf_counter()) < begun_s + seconds:
            due = (now_s - begun_s) * rate_hz if rate_hz else float("inf")
            while idle and len(busy) < window and n_sent < due:
                agent = idle.popleft()
                datagram = agent.next_datagram(rng)
                agent.sent_s = time.perf_counter()
                sock.sendto(datagram, agent.address)
                busy[agent.address] = agent
                n_sent += 1
            selector.select(0.001)
            while True:
                try:
                    datagram, address = sock.recvfrom(65535)
                except BlockingIOError:
                    break
                agent = busy.pop(address, None)
                if agent is None:
                    continue
                kept = writes if agent.is_write else reads
                kept.append(time.perf_counter() - agent.sent_s)
                n_failed += not agent.is_answered(datagram)
                idle.append(agent)
            for address, agent in [*busy.items()] if n_sent % 64 == 0 or not idle else ():
                if time.perf_counter() - agent.sent_s > _WAIT_S:
                    n_lost += 1
                    idle.append(busy.pop(address))
    return {
        "devices": len(agents),
        "per_second": round((len(reads) + len(writes)) / seconds, 1),
        "lost": n_lost,
        "failed": n_failed,
        "get_ms": spread_ms(reads),
        "set_ms": spread_ms(writes),
    }


class _Session(threading.Thread):
    """One controller's worth of NETCONF: reads, a write now and then, a new login at times."""

    def __init__(self, devices: list[Device], until_s: float, pause_s: float, seed: int) -> None:
        super().__init__(daemon=True)
        self.rng = random.Random(seed)
        self.devices, self.until_s, self.pause_s = devices, until_s, pause_s
        self.logins: list[float] = []
        self.reads: list[float] = []
        self.writes: list[float] = []
        self.failures: list[str] = []

    def run(self) -> None:
        """Visit one device after the other until the time is over."""
        for device in self.devices:
            driver = make_driver(device)
            try:
                self._visit(device, driver)
            except StellwerkError as err:
                self.failures.append(str(err))
            finally:
                driver.close()
            if time.perf_counter() >= self.until_s:
                return

    def _visit(self, device, driver) -> None:
        is_ap = device.kind == "ap"
        paths = ["radio/1/channel", "radio/1/utilization_percent"] if is_ap else ["tilt_deg"]
        begin_s = time.perf_counter()
        first = driver.read(paths)
        self.logins.append(time.perf_counter() - begin_s)
        n_requests = self.rng.randint(*_REOPEN_AFTER)
        for k in range(n_requests):
            begin_s = time.perf_counter()
            if begin_s >= self.until_s:
                return
            if k == n_requests // 2:
                self._write(driver, paths[0], first[paths[0]])
                self.writes.append(time.perf_counter() - begin_s)
            else:
                driver.read(paths)
                self.reads.append(time.perf_counter() - begin_s)
            time.sleep(self.pause_s)

    def _write(self, driver, path, value) -> None:
        driver.lock()
        try:
            driver.prepare({path: 6 if path.endswith("channel") and value != 6 else value})
            driver.commit(confirm_timeout_s=None, persist_id=None)
        finally:
            driver.unlock()


def ask(folder: Path, seconds: float, rate_hz: float, n_sessions: int) -> dict[str, object]:
    """Load the fleet of a folder and give the figures."""
    devices = load_inventory(folder / "inventory.yaml")
    auth, priv = ((folder / "secrets" / f"snmp-{name}").read_text() for name in ("auth", "priv"))
    boots = int((folder / "boots").read_text())
    snmp = [d for d in devices if load_profile(d.profile).protocol == "snmp"]
    netconf = [d for d in devices if load_profile(d.profile).protocol == "netconf"]
    user = UsmUser(devices[0].username, auth.strip(), priv.strip())
    agents = [_Agent(device, user, boots) for device in snmp]
    random.Random(2).shuffle(agents)
    until_s = time.perf_counter() + seconds
    sessions = [
        _Session(netconf[i::n_sessions], until_s, pause_s=1.0, seed=i) for i in range(n_sessions)
    ]
    for session in sessions:
        session.start()
    found: dict[str, object] = {"snmp": ask_snmp(agents, seconds, rate_hz, window=64)}
    for session in sessions:
        session.join(30.0)
    requests = sum(len(s.reads) + len(s.writes) for s in sessions)
    found["netconf"] = {
        "sessions": n_sessions,
        "per_second": round(requests / seconds, 1),
        "failed": sum(len(s.failures) for s in sessions),
        "failures": [text for s in sessions for text in s.failures][:3],
        "login_ms": spread_ms([t for s in sessions for t in s.logins]),
        "get_ms": spread_ms([t for s in sessions for t in s.reads]),
        "commit_ms": spread_ms([t for s in sessions for t in s.writes]),
    }
    return found


def main(words: list[str]) -> int:
    """Load the fleet, print the figures, stop the fleet."""
    folder = Path(words[0])
    try:
        print(json.dumps(ask(folder, float(words[1]), float(words[2]), int(words[3]))))
    finally:
        with FleetControl(folder / "control.sock") as control:
            control.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
