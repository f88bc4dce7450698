"""The advisory lock between managers of one agent: snmpSetSerialNo, a TestAndIncr.

Every SET that carries the number it was read with is refused if another manager's SET came between.
Drivers of this process do not hinder each other, though several may share one agent: what they add
themselves is counted here.

References
----------
.. [1] RFC 3418 (2002), section 2 (snmpSetSerialNo).
.. [2] RFC 2579 (1999), TestAndIncr.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from controllers.snmp.ber import INTEGER
from controllers.snmp.exchange import Variable

__all__ = ["SERIAL_OID", "SerialBook", "SerialPage", "serial_books", "test_of"]

SERIAL_OID = (1, 3, 6, 1, 6, 3, 1, 1, 6, 1, 0)
_MODULUS = 2**31


@dataclass(slots=True)
class SerialPage:
    """What is known of the number of one agent.

    Parameters
    ----------
    lock : threading.Lock
        Held for a SET: those of one agent come one after the other.
    n_own : int
        How often SETs of this process have counted it up.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    n_own: int = 0

    def base_of(self, value: int) -> int:
        """Take our own SETs out of the number as it was read."""
        return (value - self.n_own) % _MODULUS

    def expected(self, base: int) -> int:
        """Say what the number is now, if nobody else has counted it up since it was read."""
        return (base + self.n_own) % _MODULUS


class SerialBook:
    """The pages of all agents of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: dict[tuple[str, int], SerialPage] = {}

    def page(self, host: str, port: int) -> SerialPage:
        """Return the page of an agent; made at its first use."""
        with self._lock:
            return self._pages.setdefault((host, port), SerialPage())

    def clear(self) -> None:
        """Forget all agents."""
        with self._lock:
            self._pages.clear()


serial_books = SerialBook()
"""One for the process, as the manager is."""


def test_of(value: int) -> Variable:
    """Test the number, and count it up if it is as expected."""
    return Variable(SERIAL_OID, INTEGER, value)
