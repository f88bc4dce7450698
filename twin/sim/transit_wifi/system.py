"""Trams and buses with Wi-Fi on board, from the timetable to the bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from twin.sim.system import Action, Context, DeviceFleet, Kpi, Moment, System
from twin.sim.transit_wifi.lines import TramPosition
from twin.sim.transit_wifi.onboard import Onboard
from twin.sim.transit_wifi.operation import MODES, Operation, Sums
from twin.sim.transit_wifi.patterns import HeadwayTimetable, Timetable
from twin.sim.transit_wifi.verbs import transit_actions
from twin.sim.wifi import VEHICLE

__all__ = ["TIMETABLE_KEY", "TransitWifi"]

TIMETABLE_KEY = "timetable"
"""Under this name a run may put another timetable, such as one of GTFS, into `Context.shared`."""


class TransitWifi(System):
    """Public transport of a city, its passengers, and their Wi-Fi.

    Notes
    -----
    Lines are those of the city file at their headways, unless the run has a timetable. Where only
    some devices are managed and none of them stands on a vehicle, nothing is simulated.
    """

    name: ClassVar[str] = "transit_wifi"
    tables = ("transit_vehicles",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        city = context.city
        self.operation: Operation | None = None
        self.onboard: Onboard | None = None
        self.moments: list[Moment] = []
        rides = [ap.id for ap in city.access_points if ap.placement == "vehicle"]
        if context.managed is not None and not context.managed.intersection(rides):
            return
        timetable: Timetable = HeadwayTimetable(city)
        given = context.shared.get(TIMETABLE_KEY)
        if isinstance(given, Timetable):
            timetable = given
        if not timetable.patterns:
            return
        residents = sum(cell.residents for cell in city.census)
        self.operation = Operation(
            context, self.name, timetable, residents, self._boarded, self._ended
        )
        self.onboard = Onboard(context, self.operation.vehicles)

    def start(self) -> None:
        """Put vehicles on their way."""
        if self.operation is not None and self.onboard is not None:
            self.operation.start()
            self.onboard.start()

    def _boarded(self, vehicle: int, passengers: int) -> None:
        if self.onboard is not None:
            self.onboard.board(vehicle, passengers)

    def _ended(self, vehicle: int) -> None:
        if self.onboard is not None:
            self.onboard.empty(vehicle)

    # What others ask

    def trams(self) -> tuple[TramPosition, ...]:
        """Return the trams that run now."""
        return tuple(each for each in self.positions() if each.id.startswith("tram"))

    def positions(self) -> tuple[TramPosition, ...]:
        """Return the vehicles that run now; `stop` is empty between two stops."""
        if self.operation is None:
            return ()
        vehicles, now_s = self.operation.vehicles, self.context.kernel.now_s
        x, y = vehicles.positions(now_s)
        stands = vehicles.stands(now_s)
        return tuple(
            TramPosition(
                id=vehicles.ids[i],
                x_m=float(x[i]),
                y_m=float(y[i]),
                passengers=int(vehicles.passengers[i]),
                stop=vehicles.stop[i] if stands[i] else "",
            )
            for i in vehicles.running()
        )

    def fleets(self) -> Mapping[str, DeviceFleet]:
        """Return the access points on vehicles."""
        return {} if self.onboard is None else self.onboard.fleets()

    def devices(self) -> Mapping[str, str]:
        """Return the managed access points on vehicles."""
        return {} if self.onboard is None else self.onboard.devices()

    def kpis(self) -> Mapping[str, Kpi]:
        """Return figures since the start."""
        tram, bus = (self._sums(mode) for mode in MODES)
        found = {
            "vehicle_km": Kpi((tram.run_m + bus.run_m) / 1e3, "km"),
            "reliability_tram_percent": Kpi(_percent(tram.run_m, tram.planned_m), "%"),
            "reliability_bus_percent": Kpi(_percent(bus.run_m, bus.planned_m), "%"),
            "punctual_tram_percent": Kpi(_percent(tram.punctual, tram.departures), "%", "< 6 min"),
            "punctual_bus_percent": Kpi(_percent(bus.punctual, bus.departures), "%", "< 6 min"),
            "passengers": Kpi(tram.boarded + bus.boarded, "boardings"),
            "left_behind": Kpi(tram.left_behind + bus.left_behind, "people", "no room, they wait"),
        }
        if self.operation is not None:
            found["vehicles"] = Kpi(len(self.operation.vehicles.ids), "vehicles")
        return found | self._wifi_kpis()

    def _wifi_kpis(self) -> dict[str, Kpi]:
        onboard = self.onboard
        if onboard is None:
            names = {"sessions": "sessions", "traffic_gb": "GB", "outage_s_per_vehicle_h": "s/h"}
            names |= {"traffic_over_cells_gb": "GB"}
            names |= dict.fromkeys(("dropped_traffic_percent", "backhaul_given_percent"), "%")
            return {name: Kpi(0.0, unit) for name, unit in names.items()}
        traffic = onboard.air.fleet.traffic
        hours, backhaul = onboard.running_s / 3600.0, onboard.backhaul
        came = backhaul.cells_bits + backhaul.other_bits
        dropped = float(traffic.dropped_bits[VEHICLE])
        offered = float(traffic.offered_bits[VEHICLE])
        sums = {"min": "min", "mb": "MB", "mbps": "Mbit/s"}
        figures = {
            name: Kpi(value, sums[name.rpartition("_")[2]])
            for name, value in onboard.figures().items()
        }
        return {
            "sessions": Kpi(onboard.begun, "sessions"),
            "traffic_gb": Kpi(float(traffic.served_bits[VEHICLE]) / 8e9, "GB"),
            "dropped_traffic_percent": Kpi(100.0 * dropped / offered if offered else 0.0, "%"),
            "traffic_over_cells_gb": Kpi(
                backhaul.cells_bits / 8e9, "GB", "load of the simulated cells"
            ),
            "backhaul_given_percent": Kpi(
                _percent(came, backhaul.asked_bits), "%", "of what routers ask for in a step"
            ),
            **figures,
            "outage_s_per_vehicle_h": Kpi(
                onboard.outage_s / hours if hours else 0.0, "s/h", "tunnels and holes in coverage"
            ),
        }

    def _sums(self, mode: str) -> Sums:
        return Sums() if self.operation is None else self.operation.sums[mode]

    def gauges(self) -> Mapping[str, float]:
        """Return vehicles, passengers and traffic now."""
        if self.operation is None or self.onboard is None:
            return {}
        vehicles, fleet = self.operation.vehicles, self.onboard.air.fleet
        return {
            "vehicles": float(vehicles.is_running.sum()),
            "passengers": float(vehicles.passengers.sum()),
            "clients": float(fleet.clients_of_use(VEHICLE)),
            "throughput_mbps": float(fleet.traffic.served_bps.sum()) / 1e6,
        }

    def story(self) -> tuple[Moment, ...]:
        """Return what scenarios have done."""
        return tuple(self.moments)

    def actions(self) -> Mapping[str, Action]:
        """Return what a scenario can do: disrupt, fail, demand, repeaters."""
        return transit_actions(self)

    def check_invariants(self) -> None:
        """Nobody and no bit is lost.

        Raises
        ------
        AssertionError
            Passengers, sessions or bits do not add up.
        """
        if self.operation is None or self.onboard is None:
            return
        for mode in MODES:
            sums, operation = self.operation.sums[mode], self.operation
            if sums.came != sums.boarded + operation.waiting(mode):
                raise AssertionError(f"{mode}: {sums.came} came, {sums.boarded} boarded")
            if sums.boarded != sums.alighted + operation.aboard(mode):
                raise AssertionError(f"{mode}: {sums.boarded} boarded, {sums.alighted} alighted")
        onboard, fleet = self.onboard, self.onboard.air.fleet
        if onboard.begun != onboard.ended + fleet.stations.size:
            raise AssertionError("transit_wifi: sessions that began have neither ended nor run")
        traffic = fleet.traffic
        offered = float(traffic.offered_bits[VEHICLE])
        booked = float(traffic.served_bits[VEHICLE] + traffic.dropped_bits[VEHICLE])
        booked += fleet.queued_bits(VEHICLE)
        if abs(offered - booked) > 1e-6 * max(offered, 1.0):
            raise AssertionError(f"transit_wifi: {offered} bits offered, {booked} booked")
        backhaul, served = onboard.backhaul, float(traffic.served_bits[VEHICLE])
        backhaul.check()
        if abs(backhaul.passed_bits - served) > 1e-6 * max(served, 1.0):
            raise AssertionError(f"transit_wifi: {served} bits served, not all came by a router")


def _percent(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole else 100.0
