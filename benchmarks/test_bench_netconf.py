"""NETCONF: edit, validate, read back and commit on one session and on fifty; a wide transaction."""

from __future__ import annotations

import pytest
from netconf_fleet import (
    echoes_per_second,
    edits_per_second,
    kilobytes_per_session,
    switches,
    transaction,
)

N_DEVICES = 100  # the thousand of the target: python benchmarks/netconf_fleet.py


@pytest.fixture(scope="module")
def devices(tmp_path_factory):
    with switches(tmp_path_factory.mktemp("switches"), N_DEVICES) as entries:
        yield entries


@pytest.mark.parametrize(("n_sessions", "n_edits"), [(1, 200), (50, 20)])
@pytest.mark.benchmark(group="NETCONF edits")
def test_edits(benchmark, devices, n_sessions, n_edits):
    rate = benchmark.pedantic(edits_per_second, args=(devices[:n_sessions], n_edits), rounds=1)
    benchmark.extra_info["edits_per_second"] = rate
    benchmark.extra_info["of_a_raw_echo"] = rate / echoes_per_second()


@pytest.mark.benchmark(group="one NETCONF transaction over many devices")
def test_transaction(benchmark, devices, tmp_path):
    result, _, apply_s = benchmark.pedantic(transaction, args=(tmp_path, devices), rounds=1)
    assert result.exit_code == 0
    benchmark.extra_info["apply_s"] = apply_s
    benchmark.extra_info["kilobytes_per_session"] = kilobytes_per_session(devices)
