"""Simulate a whole city in virtual time and count what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from twin.model.city import City
from twin.sim.world import World, WorldTotals

__all__ = ["DEFAULT_START", "HourRow", "SimulationResult", "simulate"]

DEFAULT_START = datetime(2026, 1, 20, 6, 30, tzinfo=UTC)
"""A Tuesday at 7:30 in Duisburg: lamps go out, lessons begin, trams are full."""

_SAMPLE_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HourRow:
    """Figures of one simulated hour; the last one may be shorter.

    Parameters
    ----------
    begin : str
        Local time, ISO 8601.
    users, wifi_clients, school_clients : float
        Means over the hour.
    mobile_gb, wifi_gb : float
        Traffic. [GB]
    load_percent : float
        Mean downlink load of the cells. [%]
    cells_kwh, lamps_kwh : float
        Energy. [kWh]
    lamp_level_percent : float
        Mean light level at the end. [%]
    """

    begin: str
    users: float
    wifi_clients: float
    school_clients: float
    mobile_gb: float
    wifi_gb: float
    load_percent: float
    cells_kwh: float
    lamps_kwh: float
    lamp_level_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationResult:
    """What a simulation says; the same city, seed and start give the same result.

    Parameters
    ----------
    city : str
        Name of the city.
    seed : int
        Seed of the world.
    start : str
        Begin, local time, ISO 8601.
    hours : float
        Length. [h]
    devices : mapping
        Managed devices by kind.
    trams : int
        Trams on the line.
    school_clients_max : int
        Most devices online at schools at once, over samples every five minutes.
    lamps_kwh, cells_kwh : float
        Energy. [kWh]
    mobile_gb, wifi_gb : float
        Traffic. [GB]
    events : mapping
        How often each kind of event happened.
    table : tuple of HourRow
        One row per hour.
    trace_sha256 : str
        Hash over every event and over users and stations after every tick.
    """

    city: str
    seed: int
    start: str
    hours: float
    devices: Mapping[str, int]
    trams: int
    school_clients_max: int
    lamps_kwh: float
    cells_kwh: float
    mobile_gb: float
    wifi_gb: float
    events: Mapping[str, int]
    table: tuple[HourRow, ...]
    trace_sha256: str

    def as_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def simulate(
    city: City,
    *,
    hours: float,
    seed: int,
    start: datetime | None = None,
    tick_s: float = 10.0,
    progress: Callable[[float], None] | None = None,
) -> SimulationResult:
    """Simulate a whole city, every device of it, as fast as the machine can.

    Parameters
    ----------
    city : City
        The city.
    hours : float
        How long. [h]  Must be > 0.
    seed : int
        Seed of the world.  Must be >= 0.
    start : datetime, optional
        Begin, timezone-aware; None is `DEFAULT_START`.
    tick_s : float
        Step of users and traffic. [s]  Must be > 0.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    SimulationResult
        Table by hour, events, and the hash of the trace.

    Raises
    ------
    ValueError
        A number out of range, or a start without timezone.
    """
    if not 0.0 < hours <= 24.0 * 366.0:
        raise ValueError(f"hours is {hours}, must be more than 0 and at most a year")
    world = World(city, seed=seed, start=start or DEFAULT_START, tick_s=tick_s)
    samples = [world.totals()]
    end_s = hours * 3600.0
    while world.now_s < end_s:
        world.advance(min(world.now_s + _SAMPLE_S, end_s))
        samples.append(world.totals())
        if progress:
            progress(world.now_s / end_s)
    return _result(city, world, samples, hours, seed)


def _result(
    city: City, world: World, samples: list[WorldTotals], hours: float, seed: int
) -> SimulationResult:
    first, last = samples[0], samples[-1]
    kinds = list(world.devices().values())
    return SimulationResult(
        city=city.name,
        seed=seed,
        start=world.local(first.at).isoformat(),
        hours=float(hours),
        devices={kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
        trams=len(world.trams()),
        school_clients_max=max(sample.school_clients for sample in samples),
        lamps_kwh=round(last.lamp_energy_wh / 1000.0, 3),
        cells_kwh=round(_cell_wh(samples) / 1000.0, 3),
        mobile_gb=round(last.dl_octets / 1e9, 3),
        wifi_gb=round(last.wifi_octets / 1e9, 3),
        events=world.trace.counts(),
        table=_table(world, samples),
        trace_sha256=world.trace.sha256(),
    )


def _table(world: World, samples: list[WorldTotals]) -> tuple[HourRow, ...]:
    per_hour = round(3600.0 / _SAMPLE_S)
    starts = range(0, len(samples) - 1, per_hour)
    return tuple(_row(world, samples[i : i + per_hour + 1]) for i in starts)


def _row(world: World, samples: list[WorldTotals]) -> HourRow:
    first, last, later = samples[0], samples[-1], samples[1:]
    n = len(later)
    return HourRow(
        begin=world.local(first.at).isoformat(),
        users=round(sum(s.users for s in later) / n, 1),
        wifi_clients=round(sum(s.wifi_clients for s in later) / n, 1),
        school_clients=round(sum(s.school_clients for s in later) / n, 1),
        mobile_gb=round((last.dl_octets - first.dl_octets) / 1e9, 3),
        wifi_gb=round((last.wifi_octets - first.wifi_octets) / 1e9, 3),
        load_percent=round(sum(s.mean_load_percent for s in later) / n, 2),
        cells_kwh=round(_cell_wh(samples) / 1000.0, 3),
        lamps_kwh=round((last.lamp_energy_wh - first.lamp_energy_wh) / 1000.0, 3),
        lamp_level_percent=round(last.lamp_level_percent, 1),
    )


def _cell_wh(samples: list[WorldTotals]) -> float:
    """Energy of the cells by the trapezoidal rule over the samples. [Wh]."""
    return sum(
        (b.at - a.at) / timedelta(hours=1) * (a.cell_power_w + b.cell_power_w) / 2.0
        for a, b in pairwise(samples)
    )
