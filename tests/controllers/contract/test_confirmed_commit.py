"""Class D: what a timer, a persist id and a lock promise, on the emulator and on netconfd."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from lxml import etree

from controllers.ports import Driver
from controllers.profiles import graft, load_profile, netconf_nodes
from twin.model.attributes import Value
from twin.model.errors import DeviceConflict, DeviceLocked, DeviceRefused

NS = "urn:ietf:params:xml:ns:netconf:base:1.0"
Wait = Callable[..., None]


def _arm(driver: Driver, wanted: Mapping[str, Value], timeout_s: float, persist: str) -> None:
    driver.lock()
    driver.prepare(wanted)
    driver.commit(confirm_timeout_s=timeout_s, persist_id=persist)


def _prepare(driver: Driver, wanted: Mapping[str, Value]) -> None:
    driver.lock()  # a device may refuse already here: its candidate is dirty (RFC 6241, 7.5)
    driver.prepare(wanted)


def _holds(subject: Any, wanted: Mapping[str, Value]) -> bool:
    values = subject.read()
    return all(values[path] == value for path, value in wanted.items())


def _config(subject: Any, wanted: Mapping[str, Value]) -> etree._Element:
    nodes = {n.path: n for n in netconf_nodes(load_profile(subject.device.profile), subject.device)}
    config = etree.Element(f"{{{NS}}}config", nsmap={"nc": NS})
    for path, value in wanted.items():
        graft(config, nodes[path].steps, nodes[path].encode(value))
    return config


def test_an_armed_commit_is_in_force_and_reverts_when_nobody_confirms(
    netconf_subject: Any, wait_for: Wait
) -> None:
    subject = netconf_subject
    before = subject.read()
    driver = subject.driver()
    _arm(driver, subject.wanted, 1, "p-1")
    driver.unlock()
    driver.close()
    assert _holds(subject, subject.wanted)
    wait_for(lambda: subject.read() == before, "the old values")


def test_an_armed_commit_reverts_while_its_session_lives_on(
    netconf_subject: Any, wait_for: Wait
) -> None:
    subject = netconf_subject
    before = subject.read()
    driver = subject.driver()
    _arm(driver, subject.wanted, 1, "p-1")
    wait_for(lambda: subject.read() == before, "the old values")
    with pytest.raises(DeviceRefused):
        driver.confirm("p-1")


@pytest.mark.slow
@pytest.mark.parametrize("by", ["the session that armed", "another session"])
def test_a_follow_up_starts_the_timer_anew_and_its_end_still_reverts(
    netconf_subject: Any, wait_for: Wait, by: str
) -> None:
    subject = netconf_subject
    before = subject.read()
    first = subject.driver()
    begun_s = time.monotonic()
    _arm(first, subject.wanted, 3, "p-1")
    second = first
    if by == "another session":
        first.close()
        second = subject.driver()
    second.commit(confirm_timeout_s=7, persist_id="p-1")
    restarted_s = time.monotonic()
    assert restarted_s - begun_s < 3, "too slow a machine to tell the two timers apart"
    second.close()  # the follow-up hangs on no session either
    wait_for(lambda: time.monotonic() > begun_s + 4.5, "the end of the first timer")
    if time.monotonic() < restarted_s + 6:
        assert _holds(subject, subject.wanted)
    wait_for(lambda: subject.read() == before, "the old values")
    assert time.monotonic() > restarted_s + 5


def test_a_follow_up_under_another_id_is_refused_and_the_commit_can_be_confirmed(
    netconf_subject: Any,
) -> None:
    subject = netconf_subject
    driver = subject.driver()
    _arm(driver, subject.wanted, 60, "p-1")
    driver.unlock()
    with pytest.raises(DeviceRefused):
        subject.driver().commit(confirm_timeout_s=60, persist_id="p-2")
    driver.confirm("p-1")
    assert _holds(subject, subject.wanted)


def test_a_new_session_confirms_by_the_persist_id(netconf_subject: Any, wait_for: Wait) -> None:
    subject = netconf_subject
    driver = subject.driver()
    _arm(driver, subject.wanted, 3, "p-1")
    driver.close()
    subject.driver().confirm("p-1")
    later = subject.driver()
    with pytest.raises(DeviceRefused):  # only once
        later.confirm("p-1")
    silent_until = iter(range(4))
    wait_for(lambda: next(silent_until) == 3, "the end of the time")
    assert _holds(subject, subject.wanted)


def test_a_new_session_cancels_by_the_persist_id(netconf_subject: Any) -> None:
    subject = netconf_subject
    before = subject.read()
    driver = subject.driver()
    _arm(driver, subject.wanted, 60, "p-1")
    driver.close()
    subject.driver().cancel("p-1")
    assert subject.read() == before


def test_the_session_that_armed_cancels_too(netconf_subject: Any) -> None:
    subject = netconf_subject
    before = subject.read()
    driver = subject.driver()
    _arm(driver, subject.wanted, 60, "p-1")
    driver.cancel("p-1")
    driver.unlock()
    assert subject.read() == before


def test_another_persist_id_neither_confirms_nor_cancels(netconf_subject: Any) -> None:
    subject = netconf_subject
    driver = subject.driver()
    _arm(driver, subject.wanted, 60, "p-1")
    driver.close()
    stranger = subject.driver()
    with pytest.raises(DeviceRefused):
        stranger.confirm("p-2")
    stranger.cancel("p-2")  # nothing armed under that id: no error, and no effect
    assert _holds(subject, subject.wanted)
    subject.driver().confirm("p-1")
    assert _holds(subject, subject.wanted)


def test_cancel_with_nothing_armed_is_no_error(netconf_subject: Any) -> None:
    before = netconf_subject.read()
    netconf_subject.driver().cancel("p-1")
    assert netconf_subject.read() == before


def test_a_killed_session_with_a_persist_id_leaves_the_commit_armed(
    netconf_subject: Any,
) -> None:
    subject = netconf_subject
    driver = subject.driver()
    _arm(driver, subject.wanted, 60, "p-1")
    driver._live.session._socket.shutdown(socket.SHUT_RDWR)  # no farewell, as a cut cable
    assert _holds(subject, subject.wanted)
    heir = subject.driver()
    end_s = time.monotonic() + 10
    while True:  # until the device has seen the end of the session and freed its locks
        try:
            heir.confirm("p-1")
        except DeviceLocked:
            assert time.monotonic() < end_s, "the locks of a lost session are never freed"
        else:
            break
    assert _holds(subject, subject.wanted)


def test_a_restart_takes_an_armed_commit_back(netconf_subject: Any) -> None:
    subject = netconf_subject
    before = subject.read()
    _arm(subject.driver(), subject.wanted, 60, "p-1")
    subject.kill()
    subject.revive()
    assert subject.read() == before
    subject.driver().cancel("p-1")
    assert subject.read() == before


def test_nothing_is_in_force_before_the_commit(netconf_subject: Any) -> None:
    subject = netconf_subject
    before = subject.read()
    driver = subject.driver()
    driver.lock()
    driver.prepare(subject.wanted)
    assert subject.read() == before
    driver.discard()
    driver.unlock()
    assert subject.read() == before


def test_a_session_that_ends_before_the_commit_leaves_nothing(netconf_subject: Any) -> None:
    subject = netconf_subject
    before = subject.read()
    driver = subject.driver()
    driver.lock()
    driver.prepare(subject.wanted)
    driver.close()
    assert subject.read() == before
    second = subject.driver()
    second.lock()
    second.prepare(subject.wanted)  # no dirty candidate is left behind
    second.discard()
    second.unlock()


@pytest.mark.parametrize("target", ["candidate", "running"])
def test_a_lock_of_somebody_else_is_named_and_nothing_is_written(
    netconf_subject: Any, foreign: Any, target: str
) -> None:
    subject = netconf_subject
    before = subject.read()
    stranger = foreign(subject.device)
    stranger.lock(target)
    driver = subject.driver()
    with pytest.raises(DeviceLocked, match=f"session {stranger.session_id}"):
        driver.lock()
    assert subject.read() == before
    stranger.unlock(target)
    driver.lock()  # and the half of the lock it got was given back
    driver.unlock()


def test_two_drivers_cannot_hold_the_lock_together(netconf_subject: Any) -> None:
    first, second = netconf_subject.driver(), netconf_subject.driver()
    first.lock()
    with pytest.raises(DeviceLocked):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


def test_a_candidate_changed_by_somebody_else_is_a_conflict_and_left_alone(
    netconf_subject: Any, foreign: Any
) -> None:
    subject = netconf_subject
    before = subject.read()
    path = next(iter(subject.wanted))
    stranger = foreign(subject.device)
    stranger.edit_config(_config(subject, {path: subject.wanted[path]}), target="candidate")
    others = {name: value for name, value in subject.wanted.items() if name != path}
    driver = subject.driver()
    with pytest.raises((DeviceConflict, DeviceLocked)):
        _prepare(driver, others)
    driver.unlock()
    driver.close()
    assert subject.read() == before
    stranger.commit()  # what the stranger wanted is still there, and nothing of ours
    assert subject.read() == {**before, path: subject.wanted[path]}


def test_a_refused_edit_leaves_a_clean_candidate(netconf_subject: Any) -> None:
    subject = netconf_subject
    before = subject.read()
    driver = subject.driver()
    driver.lock()
    with pytest.raises(DeviceRefused):
        driver.prepare({**subject.wanted, "no/such/path": 1})
    driver.prepare(subject.wanted)
    driver.commit(confirm_timeout_s=60, persist_id="p-1")
    driver.cancel("p-1")
    driver.unlock()
    assert subject.read() == before


def test_a_plain_commit_is_for_good(netconf_subject: Any) -> None:
    subject = netconf_subject
    driver = subject.driver()
    driver.lock()
    driver.prepare(subject.wanted)
    driver.commit(confirm_timeout_s=None, persist_id=None)
    driver.unlock()
    driver.close()
    assert _holds(subject, subject.wanted)
