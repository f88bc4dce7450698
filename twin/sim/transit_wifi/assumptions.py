"""What public transport and its Wi-Fi take for granted, with where each figure comes from."""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "figure"]

_K = "general knowledge, unchecked"


def _a(key: str, value: float, unit: str, mark: str, source: str, used_by: str) -> Assumption:
    return Assumption(
        key=f"transit_wifi.{key}", value=value, unit=unit, mark=mark, source=source, used_by=used_by
    )


ASSUMPTIONS: tuple[Assumption, ...] = (
    _a("riders_per_resident_day", 174_000 / 488_000, "1/d", "C",
       "some 174,000 a day in 2015 (61.6 M a year, WAZ), half by rail; 488,000 residents",
       "boardings of a working day"),
    _a("riders_per_vehicle_day", 770.0, "1/d", "C", "174,000 riders, 163 buses and 64 trains, WAZ",
       "boardings in a city without a census"),
    _a("weekend_share", 0.6, "1", "K", _K, "riders on Saturdays, Sundays and public holidays"),
    _a("ride_stops", 8.0, "1", "K", _K, "mean ride, geometric"),
    _a("tram_speed_kmh", 19.5, "km/h", "K", "19 to 20 km/h with stops", "planned running times"),
    _a("bus_speed_kmh", 19.0, "km/h", "K", "18 to 20 km/h with stops", "planned running times"),
    _a("detour", 1.1, "1", "K", _K, "track or street over the straight line between stops"),
    _a("dwell_s", 20.0, "s", "K", "15 to 25 s", "of the running time, standing"),
    _a("service_from_h", 4.5, "h", "K", _K, "first departures"),
    _a("service_to_h", 24.5, "h", "K", _K, "last departures"),
    _a("peak_from_h", 6.0, "h", "K", _K, "peak headway, working days"),
    _a("peak_to_h", 19.0, "h", "K",
       "903 every 30 min after 21 to 22 h, saarbruecker-zeitung 7139507", "peak headway"),
    _a("punctual_rail_percent", 79.1, "%", "R", "under 6 min, 2024, DVG press 2025-08-06",
       "spread of delays"),
    _a("punctual_bus_percent", 85.6, "%", "R", "under 6 min, 2024, DVG press 2025-08-06",
       "spread of delays"),
    _a("delay_step_s", 18.0, "s", "K", _K, "spread of what a run between two stops adds, uniform"),
    _a("reliable_rail_percent", 86.3, "%", "R", "km run over planned, 2024, DVG 2025-08-06",
       "departures that take place"),
    _a("reliable_bus_percent", 93.6, "%", "R", "km run over planned, 2024, DVG 2025-08-06",
       "departures that take place"),
    _a("reserve", 1.15, "1", "K", _K, "vehicles over those the timetable needs at once"),
    _a("layover_s", 300.0, "s", "K", _K, "between two trips of a vehicle"),
    _a("logins_per_boarding", 80.0 / 770.0, "1", "C",
       "80 log-ins (Remscheid, rga.de 91524707), 770 riders a vehicle and day (2015)",
       "sessions on board"),
    _a("session_min", 13.5, "min", "C",
       "so that sessions, which end at the terminus at the latest, last the 12 min of "
       "Wuppertal's buses (bergischeblaetter.de, WDR 2019-06)",
       "sessions on board, exponential"),
    _a("session_bps", 311e3, "bit/s", "C",
       "84 TB in 600,000 h, Wuppertal buses, WDR 2019-06", "mean demand; 28 MB in 12 min"),
    _a("demand_sigma", 1.0, "1", "K", _K, "spread of the demand of sessions, lognormal"),
    _a("wifi_share", 1.0, "1", "K",
       "all NF4 trams; of the buses only 13 new ones in 2019", "vehicles with an access point"),
    _a("ap_24_power_dbm", 10.0, "dBm", "K", _K, "on-board radio at 2.4 GHz"),
    _a("ap_5_power_dbm", 13.0, "dBm", "K", "40 mW EIRP are allowed in vehicles",
       "on-board radio at 5150 to 5250 MHz"),
    _a("ap_gain_dbi", 3.0, "dBi", "K", _K, "on-board antennas"),
    _a("router_bps", 150e6, "bit/s", "K", "LTE Cat 6 to 12, two SIMs; half the peak of Cat 6",
       "most a router carries"),
    _a("nr_router_share", 0.0, "1", "K", "routers are LTE Cat 6 to 12",
       "vehicles whose router knows 5G"),
    _a("backhaul_bps", 25e6, "bit/s", "K", _K, "router where no cells are simulated"),
    _a("longest_gap_s", 3600.0, "s", "K", _K, "people come to a stop at most so long before"),
    _a("shortest_run_share", 0.6, "1", "K", _K, "of the planned time between stops, when late"),
    _a("gap_before_s", 900.0, "s", "K", _K, "since the vehicle before the run began"),
    _a("tram_places", 200.0, "1", "R", "NF4, radiomuelheim 1622069",
       "vehicles of a timetable that does not say"),
    _a("bus_places", 150.0, "1", "R", "articulated, 47 + 103, dvg press 2019-03-08",
       "vehicles of a timetable that does not say"),
    _a("closest_stops_s", 20.0, "s", "K", "timetables are in whole minutes",
       "least time between departures at two stops"),
    _a("tunnel_match_m", 150.0, "m", "K", _K,
       "a tram stop of a timetable is the tunnel station so near to it"),
    _a("idle_s", 300.0, "s", "K", _K, "a vehicle idle for so long may be sent elsewhere"),
    _a("repeater_bps", 20e6, "bit/s", "K", "tunnel stations have repeaters, tunnels do not",
       "router at a tunnel station"),
)  # fmt: skip

figure = reader_of("transit_wifi", ASSUMPTIONS)
"""Reads a figure by its key without ``transit_wifi.``, in the unit given above."""
