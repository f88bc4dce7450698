"""Puts the simulation of devices on the path of the controllers' tests; their files are private."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_FOLDER = str(Path(__file__).parent / "simulation")
if _FOLDER not in sys.path:
    sys.path.insert(0, _FOLDER)


@pytest.fixture(autouse=True)
def private_files() -> Iterator[None]:
    """Let nobody else read what a test writes: secrets that others may read are refused."""
    before = os.umask(0o077)
    yield
    os.umask(before)
