"""The folder a daemon lives in: private, with its secrets, keys and configuration."""

from __future__ import annotations

import secrets as random_secrets
import subprocess
from pathlib import Path

from hil.daemons.programs import find_program
from twin.model.errors import BenchError

__all__ = ["private_folder", "write_key_pair", "write_private", "write_secret"]


def private_folder(path: Path) -> Path:
    """Make a folder only its owner can enter, and return its absolute path.

    Raises
    ------
    BenchError
        It cannot be made.
    """
    folder = path.absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as err:
        raise BenchError(f"folder {folder} cannot be made: {err.strerror}") from err
    return folder


def write_private(path: Path, text: str, *, mode: int = 0o600) -> Path:
    """Write a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    path.touch(mode=mode)
    path.write_text(text, encoding="utf-8")
    return path


def write_secret(path: Path) -> str:
    """Write a random passphrase to a file unless one is there; return the reference to it."""
    private_folder(path.parent)
    if not path.exists():
        write_private(path, random_secrets.token_urlsafe(24) + "\n")
    return f"file:{path}"


def write_key_pair(path: Path) -> str:
    """Make an Ed25519 key pair in OpenSSH's format at `path` and `path`.pub unless there is one.

    Parameters
    ----------
    path : Path
        File of the private key.

    Returns
    -------
    str
        The public key, ``ssh-ed25519 AAAA...``.

    Raises
    ------
    BenchError
        ssh-keygen is missing or fails.
    """
    private_folder(path.parent)
    public = path.with_name(path.name + ".pub")
    if path.exists() and public.exists():
        return _key_of(public)
    command = [find_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "stellwerk",
               "-f", str(path)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        raise BenchError(f"ssh-keygen cannot write {path}: {done.stderr.strip()}")
    return _key_of(public)


def _key_of(public: Path) -> str:
    return " ".join(public.read_text(encoding="utf-8").split()[:2])
