"""Rows of the kernel's tables for cells: one row per cell, so that an edit changes one row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from cext import _sinr
from twin.model.city import Cell
from twin.model.errors import ModelError
from twin.radio.link.bands import n_resource_blocks, occupied_hz
from twin.radio.link.noise import noise_dbm
from twin.radio.links import layer_tables
from twin.radio.tr38901 import shadowing

__all__ = ["Carrier", "carrier_of", "check", "draw_row", "mixing", "noise_mw", "rows", "sent_dbm",
           "site_key"]  # fmt: skip

Carrier = tuple[float, float, float, str, str]
"""Centre [Hz], bandwidth [Hz], subcarrier spacing [Hz], technology and band."""

_LOG2_PER_DB = math.log2(10.0) / 10.0
_STEPS = 0.86
"""Correlation distance in lattice steps: where the cubic B-spline over its peak is 1/e."""


def carrier_of(cell: Cell) -> Carrier:
    """Name the carrier of a cell.

    Parameters
    ----------
    cell : Cell
        The cell.

    Returns
    -------
    tuple
        Centre, bandwidth and spacing [Hz], technology and band.
    """
    return cell.carrier_hz, cell.bandwidth_hz, cell.scs_hz, cell.technology, cell.band


def check(cell: Cell) -> None:
    """Refuse numbers of a cell that are not finite, and layers or a load out of range.

    Parameters
    ----------
    cell : Cell
        The cell.

    Raises
    ------
    ValueError
        Names the cell, the field and its value.
    """
    for name in ("x_m", "y_m", "height_m", "azimuth_deg", "tilt_deg", "carrier_hz", "bandwidth_hz",
                 "scs_hz", "tx_power_dbm", "antenna_gain_dbi", "beamwidth_h_deg", "beamwidth_v_deg",
                 "load"):  # fmt: skip
        value = getattr(cell, name)
        if isinstance(value, str) or not math.isfinite(value):
            raise ValueError(f"cell {cell.id}: {name} is {value!r}, must be finite")
    if not 1 <= cell.mimo_layers <= 64:
        raise ValueError(f"cell {cell.id}: mimo_layers is {cell.mimo_layers}, must be in 1..64")
    if not 0 <= cell.load <= 1:
        raise ValueError(f"cell {cell.id}: load is {cell.load}, must be in 0..1")


def sent_dbm(cell: Cell) -> float:
    """Share the conducted power among the resource elements.

    Parameters
    ----------
    cell : Cell
        The cell.

    Returns
    -------
    float
        Power of one. [dBm]
    """
    n_re = 12 * n_resource_blocks(cell.technology, cell.bandwidth_hz, cell.scs_hz)
    return cell.tx_power_dbm - 10.0 * math.log10(n_re)


def rows(
    cells: Sequence[Cell], *, x0_m: float, y0_m: float, height_m: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Compile cells, on or off, to one row each.

    Parameters
    ----------
    cells : sequence of Cell
        The cells.
    x0_m, y0_m : float
        Origin. [m]
    height_m : float
        Height of the receivers. [m]

    Returns
    -------
    sites, sectors : ndarray of float32
        Columns as in `cext._sinr`.

    Raises
    ------
    ModelError, ModelRangeError
        A cell outside its model.
    """
    sites = np.zeros((len(cells), len(_sinr.SITE_COLUMNS)), np.float32)
    sectors = np.zeros((len(cells), len(_sinr.SECTOR_COLUMNS)), np.float32)
    groups: dict[Carrier, list[int]] = {}
    for i, cell in enumerate(cells):
        groups.setdefault(carrier_of(cell), []).append(i)
    for members in groups.values():
        on = [c if c.is_on else replace(c, is_on=True) for c in (cells[i] for i in members)]
        tables = layer_tables(on, x0_m=x0_m, y0_m=y0_m, height_m=height_m)
        place = np.array(members)[tables.column]
        sites[place] = np.repeat(tables.sites, np.diff(tables.first), axis=0)
        sectors[place] = tables.sectors
    return sites, sectors


def draw_row(cell: Cell) -> tuple[float, ...]:
    """Lattice steps and spreads of a cell for drawn line of sight and shadowing.

    Parameters
    ----------
    cell : Cell
        The cell.

    Returns
    -------
    tuple of float
        Reciprocal lattice steps [1/m] of state, LOS and NLOS; sigma near, far and NLOS as log2.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17, Tables 7.4.1-1, 7.5-6 and 7.6.3.1-2.
    """
    if cell.scenario not in shadowing.LOS_CORRELATION_DISTANCE_M:
        raise ModelError(f"cell {cell.id}: scenario {cell.scenario!r} has no shadowing")
    name = cell.scenario
    near = shadowing.SIGMA_SF_DB[name, "LOS"]
    far = shadowing.RMA_LOS_FAR_SIGMA_DB if name == "RMa" else near
    return (
        _STEPS / shadowing.LOS_CORRELATION_DISTANCE_M[name],
        _STEPS / shadowing.CORRELATION_DISTANCE_M[name, "LOS"],
        _STEPS / shadowing.CORRELATION_DISTANCE_M[name, "NLOS"],
        _LOG2_PER_DB * near,
        _LOG2_PER_DB * far,
        _LOG2_PER_DB * shadowing.SIGMA_SF_DB[name, "NLOS"],
    )


def site_key(site: str, seed: int) -> int:
    """Hash a site and a seed to 32 bits.

    Parameters
    ----------
    site : str
        Its id.
    seed : int
        The seed.

    Returns
    -------
    int
        The key of the site's own fields.
    """
    return crc32(site.encode(), seed & 0xFFFFFFFF)


def mixing(carriers: Sequence[Carrier]) -> NDArray[np.float64]:
    """Share of an interferer's power per element that falls into an element of the server.

    Parameters
    ----------
    carriers : sequence of Carrier
        The carriers.

    Returns
    -------
    ndarray of shape (n, n)
        Row: server, column: interferer; 1 on the diagonal.
    """
    centre = np.array([c[0] for c in carriers])
    width = np.array([occupied_hz(c[3], c[1], c[2]) for c in carriers])
    scs = np.array([c[2] for c in carriers])
    low, high = centre - width / 2, centre + width / 2
    both = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    shares = np.maximum(0.0, both) / width[:, None] * scs[:, None] / scs
    return np.asarray(shares, np.float64)


def noise_mw(carriers: Sequence[Carrier]) -> NDArray[np.float64]:
    """Noise per resource element.

    Parameters
    ----------
    carriers : sequence of Carrier
        The carriers.

    Returns
    -------
    ndarray
        Noise power. [mW]
    """
    return np.array([10.0 ** (noise_dbm(c[2]) / 10.0) for c in carriers])
