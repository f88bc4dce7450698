"""netconfd 2.13 says ok and does nothing: our own reading back finds it, and the profile avoids it.

Without the quirks of its profile the driver runs into the real bugs of a real server; what counts
is that no such run ends as confirmed while the device holds something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controllers.drivers import make_driver
from controllers.drivers.netconf import NetconfDriver
from controllers.history import runs_in
from controllers.intent import parse_intent, resolve
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import make_plan
from controllers.ports import Device, Driver
from controllers.profiles import Quirks, load_profile
from controllers.runner import apply
from controllers.steps import Limits, Outcome, State
from controllers.verify import Verdict, judge
from twin.model.attributes import Value
from twin.model.safe import parse_yaml

pytestmark = pytest.mark.daemon("netconfd", "openssh-server")
LIMITS = Limits(step_s=10.0, patience_s=3.0, margin_s=1.0, pause_s=0.2)
WANTED: Mapping[str, Value] = {"interface/eth0/description": "to the core"}


@pytest.fixture
def netconfd(make_real: Any, tmp_path: Path) -> Iterator[Any]:
    with make_real("netconfd", tmp_path / "netconfd") as subject:
        yield subject


def _driver(device: Device, **quirks: bool) -> NetconfDriver:
    """Make the driver with other quirks than the profile states."""
    profile = load_profile(device.profile)
    return NetconfDriver(device, replace(profile, quirks=replace(profile.quirks, **quirks)))


def test_the_profile_names_the_bugs() -> None:
    quirks = load_profile("netconf-host").quirks
    assert quirks.skip_validate
    assert quirks.release_running_on_commit
    assert quirks.reason
    assert Quirks() != quirks


def test_a_commit_after_validate_is_found_to_have_changed_nothing(netconfd: Any) -> None:
    with closing(_driver(netconfd.device, skip_validate=False)) as driver:
        driver.lock()
        driver.prepare(WANTED)
        driver.commit(confirm_timeout_s=60, persist_id="p-1")  # the server says ok
        driver.unlock()
    assert judge("host", WANTED, netconfd.read())[0] is Verdict.DIFFERS


def test_a_cancel_under_the_lock_is_found_to_have_taken_nothing_back(netconfd: Any) -> None:
    before = netconfd.read()
    with closing(_driver(netconfd.device, release_running_on_commit=False)) as driver:
        driver.lock()
        driver.prepare(WANTED)
        driver.commit(confirm_timeout_s=60, persist_id="p-1")
        driver.cancel("p-1")  # the server says ok
        driver.unlock()
    after = netconfd.read()
    assert after != before
    assert judge("host", {p: before[p] for p in WANTED}, after)[0] is Verdict.DIFFERS


def _applied(device: Device, factory: Callable[[Device], Driver], folder: Path) -> tuple[Any, Any]:
    text = f"version: 1\nname: lie\nchanges:\n  - name: one\n    select: id:{device.id}\n    set:\n"
    text += "".join(f"      {path}: {value}\n" for path, value in WANTED.items())
    intent = parse_intent(parse_yaml(text, "lie.yaml"))
    live = read_live([device], make_driver)
    plan = make_plan(intent, [device], live.values, resolve(intent, [device]), limits=LIMITS)
    with Journal(folder / "journal.db") as journal:
        result = apply(plan, [device], factory, journal, limits=LIMITS)
        return result, runs_in(journal)[-1]


def test_a_run_against_the_lying_server_is_never_called_confirmed(
    netconfd: Any, tmp_path: Path
) -> None:
    before = netconfd.read()
    result, told = _applied(
        netconfd.device, lambda device: _driver(device, skip_validate=False), tmp_path
    )
    assert result.outcome is Outcome.RESTORED
    assert result.exit_code == 4
    assert "interface/eth0/description" in str(result.reasons) + result.reason
    assert not told.is_decided
    assert netconfd.read() == before


def test_with_its_profile_the_same_run_is_confirmed_with_evidence(
    netconfd: Any, tmp_path: Path
) -> None:
    result, told = _applied(netconfd.device, make_driver, tmp_path)
    assert result.outcome is Outcome.CONFIRMED
    (facts,) = told.known.values()
    assert facts.state is State.CONFIRMED
    assert facts.evidence
    assert judge("host", WANTED, netconfd.read())[0] is Verdict.AGREES
