"""Reference checks of LoRa: time on air and payload symbols."""

from __future__ import annotations

from collections.abc import Iterator

from twin.radio.check.table import Excluded, ReferenceCheck, ReferenceTable, Row, compare
from twin.radio.lora.airtime import payload_symbols, time_on_air_s

__all__ = ["CHECKS"]

EDITION = "Semtech AN1200.13 (2013)"


def _coding_rate(table: ReferenceTable, i: int) -> int:
    """Read ``4/5`` to ``4/8``."""
    return {"4/5": 1, "4/6": 2, "4/7": 3, "4/8": 4}[table.rows[i]["coding_rate"]]


def _airtime(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i in range(len(table.rows)):
        value = time_on_air_s(
            table.number(i, "phy_payload_bytes"),
            table.number(i, "sf"),
            table.number(i, "bw_kHz") * 1e3,
            coding_rate=_coding_rate(table, i),
            preamble_symbols=table.number(i, "preamble_symbols"),
            has_header=table.number(i, "explicit_header") == 1.0,
            has_crc=table.number(i, "crc") == 1.0,
            low_rate=table.number(i, "ldro") == 1.0,
            chip="sx127x",
        )
        us = round(float(value) * 1e6, 6)  # to the picosecond, where rows allow no error at all
        yield compare(i, us, table.number(i, "airtime_us"), table.number(i, "tol_us"))


def _symbols(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i in range(len(table.rows)):
        value = payload_symbols(
            table.number(i, "phy_payload_bytes"),
            table.number(i, "sf"),
            coding_rate=_coding_rate(table, i),
            has_header=table.number(i, "explicit_header") == 1.0,
            low_rate=table.number(i, "ldro") == 1.0,
            chip="sx127x",
        )
        yield compare(i, float(value), table.number(i, "payload_symbols"), 0.0)


CHECKS: tuple[ReferenceCheck, ...] = (
    ReferenceCheck(
        columns=("phy_payload_bytes", "sf", "bw_kHz", "coding_rate", "airtime_us", "tol_us"),
        model="LoRa time on air",
        edition=EDITION,
        tolerance=100.0,
        unit="us",
        run=_airtime,
    ),
    ReferenceCheck(
        columns=("phy_payload_bytes", "sf", "coding_rate", "payload_symbols"),
        model="LoRa payload symbols",
        edition=EDITION,
        tolerance=0.0,
        unit="symbols",
        run=_symbols,
    ),
)
