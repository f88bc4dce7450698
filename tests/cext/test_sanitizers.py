"""All kernels under every check there is: Cython's, C assertions, gcc's sanitizers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.long, pytest.mark.slow]

NEEDED = ["cext", "twin", "tests/cext", "tests/oracles", "tests/conftest.py", "setup.py",
          "pyproject.toml", "README.md", "LICENSE", "NOTICE"]  # fmt: skip
LEFT_OUT = ("test_packaging.py", "test_sanitizers.py")
OVERRUN = "x[i < n ? i : n - 1]", "x[i]"  # reads beyond a vector that fills no whole block
FEW = """
import numpy as np
from cext import _limit
_limit.log2_exp2(np.ones(5, np.float32), np.empty(5, np.float32))
print("nothing was seen")
"""


@pytest.fixture
def tree(tmp_path, project_root):
    """Copy what is tracked, so that the build leaves the checkout as it is."""
    listed = subprocess.run(
        ["git", "ls-files", *NEEDED], cwd=project_root, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        if (project_root / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project_root / name, tmp_path / name)
    return tmp_path


def build(tree, **environment):
    done = subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace", "--force", "--parallel=2"],
        cwd=tree, capture_output=True, text=True, check=False, env=os.environ | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    built = {path.name.split(".")[0] for path in (tree / "cext").glob("*.so")}
    assert built == {path.stem for path in (tree / "cext").glob("*.pyx")}


def run(tree, *arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments], cwd=tree, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(tree)} | environment,
    )  # fmt: skip


def assert_kernels_pass(tree, **environment):
    where = run(tree, "-c", "from cext import _sinr; print(_sinr.__file__)", **environment)
    assert where.stdout.startswith(str(tree)), where.stderr[-2000:]
    ignored = [f"--ignore=tests/cext/{name}" for name in LEFT_OUT]
    done = run(tree, "-m", "pytest", "-q", "-x", "-p", "no:randomly", "-p", "no:cacheprovider",
               *ignored, "tests/cext", **environment)  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture
def sanitizers():
    found = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(found).is_absolute():
        pytest.skip("gcc has no libasan")
    return {"LD_PRELOAD": found, "ASAN_OPTIONS": "detect_leaks=0"}


def test_kernels_pass_with_every_check_of_cython(tree):
    build(tree, CEXT_DEBUG="1")
    assert_kernels_pass(tree)


def test_sanitizers_find_nothing_in_the_kernels(tree, sanitizers):
    build(tree, CEXT_SANITIZE="1")
    assert_kernels_pass(tree, **sanitizers)


def test_sanitizers_see_a_read_beyond_the_end(tree, sanitizers):
    for source in (tree / "cext").glob("*.pyx"):
        if source.stem not in ("_isa", "_limit"):
            source.unlink()
    kernel = tree / "cext" / "_limit_variant.h"
    text = kernel.read_text(encoding="utf-8")
    assert OVERRUN[0] in text
    kernel.write_text(text.replace(*OVERRUN), encoding="utf-8")
    build(tree, CEXT_SANITIZE="1")
    done = run(tree, "-c", FEW, **sanitizers)
    assert "heap-buffer-overflow" in done.stderr
    assert not done.stdout
