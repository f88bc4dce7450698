"""Terminals on LTE 450: smart-meter gateways with pushes and firmware, and substations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.model.city import City, PowerNode
from twin.sim.system import Context
from twin.sim.utilities_iot.assumptions import value
from twin.sim.utilities_iot.coverage import suburban_gain_db
from twin.sim.utilities_iot.devices import district_index, entry_loss_db
from twin.sim.utilities_iot.lte450 import Lte450, fair_shares
from twin.sim.utilities_iot.masts import Masts

__all__ = ["STEP_S", "PowerGrid", "SmartMeters"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

STEP_S = 60.0
_DAY_S = 86_400.0
_HOUR_STEPS = 60
_ROWS = 2_000
_RTU_EXTRA_DB = -6.0  # aerial on the roof of the substation: no entry loss, 6 dBi; assumed
_RTU_HEIGHT_M = 6.0
_WAITING, _SENDING, _DONE, _FAILED = range(4)
"""States of a day's push: not yet due or to be tried again, on the air, done, lost."""


class _Alive(Protocol):
    alive: Flags


class _Numbered(Protocol):
    number: dict[str, int]


@runtime_checkable
class PowerGrid(Protocol):
    """What is asked of the system that knows which substations and stations are alive."""

    @property
    def grid(self) -> _Numbered:
        """Node numbers by id."""
        ...

    @property
    def state(self) -> _Alive:
        """What is alive, by node number."""
        ...


