"""The packages import only what stands below them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_import_contracts_are_kept(project_root: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=project_root,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(project_root)},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_packages_are_typed_and_start_with_their_job(project_root: Path) -> None:
    for package in ("stellwerk", "twin", "controllers", "hil", "cext"):
        assert (project_root / package / "py.typed").is_file()
        text = (project_root / package / "__init__.py").read_text(encoding="utf-8")
        assert text.startswith('"""')
