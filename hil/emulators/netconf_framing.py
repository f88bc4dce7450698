"""Splits a NETCONF byte stream into messages, end-of-message and chunked, within strict limits.

References
----------
.. [1] RFC 6242, section 4.2 (chunked framing) and section 4.3 (end-of-message framing).
"""

from __future__ import annotations

import re

from twin.model.errors import BenchError

__all__ = ["MAX_MESSAGE_BYTES", "Deframer", "FramingError", "frame_chunked", "frame_eom"]

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_EOM = b"]]>]]>"
_MAX_HEADER_BYTES = 13  # LF, #, ten digits, LF
# RFC 6242: chunk-size = [ DIGIT1 0*DIGIT ], at most 4294967295; or the end of the chunks.
_HEADER = re.compile(rb"\n#(?:([1-9][0-9]{0,9})|(#))\n")
_HEADER_BEGINNING = re.compile(rb"\n?|\n#|\n##|\n#[1-9][0-9]{0,9}")


class FramingError(BenchError, ValueError):
    """The peer broke the framing; the session cannot go on."""


class Deframer:
    """Takes bytes as they arrive and gives whole messages.

    Parameters
    ----------
    max_bytes : int
        Longest message; a peer that sends more is cut off.
    """

    def __init__(self, max_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._message = bytearray()
        self._scanned = 0
        self._is_chunked = False
        self._chunk_left = 0
        self._n_chunks = 0

    def feed(self, data: bytes) -> None:
        """Take bytes in; call `pop` until it gives None."""
        self._buffer += data

    def use_chunks(self) -> None:
        """Switch to chunked framing: what is left in the buffer is already framed so."""
        self._is_chunked = True
        self._scanned = 0

    def pop(self) -> bytes | None:
        """Take the next whole message out.

        Returns
        -------
        bytes or None
            The message, None if it is not complete yet.

        Raises
        ------
        FramingError
            Bytes that are no framing, or a message over the limit.
        """
        return self._pop_chunked() if self._is_chunked else self._pop_eom()

    def _pop_eom(self) -> bytes | None:
        at = self._buffer.find(_EOM, self._scanned)
        if at < 0:
            if len(self._buffer) > self._max_bytes + len(_EOM):
                raise FramingError(f"a message is longer than {self._max_bytes} bytes")
            self._scanned = max(0, len(self._buffer) - len(_EOM) + 1)
            return None
        if at > self._max_bytes:
            raise FramingError(f"a message is longer than {self._max_bytes} bytes")
        message = bytes(self._buffer[:at])
        del self._buffer[: at + len(_EOM)]
        self._scanned = 0
        return message

    def _pop_chunked(self) -> bytes | None:
        while True:
            if self._chunk_left:
                part = self._buffer[: self._chunk_left]
                self._message += part
                self._chunk_left -= len(part)
                del self._buffer[: len(part)]
                if self._chunk_left:
                    return None
            # A copy: a match reads its groups from the buffer, which is cut before they are used.
            start = bytes(self._buffer[:_MAX_HEADER_BYTES])
            header = _HEADER.match(start)
            if header is None:
                self._refuse_bad_beginning(start)
                return None
            del self._buffer[: header.end()]
            if header[2]:
                return self._end_of_chunks()
            self._begin_chunk(int(header[1]))

    @staticmethod
    def _refuse_bad_beginning(start: bytes) -> None:
        if not _HEADER_BEGINNING.fullmatch(start):
            raise FramingError(f"{start!r} where a chunk is due (RFC 6242, section 4.2)")

    def _begin_chunk(self, size: int) -> None:
        if size > 0xFFFFFFFF or len(self._message) + size > self._max_bytes:
            raise FramingError(f"a message is longer than {self._max_bytes} bytes")
        self._chunk_left = size
        self._n_chunks += 1

    def _end_of_chunks(self) -> bytes:
        if not self._n_chunks:
            raise FramingError("a message has no chunk (RFC 6242, section 4.2)")
        message = bytes(self._message)
        self._message.clear()
        self._n_chunks = 0
        return message


def frame_eom(message: bytes) -> bytes:
    """Frame a message for NETCONF 1.0 and for every hello.

    Raises
    ------
    FramingError
        The delimiter stands in the message itself.
    """
    if _EOM in message:
        raise FramingError("the end-of-message delimiter stands in the message")
    return message + _EOM


def frame_chunked(message: bytes) -> bytes:
    """Frame a message for NETCONF 1.1 as one chunk."""
    return b"\n#%d\n%b\n##\n" % (len(message), message)
