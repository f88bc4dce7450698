"""A change is confirmed only if measurements lie in the band the twin predicted."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controllers.drivers import make_driver
from controllers.intent import parse_intent, resolve
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import Plan, make_plan
from controllers.ports import Device
from controllers.runner import RunResult, apply
from hil.effects import TwinPredictor
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from hil.gate import BandGate
from stellwerk.exits import Exit
from twin.model.attributes import Value
from twin.model.city import City, Lamp, LampCabinet
from twin.model.safe import parse_yaml

# 20 lamps of 50 W at full light; P = P_n (0.08 + 0.92 d)
PREDICTED_W = 1000
_NETWORK = f"127.{96 + secrets.randbelow(24)}.{secrets.randbelow(256)}.0/24"
INTENT = """\
version: 1
name: brighter after midnight
changes:
  - name: level
    select: "id:cab-1"
    set: {night_level_percent: 70}
"""


def _city() -> City:
    cabinet = LampCabinet(id="cab-1", site="s", x_m=0.0, y_m=0.0)
    lamps = tuple(
        Lamp(id=f"l-{n}", cabinet="cab-1", x_m=0.0, y_m=0.0, height_m=8.0, power_w=50.0, kind="led")
        for n in range(20)
    )
    return City(
        name="one", title="One cabinet", seed=1, timezone="Europe/Berlin", lat_deg=51.4,
        lon_deg=6.8, outline=(), cabinets=(cabinet,), lamps=lamps,
    )  # fmt: skip


@contextmanager
def _cabinet(folder: Path, power_w: int) -> Iterator[tuple[Device, ...]]:
    values: dict[str, Value] = {
        "contact": "", "location": "", "name": "cab-1", "normal_level_percent": 100,
        "night_level_percent": 50, "night_start_min": 1320, "night_end_min": 360,
        "level_now_percent": 100, "power_w": power_w, "energy_wh": 0, "lamps_total": 20,
        "lamps_failed": 0,
    }  # fmt: skip
    world = MemoryWorld({"cab-1": "lamp_cabinet"}, {"cab-1": values})
    entries = entries_of(world, ["cab-1"], folder, network=_NETWORK)
    with FleetThread(world, entries, host_key=write_folder(folder, entries)):
        yield entries


def _plan(devices: tuple[Device, ...]) -> Plan:
    intent = parse_intent(parse_yaml(INTENT, "intent.yaml"))
    live = read_live(devices, make_driver).values
    return make_plan(intent, devices, live, resolve(intent, devices))


def _apply(folder: Path, devices: tuple[Device, ...]) -> RunResult:
    plan = _plan(devices)
    predictor = TwinPredictor(_city(), lambda: pytest.fail("a change of lamps needs no radio"))
    gate = BandGate(predictor.what_if(plan.changes), devices, settle_s=0.0)
    with Journal(folder / "journal.db") as journal:
        return apply(plan, devices, make_driver, journal, gate=gate)


def test_a_world_inside_the_band_is_confirmed(tmp_path: Path) -> None:
    with _cabinet(tmp_path, PREDICTED_W + 50) as devices:
        result = _apply(tmp_path, devices)
        assert result.exit_code == Exit.OK
        assert _plan(devices).no_op


def test_a_device_that_cannot_be_measured_is_not_confirmed(tmp_path: Path) -> None:
    with _cabinet(tmp_path, PREDICTED_W) as devices:
        plan = _plan(devices)
        predictor = TwinPredictor(_city(), lambda: pytest.fail("a change of lamps needs no radio"))
        what_if = predictor.what_if(plan.changes)
    (reason,) = BandGate(what_if, devices, settle_s=0.0).judge(plan, {})
    assert reason.startswith("cab-1: could not be measured")


def test_a_world_that_left_the_band_refuses_the_confirm_and_is_restored(tmp_path: Path) -> None:
    with _cabinet(tmp_path, PREDICTED_W // 2) as devices:
        result = _apply(tmp_path, devices)
        assert result.exit_code == Exit.RESTORED
        assert "cab-1: power of a cabinet's lamps measures 500.0" in result.reason
        (device,) = devices
        driver = make_driver(device)
        assert driver.read(["night_level_percent"]) == {"night_level_percent": 50}
        driver.close()
