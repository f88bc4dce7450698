"""Timetables in the General Transit Feed Specification, read with limits and cut to a city."""

from __future__ import annotations

import zipfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.geo.projection import wgs84_to_utm
from twin.model.city import City, Stop
from twin.model.errors import ModelError
from twin.sim.transit_wifi import gtfs_tables
from twin.sim.transit_wifi.assumptions import figure
from twin.sim.transit_wifi.gtfs_calendar import Headways, Service, read_headways, read_services
from twin.sim.transit_wifi.gtfs_tables import BROKEN_ZIP, Tables, one_line, seconds
from twin.sim.transit_wifi.patterns import Pattern, pattern_of

__all__ = ["GtfsTimetable", "read_gtfs"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int32]

_MAX_STOPS = 300


class GtfsTimetable:
    """Patterns of a feed and when they are run.

    Parameters
    ----------
    patterns : tuple of Pattern
        Chains of stops; trips with other running times are other patterns.
    trips : mapping
        Planned departures [s after midnight] by number of pattern and name of the service.
    services : mapping
        Days of each service.
    """

    def __init__(
        self,
        patterns: tuple[Pattern, ...],
        trips: Mapping[tuple[int, str], Sequence[float]],
        services: Mapping[str, Service],
    ) -> None:
        self.patterns = patterns
        self._trips, self._services = dict(trips), dict(services)

    def departures(self, day: datetime) -> list[_Floats]:
        """Planned departures of each pattern on a day of service, seconds after midnight. [s]."""
        found: list[list[float]] = [[] for _ in self.patterns]
        for (k, service), times in self._trips.items():
            if self._services[service].runs(day.date()):
                found[k].extend(times)
        return [np.sort(np.array(times)) for times in found]


