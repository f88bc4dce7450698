"""NETCONF framing: any message, any split, and what broken peers send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.drivers.framing import Framer, frame
from twin.model.errors import InputError

_MESSAGES = st.lists(
    st.binary(min_size=1, max_size=60).filter(lambda m: b"]]>]]>" not in m and m == m.strip()),
    min_size=1,
    max_size=4,
)


def collect(framer: Framer, pieces: list[bytes]) -> list[bytes]:
    found = []
    for piece in pieces:
        framer.feed(piece)
        while (message := framer.take()) is not None:
            found.append(message)
    return found


def framed(messages: list[bytes], *, is_chunked: bool) -> bytes:
    return b"".join(frame(message, is_chunked=is_chunked) for message in messages)


@given(_MESSAGES.filter(lambda ms: not any(m.endswith(b"]") for m in ms)), st.integers(1, 7))
def test_delimited_messages_come_out_whole_however_they_arrive(
    messages: list[bytes], step: int
) -> None:
    stream = framed(messages, is_chunked=False)
    pieces = [stream[i : i + step] for i in range(0, len(stream), step)]
    assert collect(Framer(), pieces) == messages


@given(_MESSAGES, st.integers(1, 7))
def test_chunked_messages_come_out_whole_however_they_arrive(
    messages: list[bytes], step: int
) -> None:
    stream = framed(messages, is_chunked=True)
    framer = Framer()
    framer.is_chunked = True
    assert collect(framer, [stream[i : i + step] for i in range(0, len(stream), step)]) == messages


def test_every_split_of_a_message_in_several_chunks() -> None:
    stream = b"\n#3\nabc\n#8\n]]>]]>\n#\n##\n\n#1\nx\n##\n"
    for i in range(len(stream)):
        framer = Framer()
        framer.is_chunked = True
        assert collect(framer, [stream[:i], stream[i:]]) == [b"abc]]>]]>\n#", b"x"]


@pytest.mark.parametrize(
    "stream",
    [b"<hello/>", b"\n#0\n", b"\n#01\nx", b"\n#-1\n", b"\n#99999999999\n", b"\n##\n", b"\n#a\n"],
)
def test_a_broken_chunk_header_is_refused(stream: bytes) -> None:
    framer = Framer()
    framer.is_chunked = True
    with pytest.raises(InputError):
        collect(framer, [stream])


def test_a_message_may_not_grow_without_end() -> None:
    framer = Framer(max_message=1000)
    for _ in range(10):
        framer.feed(b"x" * 100)
    with pytest.raises(InputError, match="longer than 1000"):
        framer.feed(b"x" * 100)


def test_a_chunk_that_announces_too_much_is_refused_before_it_comes() -> None:
    framer = Framer(max_message=1000)
    framer.is_chunked = True
    framer.feed(b"\n#4294967295\n")
    with pytest.raises(InputError, match="longer than 1000"):
        framer.take()
