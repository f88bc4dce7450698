"""Reference tables of P.1812: loss with every intermediate value, and field strength."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path as FilePath

import numpy as np

from twin.model.errors import InputError, ModelRangeError
from twin.radio.check.table import (
    Excluded,
    ReferenceCheck,
    ReferenceTable,
    Row,
    read_table,
)
from twin.radio.itu import p1812
from twin.radio.itu.clear_air import Losses
from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals, Zone
from twin.radio.itu.clear_air_path import path_centre_latitude_deg

__all__ = ["CHECKS", "field_dbuv_m", "losses_of_row", "read_profile"]

TOLERANCE_DB = 0.01
PROFILES = "p1812_profiles"
SCENARIOS = "p1812_scenarios.csv"
_ZONES = {1.0: Zone.SEA, 3.0: Zone.COASTAL, 4.0: Zone.INLAND}
_FIELD = "Ep (dBuV/m)"
_FIELD_OF_TX = "Ep (dBuV/m) w.r.t. Ptx"


@cache
def read_profile(path: FilePath) -> Path:
    """Read a profile in the form of the measurement tables of ITU-R Study Group 3.

    Parameters
    ----------
    path : pathlib.Path
        The CSV file.

    Returns
    -------
    Path
        Distances, ground, clutter and zones.

    Raises
    ------
    InputError
        A file that is missing or is no such profile.
    """
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except OSError as err:
        raise InputError("profile is missing or cannot be read", str(path)) from err
    try:
        start = next(i for i, line in enumerate(lines) if line and "Number of Points" in line[0])
        n_points = int(lines[start][1])
        points = [line[:5] for line in lines[start + 1 : start + 1 + n_points]]
        table = np.array([[float(cell or "nan") for cell in line] for line in points])
        zones = [_ZONES[code] for code in table[:, 4]]
        clutter = np.nan_to_num(table[:, 3])  # an empty cell is no clutter
        return Path(
            distance_m=table[:, 0] * 1e3, ground_m=table[:, 1], clutter_m=clutter, zone=zones
        )
    except (StopIteration, ValueError, IndexError, KeyError) as err:
        raise InputError(f"is no path profile: {err}", str(path)) from err


def losses_of_row(table: ReferenceTable, row: int) -> Losses:
    """Compute one row of the table of scenarios.

    Parameters
    ----------
    table : ReferenceTable
        The table; its profiles lie beside it.
    row : int
        Place of the row.

    Returns
    -------
    Losses
        The loss with all intermediate values.
    """
    name = table.rows[row]["case"].rpartition("_")[0]
    path = read_profile(table.path.parent / PROFILES / f"{name}.csv")

    def number(column: str) -> float:
        return table.number(row, column)

    ends = Terminals(
        freq_hz=number("f (GHz)") * 1e9,
        tx_height_m=number("htg (m)"),
        rx_height_m=number("hrg (m)"),
        is_vertical=number("pol") == 2.0,
    )
    places = [(number(f"phi_{end} (deg)"), number(f"lam_{end} (deg)")) for end in "tr"]
    air = RadioClimate(
        latitude_deg=path_centre_latitude_deg(places[0], places[1], float(path.distance_m[-1])),
        delta_n=number("DN"),
        n0=number("N0"),
        tx_coast_m=number("dct (km)") * 1e3,
        rx_coast_m=number("dcr (km)") * 1e3,
    )
    return p1812.transmission_loss(
        path,
        ends,
        air,
        time_percent=number("p (%)"),
        location_percent=number("pL (%)"),
        location_sigma_db=number("sigmaL (dB)"),
    )


def field_dbuv_m(table: ReferenceTable, row: int, losses: Losses) -> float:
    """Field strength of one row for its power.

    Parameters
    ----------
    table : ReferenceTable
        The table of scenarios.
    row : int
        Place of the row.
    losses : Losses
        Its losses.

    Returns
    -------
    float
        Field strength. [dB(uV/m)]
    """
    freq_hz, power_w = table.number(row, "f (GHz)") * 1e9, table.number(row, "Ptx (kW)") * 1e3
    return float(p1812.field_strength_dbuv_m(losses.loss_db, freq_hz, power_w))


def _scenarios(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i, row in enumerate(table.rows):
        try:
            losses = losses_of_row(table, i)
        except ModelRangeError as err:
            yield Excluded(row=i, reason=str(err))
            continue
        errors = [float(losses.loss_db) - table.number(i, "Lb (dB)")]
        field = field_dbuv_m(table, i, losses)
        if row.get(_FIELD):
            per_kw = field - 10.0 * np.log10(table.number(i, "Ptx (kW)"))
            errors.append(float(per_kw) - table.number(i, _FIELD))
        if row.get(_FIELD_OF_TX):
            errors.append(field - table.number(i, _FIELD_OF_TX))
        yield Row(row=i, error=max(map(abs, errors)), tolerance=TOLERANCE_DB)


def _field_strength(table: ReferenceTable) -> Iterator[Row | Excluded]:
    scenarios = read_table(table.path.parent / SCENARIOS)
    if scenarios is None:
        raise InputError("holds no table of scenarios", str(table.path.parent / SCENARIOS))
    places = {row["case"]: i for i, row in enumerate(scenarios.rows)}
    for i, row in enumerate(table.rows):
        place = places.get(f"{row['profile']}_{row['dataset']}")
        if place is None:
            yield Excluded(row=i, reason=f"{SCENARIOS} beside it has no inputs for this row")
            continue
        try:
            field = field_dbuv_m(scenarios, place, losses_of_row(scenarios, place))
        except ModelRangeError as err:
            yield Excluded(row=i, reason=str(err))
            continue
        error = abs(field - table.number(i, "E_reference_dBuV_per_m_or_as_source"))
        yield Row(row=i, error=error, tolerance=TOLERANCE_DB)


CHECKS = (
    ReferenceCheck(
        columns=(
            "case",
            "Ptx (kW)",
            "f (GHz)",
            "p (%)",
            "pL (%)",
            "DN",
            "N0",
            "Lba (dB)",
            "Lb (dB)",
        ),
        model="P.1812 basic transmission loss",
        edition=f"{p1812.MODEL} (09/2025)",
        tolerance=TOLERANCE_DB,
        unit="dB",
        run=_scenarios,
    ),
    ReferenceCheck(
        columns=("profile", "dataset", "E_reference_dBuV_per_m_or_as_source"),
        model="P.1812 field strength",
        edition=f"{p1812.MODEL} (09/2025)",
        tolerance=TOLERANCE_DB,
        unit="dB",
        run=_field_strength,
    ),
)
