"""What the emulated world keeps to itself: where it differs from the city file.

The planning side must never import this module: verification, residuals and calibration would
then agree with themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.city import City
from twin.sim.streams import stream

__all__ = ["Deviations", "draw_deviations"]

_Floats = NDArray[np.float64]

SITE_SHADOW_SIGMA_DB = 6.0
TILT_SIGMA_DEG = 1.0
POWER_SPAN_DB = 2.0
LAMP_SIGMA = 0.04
N_WRONG = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviations:
    """Truth minus inventory, each array in the order of the city's own table.

    Parameters
    ----------
    cell_shadow_db : ndarray
        Shadowing of the cell's site, one value for all cells of a site. [dB]
    cell_power_db, ap_power_db : ndarray
        Error of the radiated power, and of the antenna gain where the inventory is wrong. [dB]
    cell_tilt_deg : ndarray
        Error of the downtilt. [deg]
    ap_dx_m, ap_dy_m : ndarray
        Error of the position; zero but for a few wrong entries. [m]
    lamp_factor : ndarray
        True nominal power over the one in the inventory.
    wrong : tuple of str
        Ids of objects whose inventory entry is plainly wrong.
    """

    cell_shadow_db: _Floats
    cell_power_db: _Floats
    cell_tilt_deg: _Floats
    ap_power_db: _Floats
    ap_dx_m: _Floats
    ap_dy_m: _Floats
    lamp_factor: _Floats
    wrong: tuple[str, ...]


def draw_deviations(city: City, seed: int, among: Iterable[str] | None = None) -> Deviations:
    """Draw the hidden side of a world.

    Parameters
    ----------
    city : City
        The city as the inventory has it.
    seed : int
        Seed of the world.
    among : iterable of str, optional
        Ids from which the few wrong inventory entries are taken; None takes all.

    Returns
    -------
    Deviations
        The same for every choice of `among` but for the wrong entries.
    """
    sites = {site: i for i, site in enumerate(dict.fromkeys(cell.site for cell in city.cells))}
    shadow = stream(seed, "deviation/site").normal(0.0, SITE_SHADOW_SIGMA_DB, len(sites))
    power = stream(seed, "deviation/power")
    cell_power = power.uniform(-POWER_SPAN_DB, POWER_SPAN_DB, len(city.cells))
    ap_power = power.uniform(-POWER_SPAN_DB, POWER_SPAN_DB, len(city.access_points))
    tilt = stream(seed, "deviation/tilt").normal(0.0, TILT_SIGMA_DEG, len(city.cells))
    lamps = stream(seed, "deviation/lamp").normal(1.0, LAMP_SIGMA, len(city.lamps))
    chosen = None if among is None else set(among)
    wrong = stream(seed, "deviation/wrong")
    moved = _pick(wrong, [ap.id for ap in city.access_points], chosen)
    misread = _pick(wrong, [cell.id for cell in city.cells], chosen)
    dx, dy = np.zeros(len(city.access_points)), np.zeros(len(city.access_points))
    for i in moved:
        angle = wrong.uniform(0.0, 2.0 * np.pi)
        dx[i], dy[i] = 25.0 * np.cos(angle), 25.0 * np.sin(angle)
    cell_power[misread] -= 3.0
    return Deviations(
        cell_shadow_db=shadow[[sites[cell.site] for cell in city.cells]],
        cell_power_db=cell_power,
        cell_tilt_deg=np.clip(tilt, -3.0, 3.0),
        ap_power_db=ap_power,
        ap_dx_m=dx,
        ap_dy_m=dy,
        lamp_factor=np.clip(lamps, 0.8, 1.2),
        wrong=tuple(city.access_points[i].id for i in moved)
        + tuple(city.cells[i].id for i in misread),
    )


def _pick(rng: np.random.Generator, ids: list[str], among: set[str] | None) -> list[int]:
    """Pick the few entries of a table with the lowest of one random rank each."""
    ranks = rng.random(len(ids))
    allowed = [i for i, name in enumerate(ids) if among is None or name in among]
    return sorted(sorted(allowed, key=lambda i: float(ranks[i]))[:N_WRONG])
