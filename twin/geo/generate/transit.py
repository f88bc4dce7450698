"""Lines of trams and buses as chains of real stops, for want of a timetable."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Assumption, Stop, TransitLine
from twin.model.errors import ModelError

__all__ = ["ASSUMPTIONS", "BUS_KM_H", "N_BUS_LINES", "TRAMS", "generate_lines"]

TRAMS: Mapping[str, tuple[str, ...]] = {
    "901": (
        "Obermarxloh Schleife",
        "Kopernikusstraße",
        "Hamborn Betriebshof",
        "Markgrafenstraße",
        "Morian-Stift",
        "Lohstraße",
        "Hermannstraße",
        "Marxloh Pollmann",
        "Wilfriedstraße",
        "Thyssen Verwaltung",
        "Matenastraße",
        "Thyssen Kokerei",
        "Beeck Denkmal",
        "Brauerei",
        "Stockumer Str.",
        "Neanderstr.",
        "Laar Kirche",
        "Scholtenhofstr.",
        "Thyssen Tor 30",
        "Ruhrort Bahnhof",
        "Friedrichsplatz",
        "Karlstraße",
        "Tausendfensterhaus",
        "Vinckeweg",
        "Albertstraße",
        "Landesarchiv NRW",
        "Rathaus",
        "König-Heinrich-Platz",
        "Hauptbahnhof",
        "Lutherplatz",
        "Schweizer Str.",
        "Zoo/Uni",
    ),
    "903": (
        "Watereck",
        "Vierlinden",
        "Fasanenstraße",
        "Walsum Betriebshof",
        "Walsum Rathaus",
        "Sonnenstraße",
        "Schwan",
        "Striepweg",
        "Heckmann",
        "Wolfstraße",
        "Marxloh Pollmann",
        "Rhein-Ruhr-Halle",
        "Hamborn Rathaus",
        "Hamborn Feuerwache",
        "Amsterdamer Straße",
        "Theodor-Heuss-Straße",
        "Landschaftspark Nord",
        "Brückelstraße",
        "Emilstraße",
        "Meiderich Südbahnhof",
        "Auf dem Damm",
        "Duissern U-Bahnhof",
        "Hauptbahnhof",
        "König-Heinrich-Platz",
        "Steinsche Gasse",
        "Platanenhof",
        "Brückenplatz",
        "Siechenhausstraße",
        "Pauluskirche",
        "Marienhospital",
        "Hochfeld Süd Bahnhof/RheinPark",
        "Fischerstraße",
        "Rheintörchenstraße",
        "Neuenhofstraße",
        "Ehinger Straße",
        "Heiligenbaumstraße",
        "Rheinstahl",
        "Tiger & Turtle",
        "Mannesmann Tor 1",
        "Mannesmann Tor 2",
    ),
    "u79": (
        "Meiderich Südbahnhof",
        "Auf dem Damm",
        "Duissern U-Bahnhof",
        "Hauptbahnhof",
        "König-Heinrich-Platz",
        "Steinsche Gasse",
        "Musfeldstr.",
        "Kremerstr.",
        "Karl-Jarres-Str.",
        "Grunewald",
        "Grunewald Betriebshof",
        "Kulturstraße",
        "Im Schlenk",
        "Waldfriedhof",
        "Münchener Straße",
        "Sittardsberg",
        "Mühlenkamp",
        "St. Anna Krankenhaus",
        "Kesselsberg",
    ),
}
"""Stops of the rail lines within the city, north to south, by name; the order is assumed."""

_TUNNEL = (
    "Meiderich Südbahnhof",
    "Auf dem Damm",
    "Duissern U-Bahnhof",
    "Hauptbahnhof",
    "König-Heinrich-Platz",
    "Steinsche Gasse",
    "Rathaus",
)
_RAIL_PEAK_S = {"901": 900.0, "903": 450.0, "u79": 450.0}
_RAIL_OFF_PEAK_S = 1800.0
_RAIL_PLACES = 200
_BUS_PLACES = 150
_BUS_HEADWAY_S = 1200.0
N_BUS_LINES = 28
BUS_KM_H = 19.0
_HUBS = (
    "Hauptbahnhof",
    "Meiderich Südbahnhof",
    "Hamborn Rathaus",
    "Marxloh Pollmann",
    "Ruhrort Bahnhof",
    "Rheinhausen Markt",
    "Bismarckplatz",
    "Walsum Rathaus",
    "Sittardsberg",
    "Buchholz S-Bahnhof",
)
_MERGE_M = 400.0
_NEIGHBOURS = 5
_LINE_M = (7_000.0, 15_000.0)
_SEEN_FACTOR = 1.6

ASSUMPTIONS = (
    Assumption(
        key="geo.transit.headway-peak-901",
        value=_RAIL_PEAK_S["901"],
        unit="s",
        mark="R",
        source="7.5/15 min at the peak, Wikipedia copy 2024-06; which line has which is K",
        used_by="lines.csv",
    ),
    Assumption(
        key="geo.transit.headway-peak-903-u79",
        value=_RAIL_PEAK_S["903"],
        unit="s",
        mark="R",
        source="7.5/15 min at the peak, Wikipedia copy 2024-06; which line has which is K",
        used_by="lines.csv",
    ),
    Assumption(
        key="geo.transit.headway-off-peak-rail",
        value=_RAIL_OFF_PEAK_S,
        unit="s",
        mark="R",
        source="30 min off peak, Wikipedia copy 2024-06",
        used_by="lines.csv",
    ),
    Assumption(
        key="geo.transit.places-tram",
        value=_RAIL_PLACES,
        unit="",
        mark="R",
        source="NF4, radiomuelheim.de 1622069; the U79 has other vehicles (K)",
        used_by="lines.csv",
    ),
    Assumption(
        key="geo.transit.places-bus",
        value=_BUS_PLACES,
        unit="",
        mark="R",
        source="articulated bus 47 + 103 places, DVG press release 2019-03-08; all buses (K)",
        used_by="lines.csv",
    ),
    Assumption(
        key="geo.transit.bus-lines",
        value=N_BUS_LINES,
        unit="",
        mark="K",
        source="so that some 102 to 163 buses are needed (DVG 2019; WAZ 407689672)",
        used_by="lines.csv",
    ),
    Assumption(
        key="geo.transit.bus-speed",
        value=BUS_KM_H,
        unit="km/h",
        mark="K",
        source="commercial speed 18 to 20 km/h",
        used_by="lines.csv",
    ),
    Assumption(
        key="geo.transit.headway-peak-bus",
        value=_BUS_HEADWAY_S,
        unit="s",
        mark="K",
        source="every 20 min at the peak, every 40 min off peak",
        used_by="lines.csv",
    ),
)


def generate_lines(stops: Sequence[Stop], rng: np.random.Generator) -> tuple[TransitLine, ...]:
    """Lay the three rail lines and some bus lines through the stops of the city.

    Parameters
    ----------
    stops : sequence of Stop
        Stops of the city.
    rng : numpy.random.Generator
        Source of chance; only the ends of bus lines hang on it.

    Returns
    -------
    tuple of TransitLine
        Rail first. Bus lines are numbered ``bus-01`` on: they are no lines of the timetable.

    Raises
    ------
    ModelError
        A stop of a rail line is not in the table.

    Notes
    -----
    A bus line runs from a hub to a far end or through the hub to another, by the shortest way
    over neighbouring stops; stops no line serves yet are preferred, so that few stay without.
    """
    rail = tuple(_rail(line, names, stops) for line, names in TRAMS.items())
    return rail + _Buses(stops).lines(rng)


def _rail(line: str, names: Sequence[str], stops: Sequence[Stop]) -> TransitLine:
    """Take of every name the rail stop with the last id: whole stations come after platforms."""
    chosen: list[Stop] = []
    for name in names:
        named = [stop for stop in stops if stop.name.removesuffix(", Duisburg") == name]
        rail = [stop for stop in named if {"tram", "subway"} & set(stop.modes)]
        if not rail:
            raise ModelError(f"line {line}: no rail stop is called {name!r}")
        chosen.append(max(rail, key=lambda s: s.id))
    return TransitLine(
        id=line,
        mode="tram",
        stops=tuple(stop.id for stop in chosen),
        vehicle_places=_RAIL_PLACES,
        headway_peak_s=_RAIL_PEAK_S[line],
        headway_s=_RAIL_OFF_PEAK_S,
        tunnel_stops=tuple(
            stop.id for stop, name in zip(chosen, names, strict=True) if name in _TUNNEL
        ),
    )


def _apart_m(one: Stop, other: Stop) -> float:
    return float(np.hypot(one.x_m - other.x_m, one.y_m - other.y_m))


class _Buses:
    """The net of bus stops and the lines laid over it so far."""

    def __init__(self, stops: Sequence[Stop]) -> None:
        self.stops = _merged(stop for stop in stops if "bus" in stop.modes)
        points = np.array([(stop.x_m, stop.y_m) for stop in self.stops])
        self.hops = _neighbours(points)
        self.n_lines = np.zeros(len(self.stops), dtype=np.int64)

    def lines(self, rng: np.random.Generator) -> tuple[TransitLine, ...]:
        hubs = [i for name in _HUBS for i in self._named(name)]
        lines = []
        for k in range(N_BUS_LINES):
            path = self._best(hubs[k % len(hubs)], rng)
            self.n_lines[path] += 1
            lines.append(
                TransitLine(
                    id=f"bus-{k + 1:02d}",
                    mode="bus",
                    stops=tuple(self.stops[i].id for i in path),
                    vehicle_places=_BUS_PLACES,
                    headway_peak_s=_BUS_HEADWAY_S,
                    headway_s=2.0 * _BUS_HEADWAY_S,
                )
            )
        return tuple(lines)

    def _named(self, name: str) -> list[int]:
        return [i for i, s in enumerate(self.stops) if s.name.removesuffix(", Duisburg") == name][
            :1
        ]

    def _best(self, hub: int, rng: np.random.Generator) -> list[int]:
        """Join the two branches from a hub that bring the most stops no line serves yet."""
        length_m, before = self._ways(hub)
        low, high = _LINE_M
        ends = [i for i in range(len(self.stops)) if low / 3 <= length_m[i] <= high]
        paths = {i: _walk(before, i) for i in ends}
        gain = {i: int((self.n_lines[paths[i]] == 0).sum()) + 0.5 * rng.random() for i in ends}
        first = max(ends, key=lambda i: gain[i])
        used = set(paths[first])
        rest = [
            i
            for i in ends
            if low <= length_m[first] + length_m[i] <= high and len(used & set(paths[i])) == 1
        ]
        if length_m[first] >= low and not rest:
            return paths[first]
        second = max(rest or ends, key=lambda i: gain[i] if i not in used else -1.0)
        branch = [i for i in paths[second] if i not in used]
        return [*reversed(paths[first]), *branch] if rest else paths[first]

    def _ways(self, start: int) -> tuple[dict[int, float], dict[int, int]]:
        """Find shortest ways (Dijkstra); hops to stops that have a line count for longer."""
        cost, length = {start: 0.0}, {start: 0.0}
        before: dict[int, int] = {}
        queue = [(0.0, start)]
        while queue:
            so_far, here = heapq.heappop(queue)
            if so_far > cost[here]:
                continue
            for there, hop_m in self.hops[here]:
                price = so_far + hop_m * (_SEEN_FACTOR if self.n_lines[there] else 1.0)
                if price < cost.get(there, np.inf):
                    cost[there], length[there] = price, length[here] + hop_m
                    before[there] = here
                    heapq.heappush(queue, (price, there))
        return {i: length.get(i, np.inf) for i in range(len(self.stops))}, before


def _walk(before: Mapping[int, int], end: int) -> list[int]:
    path = [end]
    while path[-1] in before:
        path.append(before[path[-1]])
    return path[::-1]


def _merged(stops: Iterable[Stop]) -> list[Stop]:
    """Keep one of the platforms that share a name and a place."""
    kept: list[Stop] = []
    by_name: dict[str, list[Stop]] = {}
    for stop in sorted(stops, key=lambda s: s.id):
        same = by_name.setdefault(stop.name, [])
        if all(_apart_m(stop, other) > _MERGE_M for other in same):
            same.append(stop)
            kept.append(stop)
    return kept


def _neighbours(points: NDArray[np.float64]) -> list[list[tuple[int, float]]]:
    """Join each point to its nearest ones, and islands to the point nearest to the rest."""
    away = np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
    hops: list[dict[int, float]] = [{} for _ in points]

    def join(i: int, j: int) -> None:
        hops[i][j] = hops[j][i] = float(away[i, j])

    for i, row in enumerate(away):
        for j in np.argsort(row, kind="stable")[1 : _NEIGHBOURS + 1].tolist():
            join(i, j)
    while True:
        reached, open_ = {0}, [0]
        while open_:
            new = [j for j in hops[open_.pop()] if j not in reached]
            reached.update(new)
            open_ += new
        outside = np.array([i for i in range(len(points)) if i not in reached], dtype=np.int64)
        if not outside.size:
            return [sorted(mine.items()) for mine in hops]
        inside = np.array(sorted(reached))
        gap = away[np.ix_(inside, outside)]
        nearest, column = divmod(int(gap.argmin()), gap.shape[1])
        join(int(inside[nearest]), int(outside[column]))
