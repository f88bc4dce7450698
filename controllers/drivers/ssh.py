"""What both SSH drivers share: the algorithm policy, host keys, credentials and error names."""

from __future__ import annotations

import logging
import re
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey
from pydantic import BaseModel, ConfigDict

from controllers.drivers.options import secret_of
from controllers.ports import Device
from twin.model.errors import (
    DeviceAuthError,
    DeviceError,
    DeviceHostKeyError,
    DeviceRefused,
    DeviceUnreachable,
)
from twin.model.safe import parse_model, parse_yaml

__all__ = [
    "check_host_key",
    "disabled_algorithms",
    "host_keys_of",
    "host_name",
    "key_file_of",
    "known_hosts_of",
    "load_private_key",
    "plain_words",
    "ssh_error",
]

log = logging.getLogger(__name__)

# Their errors come back to us as exceptions; without a handler they would print on the terminal.
for _name in ("paramiko", "ncclient", "netmiko"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

_POLICY_FILE = "ssh-policy.yaml"
_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
_SSH_PORT = 22
_LONGEST_WORDS = 300
_N_FIELDS = 3
_HASHED = re.compile(r"\|1\|[A-Za-z0-9+/]{27}=\|[A-Za-z0-9+/]{27}=")
"""A host name as ``ssh-keygen -H`` writes it: salt and HMAC-SHA-1 of 20 octets each."""

_BROKEN_KEY = (ValueError, struct.error, UnsupportedAlgorithm)


class _Policy(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kex: list[str]
    ciphers: list[str]
    macs: list[str]
    keys: list[str]


@cache
def _policy() -> _Policy:
    text = (resources.files("controllers.drivers") / _POLICY_FILE).read_bytes()
    return parse_model(_Policy, parse_yaml(text, _POLICY_FILE))


def disabled_algorithms(device: Device) -> dict[str, list[str]]:
    """Name everything paramiko offers that the policy does not list.

    Parameters
    ----------
    device : Device
        Its option ``ssh_exception: "ALGORITHM: REASON"`` allows one more, in words.

    Returns
    -------
    dict
        The `disabled_algorithms` of `paramiko.Transport`.

    Raises
    ------
    DeviceRefused
        The exception gives no reason.
    """
    policy = _policy()
    extra = _exception_of(device)
    offered = {
        "kex": paramiko.Transport._preferred_kex,
        "ciphers": paramiko.Transport._preferred_ciphers,
        "macs": paramiko.Transport._preferred_macs,
        "keys": paramiko.Transport._preferred_keys,
        "pubkeys": paramiko.Transport._preferred_pubkeys,
    }
    allowed = {
        "kex": policy.kex,
        "ciphers": policy.ciphers,
        "macs": policy.macs,
        "keys": policy.keys,
        "pubkeys": policy.keys,
    }
    return {
        kind: [name for name in names if name not in allowed[kind] and name != extra]
        for kind, names in offered.items()
    }


def _exception_of(device: Device) -> str:
    text = device.options.get("ssh_exception", "")
    name, _, reason = (part.strip() for part in text.partition(":"))
    if text and len(reason) < 3:
        raise DeviceRefused(
            device.id,
            f"option ssh_exception is {text!r}; give the algorithm and the reason in words, "
            "'aes256-cbc: old switch'",
        )
    if name:
        log.warning("device %s may use %s over SSH: %s", device.id, name, reason)
    return name


def host_name(device: Device) -> str:
    """Name of a device in a known_hosts file: ``[host]:port``, or the host on port 22."""
    return device.host if device.port == _SSH_PORT else f"[{device.host}]:{device.port}"


def known_hosts_of(device: Device) -> Path:
    """Path of the known_hosts file of a device.

    Raises
    ------
    DeviceHostKeyError
        The entry names none, or it is not there: nothing can be trusted then.
    """
    path = device.base / device.known_hosts
    if not device.known_hosts or not path.is_file():
        what = f"known_hosts {path} is not there" if device.known_hosts else "names no known_hosts"
        raise DeviceHostKeyError(
            device.id, f"{what}; write the line '{host_name(device)} KEYTYPE KEY' into that file"
        )
    return path


def host_keys_of(device: Device) -> paramiko.HostKeys:
    """Read the accepted host keys of a device.

    Raises
    ------
    DeviceHostKeyError
        There is no readable file.
    """
    path = known_hosts_of(device)
    try:
        state = path.stat()
        known = _parsed(path, state.st_mtime_ns, state.st_size, state.st_ino)
    except (OSError, UnicodeDecodeError) as err:
        why = err.strerror if isinstance(err, OSError) else "it is not text"
        raise DeviceHostKeyError(device.id, f"known_hosts {path} cannot be read: {why}") from err
    if known.broken:
        raise DeviceHostKeyError(
            device.id,
            f"{path}:{known.broken}: this line names no host key; remove it, or write "
            f"'{host_name(device)} KEYTYPE KEY'",
        )
    return known.of(host_name(device))


@dataclass(frozen=True, slots=True)
class _KnownHosts:
    """A file of host keys by name; paramiko would look through all of it for each device.

    Parameters
    ----------
    broken : int
        Number of the first line that is none, or 0.
    by_name : mapping
        Keys by plain name, in the order of the file.
    hashed : list
        Hashed name and key.
    """

    broken: int
    by_name: dict[str, list[paramiko.PKey]]
    hashed: list[tuple[str, paramiko.PKey]]

    def of(self, name: str) -> paramiko.HostKeys:
        """Return the keys of one host, the first of each type, as `paramiko.HostKeys` would."""
        keys = paramiko.HostKeys()
        found = list(self.by_name.get(name, ()))
        found += [key for text, key in self.hashed if text == keys.hash_host(name, text)]
        types = set()
        for key in found:
            if key.get_name() not in types:
                types.add(key.get_name())
                keys.add(name, key.get_name(), key)
        return keys


@lru_cache(maxsize=8)
def _parsed(path: Path, mtime_ns: int, size: int, inode: int) -> _KnownHosts:
    """Parse a file of host keys; a thousand devices share one."""
    by_name: dict[str, list[paramiko.PKey]] = {}
    hashed: list[tuple[str, paramiko.PKey]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not _is_usable(line.strip(), number):
            return _KnownHosts(number, {}, [])
        if not line.strip() or line.strip().startswith("#"):
            continue
        entry = HostKeyEntry.from_line(line.strip(), number)
        if entry is None or entry.key is None:
            continue
        for name in entry.hostnames or ():
            if name.startswith("|1|"):
                hashed.append((name, entry.key))
            else:
                by_name.setdefault(name, []).append(entry.key)
    return _KnownHosts(0, by_name, hashed)


def _is_usable(line: str, number: int) -> bool:
    """Say whether paramiko can take a line, be it only to ignore it."""
    if not line or line.startswith("#"):
        return True
    fields = line.split()
    # paramiko knows no revoked keys nor certificate authorities: better told than passed over.
    if len(fields) < _N_FIELDS or line.startswith("@"):
        return False
    # Hashed names are legal; a broken one is an assertion of paramiko's at each look-up.
    hashed = [name for name in fields[0].split(",") if name.startswith("|")]
    if not all(_HASHED.fullmatch(name) for name in hashed):
        return False
    try:
        HostKeyEntry.from_line(line, number)
    except (paramiko.SSHException, InvalidHostKey, *_BROKEN_KEY) as err:
        log.debug("line %d of known_hosts: %r", number, err)
        return False
    return True


def check_host_key(device: Device, accepted: paramiko.HostKeys, key: paramiko.PKey) -> None:
    """Compare the key a device shows with the accepted ones.

    Parameters
    ----------
    device : Device
        The device.
    accepted : paramiko.HostKeys
        The accepted keys.
    key : paramiko.PKey
        The key shown.

    Raises
    ------
    DeviceHostKeyError
        It is unknown, or another one than before.
    """
    name = host_name(device)
    if accepted.check(name, key):
        return
    shown = f"{key.get_name()} {key.fingerprint}"
    if accepted.lookup(name):
        raise DeviceHostKeyError(
            device.id,
            f"the host key of {name} has CHANGED to {shown}; somebody may sit in between: check it "
            f"on the device before you change {device.known_hosts}",
        )
    raise DeviceHostKeyError(
        device.id,
        f"the host key of {name} is unknown: {shown}; check it on the device, then add it to "
        f"{device.known_hosts}",
    )


def key_file_of(device: Device) -> Path | None:
    """Path of the private key of a device's login; None if it uses a password.

    Raises
    ------
    DeviceAuthError
        The reference is not to a file.
    """
    reference = device.secrets.get("key")
    if reference is None:
        return None
    if not reference.startswith("file:"):
        raise DeviceAuthError(
            device.id, "secret key must be a file; use key: file:secrets/id_ed25519"
        )
    return device.base / reference.removeprefix("file:")


def load_private_key(device: Device) -> paramiko.PKey | None:
    """Load the private key of a device's login; None if it uses a password.

    Raises
    ------
    DeviceAuthError
        The file cannot be read as a key.
    """
    path = key_file_of(device)
    if path is None:
        return None
    phrase = secret_of(device, "passphrase") if "passphrase" in device.secrets else None
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _OTHERS:
            raise DeviceAuthError(
                device.id, f"private key {path} is open to others (mode {mode:04o}); chmod 600 it"
            )
        # By position: paramiko 5 renamed the parameter.
        return paramiko.PKey.from_path(str(path), phrase.reveal().encode() if phrase else None)
    except (OSError, ValueError, TypeError, paramiko.SSHException) as err:
        why = f" ({err.strerror})" if isinstance(err, OSError) and err.strerror else ""
        raise DeviceAuthError(
            device.id,
            f"private key {path} cannot be read{why}; give a key in OpenSSH format, and secret "
            "passphrase if it has one",
        ) from err


def ssh_error(device: Device, err: Exception) -> DeviceError:
    """Turn an error of paramiko or the socket into one of ours.

    Parameters
    ----------
    device : Device
        The device.
    err : Exception
        What was raised.

    Returns
    -------
    DeviceError
        A leaf for the caller to raise.
    """
    place = f"{device.host}:{device.port}"
    if isinstance(err, DeviceError):
        return err
    chain = list(_chain(err))
    if any(isinstance(one, paramiko.AuthenticationException) for one in chain):
        return DeviceAuthError(
            device.id,
            f"{place} refuses the login of {device.username!r}; check username and its secret",
        )
    if any(isinstance(one, paramiko.BadHostKeyException) for one in chain):
        return DeviceHostKeyError(
            device.id,
            f"the host key of {host_name(device)} has CHANGED; somebody may sit in between: check "
            f"it on the device before you change {device.known_hosts}",
        )
    text = plain_words(err)
    if "not found in known_hosts" in text:
        return DeviceHostKeyError(
            device.id,
            f"the host key of {host_name(device)} is unknown; check it on the device, then add it "
            f"to {device.known_hosts}",
        )
    if any(isinstance(one, paramiko.IncompatiblePeer) for one in chain):
        return DeviceRefused(
            device.id,
            f"{place} offers only SSH algorithms that {_POLICY_FILE} forbids ({text}); name one "
            "in option ssh_exception if it must be",
        )
    return DeviceUnreachable(device.id, f"SSH to {place} failed: {text}")


def plain_words(err: BaseException) -> str:
    """Say what a library's error means, without the names of its classes.

    Parameters
    ----------
    err : BaseException
        What was raised.

    Returns
    -------
    str
        What the first cause says, in one bounded line; if it says nothing, what its kind means.
    """
    chain = list(_chain(err))
    for one in reversed(chain):
        said = (one.strerror if isinstance(one, OSError) else None) or str(one)
        # Some errors hold the octets that were left over: b''.
        said = " ".join(said.split()).removeprefix("b''").strip()
        if said:
            return said[:_LONGEST_WORDS]
    if any(isinstance(one, TimeoutError) for one in chain):
        return "no answer in time"
    return "the peer has ended the connection"


def _chain(err: BaseException | None) -> Iterator[BaseException]:
    """Walk from an error to the first cause: libraries wrap what paramiko raised."""
    while err is not None:
        yield err
        err = err.__cause__ or err.__context__
