"""A terminal session on an emulated device: prompt, echo, pages, lines; no shell runs anywhere."""

from __future__ import annotations

import logging
from typing import Protocol

import asyncssh

from controllers.profiles import load_profile
from hil.emulators.cli_host import CliHost
from hil.emulators.cli_openwrt import OpenWrt
from hil.emulators.cli_router import Router
from hil.emulators.cli_vrp import VrpShell
from hil.emulators.cli_vtysh import VtyshShell
from hil.emulators.device import DeviceDied, EmulatedDevice

__all__ = ["CliFace", "CliSession", "LineShell"]

log = logging.getLogger(__name__)

_MAX_LINE_BYTES = 64 * 1024
_MORE = "  ---- More ----"
_WIPED = "\x1b[42D" + " " * 42 + "\x1b[42D"


class LineShell(Protocol):
    """What runs the lines of one session.

    Attributes
    ----------
    page_lines : int
        Lines of a page; 0 never stops.
    """

    page_lines: int

    @property
    def prompt(self) -> str:
        """What the terminal shows before the next line."""

    def run(self, line: str) -> str | None:
        """Run one line and return what it prints; None ends the session."""

    def end(self) -> None:
        """Do what the end of the session brings."""


class _HostShell:
    """The shell of a Linux host behind the interface of a terminal."""

    page_lines = 0

    def __init__(self, host: CliHost | OpenWrt, username: str) -> None:
        self._shell = host.shell()
        self.prompt = f"{username}@{host.device.id}:~$ "

    def run(self, line: str) -> str | None:
        return None if line.strip() in ("exit", "logout") else self._shell.run(line)

    def end(self) -> None:
        """Nothing hangs on the session."""


class CliFace:
    """Gives each SSH channel of a device its terminal.

    Parameters
    ----------
    device : EmulatedDevice
        The device; the dialect of its profile says how it speaks.
    """

    def __init__(self, device: EmulatedDevice) -> None:
        self.device = device
        self._dialect = load_profile(device.entry.profile).dialect
        self.host: CliHost | OpenWrt | Router
        if self._dialect in ("vtysh", "vrp5", "vrp8"):
            self.host = Router(device, "no" if self._dialect == "vtysh" else "undo")
        elif self._dialect == "uci":
            self.host = OpenWrt(device)
        else:
            self.host = CliHost(device)

    def open_session(self, username: str) -> CliSession:
        """Make the session for a new channel."""
        return CliSession(self._shell(username))

    def _shell(self, username: str) -> LineShell:
        if isinstance(self.host, CliHost | OpenWrt):
            return _HostShell(self.host, username)
        if self._dialect == "vtysh":
            return VtyshShell(self.host)
        return VrpShell(self.host, username, has_candidate=self._dialect == "vrp8")

    def power_loss(self) -> None:
        """Lose what a restart loses."""
        self.host.power_loss()

    def power_up(self, *, has_new_storage: bool) -> None:
        """Start again from what is stored."""
        self.host.power_up(has_new_storage=has_new_storage)


class CliSession(asyncssh.SSHServerSession[bytes]):
    """One terminal.

    Parameters
    ----------
    shell : LineShell
        Runs the lines.
    """

    def __init__(self, shell: LineShell) -> None:
        self._shell = shell
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._buffer = bytearray()
        self._pages: list[str] = []
        self._has_terminal = False

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """Keep the channel."""
        self._channel = chan

    def connection_lost(self, exc: Exception | None) -> None:
        """End what hangs on the session."""
        self._shell.end()

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
        self._write(self._shell.prompt)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Take bytes in and run every line that is complete."""
        self._buffer += data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if len(self._buffer) > _MAX_LINE_BYTES:
            self._abort()
            return
        try:
            while self._take():
                pass
        except DeviceDied as err:
            log.info("%s", err)

    def eof_received(self) -> bool:
        """End the session when the peer has nothing more to say."""
        return False

    def _take(self) -> bool:
        """Take a key that turns a page, or a line; False if there is none yet, or the end."""
        if self._pages and self._buffer:
            key = self._buffer.pop(0)
            self._write(_WIPED)
            self._turn(is_quit=key in b"qQ\x03")
            return True
        end = self._buffer.find(b"\n")
        if end < 0:
            return False
        line = self._buffer[:end].decode("utf-8", "replace")
        del self._buffer[: end + 1]
        return self._run(line)

    def _run(self, line: str) -> bool:
        if self._has_terminal:
            self._write(f"{line}\n")
        output = self._shell.run(line)
        if output is None:
            if self._channel is not None:
                self._channel.exit(0)
            return False
        n_lines = self._shell.page_lines
        lines = output.splitlines(keepends=True)
        if self._has_terminal and 0 < n_lines < len(lines):
            self._pages = ["".join(lines[i : i + n_lines]) for i in range(0, len(lines), n_lines)]
            self._turn(is_quit=False)
        else:
            self._write(output + self._shell.prompt)
        return True

    def _turn(self, *, is_quit: bool) -> None:
        page = "" if is_quit else self._pages.pop(0)
        if is_quit:
            self._pages.clear()
        self._write(page + (_MORE if self._pages else self._shell.prompt))

    def _write(self, text: str) -> None:
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write(text.replace("\n", "\r\n").encode())

    def _abort(self) -> None:
        if self._channel is not None:
            self._channel.abort()
