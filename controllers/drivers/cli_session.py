"""One SSH session to a command line: verified host key, bounded in time, through netmiko."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import paramiko
from netmiko import ConnectHandler
from netmiko.exceptions import NetmikoBaseException, ReadTimeout

from controllers.drivers.options import seconds, secret_of
from controllers.drivers.ssh import (
    disabled_algorithms,
    host_keys_of,
    known_hosts_of,
    load_private_key,
    plain_words,
    ssh_error,
)
from controllers.ports import Device
from twin.model.errors import DeviceError, DeviceTimeout, DeviceUnreachable

__all__ = ["CliSession", "last_line"]

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_CLOSE_S = 2.0
_POLL_S = 0.005
_TAIL = 300
"""Longest last line in which the end of an answer is looked for; a question is shorter."""

_MOST_TEXT = 16 * 1024 * 1024
_LOST = (NetmikoBaseException, OSError, EOFError, paramiko.SSHException)


class _NoDialogue(logging.Filter):
    """Keeps what crosses the session out of the log: netmiko would tell all of it at DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is none of the dialogue."""
        return record.levelno > logging.DEBUG


logging.getLogger("netmiko").addFilter(_NoDialogue())


class CliSession:
    """The session of one driver; opened when something is first said, and again after a loss.

    Parameters
    ----------
    device : Device
        The inventory entry; options ``timeout_s`` (one command, 30 s by default) and
        ``connect_timeout_s`` (15 s).
    device_type : str
        netmiko's name of the shell.
    """

    def __init__(self, device: Device, device_type: str) -> None:
        self.device = device
        self.socket: socket.socket | None = None
        self._device_type = device_type
        self._connection: Any = None

    @property
    def is_open(self) -> bool:
        """Whether a session is open, as far as is known here."""
        return self._connection is not None

    def ask(
        self,
        what: str,
        line: str,
        end: re.Pattern[str],
        timeout_s: float = 0.0,
        *,
        key: bool = False,
    ) -> str:
        """Send a line and read until a pattern is found in the last line.

        Parameters
        ----------
        what : str
            What it is for, in messages; never a value.
        line : str
            The line, without its end.
        end : re.Pattern
            What ends the answer, in its last line.
        timeout_s : float
            Longest wait; 0 takes the option ``timeout_s``. [s]
        key : bool
            Send it as keys, without the end of a line.

        Returns
        -------
        str
            Everything that was read, with line ends as newlines.

        Raises
        ------
        DeviceError
            A leaf that says what failed; the session is then closed.
        """
        timeout_s = timeout_s or seconds(self.device, "timeout_s", 30.0)
        connection = self._opened()

        def said() -> str:
            if not key:
                connection.clear_buffer()
            connection.write_channel(line if key else line + connection.RETURN)
            return _read_until(connection, end, timeout_s)

        return self._bounded(what, timeout_s, said)

    def more(self, what: str, pause_s: float) -> str:
        """Wait a moment and return what came meanwhile.

        Raises
        ------
        DeviceError
            A leaf that says what failed; the session is then closed.
        """
        connection = self._opened()

        def said() -> str:
            time.sleep(pause_s)
            return _read(connection)

        return self._bounded(what, pause_s, said)

    def command(self, what: str, line: str, end: re.Pattern[str]) -> str:
        """Run a line of a shell whose end marks itself, as netmiko's `send_command` does.

        Parameters
        ----------
        what : str
            What it is for, in messages.
        line : str
            The line.
        end : re.Pattern
            What ends its output.

        Returns
        -------
        str
            The output with echo and end.

        Raises
        ------
        DeviceError
            A leaf that says what failed; the session is then closed.
        """
        timeout_s = seconds(self.device, "timeout_s", 30.0)
        connection = self._opened()

        def said() -> str:
            return str(
                connection.send_command(
                    line, expect_string=end.pattern, read_timeout=timeout_s,
                    strip_prompt=False, strip_command=False, cmd_verify=False,
                )
            )  # fmt: skip

        return self._bounded(what, timeout_s, said)

    def _bounded(self, what: str, timeout_s: float, call: Callable[[], _T]) -> _T:
        try:
            with self._deadline(timeout_s + 1):
                return call()
        except _LOST as err:
            self.close()
            raise self._lost(what, err) from err

    def close(self) -> None:
        """End the session; never raises, and takes two seconds at most."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with self._deadline(_CLOSE_S):
                try:
                    connection.paramiko_cleanup()
                except (OSError, EOFError, paramiko.SSHException) as err:
                    log.debug("%s did not close cleanly: %r", self.device.id, err)
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _lost(self, what: str, err: Exception) -> DeviceError:
        timeout_s = seconds(self.device, "timeout_s", 30.0)
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
        self.socket = self._dialled(timeout_s)
        expired = threading.Event()
        try:
            with self._deadline(timeout_s, expired):
                self._connection = ConnectHandler(
                    device_type=self._device_type,
                    host=device.host, port=device.port, username=device.username,
                    password=password, use_keys=False, pkey=key, allow_agent=False,
                    ssh_strict=True, system_host_keys=False,
                    alt_host_keys=True, alt_key_file=str(hosts),
                    disabled_algorithms=disabled, sock=self.socket,
                    conn_timeout=timeout_s, auth_timeout=timeout_s, banner_timeout=timeout_s,
                    # Its own waits for the prompt go on after the connection is gone.
                    blocking_timeout=timeout_s, read_timeout_override=timeout_s,
                )  # fmt: skip
        except (*_LOST, ValueError) as err:
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
        sock = self.socket

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


def _read_until(connection: Any, end: re.Pattern[str], timeout_s: float) -> str:  # noqa: ANN401
    """Read until a pattern stands at the end; netmiko's own way notices no lost session."""
    end_s = time.monotonic() + timeout_s
    output = ""
    while True:
        new = _read(connection)
        output += new
        if new and end.search(last_line(output)):
            return output
        if not new:
            if connection.remote_conn.closed or connection.remote_conn.eof_received:
                raise EOFError
            if time.monotonic() >= end_s:
                raise ReadTimeout("no end of the answer")
            time.sleep(_POLL_S)
        elif len(output) > _MOST_TEXT or time.monotonic() >= end_s:
            raise ReadTimeout("no end of the answer")


def last_line(output: str) -> str:
    """Return the last line of what was read, or its end if it is longer than any prompt."""
    tail = output[-_TAIL:]
    line = tail[tail.rfind("\n") + 1 :]
    # What is cut off must not look like the beginning of the line.
    return line if len(line) < _TAIL else f"\0{line}"


def _read(connection: Any) -> str:  # noqa: ANN401
    return str(connection.read_channel()).replace("\r", "")


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError as err:
        log.debug("socket was closed already: %r", err)
