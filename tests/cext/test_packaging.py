"""What the source archive and the wheel carry, and that every check can be turned on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tree(tmp_path_factory, project_root):
    """Copy what is tracked, so that the build leaves nothing behind in the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "cext", "twin/__init__.py", "twin/py.typed", "setup.py",
         "pyproject.toml", "MANIFEST.in", "LICENSE", "NOTICE", "README.md", "CHANGELOG.md"],
        cwd=project_root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    target = tmp_path_factory.mktemp("tree")
    for name in listed.stdout.split():
        if (project_root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project_root / name, target / name)
    for name in ("LICENSE", "NOTICE", "README.md", "CHANGELOG.md"):
        (target / name).touch()
    return target


def build(tree, what, **environment):
    code = f"from setuptools.build_meta import build_{what} as b; print(b('dist'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, capture_output=True, text=True, check=False,
        env=os.environ | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return tree / "dist" / done.stdout.split()[-1]


def test_source_archive_has_every_source_of_the_kernels_and_no_product(tree):
    with tarfile.open(build(tree, "sdist")) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    files = [path for path in (tree / "cext").iterdir() if path.is_file()]
    products = {".c", ".so"}  # setup.py translates before it packs, so they lie beside the sources
    sources = {f"cext/{path.name}" for path in files if path.suffix not in products}
    assert {name for name in names if name.startswith("cext/")} == sources
    assert {"setup.py", "pyproject.toml"} <= names


@pytest.mark.long
def test_wheel_has_the_compiled_kernel_its_types_and_no_source(tree):
    with zipfile.ZipFile(build(tree, "wheel", CFLAGS="-O0")) as archive:
        names = {name.removeprefix("cext/") for name in archive.namelist() if "cext/" in name}
    assert {"_sinr.pyi", "py.typed", "__init__.py"} <= names
    assert any(name.endswith(".so") for name in names)
    assert not {name for name in names if name.endswith((".c", ".h", ".pyx", ".pxd"))}


@pytest.mark.long
def test_debug_build_computes_the_same(tree, project_root):
    """CEXT_DEBUG=1 turns on all checks of Cython; the contract tests pass on such a build too."""
    done = subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace", "--force"],
        cwd=tree, capture_output=True, text=True, check=False, env=os.environ | {"CEXT_DEBUG": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    code = (
        "import numpy as np; from cext import _sinr;"
        f"assert _sinr.__file__.startswith({str(tree)!r});"
        "one = np.zeros(1, np.float32);"
        "site = np.array([[0, 0, 20, 500, -14, -1.1, 0, -5, -2, -10, -2, 18, 0, .02, 10]], 'f4');"
        "site = np.pad(site, ((0, 0), (0, 2)));"  # los_c, los_ck
        "sector = np.array([[0, 3, .1, 200, 10, 10, 8, .5, 1]], 'f4');"
        "i = np.zeros(1, 'i4'); first = np.array([0, 1], 'i4'); m = np.ones((1, 1), 'f4');"
        "r = _sinr.best_server(one + 300, one, site, sector, first, i, i, m, one + 1e-12);"
        "print(r[0][0], r[1][0], r[2][0])"
    )
    results = []
    for folder in (tree, project_root):
        fast = code if folder == tree else code.replace("assert", "assert True or")
        done = subprocess.run(
            [sys.executable, "-c", fast], cwd=folder, capture_output=True, text=True, check=False,
            env=os.environ | {"PYTHONPATH": str(folder)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        results.append([float(word) for word in done.stdout.split()])
    assert results[0] == pytest.approx(results[1], abs=1e-3)
