"""Sends one SNMP question by the engine that speaks the credentials, and closes both engines."""

from __future__ import annotations

from collections.abc import Sequence

from controllers.drivers.snmp_engine import close_pysnmp, exchange_by_pysnmp
from controllers.snmp.exchange import Answer, Operation, Target, Variable
from controllers.snmp.manager import Manager

__all__ = ["close_snmp", "exchange", "manager"]

manager = Manager()
"""The manager that all drivers of the process share: what it knows of agents is worth keeping."""


def exchange(target: Target, operation: Operation, variables: Sequence[Variable]) -> Answer:
    """Send one question and wait for its answer.

    Parameters
    ----------
    target : Target
        The agent; SHA-2 with AES-128 is spoken by our own manager, all else by pysnmp.
    operation : str
        ``get``, ``set`` or ``next``.
    variables : sequence of Variable
        What to ask or to set; one PDU.

    Returns
    -------
    Answer
        The answer, or why there is none. Silence is ``RequestTimedOut``.
    """
    if manager.speaks(target.credentials):
        return manager.exchange(target, operation, variables)
    return exchange_by_pysnmp(target, operation, variables)


def close_snmp() -> None:
    """Forget agents and keys, and end the loop of pysnmp; the next exchange starts anew."""
    manager.forget()
    close_pysnmp()
