"""`stellwerk simulate` refuses what it cannot write or record before the city starts to live."""

from __future__ import annotations

from pathlib import Path

import pytest

from stellwerk.cli import run
from stellwerk.exits import Exit
from twin.sim.run import Run

SHORT = ("simulate", "--systems", "lamps", "--hours", "0.1", "--json")


@pytest.fixture
def _nothing_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    def advance(self: Run, until_s: float) -> None:
        raise AssertionError("the city has begun to live")

    monkeypatch.setattr(Run, "advance", advance)


@pytest.mark.usefixtures("_nothing_lives")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--out", "{file}"), "cannot be written"),
        (("--out", "{file}/below"), "cannot be written"),
        (("--save", "{file}/x.sim"), "cannot be written"),
        (("--save", "{folder}"), "is a folder, not a file"),
        (("--telemetry", "cabinets"), "--telemetry needs a place; give --out too"),
        (("--telemetry", "cells", "--out", "{folder}/out"), "no table 'cells' to record"),
    ],
)
def test_a_place_or_table_that_cannot_be_is_refused_first(
    words: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    given = [word.format(file=file, folder=tmp_path) for word in words]
    assert run([*SHORT, *given]) == Exit.ERROR
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert len(captured.err.splitlines()) == 1
    assert file.read_text() == "x"


def test_what_is_asked_for_is_there_afterwards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, saved = tmp_path / "new" / "out", tmp_path / "kept" / "x.sim"
    words = ("--out", str(out), "--telemetry", "cabinets", "--save", str(saved))
    assert run([*SHORT, *words]) == Exit.OK
    assert "telemetry: cabinets" in capsys.readouterr().err
    names = {path.name for path in out.iterdir()}
    assert names == {
        "result.json", "kpis.csv", "districts.csv", "curves.csv", "day.png", "report.html",
        "cabinets.parquet",
    }  # fmt: skip
    assert saved.is_file()
