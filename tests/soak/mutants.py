"""Mutation of the safety core with mutmut, in slices: it goes on where the last one stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Score", "run_slice"]

TARGET = 0.85
_GRACE_S = 20.0


@dataclass(frozen=True, slots=True)
class Score:
    """How many changes of the code the tests have noticed."""

    n_killed: int
    n_survived: int
    n_left: int
    note: str = ""

    def __str__(self) -> str:
        n_done = self.n_killed + self.n_survived
        if not n_done:
            return f"mutation   nothing done yet {self.note}".rstrip()
        share = self.n_killed / n_done
        return (
            f"mutation   {n_done:>10} mutants, {share:.0%} noticed (aim {TARGET:.0%}), "
            f"{self.n_left} left; survivors: mutmut results {self.note}".rstrip()
        )


def run_slice(root: Path, folder: Path, seconds: float) -> Score:
    """Let mutmut work for a while; what it mutates stands in pyproject.toml.

    Parameters
    ----------
    root : Path
        The checkout.
    folder : Path
        Where the log goes.
    seconds : float
        How long. [s]

    Returns
    -------
    Score
        The score of all slices so far.
    """
    mutmut = Path(sys.executable).parent / "mutmut"
    if not mutmut.exists():
        return Score(0, 0, 0, "(mutmut is not installed: pip install mutmut)")
    folder.mkdir(exist_ok=True)
    with (folder / "mutmut.log").open("wb") as log:
        process = subprocess.Popen(
            [mutmut, "run", "--max-children", "2"],
            cwd=root,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = 0
        finally:
            _stop(process)
    note = "" if code == 0 else f"(mutmut ended with {code}: see {folder / 'mutmut.log'})"
    return _score(mutmut, root, note)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Interrupt it, so that it writes down what it knows."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                continue


def _score(mutmut: Path, root: Path, note: str) -> Score:
    subprocess.run(
        [mutmut, "export-cicd-stats"], cwd=root, check=False, capture_output=True, timeout=60
    )
    path = root / "mutants" / "mutmut-cicd-stats.json"
    if not path.is_file():
        return Score(0, 0, 0, note)
    stats = json.loads(path.read_text(encoding="utf-8"))
    n_killed = stats["killed"] + stats["timeout"] + stats["segfault"]
    n_survived = stats["survived"] + stats["no_tests"] + stats["suspicious"]
    return Score(n_killed, n_survived, stats["total"] - n_killed - n_survived, note)
