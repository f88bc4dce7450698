"""Chains of stops as vehicles run them: where, how far, how long, and in which tunnel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.model.city import City, Stop, TransitLine
from twin.sim.holidays import is_workday
from twin.sim.transit_wifi.assumptions import figure
from twin.sim.transit_wifi.lines import find_line

__all__ = ["HeadwayTimetable", "Pattern", "Timetable", "pattern_of"]

_Floats = NDArray[np.float64]

_STRIDE = 0.6180339887  # golden section: multiples of it spread evenly, however many there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One direction of a line.

    Parameters
    ----------
    line, mode : str
        Name of the line; ``tram`` or ``bus``.
    stops : tuple of str
        Ids in order.
    names : tuple of str
        Their names.
    x_m, y_m : tuple of float
        Where they are. [m]
    hop_m : tuple of float
        Way from each stop to the next. [m]
    offset_s : tuple of float
        Planned departure at each stop after that at the first. [s]
    is_tunnel : tuple of bool
        Stations below ground; between two of them the vehicle is in the tunnel.
    places : int
        Passengers a vehicle takes.
    """

    line: str
    mode: str
    stops: tuple[str, ...]
    names: tuple[str, ...]
    x_m: tuple[float, ...]
    y_m: tuple[float, ...]
    hop_m: tuple[float, ...]
    offset_s: tuple[float, ...]
    is_tunnel: tuple[bool, ...]
    places: int

    @property
    def length_m(self) -> float:
        """Length of the whole chain. [m]."""
        return sum(self.hop_m)


@runtime_checkable
class Timetable(Protocol):
    """Patterns and when they are run."""

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """All patterns."""
        ...

    def departures(self, day: datetime) -> list[_Floats]:
        """Planned departures of each pattern on a day of service, seconds after midnight. [s]."""
        ...


def pattern_of(
    line: str,
    mode: str,
    stops: Sequence[Stop],
    *,
    offset_s: Sequence[float] = (),
    tunnel: frozenset[str] = frozenset(),
    places: int,
) -> Pattern:
    """Make a pattern of stops; without planned times they follow from the commercial speed."""
    x, y = np.array([s.x_m for s in stops]), np.array([s.y_m for s in stops])
    hop_m = np.hypot(np.diff(x), np.diff(y)) * figure("detour")
    if not offset_s:
        speed_m_s = figure(f"{mode}_speed_kmh") / 3.6
        hop_s = np.maximum(hop_m / speed_m_s, 1.5 * figure("dwell_s"))
        offset_s = np.concatenate([[0.0], np.cumsum(hop_s)]).tolist()
    return Pattern(
        line=line,
        mode=mode,
        stops=tuple(s.id for s in stops),
        names=tuple(s.name for s in stops),
        x_m=tuple(x.tolist()),
        y_m=tuple(y.tolist()),
        hop_m=tuple(hop_m.tolist()),
        offset_s=tuple(offset_s),
        is_tunnel=tuple(s.id in tunnel for s in stops),
        places=places,
    )


class HeadwayTimetable:
    """Lines of the city file, run to and fro at their headways.

    Parameters
    ----------
    city : City
        City; without lines one tram line is laid through its tram stops.
    """

    def __init__(self, city: City) -> None:
        by_id = {stop.id: stop for stop in city.stops}
        lines = city.lines or _laid(city)
        patterns, headways = [], []
        for line in lines:
            stops = [by_id[name] for name in line.stops]
            for chain in (stops, stops[::-1]):
                patterns.append(
                    pattern_of(
                        line.id,
                        line.mode,
                        chain,
                        tunnel=frozenset(line.tunnel_stops),
                        places=line.vehicle_places,
                    )
                )
                headways.append((line.headway_peak_s, line.headway_s))
        self.patterns = tuple(patterns)
        self._headways = tuple(headways)

    def departures(self, day: datetime) -> list[_Floats]:
        """Planned departures of each pattern on a day, seconds after midnight. [s].

        The peak headway holds on working days from `peak_from_h` to `peak_to_h`, the other at all
        other times of service. First departures are spread over the headway, so that not all
        vehicles of the city stand at a terminus at the same time.
        """
        is_working = is_workday(day.date())
        return [
            self._of(
                peak_s, other_s, k * _STRIDE % 1.0 * other_s // 60.0 * 60.0, is_working=is_working
            )
            for k, (peak_s, other_s) in enumerate(self._headways)
        ]

    def _of(self, peak_s: float, other_s: float, shift_s: float, *, is_working: bool) -> _Floats:
        """Run one grid of departures by day and another one before and after it."""
        begins, ends = 3600.0 * figure("service_from_h"), 3600.0 * figure("service_to_h")
        times = np.arange(begins + shift_s, ends, other_s)
        if not is_working:
            return times
        often = np.arange(begins + shift_s % peak_s, ends, peak_s)
        low, high = np.array([figure("peak_from_h"), figure("peak_to_h")]) * 3600.0
        outside = (times < low) | (times >= high)
        return np.sort(np.concatenate([times[outside], often[(often >= low) & (often < high)]]))


def _laid(city: City) -> tuple[TransitLine, ...]:
    """Lay one line through the tram stops, for cities without a table of lines."""
    stops = find_line(city.stops)
    if len(stops) < 2:
        return ()
    return (
        TransitLine(
            id="tram",
            mode="tram",
            stops=tuple(stop.id for stop in stops),
            vehicle_places=200,
            headway_peak_s=900.0,
            headway_s=1800.0,
        ),
    )
