"""Telemetry is kept only when asked for, and comes back from files as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from pyarrow import parquet

from twin.model.errors import InputError
from twin.sim.telemetry import Telemetry
from twin.sim.telemetry_files import write_parquet, write_sqlite


def recorded(*tables):
    telemetry = Telemetry(tables)
    for k in range(3):
        telemetry.add(
            "cells",
            60.0 * k,
            {
                "cell": np.array(["a", "b"]),
                "load_percent": np.array([1.5, 2.5]) * k,
                "users": np.array([k, 7], dtype=np.int64),
            },
        )
    return telemetry


def test_nothing_is_kept_that_nobody_asked_for():
    telemetry = recorded("lamps")
    assert not telemetry.wants("cells")
    assert telemetry.tables() == ()
    assert recorded("*").tables() == ("cells",)


def test_a_batch_is_a_copy_and_of_equal_length():
    telemetry = Telemetry(["x"])
    values = np.arange(3.0)
    telemetry.add("x", 0.0, {"v": values})
    values[:] = 9.0
    np.testing.assert_array_equal(telemetry.take("x")["v"], [0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="must be one"):
        telemetry.add("x", 0.0, {"a": np.zeros(2), "b": np.zeros(3)})


def test_rows_come_back_from_sqlite_and_are_appended(tmp_path):
    path = tmp_path / "t.db"
    assert write_sqlite(recorded("cells"), path) == {"cells": 6}
    assert write_sqlite(recorded("cells"), path) == {"cells": 6}
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT at_s, cell, load_percent, users FROM cells").fetchall()
    assert rows[5] == (120.0, "b", 5.0, 7)
    assert len(rows) == 12


def test_rows_come_back_from_parquet(tmp_path):
    telemetry = recorded("cells")
    assert write_parquet(telemetry, tmp_path / "out") == {"cells": 6}
    table = parquet.read_table(tmp_path / "out" / "cells.parquet")
    assert table.column_names == ["at_s", "cell", "load_percent", "users"]
    assert table["users"].to_pylist() == [0, 7, 1, 7, 2, 7]
    assert telemetry.tables() == ()


def test_places_that_cannot_be_written_are_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    for write in (write_sqlite, write_parquet):
        with pytest.raises(InputError, match="cannot be written") as caught:
            write(recorded("cells"), tmp_path / "file" / "below")
        assert "\n" not in str(caught.value)
