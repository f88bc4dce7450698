"""Splits the stream of a NETCONF session into messages, by delimiter or by chunks; does no I/O."""

from __future__ import annotations

import re

from twin.model.errors import InputError

__all__ = ["MAX_MESSAGE", "Framer", "frame"]

MAX_MESSAGE = 16 * 1024 * 1024
"""Longest message accepted. [octets]"""

_END = b"]]>]]>"
_HEADER = re.compile(rb"\n#([1-9][0-9]{0,9})\n")
_LONGEST_HEADER = 13
_LAST = b"\n##\n"


def frame(message: bytes, *, is_chunked: bool) -> bytes:
    """Frame one message for sending.

    Parameters
    ----------
    message : bytes
        The XML text.
    is_chunked : bool
        True: chunked framing (base:1.1), else the end-of-message delimiter (base:1.0).

    Returns
    -------
    bytes
        What goes onto the wire.

    References
    ----------
    .. [1] RFC 6242 (2011), sections 4.2 and 4.3.
    """
    if is_chunked:
        return b"\n#%d\n%b%b" % (len(message), message, _LAST)
    return message + _END


class Framer:
    """Collects what arrives until a message is complete.

    Parameters
    ----------
    max_message : int
        Longest message accepted. [octets]

    Attributes
    ----------
    is_chunked : bool
        Which framing the peer uses; set it between messages.
    """

    __slots__ = ("_buffer", "_max", "_message", "_scanned", "_wanted", "is_chunked")

    def __init__(self, max_message: int = MAX_MESSAGE) -> None:
        self.is_chunked = False
        self._buffer = bytearray()
        self._message = bytearray()
        self._max = max_message
        self._wanted = 0
        self._scanned = 0

    def feed(self, data: bytes) -> None:
        """Add what has arrived.

        Raises
        ------
        InputError
            The message grows beyond the limit.
        """
        self._buffer += data
        if len(self._buffer) + len(self._message) > self._max + len(_END):
            raise InputError(f"a NETCONF message is longer than {self._max} octets")

    def take(self) -> bytes | None:
        """Take the next complete message out, None if there is none yet.

        Raises
        ------
        InputError
            The framing is broken.
        """
        return self._take_chunked() if self.is_chunked else self._take_delimited()

    def _take_delimited(self) -> bytes | None:
        end = self._buffer.find(_END, self._scanned)
        if end < 0:
            self._scanned = max(0, len(self._buffer) - len(_END) + 1)
            return None
        message = bytes(self._buffer[:end])
        del self._buffer[: end + len(_END)]
        self._scanned = 0
        return message.strip()

    def _take_chunked(self) -> bytes | None:
        while True:
            if self._wanted:
                piece = self._buffer[: self._wanted]
                self._message += piece
                del self._buffer[: len(piece)]
                self._wanted -= len(piece)
                if self._wanted:
                    return None
            if self._message and self._buffer.startswith(_LAST):
                del self._buffer[: len(_LAST)]
                message = bytes(self._message)
                self._message.clear()
                return message
            header = _HEADER.match(self._buffer)
            if header is None:
                self._refuse_garbage()
                return None
            self._wanted = int(header[1])
            if self._wanted + len(self._message) > self._max:
                raise InputError(f"a NETCONF message is longer than {self._max} octets")
            del self._buffer[: header.end()]

    def _refuse_garbage(self) -> None:
        """Tell a header that is still arriving from one that can never become valid."""
        start = bytes(self._buffer[:_LONGEST_HEADER])
        is_last = self._message and _LAST.startswith(start)
        is_header = re.fullmatch(rb"(\n(#([1-9][0-9]{0,9})?)?)?", start) is not None
        if not (is_last or is_header):
            raise InputError(f"broken NETCONF chunk header {start!r}")
