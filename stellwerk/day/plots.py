"""Curves of a simulated day as one PNG: a row per system, the hours of local time below."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, DateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

__all__ = ["curves_png", "title_of"]

_COLUMNS = 3
_WIDTH_IN = 12.0
_ROW_IN = 1.75
_DAYS_S = 36.0 * 3600.0  # longer curves need dates below
_COLOURS = ("#0072b2", "#d55e00", "#009e73")  # Okabe and Ito, readable for colour-blind people
_UNITS = {
    "_percent": "%", "_w": "W", "_kw": "kW", "_mw": "MW", "_bps": "bit/s", "_gbps": "Gbit/s",
    "_mbps": "Mbit/s", "_s": "s", "_min": "min", "_dbm": "dBm", "_mm_h": "mm/h", "_kwh": "kWh",
    "_veh_h": "veh/h",
}  # fmt: skip


def title_of(name: str) -> str:
    """Say the name of a gauge or figure in words, with its unit in brackets."""
    for suffix in sorted(_UNITS, key=len, reverse=True):
        if name.endswith(suffix):
            return f"{name[: -len(suffix)].replace('_', ' ')} [{_UNITS[suffix]}]"
    return name.replace("_", " ")


def curves_png(
    start: datetime,
    at_s: Sequence[float],
    curves: Mapping[str, Mapping[str, Sequence[float]]],
    marks: Sequence[tuple[float, str]] = (),
) -> bytes:
    """Draw the curves of every system.

    Parameters
    ----------
    start : datetime
        Local time of second 0.
    at_s : sequence of float
        Times of the values. [s]
    curves : mapping
        By system and gauge, whose name ends in its unit; the first three of a system are drawn.
    marks : sequence of (float, str)
        Moments to mark with a line: seconds and a word.

    Returns
    -------
    bytes
        PNG.
    """
    systems = [(name, gauges) for name, gauges in curves.items() if gauges]
    figure = Figure(figsize=(_WIDTH_IN, _ROW_IN * max(len(systems), 1) + 0.6), dpi=110)
    axes = figure.subplots(max(len(systems), 1), _COLUMNS, squeeze=False, sharex=True)
    begin = start.replace(tzinfo=None)
    hours = [_day(begin, s) for s in at_s]
    for row, (system, gauges) in zip(axes, systems, strict=False):
        for column, axis in enumerate(row):
            if column < len(gauges):
                name = list(gauges)[column]
                _curve(axis, hours, gauges[name], name, _COLOURS[column])
                _mark(axis, begin, marks)
            else:
                axis.set_visible(False)
        row[0].set_ylabel(system.replace("_", "\n"), fontsize=9, fontweight="bold")
    for axis in axes[-1]:
        locator = AutoDateLocator()
        is_short = not at_s or at_s[-1] - at_s[0] <= _DAYS_S
        axis.xaxis.set_major_locator(locator)
        axis.xaxis.set_major_formatter(
            DateFormatter("%H:%M") if is_short else ConciseDateFormatter(locator)
        )
        axis.tick_params(axis="x", labelsize=7)
    figure.tight_layout(pad=0.6)
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _day(start: datetime, at_s: float) -> float:
    """Make a moment a number of days, as axes of dates have them."""
    return float(date2num(start + timedelta(seconds=at_s)))


def _curve(
    axis: Axes, hours: Sequence[float], values: Sequence[float], name: str, colour: str
) -> None:
    axis.plot(hours, values, color=colour, linewidth=1.1)
    axis.fill_between(hours, values, color=colour, alpha=0.12, linewidth=0)
    axis.set_title(title_of(name), fontsize=8, loc="left", pad=3)
    axis.set_ylim(bottom=min(0.0, *values))
    axis.tick_params(labelsize=7)
    axis.grid(visible=True, linewidth=0.3, alpha=0.6)
    axis.ticklabel_format(axis="y", style="plain", useOffset=False)
    axis.yaxis.set_major_formatter(EngFormatter(sep=""))
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _mark(axis: Axes, start: datetime, marks: Sequence[tuple[float, str]]) -> None:
    for at_s, word in marks:
        moment = _day(start, at_s)
        axis.axvline(moment, color="#b35900", linewidth=0.7, linestyle=":")
        axis.annotate(
            word, (moment, 1.0), xycoords=("data", "axes fraction"), fontsize=6, color="#b35900",
            rotation=90, va="top", ha="right",
        )  # fmt: skip


def data_uri(png: bytes) -> str:
    """Make a picture part of a page."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
