"""Values and their wire forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.profiles import Codec
from controllers.profiles.codec import dbm_of_mw, mw_of_dbm
from twin.model.attributes import Attribute
from twin.model.errors import ModelError


def codec(type_: str, form: str = "text", **fields: object) -> Codec:
    of_attribute = {
        name: fields.pop(name)
        for name in ("writable", "tolerance", "unit", "choices")
        if name in fields
    }
    attribute = Attribute(template="x", type=type_, **of_attribute)  # type: ignore[arg-type]
    return Codec(attribute=attribute, form=form, **fields)  # type: ignore[arg-type]


@given(st.integers(1000, 1_000_000))
def test_milliwatts_survive_the_way_through_dbm(power_mw: int) -> None:
    assert round(mw_of_dbm(dbm_of_mw(power_mw))) == power_mw


@given(st.integers(3000, 6000))
def test_power_of_a_cell_reads_back_within_its_tolerance(hundredths_dbm: int) -> None:
    carrier = codec("float", is_milliwatt=True, tolerance=0.05, unit="dBm")
    power_dbm = hundredths_dbm / 100
    assert carrier.decode(carrier.encode(power_dbm)) == pytest.approx(power_dbm, abs=0.02)


def test_forty_three_dbm_is_twenty_watts_on_the_wire() -> None:
    assert codec("float", is_milliwatt=True, tolerance=0.05).encode(43.0) == "19953"
    assert codec("float", is_milliwatt=True, tolerance=0.05).decode("20000") == 43.01


def test_a_power_the_device_cannot_hold_is_refused_and_the_nearest_is_named() -> None:
    with pytest.raises(ModelError, match=r"holds 10\.41"):
        codec("float", is_milliwatt=True, tolerance=0.05).encode(10.5)


@given(st.integers(-150, 150))
def test_tenths_of_a_degree_are_exact(tenths: int) -> None:
    tilt = codec("float", scale=0.1, tolerance=0.05)
    assert tilt.encode(tenths / 10) == str(tenths)
    assert tilt.decode(str(tenths)) == pytest.approx(tenths / 10, abs=1e-12)


def test_a_finer_step_than_the_wire_has_is_refused() -> None:
    with pytest.raises(ModelError, match="at best"):
        codec("float", scale=0.1).encode(3.14)


def test_operational_state_is_rounded_not_refused() -> None:
    assert codec("float", digits=2, writable=False).encode(12.3456) == "12.35"


@given(st.integers(0, 2**64 - 1))
def test_counters_keep_all_their_digits(count: int) -> None:
    assert codec("int", "integer").decode(codec("int", "integer").encode(count)) == count


def test_a_listed_value_and_any_other_wire_value() -> None:
    power = codec("bool", "integer", values={"true": "3", "false": "1"}, otherwise="false")
    assert power.encode(True) == 3
    assert [power.decode(n) for n in (1, 2, 3, 4)] == [False, False, True, False]


def test_an_unlisted_wire_value_is_refused_without_an_otherwise() -> None:
    with pytest.raises(ModelError, match="no value"):
        codec("bool", "integer", values={"true": "1", "false": "2"}).decode(7)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", "", "abc", "0x10"])
def test_nonsense_numbers_of_a_device_are_refused(text: str) -> None:
    with pytest.raises(ModelError):
        codec("float").decode(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nonsense_numbers_are_not_sent(value: float) -> None:
    with pytest.raises(ModelError, match="finite"):
        codec("float").encode(value)


def test_text_goes_as_utf8_octets_over_snmp() -> None:
    text = codec("str", "octets")
    assert text.encode("Königstraße") == "Königstraße".encode()
    assert text.decode("Königstraße".encode()) == "Königstraße"
    assert text.decode(b"\xff") == "latin-1:ÿ"


@given(st.binary(max_size=255) | st.binary(max_size=60).map(lambda rest: b"latin-1:" + rest))
def test_what_a_device_held_is_put_back_octet_by_octet(octets: bytes) -> None:
    text = codec("str", "octets")
    assert text.encode(text.decode(octets)) == octets


@given(st.text(max_size=60) | st.text(max_size=60).map(lambda rest: "latin-1:" + rest))
def test_a_text_reads_back_as_written_or_is_refused(value: str) -> None:
    text = codec("str", "octets")
    try:
        octets = text.encode(value)
    except ModelError:
        assert value.startswith("latin-1:")
    else:
        assert text.decode(octets) == value


def test_octets_of_an_old_device_are_marked_and_readable() -> None:
    assert codec("str", "octets").decode("Königstraße".encode("latin-1")) == "latin-1:Königstraße"
    assert codec("str", "octets").decode("Königstraße".encode()) == "Königstraße"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("latin-1:Rathaus", "x = 'latin-1:Rathaus' would read back as 'Rathaus'"),
        ("latin-1:5 €", "'€' is not in ISO 8859-1"),
        ("\ud800", "is not in UTF-8"),
    ],
)
def test_a_text_without_octets_of_its_own_is_refused_by_name(value: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        codec("str", "octets").encode(value)
