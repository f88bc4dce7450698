"""Telemetry in files: one SQLite database, or one Parquet file per table."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.model.errors import InputError
from twin.sim.telemetry import Telemetry

__all__ = ["write_parquet", "write_sqlite"]

_Columns = dict[str, NDArray[np.generic]]
_SQL_TYPES = {"i": "INTEGER", "u": "INTEGER", "b": "INTEGER", "f": "REAL"}


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
    try:
        with closing(sqlite3.connect(path)) as database, database:
            for table, columns in telemetry.take_all():
                rows[table] = _insert(database, table, columns)
    except sqlite3.Error as err:
        raise InputError("cannot be written", str(path), hint=str(err)) from err
    return rows


def _insert(database: sqlite3.Connection, table: str, columns: _Columns) -> int:
    names = ", ".join(
        f"{_quoted(name)} {_SQL_TYPES.get(column.dtype.kind, 'TEXT')}"
        for name, column in columns.items()
    )
    database.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(table)} ({names})")
    marks = ", ".join("?" * len(columns))
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    # names are quoted identifiers of ours, values are bound
    database.executemany(f"INSERT INTO {_quoted(table)} VALUES ({marks})", rows)  # noqa: S608
    return int(next(iter(columns.values())).size)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


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
