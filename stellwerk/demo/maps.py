"""Maps of the report as PNG: fixed classes, colour-blind palettes, outline and scale."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from twin.radio.grid import Grid

__all__ = ["DIFFERENCE_DB", "RSRP_DBM", "SINR_DB", "Study", "map_png"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Legend of one kind of map: class limits, palette and what the numbers are.

    Parameters
    ----------
    limits : tuple of float
        Class limits, ascending.
    palette : str
        Matplotlib palette readable for colour-blind people.
    label : str
        Quantity and unit under the scale.
    """

    limits: tuple[float, ...]
    palette: str
    label: str


RSRP_DBM = Study(
    limits=(-130, -120, -110, -105, -100, -95, -90, -80, -70, -60),
    palette="viridis",
    label="RSRP, predicted [dBm]",
)
SINR_DB = Study(
    limits=(-10, -5, 0, 3, 6, 9, 12, 18, 24, 30), palette="cividis", label="SINR, predicted [dB]"
)
DIFFERENCE_DB = Study(
    limits=(-20, -10, -6, -3, -1, 1, 3, 6, 10, 20), palette="PuOr", label="after minus before [dB]"
)

_WIDTH_IN = 5.2
_MAP_SHARE = 0.78

Rings = Sequence[Sequence[tuple[float, float]]]


def map_png(
    values: NDArray[np.float32],
    grid: Grid,
    study: Study,
    *,
    title: str,
    outline: Rings = (),
    points: Sequence[tuple[float, float]] = (),
    others: Sequence[tuple[float, float]] = (),
    window_m: tuple[float, float, float, float] | None = None,
) -> str:
    """Draw one raster.

    Parameters
    ----------
    values : ndarray of shape (n_y, n_x)
        What to draw; not a number is left white.
    grid : Grid
        Where the raster lies.
    study : Study
        Legend.
    title : str
        Heading.
    outline : sequence of rings
        Boundary of the city. [m]
    points : sequence of (x, y)
        Changed antennas, marked by triangles; on the whole city by a ring. [m]
    others : sequence of (x, y)
        Unchanged antennas, marked by dots. [m]
    window_m : tuple, optional
        West, south, east, north of the part to show. [m]

    Returns
    -------
    str
        The PNG as a ``data:`` address, so that the report needs no other file.
    """
    west, south = grid.x0_m - grid.step_m / 2, grid.y0_m - grid.step_m / 2
    extent = (west, west + grid.n_x * grid.step_m, south, south + grid.n_y * grid.step_m)
    shown = window_m or (extent[0], extent[2], extent[1], extent[3])
    figure = Figure(figsize=(_WIDTH_IN, _height_in(shown)), dpi=110)
    axes = figure.add_axes((0.02, 0.03, 0.78, 0.92))
    colours = mpl.colormaps[study.palette]
    norm = BoundaryNorm(study.limits, colours.N, extend="both")
    image = axes.imshow(
        values, origin="lower", extent=extent, cmap=colours, norm=norm, interpolation="nearest"
    )
    for ring in outline:
        axes.plot(*zip(*ring, strict=True), color="black", linewidth=0.8)
    if others:
        axes.plot(*zip(*others, strict=True), ".", color="black", ms=2.5)
    if points and window_m:
        axes.plot(*zip(*points, strict=True), "^", color="white", markeredgecolor="black", ms=5)
    elif points:
        axes.plot(*zip(*points, strict=True), "o", color="none", markeredgecolor="red", ms=14)
    axes.set_xlim(shown[0], shown[2])
    axes.set_ylim(shown[1], shown[3])
    _scale_bar(axes)
    axes.set_title(title, fontsize=10)
    axes.set_xticks([])
    axes.set_yticks([])
    bar = figure.colorbar(image, cax=figure.add_axes((0.83, 0.14, 0.03, 0.7)), ticks=study.limits)
    bar.set_label(study.label, fontsize=8)
    bar.ax.tick_params(labelsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _height_in(window_m: tuple[float, float, float, float]) -> float:
    """Make the picture as high as its window asks for, within what a page can show."""
    ratio = (window_m[3] - window_m[1]) / (window_m[2] - window_m[0])
    return min(6.4, max(2.6, _WIDTH_IN * _MAP_SHARE * ratio + 0.4))


def _scale_bar(axes: Axes) -> None:
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    length_m = next(m for m in (5000, 2000, 1000, 500, 200, 100, 50, 20) if m < (east - west) / 2.5)
    x_m, y_m = west + (east - west) * 0.04, south + (north - south) * 0.03
    axes.plot([x_m, x_m + length_m], [y_m, y_m], color="black", linewidth=3)
    text = f"{length_m // 1000} km" if length_m >= 1000 else f"{length_m} m"
    axes.annotate(text, (x_m + length_m / 2, y_m), textcoords="offset points", xytext=(0, 4),
                  ha="center", fontsize=8)  # fmt: skip
