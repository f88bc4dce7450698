"""Simulate a city in virtual time and collect what its systems say."""

from __future__ import annotations

import resource
import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from twin.model.city import City
from twin.model.errors import StellwerkError
from twin.sim.kernel import SimulationError
from twin.sim.registry import SYSTEM_NAMES
from twin.sim.scenario import Scenario, begin_scenario
from twin.sim.simulation import Simulation
from twin.sim.system import Kpi, Moment
from twin.sim.trace import Event

__all__ = ["DEFAULT_START", "Run", "SimulationResult", "simulate"]

DEFAULT_START = datetime(2026, 1, 12, 23, 0, tzinfo=UTC)
"""Tuesday 13 January 2026, midnight in Duisburg: schools are open, lamps burn until 8:14."""

SAMPLE_S = 300.0
"""Step of the day's curves. [s]"""

_MAX_HOURS = 24.0 * 366.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationResult:
    """What a simulation says; the same city, seed, start and scenario give the same result.

    Parameters
    ----------
    city : str
        Name of the city.
    seed : int
        Seed.
    start : str
        Begin, local time, ISO 8601.
    scenario : str
        Name of the scenario, empty for a day without one.
    simulated_seconds : float
        Simulated time. [s]
    wall_seconds : float
        How long it took from the first second on, without making the city ready. [s]
    peak_rss_mb : float
        Largest memory of the process. [MB]
    trace_sha256 : str
        Hash over everything that happened.
    events : mapping
        How often each kind of event happened.
    systems : mapping
        Figures by system.
    districts : mapping
        Figures by district and system.
    at_s : tuple of float
        Times of the curves. [s]
    curves : mapping
        By system and gauge: one value per time.
    story : tuple of Event
        The first events of every kind, in order.
    moments : tuple of Moment
        What the systems find worth telling, in order.
    """

    city: str
    seed: int
    start: str
    scenario: str
    simulated_seconds: float
    wall_seconds: float
    peak_rss_mb: float
    trace_sha256: str
    events: Mapping[str, int]
    systems: Mapping[str, Mapping[str, Kpi]]
    districts: Mapping[str, Mapping[str, Mapping[str, Kpi]]]
    at_s: tuple[float, ...]
    curves: Mapping[str, Mapping[str, tuple[float, ...]]]
    story: tuple[Event, ...]
    moments: tuple[Moment, ...]

    def as_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON; the curves are left to files."""
        return {
            "city": self.city,
            "seed": self.seed,
            "start": self.start,
            "scenario": self.scenario,
            "simulated_seconds": self.simulated_seconds,
            "wall_seconds": self.wall_seconds,
            "peak_rss_mb": self.peak_rss_mb,
            "trace_sha256": self.trace_sha256,
            "events": dict(self.events),
            "systems": {name: _plain(kpis) for name, kpis in self.systems.items()},
            "districts": {
                district: {name: _plain(kpis) for name, kpis in systems.items()}
                for district, systems in self.districts.items()
            },
        }


def _when(moment: Moment) -> float:
    return moment.at_s


def _plain(kpis: Mapping[str, Kpi]) -> dict[str, dict[str, object]]:
    return {
        name: {"value": kpi.value, "unit": kpi.unit} | ({"note": kpi.note} if kpi.note else {})
        for name, kpi in kpis.items()
    }


class Run:
    """A simulation on its way to an end, and the curves it has drawn so far.

    Parameters
    ----------
    simulation : Simulation
        New, or taken up again.
    hours : float
        How far to go from second 0. [h]  Must be > 0 and at most a leap year.
    scenario : Scenario, optional
        What happens on the way; checked and scheduled here.

    Raises
    ------
    ValueError
        Hours out of range or already passed.
    InputError
        The scenario does not fit the city, the systems or the time.
    """

    def __init__(
        self, simulation: Simulation, *, hours: float, scenario: Scenario | None = None
    ) -> None:
        if not 0.0 < hours <= _MAX_HOURS:
            raise ValueError(f"hours is {hours}, must be more than 0 and at most a year")
        if hours * 3600.0 <= simulation.now_s:
            raise ValueError(f"hours is {hours}, but {simulation.now_s / 3600.0:g} h have passed")
        self.simulation = simulation
        self.end_s = hours * 3600.0
        self._scenario = scenario
        if scenario:
            begin_scenario(scenario, simulation, self.end_s)
        self._begun = time.perf_counter()
        self._at_s: list[float] = []
        self._rows: list[dict[str, dict[str, float]]] = []

    def _sample(self) -> None:
        self._at_s.append(self.simulation.now_s)
        self._rows.append(self.simulation.gauges())

    @property
    def share_done(self) -> float:
        """How much of the run is done, 0 to 1."""
        return self.simulation.now_s / self.end_s

    def advance(self, until_s: float) -> None:
        """Go on to a simulated second, at most to the end, and draw the curves.

        Raises
        ------
        SimulationError
            Something failed in a system; names who and when.
        """
        goal_s = min(until_s, self.end_s)
        with _failures_named(self.simulation):
            while self.simulation.now_s < goal_s:
                next_s = (self.simulation.now_s // SAMPLE_S + 1.0) * SAMPLE_S
                self.simulation.advance(min(next_s, goal_s))
                if self.simulation.now_s in (next_s, self.end_s):
                    self._sample()

    def result(self) -> SimulationResult:
        """Sum up what happened until now.

        Raises
        ------
        SimulationError
            A system cannot tell its figures; names the time.
        """
        with _failures_named(self.simulation):
            return self._summed_up()

    def _summed_up(self) -> SimulationResult:
        simulation, context = self.simulation, self.simulation.context
        districts: dict[str, dict[str, Mapping[str, Kpi]]] = {}
        for name, system in simulation.systems.items():
            for district, kpis in system.kpis_by_district().items():
                districts.setdefault(district, {})[name] = kpis
        return SimulationResult(
            city=context.city.name,
            seed=context.seed,
            start=context.clock.local(0.0).isoformat(),
            scenario=self._scenario.name if self._scenario else "",
            simulated_seconds=simulation.now_s,
            wall_seconds=round(time.perf_counter() - self._begun, 3),
            peak_rss_mb=peak_rss_mb(),
            trace_sha256=context.trace.sha256(),
            events=context.trace.counts(),
            systems=simulation.kpis(),
            districts=dict(sorted(districts.items())),
            at_s=tuple(self._at_s),
            curves=self._curves(),
            story=context.trace.story(),
            moments=tuple(
                sorted(
                    (m for system in simulation.systems.values() for m in system.story()),
                    key=_when,
                )
            ),
        )

    def _curves(self) -> dict[str, dict[str, tuple[float, ...]]]:
        first = self._rows[0] if self._rows else {}
        return {
            system: {
                name: tuple(row[system].get(name, 0.0) for row in self._rows) for name in gauges
            }
            for system, gauges in first.items()
        }


@contextmanager
def _failures_named(simulation: Simulation) -> Iterator[None]:
    """Give the simulated time to what fails outside actions, such as the sum of a figure."""
    try:
        yield
    except StellwerkError:
        raise
    except Exception as err:
        where = traceback.extract_tb(err.__traceback__)[-1]
        file = Path(where.filename)
        raise SimulationError(
            f"{file.parent.name}.{file.stem}.{where.name} at simulated second "
            f"{simulation.now_s:.3f}: {type(err).__name__}: {err}"
        ) from err


def peak_rss_mb() -> float:
    """Return the largest memory this process has had. [MB].

    Linux says it of the program; what `getrusage` says there may be that of the process which
    started it.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        kilobytes = float(next(x for x in status.splitlines() if x.startswith("VmHWM")).split()[1])
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kilobytes = peak / 1024.0 if sys.platform == "darwin" else float(peak)
    return round(kilobytes / 1024.0, 1)


