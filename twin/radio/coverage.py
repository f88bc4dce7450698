"""Coverage of a whole city: LTE and NR by the compiled kernel, Wi-Fi around its access points."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.model.city import AccessPoint, Cell, City
from twin.model.errors import InputError
from twin.radio.grid import Grid
from twin.radio.links import LEFT_OUT_DB, disturbers, layer_tables, serve_raster
from twin.radio.threads import usable_cpus
from twin.radio.wifi import coverage as wifi_coverage
from twin.radio.wifi import radio as wifi

__all__ = ["CityCoverage", "LayerCoverage", "compute", "each_layer", "layer_names", "update"]

log = logging.getLogger(__name__)

Progress = Callable[[float], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCoverage:
    """Rasters of one layer: an operator's band, or a Wi-Fi band.

    Parameters
    ----------
    operator, technology, band, layer : str
        Whose, ``lte``, ``nr`` or ``wifi``, which band, and the name: ``A/n78`` or ``wifi/2.4``.
    carrier_hz : float
        Carrier of the first cell; for Wi-Fi the middle of the band. [Hz]
    rsrp_dbm : ndarray of float32, shape (n_y, n_x)
        Level per resource element of the best server; for Wi-Fi over the channel. [dBm]  NaN
        outside and where there is no server.
    sinr_db : ndarray of float32, shape (n_y, n_x)
        Signal to interference and noise. [dB]  NaN as above.
    throughput_bps : ndarray of float32, shape (n_y, n_x)
        What one further user gets. [bit/s]  NaN outside, 0 without server.
    best_cell : ndarray of int32, shape (n_y, n_x)
        Index into `cells`; -1 outside and without server.
    cells : tuple of str
        Ids of all cells of the layer (access points), those off too.
    disturbed_by : tuple of str
        Other layers with a carrier that overlaps one of this layer.
    """

    operator: str
    technology: str
    band: str
    layer: str
    carrier_hz: float = field(metadata={"unit": "Hz"})
    rsrp_dbm: NDArray[np.float32] = field(metadata={"unit": "dBm"})
    sinr_db: NDArray[np.float32] = field(metadata={"unit": "dB"})
    throughput_bps: NDArray[np.float32] = field(metadata={"unit": "bit/s"})
    best_cell: NDArray[np.int32]
    cells: tuple[str, ...]
    disturbed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CityCoverage:
    """Coverage of a city on one grid.

    Parameters
    ----------
    grid : Grid
        The raster.
    inside : ndarray of bool, shape (n_y, n_x)
        Cells whose centre lies in the outline of the city.
    layers : tuple of LayerCoverage
        LTE and NR, in the order of their first cells.
    wifi : tuple of LayerCoverage
        Wi-Fi by band.
    """

    grid: Grid
    inside: NDArray[np.bool_]
    layers: tuple[LayerCoverage, ...]
    wifi: tuple[LayerCoverage, ...] = ()


def layer_names(city: City) -> tuple[str, ...]:
    """List the layers of a city.

    Parameters
    ----------
    city : City
        The city.

    Returns
    -------
    tuple of str
        Cellular layers in the order of their first cells, then ``wifi/2.4``, ``wifi/5``.
    """
    cellular = dict.fromkeys(cell.layer for cell in city.cells)
    return (*cellular, *(f"wifi/{name}" for name in wifi.BANDS if city.access_points))


def compute(
    city: City,
    grid: Grid | None = None,
    *,
    step_m: float = 25.0,
    layers: Sequence[str] | None = None,
    left_out_db: float = LEFT_OUT_DB,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> CityCoverage:
    """Compute the coverage of a city.

    Parameters
    ----------
    city : City
        The city.
    grid : Grid, optional
        The raster; by default one over the outline.
    step_m : float
        Edge of its cells if none is given. [m]
    layers : sequence of str, optional
        Names of the layers, ``A/n78``, ``wifi/5`` or ``5``; by default all.
    left_out_db : float
        How far under noise and certain interference the sum of the errors stays that far cells,
        taken on a lattice, may bring; 20 dB is less than 0.05 dB of SINR. [dB]
    n_threads : int, optional
        Threads of the kernel, by default one per processor that may be used; the result does not
        depend on it.
    progress : callable, optional
        Takes the share done, 0 to 1.

    Returns
    -------
    CityCoverage
        Mean levels: the expectation over line of sight and none, no shadowing, outdoors at 1.5 m.

    Raises
    ------
    InputError
        A layer the city does not have, or no outline.
    ModelError
        A cell outside the models.
    """
    grid = grid or Grid.over(city.outline, step_m)
    inside = grid.mask(city.outline)
    chosen = _select(city, layers)
    done = []
    every = each_layer(
        city, grid, inside, layers=chosen, left_out_db=left_out_db, n_threads=n_threads
    )
    for layer in every:
        done.append(layer)
        if progress:
            progress(len(done) / len(chosen))
    log.info("coverage of %d layers at %d points", len(done), int(inside.sum()))
    return _assemble(grid, inside, done)


def each_layer(
    city: City,
    grid: Grid,
    inside: NDArray[np.bool_],
    *,
    layers: Sequence[str] | None = None,
    left_out_db: float = LEFT_OUT_DB,
    n_threads: int | None = None,
) -> Iterator[LayerCoverage]:
    """Compute the coverage of a city one layer after another, for rasters that fill the memory.

    Parameters
    ----------
    city : City
        The city.
    grid : Grid
        The raster.
    inside : ndarray of bool, shape (n_y, n_x)
        Where to compute: `Grid.mask` of the outline.
    layers : sequence of str, optional
        As in `compute`.
    left_out_db : float
        As in `compute`. [dB]
    n_threads : int, optional
        As in `compute`.

    Yields
    ------
    LayerCoverage
        One layer; what is not kept by the caller is freed before the next.

    Raises
    ------
    InputError
        A layer the city does not have.
    """
    place = _Place(grid=grid, inside=inside)
    for name in _select(city, layers):
        yield _layer(
            city, name, place, left_out_db=left_out_db, n_threads=n_threads or usable_cpus()
        )


def update(
    city: City,
    previous: CityCoverage,
    changed_layers: Iterable[str],
    *,
    left_out_db: float = LEFT_OUT_DB,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> CityCoverage:
    """Compute only the layers that a change touches.

    Parameters
    ----------
    city : City
        The city after the change.
    previous : CityCoverage
        Its coverage before, on the grid to keep.
    changed_layers : iterable of str
        Names of the layers with changed cells or access points.
    left_out_db : float
        As in `compute`. [dB]
    n_threads : int, optional
        As in `compute`.
    progress : callable, optional
        Takes the share done, 0 to 1.

    Returns
    -------
    CityCoverage
        Equal to a full computation: layers that hear a changed one are computed again as well.

    Raises
    ------
    InputError
        A layer the city does not have.
    """
    chosen = _touched(city, previous, _select(city, tuple(changed_layers)))
    n_threads = n_threads or usable_cpus()
    place = _Place(grid=previous.grid, inside=previous.inside)
    done = {layer.layer: layer for layer in (*previous.layers, *previous.wifi)}
    for i, name in enumerate(chosen):
        done[name] = _layer(city, name, place, left_out_db=left_out_db, n_threads=n_threads)
        if progress:
            progress((i + 1) / len(chosen))
    return _assemble(previous.grid, previous.inside, done.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    grid: Grid
    inside: NDArray[np.bool_]


def _select(city: City, layers: Sequence[str] | None) -> tuple[str, ...]:
    known = layer_names(city)
    if layers is None:
        return known
    short = {f"wifi/{name}": name for name in wifi.BANDS}
    wanted = tuple(dict.fromkeys(f"wifi/{name}" if name in wifi.BANDS else name for name in layers))
    for name in wanted:
        if name not in known:
            raise InputError(
                f"layer {short.get(name, name)!r} is not in the city",
                hint=f"choose of {', '.join(known) or 'none'}",
            )
    return wanted


def _touched(city: City, previous: CityCoverage, changed: tuple[str, ...]) -> tuple[str, ...]:
    """Give the changed layers and those that hear one of them, before or after the change."""
    by_layer: dict[str, list[Cell]] = {}
    for cell in city.cells:
        by_layer.setdefault(cell.layer, []).append(cell)
    loud = [cell for name in changed for cell in by_layer.get(name, ())]
    hearing = [
        layer.layer
        for layer in previous.layers
        if set(layer.disturbed_by) & set(changed) or disturbers(by_layer.get(layer.layer, ()), loud)
    ]
    return tuple(dict.fromkeys((*changed, *hearing)))


def _assemble(
    grid: Grid, inside: NDArray[np.bool_], layers: Iterable[LayerCoverage]
) -> CityCoverage:
    every = tuple(layers)
    return CityCoverage(
        grid=grid,
        inside=inside,
        layers=tuple(layer for layer in every if layer.technology != "wifi"),
        wifi=tuple(layer for layer in every if layer.technology == "wifi"),
    )


def _layer(
    city: City, name: str, place: _Place, *, left_out_db: float, n_threads: int
) -> LayerCoverage:
    if name.startswith("wifi/"):
        return _wifi_layer(city.access_points, name.removeprefix("wifi/"), place)
    cells = [cell for cell in city.cells if cell.layer == name]
    heard = disturbers(cells, city.cells)
    return _cellular_layer(cells, heard, place, left_out_db=left_out_db, n_threads=n_threads)


def _cellular_layer(
    cells: Sequence[Cell],
    heard: Sequence[Cell],
    place: _Place,
    *,
    left_out_db: float,
    n_threads: int,
) -> LayerCoverage:
    head = cells[0]
    empty = LayerCoverage(
        operator=head.operator,
        technology=head.technology,
        band=head.band,
        layer=head.layer,
        carrier_hz=head.carrier_hz,
        rsrp_dbm=np.full(place.grid.shape, np.nan, np.float32),
        sinr_db=np.full(place.grid.shape, np.nan, np.float32),
        throughput_bps=np.where(place.inside, np.float32(0.0), np.float32(np.nan)),
        best_cell=np.full(place.grid.shape, -1, np.int32),
        cells=tuple(cell.id for cell in cells),
        disturbed_by=tuple(dict.fromkeys(cell.layer for cell in heard)),
    )
    if not any(cell.is_on for cell in cells) or not place.inside.any():
        return empty
    tables = layer_tables(cells, x0_m=place.grid.x0_m, y0_m=place.grid.y0_m, interferers=heard)
    serve_raster(
        tables,
        place.grid,
        place.inside,
        out=(empty.rsrp_dbm, empty.sinr_db, empty.throughput_bps, empty.best_cell),
        left_out_db=left_out_db,
        n_threads=n_threads,
    )
    return empty


_WIFI_MIDDLE_HZ = {"2.4": 2.442e9, "5": 5.5e9}


def _wifi_layer(access_points: Sequence[AccessPoint], band: str, place: _Place) -> LayerCoverage:
    radios = wifi_coverage.gather(access_points, band)
    level, sinr, rate, best = wifi_coverage.serve_wifi(radios, place.grid, place.inside)
    return LayerCoverage(
        operator="city",
        technology="wifi",
        band=band,
        layer=f"wifi/{band}",
        carrier_hz=_WIFI_MIDDLE_HZ[band],
        rsrp_dbm=level,
        sinr_db=sinr,
        throughput_bps=rate,
        best_cell=best,
        cells=tuple(ap.id for ap in access_points),
    )
