"""A city of nothing and a system of its own, to try the engine on."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from types import ModuleType

import pytest

from tests.sim.engine import graph_things
from twin.model.city import City
from twin.model.errors import ModelError
from twin.sim import registry
from twin.sim.kernel import Crews
from twin.sim.simulation import Simulation
from twin.sim.system import Action, Kpi, System

START = datetime(2026, 1, 20, 6, 30, tzinfo=UTC)


class Toy(System):
    """Draws at random times, lets three repairs wait for one crew, and can be painted."""

    name = "toy"

    def start(self):
        self.rng = self.context.rng("toy")
        self.crews = Crews(self.context.kernel, capacity=1)
        self.repaired = []
        self.seen = []
        self._next()
        for k in range(3):
            self._call(k)

    def _next(self):
        self.context.note("draw", "toy", int(self.rng.integers(1000)))
        self.context.kernel.after(float(self.rng.exponential(40.0)), "toy", self._next)

    def _call(self, k):
        request = self.crews.request(priority=k)
        self.context.kernel.when(request, f"crew {k}", self._arrive, k, request)

    def _arrive(self, k, request):
        self.context.kernel.after(200.0, f"crew {k}", self._leave, k, request)

    def _leave(self, k, request):
        self.repaired.append((k, self.context.kernel.now_s))
        self.crews.release(request)
        self.context.note("repaired", f"toy {k}")

    def kpis(self):
        return {"repairs": Kpi(float(len(self.repaired)), "1")}

    def gauges(self):
        return {"repairs": float(len(self.repaired))}

    def actions(self):
        return {
            "paint": Action(
                what="paint a toy",
                check=self._check,
                begin=self._paint,
                end=self._wash,
                parameters={"coats": "how many, at least 1"},
            ),
            "break": Action(what="break the system", check=self._check, begin=self._break),
        }

    def _check(self, target, parameters):
        if target != "bear":
            raise ModelError(f"no toy {target!r}")
        if parameters.get("coats", 1) < 1:
            raise ModelError(f"coats is {parameters['coats']}, must be at least 1")

    def _paint(self, target, parameters):
        self.seen.append((self.context.kernel.now_s, "painted", target, dict(parameters)))

    def _wash(self, target, parameters):
        self.seen.append((self.context.kernel.now_s, "washed", target, dict(parameters)))

    def _break(self, target, parameters):
        raise ZeroDivisionError("stuffing lost")


Toy.__module__ = "twin.sim.toy"  # as if it were one of ours


@pytest.fixture
def empty_city():
    return City(
        name="toy", title="Toy", seed=1, timezone="Europe/Berlin", lat_deg=51.0, lon_deg=7.0,
        outline=(),
    )  # fmt: skip


@pytest.fixture
def make(empty_city, monkeypatch):
    module = ModuleType("twin.sim.toy")
    module.Toy = Toy
    monkeypatch.setitem(sys.modules, "twin.sim.toy", module)
    monkeypatch.setitem(registry._CLASSES, "toy", "Toy")
    monkeypatch.setattr("twin.sim.simulation.SYSTEM_NAMES", ("toy",))
    return lambda: Simulation(empty_city, seed=3, start=START, systems=("toy",))


@pytest.fixture
def simulation(make):
    return make()


@pytest.fixture(autouse=True)
def _things_are_ours(monkeypatch):
    module = ModuleType("twin.sim.things")
    vars(module).update({k: v for k, v in vars(graph_things).items() if not k.startswith("_")})
    monkeypatch.setitem(sys.modules, "twin.sim.things", module)