def read_gtfs(path: Path, city: City, *, margin_m: float = 1000.0) -> GtfsTimetable:
    """Read the trams and buses of a city from a feed.

    Parameters
    ----------
    path : Path
        Zip file with ``stops.txt``, ``routes.txt``, ``trips.txt``, ``stop_times.txt``, and
        ``calendar.txt`` or ``calendar_dates.txt``; ``frequencies.txt`` if it has one.
    city : City
        Trips are cut to the stops within the box around its outline.
    margin_m : float
        So far outside the box counts too. [m]

    Returns
    -------
    GtfsTimetable
        Trips with at least two stops in the city.

    Raises
    ------
    ModelError
        Not a feed, too large, or a row that makes no sense; one line with table and row.

    Notes
    -----
    Tables are read row by row, and only what calls at a stop of the city is kept, 16 octets a
    call: a feed of a whole region needs little more memory than the city's part of it.

    References
    ----------
    .. [1] GTFS Schedule Reference, gtfs.org, revision of 2024-11: stops, routes (route_type and
       extended types), trips, stop_times, calendar, calendar_dates, frequencies.
    """
    try:
        if path.exists() and not path.is_file():
            raise ModelError(f"{path}: is no file, but a folder or a device")
        if path.stat().st_size > gtfs_tables.MAX_ZIP_BYTES:
            most_mib = gtfs_tables.MAX_ZIP_BYTES // 2**20
            raise ModelError(f"{path.name}: larger than {most_mib} MiB")
        with zipfile.ZipFile(path) as archive:
            return _Reader(Tables(path.name, archive), city, margin_m).timetable()
    except BROKEN_ZIP as err:
        what = one_line(err)
        raise ModelError(f"{path.name}: cannot be read as a zip file: {what}") from err


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls at stops of the city, sorted by trip and place in its order.

    `at_s` is -1 where the feed leaves the time out.
    """

    trips: tuple[str, ...]
    trip: _Ints
    order: _Ints
    at_s: _Ints
    stop: _Ints

    def chains(self) -> Iterator[tuple[int, _Ints, _Ints]]:
        """Give trip, stops and times [s] of every trip, those in between worked out."""
        begins = np.flatnonzero(np.diff(self.trip, prepend=np.int32(-1)))
        ends = np.append(begins, self.trip.size)[1:]
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            stop, at_s = self.stop[begin:end], self.at_s[begin:end]
            known = np.flatnonzero(at_s >= 0)
            if known.size < at_s.size:
                if not known.size:
                    continue
                inner = slice(int(known[0]), int(known[-1]) + 1)  # beyond the outer time points
                order = self.order[begin:end]
                at_s = np.interp(order[inner], order[known], at_s[known]).astype(np.int32)
                stop = stop[inner]
            yield int(self.trip[begin]), stop, at_s


class _Reader:
    """One pass over the tables of a feed, the small ones first."""

    def __init__(self, tables: Tables, city: City, margin_m: float) -> None:
        self._tables, self._city = tables, city
        points = np.array([point for ring in city.outline for point in ring])
        self._low, self._high = points.min(axis=0) - margin_m, points.max(axis=0) + margin_m

    def timetable(self) -> GtfsTimetable:
        stops, routes = self._stops(), self._routes()
        headways = read_headways(self._tables)
        calls = self._calls({stop.id: k for k, stop in enumerate(stops)}, headways)
        trips, first_rows = self._trips(routes, calls.trips)
        services = read_services(self._tables, first_rows)
        tunnel = self._tunnels(stops)
        number: dict[tuple[str, bytes, bytes], int] = {}
        patterns: list[Pattern] = []
        begins: dict[tuple[int, str], list[float]] = {}
        for k, stop, at_s in calls.chains():
            if k not in trips or stop.size < 2:
                continue
            name = calls.trips[k]
            self._check_chain(name, at_s)
            route, service = trips[k]
            line, mode = routes[route]
            offset_s = at_s - at_s[0]
            key = (f"{mode}/{line}", stop.tobytes(), offset_s.tobytes())
            if key not in number:
                number[key] = len(patterns)
                patterns.append(
                    pattern_of(
                        line,
                        mode,
                        [stops[i] for i in stop],
                        offset_s=_spread(offset_s.tolist()),
                        tunnel=tunnel if mode == "tram" else frozenset(),
                        places=round(figure(f"{mode}_places")),
                    )
                )
            first = int(at_s[0])
            times = headways[name].begins(first).tolist() if name in headways else [float(first)]
            begins.setdefault((number[key], service), []).extend(times)
        if not patterns:
            what = f"no tram or bus has two stops in {self._city.title}"
            raise ModelError(f"{self._tables.name}: {what}")
        return GtfsTimetable(tuple(patterns), begins, services)

    def _check_chain(self, trip: str, at_s: _Ints) -> None:
        if at_s.size > _MAX_STOPS:
            raise ModelError(f"{self._tables.name}: trip {trip!r} has {at_s.size} stops")
        if (np.diff(at_s) < 0).any():
            raise ModelError(f"{self._tables.name}: trip {trip!r} goes back in time")

    # Tables

    def _stops(self) -> list[Stop]:
        """Read the stops in the city; one without a place is where its station is."""
        names: dict[str, str] = {}
        places: dict[str, tuple[float, float]] = {}
        parents: dict[str, str] = {}
        columns = ("stop_id", "stop_lat", "stop_lon")
        more = ("stop_name", "parent_station")
        for number, (stop, lat, lon, name, parent) in self._tables.rows("stops.txt", columns, more):
            if lat.strip() and lon.strip():
                place = self._place(number, lat, lon)
                if place is None:
                    continue
                places[stop] = place
            elif parent:
                parents[stop] = parent
            else:
                continue  # allowed for generic nodes, which no trip calls at
            names[stop] = name or stop
        places |= {stop: places[up] for stop, up in parents.items() if up in places}
        if not places:
            return []
        lat_deg, lon_deg = np.array(list(places.values())).T
        x, y = wgs84_to_utm(lon_deg, lat_deg)
        inside = (x >= self._low[0]) & (x <= self._high[0])
        inside &= (y >= self._low[1]) & (y <= self._high[1])
        ids = list(places)
        return [
            Stop(id=ids[k], name=names[ids[k]], x_m=float(x[k]), y_m=float(y[k]), modes=())
            for k in np.flatnonzero(inside)
        ]

    def _place(self, number: int, lat_text: str, lon_text: str) -> tuple[float, float] | None:
        """Latitude and longitude of a stop; None far from the city, where UTM is of no use."""
        try:
            lat, lon = float(lat_text), float(lon_text)
        except ValueError as err:
            what = "stop_lat or stop_lon no number"
            raise self._tables.wrong("stops.txt", number, what) from err
        if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
            raise self._tables.wrong("stops.txt", number, f"no place on earth: {lat}, {lon}")
        near = abs(lat - self._city.lat_deg) < 2.0 and abs(lon - self._city.lon_deg) < 3.0
        return (lat, lon) if near else None

    def _routes(self) -> dict[str, tuple[str, str]]:
        found = {}
        columns, more = ("route_id", "route_type"), ("route_short_name", "route_long_name")
        for number, row in self._tables.rows("routes.txt", columns, more):
            route, kind, short, long = row
            try:
                mode = _mode(int(kind))
            except ValueError as err:
                what = "route_type is no number"
                raise self._tables.wrong("routes.txt", number, what) from err
            if mode:
                found[route] = (short or long or route, mode)
        return found

    def _calls(self, stops: Mapping[str, int], headways: Mapping[str, Headways]) -> _Calls:
        """Collect the calls at stops of the city, of trips of any mode."""
        number_of: dict[str, int] = {}
        columns = tuple(array("i") for _ in range(4))
        table, needed = "stop_times.txt", ("trip_id", "stop_id", "stop_sequence")
        once = lru_cache(maxsize=200_000)(seconds)
        more = ("departure_time", "arrival_time")
        for number, (trip, stop, order, leaves, comes) in self._tables.rows(table, needed, more):
            at, often = stops.get(stop, -1), headways.get(trip)
            if at < 0 and often is None:
                continue
            try:
                text = leaves or comes
                at_s, place = once(text) if text.strip() else -1, int(order)
                if often is not None:
                    often.see(place, at_s)
                if at >= 0:
                    k = number_of.setdefault(trip, len(number_of))
                    for column, each in zip(columns, (k, place, at_s, at), strict=True):
                        column.append(each)
            except (ValueError, OverflowError) as err:
                raise self._tables.wrong(table, number, f"time or sequence: {err}") from err
        trip_no, place_no, time, at_stop = (np.array(column, np.int32) for column in columns)
        sort = np.lexsort((place_no, trip_no))
        return _Calls(tuple(number_of), trip_no[sort], place_no[sort], time[sort], at_stop[sort])

    def _trips(
        self, routes: Mapping[str, tuple[str, str]], calling: Sequence[str]
    ) -> tuple[dict[int, tuple[str, str]], dict[str, int]]:
        """Read route and service of trips that call here, and which row first names a service."""
        number_of = {trip: k for k, trip in enumerate(calling)}
        found: dict[int, tuple[str, str]] = {}
        first_rows: dict[str, int] = {}
        needed = ("trip_id", "route_id", "service_id")
        for number, (trip, route, service) in self._tables.rows("trips.txt", needed):
            k = number_of.get(trip)
            if k is not None and route in routes:
                found[k] = (route, service)
                first_rows.setdefault(service, number)
        return found, first_rows

    def _tunnels(self, stops: Sequence[Stop]) -> frozenset[str]:
        """Find the stops at the stations below ground that the city file knows."""
        below = {name for line in self._city.lines for name in line.tunnel_stops}
        at = np.array([(s.x_m, s.y_m) for s in self._city.stops if s.id in below]).reshape(-1, 2)
        if not at.size:
            return frozenset()
        return frozenset(
            stop.id
            for stop in stops
            if np.hypot(at[:, 0] - stop.x_m, at[:, 1] - stop.y_m).min() <= figure("tunnel_match_m")
        )


def _mode(route_type: int) -> str:
    """Mode of a basic or extended route type; empty for trains, ferries and others."""
    if route_type in (0, 1, 5) or 400 <= route_type < 500 or 900 <= route_type < 1000:
        return "tram"
    return "bus" if route_type in (3, 11) or 700 <= route_type < 900 else ""


def _spread(offsets: Sequence[float]) -> list[float]:
    """Part departures in the same minute, as timetables are in whole minutes. [s]."""
    at = [float(each) for each in offsets]
    for k in range(1, len(at)):
        at[k] = max(at[k], at[k - 1] + figure("closest_stops_s"))
    return at
