"""The street lamps of a whole city, set and verified over SNMPv3: one process is the cabinets.

Run it alone to see where the time goes::

    python benchmarks/lamp_cabinets.py [CABINETS] [--profile FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import itertools
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

from controllers.drivers import close_snmp, make_driver
from controllers.intent import load_intent, paths_to_read, resolve
from controllers.inventory import load_inventory
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import make_plan
from controllers.ports import Device
from controllers.runner import RunResult, apply
from hil.emulators.folder import Placement
from hil.emulators.serve import serve
from hil.emulators.world_port import MemoryWorld

N_CABINETS = 1_200
N_LAMPS = 46_000
_NETWORK = "127.91.0.0/16"
_PORT = 21_161
_START_S = 60.0

_INTENT = """
version: 1
name: the night of the whole city
changes:
  - name: dim the night
    select: kind:lamp_cabinet
    set: {night_level_percent: 40, night_start_min: 1380}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long each part took. [s]"""

    inventory_s: float
    read_s: float
    plan_s: float
    apply_s: float
    phases_s: dict[str, float]
    result: RunResult

    @property
    def total_s(self) -> float:
        """All of it. [s]"""
        return self.inventory_s + self.read_s + self.plan_s + self.apply_s


def cabinet(i: int, n_lamps: int) -> dict[str, bool | int | float | str]:
    """What one cabinet holds before the change."""
    return {
        "contact": "lighting desk", "location": f"street {i}", "name": f"cab-{i}",
        "normal_level_percent": 100, "night_level_percent": 60, "night_start_min": 0,
        "night_end_min": 300, "level_now_percent": 100, "power_w": 78 * n_lamps,
        "energy_wh": 1000 * i, "lamps_total": n_lamps, "lamps_failed": 0,
    }  # fmt: skip


def world_of(n_cabinets: int) -> MemoryWorld:
    """Cabinets that share the lamps of the city."""
    shares = [N_LAMPS // N_CABINETS + (i < N_LAMPS % N_CABINETS) for i in range(n_cabinets)]
    values = {f"cab-{i}": cabinet(i, shares[i]) for i in range(n_cabinets)}
    return MemoryWorld(dict.fromkeys(values, "lamp_cabinet"), values)


def _emulate(folder: Path, n_cabinets: int, ready: Event) -> None:
    world = world_of(n_cabinets)
    asyncio.run(
        serve(
            world,
            list(world.devices()),
            folder,
            network=_NETWORK,
            placement=Placement(snmp=_PORT),
            on_ready=lambda _: ready.set(),
        )
    )


@contextmanager
def cabinets(folder: Path, n_cabinets: int) -> Iterator[None]:
    """Emulated cabinets in a process of their own."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    child = context.Process(target=_emulate, args=(folder, n_cabinets, ready), daemon=True)
    child.start()
    try:
        if not ready.wait(_START_S):
            raise SystemExit("the cabinets did not come up")
        yield
    finally:
        child.terminate()
        child.join(10)


def set_all(folder: Path, journal: Path) -> Times:
    """Read, plan, write and verify every cabinet as one transaction."""
    (folder / "intent.yaml").write_text(_INTENT, encoding="utf-8")
    marks = [time.perf_counter()]

    def mark() -> None:
        marks.append(time.perf_counter())

    devices: tuple[Device, ...] = load_inventory(folder / "inventory.yaml")
    intent = load_intent(folder / "intent.yaml")
    mark()
    wants = resolve(intent, devices)
    live = read_live(
        [d for d in devices if d.id in wants],
        make_driver,
        paths=paths_to_read(intent, wants, devices),
    )
    mark()
    plan = make_plan(intent, devices, live.values, wants)
    mark()
    with Journal(journal) as book:
        result = apply(plan, devices, make_driver, book)
    mark()
    spent = [end - start for start, end in itertools.pairwise(marks)]
    close_snmp()
    return Times(
        inventory_s=spent[0], read_s=spent[1], plan_s=spent[2], apply_s=spent[3],
        phases_s=dict(result.seconds), result=result,
    )  # fmt: skip


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cabinets", nargs="?", type=int, default=N_CABINETS)
    parser.add_argument("--profile", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with cabinets(folder / "city", options.cabinets):
            profiler = cProfile.Profile()
            if options.profile:
                profiler.enable()
            before_s = time.process_time()
            times = set_all(folder / "city", folder / "journal.sqlite")
            cpu_s = time.process_time() - before_s
            if options.profile:
                profiler.disable()
                profiler.dump_stats(options.profile)
    print(
        f"{options.cabinets} cabinets: {times.total_s:.2f} s "
        f"(inventory {times.inventory_s:.2f}, read {times.read_s:.2f}, plan {times.plan_s:.2f}, "
        f"apply {times.apply_s:.2f}: "
        + ", ".join(f"{name} {s:.2f}" for name, s in times.phases_s.items())
        + f"); {cpu_s:.2f} s of processor time; ended {times.result.outcome.value}"
    )
    if times.result.exit_code:
        sys.exit(f"{times.result.reason} {dict(list(times.result.reasons.items())[:3])}")


if __name__ == "__main__":
    main()
