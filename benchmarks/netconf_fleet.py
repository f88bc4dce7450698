"""NETCONF at the size of a fleet: edits a second, one transaction over a thousand, memory.

One process is the devices, this one the controller. Run it alone to see the numbers::

    python benchmarks/netconf_fleet.py [--devices 1000] [--sessions 50]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

import asyncssh
import psutil

from controllers.drivers import make_driver
from controllers.intent import load_intent, paths_to_read, resolve
from controllers.inventory import load_inventory
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import make_plan
from controllers.ports import Device, Driver
from controllers.runner import RunResult, apply
from hil.emulators.folder import Placement
from hil.emulators.serve import make_room, serve
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value

N_DEVICES = 1_000
N_SESSIONS = 50
_NETWORK = "127.92.0.0/16"
_PORT = 21_830
_START_S = 120.0
_PATH = "port/eth0/alias"

_INTENT = f"""
version: 1
name: a name for a port of every switch
changes:
  - name: name the port
    select: kind:switch
    set: {{{_PATH}: uplink}}
"""


def world_of(n_devices: int) -> MemoryWorld:
    """Switches with two ports."""
    port: dict[str, Value] = {"alias": "", "admin_up": True, "oper_up": True, "in_octets": 0}
    values: dict[str, Value] = {
        "contact": "NOC",
        "location": "here",
        **{f"port/eth{i}/{name}": value for i in (0, 1) for name, value in port.items()},
    }
    names = [f"sw-{i:04d}" for i in range(n_devices)]
    return MemoryWorld(dict.fromkeys(names, "switch"), dict.fromkeys(names, values))


def _emulate(folder: Path, n_devices: int, ready: Event) -> None:
    world = world_of(n_devices)
    profiles = dict.fromkeys(world.devices(), "ietf-interfaces-switch")
    asyncio.run(
        serve(
            world,
            list(world.devices()),
            folder,
            network=_NETWORK,
            placement=Placement(netconf=_PORT, profiles=profiles),
            on_ready=lambda _: ready.set(),
        )
    )


@contextmanager
def switches(folder: Path, n_devices: int) -> Iterator[tuple[Device, ...]]:
    """Emulated switches in a process of their own."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    child = context.Process(target=_emulate, args=(folder, n_devices, ready), daemon=True)
    child.start()
    try:
        if not ready.wait(_START_S):
            raise SystemExit("the switches did not come up")
        yield load_inventory(folder / "inventory.yaml")
    finally:
        child.terminate()
        child.join(10)


def edits_per_second(devices: Sequence[Device], n_edits: int) -> float:
    """Edit, validate, read back and commit on every device at once; all of it a second."""
    drivers = [make_driver(device) for device in devices]
    for driver in drivers:
        driver.lock()

    def edit(driver: Driver) -> None:
        for i in range(n_edits):
            driver.prepare({_PATH: f"name {i}"})
            driver.commit(confirm_timeout_s=None, persist_id=None)

    threads = [threading.Thread(target=edit, args=(driver,)) for driver in drivers]
    start_s = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - start_s
    for driver in drivers:
        driver.close()
    return len(drivers) * n_edits / took_s


def kilobytes_per_session(devices: Sequence[Device]) -> float:
    """Memory that an inventory entry with an open session takes in this process. [kB]"""
    process = psutil.Process()
    make_driver(devices[0]).read()  # what is loaded once
    gc.collect()
    before = process.memory_info().rss
    drivers = [make_driver(device) for device in devices]
    for driver in drivers:
        driver.read([_PATH])
    gc.collect()
    taken = process.memory_info().rss - before
    for driver in drivers:
        driver.close()
    return float(taken / 1000.0 / len(devices))


def transaction(folder: Path, devices: Sequence[Device]) -> tuple[RunResult, float, float]:
    """Read and plan, then change all devices as one confirmed transaction; seconds of both."""
    (folder / "intent.yaml").write_text(_INTENT, encoding="utf-8")
    start_s = time.perf_counter()
    intent = load_intent(folder / "intent.yaml")
    wants = resolve(intent, devices)
    live = read_live(devices, make_driver, paths=paths_to_read(intent, wants, devices))
    plan = make_plan(intent, devices, live.values, wants)
    planned_s = time.perf_counter()
    with Journal(folder / "journal.sqlite") as book:
        result = apply(plan, devices, make_driver, book)
    return result, planned_s - start_s, time.perf_counter() - planned_s


class _Echo(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False


async def _echo(process: asyncssh.SSHServerProcess[bytes]) -> None:
    while data := await process.stdin.read(65_536):
        process.stdout.write(data)


async def _echoes_per_second(n: int) -> float:
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.92.255.1", 0, server_factory=_Echo, server_host_keys=[key],
        process_factory=_echo, encoding=None,
    )  # fmt: skip
    port = server.sockets[0].getsockname()[1]
    async with asyncssh.connect("127.92.255.1", port, known_hosts=None, config=None) as link:
        process = await link.create_process(encoding=None)
        begin_s = time.perf_counter()
        for _ in range(n):
            process.stdin.write(b"x" * 400)
            await process.stdout.read(65_536)
        took_s = time.perf_counter() - begin_s
    server.close()
    return n / took_s


def echoes_per_second(n: int = 2_000) -> float:
    """Round trips of 400 octets over SSH in one loop: what this machine is worth just now."""
    return asyncio.run(_echoes_per_second(n))


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=N_DEVICES)
    parser.add_argument("--sessions", type=int, default=N_SESSIONS)
    options = parser.parse_args()
    make_room(options.devices)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with switches(folder, max(options.devices, options.sessions)) as devices:
            echoes = echoes_per_second()
            print(f"load {os.getloadavg()[0]:.1f}; raw echo over SSH {echoes:.0f}/s")
            for n in (1, options.sessions):
                rate = edits_per_second(devices[:n], 200 if n == 1 else 20)
                print(f"{n} sessions: {rate:.0f} edits a second, {rate / echoes:.3f} of an echo")
            print(f"{kilobytes_per_session(devices[:200]):.0f} kB an entry with a session")
            if not options.devices:
                return
            result, plan_s, apply_s = transaction(folder, devices)
    phases = ", ".join(f"{name} {s:.1f}" for name, s in result.seconds.items())
    print(
        f"{options.devices} devices, one confirmed transaction: {apply_s:.1f} s ({phases}); read "
        f"and plan {plan_s:.1f} s; ended {result.outcome.value}"
    )
    if result.exit_code:
        sys.exit(f"{result.reason} {dict(itertools.islice(result.reasons.items(), 3))}")


if __name__ == "__main__":
    main()
