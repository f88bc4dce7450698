"""A terminal session on an emulated Linux host: prompt, echo, lines; no shell runs anywhere."""

from __future__ import annotations

import logging

import asyncssh

from hil.emulators.cli_host import CliHost
from hil.emulators.device import DeviceDied, EmulatedDevice

__all__ = ["CliFace", "CliSession"]

log = logging.getLogger(__name__)

_MAX_LINE_BYTES = 64 * 1024


class CliFace:
    """Gives each SSH channel of a host its terminal.

    Parameters
    ----------
    device : EmulatedDevice
        The host.
    """

    def __init__(self, device: EmulatedDevice) -> None:
        self.device = device
        self.host = CliHost(device)

    def open_session(self, username: str) -> CliSession:
        """Make the session for a new channel."""
        return CliSession(self.host, username)

    def power_loss(self) -> None:
        """Lose what a restart loses: files in memory."""
        self.host.power_loss()

    def power_up(self, *, has_new_storage: bool) -> None:
        """Start again from what is stored."""
        self.host.power_up(has_new_storage=has_new_storage)


class CliSession(asyncssh.SSHServerSession[bytes]):
    """One terminal.

    Parameters
    ----------
    host : CliHost
        Runs the lines.
    username : str
        Who logged in.
    """

    def __init__(self, host: CliHost, username: str) -> None:
        self._host = host
        self._shell = host.shell()
        self._prompt = f"{username}@{host.device.id}:~$ "
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._buffer = bytearray()
        self._has_terminal = False

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """Keep the channel."""
        self._channel = chan

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: object
    ) -> bool:
        """Accept a terminal: it echoes."""
        self._has_terminal = True
        return True

    def shell_requested(self) -> bool:
        """Accept an interactive session."""
        return True

    def session_started(self) -> None:
        """Show the prompt."""
        self._write(self._prompt)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Take bytes in and run every line that is complete."""
        self._buffer += data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if len(self._buffer) > _MAX_LINE_BYTES:
            self._abort()
            return
        try:
            while (end := self._buffer.find(b"\n")) >= 0:
                line = self._buffer[:end].decode("utf-8", "replace")
                del self._buffer[: end + 1]
                if not self._run(line):
                    return
        except DeviceDied as err:
            log.info("%s", err)

    def eof_received(self) -> bool:
        """End the session when the peer has nothing more to say."""
        return False

    def _run(self, line: str) -> bool:
        if self._has_terminal:
            self._write(f"{line}\n")
        if line.strip() in ("exit", "logout"):
            if self._channel is not None:
                self._channel.exit(0)
            return False
        output = self._shell.run(line)
        self._write(output + self._prompt)
        return True

    def _write(self, text: str) -> None:
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write(text.replace("\n", "\r\n").encode())

    def _abort(self) -> None:
        if self._channel is not None:
            self._channel.abort()
