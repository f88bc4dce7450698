"""Closed tours and centres of places: what rings of substations and of fibre are laid by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["closed_tour", "weighted_centres"]


def closed_tour(points: NDArray[np.float64]) -> list[int]:
    """Order points into a short ring: nearest neighbour, then 2-opt until nothing crosses.

    Parameters
    ----------
    points : ndarray of shape (N, 2)
        Points in the plane, at least one. [m]

    Returns
    -------
    list of int
        Row numbers; the last is followed by the first.
    """
    away = np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
    tour, left = [0], set(range(1, len(points)))
    while left:
        nearest = min(left, key=lambda i: (away[tour[-1], i], i))
        tour.append(nearest)
        left.remove(nearest)
    n = len(tour)
    is_better = True
    while is_better:
        is_better = False
        for i in range(n - 1):
            for j in range(i + 2, n - (i == 0)):
                a, b, c, d = tour[i], tour[i + 1], tour[j], tour[(j + 1) % n]
                if away[a, c] + away[b, d] < away[a, b] + away[c, d] - 1e-6:
                    tour[i + 1 : j + 1] = reversed(tour[i + 1 : j + 1])
                    is_better = True
    return tour


def weighted_centres(
    points: NDArray[np.float64],
    weight: NDArray[np.float64],
    n: int,
    rng: np.random.Generator,
    *,
    rounds: int = 30,
) -> NDArray[np.float64]:
    """Find centres that share out a weight (Lloyd 1982, from a random start).

    Parameters
    ----------
    points : ndarray of shape (N, 2)
        Where the weight is. [m]
    weight : ndarray of shape (N,)
        Weight, not negative; at least `n` of them positive.
    n : int
        Centres wanted.
    rng : numpy.random.Generator
        Draws the start by weight.
    rounds : int
        Rounds of moving each centre into the middle of what is nearest to it.

    Returns
    -------
    ndarray of shape (n, 2)
        Centres, from west to east. [m]
    """
    start = rng.choice(len(points), size=n, replace=False, p=weight / weight.sum())
    centres = points[np.sort(start)]
    for _ in range(rounds):
        away2 = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
        nearest = away2.argmin(axis=1)
        mass = np.bincount(nearest, weight, minlength=n)
        moved = np.stack(
            [np.bincount(nearest, weight * points[:, k], minlength=n) for k in (0, 1)], axis=1
        )
        centres = np.where(mass[:, None] > 0, moved / np.maximum(mass, 1e-12)[:, None], centres)
    return np.asarray(centres[np.lexsort((centres[:, 1], centres[:, 0]))])
