"""`stellwerk coverage`: what the twin says of the radio of a city."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer

from stellwerk.commands.city import CityOption
from stellwerk.output import JsonOption, notes, print_json, progress, table
from stellwerk.settings import load_settings
from twin.geo.cityfile import load_city
from twin.model.city import City
from twin.model.errors import InputError
from twin.radio.coverage import CityCoverage, compute
from twin.radio.kpi import coverage_share, mean_throughput_bps, median_sinr_db

__all__ = ["coverage", "coverage_figures"]


def coverage_figures(city: City, result: CityCoverage) -> dict[str, dict[str, float]]:
    """Sum a coverage up: shares by operator, SINR by layer, throughput by class.

    Parameters
    ----------
    city : City
        The city.
    result : CityCoverage
        Its coverage.

    Returns
    -------
    dict
        Plain figures for tables and JSON.
    """
    operators = sorted({layer.operator for layer in result.layers})
    return {
        "coverage_share": {name: coverage_share(result, city, name) for name in operators},
        "median_sinr_db": {layer.layer: median_sinr_db(layer) for layer in result.layers},
        "mean_throughput_bps": mean_throughput_bps(result),
    }


def coverage(
    *,
    city: CityOption = "",
    step: Annotated[float, typer.Option("--step", min=5, max=500, help="Grid step. [m]")] = 25.0,
    threads: Annotated[
        int | None,
        typer.Option("--threads", min=1, max=64, help="By default one per usable processor."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write rasters to this .npz file.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Predict LTE, 5G and Wi-Fi coverage of the whole city."""
    model = load_city(load_settings(city=city).city)
    begin = perf_counter()
    with progress("coverage") as show:
        result = compute(model, step_m=step, n_threads=threads, progress=show)
    seconds = perf_counter() - begin
    figures = coverage_figures(model, result)
    if out:
        _write_rasters(out, result)
    points = int(result.inside.sum())
    if json:
        print_json(
            {"city": model.name, "step_m": step, "points": points, "seconds": round(seconds, 3)}
            | figures
        )
        return
    _show_coverage(figures)
    notes.print(f"{points:,} points of {step:g} m in {seconds:.1f} s, predicted", markup=False)


def _show_coverage(figures: dict[str, dict[str, float]]) -> None:
    shares = {f"operator {name}": f"{v:.4f}" for name, v in figures["coverage_share"].items()}
    table("Share of residents with RSRP >= -110 dBm outdoors on the best layer", shares)
    medians = {name: f"{value:.1f}" for name, value in figures["median_sinr_db"].items()}
    table("Median outdoor SINR by layer [dB]", medians)
    rates = {n: f"{v / 1e6:.1f}" for n, v in figures["mean_throughput_bps"].items()}
    table("Mean throughput outdoors [Mbit/s]", rates)


def _write_rasters(path: Path, result: CityCoverage) -> None:
    rasters: dict[str, np.ndarray] = {"x0_y0_step_m": np.array(
        [result.grid.x0_m, result.grid.y0_m, result.grid.step_m])}  # fmt: skip
    for layer in (*result.layers, *result.wifi):
        name = layer.layer.replace("/", "_")
        rasters |= {f"{name}_rsrp_dbm": layer.rsrp_dbm, f"{name}_sinr_db": layer.sinr_db}
    try:
        # By handle: given a name, NumPy would write to another one that ends in .npz.
        with path.open("wb") as file:
            np.savez_compressed(file, **rasters)  # type: ignore[arg-type]
    except OSError as err:
        raise InputError("cannot be written", str(path), hint=str(err.strerror)) from err
