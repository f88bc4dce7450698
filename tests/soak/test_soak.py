"""A sample of every soak task, and the runner itself: it resumes, and it keeps what failed."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.soak import __main__ as soak
from tests.soak.mutation import spoil
from tests.soak.tasks import TASKS, BrokenPromiseError, run_case


@pytest.mark.parametrize("name", TASKS)
def test_first_cases_keep_their_promise(name: str) -> None:
    for case in range(200):
        run_case(TASKS[name], case)


def test_spoilt_message_is_the_same_for_the_same_seed() -> None:
    message = b"a: [1, 2, 3]\n" * 4
    spoilt = [spoil(message, random.Random(seed), (b"x",)) for seed in range(200)]
    assert spoilt == [spoil(message, random.Random(seed), (b"x",)) for seed in range(200)]
    assert len(set(spoilt)) > 190
    assert max(map(len, spoilt)) <= 4 * len(message) + 64


def test_run_goes_on_where_the_last_one_stopped(tmp_path: Path, capsys) -> None:
    arguments = ["--minutes", "0.002", "--only", "xml", "--folder", str(tmp_path)]
    assert soak.main(arguments) == 0
    first = json.loads((tmp_path / "state.json").read_text())["xml"]["next_case"]
    assert soak.main(arguments) == 0
    assert json.loads((tmp_path / "state.json").read_text())["xml"]["next_case"] > first > 0
    assert "0 failed" in capsys.readouterr().out


def test_failure_is_kept_named_and_remembered(tmp_path: Path, capsys, monkeypatch) -> None:
    def weak(case: int) -> None:
        if case == 3:
            raise BrokenPromiseError("weak")

    monkeypatch.setattr(soak, "TASKS", {**TASKS, "xml": weak})
    arguments = ["--minutes", "0.0005", "--only", "xml", "--folder", str(tmp_path)]
    assert soak.main(arguments) == 1
    printed = capsys.readouterr().out
    assert "FAILED xml 3: tests.soak.tasks.BrokenPromiseError: weak" in printed
    assert "again: python -m tests.soak --only xml --case 3" in printed
    assert "weak" in (tmp_path / "xml-3.txt").read_text()
    assert soak.main(arguments) == 1
    with pytest.raises(BrokenPromiseError):
        soak.main(["--only", "xml", "--case", "3"])
