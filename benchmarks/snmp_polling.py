"""Polling emulated cabinets over SNMP: one process answers, one asks, in several ways.

Run it alone for figures per second of processor time, which a busy machine changes less::

    python benchmarks/snmp_polling.py [CABINETS]
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

import psutil
from lamp_cabinets import world_of

from controllers.drivers import close_snmp, make_driver, snmp_link
from controllers.drivers.snmp_poll import FleetPoller
from controllers.inventory import dump_inventory, load_inventory
from controllers.ports import Device
from hil.emulators.fleet import Fleet
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.serve import make_room

PATH = "level_now_percent"
N_DEVICES = 200
_PORT = 21_162
_NETWORK = "127.92.0.0/16"


def _entries(folder: Path, n_devices: int, version: str) -> tuple[Device, ...]:
    world = world_of(n_devices)
    entries = entries_of(
        world, list(world.devices()), folder, network=_NETWORK, placement=Placement(snmp=_PORT)
    )
    if version == "v3":
        return entries
    access = {"community": "file:secrets/community"}
    options = {"legacy": "v2c: to be measured"}
    return tuple(dataclasses.replace(e, secrets=access, options=options) for e in entries)


def _serve(folder: Path, n_devices: int, version: str, ready: Event) -> None:
    async def run() -> None:
        make_room(n_devices)
        entries = _entries(folder, n_devices, version)
        fleet = Fleet(world_of(n_devices), entries, host_key=write_folder(folder, entries))
        await fleet.start()
        ready.set()
        await asyncio.Event().wait()

    asyncio.run(run())


@contextmanager
def agents(folder: Path, n_devices: int, version: str) -> Iterator[tuple[Device, ...]]:
    """Emulated cabinets that speak one version, in a process of their own."""
    (folder / "secrets").mkdir(parents=True, exist_ok=True)
    community = folder / "secrets" / "community"
    community.write_text("of-an-old-cabinet")
    community.chmod(0o600)
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    child = context.Process(target=_serve, args=(folder, n_devices, version, ready), daemon=True)
    child.start()
    try:
        if not ready.wait(60):
            raise SystemExit("the cabinets did not come up")
        dump_inventory(_entries(folder, n_devices, version), folder / "inventory.yaml")
        yield load_inventory(folder / "inventory.yaml")
    finally:
        child.terminate()
        child.join(10)
        close_snmp()


@contextmanager
def poller(devices: tuple[Device, ...], way: str) -> Iterator[Callable[[], int]]:
    """A function that asks every device for one object, and says how many answered."""
    logging.getLogger("controllers.drivers.snmp_access").setLevel(logging.ERROR)
    paths = {device.id: [PATH] for device in devices}
    if way == "gufo":
        with FleetPoller(devices, make_driver, paths=paths) as fleet:
            yield lambda: len(fleet.poll().values)
        return
    drivers = [make_driver(device) for device in devices]
    speaks = snmp_link.manager.speaks
    if way == "pysnmp":
        snmp_link.manager.speaks = lambda _credentials: False  # type: ignore[method-assign]
    try:
        yield lambda: sum(len(driver.read([PATH])) for driver in drivers)
    finally:
        snmp_link.manager.speaks = speaks  # type: ignore[method-assign]


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def main() -> None:
    """Measure every way once and print."""
    n_devices = int(sys.argv[1]) if len(sys.argv) > 1 else N_DEVICES
    me = psutil.Process()
    for version, ways in (("v2c", ("gufo", "pysnmp")), ("v3", ("gufo", "own", "pysnmp"))):
        with tempfile.TemporaryDirectory() as name, agents(Path(name), n_devices, version) as all_:
            child = next(c for c in me.children() if "spawn_main" in " ".join(c.cmdline()))
            for way in ways:
                devices = all_ if way != "pysnmp" else all_[:50]
                with poller(devices, way) as poll:
                    poll()
                    n_polls = 20 if way == "gufo" else 2
                    before = _cpu_s(me), _cpu_s(child), time.perf_counter()
                    n_read = sum(poll() for _ in range(n_polls))
                    ours, theirs, wall = (
                        after - start
                        for after, start in zip(
                            (_cpu_s(me), _cpu_s(child), time.perf_counter()), before, strict=True
                        )
                    )
                print(
                    f"{version} {way}: {n_read / wall:,.0f} GET/s; per second of processor "
                    f"{n_read / ours:,.0f} asked, {n_read / theirs:,.0f} answered"
                )


if __name__ == "__main__":
    main()
