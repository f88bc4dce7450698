"""Which area a point lies in: even-odd test of rings and the lookup of districts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.city import District, Ring

__all__ = ["distance_m", "district_slugs", "inside"]


def inside(rings: Iterable[Ring], x_m: ArrayLike, y_m: ArrayLike) -> NDArray[np.bool_]:
    """Say which points lie inside an area by the even-odd rule.

    Parameters
    ----------
    rings : iterable of Ring
        Outer boundaries and holes in any order.
    x_m, y_m : array_like of shape (N,)
        Points. [m]

    Returns
    -------
    ndarray of shape (N,)
        True inside.
    """
    x = np.asarray(x_m, dtype=np.float64)
    y = np.asarray(y_m, dtype=np.float64)
    order = np.argsort(y, kind="stable")
    x_sorted, y_sorted = x[order], y[order]
    result = np.zeros(x.shape, dtype=bool)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, (*ring[1:], ring[0]), strict=True):
            if y0 == y1:
                continue
            # an edge can only be crossed by points between its ends
            first, last = np.searchsorted(y_sorted, (min(y0, y1), max(y0, y1)), side="left")
            cross = x0 + (y_sorted[first:last] - y0) * ((x1 - x0) / (y1 - y0))
            result[first:last] ^= x_sorted[first:last] < cross
    answer = np.empty_like(result)
    answer[order] = result
    return answer


def distance_m(rings: Iterable[Ring], x_m: ArrayLike, y_m: ArrayLike) -> NDArray[np.float64]:
    """Distance of points to the boundary of an area.

    Parameters
    ----------
    rings : iterable of Ring
        Outer boundaries and holes.
    x_m, y_m : array_like of shape (N,)
        Points. [m]

    Returns
    -------
    ndarray of shape (N,)
        Distance to the nearest edge. [m]
    """
    points = np.stack(np.broadcast_arrays(x_m, y_m), axis=-1).astype(np.float64)
    nearest = np.full(len(points), np.inf)
    for ring in rings:
        for start, end in zip(ring, (*ring[1:], ring[0]), strict=True):
            edge = np.subtract(end, start)
            length2 = float(edge @ edge)
            along = ((points - start) @ edge / length2).clip(0, 1) if length2 else 0.0
            foot = start + np.multiply.outer(np.asarray(along), edge)
            nearest = np.minimum(nearest, np.hypot(*(points - foot).T))
    return nearest


def district_slugs(
    districts: Sequence[District], x_m: ArrayLike, y_m: ArrayLike, *, level: str = "district"
) -> tuple[str, ...]:
    """Name the district of each point.

    Parameters
    ----------
    districts : sequence of District
        Districts of a city, of any level.
    x_m, y_m : array_like of shape (N,)
        Points. [m]
    level : str
        ``city``, ``district`` or ``quarter``.

    Returns
    -------
    tuple of str
        Slugs; empty text where no district of that level lies.
    """
    x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
    slugs = np.full(x.shape, "", dtype=object)
    for district in districts:
        if district.level == level:
            slugs[inside(district.rings, x, y)] = district.slug
    return tuple(str(slug) for slug in slugs)
