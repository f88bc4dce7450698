"""How users move: straight on at their own speed over a torus, or to and fro within a rectangle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Walk", "straight_walk"]

Array = NDArray[np.float64]


@dataclass(slots=True, kw_only=True, eq=False)
class Walk:
    """Where users are and where they go.

    Parameters
    ----------
    x_m, y_m : ndarray of float64, shape (n,)
        Positions now. [m]
    vx_m_s, vy_m_s : ndarray of float64, shape (n,)
        Velocities. [m/s]
    width_m, depth_m : float
        Size of the plane. [m]
    is_torus : bool
        Who leaves on one side comes in on the other; else users turn back at the edge.
    """

    x_m: Array
    y_m: Array
    vx_m_s: Array
    vy_m_s: Array
    width_m: float
    depth_m: float
    is_torus: bool = True

    @property
    def speed_m_s(self) -> Array:
        """Speed of each user. [m/s]."""
        return np.hypot(self.vx_m_s, self.vy_m_s)

    def advance(self, step_s: float) -> None:
        """Move everybody on for so many seconds."""
        self.x_m += self.vx_m_s * step_s
        self.y_m += self.vy_m_s * step_s
        sides = ((self.x_m, self.vx_m_s, self.width_m), (self.y_m, self.vy_m_s, self.depth_m))
        for place, velocity, length in sides:
            if self.is_torus:
                np.subtract(place, length, out=place, where=place >= length)
                np.add(place, length, out=place, where=place < 0.0)
                continue
            is_low, is_high = place < 0.0, place > length
            np.negative(place, out=place, where=is_low)
            np.subtract(2.0 * length, place, out=place, where=is_high)
            np.negative(velocity, out=velocity, where=is_low | is_high)


def straight_walk(
    n_users: int,
    speed_m_s: ArrayLike,
    size_m: tuple[float, float],
    rng: np.random.Generator,
    *,
    is_torus: bool = True,
) -> Walk:
    """Scatter users over a plane, each with a direction drawn at random that it keeps.

    Parameters
    ----------
    n_users : int
        Users.
    speed_m_s : array_like
        One speed, or one for each. [m/s]
    size_m : tuple of float
        Width and depth of the plane. [m]
    rng : numpy.random.Generator
        Source of randomness.
    is_torus : bool
        See `Walk`.

    Returns
    -------
    Walk
        The users at the start.

    Raises
    ------
    ValueError
        A negative speed, an empty plane.

    References
    ----------
    .. [1] 3GPP TR 36.839 V11.1.0 (2012), 5.3: random direction, straight, constant speed.
    """
    speed = np.broadcast_to(np.asarray(speed_m_s, np.float64), n_users)
    if not ((speed >= 0.0) & np.isfinite(speed)).all() or min(size_m) <= 0.0:
        raise ValueError("speed_m_s: must not be negative; size_m: must be positive")
    direction = rng.uniform(0.0, 2.0 * np.pi, n_users)
    return Walk(
        x_m=rng.uniform(0.0, size_m[0], n_users),
        y_m=rng.uniform(0.0, size_m[1], n_users),
        vx_m_s=speed * np.cos(direction),
        vy_m_s=speed * np.sin(direction),
        width_m=size_m[0],
        depth_m=size_m[1],
        is_torus=is_torus,
    )
