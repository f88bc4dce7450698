"""An emulated Linux host: a key=value file, a reload command, and what it says of itself."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator, MutableMapping

from controllers.profiles import CliItem, cli_items, load_profile, option
from hil.emulators.cli_lines import shown
from hil.emulators.cli_shell import CommandResult, Shell
from hil.emulators.device import DeviceDied, EmulatedDevice
from twin.model.attributes import Value, check_value
from twin.model.errors import ModelError

__all__ = ["CliHost"]

log = logging.getLogger(__name__)

_MAX_FILES = 64
_MAX_FILE_BYTES = 256 * 1024


class CliHost:
    """Files and daemon of one emulated host.

    The file shows the world's values; once written it shows what was written, until the reload
    command makes the daemon take it over.

    Parameters
    ----------
    device : EmulatedDevice
        The host.
    """

    def __init__(self, device: EmulatedDevice) -> None:
        self.device = device
        profile = load_profile(device.entry.profile)
        known = set(device.paths())
        items = [item for item in cli_items(profile, device.entry) if item.path in known]
        self._keys = {item.key: item for item in items if item.key}
        self._answers: dict[tuple[str, ...], list[CliItem]] = {}
        for item in items:
            if item.command:
                self._answers.setdefault(tuple(shlex.split(item.command)), []).append(item)
        self.path = option(profile, device.entry, "file")
        self._reload = shlex.split(option(profile, device.entry, "reload"))
        self._layout = "".join(f"{key}=\n" for key in self._keys)
        self._pending: str | None = None
        self.files: dict[str, str] = {}

    def shell(self) -> Shell:
        """Make the shell of a new session."""
        return Shell(_Files(self), self._own_command)

    def read_file(self) -> str:
        """Return the text of the configuration file."""
        return self._shown() if self._pending is None else self._pending

    def write_file(self, text: str) -> None:
        """Write the configuration file, which the daemon has yet to read.

        Raises
        ------
        DeviceDied
            A stored fault names ``write``.
        """
        try:
            self.device.meet("write")
        except DeviceDied as died:
            if died.when == "half":
                lines = text.splitlines(keepends=True)
                self._pending = "".join(lines[: len(lines) // 2])
            elif died.when == "after":
                self._pending = text
            raise
        self._pending = text

    def reload(self) -> CommandResult:
        """Let the daemon take the file over; a file it refuses changes nothing.

        Raises
        ------
        DeviceDied
            A stored fault names ``reload``.
        """
        text = self.read_file()
        try:
            changes = dict(self._parsed(text))
            self.device.write("reload", changes)
        except ModelError as err:
            return CommandResult(status=1, error=f"{self.path}: {err}\n")
        self._layout, self._pending = text, None
        return CommandResult()

    def power_loss(self) -> None:
        """Lose files in memory; the configuration file is stored."""
        self.files.clear()

    def power_up(self, *, has_new_storage: bool) -> None:
        """Start the daemon from its file, unless the storage was exchanged."""
        text, self._pending = self._pending, None
        if has_new_storage or text is None:
            return
        try:
            self.device.world.write(self.device.id, dict(self._parsed(text)))
            self._layout = text
        except ModelError as err:
            log.info("%s: starts with its last good values: %s", self.device.id, err)

    def _parsed(self, text: str) -> Iterator[tuple[str, Value]]:
        for line in text.splitlines():
            key, sign, value = line.partition("=")
            item = self._keys.get(key.strip())
            if sign and item is not None and item.is_writable:
                yield item.path, check_value(self.device.kind, item.path, item.decode(value))

    def _shown(self) -> str:
        lines = []
        for line in self._layout.splitlines():
            key, sign, _ = line.partition("=")
            item = self._keys.get(key.strip())
            lines.append(f"{key}={self._text(item)}" if sign and item else line)
        return "".join(f"{line}\n" for line in lines)

    def _text(self, item: CliItem) -> str:
        return item.encode(self.device.read(item.path))

    def _own_command(self, words: list[str]) -> CommandResult | None:
        if words == self._reload:
            return self.reload()
        items = self._answers.get(tuple(words))
        if items is not None:
            self.device.meet("get")
            if items[0].output:
                values = {item.path: self.device.read(item.path) for item in items}
                return CommandResult(shown(items, values))
            return CommandResult(f"{self._text(items[0])}\n")
        if words in (["hostname"], ["uname", "-n"]):
            return CommandResult(f"{self.device.id}\n")
        return None


class _Files(MutableMapping[str, str]):
    """Files of a host: the configuration file, the uptime, and a few in memory."""

    def __init__(self, host: CliHost) -> None:
        self._host = host

    def __getitem__(self, path: str) -> str:
        if path == self._host.path:
            self._host.device.meet("get")
            return self._host.read_file()
        if path == "/proc/uptime":
            return f"{self._host.device.uptime_s:.2f} 0.00\n"
        return self._host.files[path]

    def __setitem__(self, path: str, text: str) -> None:
        if len(text) > _MAX_FILE_BYTES or len(self._host.files) >= _MAX_FILES:
            return
        if path == self._host.path:
            self._host.write_file(text)
        else:
            self._host.files[path] = text

    def __delitem__(self, path: str) -> None:
        if path == self._host.path:
            self._host.write_file("")
        else:
            del self._host.files[path]

    def __iter__(self) -> Iterator[str]:
        return iter((self._host.path, "/proc/uptime", *self._host.files))

    def __len__(self) -> int:
        return 2 + len(self._host.files)
