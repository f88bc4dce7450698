"""Turns the cells of a layer into the coefficient tables of the compiled kernel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cext import _isa, _sinr
from twin.model.city import Cell
from twin.model.errors import InputError, ModelError
from twin.radio.antenna.pattern import A_MAX_DB, SLA_V_DB
from twin.radio.grid import Grid
from twin.radio.link.bands import band, n_resource_blocks, occupied_hz
from twin.radio.link.noise import noise_dbm
from twin.radio.link.throughput import throughput_bps
from twin.radio.tr38901.pathloss import (
    LIGHT_M_PER_S,
    RMA_BUILDING_HEIGHT_M,
    RMA_STREET_WIDTH_M,
    pathloss_db,
)

__all__ = [
    "LEFT_OUT_DB",
    "LayerTables",
    "disturbers",
    "layer_tables",
    "link_levels_dbm",
    "power_per_re_dbm",
    "serve",
    "serve_raster",
]

_LOG2_PER_DB = math.log2(10.0) / 10.0
_MIN_DISTANCE_M = 10.0
_LOG2_E = math.log2(math.e)
_CURVE_LOW_DB, _CURVE_STEP_DB, _CURVE_POINTS = -15.0, 0.01, 6000

LEFT_OUT_DB = 20.0
"""Default of `left_out_db`: errors of one hundredth of noise and interference, 0.04 dB. [dB]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerTables:
    """What the kernel needs to know of the cells that are on.

    Parameters
    ----------
    cells : tuple of Cell
        The cells that are on.
    index : ndarray of int32
        Their places among all cells of the layer.
    x0_m, y0_m : float
        Origin of the kernel's coordinates: float32 resolves UTM northings to half a metre only. [m]
    sites, sectors, first, carrier, column, mixing, noise_mw : ndarray
        See `cext/_sinr_kernel.h`.
    """

    cells: tuple[Cell, ...]
    index: NDArray[np.int32]
    x0_m: float = field(metadata={"unit": "m"})
    y0_m: float = field(metadata={"unit": "m"})
    sites: NDArray[np.float32]
    sectors: NDArray[np.float32]
    first: NDArray[np.int32]
    carrier: NDArray[np.int32]
    column: NDArray[np.int32]
    mixing: NDArray[np.float32]
    noise_mw: NDArray[np.float32]


def power_per_re_dbm(cell: Cell) -> float:
    """Radiated power per resource element in the direction of the main beam.

    Parameters
    ----------
    cell : Cell
        The cell.

    Returns
    -------
    float
        EIRP of one subcarrier: the carrier's power spread evenly over 12 N_RB subcarriers. [dBm]

    References
    ----------
    .. [1] 3GPP TS 38.215 V17, 5.1.1: RSRP is the power of one resource element.
    """
    n_re = 12 * n_resource_blocks(cell.technology, cell.bandwidth_hz, cell.scs_hz)
    return cell.tx_power_dbm + cell.antenna_gain_dbi - 10.0 * math.log10(n_re)


def disturbers(cells: Sequence[Cell], others: Iterable[Cell]) -> tuple[Cell, ...]:
    """Pick the cells of other layers that are heard on the carriers of one.

    Parameters
    ----------
    cells : sequence of Cell
        Cells of the layer.
    others : iterable of Cell
        Any cells.

    Returns
    -------
    tuple of Cell
        Those of another layer that are on and whose carrier overlaps one of the layer's.
    """
    own = {cell.layer for cell in cells}
    edges = {_edges(cell) for cell in cells if cell.is_on}

    def is_heard(cell: Cell) -> bool:
        low, high = _edges(cell)
        return any(low < top and bottom < high for bottom, top in edges)

    return tuple(c for c in others if c.is_on and c.layer not in own and is_heard(c))


def _edges(cell: Cell) -> tuple[float, float]:
    """Lowest and highest frequency that a cell occupies. [Hz]."""
    centre_hz, width_hz, _ = _carrier_of(cell)
    return centre_hz - width_hz / 2, centre_hz + width_hz / 2


