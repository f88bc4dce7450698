"""Secrets by reference: a value that masks itself wherever it could be shown."""

from __future__ import annotations

import os
from pathlib import Path

from twin.model.errors import InputError

__all__ = ["Secret", "resolve_secret"]


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
        ``env:NAME`` for an environment variable, ``file:PATH`` for the first line of a file
        (relative to `base`).
    base : Path
        Folder that relative paths start from.

    Returns
    -------
    Secret
        The masked value.

    Raises
    ------
    InputError
        Unknown form of reference, or nothing there.
    """
    scheme, _, name = reference.partition(":")
    if scheme == "env":
        value = os.environ.get(name)
        if value is None:
            raise InputError(f"secret {reference} is not set", hint=f"export {name}=...")
        return Secret(value)
    if scheme == "file":
        path = base / name
        try:
            return Secret(path.read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, UnicodeDecodeError) as err:
            raise InputError(
                f"secret {reference} cannot be read ({err.__class__.__name__})",
                hint=f"put the secret into {path}, mode 0600",
            ) from err
    # what stands here may be the secret itself, so it is not repeated
    raise InputError("a secret is given by reference", hint="use env:NAME or file:PATH")
