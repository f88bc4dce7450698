"""Reference table of P.452: loss with intermediate values, over profiles that stand beside it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path as FilePath

import numpy as np

from twin.model.errors import InputError, ModelRangeError
from twin.radio.check.table import Excluded, ReferenceCheck, ReferenceTable, Row, compare
from twin.radio.itu import p452
from twin.radio.itu.clear_air import Losses
from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals, Zone
from twin.radio.itu.clear_air_path import (
    longest_run_m,
    path_centre_latitude_deg,
    zone_share,
)

__all__ = ["CHECKS", "find_profile", "losses_of_row", "read_profile"]

TOLERANCE_DB = 0.01
PROFILES = "p452_profiles"
_ZONES = {1.0: Zone.COASTAL, 2.0: Zone.INLAND, 3.0: Zone.SEA}


@cache
def read_profile(path: FilePath) -> Path:
    """Read a profile: distance [km], ground [m], clutter [m], name and number of the zone.

    Parameters
    ----------
    path : pathlib.Path
        The CSV file, with one line of names.

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
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))[1:]
    except OSError as err:
        raise InputError("profile is missing or cannot be read", str(path)) from err
    try:
        table = np.array(
            [[float(line[i] or "nan") for i in (0, 1, 2, 4)] for line in lines if line]
        )
        return Path(
            distance_m=table[:, 0] * 1e3,
            ground_m=table[:, 1],
            clutter_m=np.nan_to_num(table[:, 2]),  # an empty cell is no clutter
            zone=[_ZONES[code] for code in table[:, 3]],
        )
    except (ValueError, IndexError, KeyError) as err:
        raise InputError(f"is no path profile: {err}", str(path)) from err


def find_profile(table: ReferenceTable, row: int) -> Path | None:
    """Find the profile of a row: the one it names, if its zones are those the row was made with.

    The published results of a path over land carry the name of the path over sea with the same
    ground. A row tells by its own stretches over land and sea; then the profile whose name has
    all words of the row's and more, and which agrees, is the right one.

    Parameters
    ----------
    table : ReferenceTable
        The table.
    row : int
        Place of the row.

    Returns
    -------
    Path or None
        The profile; None if no file agrees.
    """
    folder = table.path.parent / PROFILES
    name = table.rows[row]["profile"]
    words = set(FilePath(name).stem.split("_"))
    others = sorted(f for f in folder.glob("*.csv") if words < set(f.stem.split("_")))
    for file in (folder / name, *others):
        path = read_profile(file)
        d, zone = path.distance_m, np.asarray(path.zone)
        found = (
            d[-1] / 1e3,
            longest_run_m(d, zone != Zone.SEA) / 1e3,
            longest_run_m(d, zone == Zone.INLAND) / 1e3,
            zone_share(d, zone == Zone.SEA),
        )
        told = [table.number(row, column) for column in ("dtot", "dtm", "dlm", "omega")]
        if np.allclose(found, told, rtol=0.0, atol=1e-3):
            return path
    return None


def losses_of_row(table: ReferenceTable, row: int, path: Path) -> Losses:
    """Compute one row.

    Parameters
    ----------
    table : ReferenceTable
        The table.
    row : int
        Place of the row.
    path : Path
        Its profile.

    Returns
    -------
    Losses
        The loss with all intermediate values.
    """

    def number(column: str) -> float:
        return table.number(row, column)

    ends = Terminals(
        freq_hz=number("f (GHz)") * 1e9,
        tx_height_m=number("htg (m)"),
        rx_height_m=number("hrg (m)"),
        is_vertical=number("pol (1-h/2-v)") == 2.0,
        tx_gain_dbi=number("Gt (dBi)"),
        rx_gain_dbi=number("Gr (dBi)"),
    )
    places = [(number(f"phi{end}_n (deg)"), number(f"phi{end}_e (deg)")) for end in "tr"]
    air = RadioClimate(
        latitude_deg=path_centre_latitude_deg(places[0], places[1], float(path.distance_m[-1])),
        delta_n=number("DN"),
        n0=number("N0"),
        tx_coast_m=number("dct (km)") * 1e3,
        rx_coast_m=number("dcr (km)") * 1e3,
    )
    return p452.transmission_loss(
        path,
        ends,
        air,
        time_percent=number("p (%)"),
        pressure_hpa=number("press (hPa)"),
        temperature_k=number("temp (deg C)") + 273.15,
    )


def _results(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i, row in enumerate(table.rows):
        path = find_profile(table, i)
        if path is None:
            reason = f"its stretches over land and sea are not those of {row['profile']}"
            yield Excluded(row=i, reason=f"{reason}, nor of another profile of its kind")
            continue
        try:
            loss_db = float(losses_of_row(table, i, path).loss_db)
        except ModelRangeError as err:
            yield Excluded(row=i, reason=str(err))
            continue
        yield compare(i, loss_db, table.number(i, "Lb"), TOLERANCE_DB)


CHECKS = (
    ReferenceCheck(
        columns=("profile", "f (GHz)", "p (%)", "phit_e (deg)", "omega", "DN", "N0", "Lba", "Lb"),
        model="P.452 clear-air basic transmission loss",
        edition=f"{p452.MODEL} (10/2023)",
        tolerance=TOLERANCE_DB,
        unit="dB",
        run=_results,
    ),
)
