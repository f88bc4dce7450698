"""What happens to the city from outside: a scenario file, checked before anything starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Annotated, TypeVarTuple

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from twin.model.attributes import Value
from twin.model.errors import InputError, ModelError
from twin.model.safe import Document, load_yaml, parse_model
from twin.sim.clock import Clock
from twin.sim.kernel import SimulationError
from twin.sim.simulation import Simulation
from twin.sim.system import Action

__all__ = ["Scenario", "ScenarioEvent", "begin_scenario", "load_scenario", "parse_scenario"]

_Ts = TypeVarTuple("_Ts")
_Scalar = StrictBool | StrictInt | StrictFloat | StrictStr
_Name = Annotated[StrictStr, Field(min_length=1, max_length=200)]
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d)")
_UNIT_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class _EventFile(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    at: _Name
    system: _Name | None = None
    do: _Name | None = None
    target: _Name | None = None
    duration: Annotated[_Name | None, Field(alias="for")] = None
    parameters: Annotated[dict[str, _Scalar], Field(alias="with")] = {}
    device: _Name | None = None
    set: dict[str, _Scalar] = {}


class _ScenarioFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    scenario: _Name
    comment: Annotated[StrictStr, Field(max_length=2000)] = ""
    events: Annotated[list[_EventFile], Field(min_length=1, max_length=10_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioEvent:
    """One thing that happens: an action of a system, or a change of a device.

    Parameters
    ----------
    place : str
        File and line, for messages.
    at : str
        When, as written: ``08:10`` local time, ``+90 min`` after the start, or a local date and
        time such as ``2026-01-20T08:10``.
    duration_s : float or None
        How long, for actions that end. [s]
    system, verb, target : str
        What is done to what; empty for a change of a device.
    parameters : mapping
        Parameters of the action.
    device : str
        The device that is changed; empty for an action.
    changes : mapping
        Attribute path to value.
    """

    place: str
    at: str
    duration_s: float | None = None
    system: str = ""
    verb: str = ""
    target: str = ""
    parameters: Mapping[str, object]
    device: str = ""
    changes: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named list of events, in the order of the file."""

    name: str
    comment: str
    source: str
    events: tuple[ScenarioEvent, ...]


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path : Path
        YAML file.

    Returns
    -------
    Scenario
        Its events; whether the city has their targets is checked by `begin_scenario`.

    Raises
    ------
    InputError
        Cannot be read, or something in it is wrong; names file, line and column.
    """
    return parse_scenario(load_yaml(path))


def parse_scenario(document: Document) -> Scenario:
    """Make a scenario of a document.

    Parameters
    ----------
    document : Document
        What a scenario file holds.

    Returns
    -------
    Scenario
        Its events.

    Raises
    ------
    InputError
        Something in it is wrong; names file, line and column.
    """
    file = parse_model(_ScenarioFile, document)
    events = tuple(_event(document, i, event) for i, event in enumerate(file.events))
    return Scenario(name=file.scenario, comment=file.comment, source=document.source, events=events)


def _event(document: Document, i: int, event: _EventFile) -> ScenarioEvent:
    is_action = event.system is not None or event.do is not None or event.target is not None
    is_change = event.device is not None or bool(event.set)
    if is_action == is_change:
        raise document.error("needs either system, do and target, or device and set", "events", i)
    wanted = ("system", "do", "target") if is_action else ("device", "set")
    for key in wanted:
        if not getattr(event, key):
            raise document.error(f"{key!r} is missing", "events", i)
    if is_change and (event.duration is not None or event.parameters):
        raise document.error("a change of a device takes neither 'for' nor 'with'", "events", i)
    try:
        _read_at(event.at)
    except ValueError as err:
        raise document.error(f"at {err!s}", "events", i, "at") from None
    duration_s = None
    if event.duration is not None:
        try:
            duration_s = _span_s(event.duration)
        except ValueError as err:
            raise document.error(f"for {err!s}", "events", i, "for") from None
    return ScenarioEvent(
        place=f"{document.source}:{document.mark('events', i).line}",
        at=event.at,
        duration_s=duration_s,
        system=event.system or "",
        verb=event.do or "",
        target=event.target or "",
        parameters=dict(event.parameters),
        device=event.device or "",
        changes=dict(event.set),
    )


def _span_s(text: str) -> float:
    match = _SPAN.fullmatch(text.strip())
    if not match or float(match[1]) <= 0.0:
        raise ValueError(f"is {text!r}; write a time span such as 90 s, 15 min, 2 h or 1 d")
    return float(match[1]) * _UNIT_S[match[2]]


def _read_at(text: str) -> float | tuple[int, int, int] | datetime:
    """Read a moment: seconds after the start, a time of day, or a local date and time."""
    if text.startswith("+"):
        return _span_s(text[1:])
    match = _CLOCK.fullmatch(text)
    if match:
        return int(match[1]), int(match[2]), int(match[3] or 0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or len(text) <= len(date.min.isoformat()):
        raise ValueError(
            f"is {text!r}; write a local time such as 08:10, +90 min after the start, "
            "or 2026-01-20T08:10"
        )
    return moment


def _seconds(at: str, clock: Clock) -> float:
    """Seconds after the start of a moment; a time of day is the first one at or after it."""
    read = _read_at(at)
    if isinstance(read, float):
        return read
    if isinstance(read, datetime):
        return clock.seconds_at(read)
    begin = clock.local(0.0).replace(tzinfo=None)
    moment = datetime.combine(begin.date(), time(*read))
    return clock.seconds_at(moment if moment >= begin else moment + timedelta(days=1))


def begin_scenario(scenario: Scenario, simulation: Simulation, end_s: float) -> None:
    """Check every event against the running simulation and schedule all of them, or none.

    Parameters
    ----------
    scenario : Scenario
        What is to happen.
    simulation : Simulation
        The simulation, not yet past the first event.
    end_s : float
        Simulated second at which the run ends. [s]

    Raises
    ------
    InputError
        An unknown system, action, target, device or attribute, an impossible value, or a time
        before now or after the end; names file and line.
    """
    planned = []
    for event in scenario.events:
        try:
            at_s = _seconds(event.at, simulation.context.clock)
        except ValueError as err:
            raise InputError(f"at {event.at} {err}", event.place) from err
        if not simulation.now_s <= at_s <= end_s:
            where = "has passed" if at_s < simulation.now_s else "lies after the end of the run"
            begin, end = (simulation.context.clock.local(s) for s in (simulation.now_s, end_s))
            raise InputError(
                f"at {event.at} {where}",
                event.place,
                hint=f"the run is from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}",
            )
        try:
            _check(event, simulation)
        except ModelError as err:
            hint = "" if "did you mean" in str(err) else _near(event, simulation)
            raise InputError(str(err), event.place, hint=hint) from err
        planned.append((at_s, event))
    kernel = simulation.context.kernel
    for at_s, event in planned:
        kernel.at(at_s, event.place, _begin, simulation, event)


def _check(event: ScenarioEvent, simulation: Simulation) -> None:
    if event.device:
        simulation.check_write(event.device, event.changes)
        return
    action = _action(event, simulation)
    unknown = sorted(set(event.parameters) - set(action.parameters))
    if unknown:
        known = ", ".join(f"{k} ({what})" for k, what in action.parameters.items()) or "none"
        raise ModelError(f"{event.verb} takes no {unknown[0]!r}; it takes {known}")
    if event.duration_s is not None and action.end is None:
        raise ModelError(f"{event.verb} has no end, leave 'for' out")
    action.check(event.target, event.parameters)


def _near(event: ScenarioEvent, simulation: Simulation) -> str:
    """Say which device, or thing of the city, may have been meant by a name that is none."""
    name = event.device or event.target
    known: Collection[str] = simulation.devices()
    if not event.device:
        city = simulation.context.city
        records = chain.from_iterable(
            value for field in fields(city) if isinstance(value := getattr(city, field.name), tuple)
        )
        known = {str(getattr(x, "id", getattr(x, "slug", ""))) for x in records}
    if name in known:
        return ""
    near = get_close_matches(name, [other for other in known if other[:1] == name[:1]], n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def _action(event: ScenarioEvent, simulation: Simulation) -> Action:
    system = simulation.systems.get(event.system)
    if system is None:
        near = get_close_matches(event.system, simulation.systems, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ModelError(
            f"system {event.system!r} is not simulated in this run; {hint}"
            f"simulated are {', '.join(simulation.systems)}"
        )
    actions = system.actions()
    if event.verb not in actions:
        near = get_close_matches(event.verb, actions, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ModelError(
            f"{event.system} cannot {event.verb!r}; {hint}it can {', '.join(sorted(actions))}"
        )
    return actions[event.verb]


def _begin(simulation: Simulation, event: ScenarioEvent) -> None:
    context = simulation.context
    if event.device:
        if not simulation.is_reachable(event.device):
            raise SimulationError(
                f"{event.place}: {event.device} cannot be changed at "
                f"{context.clock.local(simulation.now_s):%H:%M:%S} "
                f"(simulated second {simulation.now_s:g}): it is off or not reachable"
            )
        _do(simulation, event, simulation.write, event.device, event.changes)
        return
    action = _action(event, simulation)
    context.note("scenario", f"{event.system} {event.verb} {event.target}")
    _do(simulation, event, action.begin, event.target, event.parameters)
    if event.duration_s is not None:
        context.kernel.after(event.duration_s, event.place, _end, simulation, event)


def _end(simulation: Simulation, event: ScenarioEvent) -> None:
    simulation.context.note("scenario_ends", f"{event.system} {event.verb} {event.target}")
    action = _action(event, simulation)
    if action.end is not None:
        _do(simulation, event, action.end, event.target, event.parameters)


def _do(
    simulation: Simulation,
    event: ScenarioEvent,
    action: Callable[[*_Ts], object],
    *args: *_Ts,
) -> None:
    """Do what was possible when it was checked; what happened since may forbid it."""
    try:
        action(*args)
    except ModelError as err:
        raise SimulationError(
            f"{event.place}: {err}, at "
            f"{simulation.context.clock.local(simulation.now_s):%H:%M:%S} "
            f"(simulated second {simulation.now_s:g})"
        ) from err
