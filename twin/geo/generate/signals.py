"""Traffic signals at crossings of the generated streets, and the green waves among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.geo.sources import CensusGrid
from twin.model.city import Assumption, TrafficSignal

__all__ = ["ASSUMPTIONS", "CORRIDORS", "N_SIGNALS", "generate_signals"]

N_SIGNALS = 520
N_LED = 160
N_OFF_AT_NIGHT = round((394 - 27) / 549 * N_SIGNALS)

_COMPUTERS = {
    "hamborn": (345_400.0, 5_707_100.0),
    "stadthaus": (344_600.0, 5_700_500.0),
    "rheinhausen": (341_350.0, 5_697_300.0),
    "rheinbruecke": (341_600.0, 5_702_700.0),
}
"""The four traffic computers (WAZ 9701059) and where they are taken to stand. [m]"""

CORRIDORS: Mapping[str, tuple[int, tuple[tuple[float, float], ...]]] = {
    "muelheimer": (10, ((345_650.0, 5_700_250.0), (347_300.0, 5_700_300.0), (348_000, 5_700_150))),
    "duisburger": (
        10,
        ((344_450.0, 5_708_000.0), (345_400.0, 5_707_100.0), (346_050.0, 5_706_600.0)),
    ),
    "duesseldorfer": (
        10,
        ((344_600.0, 5_699_500.0), (344_800.0, 5_697_800.0), (344_150, 5_694_900)),
    ),
    "kolonie": (6, ((345_600.0, 5_699_900.0), (345_900.0, 5_698_300.0))),
    "weseler": (8, ((344_250.0, 5_708_200.0), (343_300.0, 5_709_800.0), (343_450.0, 5_711_200.0))),
    "friedrich-ebert": (8, ((342_650.0, 5_703_900.0), (342_600.0, 5_705_600.0))),
    "krefelder": (8, ((341_700.0, 5_697_300.0), (340_000.0, 5_697_100.0))),
    "moerser": (6, ((340_800.0, 5_702_600.0), (339_300.0, 5_702_400.0))),
}
"""Signals of a green wave and the course of its street, outward from the centre. [m]

