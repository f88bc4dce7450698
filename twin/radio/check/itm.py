"""Reference checks of the Irregular Terrain Model: the point-to-point and area tables of NTIA."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np

from twin.model.errors import InputError
from twin.radio.check.table import Excluded, ReferenceCheck, ReferenceTable, Row, compare
from twin.radio.terrain.itm import ItmSetting, itm_area_db, itm_p2p_db

__all__ = ["CHECKS"]

EDITION = "NTIA Report 82-100; Hufford (1995), version 1.2.2; NTIA/itm v1.4"
PROFILES = "itm_pfls_ntia.csv"
SHARED = (
    "h_tx__meter",
    "h_rx__meter",
    "epsilon",
    "sigma",
    "N_0",
    "f__mhz",
    "pol",
    "climate",
    "time",
    "location",
    "situation",
    "mdvar",
    "A__db",
)


def _setting(table: ReferenceTable, i: int) -> ItmSetting:
    return ItmSetting(
        climate=int(table.number(i, "climate")),
        n0=table.number(i, "N_0"),
        is_vertical=table.number(i, "pol") == 1.0,
        epsilon_r=table.number(i, "epsilon"),
        sigma_s_per_m=table.number(i, "sigma"),
        mdvar=int(table.number(i, "mdvar")),
        time_percent=table.number(i, "time"),
        location_percent=table.number(i, "location"),
        situation_percent=table.number(i, "situation"),
    )


def _profiles(table: ReferenceTable) -> list[list[float]]:
    """Read the profiles that stand beside the table: line i belongs to row i."""
    path = table.path.with_name(PROFILES)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(
            "the profiles of this table cannot be read", str(path), hint=f"put {PROFILES} beside it"
        ) from err
    profiles = []
    for number, line in enumerate(csv.reader(text.splitlines()), start=1):
        try:
            values = [float(cell) for cell in line if cell.strip()]
        except ValueError:
            raise InputError("holds something that is not a number", str(path), number) from None
        if values and (len(values) < 5 or values[0] != len(values) - 3):
            raise InputError(
                f"says {values[0]:g} steps, has {len(values) - 2} heights", str(path), number
            )
        profiles += [values] if values else []
    return profiles


def _point_to_point(table: ReferenceTable) -> Iterator[Row | Excluded]:
    profiles = _profiles(table)
    for i in range(len(table.rows)):
        if i >= len(profiles):
            raise InputError(f"has no profile {i + 1}", str(table.path.with_name(PROFILES)))
        loss = itm_p2p_db(
            np.array(profiles[i][2:]),
            profiles[i][1],
            table.number(i, "h_tx__meter"),
            table.number(i, "h_rx__meter"),
            table.number(i, "f__mhz") * 1e6,
            setting=_setting(table, i),
        )
        yield compare(i, float(loss), table.number(i, "A__db"), 0.01)


def _area(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i in range(len(table.rows)):
        loss = itm_area_db(
            table.number(i, "d__km") * 1e3,
            table.number(i, "delta_h__meter"),
            table.number(i, "h_tx__meter"),
            table.number(i, "h_rx__meter"),
            table.number(i, "f__mhz") * 1e6,
            siting=(
                int(table.number(i, "tx_siting_criteria")),
                int(table.number(i, "rx_siting_criteria")),
            ),
            setting=_setting(table, i),
        )
        yield compare(i, float(loss), table.number(i, "A__db"), 0.06)


CHECKS: tuple[ReferenceCheck, ...] = (
    ReferenceCheck(
        columns=(*SHARED, "d__km", "delta_h__meter", "tx_siting_criteria", "rx_siting_criteria"),
        model="ITM, area mode",
        edition=EDITION,
        tolerance=0.06,
        unit="dB",
        run=_area,
    ),
    ReferenceCheck(
        columns=SHARED,
        model="ITM, point-to-point mode",
        edition=EDITION,
        tolerance=0.01,
        unit="dB",
        run=_point_to_point,
    ),
)
