"""Keeps what devices have in a git repository: one file for each, sorted, without secrets."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StrictBool, StrictFloat, StrictInt, StrictStr
from pydantic import StringConstraints as Text

from controllers.inventory_file import ID_PATTERN
from controllers.ports import Device
from controllers.secret_sources import fetch_secret
from twin.model.attributes import Value
from twin.model.errors import InputError
from twin.model.quote import quoted
from twin.model.safe import dump_yaml, parse_model, parse_yaml

__all__ = ["Kept", "Repository", "backup_text", "read_backup"]

_GIT_LIMIT_S = 120.0
_SHORTEST_SECRET = 4
_MASK = "***"
_HEAD = "# Written by stellwerk backup; restore it with stellwerk backup --restore.\n"


class _BackupFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    device: Annotated[str, Text(pattern=ID_PATTERN)]
    kind: str
    profile: str
    instances: dict[str, list[str]] = {}
    configuration: list[str] = []
    values: dict[str, StrictBool | StrictInt | StrictFloat | StrictStr]


def backup_text(device: Device, values: Mapping[str, Value], configuration: str = "") -> str:
    """Write what a device has as the text of its file.

    Parameters
    ----------
    device : Device
        The device.
    values : mapping
        Its configuration by path.
    configuration : str
        Its whole configuration as it shows it, if that is to be kept too.

    Returns
    -------
    str
        YAML in the order of the paths: equal configurations are equal texts. Where a value holds
        one of the secrets of the device, ``***`` stands for it.
    """
    clear = sorted(_secrets_of(device), key=len, reverse=True)
    document: dict[str, object] = {
        "device": device.id,
        "kind": device.kind,
        "profile": device.profile,
        "instances": {name: list(names) for name, names in sorted(device.instances.items())},
        "values": {path: _masked(value, clear) for path, value in sorted(values.items())},
    }
    if configuration:
        # A list of lines, so that a diff shows the line and no control character gets in.
        document["configuration"] = [
            "".join(sign if sign.isprintable() or sign == "\t" else "?" for sign in line)
            for line in str(_masked(configuration, clear)).splitlines()
        ]
    return _HEAD + dump_yaml(document)


def _secrets_of(device: Device) -> Iterable[str]:
    for reference in device.secrets.values():
        try:
            secret = fetch_secret(reference, device.base).reveal()
        except InputError:
            continue  # what cannot be fetched was not used to read the device either
        if len(secret) >= _SHORTEST_SECRET:
            yield secret


def _masked(value: Value, clear: Sequence[str]) -> Value:
    if isinstance(value, str):
        for secret in clear:
            value = value.replace(secret, _MASK)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One device as a backup has kept it.

    Parameters
    ----------
    device, kind, profile : str
        Which it was.
    instances : mapping
        Its instances.
    values : mapping
        Its configuration; masked values are left out.
    masked : tuple of str
        Paths whose value was a secret.
    """

    device: str
    kind: str
    profile: str
    instances: Mapping[str, tuple[str, ...]]
    values: Mapping[str, Value]
    masked: tuple[str, ...] = ()


def read_backup(text: str | bytes, source: str) -> Kept:
    """Read the file of a device.

    Parameters
    ----------
    text : str or bytes
        Its content.
    source : str
        Name of the file, for messages.

    Returns
    -------
    Kept
        What it keeps.

    Raises
    ------
    InputError
        It is no such file.
    """
    file = parse_model(_BackupFile, parse_yaml(text, source))
    masked = tuple(p for p, v in file.values.items() if isinstance(v, str) and _MASK in v)
    return Kept(
        device=file.device,
        kind=file.kind,
        profile=file.profile,
        instances={name: tuple(names) for name, names in file.instances.items()},
        values={path: value for path, value in file.values.items() if path not in masked},
        masked=masked,
    )


class Repository:
    """A git repository of ours; nothing is pushed and no hook of it is needed.

    Parameters
    ----------
    folder : Path
        Its work tree.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> None:
        """Make sure that the folder is a repository of its own; an empty one becomes one.

        Raises
        ------
        InputError
            git is missing, or the folder holds something else.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            is_empty = not any(self.folder.iterdir())
        except OSError as err:
            raise InputError("cannot be used", str(self.folder), hint=str(err.strerror)) from err
        if is_empty:
            self._git("init", "--quiet")
        elif not (self.folder / ".git").exists():
            raise InputError(
                "is no git repository and not empty",
                str(self.folder),
                hint="name a folder of its own",
            )

    def keep(self, files: Mapping[str, str], message: str) -> tuple[str, ...]:
        """Write files and commit those that changed.

        Parameters
        ----------
        files : mapping
            Text by name.
        message : str
            Message of the commit.

        Returns
        -------
        tuple of str
            Names of the files that changed; without any there is no commit.

        Raises
        ------
        InputError
            A file cannot be written, or git refuses.
        """
        changed = []
        for name, text in sorted(files.items()):
            path = self.folder / name
            try:
                if path.is_symlink():
                    raise InputError("is a link", str(path), hint="remove it")
                if not path.is_file() or path.read_bytes() != text.encode():
                    path.write_bytes(text.encode())
            except OSError as err:
                raise InputError("cannot be written", str(path), hint=str(err.strerror)) from err
        if files:
            self._git("add", "--", *sorted(files))
            told = self._git("diff", "--cached", "--name-only", "-z", "--", *sorted(files))
            changed = [name for name in told.decode().split("\0") if name]
        if changed:
            self._git("commit", "--quiet", "--no-verify", "-m", message, "--", *changed)
        return tuple(changed)

    def files(self, commit: str = "HEAD") -> dict[str, bytes]:
        """Read the files of devices as a commit has them.

        Parameters
        ----------
        commit : str
            Any name of a commit.

        Returns
        -------
        dict
            Content by name.

        Raises
        ------
        InputError
            There is no such commit.
        """
        if not (self.folder / ".git").exists():
            raise InputError("is no git repository", str(self.folder), hint="make a backup first")
        if commit.startswith("-"):
            raise InputError(f"{quoted(commit)} is no commit", str(self.folder))
        told = self._git("ls-tree", "-z", "--name-only", commit)
        names = [name for name in told.decode().split("\0") if name.endswith(".yaml")]
        return {name: self._git("show", f"{commit}:{name}") for name in names}

    def _git(self, *words: str) -> bytes:
        git = shutil.which("git")
        if git is None:
            raise InputError("git is not installed", hint="apt-get install git")
        # Neither what git finds in the environment nor a hook may lead it elsewhere.
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        settings = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"]
        if words[0] == "commit" and not self._has_author(git, clean):
            settings += ["-c", "user.name=stellwerk", "-c", "user.email=stellwerk@localhost"]
        try:
            done = subprocess.run(
                [git, "-C", str(self.folder), *settings, *words],
                env={**clean, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_GIT_LIMIT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as err:
            raise InputError(
                f"git {words[0]} did not end ({err.__class__.__name__})", str(self.folder)
            ) from err
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())[:300]
            raise InputError(f"git {words[0]}: {said}", str(self.folder))
        return done.stdout

    def _has_author(self, git: str, environment: Mapping[str, str]) -> bool:
        asked = [git, "-C", str(self.folder), "config", "user.email"]
        done = subprocess.run(
            asked, env=dict(environment), capture_output=True, timeout=_GIT_LIMIT_S, check=False
        )
        return done.returncode == 0
