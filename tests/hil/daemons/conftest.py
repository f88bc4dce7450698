"""Waiting for conditions, and the traces a daemon could leave behind."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Says whether a process still runs; a zombie does not."""
    return _is_alive


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Wait until a condition holds, or fail with what it was about."""

    def wait(condition: Callable[[], object], what: str, deadline_s: float = 10.0) -> None:
        end_s = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < end_s, f"waited {deadline_s:g} s in vain for: {what}"
            os.sched_yield()
            time.sleep(0.01)

    return wait
