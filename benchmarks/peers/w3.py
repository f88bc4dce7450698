"""W3: 300 cells and 2,000 users that move and report each second, with handover."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Generator, Iterator
from time import perf_counter

import numpy as np
import simpy

from benchmarks.peers.record import Entry, version_of
from twin.sim.mobility import HandoverPolicy, MobilitySimulation, hexagonal_layer, straight_walk
from twin.sim.mobility.walk import Walk

N_USERS, SPEED_M_S, ISD_M, SITES = 2000, 30 / 3.6, 500.0, (10, 10)
SIGMA_DB, CORRELATION_M, NOISE_MW = 6.0, 50.0, 10**-12.2

__all__ = ["entries"]


def _walk() -> tuple[list, Walk]:
    cells, size_m = hexagonal_layer(*SITES, ISD_M)
    return list(cells), straight_walk(N_USERS, SPEED_M_S, size_m, np.random.default_rng(1))


class NumpyMobility:
    """The same work by hand: levels in dB of all users and cells, A3 counted in reports.

    Shadowing is a first-order process along each user's way, cheaper than a field. No failures, no
    lost links, no events between reports: less than what it is compared with.
    """

    def __init__(self) -> None:
        cells, self.walk = _walk()
        self.rng = np.random.default_rng(2)
        self.policy = HandoverPolicy()
        first = cells[::3]
        self.site = np.array([(c.x_m, c.y_m) for c in first])
        self.azimuth = np.array([90.0 - c.azimuth_deg for c in cells[:3]])
        self.tilt_deg, self.f_db = cells[0].tilt_deg, 20.0 * np.log10(cells[0].carrier_hz / 1e9)
        self.kept = np.exp(-SPEED_M_S / CORRELATION_M)
        self.shadow_db = SIGMA_DB * self.rng.standard_normal((N_USERS, len(first)))
        self.filtered = self.level_dbm(slice(None))
        self.serving = self.filtered.argmax(axis=1)
        self.ready = np.zeros(N_USERS, int)
        self.handovers = 0
        self.served_bit = np.zeros(N_USERS)

    def level_dbm(self, who: slice | int) -> np.ndarray:
        """Levels per resource element."""
        size = np.array([self.walk.width_m, self.walk.depth_m])
        place = np.stack((self.walk.x_m[who], self.walk.y_m[who]), axis=-1)
        offset = np.atleast_2d(place)[:, None] - self.site
        offset -= size * np.round(offset / size)
        d2 = np.maximum(np.hypot(offset[..., 0], offset[..., 1]), 10.0)
        d3 = np.hypot(d2, 23.5)
        with_los = 28.0 + self.f_db + 22.0 * np.log10(d3)
        without = np.maximum(13.54 + self.f_db + 39.08 * np.log10(d3), with_los)
        p = np.minimum(18.0 / d2, 1.0)
        p += np.exp(-d2 / 63.0) * (1.0 - p)
        gain = p * 10.0 ** (-with_los / 10.0) + (1.0 - p) * 10.0 ** (-without / 10.0)
        site_db = 10.0 * np.log10(gain) + np.atleast_2d(self.shadow_db[who])
        azimuth = np.degrees(np.arctan2(offset[..., 1], offset[..., 0]))
        phi = (azimuth[..., None] - self.azimuth + 180.0) % 360.0 - 180.0
        theta = np.degrees(np.arctan2(23.5, d2))[..., None] - self.tilt_deg
        loss = 12.0 * (phi / 65.0) ** 2 + np.minimum(12.0 * (theta / 10.0) ** 2, 30.0)
        level = 46.0 + 17.5 - 30.8 - np.minimum(loss, 30.0) + site_db[..., None]
        return level.reshape(len(level), -1)

    def report(self, who: slice | int) -> None:
        """Filter, decide, and give rates."""
        rows = np.atleast_1d(np.arange(N_USERS)[who])
        level = self.level_dbm(who)
        filtered = level + 0.03 * (self.filtered[rows] - level)
        self.filtered[rows] = filtered
        own = filtered[np.arange(len(rows)), self.serving[rows]]
        is_above = filtered.max(axis=1) - own > self.policy.hysteresis_db
        self.ready[rows] = np.where(is_above, self.ready[rows] + 1, 0)
        moves = self.ready[rows] >= 1
        self.serving[rows[moves]] = filtered[moves].argmax(axis=1)
        self.ready[rows[moves]] = 0
        self.handovers += int(moves.sum())
        power = 10.0 ** (level / 10.0)
        wanted = power[np.arange(len(rows)), self.serving[rows]].copy()
        power[np.arange(len(rows)), self.serving[rows]] = 0.0
        sinr = wanted / (power.sum(axis=1) + NOISE_MW)
        share = np.bincount(self.serving, minlength=power.shape[1])[self.serving[rows]]
        self.served_bit[rows] += 18e6 * np.log2(1.0 + sinr) / np.maximum(share, 1)

    def fade(self, who: slice | int) -> None:
        """Go on with the shadowing."""
        fresh = self.rng.standard_normal(self.shadow_db[who].shape)
        self.shadow_db[who] = (
            self.kept * self.shadow_db[who] + SIGMA_DB * np.sqrt(1.0 - self.kept**2) * fresh
        )

    def second(self) -> None:
        """All users at once."""
        self.walk.advance(1.0)
        self.fade(slice(None))
        self.report(slice(None))

    def user(self, env: simpy.Environment, i: int) -> Generator[simpy.Event, None, None]:
        """One user as a process of SimPy."""
        while True:
            yield env.timeout(1.0)
            if i == 0:
                self.walk.advance(1.0)
            self.fade(i)
            self.report(i)


def _ours(n_threads: int) -> float:
    """Simulated seconds in a second of wall time: median of five runs of 100."""
    cells, walk = _walk()
    simulation = MobilitySimulation(cells, walk, np.random.default_rng(2), n_threads=n_threads)
    simulation.run(20)
    rates = []
    for _ in range(5):
        begin = perf_counter()
        simulation.run(100)
        rates.append(100 / (perf_counter() - begin))
    return float(np.median(rates))


def _numpy() -> float:
    work = NumpyMobility()
    begin = perf_counter()
    for _ in range(6):
        work.second()
    return 6 / (perf_counter() - begin)


def _simpy() -> float:
    work, env = NumpyMobility(), simpy.Environment()
    for i in range(N_USERS):
        env.process(work.user(env, i))
    begin = perf_counter()
    env.run(until=4.5)
    return 4 / (perf_counter() - begin)


def _aimm() -> float:
    """AIMM with its own path loss, no shadowing, handover to the strongest cell each second."""
    from AIMM_simulator import MME, Scenario, Sim

    cells, walk = _walk()
    sim = Sim(rng_seed=1)
    degrees = np.arange(360.0)
    for cell in cells:
        phi = (degrees - (90.0 - cell.azimuth_deg) + 180.0) % 360.0 - 180.0
        pattern = 17.5 - np.minimum(12.0 * (phi / 65.0) ** 2, 30.0)
        sim.make_cell(interval=1.0, xyz=[cell.x_m, cell.y_m, 25.0], power_dBm=46.0, pattern=pattern)
    for x, y in zip(walk.x_m, walk.y_m, strict=True):
        sim.make_UE(xyz=[x, y, 2.0], reporting_interval=1.0).attach_to_nearest_cell()

    class Moves(Scenario):
        def loop(self) -> Generator[simpy.Event, None, None]:
            while True:
                walk.advance(1.0)
                for ue, x, y in zip(self.sim.UEs, walk.x_m, walk.y_m, strict=True):
                    ue.xyz[:2] = x, y
                yield self.sim.wait(1.0)

    sim.add_scenario(Moves(sim))
    sim.add_MME(MME(sim, interval=1.0, strategy="best_rsrp_cell"))
    begin = perf_counter()
    sim.run(until=2.0)
    return 2 / (perf_counter() - begin)


def entries() -> Iterator[Entry]:
    """Compare with AIMM, with NumPy over all users at once, and with a SimPy process per user."""
    peers = {"NumPy float64, no failures": _numpy, "SimPy process per user, NumPy": _simpy}
    name = version_of("AIMM-simulator")
    if name:
        peers[f"{name}, no shadowing"] = _aimm
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        theirs = {peer: measure() for peer, measure in peers.items()}
    for n_threads in (1, 2):
        ours = _ours(n_threads)
        for peer, rate in theirs.items():
            yield Entry(
                work=f"W3 300 cells x 2000 users, 1 s, {n_threads} thread{'s' * (n_threads > 1)}",
                peer=peer,
                ours=round(ours, 1),
                theirs=round(rate, 3),
                unit="sim s/s",
                higher_is_better=True,
                ratio=round(ours / rate, 1),
            )
