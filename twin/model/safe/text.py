"""From bytes of unknown origin to checked text: size, encoding and control characters."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from twin.model.errors import InputError

__all__ = ["FORBIDDEN", "MAX_BYTES", "checked_text", "read_bytes"]

MAX_BYTES = 10_000_000
"""Largest text accepted unless a caller says otherwise. [octets]"""

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that neither YAML 1.2 (5.1) nor XML 1.0 (2.2) wants to see in a text."""


def read_bytes(path: Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Read a file that may be missing, unreadable or too large.

    Parameters
    ----------
    path : Path
        The file.
    max_bytes : int
        Largest size accepted. [octets]

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    InputError
        Missing, a folder, not readable or too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError as err:
        raise InputError("no such file", str(path), hint=_near_names(path)) from err
    except IsADirectoryError as err:
        raise InputError("is a folder, not a file", str(path)) from err
    except (OSError, ValueError) as err:
        # ValueError: a NUL in the name
        reason = getattr(err, "strerror", None) or str(err)
        raise InputError(f"cannot be read ({reason})", repr(str(path))[1:-1]) from err
    _check_size(len(data), max_bytes, str(path))
    return data


def checked_text(data: bytes | str, source: str, *, max_bytes: int = MAX_BYTES) -> str:
    """Decode and check a text.

    Parameters
    ----------
    data : bytes or str
        UTF-8, with or without byte order mark, or text already decoded.
    source : str
        Name of the file, for messages.
    max_bytes : int
        Largest size accepted. [octets]

    Returns
    -------
    str
        The text, without byte order mark.

    Raises
    ------
    InputError
        Too large, not UTF-8, or with a control character.
    """
    _check_size(len(data), max_bytes, source)
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as err:
            line, column = _position(data[: err.start].decode("utf-8", "replace"))
            raise InputError(
                f"byte 0x{data[err.start]:02x} is not UTF-8",
                source,
                line,
                column,
                "save the file as UTF-8",
            ) from err
    else:
        text = data
    text = text.removeprefix("\ufeff")
    bad = FORBIDDEN.search(text)
    if bad:
        line, column = _position(text[: bad.start()])
        name = f"U+{ord(bad.group()):04X}"
        raise InputError(f"control character {name}", source, line, column, "remove it")
    return text


def _check_size(n_bytes: int, max_bytes: int, source: str) -> None:
    if n_bytes > max_bytes:
        raise InputError(
            f"larger than {max_bytes / 1e6:g} MB", source, hint="split it into several files"
        )


def _position(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows a text."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _near_names(path: Path) -> str:
    """Say which file of the folder may have been meant."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder} either"
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {folder / near[0]}?" if near else ""
