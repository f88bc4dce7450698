"""The fleet as a whole: addresses, folder, many devices, control from outside, a clean end."""

import json
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from controllers.drivers import make_driver
from controllers.inventory import load_inventory
from hil.emulators.control import FleetControl
from hil.emulators.fleet import Fleet, FleetThread
from hil.emulators.folder import (
    address_plan,
    entries_of,
    keep_boots,
    next_boots,
    write_folder,
)
from hil.emulators.serve import make_room
from hil.emulators.world_port import MemoryWorld
from twin.model.errors import BenchError, DeviceError, DeviceUnreachable, ModelError


def wait_for(condition, limit_s=20):
    until_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until_s, "the condition never came true"
        time.sleep(0.01)


def many(n_each, world):
    """A world of many devices, each a copy of one of the small world."""
    kinds, values = {}, {}
    for device, kind in world.devices().items():
        for number in range(n_each):
            name = f"{device}-{number}"
            kinds[name] = kind
            values[name] = {path: world.read(device, path) for path in world.paths(device)}
    return MemoryWorld(kinds, values)


# --- addresses and folder ---


def test_addresses_are_loopback_distinct_and_in_order():
    plan = address_plan([f"d{i}" for i in range(300)], "127.77.0.0/16")
    assert plan["d0"] == "127.77.0.1"
    assert plan["d299"] == "127.77.1.44"
    assert len(set(plan.values())) == 300


@pytest.mark.parametrize("network", ["10.0.0.0/16", "0.0.0.0/0", "nonsense", "127.77.0.1/16"])
def test_other_networks_are_refused(network):
    with pytest.raises(BenchError, match=r"127\.77\.0\.0/16"):
        address_plan(["a"], network)


def test_a_network_too_small_is_refused():
    with pytest.raises(BenchError, match="too small"):
        address_plan(["a", "b", "c"], "127.77.0.0/30")


def test_the_folder_is_an_inventory_a_controller_can_use(bench):
    entries = bench.entry.values()
    path = bench.folder / "inventory.yaml"
    loaded = {device.id: device for device in load_inventory(path)}
    assert set(loaded) == set(bench.entry)
    assert loaded["ap-1"].instances == {"radio": ("1", "2"), "ssid": ("city wifi: <&>",)}
    assert {device.origin for device in loaded.values()} == {"emulated"}
    assert len({(entry.host, entry.port) for entry in entries}) == 5
    for name in (bench.folder / "secrets").iterdir():
        assert stat.S_IMODE(name.stat().st_mode) == 0o600
    assert stat.S_IMODE((bench.folder / "secrets").stat().st_mode) == 0o700


def test_keys_and_secrets_survive_a_second_writing(bench):
    before = {p.name: p.read_bytes() for p in (bench.folder / "secrets").iterdir()}
    write_folder(bench.folder, tuple(bench.entry.values()))
    assert {p.name: p.read_bytes() for p in (bench.folder / "secrets").iterdir()} == before


def test_an_upstream_outside_the_fleet_is_left_out(world, tmp_path, new_address):
    placement = replace(new_address.placement(), upstreams={"ap-1": "sw-1", "cab-1": "sw-9"})
    entries = entries_of(world, ["sw-1", "ap-1", "cab-1"], tmp_path, placement=placement)
    assert [entry.upstream for entry in entries] == ["", "sw-1", ""]


def test_boots_grow_from_run_to_run(tmp_path):
    assert [next_boots(tmp_path) for _ in range(3)] == [1, 2, 3]
    assert [path.name for path in tmp_path.iterdir()] == ["boots"]


def test_boots_of_a_run_follow_the_reboots_of_the_one_before(world, tmp_path, new_address):
    entries = entries_of(
        world,
        ["cab-1", "sw-1"],
        tmp_path,
        network=new_address.network(),
        placement=new_address.placement(),
    )
    key = write_folder(tmp_path, entries)
    seen = []
    for _ in range(2):
        boots = next_boots(tmp_path)
        keep = partial(keep_boots, tmp_path)
        with FleetThread(world, entries, host_key=key, boots=boots, on_boots=keep) as fleet:
            for device in ("cab-1", "cab-1", "cab-1", "sw-1"):
                fleet.revive(device)
        seen.append(boots)
    assert seen == [1, 5]
    assert next_boots(tmp_path) == 9


