"""Loopback networks of their own, so that two runs of the suite do not meet."""

from __future__ import annotations

import secrets

import pytest


@pytest.fixture(scope="module")
def network() -> str:
    return f"127.{96 + secrets.randbelow(24)}.{secrets.randbelow(256)}.0/24"
