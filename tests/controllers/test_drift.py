"""What is drift, whose doing it looks like, and what is none."""

from __future__ import annotations

import pytest
from memory_devices import device

from controllers.drift import DriftClass, find_drift, paths_of_drift
from controllers.ownership import Claim

AP = device("ap-1", "ap")
CELL = device("cell-1", "cell")
SWITCH = device("switch-1", "switch")
CHANNEL = "radio/2/channel"
ON_AIR = {
    CHANNEL: 100, "radio/2/enabled": True, "radio/2/dca": False, "radio/2/dtp": False,
    "radio/2/channel_in_use": 100, "radio/2/channel_change_reason": "NONE",
}  # fmt: skip


def claim(path, value, before, device_id="cell-1"):
    return Claim(
        device=device_id, path=path, value=value, before=before, run="r1",
        begun="2026-11-25T10:00:00", plan="p", comment="", ticket="", author="",
    )  # fmt: skip


def classes(found):
    return [(item.path, item.drift_class) for item in found]


def test_what_is_as_wanted_is_no_drift():
    assert find_drift(CELL, {"tilt_deg": 6.0}, {"tilt_deg": 6.0}) == ()


@pytest.mark.parametrize(
    ("kind", "path", "wanted", "found"),
    [
        (CELL, "tilt_deg", 6.0, 6.04),
        (CELL, "tilt_deg", 6, 6.0),
        (SWITCH, "contact", "noc@example.org", "noc@example.org "),
        (SWITCH, "location", "D\u00fcsseldorf", "Du\u0308sseldorf"),
    ],
)
def test_what_a_device_rounds_or_trims_is_no_drift(kind, path, wanted, found):
    assert find_drift(kind, {path: wanted}, {path: found}) == ()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (2.0, DriftClass.REVERTED),
        (8.0, DriftClass.OPERATOR),
    ],
)
def test_what_a_run_has_confirmed_tells_whose_doing_it_is(found, expected):
    said = {"tilt_deg": claim("tilt_deg", 6.0, 2.0)}
    result = find_drift(CELL, {"tilt_deg": 6.0}, {"tilt_deg": found}, claims=said)
    assert classes(result) == [("tilt_deg", expected)]
    assert "run r1 on 2026-11-25" in result[0].reason


def test_an_intent_that_has_moved_on_is_pending_and_not_the_work_of_an_operator():
    said = {"tilt_deg": claim("tilt_deg", 6.0, 2.0)}
    result = find_drift(CELL, {"tilt_deg": 7.0}, {"tilt_deg": 6.0}, claims=said)
    assert classes(result) == [("tilt_deg", DriftClass.PENDING)]


def test_without_a_run_nobody_knows():
    result = find_drift(CELL, {"tilt_deg": 7.0}, {"tilt_deg": 6.0})
    assert classes(result) == [("tilt_deg", DriftClass.UNKNOWN)]


def test_a_value_that_is_not_shown_is_drift():
    result = find_drift(CELL, {"tilt_deg": 7.0}, {})
    assert (result[0].found, result[0].drift_class) == (None, DriftClass.UNKNOWN)


def test_a_channel_left_because_of_radar_is_legal():
    read = {**ON_AIR, "radio/2/channel_in_use": 36, "radio/2/channel_change_reason": "DFS"}
    result = find_drift(AP, {CHANNEL: 100}, read)
    assert classes(result) == [("radio/2/channel_in_use", DriftClass.LEGAL)]


def test_a_device_that_rewrites_its_configuration_because_of_radar_is_legal_too():
    read = {
        **ON_AIR, CHANNEL: 36, "radio/2/channel_in_use": 36,
        "radio/2/channel_change_reason": "DFS",
    }  # fmt: skip
    result = find_drift(AP, {CHANNEL: 100}, read, claims={CHANNEL: claim(CHANNEL, 100, 36)})
    assert classes(result)[0] == (CHANNEL, DriftClass.LEGAL)


@pytest.mark.parametrize("reason", ["NONE", "NOISE", "BETTER_CHANNEL"])
def test_another_reason_to_leave_a_channel_is_not_legal(reason):
    read = {**ON_AIR, "radio/2/channel_in_use": 36, "radio/2/channel_change_reason": reason}
    result = find_drift(AP, {CHANNEL: 100}, read)
    assert classes(result) == [("radio/2/channel_in_use", DriftClass.UNKNOWN)]


def test_a_radio_that_may_choose_has_no_drift():
    read = {**ON_AIR, "radio/2/channel_in_use": 36, "radio/2/dca": True}
    assert find_drift(AP, {CHANNEL: 100}, read) == ()


def test_the_baseline_knows_what_was_there():
    baseline = {"tilt_deg": 6.0, "tx_power_dbm": 40.0}
    read = {"tilt_deg": 6.0, "tx_power_dbm": 43.0, "admin_state": "LOCKED", "power_w": 700.0}
    result = find_drift(CELL, {"tilt_deg": 6.0}, read, baseline=baseline)
    assert classes(result) == [
        ("tx_power_dbm", DriftClass.OPERATOR),
        ("admin_state", DriftClass.ADDED),
    ]


def test_reading_for_drift_asks_for_the_reasons_too():
    mapped = {path: path.replace("/2/", "/{radio}/") for path in ON_AIR}
    assert set(paths_of_drift(AP, {CHANNEL: 100}, mapped)) == set(ON_AIR)
    assert "radio/2/channel_change_reason" not in paths_of_drift(AP, {}, mapped)
