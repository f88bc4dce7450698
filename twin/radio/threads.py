"""How many processors this process may use: affinity and the quota of its control group."""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["usable_cpus"]


def usable_cpus(root: Path = Path("/")) -> int:
    """Count the processors that may be used.

    Parameters
    ----------
    root : Path
        Where ``/proc`` and ``/sys`` stand.

    Returns
    -------
    int
        The smaller of the processors of the affinity mask and the quota of the control group (v2
        ``cpu.max`` of the group and of those above it, or v1 ``cpu.cfs_quota_us``), rounded up;
        at least 1.
    """
    n_cpus = len(os.sched_getaffinity(0))
    return max(1, min([n_cpus, *(math.ceil(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> list[float]:
    """Processors that each control group above this process grants."""
    base = root / "sys" / "fs" / "cgroup"
    found = []
    for line in _text(root / "proc" / "self" / "cgroup").splitlines():
        number, controllers, group = (*line.split(":", 2), "", "")[:3]
        if number == "0" and not controllers:
            own = base / group.strip("/")
            above = [folder for folder in own.parents if folder.is_relative_to(base)]
            pairs = [_text(folder / "cpu.max").split() for folder in (own, *above)]
        elif "cpu" in controllers.split(","):
            folder = base / "cpu" / group.strip("/")
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            pairs = [[_text(folder / name).strip() for name in names]]
        else:
            continue
        found += [quota for pair in pairs if (quota := _quota(pair)) is not None]
    return found


def _quota(pair: list[str]) -> float | None:
    try:
        quota, period = (float(word) for word in pair)
    except ValueError:  # "max", or no such file
        return None
    return quota / period if quota > 0 and period > 0 else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
