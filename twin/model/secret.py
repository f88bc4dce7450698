"""Secrets by reference: a value that masks itself wherever it could be shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from twin.model.errors import InputError
from twin.model.quote import quoted

__all__ = ["Secret", "resolve_secret"]

_MAX_BYTES = 4096
_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


class Secret:
    """A credential that never shows itself in `repr`, `str`, logs or pickles.

    Parameters
    ----------
    value : str
        The clear text; read it only where it is handed to a transport.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the clear text; call it in drivers only."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> str:
        raise TypeError("a Secret is never serialised")


def resolve_secret(reference: str, base: Path) -> Secret:
    """Fetch the secret that a reference names.

    Parameters
    ----------
    reference : str
        ``env:NAME`` for an environment variable, ``file:PATH`` for the first line of a regular
        file of at most 4096 bytes (relative to `base`) that nobody but its owner may read or write.
    base : Path
        Folder that relative paths start from.

    Returns
    -------
    Secret
        The masked value.

    Raises
    ------
    InputError
        Unknown form of reference, nothing there, or not such a file.
    """
    scheme, _, name = reference.partition(":")
    shown = quoted(reference)[1:-1]
    if scheme == "env":
        value = os.environ.get(name)
        if value is None:
            hint = f"export {quoted(name)[1:-1]}=..."
            raise InputError(f"secret {shown} is not set", hint=hint)
        return Secret(value)
    if scheme == "file":
        path = base / name
        try:
            data = _content(path, shown)
            return Secret(data.decode().replace("\r", "\n").split("\n", 1)[0])
        except InputError:
            raise
        except (OSError, ValueError) as err:
            raise InputError(
                f"secret {shown} cannot be read ({err.__class__.__name__})",
                hint=f"put the secret into {quoted(str(path))[1:-1]}, mode 0600",
            ) from err
    # what stands here may be the secret itself, so it is not repeated
    raise InputError("a secret is given by reference", hint="use env:NAME or file:PATH")


def _content(path: Path, shown: str) -> bytes:
    """Read a small regular file: a device or a pipe would give bytes for ever, or none."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise InputError(f"secret {shown} is not a regular file", hint="name a text file")
        if mode & _OTHERS:
            raise InputError(
                f"secret {shown} is open to others (mode {stat.S_IMODE(mode):04o})",
                hint=f"chmod 600 {quoted(str(path))[1:-1]}, and change the secret",
            )
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise InputError(
            f"secret {shown} has more than {_MAX_BYTES} bytes",
            hint="name a file that holds the secret only",
        )
    return data
