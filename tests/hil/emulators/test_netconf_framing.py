"""Framing of NETCONF: every split, every limit, any garbage."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.emulators.netconf_framing import Deframer, FramingError, frame_chunked, frame_eom

HELLO = b'<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">]]>]]<]]></hello>'
RPC = b'<rpc message-id="1"><get/>]]>]]></rpc>'
CHUNKED_BY_HAND = b'\n#4\n<rpc\n#18\n message-id="102"\n\n#3\n/>\n\n##\n'


def drained(deframer):
    messages = []
    while (message := deframer.pop()) is not None:
        messages.append(message)
    return messages


def fed(parts, *, chunks_after_hello=False):
    deframer = Deframer()
    messages = []
    for part in parts:
        deframer.feed(part)
        while (message := deframer.pop()) is not None:
            messages.append(message)
            if chunks_after_hello and len(messages) == 1:
                deframer.use_chunks()
    return messages


SESSION = frame_eom(HELLO) + frame_chunked(RPC) + CHUNKED_BY_HAND + frame_chunked(b"x" * 300)


def test_a_session_split_at_every_byte_gives_the_same_messages():
    whole = fed([SESSION], chunks_after_hello=True)
    assert whole[:2] == [HELLO, RPC]
    assert len(whole) == 4
    for at in range(len(SESSION)):
        assert fed([SESSION[:at], SESSION[at:]], chunks_after_hello=True) == whole


def test_a_session_byte_by_byte():
    parts = [SESSION[at : at + 1] for at in range(len(SESSION))]
    assert fed(parts, chunks_after_hello=True) == fed([SESSION], chunks_after_hello=True)


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=5), st.data())
def test_chunked_round_trip_in_any_pieces(messages, data):
    stream = b"".join(map(frame_chunked, messages))
    deframer = Deframer()
    deframer.use_chunks()
    found = []
    at = 0
    while at < len(stream):
        size = data.draw(st.integers(1, 40))
        deframer.feed(stream[at : at + size])
        found += drained(deframer)
        at += size
    assert found == messages


@pytest.mark.parametrize(
    "stream",
    [
        b"\n#0\nx",
        b"\n#01\nx\n##\n",
        b"\n#-1\n",
        b"\n#4294967296\n",
        b"\n#99999999999\n",
        b"\n##\n",
        b"#5\nhello",
        b"hello",
        b"\n#5\nhello\n#x",
        b"\n#5\nhellothere",
        b"\n#5 \nhello",
        b"\n\n#5\nhello",
        b"\n#5\nhello\n###",
    ],
)
def test_broken_chunks_end_the_session(stream):
    deframer = Deframer()
    deframer.use_chunks()
    deframer.feed(stream)
    with pytest.raises(FramingError):
        drained(deframer)


@pytest.mark.parametrize(
    "stream", [b"", b"\n", b"\n#", b"\n#1", b"\n#1\n", b"\n#3\nab", b"\n#1\na\n#"]
)
def test_unfinished_chunks_wait(stream):
    deframer = Deframer()
    deframer.use_chunks()
    deframer.feed(stream)
    assert deframer.pop() is None


def test_limits_hold_in_both_framings():
    eom = Deframer(max_bytes=100)
    eom.feed(b"x" * 107)
    with pytest.raises(FramingError, match="longer than 100"):
        eom.pop()
    eom = Deframer(max_bytes=100)
    eom.feed(frame_eom(b"x" * 101))
    with pytest.raises(FramingError, match="longer than 100"):
        eom.pop()
    chunked = Deframer(max_bytes=100)
    chunked.use_chunks()
    chunked.feed(b"\n#60\n" + b"x" * 60 + b"\n#41\n")
    with pytest.raises(FramingError, match="longer than 100"):
        chunked.pop()


def test_a_message_of_just_the_limit_passes():
    deframer = Deframer(max_bytes=100)
    deframer.feed(frame_eom(b"x" * 100))
    assert deframer.pop() == b"x" * 100


def test_the_delimiter_inside_a_message_is_not_sent_in_1_0():
    with pytest.raises(FramingError):
        frame_eom(b"a]]>]]>b")


@given(st.binary(max_size=200), st.booleans())
def test_garbage_is_a_message_nothing_or_a_framing_error(data, is_chunked):
    deframer = Deframer(max_bytes=64)
    if is_chunked:
        deframer.use_chunks()
    deframer.feed(data)
    with contextlib.suppress(FramingError):
        assert all(len(message) <= 64 for message in drained(deframer))