@pytest.mark.parametrize("text", ["", "three\n", "-1\n", "4294967296\n", "\u0663\n"])
def test_boots_that_cannot_be_read_are_refused_in_one_line(tmp_path, text):
    path = tmp_path / "boots"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BenchError) as caught:
        next_boots(tmp_path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_text(encoding="utf-8") == text


def test_boots_stay_at_their_highest_value(tmp_path):
    (tmp_path / "boots").write_text("2147483647\n", encoding="ascii")
    assert next_boots(tmp_path) == 2147483647


def test_a_device_the_world_lacks_is_refused(world, tmp_path):
    with pytest.raises(BenchError, match="ap-9"):
        entries_of(world, ["ap-9"], tmp_path)
    entries = entries_of(world, ["ap-1"], tmp_path)
    with pytest.raises(BenchError, match="no such device"):
        Fleet(MemoryWorld({}, {}), entries)


# --- start, kill, revive ---


@pytest.mark.parametrize("device", ["ap-1", "cab-1"])
def test_a_port_in_use_is_one_line_with_address_and_remedy(bench, world, device):
    entry = bench.entry[device]
    with pytest.raises(BenchError) as caught:
        FleetThread(world, [entry]).start()
    text = str(caught.value)
    assert f"{entry.host}:{entry.port} is in use" in text
    assert "\n" not in text
    assert bench.fleet.is_alive(device)


def test_after_a_failed_start_nothing_listens(bench, world, tmp_path, new_address):
    network, placement = new_address.network(), new_address.placement()
    free = entries_of(world, ["cell-1"], bench.folder, network=network, placement=placement)
    with pytest.raises(BenchError):
        FleetThread(world, [*free, bench.entry["ap-1"]]).start()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((free[0].host, free[0].port), 5)


def test_unknown_devices_and_operations_are_named(bench):
    with pytest.raises(BenchError, match="ap-9"):
        bench.fleet.kill("ap-9")
    with pytest.raises(BenchError, match="edit-config"):
        bench.fleet.kill_on("ap-1", "explode")
    with pytest.raises(BenchError, match="half"):
        bench.fleet.kill_on("ap-1", "commit", "never")


def test_revive_with_bad_values_leaves_the_device_dead(bench):
    with pytest.raises(ModelError):
        bench.fleet.revive("ap-1", {"radio/2/channel": 9999})
    assert not bench.fleet.is_alive("ap-1")
    bench.fleet.revive("ap-1")
    assert bench.fleet.is_alive("ap-1")


def test_a_strike_is_spent_or_taken_back(bench):
    bench.fleet.kill_on("ap-1", "get-config")
    bench.fleet.kill_on("ap-1", "")
    driver = make_driver(bench.entry["ap-1"])
    assert driver.read(["radio/2/channel"]) == {"radio/2/channel": 36}
    driver.close()


def test_stop_twice_and_use_after_stop(bench):
    bench.fleet.stop()
    bench.fleet.stop()
    with pytest.raises(BenchError, match="not running"):
        bench.fleet.kill("ap-1")


def test_threads_and_sockets_are_given_back(world, tmp_path, new_address):
    def count():
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    entries = entries_of(
        world, list(world.devices()), tmp_path,
        network=new_address.network(), placement=new_address.placement(),
    )  # fmt: skip
    key = write_folder(tmp_path, entries)
    with FleetThread(world, entries, host_key=key):
        pass
    before = count()
    for _ in range(5):
        with FleetThread(world, entries, host_key=key):
            pass
    # Not more than before; a thread may take a moment to end.
    deadline = time.monotonic() + 10.0
    while any(now > then for now, then in zip(count(), before, strict=True)):
        assert time.monotonic() < deadline, f"{count()} sockets and threads, before {before}"
        time.sleep(0.05)


def test_two_hundred_devices_start_in_two_seconds(world, tmp_path, new_address):
    big = many(40, world)
    entries = entries_of(
        big, list(big.devices()), tmp_path,
        network=new_address.network(24), placement=new_address.placement(),
    )  # fmt: skip
    key = write_folder(tmp_path, entries)
    assert len(entries) == 200
    began_s = time.monotonic()
    with FleetThread(big, entries, host_key=key) as fleet:
        took_s = time.monotonic() - began_s
        assert all(fleet.is_alive(entry.id) for entry in entries)
    assert took_s < 2


# --- the drivers of the controllers against the fleet ---


def test_snmp_driver_reads_and_writes(bench):
    driver = make_driver(bench.entry["cab-1"])
    before = driver.read()
    driver.write({"night_level_percent": 40, "night_start_min": 15})
    assert driver.read() == {**before, "night_level_percent": 40, "night_start_min": 15}
    assert bench.read("cab-1", "night_level_percent") == 40
    driver.close()


@pytest.mark.parametrize(
    ("device", "changes"),
    [
        ("ap-1", {"radio/2/channel": 44, "radio/2/tx_power_dbm": 12, "radio/1/enabled": False}),
        ("cell-1", {"tilt_deg": 8.0, "tx_power_dbm": 40.0, "admin_state": "LOCKED"}),
    ],
)
def test_netconf_driver_commits_confirms_and_cancels(bench, device, changes):
    driver = make_driver(bench.entry[device])
    before = driver.read()
    driver.lock()
    driver.prepare(changes)
    driver.commit(confirm_timeout_s=60, persist_id="one")
    assert driver.read() == {**before, **changes}
    driver.cancel("one")
    assert driver.read() == before
    driver.prepare(changes)
    driver.commit(confirm_timeout_s=60, persist_id="two")
    driver.unlock()
    driver.close()
    other = make_driver(bench.entry[device])
    other.confirm("two")
    assert other.read() == {**before, **changes}
    other.close()


@pytest.mark.parametrize("device", ["ap-1", "cab-1"])
def test_a_dead_device_is_unreachable_to_its_driver(bench, device):
    entry = bench.entry[device]
    driver = make_driver(replace(entry, options={**entry.options, "timeout_s": "1"}))
    driver.read()
    bench.fleet.kill(device)
    with pytest.raises(DeviceUnreachable):
        driver.read()
    bench.fleet.revive(device)
    assert driver.read()
    driver.close()


def test_a_driver_is_told_when_its_device_dies_at_commit(bench):
    driver = make_driver(bench.entry["ap-1"])
    bench.fleet.kill_on("ap-1", "commit", "half")
    driver.lock()
    driver.prepare({"radio/2/channel": 44, "radio/2/tx_power_dbm": 12})
    with pytest.raises(DeviceError):
        driver.commit(confirm_timeout_s=60, persist_id="one")
    driver.close()
    bench.fleet.revive("ap-1")
    other = make_driver(bench.entry["ap-1"])
    assert other.read(["radio/2/channel"]) == {"radio/2/channel": 36}
    other.close()


# --- another process ---

SERVER = """
import asyncio, json, sys
from pathlib import Path
from hil.emulators.folder import Placement
from hil.emulators.serve import die_with_parent, serve
from hil.emulators.world_port import MemoryWorld
from twin.model.errors import StellwerkError

class Living(MemoryWorld):
    def advance(self, until_s):
        self.observe("cab-1", "energy_wh", 1000 + int(until_s * 1000))

options = json.loads(sys.argv[1])
world = Living({"cab-1": "lamp_cabinet"}, {"cab-1": options["values"]})
if options["parent"]:
    die_with_parent(options["parent"])
try:
    asyncio.run(serve(
        world, ["cab-1"], Path(options["folder"]), network=options["network"],
        placement=Placement(snmp=options["port"]),
        parent_pid=options["parent"] or None, hold_s=options["hold_s"],
        on_ready=lambda ready: print(json.dumps(ready), flush=True),
        on_end=lambda end: print(json.dumps(end), flush=True),
    ))
except StellwerkError as err:
    sys.exit(str(err))
"""


@pytest.fixture
def served(tmp_path, new_address, project_root, world):
    processes = []

    def start(*, parent=0, hold_s=None, wrap=None, port=None):
        options = {
            "values": {path: world.read("cab-1", path) for path in world.paths("cab-1")},
            "folder": str(tmp_path),
            "network": "127.99.0.0/24",
            "port": port or new_address.placement().snmp,
            "parent": parent,
            "hold_s": hold_s,
        }
        words = [sys.executable, "-c", wrap or SERVER, json.dumps(options)]
        process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(project_root)},
        )  # fmt: skip
        processes.append(process)
        line = process.stdout.readline()
        return process, json.loads(line) if line else None

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stdout.close()
        process.stderr.close()


