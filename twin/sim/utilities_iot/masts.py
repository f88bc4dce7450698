"""Masts of a utility network: power, battery, link, faults, and when they are up again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Gateway
from twin.sim.supply import SupplyKind
from twin.sim.system import Context

__all__ = ["Masts"]

Floats = NDArray[np.float64]

_YEAR_S = 365.25 * 86_400.0


class Masts:
    """Gateways of one technology and whether they work.

    Parameters
    ----------
    context : Context
        Time, supply and trace.
    gateways : sequence of Gateway
        The masts.
    battery_s : float
        How long a mast runs without mains; it is full again when they return. [s]
    boot_s : float
        From power, or from a repair, to service. [s]
    needs_link : bool
        It works only while the municipal backbone reaches it.
    """

    def __init__(
        self,
        context: Context,
        gateways: Sequence[Gateway],
        *,
        battery_s: float,
        boot_s: float,
        needs_link: bool,
    ) -> None:
        self._context = context
        self.gateways = tuple(gateways)
        self.row = {gateway.id: i for i, gateway in enumerate(gateways)}
        self._battery_s, self._boot_s, self._needs_link = battery_s, boot_s, needs_link
        n = len(gateways)
        self.up_from_s = np.full(n, -np.inf)
        self.down_from_s = np.full(n, np.inf)
        self.rise_db = np.zeros(n)
        self._has_power = np.ones(n, dtype=bool)
        self._is_failed = np.zeros(n, dtype=bool)
        self._is_booted = np.ones(n, dtype=bool)
        self._is_linked = np.ones(n, dtype=bool)
        self._is_enabled = np.ones(n, dtype=bool)
        self._epoch = np.zeros(n, dtype=np.int64)
        self._down_s = np.zeros(n)
        self._since_s = context.kernel.now_s
        context.supply.watch(self.row, self._told)
        for name, i in self.row.items():
            if not context.supply.is_supplied(name, "power"):
                self._has_power[i] = self._is_booted[i] = False
            self._is_linked[i] = context.supply.is_supplied(name, "link")
            self._settle(i)

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.gateways)

    @property
    def is_up(self) -> NDArray[np.bool_]:
        """Which masts work now."""
        return np.asarray(np.isinf(self.down_from_s))

    def availability(self) -> Floats:
        """Return the share of time since the start that each mast was up."""
        now_s = self._context.kernel.now_s
        down_s = self._down_s + np.where(self.is_up, 0.0, now_s - self.down_from_s)
        return np.asarray(1.0 - down_s / max(now_s - self._since_s, 1e-9))

    def wear(self, rng: np.random.Generator, per_year: float, repair_s: float) -> None:
        """Let masts fail by themselves at a rate, and be repaired after a mean time.

        Parameters
        ----------
        rng : Generator
            Source of chance, kept.
        per_year : float
            Failures of one mast and year.
        repair_s : float
            Mean time to repair. [s]
        """
        self._rng, self._per_year, self._repair_s = rng, per_year, repair_s
        self._wait_for_failure()

    def _wait_for_failure(self) -> None:
        rate = self.n * self._per_year / _YEAR_S
        if rate > 0.0:
            delay_s = float(self._rng.exponential(1.0 / rate))
            self._context.kernel.after(delay_s, "gateways", self._break_one)

    def _break_one(self) -> None:
        i = int(self._rng.integers(self.n))
        if not self._is_failed[i]:
            name = self.gateways[i].id
            self._context.note("gateway_failed", name)
            self.fail(name)
            delay_s = float(self._rng.exponential(self._repair_s))
            self._context.kernel.after(delay_s, name, self.repair, name)
        self._wait_for_failure()

    def fail(self, target: str) -> None:
        """Break a mast."""
        i = self.row[target]
        self._is_failed[i], self._is_booted[i] = True, False
        self._epoch[i] += 1
        self._settle(i)

    def repair(self, target: str) -> None:
        """Repair a mast; it boots."""
        i = self.row[target]
        if self._is_failed[i]:
            self._is_failed[i] = False
            self._boot(i)

    def enable(self, i: int, *, is_on: bool) -> None:
        """Switch the radio of a mast on or off; its management answers all the same."""
        self._is_enabled[i] = is_on
        self._settle(i)

    def is_reachable(self, i: int) -> bool:
        """Say whether the management of a mast would answer: power, booted, link."""
        works = self._has_power[i] and self._is_booted[i] and not self._is_failed[i]
        return bool(works and (self._is_linked[i] or not self._needs_link))

    def _told(self, consumer: str, kind: SupplyKind, is_supplied: bool) -> None:
        i = self.row[consumer]
        if kind == "link":
            self._is_linked[i] = is_supplied
            self._settle(i)
        elif not is_supplied:
            self._epoch[i] += 1
            if self._is_booted[i] and self._battery_s > 0.0:
                self._after(self._battery_s, self._run_flat, i)
            else:
                self._run_flat(i, int(self._epoch[i]))
        elif self._has_power[i]:
            self._epoch[i] += 1  # the battery lasted
            if not self._is_booted[i]:
                self._boot(i)
        else:
            self._has_power[i] = True
            self._boot(i)

    def _after(self, delay_s: float, action: Callable[[int, int], None], i: int) -> None:
        self._context.kernel.after(delay_s, self.gateways[i].id, action, i, int(self._epoch[i]))

    def _run_flat(self, i: int, epoch: int) -> None:
        if epoch == self._epoch[i]:
            self._has_power[i] = self._is_booted[i] = False
            self._settle(i)

    def _boot(self, i: int) -> None:
        self._epoch[i] += 1
        if self._has_power[i] and not self._is_failed[i]:
            self._after(self._boot_s, self._come_up, i)

    def _come_up(self, i: int, epoch: int) -> None:
        if epoch == self._epoch[i]:
            self._is_booted[i] = True
            self._settle(i)

    def _settle(self, i: int) -> None:
        """Note when a mast begins and ceases to work."""
        works = bool(
            self._has_power[i]
            and self._is_booted[i]
            and not self._is_failed[i]
            and self._is_enabled[i]
            and (self._is_linked[i] or not self._needs_link)
        )
        now_s, name = self._context.kernel.now_s, self.gateways[i].id
        if works and not self.is_up[i]:
            self._down_s[i] += now_s - self.down_from_s[i]
            self.up_from_s[i], self.down_from_s[i] = now_s, np.inf
            self._context.note("gateway_up", name)
        elif not works and self.is_up[i]:
            self.down_from_s[i] = now_s
            self._context.note("gateway_down", name)
