"""What the commands print: data on stdout, the same for the same seed."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from stellwerk.cli import run
from stellwerk.exits import Exit


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert run(words) == Exit.OK
    document = json.loads(capsys.readouterr().out)
    assert isinstance(document, dict)
    return document


def test_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == Exit.OK
    assert capsys.readouterr().out == f"stellwerk {version('stellwerk')}\n"


def test_city_show_counts_the_city_in_the_box(capsys: pytest.CaptureFixture[str]) -> None:
    counts = _json(capsys, "city", "show", "--json")["counts"]
    assert isinstance(counts, dict)
    assert (counts["schools"], counts["pupils"], counts["stops"]) == (133, 71250, 871)


def test_city_validate_finds_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert _json(capsys, "city", "validate", "--json")["findings"] == []


@pytest.mark.slow
def test_coverage_is_the_same_twice(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("coverage", "--step", "200", "--json")
    first, second = _json(capsys, *words), _json(capsys, *words)
    assert first.pop("seconds") != second.pop("seconds")
    assert first == second


@pytest.mark.slow
@pytest.mark.long
def test_simulate_gives_the_same_trace_twice(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("simulate", "--city", "duisburg", "--hours", "1", "--seed", "7", "--json")
    first, second = _json(capsys, *words), _json(capsys, *words)
    assert first["trace_sha256"] == second["trace_sha256"]


def test_coverage_rasters_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rasters.npz"
    _json(capsys, "coverage", "--step", "500", "--out", str(out), "--json")
    assert out.stat().st_size > 1000


def test_doctor_knows_every_package(capsys: pytest.CaptureFixture[str]) -> None:
    checks = _json(capsys, "doctor", "--json")["checks"]
    assert isinstance(checks, list)
    assert {"package twin", "package hil", "kernels", "daemon snmpd"} <= {
        row["check"] for row in checks
    }


def test_no_progress_bar_and_no_colour_outside_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["coverage", "--step", "500"]) == Exit.OK
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
