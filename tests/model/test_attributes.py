"""The vocabulary of attributes: paths are found, values are normalised or refused in words."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.attributes import KINDS, attribute_of, check_value, same_value
from twin.model.errors import ModelError


@pytest.mark.parametrize("kind", KINDS)
def test_every_template_is_found_by_its_own_path_and_documents_itself(kind: str) -> None:
    for attribute in KINDS[kind]:
        path = attribute.template
        for name in ("radio", "ssid", "port", "interface"):
            path = path.replace(f"{{{name}}}", "x-1")
        found, instances = attribute_of(kind, path)
        assert found is attribute
        assert set(instances.values()) <= {"x-1"}
        assert attribute.type == "enum" or not attribute.choices


def test_unknown_words_are_answered_with_the_known() -> None:
    with pytest.raises(ModelError, match="known are ap"):
        attribute_of("toaster", "x")
    with pytest.raises(ModelError, match=r"writable are radio/\{radio\}/enabled"):
        attribute_of("ap", "radio/2/colour")
    with pytest.raises(ModelError):
        attribute_of("ap", "radio/2/3/channel")


@pytest.mark.parametrize(
    ("kind", "path", "value", "result"),
    [
        ("ap", "radio/2/channel", 36, 36),
        ("ap", "radio/2/channel", 36.0, 36),
        ("ap", "radio/2/enabled", False, False),
        ("cell", "tilt_deg", 4, 4.0),
        ("cell", "admin_state", "LOCKED", "LOCKED"),
        ("switch", "contact", "Ströer, Büro 5", "Ströer, Büro 5"),
    ],
)
def test_good_value_gets_the_type_of_its_attribute(kind, path, value, result) -> None:
    found = check_value(kind, path, value)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("kind", "path", "value", "words"),
    [
        ("ap", "radio/2/channel", 0, "from 1 to 233"),
        ("ap", "radio/2/channel", True, "number"),
        ("ap", "radio/2/channel", "36", "number"),
        ("ap", "radio/2/channel", 36.5, "whole"),
        ("ap", "radio/2/channel", 10**400, "from 1 to 233"),
        pytest.param("ap", "radio/2/channel", 10**5000, "from 1 to 233", id="long"),
        ("cell", "power_w", 10**400, "finite"),
        ("ap", "radio/2/tx_power_dbm", float("nan"), "finite"),
        ("ap", "radio/2/enabled", "no", "true or false"),
        ("ap", "radio/2/enabled", 1, "true or false"),
        ("cell", "admin_state", "locked", "LOCKED, UNLOCKED"),
        ("cell", "tilt_deg", float("inf"), "finite"),
        ("switch", "contact", "a\nb", "printable"),
        ("switch", "contact", "\ud800", "printable"),
        ("switch", "port/1/alias", "ä" * 33, "64"),
        ("switch", "contact", 5, "text"),
    ],
)
def test_bad_value_is_refused_in_words(kind, path, value, words) -> None:
    with pytest.raises(ModelError, match=words):
        check_value(kind, path, value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("contact", "x" * 5000),
        ("contact", "\x1b[31m" * 5000),
        ("contact", "a\u202eb\nc"),
        ("contact", ["x"] * 100_000),
        ("contact", 10**4000),
        ("contact", {"x" * 5000: {"\n": "\x00" * 900}}),
        ("port/\x1b]0;owned\x07/poe_enabled", "no"),
        ("port/" + "x" * 5000 + "/poe_enabled", "no"),
        ("\x1b[2J", 1),
        ("x" * 5000, 1),
    ],
)
def test_what_is_echoed_is_short_and_printable(path, value) -> None:
    with pytest.raises(ModelError) as caught:
        check_value("switch", path, value)
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 300
    with pytest.raises(ModelError) as caught:
        check_value(path, "x", value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 120 + len(", ".join(KINDS))


@given(
    st.sampled_from([(k, a.template) for k, group in KINDS.items() for a in group]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none()),
)
def test_checked_value_is_checked_again_without_change(place, value) -> None:
    with contextlib.suppress(ModelError):
        once = check_value(*place, value)
        assert check_value(*place, once) == once
        assert same_value(*place, once, once)


def test_rounding_of_a_device_is_the_same_value() -> None:
    assert same_value("cell", "tx_power_dbm", 46.0, 46.04)
    assert not same_value("cell", "tx_power_dbm", 46.0, 46.1)
    assert not same_value("ap", "radio/1/channel", 1, 2)
