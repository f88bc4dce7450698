"""Which lamps follow motion, how dark they wait, and what being bright costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.lamps.motion import Chain
from twin.sim.power import LAMP_STANDBY_SHARE

__all__ = ["Followers"]

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]


class Followers:
    """Chains of lamps that follow motion.

    Parameters
    ----------
    cabinet_of : ndarray
        Cabinet of each lamp.
    n_cabinets : int
        How many cabinets there are.
    """

    def __init__(self, cabinet_of: NDArray[np.int64], n_cabinets: int) -> None:
        self._cabinet_of, self._n_cabinets = cabinet_of, n_cabinets
        self.chains: dict[str, Chain] = {}
        self.follows = np.zeros(cabinet_of.size, dtype=bool)
        self.base_light = np.ones(cabinet_of.size)
        self.excess_w = np.zeros(cabinet_of.size)  # of a bright lamp over one that waits, now

    def add(self, chain: Chain, base_light: _Floats) -> None:
        """Let the lamps of a chain follow motion, with the light each gives while it waits."""
        self.chains[chain.name] = chain
        self.base_light[chain.lamps] = base_light
        self.follows[chain.lamps] = True

    def remove(self, name: str) -> None:
        """Let the lamps of a chain burn like all others."""
        rows = self.chains.pop(name).lamps
        self.follows[rows] = False
        self.base_light[rows] = 1.0
        self.excess_w[rows] = 0.0

    def set_excess(self, bright: _Floats, waits: _Bools, full_w: _Floats) -> None:
        """Set what a bright lamp takes more.

        Parameters
        ----------
        bright : ndarray
            Light of each lamp when somebody is there, 0 to 1.
        waits : ndarray of bool
            Lamps that would follow motion now.
        full_w : ndarray
            Power that full light of each lamp would take, 0 for a broken one. [W]
        """
        more = np.maximum(bright - self.base_light, 0.0) * (waits & self.follows)
        self.excess_w = (1.0 - LAMP_STANDBY_SHARE) * full_w * more

    def settle_wh(self, now_s: float) -> _Floats:
        """Return what bright lamps took since they were last asked, by cabinet. [Wh]."""
        total = np.zeros(self._n_cabinets)
        for chain in self.chains.values():
            bright_wh = chain.settle(now_s) * self.excess_w[chain.lamps] / 3600.0
            total += self._by_cabinet(chain, bright_wh)
        return total

    def bright_w(self, now_s: float) -> _Floats:
        """Return what lamps that somebody keeps bright take more now, by cabinet. [W]."""
        total = np.zeros(self._n_cabinets)
        for chain in self.chains.values():
            total += self._by_cabinet(chain, self.excess_w[chain.lamps] * chain.is_bright(now_s))
        return total

    def _by_cabinet(self, chain: Chain, values: _Floats) -> _Floats:
        of = self._cabinet_of[chain.lamps]
        return np.bincount(of, values, minlength=self._n_cabinets).astype(np.float64)
