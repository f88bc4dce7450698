"""The key=value file of a host: only what was asked changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.drivers.keyfile import merged, parsed
from twin.model.errors import ModelError

TEXT = "# access point\nssid=Stadt\nchannel=6\n\nwpa_passphrase=a=b \n#channel=1\n"

_KEYS = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
_VALUES = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\n"))


def test_values_are_what_stands_behind_the_first_equals_sign() -> None:
    assert parsed(TEXT) == {"ssid": "Stadt", "channel": "6", "wpa_passphrase": "a=b "}


def test_a_change_leaves_every_other_line_alone() -> None:
    assert merged(TEXT, {"channel": "11"}) == TEXT.replace("channel=6", "channel=11")


def test_a_new_key_comes_at_the_end() -> None:
    assert merged(TEXT, {"contact": "NOC"}) == TEXT + "contact=NOC\n"
    assert merged("", {"contact": "NOC"}) == "contact=NOC\n"


@given(st.dictionaries(_KEYS, _VALUES), st.dictionaries(_KEYS, _VALUES, min_size=1))
def test_what_was_set_is_read_again(before: dict[str, str], wanted: dict[str, str]) -> None:
    text = "".join(f"{key}={value}\n" for key, value in before.items())
    assert parsed(merged(text, wanted)) == before | wanted


@given(st.dictionaries(_KEYS, _VALUES, min_size=1))
def test_setting_what_is_set_changes_nothing(values: dict[str, str]) -> None:
    text = "".join(f"{key}={value}\n" for key, value in values.items())
    assert merged(text, values) == text


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(ModelError, match="stands there twice"):
        merged("ssid=a\nssid=b\n", {"ssid": "c"})


@pytest.mark.parametrize("value", ["a\nssid=evil", "a\rb"])
def test_a_line_break_cannot_smuggle_in_another_key(value: str) -> None:
    with pytest.raises(ModelError, match="line break"):
        merged("", {"contact": value})
