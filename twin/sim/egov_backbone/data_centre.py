"""The data centre: mains, UPS, generator, and services that take their time to come back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from twin.sim.egov_backbone.assumptions import value
from twin.sim.egov_backbone.moments import Moments
from twin.sim.kernel import Due
from twin.sim.system import Context

__all__ = ["DataCentre"]


class DataCentre:
    """State of the services in the data centre.

    Parameters
    ----------
    context : Context
        Shared.
    name : str
        Consumer of `twin.sim.supply`.
    told : callable
        Bound method called without arguments whenever services go down or come back.
    rng : Generator
        Whether the generator starts.
    moments : Moments
        Where notable moments go.
    """

    def __init__(
        self,
        context: Context,
        name: str,
        told: Callable[[], None],
        rng: np.random.Generator,
        moments: Moments,
    ) -> None:
        self._context, self.name, self._told, self._rng = context, name, told, rng
        self._moments = moments
        self.is_up = True
        self.runs_on = "mains"
        self._is_broken = False
        self._waiting: list[Due] = []
        self.genset_starts = 0

    def watch(self) -> None:
        """Follow the mains."""
        self._context.supply.watch([self.name], self._supplied)
        if not self._context.supply.is_supplied(self.name, "power"):
            self._supplied(self.name, "power", is_supplied=False)

    def _supplied(self, consumer: str, kind: str, is_supplied: bool) -> None:
        if kind != "power":
            return
        self._forget()
        if is_supplied:
            self.runs_on = "mains"
            self._come_back()
        else:
            self._run_on("ups")
            self._later(60.0 * value("ups_min"), self._stop)
            self._later(value("genset_start_s"), self._start_genset)

    def _start_genset(self) -> None:
        self.genset_starts += 1
        if self._rng.random() < value("genset_start_probability"):
            self._forget()
            self._run_on("genset")
            self._later(3600.0 * value("genset_fuel_h"), self._stop)
            self._come_back()
        else:
            self._context.note("genset_failed", self.name)
            self._moments.tell(self.name, "The generator does not start.")

    def _run_on(self, source: str) -> None:
        self.runs_on = source
        self._context.note(f"data_centre_on_{source}", self.name)
        self._moments.tell(self.name, f"The mains are gone; the data centre runs on {source}.")

    def _stop(self) -> None:
        self.runs_on = "nothing"
        self._set(is_up=False)

    def fail(self) -> None:
        """Break the platform itself, whatever the supply."""
        self._is_broken = True
        self._set(is_up=False)

    def repair(self) -> None:
        """End `fail`; services boot."""
        self._is_broken = False
        self._come_back()

    def _come_back(self) -> None:
        if not self.is_up and not self._is_broken and self.runs_on != "nothing":
            self._later(60.0 * value("services_boot_min"), self._boot)

    def _boot(self) -> None:
        if not self._is_broken and self.runs_on != "nothing":
            self._set(is_up=True)

    def _set(self, *, is_up: bool) -> None:
        if is_up != self.is_up:
            self.is_up = is_up
            self._context.note("services_up" if is_up else "services_down", self.name)
            words = "are back" if is_up else "are down"
            self._moments.tell(self.name, f"The services of the data centre {words}.")
            self._told()

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        self._waiting.append(self._context.kernel.after(delay_s, self.name, action))

    def _forget(self) -> None:
        for due in self._waiting:
            due.cancel()
        self._waiting.clear()
