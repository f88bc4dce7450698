"""The signals of a city as arrays: lanes, flows, corridors, splits and offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from twin.geo.rings import district_slugs
from twin.model.city import City, TrafficSignal
from twin.model.errors import ModelError
from twin.sim.signals.assumptions import assumed
from twin.sim.signals.delay import saturation_flow_veh_h
from twin.sim.signals.greenwave import dispersion_factor, one_way_offsets_s, two_way_offsets_s
from twin.sim.signals.programme import LOST_PHASE_S, PATTERNS, split_greens_s

__all__ = ["INBOUND", "N_MOVEMENTS", "OUTBOUND", "SIDES", "WALKERS", "Layout", "lay_out"]

INBOUND, OUTBOUND = 0, 1
SIDES = slice(2, 4)
WALKERS = 4
N_MOVEMENTS = 5
"""Movements of a signal: main road inbound and outbound, two side streets, walkers."""

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_N_SIDES = {"junction": 2, "t_junction": 1, "pedestrian": 0}
_MIN_LAG_S, _MAX_LAG_S = 10, 240


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """Signals of a run; arrays have the signals as last axis, S of them.

    Parameters
    ----------
    ids, districts : tuple of str
        Signals in the order of the city.
    index : mapping
        Place of a signal by its id.
    computers : tuple of str
        Traffic computers.
    computer : ndarray of shape (S,)
        Index into `computers`.
    corridors : mapping
        Signals of each corridor in the order in which inbound traffic meets them.
    is_pedestrian, is_led, is_off_at_night : ndarray of shape (S,)
        What kind of signal.
    lamps_lit : ndarray of shape (S,)
        Lamps that shine at a time.
    lanes : ndarray of shape (5, S)
        Lanes of each movement.
    saturation_s : ndarray of shape (5, S)
        Most that leave in a second of green. [1/s]
    busy_veh_h : ndarray of shape (3, S)
        Flows of the busy hour by the inventory: main road both ways, and each side street. [veh/h]
    upstream : ndarray of shape (2, S)
        The signal before, inbound and outbound; -1 for none.
    lag_s : ndarray of shape (2, S)
        Time the fastest of a platoon need from there. [s]
    spread : ndarray of shape (2, S)
        Smoothing factor of the platoon.
    through : ndarray of shape (2, S)
        Share of the vehicles from there that come here.
    main_s, side_s : ndarray of shape (P, S)
        Effective greens of each pattern. [s]
    offset_s : ndarray of shape (P, S)
        Begin of the main green of each pattern. [s]
    """

    ids: tuple[str, ...]
    districts: tuple[str, ...]
    index: Mapping[str, int]
    computers: tuple[str, ...]
    computer: _Ints
    corridors: Mapping[str, tuple[int, ...]]
    is_pedestrian: NDArray[np.bool_]
    is_led: NDArray[np.bool_]
    is_off_at_night: NDArray[np.bool_]
    lamps_lit: _Floats
    lanes: _Ints
    saturation_s: _Floats
    busy_veh_h: _Floats
    upstream: _Ints
    lag_s: _Ints
    spread: _Floats
    through: _Floats
    main_s: _Ints
    side_s: _Ints
    offset_s: _Ints

    def place(self, signal: str) -> int:
        """Find the place of a signal.

        Parameters
        ----------
        signal : str
            Id.

        Returns
        -------
        int
            Index along the last axis.

        Raises
        ------
        ModelError
            Unknown signal.
        """
        if signal not in self.index:
            raise ModelError(f"no signal {signal!r}; the run has {len(self.ids)}")
        return self.index[signal]


def lay_out(city: City, signals: Sequence[TrafficSignal], rng: np.random.Generator) -> Layout:
    """Engineer the signals as their city would.

    Parameters
    ----------
    city : City
        For the districts.
    signals : sequence of TrafficSignal
        Signals of the run; corridors should be whole.
    rng : Generator
        For the offsets of signals that stand alone.

    Returns
    -------
    Layout
        Programmes fit the flows of the inventory, not the true ones.

    Notes
    -----
    `flow_veh_h` is read as vehicles over all stop lines in the busy hour of a workday, and
    `corridor_m` as growing outward from the centre: inbound traffic meets the farthest first.
    """
    flow = np.array([s.flow_veh_h for s in signals])
    sides = np.array([_N_SIDES[s.kind] for s in signals])
    side_total = np.where(sides > 0, assumed("side_share") * flow, 0.0)
    side = side_total / np.maximum(sides, 1)
    busy = np.stack([flow - side_total, side, np.where(sides > 1, side, 0.0)])
    lanes = _lanes(busy)
    corridors = _corridors(signals)
    upstream, lag, spread, through = _neighbours(signals, corridors, busy[0])
    is_pedestrian = sides == 0
    main, side_green = _greens(busy, lanes, is_pedestrian)
    computers = tuple(dict.fromkeys(s.computer for s in signals))
    places = {name: i for i, name in enumerate(computers)}
    time_need_s = assumed("time_need") / assumed("adjustment")
    saturation = float(saturation_flow_veh_h(time_need_s)) / 3600.0
    per_second = lanes.astype(np.float64) * saturation
    per_second[WALKERS] = assumed("walkers_out")
    return Layout(
        ids=tuple(s.id for s in signals),
        districts=district_slugs(city.districts, [s.x_m for s in signals], [s.y_m for s in signals])
        if signals
        else (),
        index={s.id: i for i, s in enumerate(signals)},
        computers=computers,
        computer=np.array([places[s.computer] for s in signals], dtype=np.int64),
        corridors=corridors,
        is_pedestrian=is_pedestrian,
        is_led=np.array([s.is_led for s in signals], dtype=bool),
        is_off_at_night=np.array([s.is_off_at_night for s in signals], dtype=bool),
        lamps_lit=np.array([assumed(f"lamps_lit_{s.kind}") for s in signals]),
        lanes=lanes,
        saturation_s=per_second,
        busy_veh_h=busy,
        upstream=upstream,
        lag_s=lag,
        spread=spread,
        through=through,
        main_s=main,
        side_s=side_green,
        offset_s=_offsets(signals, corridors, main, rng),
    )


def _lanes(busy: _Floats) -> _Ints:
    lanes = np.ones((N_MOVEMENTS, busy.shape[1]), dtype=np.int64)
    one_way = assumed("peak_direction") * busy[0]
    lanes[:2] = np.maximum(np.ceil(one_way / assumed("main_lane")), 1)
    lanes[SIDES] = np.maximum(np.ceil(busy[1:] / assumed("side_lane")), 1)
    return lanes


def _greens(busy: _Floats, lanes: _Ints, is_pedestrian: NDArray[np.bool_]) -> tuple[_Ints, _Ints]:
    main_ratio = assumed("peak_direction") * busy[0] / lanes[0]
    side_ratio = (busy[1:] / lanes[SIDES]).max(axis=0)
    walk = round(assumed("pedestrian_green"))
    rows = []
    for pattern in PATTERNS:
        main, side = split_greens_s(pattern.cycle_s, main_ratio, side_ratio)
        side = np.where(is_pedestrian, walk, side)
        rows.append(
            (np.where(is_pedestrian, pattern.cycle_s - 2 * LOST_PHASE_S - walk, main), side)
        )
    return np.stack([main for main, _ in rows]), np.stack([side for _, side in rows])


def _corridors(signals: Sequence[TrafficSignal]) -> dict[str, tuple[int, ...]]:
    members: dict[str, list[int]] = {}
    for i, signal in enumerate(signals):
        if signal.corridor:
            members.setdefault(signal.corridor, []).append(i)
    return {
        name: tuple(sorted(places, key=lambda i: (-signals[i].corridor_m, i)))
        for name, places in members.items()
    }


def _neighbours(
    signals: Sequence[TrafficSignal], corridors: Mapping[str, tuple[int, ...]], main: _Floats
) -> tuple[_Ints, _Ints, _Floats, _Floats]:
    n = len(signals)
    upstream = np.full((2, n), -1, dtype=np.int64)
    travel = np.zeros((2, n))
    for places in corridors.values():
        for direction, order in ((INBOUND, places), (OUTBOUND, places[::-1])):
            for before, here in pairwise(order):
                metres = abs(signals[here].corridor_m - signals[before].corridor_m)
                seconds = metres / assumed("progression_speed")
                if assumed("platoon_beta") * seconds <= _MAX_LAG_S:
                    upstream[direction, here], travel[direction, here] = before, seconds
    lag = np.maximum(np.rint(assumed("platoon_beta") * travel), _MIN_LAG_S).astype(np.int64)
    spread = dispersion_factor(travel, assumed("platoon_alpha"), assumed("platoon_beta"))
    through = np.zeros((2, n))
    for direction in (INBOUND, OUTBOUND):
        here = upstream[direction] >= 0
        before = np.maximum(main[upstream[direction, here]], 1e-9)
        through[direction, here] = np.minimum(assumed("through_share"), main[here] / before)
    return upstream, lag, spread, through


def _offsets(
    signals: Sequence[TrafficSignal],
    corridors: Mapping[str, tuple[int, ...]],
    main: _Ints,
    rng: np.random.Generator,
) -> _Ints:
    alone = rng.random(len(signals))
    offsets = np.empty((len(PATTERNS), len(signals)), dtype=np.int64)
    for row, pattern in enumerate(PATTERNS):
        offsets[row] = (alone * pattern.cycle_s).astype(np.int64)
        for places in corridors.values():
            order = list(places if pattern.wave != "outbound" else places[::-1])
            metres = np.abs([signals[i].corridor_m - signals[order[0]].corridor_m for i in order])
            travel = metres / assumed("progression_speed")
            if pattern.wave == "both":
                begin = two_way_offsets_s(travel, main[row, order], pattern.cycle_s)
            else:
                begin = one_way_offsets_s(travel, pattern.cycle_s)
            offsets[row, order] = np.rint(begin).astype(np.int64) % pattern.cycle_s
    return offsets
