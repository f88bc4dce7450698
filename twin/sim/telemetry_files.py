"""Telemetry in files: one SQLite database, or one Parquet file per table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Float,
    MetaData,
    String,
    Table,
    create_engine,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeEngine

from twin.model.errors import InputError
from twin.sim.telemetry import Telemetry

__all__ = ["write_parquet", "write_sqlite"]

_SQL_TYPES: dict[str, type[TypeEngine[Any]]] = {
    "i": BigInteger, "u": BigInteger, "b": Boolean, "f": Float,
}  # fmt: skip


def write_sqlite(telemetry: Telemetry, path: Path) -> dict[str, int]:
    """Append every table to a SQLite database, and forget the rows.

    Parameters
    ----------
    telemetry : Telemetry
        What was recorded.
    path : Path
        File; it is made if it is not there.

    Returns
    -------
    dict
        Rows written by table.

    Raises
    ------
    InputError
        The file cannot be written or holds other columns.
    """
    rows = {}
    engine = create_engine(URL.create("sqlite", database=str(path)))
    try:
        with engine.begin() as database:
            for name, columns in telemetry.take_all():
                table = Table(name, MetaData(), *(_column(n, v) for n, v in columns.items()))
                table.create(database, checkfirst=True)
                lists = [column.tolist() for column in columns.values()]
                lines = [dict(zip(columns, line, strict=True)) for line in zip(*lists, strict=True)]
                database.execute(table.insert(), lines)
                rows[name] = len(lines)
    except SQLAlchemyError as err:
        reason = str(getattr(err, "orig", err)).splitlines()[0]
        raise InputError("cannot be written", str(path), hint=reason) from err
    finally:
        engine.dispose()
    return rows


def _column(name: str, values: NDArray[np.generic]) -> Column[Any]:
    return Column(name, _SQL_TYPES.get(values.dtype.kind, String)())


def write_parquet(telemetry: Telemetry, folder: Path) -> dict[str, int]:
    """Write every table to ``<table>.parquet`` in a folder, and forget the rows.

    Parameters
    ----------
    telemetry : Telemetry
        What was recorded.
    folder : Path
        Folder; it is made if it is not there.

    Returns
    -------
    dict
        Rows written by table.

    Raises
    ------
    InputError
        The extra ``parquet`` is not installed, or a file cannot be written.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as err:
        raise InputError(
            "Parquet needs pyarrow", hint="install stellwerk[parquet], or ask for SQLite"
        ) from err
    rows = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table, columns in telemetry.take_all():
            arrow = pa.table(columns)
            parquet.write_table(arrow, folder / f"{table}.parquet", compression="zstd")
            rows[table] = int(arrow.num_rows)
    except OSError as err:
        raise InputError("cannot be written", str(folder), hint=str(err)) from err
    return rows
