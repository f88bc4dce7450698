"""One question to one agent and its answer: the words that every SNMP engine here speaks in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

__all__ = ["Answer", "Credentials", "Exchange", "Operation", "Target", "Variable", "WireValue"]

Operation: TypeAlias = Literal["get", "set", "next"]
WireValue: TypeAlias = int | bytes | tuple[int, ...] | None


class Variable(NamedTuple):
    """A variable: its OID, its ASN.1 tag and its value; None for the null of a question."""

    oid: tuple[int, ...]
    tag: int
    value: WireValue


@dataclass(frozen=True, slots=True)
class Credentials:
    """What identifies us to an agent; kept out of every `repr`.

    Parameters
    ----------
    version : str
        ``v2c`` or ``v3``.
    user : str
        USM user.
    auth_protocol, priv_protocol : str
        Names such as ``SHA-256`` and ``AES-128``.
    auth_key, priv_key : str
        Pass phrases.
    community : str
        Community of v2c.
    """

    version: Literal["v2c", "v3"]
    user: str
    auth_protocol: str = ""
    priv_protocol: str = ""
    auth_key: str = ""
    priv_key: str = ""
    community: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.version}, {self.user!r}, ***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where an agent listens and how long it may take.

    Parameters
    ----------
    host, port
        Its address.
    credentials : Credentials
        Who we are.
    timeout_s : float
        Wait for one answer. [s]
    n_retries : int
        Further sends after the first.
    deadline_s : float
        End of the whole exchange, discovery and retries included. [s]
    """

    host: str
    port: int
    credentials: Credentials
    timeout_s: float = 1.0
    n_retries: int = 2
    deadline_s: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.

    Parameters
    ----------
    failure : str
        Name of what failed, such as ``RequestTimedOut``; empty if an answer came.
    failure_text : str
        The same in words.
    status : int
        Error status of the PDU (RFC 3416 section 3); 0 is no error.
    index : int
        Which variable, from 1; 0 for none.
    variables : tuple of Variable
        What was answered.
    took_s : float
        How long all of it took. [s]
    n_sent : int
        How often the question was sent: after more than once it may have been carried out twice.
    max_bytes : int
        The longest message the agent says it takes; 0 if it does not say.
    """

    failure: str = ""
    failure_text: str = ""
    status: int = 0
    index: int = 0
    variables: tuple[Variable, ...] = ()
    took_s: float = 0.0
    n_sent: int = 1
    max_bytes: int = 0


class Exchange(Protocol):
    """Sends one question and waits for its answer."""

    def __call__(
        self, target: Target, operation: Operation, variables: Sequence[Variable]
    ) -> Answer:
        """Ask; silence and refusals are in the answer, nothing is raised for them."""
