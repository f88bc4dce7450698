"""Lamps that follow motion: bright around whoever passes, by the time of events, not by ticks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chain", "Mode", "along_polyline", "covered_s", "lit_intervals"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


def lit_intervals(
    at_s: _Floats, speed_m_s: _Floats, lamp_m: _Floats, *, ahead: int, hold_s: float
) -> tuple[_Floats, _Floats]:
    """When each lamp of a chain is bright for each passer-by.

    Parameters
    ----------
    at_s, speed_m_s : ndarray of shape (N,)
        When somebody passes the beginning of the chain, and how fast. [s, m/s]
    lamp_m : ndarray of shape (K,)
        Lamps along the chain, ascending. [m]
    ahead : int
        Lamps ahead that a detection lights too.
    hold_s : float
        Time a lamp stays bright after its detector saw somebody. [s]

    Returns
    -------
    on_s, off_s : ndarray of shape (N, K)
        Lamp k is bright from the passage of lamp k - `ahead` until `hold_s` after its own. [s]
    """
    n_lamps = lamp_m.size
    trigger_m = lamp_m[np.maximum(np.arange(n_lamps) - ahead, 0)]
    on_s = at_s[:, None] + trigger_m / speed_m_s[:, None]
    off_s = at_s[:, None] + lamp_m / speed_m_s[:, None] + hold_s
    return on_s, off_s


def covered_s(on_s: _Floats, off_s: _Floats, from_s: float, to_s: float) -> _Floats:
    """Time within a span that is covered by intervals, each moment counted once.

    Parameters
    ----------
    on_s, off_s : ndarray of shape (N, K)
        Intervals. [s]
    from_s, to_s : float
        Span. [s]

    Returns
    -------
    ndarray of shape (K,)
        Length of the union of each column. [s]
    """
    if on_s.shape[0] == 0:
        return np.zeros(on_s.shape[1])
    order = np.argsort(on_s, axis=0, kind="stable")
    on = np.clip(np.take_along_axis(on_s, order, axis=0), from_s, to_s)
    off = np.clip(np.take_along_axis(off_s, order, axis=0), from_s, to_s)
    done = np.maximum.accumulate(off, axis=0)
    done[1:] = done[:-1]
    done[0] = from_s
    total: _Floats = np.maximum(off - np.maximum(on, done), 0.0).sum(axis=0)
    return total


def along_polyline(x_m: _Floats, y_m: _Floats, line_m: _Floats) -> tuple[_Floats, _Floats]:
    """Place points along a line of straight pieces.

    Parameters
    ----------
    x_m, y_m : ndarray of shape (N,)
        Points. [m]
    line_m : ndarray of shape (P, 2)
        Corners of the line, at least two. [m]

    Returns
    -------
    at_m, off_m : ndarray of shape (N,)
        How far along the line the nearest point of it is, and how far away. [m]
    """
    steps = np.diff(line_m, axis=0)
    lengths = np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-9)
    begins = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    at_m, off_m = np.zeros(x_m.size), np.full(x_m.size, np.inf)
    for begin, (ax, ay), (ux, uy), length in zip(
        begins, line_m[:-1], steps / lengths[:, None], lengths, strict=True
    ):
        along = np.clip((x_m - ax) * ux + (y_m - ay) * uy, 0.0, length)
        off = np.hypot(x_m - ax - along * ux, y_m - ay - along * uy)
        nearer = off < off_m
        at_m[nearer], off_m[nearer] = begin + along[nearer], off[nearer]
    return at_m, off_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How a chain of lamps follows motion.

    Parameters
    ----------
    base_percent : float
        Light while nobody is there; raised to what P6 needs. [%]
    hold_s : float
        How long a lamp stays bright after its detector saw somebody. [s]
    ahead : int
        Lamps ahead that are lit too.
    """

    base_percent: float
    hold_s: float
    ahead: int


class Chain:
    """Lamps along a corridor that follow motion.

    Parameters
    ----------
    name : str
        The corridor, or the cabinet whose lamps these are.
    lamps : ndarray of shape (K,)
        Lamps in the order in which they are passed, as indices; at least one.
    lamp_m : ndarray of shape (K,)
        Where they stand, ascending. [m]
    mode : Mode
        How they follow.
    now_s : float
        When they begin to. [s]
    """

    def __init__(self, name: str, lamps: _Ints, lamp_m: _Floats, mode: Mode, now_s: float) -> None:
        self.name, self.lamps, self.lamp_m, self.mode = name, lamps, lamp_m, mode
        self.detections = 0
        self._passes: list[tuple[float, float]] = []
        self._settled_s = now_s

    def detect(self, at_s: float, speed_m_s: float) -> None:
        """Take note of somebody who passes the beginning now or later."""
        self._passes.append((at_s, speed_m_s))
        self.detections += 1

    def _intervals(self) -> tuple[_Floats, _Floats]:
        at_s, speed = np.array(self._passes, dtype=np.float64).reshape(-1, 2).T
        mode = self.mode
        return lit_intervals(at_s, speed, self.lamp_m, ahead=mode.ahead, hold_s=mode.hold_s)

    def settle(self, now_s: float) -> _Floats:
        """Return how long each lamp was bright since it was last asked, and start anew. [s]."""
        on_s, off_s = self._intervals()
        bright = covered_s(on_s, off_s, self._settled_s, now_s)
        lasting = off_s.max(axis=1) > now_s
        self._passes = [self._passes[i] for i in np.flatnonzero(lasting)]
        self._settled_s = now_s
        return bright

    def is_bright(self, now_s: float) -> _Bools:
        """Say which lamps somebody keeps bright at a moment, not before the last `settle`."""
        on_s, off_s = self._intervals()
        return np.asarray(((on_s <= now_s) & (now_s < off_s)).any(axis=0))
