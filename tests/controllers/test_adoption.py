"""Adopting what devices are: the intent says it afterwards, and nothing else has changed."""

from __future__ import annotations

import pytest
from memory_devices import device

from controllers.adoption import adopted
from controllers.drift import Drift, DriftClass
from controllers.intent import parse_intent, resolve
from twin.model.safe import parse_yaml

DEVICES = [device(f"cell-{i}", "cell") for i in (1, 2, 3)] + [device("switch-1", "switch")]
KINDS = {entry.id: entry.kind for entry in DEVICES}
TEXT = """\
# Why: ticket 7
version: 1
name: n
changes:
  - name: tilts   # all of them
    select: "kind:cell"
    set:
      tilt_deg: 6.0   # as planned in May
    cycle: {tx_power_dbm: [40.0, 43.0, 40.0]}
  - {name: who, devices: [switch-1], set: {contact: "noc, night", location: 'old # one'}}
"""


def drift(device_id, path, found):
    return Drift(
        device=device_id, path=path, wanted=None, found=found,
        drift_class=DriftClass.OPERATOR, reason="",
    )  # fmt: skip


def adopt(*drifts, text=TEXT):
    intent = parse_intent(parse_yaml(text, "i.yaml"))
    return adopted(intent, text, resolve(intent, DEVICES), KINDS, drifts)


def test_a_value_is_replaced_where_it_stands():
    drifts = [drift(f"cell-{i}", "tilt_deg", 7.5) for i in (1, 2, 3)]
    result = adopt(*drifts)
    assert result.text == TEXT.replace("tilt_deg: 6.0", "tilt_deg: 7.5")
    assert (result.taken, result.refused) == (tuple(drifts), ())


@pytest.mark.parametrize(
    ("path", "found", "old", "new"),
    [
        ("contact", "desk: 3", '"noc, night"', "'desk: 3'"),
        ("contact", "desk", '"noc, night"', "desk"),
        ("location", "on", "'old # one'", "'on'"),
        ("location", "12", "'old # one'", "'12'"),
    ],
)
def test_text_is_quoted_as_it_needs(path, found, old, new):
    result = adopt(drift("switch-1", path, found))
    assert result.text == TEXT.replace(old, new)
    assert parse_yaml(result.text, "x").data["changes"][1]["set"][path] == found


def test_every_place_of_a_cycle_with_the_value_is_replaced():
    result = adopt(drift("cell-1", "tx_power_dbm", 41.0), drift("cell-3", "tx_power_dbm", 41.0))
    assert result.text == TEXT.replace("[40.0, 43.0, 40.0]", "[41.0, 43.0, 41.0]")


def test_a_value_that_only_some_have_left_is_not_replaced():
    result = adopt(drift("cell-2", "tilt_deg", 7.5))
    assert (result.text, result.taken) == (TEXT, ())
    assert result.refused == (
        "change 'tilts': tilt_deg has moved on 1 device and not on cell-1, cell-3; "
        "split the change",
    )


def test_devices_that_went_different_ways_are_not_adopted():
    result = adopt(*(drift(f"cell-{i}", "tilt_deg", float(i)) for i in (1, 2, 3)))
    assert result.text == TEXT
    assert "is '1.0' on cell-1" in result.refused[0] or "is 1.0 on cell-1" in result.refused[0]


def test_what_the_intent_does_not_speak_of_is_named():
    result = adopt(drift("switch-1", "port/1/poe_enabled", False))
    assert result.refused == (
        "switch-1 port/1/poe_enabled: the intent says nothing of it; add it there",
    )


def test_two_adoptions_in_one_file_do_not_disturb_each_other():
    result = adopt(
        *(drift(f"cell-{i}", "tilt_deg", 10.25) for i in (1, 2, 3)),
        drift("switch-1", "contact", "x"),
    )
    data = parse_yaml(result.text, "x").data
    assert data["changes"][0]["set"]["tilt_deg"] == 10.25
    assert data["changes"][1]["set"] == {"contact": "x", "location": "old # one"}


def test_an_alias_is_not_torn():
    text = (
        "version: 1\nname: n\nchanges:\n"
        "  - {name: a, devices: [cell-1], set: &s {tilt_deg: 6.0}}\n"
        "  - {name: b, devices: [cell-2], set: *s}\n"
    )
    result = adopt(drift("cell-1", "tilt_deg", 7.0), text=text)
    assert result.text == text
    assert "by hand" in result.refused[0]
