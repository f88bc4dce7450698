"""Drives a Linux host over SSH: a key=value file that is replaced as a whole, and a reload."""

from __future__ import annotations

import base64
import binascii
import logging
import re
import secrets
import shlex
import socket
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import paramiko
from netmiko import ConnectHandler
from netmiko.exceptions import NetmikoBaseException

from controllers.drivers.keyfile import merged, parsed
from controllers.drivers.options import seconds, secret_of
from controllers.drivers.plain import PlainDriver
from controllers.drivers.ssh import (
    disabled_algorithms,
    host_keys_of,
    known_hosts_of,
    load_private_key,
    plain_words,
    ssh_error,
)
from controllers.ports import Device
from controllers.profiles import CliItem, Profile, cli_items, option
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceConflict,
    DeviceError,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
    EvidenceMismatch,
    ModelError,
)

__all__ = ["CliDriver"]

log = logging.getLogger(__name__)

_PIECE = 2000
"""Longest piece of text in one command: a terminal in canonical mode drops what is over 4,095."""

_CLOSE_S = 2.0
_CHANGED = 79
"""Exit code of our own script: the file is no longer the one that was read."""

_NOT_OURS = 80
"""Exit code of our own script: the copy could not take over the owner of the file."""


class CliDriver(PlainDriver):
    """One host over its shell; it has no transaction, so it is of class A.

    Parameters
    ----------
    device : Device
        The inventory entry; options ``file`` and ``reload`` of the profile, ``timeout_s`` (one
        operation, 30 s by default) and ``connect_timeout_s`` (15 s).
    profile : Profile
        A CLI profile.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        super().__init__(device)
        self._profile = profile
        self._items = {item.path: item for item in cli_items(profile, device)}
        self._file = option(profile, device, "file")
        self._reload = option(profile, device, "reload")
        self._connection: Any = None
        self._socket: socket.socket | None = None

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes; a key the file does not have is left out.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        if paths is None:
            items = [item for item in self._items.values() if item.is_writable]
        else:
            items = [self._item(path) for path in paths]
        text = self._read_file()[0] if any(item.key for item in items) else ""
        values: dict[str, Value] = {}
        for item in items:
            found = self._found(item, text)
            if found is not None:
                values[item.path] = self._decoded(item, found)
        return values

    def write(self, changes: Mapping[str, Value]) -> None:
        """Replace the file as a whole, reload, and read the file back.

        Raises
        ------
        DeviceConflict
            Somebody else changed the file meanwhile; nothing was written.
        DeviceError
            Another leaf that says what failed. If only the reload failed, the file is written.
        """
        if not changes:
            return
        wanted = {self._settable(path).key: self._encoded(path, changes[path]) for path in changes}
        old, checksum = self._read_file()
        try:
            new = merged(old, wanted)
        except ModelError as err:
            raise DeviceRefused(self.device.id, f"{self._file}: {err}") from err
        self._replace(new, checksum)
        self._run("reload", f"( {self._reload} )")
        if self._read_file()[0] != new:
            raise EvidenceMismatch(self.device.id, f"{self._file} does not read back as written")
        log.info("wrote %d values", len(changes), extra={"device": self.device.id})

    def close(self) -> None:
        """End the session; never raises, and takes two seconds at most."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with self._deadline(_CLOSE_S):
                try:
                    connection.paramiko_cleanup()
                except (OSError, EOFError, paramiko.SSHException) as err:
                    log.debug("%s did not close cleanly: %r", self.device.id, err)
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # --- the file ------------------------------------------------------------------------------

    def _read_file(self) -> tuple[str, str]:
        name = shlex.quote(self._file)
        output = self._run(f"read {self._file}", f"cksum < {name} && base64 < {name}")
        checksum, _, encoded = output.strip().partition("\n")
        try:
            text = base64.b64decode("".join(encoded.split()), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as err:
            raise DeviceRefused(self.device.id, f"{self._file} is not UTF-8 text") from err
        return text, " ".join(checksum.split())

    def _replace(self, text: str, checksum: str) -> None:
        """Write a new file beside the old one and move it over in one step, if it is the same."""
        name, part = shlex.quote(self._file), shlex.quote(self._file + ".stellwerk")
        remove = f"rm -f {part} {part}.b64"
        try:
            self._upload(name, part, remove, text)
            self._run(
                f"replace {self._file}",
                f"base64 -d < {part}.b64 > {part} && rm -f {part}.b64 && "
                f'if [ "$(cksum < {name})" = {shlex.quote(checksum)} ]; then mv -f {part} {name}; '
                f"else ( exit {_CHANGED} ); fi",
            )
        except DeviceTimeout:
            raise  # the host is silent; what is left is removed before the next upload
        except DeviceError:
            self._tidy(remove)
            raise

    def _upload(self, name: str, part: str, remove: str, text: str) -> None:
        """Send the new text, readable to nobody who cannot read the file itself."""
        encoded = base64.b64encode(text.encode()).decode()
        # The copy takes over owner and mode of the file. A login that may not give files away
        # would silently become the owner.
        self._run(
            f"copy {self._file}",
            f"( umask 077; {remove}; cp -p {name} {part} && : > {part}.b64 && "
            f"if [ -O {part} ]; then [ -O {name} ] || exit {_NOT_OURS}; fi )",
        )
        for start in range(0, len(encoded), _PIECE):
            piece = encoded[start : start + _PIECE]
            self._run("send the new file", f"printf %s {piece} >> {part}.b64")

    def _tidy(self, remove: str) -> None:
        """Remove the parts, in a new session if the one that made them is lost."""
        try:
            self._run("remove the parts", remove)
        except DeviceError as err:
            log.warning("%s", err, extra={"device": self.device.id})

    def _found(self, item: CliItem, text: str) -> str | None:
        if item.command:
            return self._run(f"read {item.path}", item.command).strip()
        try:
            return parsed(text).get(item.key)
        except ModelError as err:
            raise DeviceRefused(self.device.id, f"{self._file}: {err}") from err

    # --- the session ---------------------------------------------------------------------------

    def _run(self, what: str, command: str) -> str:
        """Run one command and return its output; an exit code other than 0 is an error."""
        nonce = secrets.token_hex(8)
        # The quotes keep the echo of the command from looking like its result.
        line = f"echo B''{nonce}; {command}; echo E''{nonce}-$?"
        end = re.compile(rf"E{nonce}-(\d+)")
        connection = self._opened()
        timeout_s = seconds(self.device, "timeout_s", 30.0)
        try:
            with self._deadline(timeout_s + 1):
                output = str(
                    connection.send_command(
                        line, expect_string=end.pattern, read_timeout=timeout_s,
                        strip_prompt=False, strip_command=False, cmd_verify=False,
                    )
                )  # fmt: skip
        except (NetmikoBaseException, OSError, EOFError, paramiko.SSHException) as err:
            self.close()
            raise self._lost(what, err, timeout_s) from err
        code = end.search(output)
        begin = output.rfind(f"B{nonce}")
        if code is None or begin < 0:
            self.close()
            raise DeviceUnreachable(self.device.id, f"{what}: the shell gave no result")
        result = output[begin + len(nonce) + 1 : code.start()].replace("\r", "")
        self._check_exit(what, int(code[1]), result)
        return result

    def _check_exit(self, what: str, code: int, output: str) -> None:
        if code == _CHANGED and what.startswith("replace"):
            raise DeviceConflict(
                self.device.id, f"{self._file} was changed by somebody else; nothing was written"
            )
        if code == _NOT_OURS and what.startswith("copy"):
            raise DeviceRefused(
                self.device.id,
                f"{self._file} is owned by somebody else and the copy would not be; log in as its "
                "owner or as root; nothing was written",
            )
        if code:
            said = " ".join(output.split())[-200:]
            raise DeviceRefused(self.device.id, f"{what} failed with exit code {code}: {said}")

    def _lost(self, what: str, err: Exception, timeout_s: float) -> DeviceError:
        if "timeout" in type(err).__name__.lower():
            return DeviceTimeout(
                self.device.id, f"{what}: no result within {timeout_s:g} s; session ended"
            )
        return DeviceUnreachable(
            self.device.id, f"{what}: the SSH session was lost ({plain_words(err)})"
        )

    def _opened(self) -> Any:  # noqa: ANN401
        if self._connection is not None:
            return self._connection
        device = self.device
        timeout_s = seconds(device, "connect_timeout_s", 15.0)
        hosts = known_hosts_of(device)
        host_keys_of(device)  # netmiko reads the file itself, and words no error of it
        key = load_private_key(device)
        password = None if key else secret_of(device, "password").reveal()
        disabled = disabled_algorithms(device)
        self._socket = self._dialled(timeout_s)
        expired = threading.Event()
        try:
            with self._deadline(timeout_s, expired):
                self._connection = ConnectHandler(
                    device_type=self._profile.device_type,
                    host=device.host, port=device.port, username=device.username,
                    password=password, use_keys=False, pkey=key, allow_agent=False,
                    ssh_strict=True, system_host_keys=False,
                    alt_host_keys=True, alt_key_file=str(hosts),
                    disabled_algorithms=disabled, sock=self._socket,
                    conn_timeout=timeout_s, auth_timeout=timeout_s, banner_timeout=timeout_s,
                    # Its own waits for the prompt go on after the connection is gone.
                    blocking_timeout=timeout_s, read_timeout_override=timeout_s,
                )  # fmt: skip
        except (NetmikoBaseException, OSError, EOFError, ValueError, paramiko.SSHException) as err:
            self.close()
            if expired.is_set():
                raise DeviceTimeout(
                    device.id,
                    f"no shell at {device.host}:{device.port} within {timeout_s:g} s; it accepts "
                    "and stays silent, or is overloaded",
                ) from err
            raise ssh_error(device, err) from err
        self._connection.read_timeout_override = None
        return self._connection

    def _dialled(self, timeout_s: float) -> socket.socket:
        place = f"{self.device.host}:{self.device.port}"
        try:
            return socket.create_connection((self.device.host, self.device.port), timeout_s)
        except TimeoutError as err:
            raise DeviceTimeout(
                self.device.id, f"no TCP connection to {place} in {timeout_s:g} s"
            ) from err
        except OSError as err:
            raise DeviceUnreachable(
                self.device.id, f"no TCP connection to {place}: {err.strerror or err}"
            ) from err

    @contextmanager
    def _deadline(self, timeout_s: float, expired: threading.Event | None = None) -> Iterator[None]:
        """Shut the socket down if the block has not ended in time."""
        sock = self._socket

        def expire() -> None:
            if expired is not None:
                expired.set()
            if sock is not None:
                _shut(sock)

        timer = threading.Timer(timeout_s, expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    # --- values --------------------------------------------------------------------------------

    def _item(self, path: str) -> CliItem:
        if path not in self._items:
            raise DeviceRefused(
                self.device.id, f"profile {self._profile.name} maps no {path!r} on this device"
            )
        return self._items[path]

    def _settable(self, path: str) -> CliItem:
        item = self._item(path)
        if not item.is_writable:
            raise DeviceRefused(self.device.id, f"{path} is operational state and cannot be set")
        return item

    def _encoded(self, path: str, value: Value) -> str:
        try:
            return self._item(path).encode(value)
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err

    def _decoded(self, item: CliItem, text: str) -> Value:
        try:
            return item.decode(text)
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError as err:
        log.debug("socket was closed already: %r", err)
