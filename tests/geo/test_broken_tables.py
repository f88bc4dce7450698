"""Every table of a city, broken in some forty ways: one line that names the file, or a city."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import suppress

import pytest

from twin.geo.cityfile import load_city
from twin.geo.columns import COLUMNS
from twin.model.errors import InputError, StellwerkError
from twin.sim.run import simulate

LONGEST = 600  # characters of a message
CELLS = ("", "nan", "1e999", "9" * 400, "9" * 5000, "-1", "\u0663", '"', "a" * 200_000, "nobody")
REFERENCES = {
    "power_nodes": "feeds", "fibre_links": "a", "wireless_customers": "hub",
    "cells": "site", "lamps": "cabinet", "access_points": "switch", "radios": "access_point",
    "ports": "switch",
}  # fmt: skip


def _rows(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


def _text(rows):
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()


def _never_fit(rows: list[list[str]]) -> Iterator[bytes]:
    """What is no such table at all."""
    head = rows[0]
    yield b""
    yield bytes(range(256))
    yield gzip.compress(_text(rows))[:-5]
    yield "\ufeff".encode() * 3 + _text(rows)
    yield _text(rows).decode().encode("utf-16")
    yield _text(rows).replace(b",", b";")
    yield _text(rows[1:])
    yield _text([row[::-1] for row in rows])
    yield _text([*rows, ["%"] * len(head)])
    yield _text([*rows, ["%"] * len(head)]).replace(b"\n", b"\r")
    yield _text([*rows, rows[1][:-1]])
    yield _text(rows) + b'"never closed'
    yield _text([[*head[:-1], head[-1] + " "], *rows[1:]])
    for i in range(len(head)):
        yield _text([row[:i] + row[i + 1 :] for row in rows])


def _may_fit(rows: list[list[str]]) -> Iterator[bytes]:
    """What may be a table nevertheless."""
    yield _text(rows[:1])
    yield _text(rows[:2])
    yield _text(rows).replace(b"\n", b"\r")
    yield _text(rows * 2)
    for i in range(len(rows[0])):
        for cell in CELLS:
            yield _text([*rows[:-1], [*rows[-1][:i], cell, *rows[-1][i + 1 :]]])
        if i:
            yield _text([rows[0]] + [[*r[: i - 1], r[i], r[i - 1], *r[i + 1 :]] for r in rows[1:]])


def _refusal(folder):
    """Say how a city is refused; None if it is not."""
    try:
        load_city(folder)
    except InputError as err:
        text = str(err)
        assert "\n" not in text
        assert len(text) <= LONGEST
        return text
    return None


@pytest.mark.parametrize("subject", COLUMNS)
def test_what_is_no_such_table_is_refused(folder, subject):
    path = folder / f"{subject}.csv"
    for octets in _never_fit(_rows(path)):
        path.write_bytes(octets)
        assert re.search(rf"{subject}\.csv", _refusal(folder) or ""), octets[:200]


@pytest.mark.parametrize("subject", COLUMNS)
def test_a_table_with_odd_cells_is_refused_in_one_line_or_read(folder, subject):
    path = folder / f"{subject}.csv"
    for octets in _may_fit(_rows(path)):
        path.write_bytes(octets)
        _refusal(folder)


@pytest.mark.parametrize("subject", [name for name in COLUMNS if "x_m" in COLUMNS[name]])
@pytest.mark.parametrize(("column", "value"), [("x_m", "0"), ("y_m", "5000000"), ("x_m", "999999")])
def test_a_place_far_from_the_city_is_refused(folder, subject, column, value):
    path = folder / f"{subject}.csv"
    rows = _rows(path)
    rows[-1][rows[0].index(column)] = value
    path.write_bytes(_text(rows))
    place = rf"{subject}\.csv:{len(rows)}:\d+: {column} '{value}' lies over 50 km outside the city"
    assert re.search(place, _refusal(folder) or "")


@pytest.mark.parametrize("subject", REFERENCES)
def test_a_name_of_nothing_is_refused(folder, subject):
    path = folder / f"{subject}.csv"
    rows = _rows(path)
    rows[1][rows[0].index(REFERENCES[subject])] = "nobody"
    path.write_bytes(_text(rows))
    assert re.search(rf"{subject}\.csv:2:\d+: .*not in the \w+ table", _refusal(folder) or "")


def test_the_nearest_name_is_told(folder):
    path = folder / "lamps.csv"
    path.write_text(path.read_text().replace("cab-0001", "cab-001", 1))
    refusal = r"lamps.csv:2:\d+: cabinet 'cab-001' names cab-001, .*; did you mean cab-000\d\?"
    assert re.search(refusal, _refusal(folder) or "")


@pytest.mark.parametrize(
    ("table", "column", "cell", "message"),
    [
        ("access_points", "port", "99", "is no port of sw-"),
        ("cells", "band", "n177", "does not fit; did you mean n77?"),
        ("cells", "bandwidth_mhz", "17", "does not fit; TS 3"),
        ("cells", "height_m", "1", "is out of range; UM"),
        ("radios", "channel", "15", "does not fit; 15 is no channel at"),
        ("signals", "id", "cab-0001", "stands in the cabinets table as well; rename one"),
    ],
)
def test_what_the_models_do_not_know_is_refused_with_its_place(
    folder, table, column, cell, message
):
    path = folder / f"{table}.csv"
    rows = _rows(path)
    rows[1][rows[0].index(column)] = cell
    path.write_bytes(_text(rows))
    text = _refusal(folder) or ""
    assert re.search(rf"{table}\.csv:2:\d+: {column} '{cell}'", text)
    assert message in text


@pytest.mark.parametrize("subject", COLUMNS)
def test_a_city_without_the_rows_of_a_table_lives_or_says_why_not(folder, subject):
    path = folder / f"{subject}.csv"
    for n_rows in (1, 2):
        path.write_bytes(_text(_rows(path)[:n_rows]))
        if _refusal(folder) is None:
            with suppress(StellwerkError):  # a line of its own; anything else fails here
                simulate(load_city(folder), hours=0.01, seed=1)


def test_tables_that_are_too_large_together_are_refused(folder, monkeypatch):
    monkeypatch.setattr("twin.geo.reader.MAX_CHARACTERS", 5000)
    text = _refusal(folder) or ""
    assert re.search(r"\.csv: the tables up to this one are larger than 0\.005 MB; ", text)
