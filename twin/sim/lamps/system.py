"""The lamps of the city as a simulated system: sun, dimming, faults, repair, figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from twin.sim.failures import LAMP_RATE, Drill, Failures
from twin.sim.kernel import Due
from twin.sim.lamps.assumptions import figure
from twin.sim.lamps.fleet import LampFleet
from twin.sim.lamps.timetable import AstroClock, minute_of_day, next_minute_s
from twin.sim.supply import SupplyKind
from twin.sim.system import Context, Kpi, System

__all__ = ["Lamps"]

_KIND = "lamp_cabinet"
_Broken = tuple[str, list[int]]


class Lamps(System):
    """Street lamps: cabinets as devices, lamps that burn by the sun, dim, fail and are repaired.

    Parameters
    ----------
    context : Context
        What systems share.
    """

    name: ClassVar[str] = "lamps"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        city = context.city
        cabinets = [cabinet for cabinet in city.cabinets if context.is_managed(cabinet.id)]
        known = {cabinet.id for cabinet in cabinets}
        rows = [i for i, lamp in enumerate(city.lamps) if lamp.cabinet in known]
        lamps = [city.lamps[i] for i in rows]
        factor = context.hidden.lamp_factor[np.array(rows, dtype=np.int64)]
        self.fleet = LampFleet(cabinets, lamps, np.array([lamp.power_w for lamp in lamps]) * factor)
        self.astro = AstroClock(context.clock, city.lat_deg, city.lon_deg)
        self._surges = context.rng("lamps/surges")
        self._windows: NDArray[np.int64] = self.fleet.windows() if cabinets else np.zeros(0, int)
        self._next_window: Due | None = None
        self.fleet.when_written = self._plan_windows
        self.failures = self.surge_failures = 0
        self.faulty: set[str] = set()
        self._restarts = np.zeros(len(cabinets), dtype=np.int64)

    def start(self) -> None:
        """Switch to what the hour asks for, and follow sun, clock, supply and chance from now."""
        if not self.fleet.ids:
            return
        self._update(is_dark=self.astro.is_dark(0.0))
        self._follow_sun()
        self._plan_windows()
        supply = self.context.supply
        supply.watch(self.fleet.ids, self._supplied)
        for cabinet in self.fleet.ids:
            if not supply.is_supplied(cabinet, "power"):
                self._cut_off(cabinet)
        self._start_failures()

    def start_drill(self) -> None:
        """Break the first lamp after 15 s, repair it 30 s later, again every two minutes."""
        if self.fleet.n_lamps:
            Drill(self.context.kernel, "drill", self._break_for_drill, self._repair).start()

    # --- sun and clock ---

    def _update(self, *, is_dark: bool) -> bool:
        now_s = self.context.kernel.now_s
        return self.fleet.update(now_s, minute_of_day(self.context.clock, now_s), is_dark=is_dark)

    def _follow_sun(self) -> None:
        kernel = self.context.kernel
        at_s, is_dark = self.astro.next_change(kernel.now_s)
        kernel.at(at_s, "sun", self._sun_passed, is_dark)

    def _sun_passed(self, is_dark: bool | None) -> None:
        if is_dark is not None:
            self._update(is_dark=is_dark)
            what = "lamps_on" if is_dark else "lamps_off"
            self.context.note(what, self.context.city.name, self.fleet.n_lamps)
        self._follow_sun()

    def _plan_windows(self) -> None:
        """Wake at the next minute at which a cabinet's night begins or ends."""
        if self._next_window is not None:
            self._next_window.cancel()
        kernel, clock = self.context.kernel, self.context.clock
        at_s = next_minute_s(clock, kernel.now_s, self.fleet.windows())
        self._next_window = kernel.at(at_s, "dimming", self._window_passed)

    def _window_passed(self) -> None:
        if self._update(is_dark=self.fleet.is_dark):
            level = round(self.fleet.mean_level_percent())
            self.context.note("lamps_dimmed", self.context.city.name, level)
        self._plan_windows()

    # --- power and link ---

    def _supplied(self, cabinet: str, kind: SupplyKind, is_supplied: bool) -> None:
        if kind == "link":
            self.fleet.set_link(self.fleet.index[cabinet], is_on=is_supplied)
        elif is_supplied:
            self._give_power(cabinet)
        else:
            self._cut_off(cabinet)

    def _cut_off(self, cabinet: str) -> None:
        i = self.fleet.index[cabinet]
        if self.fleet.has_power[i]:
            self.fleet.set_power(self.context.kernel.now_s, i, is_on=False)
            self.context.note("cabinet_dark", cabinet, int(self.fleet.total[i]))

    def _give_power(self, cabinet: str) -> None:
        """Power is back: the controller boots, hot sodium lamps cool and run up."""
        i, kernel = self.fleet.index[cabinet], self.context.kernel
        if self.fleet.has_power[i] or cabinet in self.faulty:
            return
        if not self.context.supply.is_supplied(cabinet, "power"):
            return
        self.fleet.set_power(kernel.now_s, i, is_on=True)
        self.context.note("cabinet_powered", cabinet, int(self.fleet.total[i]))
        self._restarts[i] += 1
        turn = int(self._restarts[i])
        kernel.after(figure("boot_s"), cabinet, self._boot, i, turn)
        kernel.after(figure("restrike_s"), cabinet, self._strike, i, turn)

    def _is_current(self, i: int, turn: int) -> bool:
        return bool(self.fleet.has_power[i]) and int(self._restarts[i]) == turn

    def _boot(self, i: int, turn: int) -> None:
        if self._is_current(i, turn):
            self.fleet.boot(self.context.kernel.now_s, i)
            self.context.note("cabinet_up", self.fleet.ids[i])

    def _strike(self, i: int, turn: int) -> None:
        if self._is_current(i, turn):
            self.fleet.strike(self.context.kernel.now_s, i)

    # --- faults ---

    def _start_failures(self) -> None:
        context = self.context
        Failures(
            context.kernel,
            "failures of lamps",
            context.rng("lamps/failures"),
            LAMP_RATE,
            context.failure_factor,
            count=self._count_working,
            fail=self._wear_out,
            repair=self._repair,
        ).start()

    def _count_working(self) -> int:
        return int(self.fleet.works.sum())

    def _wear_out(self, k: int) -> _Broken:
        first = int(self.fleet.working_lamps()[k])
        if self._surges.random() < figure("surge_share"):
            return self._break(first, round(figure("surge_lamps")), "surge")
        return self._break(first, 1, "wear")

    def _break_for_drill(self) -> _Broken:
        return self._break(int(self.fleet.working_lamps()[0]), 1, "drill")

    def _break(self, first: int, count: int, cause: str) -> _Broken:
        """Break a lamp and its neighbours on the feeder; say which and for what name."""
        broken = [int(i) for i in self.fleet.feeder_mates(first, count)]
        name = self.fleet.lamp_ids[first]
        self.fleet.set_working(self.context.kernel.now_s, broken, works=False)
        self.failures += len(broken)
        if cause == "surge":
            self.surge_failures += len(broken)
        self.context.note("lamp_failed", f"{name} {cause}", len(broken))
        return name, broken

    def _repair(self, what: _Broken) -> None:
        name, broken = what
        self.fleet.set_working(self.context.kernel.now_s, broken, works=True)
        self.context.note("lamp_repaired", name, len(broken))

    # --- what others see ---

    def fleets(self) -> Mapping[str, LampFleet]:
        """Return the cabinets."""
        return {_KIND: self.fleet}

    def devices(self) -> Mapping[str, str]:
        """Return every simulated cabinet."""
        return dict.fromkeys(self.fleet.ids, _KIND)

    def kpis(self) -> Mapping[str, Kpi]:
        """Return figures since the start."""
        totals = self.fleet.books.totals(self.context.kernel.now_s)
        return {"energy_kwh": Kpi(float(totals.energy_wh.sum()) / 1000.0, "kWh")}

    def gauges(self) -> Mapping[str, float]:
        """Return power, light and dark lamps now."""
        books = self.fleet.books
        return {"power_w": float(books.power_at(self.context.kernel.now_s).sum())}

    def check_invariants(self) -> None:
        """Energy is never negative, no lamp burns that should not, none is lost in repair."""
        totals = self.fleet.books.totals(self.context.kernel.now_s)
        if (totals.energy_wh < 0.0).any():
            raise AssertionError("a cabinet gave energy back")
        if (totals.lit_h > totals.due_h + 1e-6).any():
            raise AssertionError("more lamps burned than should")