class SmartMeters:
    """All terminals on LTE 450: substations first, then smart-meter gateways.

    Parameters
    ----------
    context : Context
        Time, chance, supply and the other systems.
    masts : Masts
        The cells.
    """

    def __init__(self, context: Context, masts: Masts) -> None:
        self._context, self.masts = context, masts
        city = context.city
        rng = context.rng("utilities_iot/smart_meters")
        self.substations = tuple(n for n in city.power_nodes if n.kind == "substation")
        where = _place(city, rng)
        self.n_rtu, self.n_planned = len(self.substations), where.shape[1]
        self.network, can = self._reach(where, rng)
        where = where[:, can]
        self.n = where.shape[1]
        self.district, self.slugs = district_index(city, where[0], where[1])
        stations = [node for node in city.power_nodes if node.kind == "station"]
        nearest = _nearest(where, stations)
        self._station_ids = tuple(node.id for node in stations)
        self._station_of = nearest
        self._pushes = context.rng("utilities_iot/pushes")
        self.is_fed = np.ones(self.n, dtype=bool)
        self._dark_s = np.full(self.n_rtu, np.inf)
        self._push_s = np.full(self.n, np.inf)
        self._state = np.full(self.n, _DONE, dtype=np.int64)
        self._was_due = np.zeros(self.n, dtype=bool)
        self._up_bits = np.zeros(self.n)
        self._down_bits = np.zeros(self.n)
        self.is_updating = np.zeros(self.n, dtype=bool)
        self._give_up_s = np.inf
        self.n_due = self.n_done = self.n_failed = 0
        self.due_by_meter = np.zeros(self.n, dtype=np.int64)
        self.done_by_meter = np.zeros(self.n, dtype=np.int64)
        self.n_firmware_asked = self.n_firmware_done = self.n_firmware_stopped = 0
        self.bits_up = self.bits_down = 0.0
        self.load = np.zeros((2, self.network.n_cells))
        self.load_sum = np.zeros((2, self.network.n_cells))
        self.hour_sum = np.zeros((2, self.network.n_cells))
        self.hour_top = 0.0
        self.n_steps = 0
        self.rtu_up_steps = np.zeros(self.n_rtu, dtype=np.int64)
        self.is_rtu_up = np.ones(self.n_rtu, dtype=bool)
        self.is_reached = np.zeros(self.n, dtype=bool)
        self._plan_day()

    def _reach(self, where: Floats, rng: np.random.Generator) -> tuple[Lte450, Flags]:
        """Try every place, with an aerial outside if need be.

        A gateway is fitted where the carrier reaches it; elsewhere it uses another network.
        """
        n, freq_hz = where.shape[1], value("lte450_carrier_hz")
        x = np.concatenate([[node.x_m for node in self.substations], where[0]])
        y = np.concatenate([[node.y_m for node in self.substations], where[1]])
        height_m = np.repeat([_RTU_HEIGHT_M, value("meter_height_m")], [self.n_rtu, n])
        suburb_db = suburban_gain_db(self._context.city, x, y, freq_hz)
        is_meter = np.arange(x.size) >= self.n_rtu
        is_deep = np.less(rng.random(x.size), value("smgw_cellar_share"))
        entry_db = entry_loss_db(freq_hz, is_meter, is_deep, rng) - value("smgw_antenna_dbi")
        extra_db = np.where(is_meter, entry_db, _RTU_EXTRA_DB) - suburb_db
        gets_aerial = is_meter & (rng.random(x.size) < value("smgw_aerial_share"))
        outside_db = value("smgw_aerial_cable_db") - value("smgw_antenna_dbi") - suburb_db
        network = self._network(x, y, height_m, extra_db)
        gets_aerial &= ~network.is_covered.any(axis=1)
        network = self._network(x, y, height_m, np.where(gets_aerial, outside_db, extra_db))
        can: Flags = np.asarray(network.is_covered.any(axis=1))
        network.keep(can | ~is_meter)
        return network, can[self.n_rtu :]

    def _network(self, x_m: Floats, y_m: Floats, height_m: Floats, extra_db: Floats) -> Lte450:
        """Make the links, with the same shadows each time."""
        rng = self._context.rng("utilities_iot/lte450")
        return Lte450(self.masts.gateways, x_m, y_m, height_m, extra_db, rng)

    # -- the day's pushes

    def _plan_day(self) -> None:
        """Spread the pushes of a local day over its window; those before now are history."""
        context = self._context
        now_s = context.kernel.now_s
        today = context.clock.local(now_s + 1.0)
        begin_s = context.clock.seconds_on(today, round(value("smgw_window_start_min")))
        end_s = context.clock.seconds_on(today, round(value("smgw_window_end_min")))
        self._give_up(now_s)
        at_s = begin_s + (end_s - begin_s) * self._pushes.random(self.n)
        is_ahead = at_s >= now_s
        self._push_s = np.where(is_ahead, at_s, np.inf)
        self._state = np.where(is_ahead, _WAITING, _DONE)
        self._was_due[:] = False
        self._give_up_s = context.clock.seconds_on(today, round(value("smgw_give_up_min")))
        tomorrow = today + timedelta(days=1)
        context.kernel.at(
            context.clock.seconds_on(tomorrow, 0), "smart-meter gateways", self._plan_day
        )

    def _give_up(self, now_s: float) -> None:
        """Count what was due and is not done as lost."""
        late = self._was_due & (self._state < _DONE)
        self.n_failed += int(late.sum())
        self._state[late] = _FAILED
        self._up_bits[late] = 0.0
        self._push_s[self._push_s < now_s] = np.inf
        self._push_s[late] = np.inf

    @property
    def n_open(self) -> int:
        """Pushes that were due and are neither done nor lost."""
        return int((self._was_due & (self._state < _DONE)).sum())

    # -- firmware

    def begin_firmware(self, rows: Ints, size_bytes: float) -> None:
        """Send an update to gateways; one that gets one already goes on with that."""
        rows = rows[~self.is_updating[rows]]
        self.is_updating[rows] = True
        self._down_bits[rows] = 8.0 * size_bytes
        self.n_firmware_asked += rows.size

    def end_firmware(self) -> None:
        """Stop what is not done."""
        self.n_firmware_stopped += int(self.is_updating.sum())
        self.is_updating[:] = False
        self._down_bits[:] = 0.0

    def reached_by(self, mast: int | None) -> Ints:
        """Return the gateways a mast serves now, or all."""
        at = self.network.mast_of(self.network.choose(self.masts.is_up)[0][self.n_rtu :])
        return np.flatnonzero(self.is_fed & (at >= 0 if mast is None else at == mast))

    # -- a step

    def run(self, to_s: float) -> None:
        """Let the step that ends at a simulated second happen."""
        all_cells, all_up, all_down = self.network.choose(self.masts.is_up)
        n_rtu = self.n_rtu
        self._feel_power(to_s)
        self.is_rtu_up = (all_cells[:n_rtu] >= 0) & (to_s - self._dark_s < value("rtu_battery_s"))
        self.rtu_up_steps += self.is_rtu_up
        cell, up, down = all_cells[n_rtu:], all_up[n_rtu:], all_down[n_rtu:]
        self.is_reached = (cell >= 0) & self.is_fed
        if self.masts.n:
            rtu = np.flatnonzero(self.is_rtu_up)
            at = np.concatenate([all_cells[:n_rtu][rtu], cell[self.is_reached]])
            rate = value("smgw_background_bytes") * 4.0 / _DAY_S  # half each way
            asked = np.repeat([value("rtu_bps"), rate], [rtu.size, int(self.is_reached.sum())])
            self._start_pushes(to_s)
            most = self.network.up_blocks[n_rtu:]
            self.bits_up += self._serve(
                0, self._up_bits, cell, up, most, (at, asked, all_up[:n_rtu][rtu])
            )
            most = np.full(self.n, self.network.capacity_blocks)
            self.bits_down += self._serve(
                1, self._down_bits, cell, down, most, (at, asked, all_down[:n_rtu][rtu])
            )
            self._finish()
        if to_s >= self._give_up_s:
            self._give_up(to_s)
            self._give_up_s = np.inf
        self._count_load()

    def _feel_power(self, now_s: float) -> None:
        grid = self._context.systems.get("dependencies")
        supply = self._context.supply
        is_on = np.array(
            [supply.is_supplied(node.id, "power") for node in self.substations], dtype=bool
        )
        if isinstance(grid, PowerGrid):
            number, alive = grid.grid.number, grid.state.alive
            is_on &= alive[[number[node.id] for node in self.substations]]
            if self._station_ids:
                lit = alive[[number[name] for name in self._station_ids]]
                self.is_fed = lit[self._station_of]
        self._dark_s = np.where(is_on, np.inf, np.minimum(self._dark_s, now_s))

    def _start_pushes(self, to_s: float) -> None:
        due = np.flatnonzero(self._push_s < to_s)
        first = due[~self._was_due[due]]
        self._was_due[first] = True
        self.n_due += first.size
        self.due_by_meter[first] += 1
        can = self.is_reached[due]
        self._push_s[due[can]] = np.inf
        self._state[due[can]] = _SENDING
        self._up_bits[due[can]] = 8.0 * value("smgw_push_bytes")
        again = due[~can]
        wait_s = self._pushes.exponential(value("smgw_retry_s"), again.size)
        self._push_s[again] = to_s + wait_s
        cut = np.flatnonzero((self._state == _SENDING) & ~self.is_reached)
        self._state[cut] = _WAITING  # the session is gone, the push starts anew
        self._up_bits[cut] = 0.0
        self._push_s[cut] = to_s + self._pushes.exponential(value("smgw_retry_s"), cut.size)

    def _serve(
        self, way: int, bits: Floats, cell: Ints, rate_bps: Floats, most_blocks: Floats,
        steady: tuple[Ints, Floats, Floats],
    ) -> float:  # fmt: skip
        """Carry what waits in one direction; returns the bits carried, the steady ones too."""
        steady_at, steady_bps, rtu_rate_bps = steady
        rates = np.concatenate([rtu_rate_bps, rate_bps[self.is_reached]])
        n_cells = self.network.n_cells
        always = np.bincount(steady_at, steady_bps / rates, minlength=n_cells) * STEP_S
        whole = self.network.capacity_blocks * STEP_S
        rows = np.flatnonzero((bits > 0.0) & self.is_reached)
        need = bits[rows] / rate_bps[rows]
        room = np.maximum(whole - always, 0.0)
        given = fair_shares(np.minimum(need, most_blocks[rows] * STEP_S), cell[rows], room)
        used = np.bincount(cell[rows], given, minlength=n_cells)
        self.load[way] = np.minimum((always + used) / whole, 1.0)
        carried = np.minimum(given * rate_bps[rows], bits[rows])
        is_whole = given >= need
        bits[rows] = np.where(is_whole, 0.0, bits[rows] - carried)
        share = np.minimum(whole / np.maximum(always, 1e-9), 1.0)
        return float(carried.sum() + (steady_bps * share[steady_at]).sum() * STEP_S)

    def _finish(self) -> None:
        done = np.flatnonzero((self._state == _SENDING) & (self._up_bits <= 0.0))
        self._state[done] = _DONE
        self.n_done += done.size
        self.done_by_meter[done] += 1
        updated = np.flatnonzero(self.is_updating & (self._down_bits <= 0.0))
        self.is_updating[updated] = False
        self.n_firmware_done += updated.size

    def _count_load(self) -> None:
        self.n_steps += 1
        self.load_sum += self.load
        self.hour_sum += self.load
        if self.n_steps % _HOUR_STEPS == 0:
            top = float(self.hour_sum.max(initial=0.0)) / _HOUR_STEPS
            self.hour_top = max(self.hour_top, top)
            self.hour_sum[:] = 0.0

    def busy_hour_load(self) -> float:
        """Return the greatest load of a cell in one direction over an hour, or half of one now."""
        n = self.n_steps % _HOUR_STEPS
        now = float(self.hour_sum.max(initial=0.0)) / n if n >= _HOUR_STEPS // 2 else 0.0
        return max(self.hour_top, now)

    def push_success_by_district(self) -> Mapping[str, float]:
        """Return the share of pushes that arrived of those due, by slug; only where some were."""
        found = {}
        for i, slug in enumerate(self.slugs):
            rows = self.district == i
            due = int(self.due_by_meter[rows].sum())
            if due:
                found[slug] = float(self.done_by_meter[rows].sum()) / due
        return found


def _place(city: City, rng: np.random.Generator) -> Floats:
    """Draw the places of smart-meter gateways by dwellings. [m]."""
    flats = np.array([float(cell.dwellings) for cell in city.census])
    meters = flats.sum() * value("meters_per_dwelling")
    n = round(meters * value("smgw_per_meter"))
    if not n:
        return np.zeros((2, 0))
    rows = np.sort(rng.choice(flats.size, n, p=flats / flats.sum()))
    where = np.array([(city.census[i].x_m, city.census[i].y_m) for i in rows]).T
    return where + rng.uniform(-50.0, 50.0, where.shape)


def _nearest(where: Floats, stations: list[PowerNode]) -> Ints:
    """Return the row of the nearest station of each place; 0 if there is none."""
    at = np.array([(node.x_m, node.y_m) for node in stations]).reshape(-1, 2).T
    found = np.zeros(where.shape[1], dtype=np.int64)
    if stations:
        for low in range(0, where.shape[1], _ROWS):
            part = where[:, low : low + _ROWS]
            far2 = (part[0][:, None] - at[0]) ** 2 + (part[1][:, None] - at[1]) ** 2
            found[low : low + _ROWS] = far2.argmin(axis=1)
    return found
