"""Timetables in the General Transit Feed Specification, read with limits and cut to a city."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from twin.geo.projection import wgs84_to_utm
from twin.model.city import City, Stop
from twin.model.errors import ModelError
from twin.sim.transit_wifi.patterns import Pattern, pattern_of

__all__ = ["GtfsTimetable", "read_gtfs"]

_Floats = NDArray[np.float64]

MAX_ZIP_BYTES = 300 * 2**20
MAX_TABLE_BYTES = 2 * 2**30
MAX_ROWS = 20_000_000
"""Most bytes of a feed, bytes of one table unpacked, and rows of one table."""

_MAX_SECONDS = 72 * 3600
_MAX_STOPS = 300
_TUNNEL_M = 150.0
_CLOSEST_S = 20.0  # between departures at two stops: an assumption
_PLACES = {"tram": 200, "bus": 150}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class _Service:
    """Days of a service: weekdays within two dates, and exceptions."""

    weekdays: frozenset[int]
    begin: date
    end: date
    added: frozenset[date]
    removed: frozenset[date]

    def runs(self, day: date) -> bool:
        usual = self.begin <= day <= self.end and day.weekday() in self.weekdays
        return day in self.added or (usual and day not in self.removed)


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
        services: Mapping[str, _Service],
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
        ``calendar.txt`` or ``calendar_dates.txt``.
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

    References
    ----------
    .. [1] GTFS Schedule Reference, gtfs.org, revision of 2024-11: stops, routes (route_type and
       extended types), trips, stop_times, calendar, calendar_dates.
    """
    try:
        if path.stat().st_size > MAX_ZIP_BYTES:
            raise ModelError(f"{path.name}: larger than {MAX_ZIP_BYTES // 2**20} MiB")
        with zipfile.ZipFile(path) as archive:
            return _Reader(path.name, archive, city, margin_m).timetable()
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as err:
        raise ModelError(f"{path.name}: cannot be read as a zip file: {err}") from err


