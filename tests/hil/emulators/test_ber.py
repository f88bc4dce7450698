"""The BER codec: round trips, limits, and nothing but BerError on any input."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.snmp.ber import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    BerError,
    decode_integer,
    decode_oid,
    decode_unsigned,
    encode_integer,
    encode_oid,
    encode_unsigned,
    read_tlv,
    take,
    take_integer,
    tlv,
)
from controllers.snmp.message import decode_message, decode_scoped_pdu

ARC = st.integers(0, 2**32 - 1)
OID = st.tuples(st.integers(0, 1), st.integers(0, 39), ARC, ARC) | st.tuples(
    st.just(2), st.integers(0, 2**32 - 81), ARC
)


@given(st.integers(-(2**31), 2**31 - 1))
def test_integer_round_trip(value):
    assert take_integer(encode_integer(value), 0, len(encode_integer(value)))[0] == value


@given(st.integers(0, 2**64 - 1))
def test_counter64_round_trip(value):
    data = encode_unsigned(value, COUNTER64)
    start, stop = take(data, 0, len(data), COUNTER64)
    assert decode_unsigned(data[start:stop], 64) == value


@given(OID)
def test_oid_round_trip(arcs):
    assert decode_oid(encode_oid(arcs)) == arcs


@given(st.binary(max_size=70000))
def test_octets_round_trip(content):
    data = tlv(4, content)
    tag, start, stop = read_tlv(data, 0, len(data))
    assert (tag, data[start:stop], stop) == (4, content, len(data))


@given(st.binary(max_size=60))
def test_decoders_raise_nothing_but_ber_error(data):
    for decode in (
        decode_integer,
        decode_oid,
        decode_unsigned,
        decode_message,
        decode_scoped_pdu,
        lambda d: read_tlv(d, 0, len(d)),
        lambda d: take_integer(d, 0, len(d)),
    ):
        with contextlib.suppress(BerError):
            decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02",
        b"\x02\x80\x00\x00",
        b"\x02\x85\x00\x00\x00\x00\x01\x00",
        b"\x02\x84\xff\xff\xff\xff\x00",
        b"\x1f\x81\x01\x00",
        b"\x02\x02\x00",
    ],
)
def test_malformed_elements_are_refused(data):
    with pytest.raises(BerError):
        read_tlv(data, 0, len(data))


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01", b"\xff\x80", b"\x01\x02\x03\x04\x05"], ids=lambda c: c.hex()
)
def test_bad_integers_are_refused(content):
    with pytest.raises(BerError):
        decode_integer(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80\x01", b"\x2b\x80\x01", b"\x2b\x86", b"\x2b\x90\x80\x80\x80\x00", b"\x01" * 200],
)
def test_bad_oids_are_refused(content):
    with pytest.raises(BerError):
        decode_oid(content)


@pytest.mark.parametrize("arcs", [(1,), (3, 1), (1, 40), (1, 3, 2**32), (1, 3) + (1,) * 127])
def test_impossible_oids_are_not_encoded(arcs):
    with pytest.raises(BerError):
        encode_oid(arcs)


def test_counters_wrap_and_gauges_do_not():
    assert encode_unsigned(2**32 + 5, COUNTER32) == bytes((COUNTER32, 1, 5))
    with pytest.raises(BerError):
        encode_unsigned(2**32, GAUGE32)
    with pytest.raises(BerError):
        encode_integer(2**31, INTEGER)


def test_net_snmp_writes_long_lengths_and_is_understood():
    assert read_tlv(b"\x30\x82\x00\x01\x05", 0, 5) == (0x30, 4, 5)
