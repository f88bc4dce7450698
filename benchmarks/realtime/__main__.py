"""Writes `out/bench/realtime.json`: `python -m benchmarks.realtime [--devices N] [--seconds S]`.

A world with its ticks of 1 s runs behind emulated devices exactly as `stellwerk emulate` runs it,
while another process asks them over SNMPv3 and NETCONF. Of every tick is kept how long it took and
how far behind real time it was done.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.realtime.figures import spread_ms
from hil.emulators.serve import serve
from twin.geo.cityfile import load_city
from twin.model.city import City
from twin.sim.world import World

TARGET = Path("out/bench/realtime.json")
NETWORK = "127.91.0.0/16"
START = datetime(2026, 1, 20, 7, 55, tzinfo=ZoneInfo("Europe/Berlin"))
_SHARES = {"ap": 0.55, "switch": 0.15, "cell": 0.10, "lamp_cabinet": 0.20}


class TimedWorld(World):
    """A world that notes of every tick how long it took and when it was done."""

    def __init__(self, city: City, **options) -> None:
        super().__init__(city, **options)
        self.took_s: list[float] = []
        self.behind_s: list[float] = []

    def advance(self, until_s: float) -> None:
        """As `World.advance`; `until_s` is now, so what it takes is what the tick is behind."""
        before_s = self.now_s
        begin_s = time.perf_counter()
        super().advance(until_s)
        took_s = time.perf_counter() - begin_s
        for tick in range(int(before_s) + 1, int(until_s) + 1):
            self.took_s.append(took_s)
            self.behind_s.append(until_s - tick + took_s)


def choose(city: City, n_devices: int) -> list[str]:
    """Pick devices of all four kinds, spread over the city."""
    kinds = {
        "ap": [ap.id for ap in city.access_points],
        "switch": [switch.id for switch in city.switches],
        "cell": [cell.id for cell in city.cells if cell.technology == "nr"],
        "lamp_cabinet": [cabinet.id for cabinet in city.cabinets],
    }
    rng, chosen = random.Random(1), []
    for kind, share in _SHARES.items():
        chosen += rng.sample(kinds[kind], min(len(kinds[kind]), round(share * n_devices)))
    rest = sorted({i for ids in kinds.values() for i in ids} - set(chosen))
    return chosen + rng.sample(rest, max(0, n_devices - len(chosen)))


def measure(n_devices: int, seconds: float, rate_hz: float, n_sessions: int) -> dict[str, object]:
    """Run the fleet under load and give what was seen."""
    city = load_city("duisburg")
    devices = choose(city, n_devices)
    begin_s = time.perf_counter()
    world = TimedWorld(city, seed=7, start=START, managed=devices)
    created_s = time.perf_counter() - begin_s
    clients: list[subprocess.Popen[str]] = []
    ended: list[dict[str, object]] = []
    pauses: list[float] = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        begin_s = time.perf_counter()

        def ready(_document: dict[str, object]) -> None:
            words = [folder, str(seconds), str(rate_hz), str(n_sessions)]
            clients.append(
                subprocess.Popen(
                    [sys.executable, "-m", "benchmarks.realtime.load", *words],
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            up_s.append(time.perf_counter() - begin_s)
            gc.callbacks.append(note_pause)

        def note_pause(phase: str, _info: dict[str, int]) -> None:
            if phase == "start":
                paused_at.append(time.perf_counter())
            elif paused_at:
                pauses.append(time.perf_counter() - paused_at.pop())

        up_s: list[float] = []
        paused_at: list[float] = []
        try:
            asyncio.run(
                serve(
                    world,
                    devices,
                    Path(folder),
                    network=NETWORK,
                    on_ready=ready,
                    on_end=ended.append,
                    hold_s=seconds + 60.0,
                )
            )
        finally:
            if note_pause in gc.callbacks:
                gc.callbacks.remove(note_pause)
            for client in clients:
                if client.poll() is None and not ended:
                    client.terminate()
        text, _ = clients[0].communicate(timeout=60.0)
        if clients[0].returncode:
            raise SystemExit(f"the load ended with {clients[0].returncode}")
    pace = dict(ended[0]["pace"])
    return {
        "devices": len(devices),
        "seconds": seconds,
        "load_average_before": round(load, 2),
        "processors": os.cpu_count(),
        "world_created_s": round(created_s, 3),
        "fleet_up_s": round(up_s[0], 3),
        "ticks": {
            "expected": int(pace["seconds"]),
            "made": len(world.took_s),
            "took_ms": spread_ms(world.took_s),
            "behind_ms": spread_ms(world.behind_s),
        },
        "pace": pace,
        "collector_pause_ms": spread_ms(pauses),
        "load": json.loads(text),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 1),
    }


def show(found: dict[str, object]) -> None:
    """Print the figures as a table."""
    ticks, load = found["ticks"], found["load"]
    print(
        f"{found['devices']} devices, {found['seconds']:g} s, load average "
        f"{found['load_average_before']} before, {found['peak_rss_mb']} MB; world made in "
        f"{found['world_created_s']} s, fleet up in {found['fleet_up_s']} s"
    )
    print(f"ticks of 1 s: {ticks['made']} made of {ticks['expected']}")
    rows = {
        "tick took": ticks["took_ms"],
        "tick behind real time": ticks["behind_ms"],
        "garbage collection": found["collector_pause_ms"],
        f"SNMP GET of 10, {load['snmp']['per_second']}/s": load["snmp"]["get_ms"],
        "SNMP SET": load["snmp"]["set_ms"],
        "NETCONF login and first read": load["netconf"]["login_ms"],
        f"NETCONF get, {load['netconf']['per_second']}/s": load["netconf"]["get_ms"],
        "NETCONF lock, edit, commit, unlock": load["netconf"]["commit_ms"],
    }
    print(f"{'[ms]':38}{'n':>9}{'p50':>10}{'p99':>10}{'max':>10}")
    for name, row in rows.items():
        cells = "".join(f"{row[key]:10.2f}" for key in ("p50", "p99", "max") if key in row)
        print(f"{name:38}{row['n']:9}{cells}")
    lost, failed = load["snmp"]["lost"], load["snmp"]["failed"] + load["netconf"]["failed"]
    print(f"steps of 100 ms: {found['pace']}")
    print(f"requests lost {lost}, failed {failed}")


def main() -> int:
    """Measure, write, show."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.realtime", description=__doc__)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=500.0, help="SNMP requests a second; 0: all")
    parser.add_argument("--sessions", type=int, default=16, help="NETCONF sessions at a time")
    chosen = parser.parse_args()
    found = measure(chosen.devices, chosen.seconds, chosen.rate, chosen.sessions)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
