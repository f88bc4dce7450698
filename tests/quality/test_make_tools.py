"""The scripts behind make: they name what is missing, install it as root, and try once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NEEDED = ("sh", "dirname", "cat", "mkdir", "rm", "chmod")


@pytest.fixture
def tools(tmp_path: Path, project_root: Path) -> Path:
    """A folder with the scripts and a `bin` that holds nothing but what they need."""
    shutil.copytree(project_root / "tools", tmp_path / "tools")
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in NEEDED:
        (commands / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    (commands / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (commands / "python3").chmod(0o755)
    return tmp_path


def _command(folder: Path, name: str, text: str) -> None:
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _run(folder: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(folder / "tools" / script), *arguments],
        cwd=folder,
        env={"PATH": str(folder / "bin"), "POLICY_RC_D": str(folder / "policy-rc.d"), "SBIN": ""},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )


def test_user_is_told_the_one_line_and_make_goes_on(tools: Path) -> None:
    _command(tools, "id", "echo 1000")
    done = _run(tools, "system-packages.sh", "demo")
    assert done.returncode == 0
    assert "apt-get install --no-install-recommends -y gcc libc6-dev" in done.stderr
    assert "Going on with what is there." in done.stderr
    assert "chromium" not in done.stderr
    assert "chromium" in _run(tools, "system-packages.sh", "test").stderr


def test_root_installs_once_and_keeps_services_from_starting(tools: Path) -> None:
    _command(tools, "id", "echo 0")
    log = tools / "log"
    _command(tools, "apt-get", f'echo "$1 $DEBIAN_FRONTEND" >>{log}; cat "$POLICY_RC_D" >>{log}')
    done = _run(tools, "system-packages.sh", "demo")
    assert done.returncode == 0, done.stderr
    assert "Installing system packages: gcc libc6-dev" in done.stderr
    words = log.read_text()
    assert words.count("update noninteractive") == 1
    assert words.count("install noninteractive") == 1
    assert words.count("exit 101") == 2
    assert not (tools / "policy-rc.d").exists()
    log.unlink()
    assert _run(tools, "system-packages.sh", "demo").returncode == 0
    assert not log.exists()


def test_package_that_cannot_be_installed_does_not_stop_the_others(tools: Path) -> None:
    _command(tools, "id", "echo 0")
    _command(tools, "apt-get", '[ "$1" = update ] || exit 100')
    done = _run(tools, "system-packages.sh", "demo")
    assert done.returncode == 0
    assert "Could not install gcc; going on without it." in done.stderr


def test_python_that_is_too_old_is_an_error_in_words(tools: Path) -> None:
    _command(tools, "python3", "exit 1")
    done = _run(tools, "find-python.sh")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr


def test_python_that_was_named_is_taken(tools: Path) -> None:
    assert _run(tools, "find-python.sh").stdout.strip() == str(tools / "bin" / "python3")
    assert _run(tools, "find-python.sh", sys.executable).stdout.strip() == sys.executable


def test_continuous_integration_runs_the_whole_suite(project_root: Path) -> None:
    script = project_root / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