def layer_tables(
    cells: Sequence[Cell],
    *,
    x0_m: float,
    y0_m: float,
    height_m: float = 1.5,
    interferers: Sequence[Cell] = (),
) -> LayerTables:
    """Compile the cells of one layer for the kernel.

    Parameters
    ----------
    cells : sequence of Cell
        Cells that compete; those off are left out.
    x0_m, y0_m : float
        Origin near the points. [m]
    height_m : float
        Height of the receivers over the ground. [m]
    interferers : sequence of Cell
        Cells of other layers, which disturb where carriers overlap and serve nobody.

    Returns
    -------
    LayerTables
        Tables, cells of one mast together so that they share geometry and path loss.

    Raises
    ------
    ModelError
        An unknown scenario or too many carriers in one layer.
    ModelRangeError
        Frequency, height or bandwidth outside the models.
    """
    on = [(i, cell) for i, cell in enumerate(cells) if cell.is_on]
    n_serving = len(on)
    on += [(-1, cell) for cell in interferers if cell.is_on]
    _check([cell for _, cell in on], height_m)
    masts: dict[tuple[object, ...], list[int]] = {}
    for k, (_, cell) in enumerate(on):
        key = (cell.x_m, cell.y_m, cell.height_m, cell.scenario, cell.carrier_hz)
        masts.setdefault(key, []).append(k)
    order = [k for members in masts.values() for k in members]
    kinds = list(dict.fromkeys(_carrier_of(cell) for _, cell in on))
    if len(kinds) > _sinr.MAX_CARRIERS:
        raise ModelError(f"layer has {len(kinds)} carriers, the kernel takes {_sinr.MAX_CARRIERS}")
    sites = [
        _site_row(on[members[0]][1], x0_m=x0_m, y0_m=y0_m, height_m=height_m)
        for members in masts.values()
    ]
    sizes = [0, *(len(members) for members in masts.values())]
    return LayerTables(
        cells=tuple(cell for _, cell in on),
        index=np.array([i for i, _ in on], dtype=np.int32),
        x0_m=x0_m,
        y0_m=y0_m,
        sites=np.array(sites, dtype=np.float32).reshape(-1, len(_sinr.SITE_COLUMNS)),
        sectors=np.array(
            [(*_sector_row(on[k][1]), float(k < n_serving)) for k in order], dtype=np.float32
        ),
        first=np.cumsum(sizes, dtype=np.int32),
        carrier=np.array([kinds.index(_carrier_of(on[k][1])) for k in order], dtype=np.int32),
        column=np.array(order, dtype=np.int32),
        mixing=_mixing(kinds),
        noise_mw=np.array([10.0 ** (noise_dbm(kind[2]) / 10.0) for kind in kinds], np.float32),
    )


def serve(
    tables: LayerTables,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    *,
    n_threads: int = 1,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
    """Find best server, its level and the SINR at points.

    Parameters
    ----------
    tables : LayerTables
        A compiled layer with at least one cell on.
    x_m, y_m : ndarray of shape (n,)
        Points. [m]
    n_threads : int
        Threads; the result does not depend on it.

    Returns
    -------
    rsrp_dbm, sinr_db : ndarray of float32, shape (n,)
        Level per resource element and signal to interference and noise. [dBm], [dB]
    best : ndarray of int32, shape (n,)
        Place of the server among all cells of the layer.

    Raises
    ------
    InputError
        `STELLWERK_ISA` names an instruction set this processor does not have.
    ValueError
        A point that is not finite.
    """
    rsrp, sinr, best = _sinr.best_server(
        _local(x_m, tables.x0_m),
        _local(y_m, tables.y0_m),
        tables.sites,
        tables.sectors,
        tables.first,
        tables.carrier,
        tables.column,
        tables.mixing,
        tables.noise_mw,
        n_threads=_usable(n_threads),
    )
    return rsrp, sinr, tables.index[best]


def serve_raster(
    tables: LayerTables,
    grid: Grid,
    inside: NDArray[np.bool_],
    *,
    out: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]],
    left_out_db: float = LEFT_OUT_DB,
    n_threads: int = 1,
) -> None:
    """Find best server, level, SINR and rate on a raster, far cells on a lattice.

    Parameters
    ----------
    tables : LayerTables
        A compiled layer with at least one cell on, whose origin is that of the grid.
    grid : Grid
        The raster.
    inside : ndarray of bool, shape (n_y, n_x)
        Where to compute.
    out : tuple of ndarray, shape (n_y, n_x)
        Level, SINR, rate (float32) and place of the server (int32), written where `inside`.
    left_out_db : float
        How far under noise and certain interference the estimated errors stay in sum. [dB]
    n_threads : int
        Threads; the result does not depend on it.

    Raises
    ------
    InputError
        `STELLWERK_ISA` names an instruction set this processor does not have.
    ValueError
        `left_out_db` below 0, or arrays of another shape.

    Notes
    -----
    The power of a far sector is smooth, so a bicubic polynomial through 4 x 4 Chebyshev nodes
    stands for the sum of all of them; what may be best server is computed at every point.
    """
    if not left_out_db >= 0:
        raise ValueError(f"left_out_db: {left_out_db} dB must not be negative")
    curves, kind, free = _rate_curves(tables.cells)
    _sinr.raster(
        grid.x0_m - tables.x0_m,
        grid.y0_m - tables.y0_m,
        grid.step_m,
        inside.view(np.uint8),
        tables.sites,
        tables.sectors,
        tables.first,
        tables.carrier,
        tables.column,
        tables.mixing,
        tables.noise_mw,
        curves,
        kind,
        free,
        curve_low_db=_CURVE_LOW_DB,
        curve_step_db=_CURVE_STEP_DB,
        error_share=10.0 ** (-left_out_db / 10.0),
        out=out,
        n_threads=_usable(n_threads),
    )
    best = out[3]
    if not np.array_equal(tables.index, np.arange(len(tables.index))):
        is_served = inside & (best >= 0)
        best[is_served] = tables.index[best[is_served]]


