"""Cities for the tests of twin.geo."""

import shutil
from pathlib import Path

import pytest

from twin.geo.cityfile import load_city

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "data" / "cities" / "kleinstadt"


@pytest.fixture(scope="session")
def duisburg():
    return load_city("duisburg")


@pytest.fixture(scope="session")
def small():
    return load_city(SMALL)


@pytest.fixture
def folder(tmp_path):
    """Copy of the small city, to be damaged."""
    return Path(shutil.copytree(SMALL, tmp_path / "town"))