20 signals on Mülheimer and Duisburger Straße are read (WAZ 402601805); the other green waves and
all courses are assumed.
"""

_SHARE_PEDESTRIAN = 0.25
_SHARE_T = 0.20
_FLOWS_VEH_H = {"junction": 1500.0, "t_junction": 1100.0, "pedestrian": 800.0}
_CORRIDOR_FACTOR = 1.4
_SPREAD = 0.25
_SPACING_M = 150.0

ASSUMPTIONS = (
    Assumption(
        key="geo.signals.installations",
        value=N_SIGNALS,
        unit="",
        mark="R",
        source="WAZ 210763219 (2017); 540 to 568 earlier",
        used_by="signals.csv",
    ),
    Assumption(
        key="geo.signals.led",
        value=N_LED,
        unit="",
        mark="R",
        source="WAZ 210763219 (2017)",
        used_by="signals.csv",
    ),
    Assumption(
        key="geo.signals.off-at-night",
        value=N_OFF_AT_NIGHT,
        unit="",
        mark="C",
        source="394 of 549 less 27 switched back on (WAZ 6379525), as a share of 520",
        used_by="signals.csv",
    ),
    Assumption(
        key="geo.signals.share-pedestrian",
        value=_SHARE_PEDESTRIAN,
        unit="1",
        mark="K",
        source="general knowledge",
        used_by="signals.csv",
    ),
    Assumption(
        key="geo.signals.share-t-junction",
        value=_SHARE_T,
        unit="1",
        mark="K",
        source="general knowledge",
        used_by="signals.csv",
    ),
    *(
        Assumption(
            key=f"geo.signals.flow-{kind.replace('_', '-')}",
            value=flow,
            unit="veh/h",
            mark="K",
            source="all approaches in the busiest hour, +-25 %; 1.4 times that on a green wave",
            used_by="signals.csv",
        )
        for kind, flow in _FLOWS_VEH_H.items()
    ),
)


def generate_signals(census: CensusGrid, rng: np.random.Generator) -> tuple[TrafficSignal, ...]:
    """Stand signals on the green waves first, then where most people live.

    Parameters
    ----------
    census : CensusGrid
        Census cells; crossings are the centres of built-up cells with three or four built-up
        neighbours, as in `twin.geo.generate.streets`.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    tuple of TrafficSignal
        520, numbered green wave by green wave, then from west to east.
    """
    kinds, on_corridors, corridors, along = _on_corridors()
    n_corridor = len(corridors)
    more_kinds, elsewhere = _elsewhere(census, on_corridors, N_SIGNALS - n_corridor, rng)
    kinds += more_kinds
    points = np.concatenate([on_corridors, elsewhere]).round(1)
    is_led = np.zeros(N_SIGNALS, dtype=bool)
    is_led[rng.permutation(N_SIGNALS)[:N_LED]] = True
    is_off = np.zeros(N_SIGNALS, dtype=bool)
    # pedestrian signals go off first; no signal of a green wave does
    rank = rng.random(N_SIGNALS) - 0.5 * (np.array(kinds) == "pedestrian")
    rank[:n_corridor] = np.inf
    is_off[np.argsort(rank, kind="stable")[:N_OFF_AT_NIGHT]] = True
    spread = 1.0 + _SPREAD * (2.0 * rng.random(N_SIGNALS) - 1.0)
    return tuple(
        TrafficSignal(
            id=f"signal-{i + 1:03d}",
            kind=kind,
            x_m=x,
            y_m=y,
            computer=min(_COMPUTERS, key=lambda c: np.hypot(*np.subtract(_COMPUTERS[c], (x, y)))),
            corridor=corridors[i] if i < n_corridor else "",
            corridor_m=along[i] if i < n_corridor else 0.0,
            flow_veh_h=float(
                round(
                    _FLOWS_VEH_H[kind] * spread[i] * (_CORRIDOR_FACTOR if i < n_corridor else 1.0),
                    -1,
                )
            ),
            is_led=bool(is_led[i]),
            is_off_at_night=bool(is_off[i]),
        )
        for i, (kind, (x, y)) in enumerate(zip(kinds, points.tolist(), strict=True))
    )


def _on_corridors() -> tuple[list[str], NDArray[np.float64], list[str], list[float]]:
    """Space the signals of a green wave evenly; every fourth is a pedestrian crossing."""
    kinds: list[str] = []
    points: list[NDArray[np.float64]] = []
    names: list[str] = []
    along: list[float] = []
    for name, (n, course) in CORRIDORS.items():
        xy = np.array(course, dtype=np.float64)
        ends = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
        at_m = np.linspace(0.0, ends[-1], n)
        points.append(np.stack([np.interp(at_m, ends, xy[:, i]) for i in (0, 1)], axis=1))
        kinds += ["pedestrian" if k % 4 == 3 else "junction" for k in range(n)]
        names += [name] * n
        along += at_m.round(1).tolist()
    return kinds, np.concatenate(points), names, along


def _elsewhere(
    census: CensusGrid, taken: NDArray[np.float64], n: int, rng: np.random.Generator
) -> tuple[list[str], NDArray[np.float64]]:
    """Draw crossings by the residents around, at a distance to those taken."""
    built = census.buildings > 0
    index = {
        (int(i_x), int(i_y)): i
        for i, (i_x, i_y) in enumerate(zip(census.i_x, census.i_y, strict=True))
        if built[i]
    }
    degree = np.zeros(built.size, dtype=np.int64)
    for (i_x, i_y), i in index.items():
        around = ((i_x + 1, i_y), (i_x - 1, i_y), (i_x, i_y + 1), (i_x, i_y - 1))
        degree[i] = sum(cell in index for cell in around)
    pools = {"pedestrian": degree >= 2, "t_junction": degree == 3, "junction": degree == 4}
    wanted = {"pedestrian": round(_SHARE_PEDESTRIAN * n), "t_junction": round(_SHARE_T * n)}
    wanted["junction"] = n - sum(wanted.values())
    points = np.stack([census.x_m, census.y_m], axis=1)
    chosen: list[tuple[float, float, str]] = []
    for kind, pool in pools.items():
        candidates = np.flatnonzero(pool)
        weight = census.residents[candidates] + 5.0
        # Efraimidis and Spirakis (2006), as for sites
        order = candidates[np.argsort(-np.log(rng.random(candidates.size)) / weight, kind="stable")]
        spacing_m, left = _SPACING_M, wanted[kind]
        while left:
            for i in order.tolist():
                if left and np.hypot(*(taken - points[i]).T).min() >= spacing_m:
                    taken = np.concatenate([taken, points[i : i + 1]])
                    chosen.append((float(points[i, 0]), float(points[i, 1]), kind))
                    left -= 1
            spacing_m *= 0.8
    chosen.sort()
    return [kind for _, _, kind in chosen], np.array([(x, y) for x, y, _ in chosen])
