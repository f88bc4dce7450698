"""Sites of three mobile operators at the spacing of a real city, denser where people live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.geo.rings import inside
from twin.geo.sources import CensusGrid
from twin.model.city import Ring, Site

__all__ = ["OPERATORS", "DensityMap", "generate_sites", "nearest_own_m"]

OPERATORS = (("A", 182), ("B", 176), ("C", 188))
"""Operators and their sites: Leipzig's 175, 140 and 186 at this city's area give 175 to 190."""

MAST_SHARE = 0.20  # 61 freestanding of 380 in Leipzig, the rest on and in buildings
_SHARED_PAIR = 0.37  # of the second operator's sites stand at one of the first
_SHARED_TRIPLE, _SHARED_SINGLE = 0.165, 0.35  # of the third's: at two others, at one other
_DENSE_M, _SPARSE_M = 330.0, 720.0
_DENSE_PER_KM2, _SPARSE_PER_KM2 = 6000.0, 800.0
_MAST_M = 900.0
_SHRINK = 0.93
_LEAST_SCALE = 0.01  # then the candidates are used up
_CELL_M = 100.0


class DensityMap:
    """Residents around a point, from the census cells.

    Parameters
    ----------
    census : CensusGrid
        Census cells.
    """

    def __init__(self, census: CensusGrid) -> None:
        self._points = np.stack([census.x_m, census.y_m], axis=1)
        self._residents = census.residents

    def per_km2(self, points: NDArray[np.float64], radius_m: float) -> NDArray[np.float64]:
        """Residents per km2 within a radius.

        Parameters
        ----------
        points : ndarray of shape (N, 2)
            Points in the plane. [m]
        radius_m : float
            Radius. [m]

        Returns
        -------
        ndarray of shape (N,)
            Density. [1/km2]
        """
        area_km2 = np.pi * (radius_m / 1000) ** 2
        result = np.empty(len(points))
        for i, point in enumerate(points):
            near = np.hypot(*(self._points - point).T) <= radius_m
            result[i] = self._residents[near].sum() / area_km2
        return result


@dataclass(slots=True)
class _Place:
    """A physical site and who is on it."""

    x_m: float
    y_m: float
    kind: str
    operators: list[str] = field(default_factory=list)


def generate_sites(
    census: CensusGrid, outline: Sequence[Ring], rng: np.random.Generator
) -> tuple[Site, ...]:
    """Choose sites for every operator.

    Parameters
    ----------
    census : CensusGrid
        Census cells.
    outline : sequence of Ring
        The city.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    tuple of Site
        By operator; a shared place is one site per operator at the same point.

    Notes
    -----
    Rooftops are drawn by residents with a distance to the operator's own sites that falls with
    density; masts fill the gaps, also where nobody lives. Operators join others' places so often
    that 66 % of places carry one operator, 26 % two and 8 % three, as in Leipzig.
    """
    roofs = _roof_candidates(census, rng)
    masts = _mast_candidates(outline, rng)
    density = DensityMap(census)
    spacing = {
        "rooftop": _spacing_m(density.per_km2(roofs, 500.0)),
        "mast": np.full(len(masts), _MAST_M),
    }
    places: list[_Place] = []
    for i, (operator, n_sites) in enumerate(OPERATORS):
        _join(places, operator, n_sites, i, density, rng)
        own = [place for place in places if operator in place.operators]
        n_masts = max(0, round(n_sites * MAST_SHARE) - sum(p.kind == "mast" for p in own))
        n_roofs = n_sites - len(own) - n_masts
        for kind, candidates, n in (("rooftop", roofs, n_roofs), ("mast", masts, n_masts)):
            chosen = _spread(candidates, spacing[kind], n, own)
            new = [_Place(float(x), float(y), kind, [operator]) for x, y in candidates[chosen]]
            places += new
            own += new
            keep = np.setdiff1d(np.arange(len(candidates)), chosen)
            if kind == "rooftop":
                roofs = roofs[keep]
                spacing[kind] = spacing[kind][keep]
            else:
                masts = masts[keep]
                spacing[kind] = spacing[kind][keep]
    return _records(places)


def nearest_own_m(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each point to the nearest other one.

    Parameters
    ----------
    points : ndarray of shape (N, 2)
        Points in the plane. [m]

    Returns
    -------
    ndarray of shape (N,)
        Distance; infinite for a single point. [m]
    """
    distance = np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    return np.asarray(distance.min(axis=1))


