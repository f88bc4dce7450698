"""All of Duisburg with its nine systems: what issue 4 calls done."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.geo.cityfile import load_city
from twin.model.city import City

SCENARIOS = Path(__file__).resolve().parents[3] / "examples" / "scenarios"


@pytest.fixture(scope="session")
def duisburg() -> City:
    """The city in the box."""
    return load_city("duisburg")


@pytest.fixture(scope="session")
def scenarios() -> Path:
    """Folder of the scenarios that users get."""
    return SCENARIOS