def test_control_from_another_process(served):
    process, ready = served()
    assert ready["ready"] is True
    assert ready["devices"] == 1
    with FleetControl(ready["control"]) as control:
        assert [d["alive"] for d in control.devices()] == [True]
        assert control.read("cab-1", ["lamps_total"]) == {"lamps_total": 40}
        control.write_raw("cab-1", {"night_level_percent": 33})
        assert control.read("cab-1")["night_level_percent"] == 33
        first = control.read("cab-1")["energy_wh"]
        wait_for(lambda: control.read("cab-1")["energy_wh"] > first)
        control.kill("cab-1")
        assert [d["alive"] for d in control.devices()] == [False]
        control.revive("cab-1", {"night_level_percent": 22})
        assert control.read("cab-1")["night_level_percent"] == 22
        assert (Path(ready["folder"]) / "boots").read_text(encoding="ascii") == "2\n"
        control.kill_on("cab-1", "set", "half")
        assert control.stats() == {"cab-1": {}}
        for bad in (
            lambda: control.kill("nope"),
            lambda: control.read("nope"),
            lambda: control.write_raw("cab-1", {"night_level_percent": 999}),
            lambda: control.kill_on("cab-1", "explode"),
            lambda: control._ask("explode"),
            lambda: control._ask("kill"),
        ):
            with pytest.raises(BenchError):
                bad()
        (entry,) = load_inventory(Path(ready["inventory"]))
        driver = make_driver(entry)
        energy = driver.read(["energy_wh"])["energy_wh"]
        wait_for(lambda: driver.read(["energy_wh"])["energy_wh"] > energy)
        driver.close()
        assert stat.S_IMODE(Path(ready["control"]).stat().st_mode) == 0o600
        control.stop()
    assert process.wait(10) == 0
    assert not Path(ready["control"]).exists()
    with pytest.raises(BenchError, match="no fleet answers"):
        FleetControl(ready["control"]).devices()