def simulate(
    city: City,
    *,
    hours: float,
    seed: int,
    start: datetime | None = None,
    systems: Sequence[str] = SYSTEM_NAMES,
    scenario: Scenario | None = None,
    tick_s: float = 10.0,
    telemetry: Collection[str] = (),
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
        Seed.  Must be >= 0.
    start : datetime, optional
        Begin, timezone-aware; None is `DEFAULT_START`.
    systems : sequence of str
        Which systems.
    scenario : Scenario, optional
        What happens from outside.
    tick_s : float
        Step of users and traffic. [s]  Must be > 0.
    telemetry : collection of str
        Tables to record.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    SimulationResult
        Figures, curves, and the hash of the trace.

    Raises
    ------
    ValueError
        A number out of range, or a start without timezone.
    ModelError
        Unknown system.
    InputError
        The scenario does not fit.
    SimulationError
        Something failed in a system; names who and when.
    """
    if not 0.0 < hours <= _MAX_HOURS:
        raise ValueError(f"hours is {hours}, must be more than 0 and at most a year")
    simulation = Simulation(
        city,
        seed=seed,
        start=start or DEFAULT_START,
        systems=systems,
        tick_s=tick_s,
        telemetry=telemetry,
    )
    run = Run(simulation, hours=hours, scenario=scenario)
    while run.share_done < 1.0:
        run.advance(simulation.now_s + SAMPLE_S)
        if progress:
            progress(run.share_done)
    return run.result()