def _records(places: Sequence[_Place]) -> tuple[Site, ...]:
    sites = []
    for operator, _ in OPERATORS:
        mine = sorted(
            (p for p in places if operator in p.operators), key=lambda p: (-round(p.y_m, -3), p.x_m)
        )
        for i, place in enumerate(mine):
            sites.append(
                Site(
                    id=f"site-{operator.lower()}-{i + 1:03d}",
                    operator=operator,
                    kind=place.kind,
                    x_m=place.x_m,
                    y_m=place.y_m,
                )
            )
    return tuple(sites)


def _roof_candidates(census: CensusGrid, rng: np.random.Generator) -> NDArray[np.float64]:
    """Offer a roof per built-up cell, in random order that prefers cells with many residents."""
    built = np.flatnonzero(census.buildings > 0)
    weight = census.residents[built] + 10.0
    # Efraimidis and Spirakis (2006): sorting by log(u)/w draws by weight without replacement
    order = built[np.argsort(-np.log(rng.random(len(built))) / weight, kind="stable")]
    jitter = (rng.random((len(order), 2)) - 0.5) * 60.0
    points = np.stack([census.x_m[order], census.y_m[order]], axis=1) + jitter
    return np.asarray(points.round(1))


def _mast_candidates(outline: Sequence[Ring], rng: np.random.Generator) -> NDArray[np.float64]:
    """Points all over the city, one per 100 m square, in random order."""
    corners = np.array([point for ring in outline for point in ring])
    low, high = corners.min(axis=0), corners.max(axis=0)
    x, y = np.meshgrid(*(np.arange(a + 50, b, _CELL_M) for a, b in zip(low, high, strict=True)))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    points += (rng.random(points.shape) - 0.5) * 80.0
    points = points[inside(outline, points[:, 0], points[:, 1])]
    return np.asarray(points[np.argsort(rng.random(len(points)), kind="stable")].round(1))


def _spacing_m(density_per_km2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the least distance to an own site in m: it falls with the logarithm of the density."""
    low, high = np.log(_SPARSE_PER_KM2), np.log(_DENSE_PER_KM2)
    share = (np.log(density_per_km2 + 1.0) - low) / (high - low)
    return np.asarray(_SPARSE_M + (_DENSE_M - _SPARSE_M) * share.clip(0, 1))


def _spread(
    candidates: NDArray[np.float64],
    spacing_m: NDArray[np.float64],
    n: int,
    own: Sequence[_Place],
) -> NDArray[np.int64]:
    """Take candidates in order that keep their distance; relax the distance until n are found."""
    nearest = np.full(len(candidates), np.inf)
    for place in own:
        nearest = np.minimum(nearest, np.hypot(*(candidates - (place.x_m, place.y_m)).T))
    chosen: list[int] = []
    scale = 1.0
    while len(chosen) < n and scale > _LEAST_SCALE:
        for i in range(len(candidates)):
            if len(chosen) == n:
                break
            if nearest[i] >= spacing_m[i] * scale:
                chosen.append(i)
                nearest = np.minimum(nearest, np.hypot(*(candidates - candidates[i]).T))
        scale *= _SHRINK
    return np.array(chosen, dtype=np.int64)


def _join(
    places: Sequence[_Place],
    operator: str,
    n_sites: int,
    n_before: int,
    density: DensityMap,
    rng: np.random.Generator,
) -> None:
    """Let an operator move onto places of those before it."""
    quotas = {0: {}, 1: {1: _SHARED_PAIR}, 2: {1: _SHARED_SINGLE, 2: _SHARED_TRIPLE}}[n_before]
    own: list[_Place] = []
    for n_others, share in sorted(quotas.items(), reverse=True):
        pool = [place for place in places if len(place.operators) == n_others]
        pool = [pool[i] for i in np.argsort(rng.random(len(pool)), kind="stable")]
        points = np.array([(place.x_m, place.y_m) for place in pool])
        chosen = _spread(
            points, _spacing_m(density.per_km2(points, 500.0)), round(share * n_sites), own
        )
        own += [pool[i] for i in chosen]
    for place in own:
        place.operators.append(operator)