@pytest.mark.parametrize(
    "garbage", [b"\n", b"nonsense\n", b"[]\n", b"{}\n", b"[" * 5000 + b"\n", b"\xff\n"]
)
def test_garbage_on_the_control_socket_is_answered(served, garbage):
    _, ready = served()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(ready["control"])
        sock.sendall(garbage + b'{"command": "stats"}\n')
        lines = sock.makefile("rb")
        assert json.loads(lines.readline())["ok"] is False
        assert json.loads(lines.readline())["ok"] is True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_it_cleanly(served, number):
    process, ready = served()
    process.send_signal(number)
    assert process.wait(10) == 0
    assert process.stderr.read() == ""
    assert not Path(ready["control"]).exists()


def test_it_stops_cleanly_while_somebody_listens_to_the_control(served):
    process, ready = served()
    with FleetControl(ready["control"]) as idle, FleetControl(ready["control"]) as control:
        idle.devices()
        control.stop()
        assert process.wait(10) == 0
    assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("limits", "n_devices", "after"),
    [
        ((1024, 20000), 1267, 5324),
        ((1024, 2000), 1267, 2000),
        ((8000, 20000), 1267, 8000),
        ((1024, 20000), 10, 1024),
        ((1024, resource.RLIM_INFINITY), 1267, 5324),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 1267, resource.RLIM_INFINITY),
    ],
)
def test_many_devices_get_the_open_files_they_need(monkeypatch, limits, n_devices, after):
    set_to = [limits]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: set_to.append(new))
    make_room(n_devices)
    assert set_to[-1] == (after, limits[1])


def test_more_devices_than_the_system_lets_open_are_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    with pytest.raises(BenchError, match="1000 devices need 1256 open files, the limit is 1024"):
        make_room(1000)


def test_hold_ends_by_itself(served):
    process, _ = served(hold_s=0.2)
    assert process.wait(10) == 0


def test_it_says_at_its_end_and_when_asked_how_well_it_kept_real_time(served):
    process, ready = served()
    with FleetControl(ready["control"]) as control:
        wait_for(lambda: control.report()["pace"]["steps"] >= 3)
        assert control.report()["devices"] == 1
        control.stop()
    assert process.wait(10) == 0
    end = json.loads(process.stdout.read())
    assert end["ready"] is False
    assert end["operations"] == {}
    pace = end["pace"]
    assert pace["steps"] + pace["missed"] <= pace["seconds"] / pace["step_s"] + 1e-6
    assert pace["behind_p50_ms"] <= pace["behind_p99_ms"] <= pace["behind_max_ms"]


def test_a_second_server_at_the_same_address_fails_in_one_line(served, new_address):
    port = new_address.placement().snmp
    served(port=port)
    second, nothing = served(port=port)
    assert nothing is None
    assert second.wait(10) == 1
    assert second.stderr.read().strip().startswith(f"127.99.0.1:{port} is in use")


PARENT = """
import subprocess, sys, json, os
options = json.loads(sys.argv[1])
options["parent"] = os.getpid()
words = [sys.executable, "-c", SERVER, json.dumps(options)]
child = subprocess.Popen(words, stdout=subprocess.PIPE)
print(child.stdout.readline().decode(), end="", flush=True)
os.kill(os.getpid(), 9)
"""


def test_it_dies_with_its_parent(served):
    _, ready = served(wrap=f"SERVER = {SERVER!r}\n{PARENT}")

    def is_gone():
        try:
            text = Path(f"/proc/{ready['pid']}/stat").read_text()
            return text.rsplit(")", 1)[1].split()[0] == "Z"
        except FileNotFoundError:
            return True

    wait_for(is_gone)
