"""`stellwerk simulate` that cannot end as planned: nothing half done stays, one line says why."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stellwerk.cli import run
from stellwerk.exits import Exit

TOWN = Path(__file__).parents[1] / "data" / "cities" / "kleinstadt"
SYSTEMS = ("--systems", "lamps")
SHORT = ("simulate", "--city", str(TOWN), "--systems", "lamps", "--hours", "0.1", "--json")


def _error(err: str) -> str:
    assert "Traceback" not in err
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    return line


def _tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--systems", "lamps,"), "--systems 'lamps,' has an empty name; write names, as in a,b"),
        (("--systems", ","), "has an empty name"),
        (("--systems", "lamp"), "--systems has no 'lamp'; did you mean lamps? there are depend"),
        (("--telemetry", ",", "--out", "{folder}/out"), "--telemetry ',' has an empty name"),
        (("--save", "{folder}/" + "n" * 300), "cannot be written; File name too long"),
        (("--out", "{folder}/" + "n" * 300), "cannot be written; File name too long"),
        (("--save", ""), "is a folder, not a file"),
        (("--save", "{folder}/x", "--out", "{folder}/x/y"), "is the file of --save and cannot"),
        (("--out", "{folder}/full"), "day.png: is a folder, and a file is to be written there"),
        (("--out", "{folder}/nowhere"), "cannot be written"),
        (("--start", "2026-03-29T02:30"), "'2026-03-29T02:30' does not exist, clocks go forward"),
        (("--restore", "{folder}"), "cannot be read; Is a directory"),
        (("--restore", "/dev/zero"), "is no saved simulation"),
        (("--restore", "{folder}/deep"), "is no saved simulation"),
        (("--restore", "{folder}/deep", "--seed", "7"), "leave --seed out"),
        (("--restore", "{folder}/deep", "--tick", "10"), "leave --tick out"),
    ],
)
def test_what_cannot_be_is_refused_before_the_city_lives(
    words: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full" / "day.png").mkdir(parents=True)
    (tmp_path / "deep").write_bytes(b"[" * 4000 + b"\n")
    (tmp_path / "nowhere").symlink_to(tmp_path / "not" / "there")
    before = _tree(tmp_path)
    short = SHORT if "--restore" not in words else [w for w in SHORT if w not in SYSTEMS]
    assert run([*short, *(word.format(folder=tmp_path) for word in words)]) == Exit.ERROR
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in _error(captured.err)
    assert _tree(tmp_path) == before


def _start(words: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stellwerk", "simulate", "--city", str(TOWN), *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _wait_until_it_listens(child: subprocess.Popen[str]) -> None:
    """Wait until the child catches SIGTERM: from then on it lives."""
    status = Path(f"/proc/{child.pid}/status")
    for _ in range(600):
        caught = int(status.read_text().split("SigCgt:")[1].split()[0], 16)
        if caught >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.1)
    pytest.fail("the city does not begin to live")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc of Linux")
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, Exit.INTERRUPTED, "interrupted"),
        (signal.SIGTERM, Exit.TERMINATED, "terminated"),
    ],
)
def test_a_signal_in_mid_run_ends_it_and_leaves_nothing(
    number: int, code: int, word: str, tmp_path: Path
) -> None:
    words = ["--systems", "lamps", "--hours", "1", "--speed", "1", "--out", str(tmp_path / "out")]
    child = _start([*words, "--save", str(tmp_path / "x.sim")])
    _wait_until_it_listens(child)
    child.send_signal(number)
    out, err = child.communicate(timeout=30)
    assert child.returncode == code
    assert (out, err.strip()) == ("", f"{word}; no file is half written")
    assert _tree(tmp_path) == set()


@pytest.mark.parametrize("option", ["--out", "--save"])
def test_a_full_disk_is_one_line_and_what_was_there_stays(option: str, tmp_path: Path) -> None:
    kept = tmp_path / "place" / "result.json" if option == "--out" else tmp_path / "place"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("of yesterday")
    words = ["--systems", "lamps", "--hours", "0.1", "--json", option, str(tmp_path / "place")]
    child = _start(words)
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (2000, 2000))
    out, err = child.communicate(timeout=60)
    assert child.returncode == Exit.ERROR
    assert out == ""
    line = _error(err)
    assert f"{tmp_path / 'place'}: cannot be written; File too large" in line
    assert kept.read_text() == "of yesterday"
    assert not [name for name in _tree(tmp_path) if ".stellwerk" in name]


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "stellwerk", *SHORT],
            stdout=gone, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (Exit.OK, "")


@pytest.mark.parametrize("place", ["{folder}", ".", ""])
def test_files_of_others_in_the_folder_stay(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("mine")
    assert run([*SHORT, "--out", place.format(folder=tmp_path)]) == Exit.OK
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "report.html").is_file()
    assert not [name for name in _tree(tmp_path) if name.startswith(".")]
