"""Reads figures from a table of assumptions, so that each stands in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twin.model.city import Assumption

__all__ = ["reader_of"]


def reader_of(name: str, assumptions: Iterable[Assumption]) -> Callable[[str], float]:
    """Make the function that reads the figures of one system.

    Parameters
    ----------
    name : str
        Name of the system, with which its keys begin.
    assumptions : iterable of Assumption
        Its table.

    Returns
    -------
    callable
        Takes a key without the name of the system, and returns the value in the unit of the table;
        an unknown key is a `KeyError`.
    """
    values = {assumption.key: assumption.value for assumption in assumptions}

    def read(key: str) -> float:
        return values[f"{name}.{key}"]

    return read
