"""What every driver promises, whatever the protocol, on emulated and on real devices."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from controllers.ports import Device, DeviceClass, Driver
from controllers.verify import Verdict, judge
from twin.model.attributes import Value, check_value, same_value
from twin.model.errors import DeviceRefused, DeviceTimeout, DeviceUnreachable, EvidenceMismatch

Set = Callable[[Driver, Mapping[str, Value]], None]
Within = Callable[[float], Any]


def test_everything_that_can_be_written_is_read(subject: Any, templates_of: Any) -> None:
    writable = {path for path, is_writable in templates_of(subject.device).items() if is_writable}
    values = subject.driver().read()
    assert set(values) == writable
    for path, value in values.items():
        assert check_value(subject.device.kind, path, value) == value


def test_operational_state_is_read_by_name(subject: Any, templates_of: Any) -> None:
    state = [path for path, is_writable in templates_of(subject.device).items() if not is_writable]
    values = subject.driver().read(state)
    assert set(values) == set(state)
    for path, value in values.items():
        assert check_value(subject.device.kind, path, value) == value


def test_a_change_reads_back_in_a_new_session_and_nothing_else_moves(
    subject: Any, set_for_good: Set
) -> None:
    before = subject.read()
    driver = subject.driver()
    set_for_good(driver, subject.wanted)
    driver.close()
    after = subject.read()
    assert any(before[path] != value for path, value in subject.wanted.items())
    for path, value in after.items():
        kept = subject.wanted.get(path, before[path])
        assert same_value(subject.device.kind, path, value, kept), path


def test_a_change_is_taken_back_by_the_stored_values(subject: Any, set_for_good: Set) -> None:
    before = subject.read()
    driver = subject.driver()
    set_for_good(driver, subject.wanted)
    set_for_good(driver, {path: before[path] for path in subject.wanted})
    assert subject.read() == before


def test_the_same_change_again_is_no_error(subject: Any, set_for_good: Set) -> None:
    driver = subject.driver()
    set_for_good(driver, subject.wanted)
    once = subject.read()
    set_for_good(driver, subject.wanted)
    assert subject.read() == once


def test_an_unknown_path_is_refused_and_nothing_is_written(subject: Any, set_for_good: Set) -> None:
    before = subject.read()
    with pytest.raises(DeviceRefused, match="no/such/path"):
        subject.driver().read(["no/such/path"])
    with pytest.raises(DeviceRefused, match="no/such/path"):
        set_for_good(subject.driver(), {**subject.wanted, "no/such/path": 1})
    assert subject.read() == before


def test_operational_state_cannot_be_set(
    subject: Any, set_for_good: Set, templates_of: Any
) -> None:
    state = [path for path, is_writable in templates_of(subject.device).items() if not is_writable]
    if not state:
        return
    before = subject.read()
    value = subject.driver().read(state[:1])[state[0]]
    with pytest.raises(DeviceRefused, match="operational"):
        set_for_good(subject.driver(), {**subject.wanted, state[0]: value})
    assert subject.read() == before


def test_the_class_is_what_the_profile_says(subject: Any) -> None:
    driver = subject.driver()
    driver.read()
    assert driver.device_class is subject.expected_class


def test_a_closed_port_is_unreachable(subject: Any, within: Within) -> None:
    host = subject.device.host
    with socket.socket() as taken:  # bound and not listening: nobody answers here
        taken.bind((host, 0))
        driver = subject.driver(subject.changed(port=taken.getsockname()[1]), timeout_s="1")
        with within(3), pytest.raises(DeviceUnreachable):
            driver.read()


def test_a_mute_device_times_out(subject: Any, within: Within) -> None:
    kind = socket.SOCK_DGRAM if subject.protocol == "snmp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as mute:
        mute.bind((subject.device.host, 0))
        if subject.protocol != "snmp":
            mute.listen()
        device = subject.changed(port=mute.getsockname()[1])
        driver = subject.driver(device, timeout_s="1", connect_timeout_s="1")
        with within(3), pytest.raises(DeviceTimeout):
            driver.read()


def test_a_device_that_falls_silent_times_out_and_is_taken_up_again(
    subject: Any, within: Within
) -> None:
    driver = subject.driver(timeout_s="1", connect_timeout_s="1")
    values = driver.read()
    with subject.frozen(), within(5), pytest.raises(DeviceTimeout):
        driver.read()
    assert driver.read() == values


def test_a_device_that_dies_is_unreachable_and_is_taken_up_again(
    subject: Any, within: Within
) -> None:
    driver = subject.driver(timeout_s="1", connect_timeout_s="1")
    before = driver.read()
    subject.kill()
    with within(5), pytest.raises(DeviceUnreachable):
        driver.read()
    with within(5), pytest.raises(DeviceUnreachable):
        driver.read()
    subject.revive()
    assert set(driver.read()) == set(before)


def test_close_may_be_called_at_any_time_and_twice(subject: Any) -> None:
    driver = subject.driver()
    driver.close()
    driver.read()
    driver.close()
    driver.close()
    assert driver.read()


def test_sessions_leave_no_thread_and_no_descriptor_behind(subject: Any) -> None:
    def once() -> None:
        driver = subject.driver()
        driver.read()
        driver.close()

    once()  # what is made once and kept, such as the SNMP engine
    threads, descriptors = threading.active_count(), _descriptors()
    for _ in range(5):
        once()
    end_s = time.monotonic() + 5
    while (threading.active_count(), _descriptors()) > (threads, descriptors):
        assert time.monotonic() < end_s, "threads or descriptors are left over"
        time.sleep(0.02)


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_secrets_stand_in_no_message(subject: Any, within: Within) -> None:
    secrets = [
        Path(subject.device.base / reference.removeprefix("file:")).read_text().strip()
        for reference in subject.device.secrets.values()
    ]
    driver = subject.driver(timeout_s="1", connect_timeout_s="1")
    subject.kill()
    with pytest.raises(DeviceUnreachable) as caught:
        driver.read()
    said = repr(driver.device) + str(caught.value) + repr(caught.value)
    assert not any(secret in said for secret in secrets)


@pytest.mark.parametrize("when", ["before", "half", "after"])
def test_a_device_that_dies_while_it_is_changed_leaves_an_unknown_outcome(
    emulated_subject: Any, set_for_good: Set, when: str
) -> None:
    subject = emulated_subject
    before = subject.read()
    subject.fleet.kill_on(subject.device.id, subject.storing, when)
    with pytest.raises(DeviceUnreachable):
        set_for_good(subject.driver(timeout_s="2", connect_timeout_s="2"), subject.wanted)
    subject.fleet.kill_on(subject.device.id, "")
    subject.revive()
    after = subject.read()
    allowed = {path: {before[path], subject.wanted.get(path, before[path])} for path in before}
    assert all(value in allowed[path] for path, value in after.items())
    if when == "before" or subject.protocol == "netconf" or subject.forgets_what_was_not_saved:
        assert after == before
    elif when == "after" and subject.is_written_in_one_request:
        assert {path: after[path] for path in subject.wanted} == subject.wanted


def test_a_device_that_says_yes_and_does_nothing_is_found_by_reading_back(
    lying_subject: Any, set_for_good: Set
) -> None:
    subject = lying_subject
    before = subject.read()
    # the driver of a file reads it back itself, the others leave that to the runner
    expected = pytest.raises(EvidenceMismatch) if subject.protocol == "cli" else nullcontext()
    with expected:
        set_for_good(subject.driver(), subject.wanted)
    after = subject.read()
    assert after == before
    verdict, wrong = judge(subject.device.kind, subject.wanted, after)
    assert verdict is Verdict.DIFFERS
    assert set(wrong) == set(subject.wanted)


def test_an_empty_change_is_no_error(subject: Any) -> None:
    driver: Driver = subject.driver()
    before = driver.read()
    if driver.device_class is DeviceClass.A:
        driver.write({})
    assert subject.read() == before


def test_the_inventory_entry_is_what_the_driver_shows(subject: Any) -> None:
    device: Device = subject.device
    assert subject.driver().device == device
