"""The rules of tests/conftest.py hold: seen on a small suite of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
PREAMBLE = "import socket, time, pytest\n"
INI = "[pytest]\nmarkers =\n  slow\n  long\n  soak\n  reference\n  daemon\n  chromium\n"


def _run(folder: Path, test: str, *options: str, **environment: str) -> tuple[int, str]:
    rules = CONFTEST.read_text(encoding="utf-8")
    rules = rules.replace("MAX_UNMARKED_S = 60.0", "MAX_UNMARKED_S = 0.2")
    rules = rules.replace('("snmpd",)', '("no-such-command",)')
    (folder / "conftest.py").write_text(rules, encoding="utf-8")
    (folder / "pytest.ini").write_text(INI, encoding="utf-8")
    (folder / "test_small.py").write_text(PREAMBLE + test, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)],
        cwd=folder,
        env={**os.environ, "CI": "", **environment},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def test_missing_daemon_is_a_skip_that_names_the_package(tmp_path: Path) -> None:
    test = "@pytest.mark.daemon('snmpd')\ndef test_it(): pass\n"
    code, text = _run(tmp_path, test)
    assert code == 0
    assert "1 x missing Debian package snmpd: apt-get install snmpd" in text


def test_missing_daemon_is_a_failure_in_ci(tmp_path: Path) -> None:
    test = "@pytest.mark.daemon('snmpd')\ndef test_it(): pass\n"
    code, text = _run(tmp_path, test, CI="true")
    assert code == 1
    assert "missing Debian package snmpd" in text


def test_missing_reference_files_are_a_skip(tmp_path: Path) -> None:
    test = "@pytest.mark.reference\ndef test_it(): assert False\n"
    code, text = _run(tmp_path, test, STELLWERK_REFERENCE=str(tmp_path / "none"))
    assert code == 0
    assert "1 x no reference files: set STELLWERK_REFERENCE=DIR" in text


@pytest.mark.parametrize(("mark", "code"), [("", 1), ("@pytest.mark.long\n", 0)])
def test_long_test_must_carry_its_mark(mark: str, code: int, tmp_path: Path) -> None:
    found, text = _run(tmp_path, f"{mark}def test_it(): time.sleep(0.3)\n")
    assert found == code
    assert ("mark it long" in text) == bool(code)


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 80), 1)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "socket.socket().connect_ex(('example.org', 80))",
    ],
)
def test_no_test_leaves_the_machine(attempt: str, tmp_path: Path) -> None:
    code, text = _run(tmp_path, f"def test_it():\n    {attempt}\n")
    assert code == 1
    assert "only connect to loopback" in text


def test_attempt_that_a_library_swallows_fails_as_well(tmp_path: Path) -> None:
    test = (
        "def test_it():\n"
        "    with pytest.raises(RuntimeError):\n"
        "        socket.socket().connect(('192.0.2.1', 80))\n"
    )
    code, text = _run(tmp_path, test)
    assert code == 1
    assert "tried to connect to 192.0.2.1" in text


def test_loopback_is_open(tmp_path: Path) -> None:
    test = (
        "def test_it():\n"
        "    with socket.create_server(('127.0.0.1', 0)) as server:\n"
        "        socket.create_connection(server.getsockname(), 5).close()\n"
    )
    assert _run(tmp_path, test)[0] == 0


def test_no_test_at_all_is_no_success(tmp_path: Path) -> None:
    assert _run(tmp_path, "")[0] == 5


def test_sample_of_the_slow_tests_is_the_same_every_time(tmp_path: Path) -> None:
    test = "@pytest.mark.slow\n@pytest.mark.parametrize('i', range(100))\ndef test_it(i): pass\n"
    code, text = _run(tmp_path, test, "--slow-share=0.1", "-p", "no:randomly")
    assert code == 0
    counts = text.rpartition(" passed")[0].split()[-1]
    assert 2 <= int(counts) <= 25
    assert _run(tmp_path, test, "--slow-share=0.1")[1].count(f"{counts} passed") == 1
