"""Reads and changes a key=value file, leaving every other line as it is."""

from __future__ import annotations

from collections.abc import Mapping

from twin.model.errors import ModelError

__all__ = ["merged", "parsed"]


def parsed(text: str) -> dict[str, str]:
    """Read the keys of a file.

    Parameters
    ----------
    text : str
        Lines ``key=value``; blank lines and lines that start with ``#`` are comments.

    Returns
    -------
    dict
        Value by key, blanks kept as they are.

    Raises
    ------
    ModelError
        A key stands twice: which one counts is for its daemon to know.
    """
    values: dict[str, str] = {}
    for line in text.split("\n"):
        key, is_pair, value = line.partition("=")
        if not is_pair or line.lstrip().startswith("#"):
            continue
        if key.strip() in values:
            raise ModelError(f"key {key.strip()!r} stands there twice; leave one")
        values[key.strip()] = value
    return values


def merged(text: str, wanted: Mapping[str, str]) -> str:
    """Set some keys; their lines change in place, new ones come at the end.

    Parameters
    ----------
    text : str
        The file.
    wanted : mapping
        New value by key.

    Returns
    -------
    str
        The new file.

    Raises
    ------
    ModelError
        A key stands twice, or a value holds a line break.
    """
    for key, value in wanted.items():
        if "\n" in value or "\r" in value:
            raise ModelError(f"value of {key!r} holds a line break")
    known = parsed(text)
    lines = []
    for line in text.removesuffix("\n").split("\n") if text else ():
        key = line.partition("=")[0].strip()
        is_ours = key in known and key in wanted and not line.lstrip().startswith("#")
        lines.append(f"{key}={wanted[key]}" if is_ours else line)
    lines += [f"{key}={value}" for key, value in wanted.items() if key not in known]
    return "\n".join(lines) + "\n"
