"""The cells as equipment: configuration, faults, electricity, batteries, links and sleep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell
from twin.sim.cellular.assumptions import assumed
from twin.sim.kernel import Due
from twin.sim.supply import SupplyKind
from twin.sim.system import Context

__all__ = ["Plant"]

FAILED, UNPOWERED, UNLINKED, BOOTING, ASLEEP = 1, 2, 4, 8, 16
"""Why a cell is off the air, as bits."""

_DEAD = FAILED | UNPOWERED

_Changed = Callable[[NDArray[np.int64], bool], None]
_Floats = NDArray[np.float64]


class Plant:
    """Configuration and condition of the cells, and of the sites that feed them.

    Parameters
    ----------
    context : Context
        For time, supply, hidden deviations and the trace.
    rows : ndarray of int64
        Places of the cells in the city's table.
    site_kinds : mapping
        Kind of each site by id: ``mast``, ``rooftop`` or ``lamp_head``.
    changed : callable
        Bound method, told (cells, abruptly) after cells went on or off the air.

    Attributes
    ----------
    admin : list of str
        Administrative states.
    tx_dbm, tilt_deg : ndarray
        As configured. [dBm], [deg]
    down : ndarray of uint8
        Why each cell is off the air.
    """

    def __init__(
        self,
        context: Context,
        rows: NDArray[np.int64],
        site_kinds: Mapping[str, str],
        changed: _Changed,
    ) -> None:
        cells = [context.city.cells[i] for i in rows]
        self._context, self._changed = context, changed
        self.city_name = context.city.name
        self.cells: Sequence[Cell] = tuple(cells)
        self.ids = tuple(cell.id for cell in cells)
        self.index = {name: i for i, name in enumerate(self.ids)}
        hidden = context.hidden
        self._power_error_db = hidden.cell_power_db[rows]
        self._tilt_error_deg = hidden.cell_tilt_deg[rows]
        self.tx_dbm = np.array([cell.tx_power_dbm for cell in cells])
        self.tilt_deg = np.array([cell.tilt_deg for cell in cells])
        self.admin = ["UNLOCKED" if cell.is_on else "LOCKED" for cell in cells]
        self._is_locked = np.array([not cell.is_on for cell in cells], dtype=bool)
        self.down = np.zeros(len(cells), dtype=np.uint8)
        self.sites: dict[str, NDArray[np.int64]] = {}
        for i, cell in enumerate(cells):
            self.sites[cell.site] = np.append(self.sites.get(cell.site, np.zeros(0, np.int64)), i)
        self._battery_s = self._draw_batteries(site_kinds)
        self._charge = dict.fromkeys(self.sites, 1.0)
        self._since_s = dict.fromkeys(self.sites, 0.0)
        self._empties: dict[str, Due] = {}
        self._boots: dict[str, Due] = {}
        self._drains: dict[int, Due] = {}

    def _draw_batteries(self, kinds: Mapping[str, str]) -> dict[str, float]:
        rng = self._context.rng("cellular/battery")
        spans = {"rooftop": _span("battery_roof"), "lamp_head": (0.0, 0.0)}
        mast = _span("battery_mast")
        all_sites = dict.fromkeys(cell.site for cell in self._context.city.cells)
        drawn = dict(zip(all_sites, rng.random(len(all_sites)), strict=True))
        result = {}
        for site in self.sites:
            shortest, longest = spans.get(kinds.get(site, "mast"), mast)
            result[site] = shortest + float(drawn[site]) * (longest - shortest)
        return result

    def watch(self) -> None:
        """Have the supply of electricity and links told from now on."""
        self._context.supply.watch(self.sites, self._supply)

    def true_power_dbm(self) -> _Floats:
        """Powers the cells really radiate. [dBm]."""
        return self.tx_dbm + self._power_error_db

    def true_tilt_deg(self) -> _Floats:
        """Tilts the antennas really have. [deg]."""
        return self.tilt_deg + self._tilt_error_deg

    def is_on_air(self) -> NDArray[np.bool_]:
        """Say which cells transmit."""
        result: NDArray[np.bool_] = (self.down == 0) & ~self._is_locked
        return result

    def is_fed(self) -> NDArray[np.bool_]:
        """Say which cells have electricity and work."""
        result: NDArray[np.bool_] = (self.down & _DEAD) == 0
        return result

    def is_enabled(self, cell: int) -> bool:
        """Say whether a cell serves or could at once; one asleep to save energy still does."""
        return not bool(self._is_locked[cell]) and not int(self.down[cell]) & ~ASLEEP

    def is_reachable(self, cell: int) -> bool:
        """Say whether the management of a cell answers; a failed radio does not silence it."""
        return not int(self.down[cell]) & (UNPOWERED | UNLINKED | BOOTING)

    def battery_s(self, site: str) -> float:
        """Return how long the battery of a site lasts when full [s]."""
        return self._battery_s[site]

    def on_battery(self) -> int:
        """Count the sites that live on their batteries now."""
        supply = self._context.supply
        return sum(
            not supply.is_supplied(site, "power") and not int(self.down[cells[0]]) & UNPOWERED
            for site, cells in self.sites.items()
        )

    def mark(self, cells: NDArray[np.int64], bit: int, *, is_set: bool, abruptly: bool) -> None:
        """Set or clear a reason to be off the air, and tell if cells went on or off."""
        before = self.is_on_air()[cells]
        if is_set:
            self.down[cells] |= np.uint8(bit)
        else:
            self.down[cells] &= np.uint8(255 - bit)
        moved = cells[self.is_on_air()[cells] != before]
        if moved.size:
            self._changed(moved, abruptly)

    def lock(self, cell: int, state: str) -> None:
        """Set the administrative state; one that shuts down is locked once it has drained."""
        due = self._drains.pop(cell, None)
        if due is not None:
            due.cancel()
        before = self.is_on_air()[cell]
        self.admin[cell] = state
        self._is_locked[cell] = state == "LOCKED"
        if state == "SHUTTING_DOWN":
            kernel = self._context.kernel
            self._drains[cell] = kernel.after(
                assumed("drain_s"), self.ids[cell], self._drained, cell
            )
        if self.is_on_air()[cell] != before:
            self._changed(np.array([cell]), False)

    def _drained(self, cell: int) -> None:
        self._drains.pop(cell, None)
        self.lock(cell, "LOCKED")
        self._context.note("cell_locked", self.ids[cell])

    def _supply(self, site: str, kind: SupplyKind, is_supplied: bool) -> None:
        cells = self.sites[site]
        if kind == "link":
            self._context.note("site_link_back" if is_supplied else "site_link_lost", site)
            self.mark(cells, UNLINKED, is_set=not is_supplied, abruptly=True)
        elif is_supplied:
            self._power_back(site, cells)
        else:
            self._power_lost(site, cells)

    def _power_lost(self, site: str, cells: NDArray[np.int64]) -> None:
        now_s = self._context.kernel.now_s
        full_s = self._battery_s[site]
        if full_s > 0.0:
            regained = (now_s - self._since_s[site]) * assumed("battery_recharge") / full_s
            self._charge[site] = min(self._charge[site] + regained, 1.0)
        self._since_s[site] = now_s
        left_s = full_s * self._charge[site]
        if left_s > 0.0:
            self._context.note("site_on_battery", site, round(left_s))
            self._empties[site] = self._context.kernel.after(left_s, site, self._go_dark, site)
        else:
            self._go_dark(site)

    def _go_dark(self, site: str) -> None:
        self._empties.pop(site, None)
        _cancel(self._boots, site)
        self._charge[site] = 0.0
        self._since_s[site] = self._context.kernel.now_s
        cells = self.sites[site]
        self._context.note("site_dark", site, cells.size)
        self.mark(cells, UNPOWERED, is_set=True, abruptly=True)

    def _power_back(self, site: str, cells: NDArray[np.int64]) -> None:
        now_s = self._context.kernel.now_s
        was_dark = bool(self.down[cells[0]] & UNPOWERED)
        _cancel(self._empties, site)
        if not was_dark and self._battery_s[site] > 0.0:
            used = (now_s - self._since_s[site]) / self._battery_s[site]
            self._charge[site] = max(self._charge[site] - used, 0.0)
        self._since_s[site] = now_s
        self._context.note("site_power_back", site)
        if was_dark:
            self.mark(cells, BOOTING, is_set=True, abruptly=True)
            self.mark(cells, UNPOWERED, is_set=False, abruptly=True)
            self._boots[site] = self._context.kernel.after(
                assumed("boot_s"), site, self._booted, site
            )

    def _booted(self, site: str) -> None:
        self._boots.pop(site, None)
        self._context.note("site_on_air", site)
        self.mark(self.sites[site], BOOTING, is_set=False, abruptly=False)


def _span(key: str) -> tuple[float, float]:
    return assumed(f"{key}_min_s"), assumed(f"{key}_max_s")


def _cancel(dues: dict[str, Due], site: str) -> None:
    due = dues.pop(site, None)
    if due is not None:
        due.cancel()
