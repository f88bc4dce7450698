"""Where secrets are fetched from: the environment, files, the keyring of the user, and Vault."""

from __future__ import annotations

import os
from pathlib import Path

from controllers.ports import SecretSource
from controllers.vault import vault_of_environment
from twin.model.errors import InputError
from twin.model.quote import quoted
from twin.model.secret import Secret, resolve_secret

__all__ = ["fetch_secret", "keyring_secret"]


def fetch_secret(reference: str, base: Path, *, vault: SecretSource | None = None) -> Secret:
    """Fetch the secret that a reference names.

    Parameters
    ----------
    reference : str
        ``env:NAME``, ``file:PATH`` (see `twin.model.secret.resolve_secret`),
        ``keyring:SERVICE/USER`` or ``vault:MOUNT/PATH#FIELD``.
    base : Path
        Folder that relative paths start from.
    vault : SecretSource, optional
        Answers ``vault:``; without it the Vault that ``VAULT_ADDR`` names.

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
    if scheme == "keyring":
        return keyring_secret(name)
    if scheme == "vault":
        return (vault or vault_of_environment(os.environ)).fetch(name)
    return resolve_secret(reference, base)


def keyring_secret(name: str) -> Secret:
    """Fetch a secret from the keyring of the user.

    Parameters
    ----------
    name : str
        ``SERVICE/USER``, as ``keyring set SERVICE USER`` has stored it.

    Returns
    -------
    Secret
        The masked value.

    Raises
    ------
    InputError
        Not that form, no keyring here, or nothing in it.
    """
    service, _, user = name.partition("/")
    shown = quoted(f"keyring:{name}")[1:-1]
    if not service or not user:
        raise InputError(f"secret {shown} names no entry", hint="write keyring:SERVICE/USER")
    try:
        import keyring  # noqa: PLC0415 - an extra
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError as err:
        raise InputError(
            f"secret {shown} needs the library keyring", hint="pip install 'stellwerk[keyring]'"
        ) from err
    try:
        value = keyring.get_password(service, user)
    except (KeyringError, OSError) as err:
        raise InputError(
            f"secret {shown}: the keyring cannot be asked ({err.__class__.__name__})",
            hint="unlock it, or use env: or file: where nobody is logged in",
        ) from None  # what a backend says may quote what it holds
    if value is None:
        hint = f"keyring set {quoted(service)[1:-1]} {quoted(user)[1:-1]}"
        raise InputError(f"secret {shown} is not in the keyring", hint=hint)
    return Secret(value)
