"""`stellwerk simulate --speed`: a pace that is kept, one that is not, and ^C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from stellwerk.cli import run
from stellwerk.exits import Exit

ROOT = Path(__file__).resolve().parents[2]
_WORDS = ("simulate", "--city", "duisburg", "--systems", "signals", "--json")


def test_a_pace_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    begin = monotonic()
    assert run([*_WORDS, "--hours", "0.01", "--speed", "20"]) == Exit.OK
    assert monotonic() - begin >= 36.0 / 20.0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["simulated_seconds"] == 36.0


def test_a_pace_does_not_change_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    traces = []
    for words in ((), ("--speed", "100")):
        assert run([*_WORDS, "--hours", "0.02", *words]) == Exit.OK
        traces.append(json.loads(capsys.readouterr().out)["trace_sha256"])
    assert traces[0] == traces[1]


def test_a_pace_beyond_the_machine_is_told_once_and_an_interrupt_leaves_nothing(
    tmp_path: Path,
) -> None:
    words = [*_WORDS, "--hours", "8000", "--tick", "1", "--speed", "1000000"]
    out = ["--out", str(tmp_path / "day"), "--save", str(tmp_path / "day.sim")]
    with subprocess.Popen(
        [sys.executable, "-m", "stellwerk", *words, *out],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        printed, told = process.communicate(timeout=30)
    assert first.startswith("--speed 1e+06 is not kept: ")
    assert process.returncode == Exit.INTERRUPTED == 130
    assert printed == ""
    assert "Traceback" not in told
    assert not list(tmp_path.iterdir())
