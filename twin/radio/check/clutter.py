"""Reference checks of clutter and building entry loss: P.2108 and P.2109."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from twin.model.errors import ModelRangeError
from twin.radio.check.table import Excluded, ReferenceCheck, ReferenceTable, Row, compare
from twin.radio.itu.p2108 import Clutter, height_gain_db, slant_clutter_db, terrestrial_clutter_db
from twin.radio.itu.p2109 import Building, building_entry_db

__all__ = ["CHECKS"]

SECTION = "section(1=height gain 3.1;2=terrestrial stat 3.2;3=slant 3.3)"
P2109 = ("freqency (GHz)", "probability (%)", "building type", "elevation angle (deg)")


def _one_by_one(table: ReferenceTable, kind: str, tolerance: float) -> Iterator[Row | Excluded]:
    """Compare every row; a row the model refuses is left out with what it says."""
    name = "building entry loss (dB)" if kind == "p2109" else "loss_dB"
    for i in range(len(table.rows)):
        reference = table.number(i, name)
        try:
            value = _value(table, i, kind)
        except ModelRangeError as err:
            yield Excluded(row=i, reason=str(err))
            continue
        yield compare(i, float(value), reference, tolerance)


def _value(table: ReferenceTable, i: int, kind: str) -> np.float64:
    def number(column: str) -> float:
        return table.number(i, column)

    if kind == "p2109":
        freq, percent, building, elevation = (number(column) for column in P2109)
        return np.float64(
            building_entry_db(freq * 1e9, Building(int(building)), percent, elevation)
        )
    freq_hz = number("f_GHz") * 1e9
    section = {"terrestrial": 2, "slant": 3}.get(kind) or int(number(SECTION))
    if section == 2:
        return np.float64(terrestrial_clutter_db(freq_hz, number("d_km") * 1e3, number("p_pct")))
    if section == 3:
        column = "elevation_deg" if kind == "slant" else "theta_deg"
        return np.float64(slant_clutter_db(freq_hz, number(column), number("p_pct")))
    if section != 1:
        raise KeyError(f"section {section}")
    height = number("R_m") if table.rows[i].get("R_m") else None
    street = number("ws_m") if table.rows[i].get("ws_m") else 27.0
    return np.float64(
        height_gain_db(
            freq_hz,
            number("h_m"),
            Clutter(int(number("type"))),
            clutter_height_m=height,
            street_width_m=street,
        )
    )


CHECKS: tuple[ReferenceCheck, ...] = (
    ReferenceCheck(
        columns=(SECTION, "call_args", "f_GHz", "h_m", "type", "loss_dB"),
        model="clutter loss: height gain",
        edition="ITU-R P.2108-1 section 3.1",
        tolerance=0.05,
        unit="dB",
        run=lambda table: _one_by_one(table, "ofcom", 0.05),
    ),
    ReferenceCheck(
        columns=("f_GHz", "d_km", "p_pct", "loss_dB"),
        model="clutter loss: terrestrial paths",
        edition="ITU-R P.2108-1 section 3.2",
        tolerance=0.06,
        unit="dB",
        run=lambda table: _one_by_one(table, "terrestrial", 0.06),
    ),
    ReferenceCheck(
        columns=("f_GHz", "elevation_deg", "p_pct", "loss_dB"),
        model="clutter loss: slant paths",
        edition="ITU-R P.2108-1 section 3.3",
        tolerance=0.06,
        unit="dB",
        run=lambda table: _one_by_one(table, "slant", 0.06),
    ),
    ReferenceCheck(
        columns=(*P2109, "building entry loss (dB)"),
        model="building entry loss",
        edition="ITU-R P.2109-2",
        tolerance=0.01,
        unit="dB",
        run=lambda table: _one_by_one(table, "p2109", 0.01),
    ),
)