class _Reader:
    """One pass over the tables of a feed."""

    def __init__(self, name: str, archive: zipfile.ZipFile, city: City, margin_m: float) -> None:
        self._name, self._archive, self._city = name, archive, city
        points = np.array([point for ring in city.outline for point in ring])
        self._low, self._high = points.min(axis=0) - margin_m, points.max(axis=0) + margin_m
        self._tables = {info.filename: info for info in archive.infolist()}

    def timetable(self) -> GtfsTimetable:
        stops, routes = self._stops(), self._routes()
        services = self._services()
        trips = self._trips(routes, services)
        chains = self._chains(trips, stops)
        tunnel = self._tunnels(stops)
        number: dict[tuple[str, tuple[str, ...], tuple[float, ...]], int] = {}
        patterns: list[Pattern] = []
        begins: dict[tuple[int, str], list[float]] = {}
        for trip, chain in chains.items():
            route, service = trips[trip]
            chain.sort()
            names = tuple(stop for _, _, stop in chain)
            first_s = float(chain[0][1])
            offsets = tuple(float(at - chain[0][1]) for _, at, _ in chain)
            if len(names) < 2:
                continue
            self._check_chain(trip, names, offsets)
            line, mode = routes[route]
            key = (line, names, offsets)
            if key not in number:
                number[key] = len(patterns)
                places = _PLACES[mode]
                chosen = [stops[name] for name in names]
                patterns.append(
                    pattern_of(
                        line, mode, chosen, offset_s=_spread(offsets), tunnel=tunnel, places=places
                    )
                )
            begins.setdefault((number[key], service), []).append(first_s)
        if not patterns:
            raise ModelError(f"{self._name}: no tram or bus has two stops in {self._city.title}")
        return GtfsTimetable(tuple(patterns), begins, services)

    def _check_chain(self, trip: str, names: tuple[str, ...], offsets: tuple[float, ...]) -> None:
        if len(names) > _MAX_STOPS:
            raise ModelError(f"{self._name}: trip {trip!r} has {len(names)} stops")
        if any(b < a for a, b in pairwise(offsets)):
            raise ModelError(f"{self._name}: trip {trip!r} goes back in time")

    # Tables

    def _rows(self, table: str, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
        info = self._tables.get(table)
        if info is None:
            raise ModelError(f"{self._name}: has no {table}")
        if info.file_size > MAX_TABLE_BYTES:
            raise ModelError(f"{self._name}: {table} is larger than {MAX_TABLE_BYTES} bytes")
        with self._archive.open(info) as raw:
            limited = io.BufferedReader(cast(io.RawIOBase, _Limited(raw, self._name, table)))
            text = io.TextIOWrapper(limited, "utf-8-sig", newline="")
            reader = csv.DictReader(text)
            try:
                missing = [name for name in needed if name not in (reader.fieldnames or ())]
                if missing:
                    raise ModelError(f"{self._name}: {table} has no column {missing[0]!r}")
                for row_number, row in enumerate(reader, start=2):
                    if row_number > MAX_ROWS:
                        raise ModelError(f"{self._name}: {table} has more than {MAX_ROWS} rows")
                    if any(row[name] is None for name in needed):
                        raise ModelError(f"{self._name}: {table} row {row_number} is too short")
                    yield row_number, row
            except (csv.Error, UnicodeDecodeError, zipfile.BadZipFile) as err:
                raise ModelError(f"{self._name}: {table}: {err}") from err

    def _wrong(self, table: str, row: int, what: str) -> ModelError:
        return ModelError(f"{self._name}: {table} row {row}: {what}")

    def _stops(self) -> dict[str, Stop]:
        ids, names, degrees = [], [], []
        needed = ("stop_id", "stop_lat", "stop_lon")
        for number, row in self._rows("stops.txt", needed):
            if not row["stop_lat"].strip() or not row["stop_lon"].strip():
                continue  # allowed for generic nodes, which no trip calls at
            try:
                lat, lon = float(row["stop_lat"]), float(row["stop_lon"])
            except ValueError as err:
                raise self._wrong("stops.txt", number, "stop_lat or stop_lon no number") from err
            if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
                raise self._wrong("stops.txt", number, f"no place on earth: {lat}, {lon}")
            if abs(lat - self._city.lat_deg) < 2.0 and abs(lon - self._city.lon_deg) < 3.0:
                ids.append(row["stop_id"])
                names.append(row.get("stop_name") or row["stop_id"])
                degrees.append((lon, lat))
        if not ids:
            return {}
        x, y = wgs84_to_utm(*np.array(degrees).T)
        inside = (x >= self._low[0]) & (x <= self._high[0])
        inside &= (y >= self._low[1]) & (y <= self._high[1])
        return {
            ids[k]: Stop(id=ids[k], name=names[k], x_m=float(x[k]), y_m=float(y[k]), modes=())
            for k in np.flatnonzero(inside)
        }

    def _routes(self) -> dict[str, tuple[str, str]]:
        found = {}
        for number, row in self._rows("routes.txt", ("route_id", "route_type")):
            try:
                mode = _mode(int(row["route_type"]))
            except ValueError as err:
                raise self._wrong("routes.txt", number, "route_type is no number") from err
            if mode:
                name = row.get("route_short_name") or row.get("route_long_name")
                found[row["route_id"]] = (name or row["route_id"], mode)
        return found

    def _trips(
        self, routes: Mapping[str, tuple[str, str]], services: Mapping[str, _Service]
    ) -> dict[str, tuple[str, str]]:
        found = {}
        for number, row in self._rows("trips.txt", ("trip_id", "route_id", "service_id")):
            if row["route_id"] in routes:
                if row["service_id"] not in services:
                    what = f"service {row['service_id']!r} has no calendar"
                    raise self._wrong("trips.txt", number, what)
                found[row["trip_id"]] = (row["route_id"], row["service_id"])
        return found

    def _chains(
        self, trips: Mapping[str, object], stops: Mapping[str, Stop]
    ) -> dict[str, list[tuple[int, int, str]]]:
        """Collect the stops in the city by trip: place in the order, second of departure, stop."""
        found: dict[str, list[tuple[int, int, str]]] = {}
        needed = ("trip_id", "stop_id", "stop_sequence", "departure_time")
        table = "stop_times.txt"
        for number, row in self._rows(table, needed):
            if row["trip_id"] not in trips or row["stop_id"] not in stops:
                continue
            text = row["departure_time"] or row.get("arrival_time") or ""
            if not text.strip():
                continue  # times between time points may be left out
            try:
                at, order = _seconds(text), int(row["stop_sequence"])
            except ValueError as err:
                raise self._wrong(table, number, f"time or sequence: {err}") from err
            found.setdefault(row["trip_id"], []).append((order, at, row["stop_id"]))
        return found

    def _services(self) -> dict[str, _Service]:
        usual: dict[str, tuple[frozenset[int], date, date]] = {}
        added: dict[str, set[date]] = {}
        removed: dict[str, set[date]] = {}
        if "calendar.txt" in self._tables:
            columns = ("service_id", "start_date", "end_date", *_WEEKDAYS)
            for number, row in self._rows("calendar.txt", columns):
                days = frozenset(k for k, name in enumerate(_WEEKDAYS) if row[name] == "1")
                begin, end = (
                    self._date("calendar.txt", number, row[name])
                    for name in ("start_date", "end_date")
                )
                usual[row["service_id"]] = (days, begin, end)
        if "calendar_dates.txt" in self._tables:
            needed = ("service_id", "date", "exception_type")
            for number, row in self._rows("calendar_dates.txt", needed):
                day = self._date("calendar_dates.txt", number, row["date"])
                days_of = added if row["exception_type"] == "1" else removed
                days_of.setdefault(row["service_id"], set()).add(day)
        if not usual and not added:
            raise ModelError(f"{self._name}: has neither calendar.txt nor calendar_dates.txt")
        never = (frozenset[int](), date.max, date.min)
        return {
            name: _Service(
                *usual.get(name, never),
                frozenset(added.get(name, ())),
                frozenset(removed.get(name, ())),
            )
            for name in sorted({*usual, *added, *removed})
        }

    def _date(self, table: str, number: int, text: str) -> date:
        try:
            return datetime.strptime(text.strip(), "%Y%m%d").date()
        except ValueError as err:
            raise self._wrong(table, number, f"{text[:20]!r} is no date") from err

    def _tunnels(self, stops: Mapping[str, Stop]) -> frozenset[str]:
        """Find the stops at the stations below ground that the city file knows."""
        below = {name for line in self._city.lines for name in line.tunnel_stops}
        at = np.array([(s.x_m, s.y_m) for s in self._city.stops if s.id in below]).reshape(-1, 2)
        if not at.size:
            return frozenset()
        return frozenset(
            name
            for name, stop in stops.items()
            if np.hypot(at[:, 0] - stop.x_m, at[:, 1] - stop.y_m).min() <= _TUNNEL_M
        )


class _Limited(io.RawIOBase):
    """Bytes of a table, no more than allowed whatever the directory of the zip file says."""

    def __init__(self, raw: IO[bytes], name: str, table: str) -> None:
        super().__init__()
        self._raw, self._left = raw, MAX_TABLE_BYTES
        self._what = f"{name}: {table}"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._raw.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise ModelError(f"{self._what} is larger than {MAX_TABLE_BYTES} bytes")
        buffer[: len(data)] = data
        return len(data)


def _mode(route_type: int) -> str:
    """Mode of a basic or extended route type; empty for trains, ferries and others."""
    if route_type in (0, 1) or 400 <= route_type < 500 or 900 <= route_type < 1000:
        return "tram"
    return "bus" if route_type in (3, 11) or 700 <= route_type < 900 else ""


def _seconds(text: str) -> int:
    """Seconds after midnight of H:MM:SS, which may be past 24 h."""
    hours, minutes, seconds = (int(part) for part in text.strip().split(":"))
    if not (hours >= 0 and 0 <= minutes < 60 and 0 <= seconds < 60):
        raise ValueError(f"{text!r} is no time")
    total = 3600 * hours + 60 * minutes + seconds
    if total > _MAX_SECONDS:
        raise ValueError(f"{text!r} is too late")
    return total


def _spread(offsets: tuple[float, ...]) -> list[float]:
    """Part departures in the same minute, as timetables are in whole minutes. [s]."""
    at = list(offsets)
    for k in range(1, len(at)):
        at[k] = max(at[k], at[k - 1] + _CLOSEST_S)
    return at
