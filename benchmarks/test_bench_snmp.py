"""SNMP at the size of a city: 1,200 lamp cabinets set and verified, fleets polled.

The aims: all cabinets of the city (46,000 lamps) in 10 s over SNMPv3, inventory, plan and journal
included; 15,000 GET/s over v2c and 10,000 over v3 on one core that asks, another one answering.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from lamp_cabinets import N_CABINETS, cabinets, set_all
from snmp_polling import N_DEVICES, agents, poller


@pytest.mark.benchmark(group="lamp cabinets of the city, read, planned, set and verified")
@pytest.mark.parametrize("n_cabinets", [100, N_CABINETS])
def test_set_and_verify(benchmark, tmp_path: Path, n_cabinets: int):
    with cabinets(tmp_path / "city", n_cabinets):
        times = benchmark.pedantic(
            set_all, args=(tmp_path / "city", tmp_path / "journal.sqlite"), rounds=1
        )
    assert times.result.exit_code == 0
    benchmark.extra_info |= {
        "read_s": round(times.read_s, 3),
        "apply_s": round(times.apply_s, 3),
        "phases_s": {name: round(s, 3) for name, s in times.phases_s.items()},
    }


@pytest.mark.benchmark(group="polling one object of each of 200 devices")
@pytest.mark.parametrize(
    ("version", "way"),
    [("v2c", "gufo"), ("v2c", "pysnmp"), ("v3", "gufo"), ("v3", "own"), ("v3", "pysnmp")],
)
def test_poll(benchmark, tmp_path: Path, version: str, way: str):
    with agents(tmp_path, N_DEVICES, version) as devices, poller(devices, way) as poll:
        assert poll() == N_DEVICES
        rounds = 20 if way == "gufo" else 2
        benchmark.pedantic(poll, rounds=rounds)
    benchmark.extra_info["get_per_s"] = round(N_DEVICES / benchmark.stats.stats.median)
