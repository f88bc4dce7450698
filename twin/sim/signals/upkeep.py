"""What breaks at signals and traffic computers, and the crews that repair it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from simpy.resources.resource import PriorityRequest

from twin.sim.kernel import Crews
from twin.sim.signals.assumptions import assumed
from twin.sim.signals.layout import Layout
from twin.sim.system import Context

__all__ = ["FaultyThings", "Upkeep"]

_HOUR_S = 3600.0
_URGENT, _LATER = 0, 1


class FaultyThings(Protocol):
    """Who is told of faults."""

    def break_signal(self, signal: int, cause: str) -> None:
        """Let a signal flash for a cause."""
        ...

    def mend_signal(self, signal: int, cause: str) -> None:
        """Take a cause away."""
        ...

    def lose_computer(self, computer: str, cause: str) -> None:
        """Let the signals of a computer run alone for a cause."""
        ...

    def regain_computer(self, computer: str, cause: str) -> None:
        """Take a cause away."""
        ...


class Upkeep:
    """Failures by chance and their repair.

    Parameters
    ----------
    context : Context
        Time and chance.
    layout : Layout
        Signals.
    told : FaultyThings
        Who is told.

    Notes
    -----
    A lamp that is not the only red of its approach is replaced without any effect on traffic.
    """

    def __init__(self, context: Context, layout: Layout, told: FaultyThings) -> None:
        self._context, self._layout, self._told = context, layout, told
        self._rng = context.rng("signals/failures")
        self._crews = Crews(context.kernel, round(assumed("crews")))
        chambers = layout.lamps_lit * assumed("chambers_per_lit")
        life_h = np.where(layout.is_led, assumed("led_lamp_life"), assumed("old_lamp_life"))
        self._lamp_rate_h = chambers * assumed("early_failures") / life_h
        self.lamps_failed = np.zeros(len(layout.ids), dtype=np.int64)
        self.n_lamp_failures = self.n_controller_failures = self.n_repairs = 0

    def start(self) -> None:
        """Schedule the first failure of each kind."""
        self._next_lamp()
        self._next_controller()
        self._next_computer()

    def _wait_s(self, rate_h: float) -> float:
        rate = rate_h * self._context.failure_factor
        return float(self._rng.exponential(_HOUR_S / rate))

    def _next_lamp(self) -> None:
        rate = float(self._lamp_rate_h.sum())
        self._context.kernel.after(self._wait_s(rate), "signals", self._fail_lamp)

    def _next_controller(self) -> None:
        rate = len(self._layout.ids) / assumed("controller_mtbf")
        self._context.kernel.after(self._wait_s(rate), "signals", self._fail_controller)

    def _next_computer(self) -> None:
        rate = len(self._layout.computers) / assumed("computer_mtbf")
        self._context.kernel.after(self._wait_s(rate), "signals", self._fail_computer)

    def _fail_lamp(self) -> None:
        total = self._lamp_rate_h.cumsum()
        i = int(np.searchsorted(total, self._rng.random() * total[-1], side="right"))
        i = min(i, len(self._layout.ids) - 1)
        self.n_lamp_failures += 1
        self.lamps_failed[i] += 1
        is_red = bool(self._rng.random() < assumed("red_lamp_share"))
        self._context.note("signal-lamp-failed", self._layout.ids[i], int(is_red))
        cause = f"lamp-{self.n_lamp_failures}" if is_red else ""
        if is_red:
            self._told.break_signal(i, cause)
        self._call_crew(i, cause, 1)
        self._next_lamp()

    def _fail_controller(self) -> None:
        i = int(self._rng.integers(len(self._layout.ids)))
        self.n_controller_failures += 1
        cause = f"controller-{self.n_controller_failures}"
        self._told.break_signal(i, cause)
        self._call_crew(i, cause, 0)
        self._next_controller()

    def _fail_computer(self) -> None:
        computer = self._layout.computers[int(self._rng.integers(len(self._layout.computers)))]
        self._told.lose_computer(computer, "failure")
        kernel = self._context.kernel
        kernel.after(self._repair_s(), computer, self._told.regain_computer, computer, "failure")
        self._next_computer()

    def _repair_s(self) -> float:
        hours = float(self._rng.uniform(assumed("repair_min"), assumed("repair_max")))
        return hours * _HOUR_S / self._context.failure_factor

    def _call_crew(self, signal: int, cause: str, lamps: int) -> None:
        """Have a crew come; the time until it could be there, then the queue for a crew."""
        repair_s = self._repair_s()
        on_site_s = repair_s * assumed("on_site_share")
        who = self._layout.ids[signal]
        self._context.kernel.after(
            repair_s - on_site_s, who, self._ask, signal, cause, lamps, on_site_s
        )

    def _ask(self, signal: int, cause: str, lamps: int, on_site_s: float) -> None:
        request = self._crews.request(priority=_URGENT if cause else _LATER)
        who, kernel = self._layout.ids[signal], self._context.kernel
        kernel.when(request, who, self._arrive, request, signal, cause, lamps, on_site_s)

    def _arrive(
        self, request: PriorityRequest, signal: int, cause: str, lamps: int, on_site_s: float
    ) -> None:
        who, kernel = self._layout.ids[signal], self._context.kernel
        kernel.after(on_site_s, who, self._finish, request, signal, cause, lamps)

    def _finish(self, request: PriorityRequest, signal: int, cause: str, lamps: int) -> None:
        self._crews.release(request)
        self.n_repairs += 1
        self.lamps_failed[signal] -= lamps
        if cause:
            self._told.mend_signal(signal, cause)
        self._context.note("signal-repaired", self._layout.ids[signal], lamps)
