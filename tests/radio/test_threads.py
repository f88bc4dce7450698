"""The number of threads that pay off, from files as Linux writes them."""

from __future__ import annotations

import os

import pytest

from twin.radio.threads import usable_cpus


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


GROUP, MOUNT = "proc/self/cgroup", "sys/fs/cgroup"


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", 16), ("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1),
     ("9000000 100000", 16), ("", 16), ("nonsense", 16), ("0 0", 16), ("50000 25000\n", 2)],
)  # fmt: skip
def test_quota_of_version_2_is_rounded_up(machine, quota, expected):
    root = machine({GROUP: "0::/a/b\n", f"{MOUNT}/a/b/cpu.max": quota})
    assert usable_cpus(root) == expected


@pytest.mark.parametrize(("outer", "inner", "expected"), [(3, 5, 3), (5, 3, 3)])
def test_tightest_group_above_counts(machine, outer, inner, expected):
    root = machine({
        GROUP: "0::/a/b\n",
        f"{MOUNT}/a/cpu.max": f"{outer}00000 100000",
        f"{MOUNT}/a/b/cpu.max": f"{inner}00000 100000",
    })  # fmt: skip
    assert usable_cpus(root) == expected


@pytest.mark.parametrize("path", ["/", "/docker/0123", "/../other"])
def test_container_that_sees_its_group_as_the_top(machine, path):
    root = machine({GROUP: f"0::{path}\n", f"{MOUNT}/cpu.max": "400000 100000\n"})
    assert usable_cpus(root) == 4


@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct", "cpuacct,cpu"])
@pytest.mark.parametrize(("quota", "expected"), [("-1", 16), ("250000", 3)])
def test_quota_of_version_1(machine, controllers, quota, expected):
    root = machine({
        GROUP: f"5:memory:/x\n3:{controllers}:/job\n0::/\n",
        f"{MOUNT}/{controllers}/job/cpu.cfs_quota_us": f"{quota}\n",
        f"{MOUNT}/{controllers}/job/cpu.cfs_period_us": "100000\n",
    })  # fmt: skip
    assert usable_cpus(root) == expected


def test_group_of_another_process_does_not_count(machine):
    root = machine({GROUP: "0::/mine\n", f"{MOUNT}/other/cpu.max": "100000 100000"})
    assert usable_cpus(root) == 16


def test_processors_the_process_is_bound_to_are_the_most(machine, monkeypatch):
    root = machine({GROUP: "0::/\n", f"{MOUNT}/cpu.max": "800000 100000"})
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert usable_cpus(root) == 1


def test_without_affinity_or_groups_the_processors_of_the_machine_count(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert usable_cpus(tmp_path) == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cpus(tmp_path) == 1


def test_this_machine_has_at_least_one():
    assert 1 <= usable_cpus() <= (os.cpu_count() or 1)
