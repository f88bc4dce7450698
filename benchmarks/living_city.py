"""Writes `out/bench/living_city.json`: `python -m benchmarks.living_city [--full] [--hours H]`.

The whole city with all nine systems, simulated seconds per second of wall time, and what each
system costs when it runs alone. Each run is a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from twin.geo.cityfile import load_city
from twin.sim.registry import SYSTEM_NAMES
from twin.sim.simulation import Simulation

__all__ = ["MORNING", "run"]

TARGET = Path("out/bench/living_city.json")
MORNING = datetime(2026, 1, 13, 7, tzinfo=ZoneInfo("Europe/Berlin"))
_MIDNIGHT = MORNING.replace(hour=0)
_CHECK_S = 300.0


def run(systems: list[str], hours: float, start: datetime = MORNING) -> dict[str, object]:
    """Simulate so many hours in this process, and say what that took."""
    city = load_city("duisburg")
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    simulation = Simulation(city, seed=7, start=start, systems=systems)
    started_s = time.perf_counter() - begin_s
    advance_s, advance_cpu_s = time.perf_counter(), time.process_time()
    while simulation.now_s < hours * 3600.0:
        simulation.advance(min(simulation.now_s + _CHECK_S, hours * 3600.0))
        simulation.gauges()
    simulation.check_invariants()
    wall_s = time.perf_counter() - advance_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return {
        "systems": systems,
        "hours": hours,
        "start_s": round(started_s, 3),
        "start_cpu_s": round(advance_cpu_s - begin_cpu_s, 3),
        "wall_s": round(wall_s, 3),
        "cpu_s": round(time.process_time() - advance_cpu_s, 3),
        "times_real_time": round(hours * 3600.0 / wall_s, 1),
        "peak_rss_mb": round(peak_mb, 1),
        "rss_above_the_city_mb": round(peak_mb - before_mb, 1),
        "trace_sha256": simulation.trace.sha256(),
    }


def _run_apart(systems: list[str], hours: float, start: datetime) -> dict[str, object]:
    words = ["--only", ",".join(systems), "--hours", str(hours), "--start", start.isoformat()]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.living_city", *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout)


def _line(name: str, found: dict[str, object], whole_cpu_s: float | None = None) -> None:
    share = f"{100.0 * found['cpu_s'] / whole_cpu_s:8.1f}" if whole_cpu_s else " " * 8
    print(
        f"{name:18}{found['start_s']:9.2f}{found['wall_s']:9.2f}{found['cpu_s']:9.2f}{share}"
        f"{found['times_real_time']:12,.0f}{found['peak_rss_mb']:9.0f}",
        flush=True,
    )


def main() -> int:
    """Measure, show, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.living_city", description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0, help="from 7:00")
    parser.add_argument("--full", action="store_true", help="also the 24 h from midnight")
    parser.add_argument("--only", default="", help=argparse.SUPPRESS)
    parser.add_argument("--start", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.only:
        start = datetime.fromisoformat(chosen.start)
        print(json.dumps(run(chosen.only.split(","), chosen.hours, start)))
        return 0
    print(f"Duisburg, {chosen.hours:g} h from {MORNING:%a %H:%M}, load {os.getloadavg()[0]:.2f}")
    print(f"{'':18}{'start s':>9}{'wall s':>9}{'cpu s':>9}{'share %':>8}{'x real':>12}{'MB':>9}")
    found: dict[str, object] = {"load_average_before": round(os.getloadavg()[0], 2)}
    whole = found["whole"] = _run_apart(list(SYSTEM_NAMES), chosen.hours, MORNING)
    _line("all nine", whole)
    alone = found["alone"] = {}
    for name in SYSTEM_NAMES:
        alone[name] = _run_apart([name], chosen.hours, MORNING)
        _line(name, alone[name], whole["cpu_s"])
    day_s = whole["start_s"] + whole["wall_s"] * 24.0 / chosen.hours
    found["day_extrapolated_s"] = round(day_s, 1)
    print(f"24 h at the pace of these hours: {day_s:.0f} s (the night is cheaper)")
    _write(found)
    if chosen.full:
        found["day"] = _run_apart(list(SYSTEM_NAMES), 24.0, _MIDNIGHT)
        _line("24 h, all nine", found["day"])
        _write(found)
    return 0


def _write(found: dict[str, object]) -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
