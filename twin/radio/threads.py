"""How many processors this process may use: those it is bound to, within its quota of time."""

from __future__ import annotations

import math
import os
from pathlib import Path, PurePosixPath

__all__ = ["usable_cpus"]


def usable_cpus(root: Path = Path("/")) -> int:
    """Count the processors that threads of this process can keep busy.

    Parameters
    ----------
    root : Path
        Where ``proc`` and ``sys`` lie.

    Returns
    -------
    int
        The lesser of the processors that the scheduler allows and of the tightest quota of the
        control groups (version 2 and 1) that hold the process, rounded up; at least 1.

    References
    ----------
    .. [1] Linux kernel, Documentation/admin-guide/cgroup-v2.rst, ``cpu.max``.
    .. [2] Linux kernel, Documentation/scheduler/sched-bwc.rst, ``cpu.cfs_quota_us``.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quotas = [quota for group in _groups(root) for quota in _quotas(group)]
    return max(1, min([bound or 1, *(math.ceil(quota) for quota in quotas)]))


def _groups(root: Path) -> list[Path]:
    """Folders of the groups of this process, each with all groups above it.

    A container often sees its own group mounted as the top, whatever the path says: the folders
    above, which are read anyway, then are the ones that exist.
    """
    mount = root / "sys/fs/cgroup"
    folders = []
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            tops = [mount, mount / "unified"]
        elif "cpu" in controllers.split(","):
            tops = [mount / controllers, mount / "cpu", mount / "cpu,cpuacct"]
        else:
            continue
        steps = PurePosixPath(path.lstrip("/"))
        if ".." in steps.parts:  # outside of the namespace: only the top is ours to see
            steps = PurePosixPath()
        folders += [top / step for top in tops for step in (steps, *steps.parents)]
    return list(dict.fromkeys(folders))


def _quotas(group: Path) -> list[float]:
    """Processors that one folder allows: none, one or (never both in practice) two numbers."""
    pairs = [
        _read(group / "cpu.max").split(),
        [*_read(group / "cpu.cfs_quota_us").split(), *_read(group / "cpu.cfs_period_us").split()],
    ]
    found = []
    for pair in pairs:
        try:
            quota_us, period_us = (int(number) for number in pair)
        except ValueError:  # no such file, or "max"
            continue
        if quota_us > 0 and period_us > 0:  # version 1 says -1 for no limit
            found.append(quota_us / period_us)
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