def _rate_curves(
    cells: Sequence[Cell],
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Rate of the idle carrier by kind of carrier over SINR, and what each server has left over."""
    kinds = [(c.technology, c.band, c.bandwidth_hz, c.scs_hz, c.mimo_layers) for c in cells]
    names = list(dict.fromkeys(kinds))
    sinr_db = _CURVE_LOW_DB + _CURVE_STEP_DB * (np.arange(_CURVE_POINTS) + 0.5)
    curves = [
        throughput_bps(
            sinr_db.astype(np.float32),
            technology=technology,
            bandwidth_hz=bandwidth_hz,
            scs_hz=scs_hz,
            mimo_layers=mimo_layers,
            downlink_share=band(name).downlink_share,
        )
        for technology, name, bandwidth_hz, scs_hz, mimo_layers in names
    ]
    free = np.array([max(0.0, 1.0 - cell.load) for cell in cells], dtype=np.float32)
    kind = np.array([names.index(item) for item in kinds], dtype=np.int32)
    return np.array(curves, dtype=np.float32), kind, free


def link_levels_dbm(
    tables: LayerTables,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    *,
    n_threads: int = 1,
) -> NDArray[np.float32]:
    """Compute the level of every cell at every point.

    Parameters
    ----------
    tables : LayerTables
        A compiled layer with at least one cell on.
    x_m, y_m : ndarray of shape (n,)
        Points. [m]
    n_threads : int
        Threads; the result does not depend on it.

    Returns
    -------
    ndarray of float32, shape (n, n_cells_on)
        Level per resource element, columns in the order of `tables.cells`. [dBm]
    """
    return _sinr.links(
        _local(x_m, tables.x0_m),
        _local(y_m, tables.y0_m),
        tables.sites,
        tables.sectors,
        tables.first,
        tables.column,
        n_threads=_usable(n_threads),
    )


def _usable(n_threads: int) -> int:
    try:
        _isa.active_isa()
    except ValueError as err:
        raise InputError(str(err), "environment", hint="unset STELLWERK_ISA") from err
    return n_threads


def _local(values_m: NDArray[np.float64], origin_m: float) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.asarray(values_m, np.float64) - origin_m, dtype=np.float32)


def _check(cells: Sequence[Cell], height_m: float) -> None:
    """Hold every cell to the range of its model, one array call per scenario and direction."""
    for scenario in dict.fromkeys(cell.scenario for cell in cells):
        if scenario not in _COEFFICIENTS:
            cell = next(cell for cell in cells if cell.scenario == scenario)
            raise ModelError(
                f"cell {cell.id}: scenario {scenario!r} is unknown, use {', '.join(_COEFFICIENTS)}"
            )
        chosen = [cell for cell in cells if cell.scenario == scenario]
        freq_hz = np.array([cell.carrier_hz for cell in chosen])
        h_bs_m = np.array([cell.height_m for cell in chosen])
        pathloss_db(scenario, 100.0, freq_hz, h_bs_m, height_m, is_los=False)


def _carrier_of(cell: Cell) -> tuple[float, float, float]:
    """Centre, occupied width and subcarrier spacing. [Hz]."""
    width_hz = occupied_hz(cell.technology, cell.bandwidth_hz, cell.scs_hz)
    return cell.carrier_hz, width_hz, cell.scs_hz


def _mixing(kinds: Sequence[tuple[float, float, float]]) -> NDArray[np.float32]:
    """Power of an interferer that falls into one resource element of the server [server, other]."""
    mixing = np.zeros((len(kinds), len(kinds)), dtype=np.float32)
    for s, (centre, width, scs) in enumerate(kinds):
        for i, (other, other_width, other_scs) in enumerate(kinds):
            low = max(centre - width / 2, other - other_width / 2)
            high = min(centre + width / 2, other + other_width / 2)
            mixing[s, i] = max(0.0, high - low) / width * scs / other_scs
    return mixing


def _straight(a_db: float, slope_db: float) -> tuple[float, float]:
    """Loss a + slope log10(d3D) as log2 of gain over log2(d3D^2)."""
    return -_LOG2_PER_DB * a_db, -slope_db / 20.0


def _urban_coefficients(
    cell: Cell, height_m: float, los_a: float, los_slope: float, nlos: tuple[float, float]
) -> tuple[float, ...]:
    f_db = 20.0 * math.log10(cell.carrier_hz / 1e9)
    break_m = 4.0 * (cell.height_m - 1.0) * (height_m - 1.0) * cell.carrier_hz / LIGHT_M_PER_S
    turn = (40.0 - los_slope) / 2.0
    square = break_m**2 + (cell.height_m - height_m) ** 2
    near = _straight(los_a + f_db, los_slope)
    far = _straight(los_a + f_db - turn * math.log10(square), 40.0)
    return break_m, *near, 0.0, *far, *nlos


def _uma(cell: Cell, height_m: float) -> tuple[float, ...]:
    f = math.log10(cell.carrier_hz / 1e9)
    nlos = _straight(13.54 + 20.0 * f - 0.6 * (height_m - 1.5), 39.08)
    return (*_urban_coefficients(cell, height_m, 28.0, 22.0, nlos), 18.0, 0.0, _LOG2_E / 63.0)


def _umi(cell: Cell, height_m: float) -> tuple[float, ...]:
    f = math.log10(cell.carrier_hz / 1e9)
    nlos = _straight(22.4 + 21.3 * f - 0.3 * (height_m - 1.5), 35.3)
    return (*_urban_coefficients(cell, height_m, 32.4, 21.0, nlos), 18.0, 0.0, _LOG2_E / 36.0)


def _rma(cell: Cell, height_m: float) -> tuple[float, ...]:
    h, h_bs = RMA_BUILDING_HEIGHT_M, cell.height_m
    f_ghz = cell.carrier_hz / 1e9
    a = 20.0 * math.log10(40.0 * math.pi * f_ghz / 3.0) - min(0.044 * h**1.72, 14.77)
    slope = 20.0 + min(0.03 * h**1.72, 10.0)
    per_m = 0.002 * math.log10(h)
    break_m = 2.0 * math.pi * h_bs * height_m * cell.carrier_hz / LIGHT_M_PER_S
    at_break = a + slope * math.log10(break_m) + per_m * break_m
    nlos_slope = 43.42 - 3.1 * math.log10(h_bs)
    nlos = (
        161.04
        - 7.1 * math.log10(RMA_STREET_WIDTH_M)
        + 7.5 * math.log10(h)
        - (24.37 - 3.7 * (h / h_bs) ** 2) * math.log10(h_bs)
        - 3.0 * nlos_slope
        + 20.0 * math.log10(f_ghz)
        - (3.2 * math.log10(11.75 * height_m) ** 2 - 4.97)
    )
    return (
        break_m,
        *_straight(a, slope),
        -_LOG2_PER_DB * per_m,
        *_straight(at_break - 40.0 * math.log10(break_m), 40.0),
        *_straight(nlos, nlos_slope),
        0.0,
        10.0,
        _LOG2_E / 1000.0,
    )


_COEFFICIENTS = {"RMa": _rma, "UMa": _uma, "UMi": _umi}


def _site_row(cell: Cell, *, x0_m: float, y0_m: float, height_m: float) -> tuple[float, ...]:
    """One row of SITE_COLUMNS.

    Distances under 10 m count as 10 m, those beyond the range of the table are extrapolated (far
    interferers).
    """
    place = (cell.x_m - x0_m, cell.y_m - y0_m, cell.height_m - height_m)
    above_m = max(0.0, height_m - 13.0) if cell.scenario == "UMa" else 0.0
    # TR 38.901 Table 7.4.2-1: C'(h_UT) 5/4 (d / 100)^3 exp(-d / 150)
    high = (1.25e-6 * (above_m / 10.0) ** 1.5, _LOG2_E / 150.0)
    return (*place, *_COEFFICIENTS[cell.scenario](cell, height_m), _MIN_DISTANCE_M, *high)


def _sector_row(cell: Cell) -> tuple[float, ...]:
    """One row of SECTOR_COLUMNS: TR 38.901 Table 7.3-1, 12 (angle / width)^2 dB."""
    scale = _LOG2_PER_DB * 12.0
    is_omni, is_flat = cell.beamwidth_h_deg >= 360, cell.beamwidth_v_deg >= 180
    return (
        math.radians((90.0 - cell.azimuth_deg + 180.0) % 360.0 - 180.0),
        0.0 if is_omni else scale / math.radians(cell.beamwidth_h_deg) ** 2,
        math.radians(cell.tilt_deg),
        0.0 if is_flat else scale / math.radians(cell.beamwidth_v_deg) ** 2,
        _LOG2_PER_DB * SLA_V_DB,
        _LOG2_PER_DB * A_MAX_DB,
        _LOG2_PER_DB * power_per_re_dbm(cell),
        cell.load,
    )
