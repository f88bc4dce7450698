"""The lamps of the city as a simulated system: sun, dimming, supply, and the parts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from twin.sim.failures import Drill
from twin.sim.kernel import Due
from twin.sim.lamps import figures
from twin.sim.lamps.assumptions import figure
from twin.sim.lamps.corridors import Corridors
from twin.sim.lamps.faults import Faults
from twin.sim.lamps.fleet import LampFleet
from twin.sim.lamps.quality import ClassCheck
from twin.sim.lamps.repair import RepairCrews
from twin.sim.lamps.scenario import lamp_actions
from twin.sim.lamps.timetable import AstroClock, minute_of_day, next_minute_s
from twin.sim.lamps.wear import Wear
from twin.sim.supply import SupplyKind
from twin.sim.system import Action, Context, DeviceFleet, Kpi, System

__all__ = ["Lamps"]

_KIND = "lamp_cabinet"


class Lamps(System):
    """Street lamps: cabinets as devices, lamps that burn by the sun, dim, fail and are repaired.

    Parameters
    ----------
    context : Context
        What systems share.
    """

    name: ClassVar[str] = "lamps"
    tables = ("cabinets",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        city = context.city
        cabinets = [cabinet for cabinet in city.cabinets if context.is_managed(cabinet.id)]
        known = {cabinet.id: i for i, cabinet in enumerate(cabinets)}
        rows = [i for i, lamp in enumerate(city.lamps) if lamp.cabinet in known]
        lamps = [city.lamps[i] for i in rows]
        factor = context.hidden.lamp_factor[np.array(rows, dtype=np.int64)]
        true_w = np.array([lamp.power_w for lamp in lamps]) * factor
        of = np.array([known[lamp.cabinet] for lamp in lamps], dtype=np.int64)
        check = ClassCheck(lamps, of, true_w) if lamps else None
        self.fleet = LampFleet(cabinets, lamps, true_w, check)
        self.fleet.when_written = self._plan_windows
        self.districts = figures.districts_of(city, cabinets)
        self.astro = AstroClock(context.clock, city.lat_deg, city.lon_deg)
        self._late_astro: AstroClock | None = None
        self.is_late = np.zeros(len(cabinets), dtype=bool)
        self._dark = np.zeros(len(cabinets), dtype=bool)
        self._x_m = np.array([lamp.x_m for lamp in lamps])
        self._y_m = np.array([lamp.y_m for lamp in lamps])
        self._row_of_lamp = {lamp.id: row for row, lamp in enumerate(lamps)}
        self.depot = (float(np.mean(self._x_m)), float(np.mean(self._y_m))) if lamps else (0.0, 0.0)
        self.has_crossing = self._crossings()
        self.faults = Faults(self)
        self.wear = Wear(context, self.fleet, self.faults.wear_out)
        n_crews = max(1, round(len(lamps) / figure("lamps_per_crew")))
        self.crews = RepairCrews(context, n_crews, self.depot, self.faults.finish)
        self.corridors = Corridors(context, self.fleet, lamps, self.astro)
        self.nights_before: dict[str, dict[str, NDArray[np.int64]]] = {}
        self._next_window: Due | None = None
        self._restarts = np.zeros(len(cabinets), dtype=np.int64)

    def start(self) -> None:
        """Switch to what the hour asks for, and follow sun, clock, supply and chance from now."""
        if not self.fleet.ids:
            return
        self._settle_sun()
        self._follow_sun(self.astro, is_late=False)
        self._plan_windows()
        supply = self.context.supply
        supply.watch(self.fleet.ids, self._supplied)
        for cabinet in self.fleet.ids:
            self.fleet.set_link(
                self.fleet.index[cabinet], is_on=supply.is_supplied(cabinet, "link")
            )
            if not supply.is_supplied(cabinet, "power"):
                self.lose_power(cabinet)
        self.crews.start()
        self.faults.start()
        self.wear.start()
        self.corridors.start()
        if self.context.telemetry.wants("cabinets"):
            self._sample()

    def start_drill(self) -> None:
        """Break the first lamp after 15 s, repair it 30 s later, again every two minutes."""
        if self.fleet.n_lamps:
            Drill(self.context.kernel, "drill", self.faults.break_first, self.faults.mend).start()

    def place_of(self, lamp: int) -> tuple[float, float]:
        """Return where a lamp stands. [m]."""
        return float(self._x_m[lamp]), float(self._y_m[lamp])

    def _crossings(self) -> NDArray[np.bool_]:
        """Find the cabinets with a lamp at a signal."""
        found = np.zeros(len(self.fleet.ids), dtype=bool)
        for signal in self.context.city.signals:
            square = (self._x_m - signal.x_m) ** 2 + (self._y_m - signal.y_m) ** 2
            found[self.fleet.cabinet_of[square <= figure("crossing_m") ** 2]] = True
        return found

    # --- sun and clock ---

    def _update(self) -> bool:
        now_s = self.context.kernel.now_s
        minute = minute_of_day(self.context.clock, now_s)
        return self.fleet.update(now_s, minute, is_dark=self._dark)

    def _follow_sun(self, astro: AstroClock, *, is_late: bool) -> None:
        kernel = self.context.kernel
        at_s, is_dark = astro.next_change(kernel.now_s)
        kernel.at(at_s, "sun", self._sun_passed, astro, is_late, is_dark)

    def _sun_passed(self, astro: AstroClock, is_late: bool, is_dark: bool | None) -> None:
        """Switch the cabinets that go by the angle that the sun has just passed."""
        if is_late and astro is not self._late_astro:
            return
        rows = self.is_late == is_late
        if is_dark is not None and rows.any():
            self._dark[rows] = is_dark
            self._update()
            what = "lamps_on" if is_dark else "lamps_off"
            amount = int(self.fleet.total[rows].sum())
            self.context.note(what, self.context.city.name, amount)
        self._follow_sun(astro, is_late=is_late)

    def switch_later(self, cabinets: NDArray[np.int64], sun_deg: float) -> int:
        """Let cabinets go on and out at a lower sun, but for those with a crossing.

        Parameters
        ----------
        cabinets : ndarray
            Which, as indices; whatever switched later before goes by this angle too.
        sun_deg : float
            Apparent elevation of the sun. [deg]

        Returns
        -------
        int
            How many cabinets switch later; a crossing must be lit at 40 lx of daylight already,
            the other streets at 10 lx, so cabinets with a crossing keep the usual angle.
        """
        city = self.context.city
        self.is_late[cabinets] = ~self.has_crossing[cabinets]
        astro = AstroClock(self.context.clock, city.lat_deg, city.lon_deg, sun_deg)
        self._late_astro = astro
        self._settle_sun()
        self._follow_sun(astro, is_late=True)
        return int(self.is_late[cabinets].sum())

    def switch_as_usual(self, cabinets: NDArray[np.int64]) -> None:
        """Let cabinets go on and out with all others again."""
        self.is_late[cabinets] = False
        self._settle_sun()

    def _settle_sun(self) -> None:
        now_s = self.context.kernel.now_s
        late = self._late_astro is not None and self._late_astro.is_dark(now_s)
        self._dark = np.where(self.is_late, late, self.astro.is_dark(now_s))
        self._update()

    def _plan_windows(self) -> None:
        """Wake at the next minute at which a cabinet's night begins or ends."""
        if self._next_window is not None:
            self._next_window.cancel()
        kernel, clock = self.context.kernel, self.context.clock
        at_s = next_minute_s(clock, kernel.now_s, self.fleet.windows())
        self._next_window = kernel.at(at_s, "dimming", self._window_passed)

    def _window_passed(self) -> None:
        if self._update():
            level = round(self.fleet.mean_level_percent())
            self.context.note("lamps_dimmed", self.context.city.name, level)
        self._plan_windows()

    def _sample(self) -> None:
        """Write a row of every cabinet into the table ``cabinets``."""
        now_s, fleet = self.context.kernel.now_s, self.fleet
        self.context.telemetry.add(
            "cabinets",
            now_s,
            {
                "cabinet": np.array(fleet.ids),
                "power_w": fleet.power_at(now_s),
                "energy_wh": fleet.totals(now_s).energy_wh,
                "level_percent": fleet.level,
                "lamps_lit": fleet.lamps_lit(),
                "lamps_failed": fleet.failed(),
                "has_power": fleet.has_power,
            },
        )
        self.context.kernel.after(figure("sample_s"), "table cabinets", self._sample)

    # --- power and link ---

    def _supplied(self, cabinet: str, kind: SupplyKind, is_supplied: bool) -> None:
        if kind == "link":
            self.fleet.set_link(self.fleet.index[cabinet], is_on=is_supplied)
        elif is_supplied:
            self.regain_power(cabinet)
        else:
            self.lose_power(cabinet)

    def lose_power(self, cabinet: str) -> None:
        """Let a cabinet go dark, by its feeder or by the grid."""
        i = self.fleet.index[cabinet]
        if self.fleet.has_power[i]:
            self.fleet.set_power(self.context.kernel.now_s, i, is_on=False)
            self.context.note("cabinet_dark", cabinet, int(self.fleet.total[i]))

    def regain_power(self, cabinet: str) -> None:
        """Give a cabinet power if nothing holds it: it boots, hot sodium cools and runs up."""
        i, kernel = self.fleet.index[cabinet], self.context.kernel
        is_held = cabinet in self.faults.faulty
        if self.fleet.has_power[i] or is_held:
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

    # --- what others see and do ---

    def surge(self, cabinet: str) -> None:
        """Let a surge run along the feeder of a cabinet; one that is not simulated is ignored."""
        if cabinet in self.fleet.index:
            self.faults.surge(self.fleet.index[cabinet], round(figure("surge_lamps")))

    def command_lamps(self, lamps: Sequence[str], level_percent: int) -> None:
        """Let lamps burn at a level that their own controllers were told by radio.

        Parameters
        ----------
        lamps : sequence of str
            Their ids; those that are not simulated or have no power are left out.
        level_percent : int
            0 to 100. [%]
        """
        known = [self._row_of_lamp[lamp] for lamp in lamps if lamp in self._row_of_lamp]
        rows = np.array(known, dtype=np.int64)
        rows = rows[self.fleet.has_power[self.fleet.cabinet_of[rows]]]
        if rows.size:
            self.fleet.command(self.context.kernel.now_s, rows, level_percent)

    def detect(self, corridor: str, at_s: float, speed_m_s: float) -> None:
        """Tell of somebody who passes the beginning of a corridor, if its lamps follow motion.

        Parameters
        ----------
        corridor : str
            A corridor of signals, or a cabinet whose lamps are a path.
        at_s : float
            When. [s]
        speed_m_s : float
            How fast. [m/s]  Must be > 0.

        Raises
        ------
        ValueError
            Nobody moves at such a speed.
        """
        if not speed_m_s > 0.0:
            raise ValueError(f"speed_m_s is {speed_m_s}, must be greater than 0")
        self.corridors.vehicle(corridor, at_s, speed_m_s)

    def fleets(self) -> Mapping[str, DeviceFleet]:
        """Return the cabinets."""
        return {_KIND: self.fleet}

    def devices(self) -> Mapping[str, str]:
        """Return every simulated cabinet."""
        return dict.fromkeys(self.fleet.ids, _KIND)

    def kpis(self) -> Mapping[str, Kpi]:
        """Return figures since the start."""
        return figures.of_city(self)

    def kpis_by_district(self) -> Mapping[str, Mapping[str, Kpi]]:
        """Return figures since the start by slug of the district."""
        return figures.by_district(self)

    def gauges(self) -> Mapping[str, float]:
        """Return power, light and dark lamps now."""
        return figures.of_gauges(self)

    def actions(self) -> Mapping[str, Action]:
        """Return what a scenario can do to lamps."""
        return lamp_actions(self)

    def check_invariants(self) -> None:
        """Energy is never negative, no lamp burns that should not, none is lost in repair."""
        totals = self.fleet.totals(self.context.kernel.now_s)
        if (totals.energy_wh < 0.0).any():
            raise AssertionError("a cabinet gave energy back")
        if (totals.lit_h > totals.due_h + 1e-6).any() or (totals.met_h > totals.lit_h + 1e-6).any():
            raise AssertionError("more lamps burned than should")
        if self.faults.broken - self.faults.mended != int(self.fleet.failed().sum()):
            raise AssertionError("lamps that failed are neither broken nor repaired")
