"""The electricity grid: substations in a ring and network stations where people live."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.geo.generate.tours import closed_tour, weighted_centres
from twin.geo.sources import CensusGrid
from twin.model.city import Assumption, PowerNode

__all__ = ["ASSUMPTIONS", "N_STATIONS", "N_SUBSTATIONS", "generate_power"]

N_SUBSTATIONS = 18
N_STATIONS = 1740
_JITTER_M = 30.0

ASSUMPTIONS = (
    Assumption(
        key="geo.power.substations",
        value=N_SUBSTATIONS,
        unit="",
        mark="R",
        source="rundschau-duisburg.de 2021-07-08; a ring that holds with one substation out",
        used_by="power_nodes.csv",
    ),
    Assumption(
        key="geo.power.stations",
        value=N_STATIONS,
        unit="",
        mark="C",
        source="188 customers per station of one 10 kV node fed by two substations, WAZ 6476542",
        used_by="power_nodes.csv",
    ),
)


def generate_power(census: CensusGrid, rng: np.random.Generator) -> tuple[PowerNode, ...]:
    """Place substations and stations by dwellings and say what feeds what.

    Parameters
    ----------
    census : CensusGrid
        Census cells.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    tuple of PowerNode
        Substations in the order of the ring, each fed by its neighbours; then stations, each fed
        by the nearest substation and by the nearer of that one's neighbours.

    Notes
    -----
    Assumed: all positions, the order of the ring, and which two substations feed a station. Each
    station serves about the same number of dwellings.
    """
    points = np.stack([census.x_m, census.y_m], axis=1)
    homes = np.flatnonzero(census.dwellings > 0)
    weight = census.dwellings[homes].astype(np.float64)
    centres = weighted_centres(points[homes], weight, N_SUBSTATIONS, rng)
    ring = centres[closed_tour(centres)].round(1)
    names = [f"sub-{k + 1:02d}" for k in range(N_SUBSTATIONS)]
    substations = tuple(
        PowerNode(
            id=name,
            kind="substation",
            x_m=float(ring[k, 0]),
            y_m=float(ring[k, 1]),
            feeds=(names[k - 1], names[(k + 1) % N_SUBSTATIONS]),
        )
        for k, name in enumerate(names)
    )
    places = _stations(points[homes], weight, N_STATIONS)
    places = (places + (2.0 * rng.random(places.shape) - 1.0) * _JITTER_M).round(1)
    away = np.hypot(*(places[:, None, :] - ring[None, :, :]).transpose(2, 0, 1))
    stations = []
    for i, (x, y) in enumerate(places.tolist()):
        first = int(away[i].argmin())
        second = min(
            ((first - 1) % N_SUBSTATIONS, (first + 1) % N_SUBSTATIONS), key=lambda k: away[i, k]
        )
        stations.append(
            PowerNode(
                id=f"ns-{i + 1:04d}",
                kind="station",
                x_m=x,
                y_m=y,
                feeds=(names[first], names[second]),
            )
        )
    return substations + tuple(stations)


def _stations(
    points: NDArray[np.float64], weight: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Halve the cells along their longer side until each part has one station; take the middles.

    A single cell with many dwellings gets several stations.
    """
    done: list[NDArray[np.float64]] = []
    todo = [(np.arange(len(points)), n)]
    while todo:
        cells, n_here = todo.pop()
        if n_here == 1 or len(cells) == 1:
            middle = np.average(points[cells], axis=0, weights=weight[cells])
            done += [middle] * n_here
            continue
        axis = int(np.argmax(np.ptp(points[cells], axis=0)))
        order = cells[np.lexsort((points[cells, 1 - axis], points[cells, axis]))]
        n_left = n_here // 2
        share = np.cumsum(weight[order]) / weight[order].sum()
        cut = int(np.searchsorted(share, n_left / n_here, side="right"))
        cut = min(max(cut, 1), len(order) - 1)
        todo += [(order[cut:], n_here - n_left), (order[:cut], n_left)]
    return np.array(done)
