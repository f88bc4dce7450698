"""`stellwerk simulate --users`: how many agents the mobile network has, from a thousand up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stellwerk.cli import run
from stellwerk.exits import Exit

SHORT = ("simulate", "--systems", "cellular", "--hours", "0.02", "--seed", "1", "--json",
         "--start", "2026-01-13T20:00")  # fmt: skip


def _traffic_gb(capsys: pytest.CaptureFixture[str], *words: str) -> float:
    assert run([*SHORT, *words]) == Exit.OK
    return float(json.loads(capsys.readouterr().out)["systems"]["cellular"]["traffic_gb"]["value"])


@pytest.mark.slow
def test_more_agents_stand_for_the_same_city(capsys: pytest.CaptureFixture[str]) -> None:
    few, many = (_traffic_gb(capsys, "--users", users) for users in ("10000", "300000"))
    assert few != many
    assert few == pytest.approx(many, rel=0.1)


def test_a_saved_city_keeps_its_agents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "--restore", str(tmp_path / "x.sim"), "--users", "5"]) == Exit.ERROR
    assert "--restore goes on as it was saved" in capsys.readouterr().err
