"""How many people hang on a device."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from controllers.ports import Change, Device
from hil.effects import TwinPredictor
from hil.harm import TwinHarm
from twin.radio.coverage import compute
from twin.radio.kpi import residents_raster

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "planning"))
from small_city import small_city


def _device(name: str, kind: str, upstream: str = "") -> Device:
    return Device(
        id=name, kind=kind, profile="p", host="h", port=1, username="u", upstream=upstream
    )


def _harm(devices: list[Device], *names: str) -> dict[str, float]:
    city = small_city()
    predictor = TwinPredictor(city, lambda: compute(city, step_m=50.0, n_threads=1))
    judge = TwinHarm(city, devices, predictor)
    changes = {
        name: (Change(device=name, path="tilt_deg", before=6.0, after=6.0),) for name in names
    }
    return dict(judge.harm(changes))


def test_cells_harm_the_residents_they_serve_best() -> None:
    city = small_city()
    cells = [cell.id for cell in city.cells]
    harms = _harm([_device(name, "cell") for name in cells], *cells)
    coverage = compute(city, step_m=50.0, n_threads=1)
    residents = residents_raster(city, coverage.grid)[coverage.inside].sum()
    by_layer: dict[str, float] = {}
    for layer in coverage.layers:
        by_layer[layer.layer] = sum(harms[cell] for cell in layer.cells)
    assert all(0 < people <= residents + 1e-6 for people in by_layer.values())


def test_what_hangs_on_a_device_counts_and_no_radio_is_computed_for_it() -> None:
    city = small_city()
    ap, cabinet = city.access_points[0].id, city.cabinets[0].id
    devices = [_device("sw", "switch"), _device(ap, "ap", "sw"), _device(cabinet, "lamp_cabinet")]
    predictor = TwinPredictor(city, lambda: pytest.fail("no cell was asked for"))
    judge = TwinHarm(city, devices, predictor)
    harms = judge.harm({name: () for name in ("sw", ap, cabinet, "unknown")})
    assert harms["sw"] == harms[ap]
    assert harms["unknown"] == 0.0


def test_residents_who_lose_their_operator_count_twice() -> None:
    city = small_city()
    predictor = TwinPredictor(city, lambda: compute(city, step_m=50.0, n_threads=1))
    judge = TwinHarm(city, [_device("cell-1", "cell")], predictor)
    tilt = Change(device="cell-1", path="tilt_deg", before=6.0, after=6.5)
    quiet = Change(device="cell-1", path="tx_power_dbm", before=46.0, after=-20.0)
    assert judge.harm({"cell-1": (quiet,)})["cell-1"] > judge.harm({"cell-1": (tilt,)})["cell-1"]
