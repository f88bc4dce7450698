"""Drives a Linux host over SSH: a key=value file that is replaced as a whole, and a reload."""

from __future__ import annotations

import base64
import binascii
import logging
import shlex
from collections.abc import Collection, Mapping

from controllers.drivers.cli_session import CliSession
from controllers.drivers.cli_shell import exit_and_output
from controllers.drivers.cli_values import CliValues
from controllers.drivers.keyfile import merged, parsed
from controllers.drivers.plain import PlainDriver
from controllers.ports import Device
from controllers.profiles import CliItem, Profile, option
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceConflict,
    DeviceError,
    DeviceRefused,
    DeviceTimeout,
    EvidenceMismatch,
    ModelError,
)

__all__ = ["FileDriver"]

log = logging.getLogger(__name__)

_PIECE = 2000
"""Longest piece of text in one command: a terminal in canonical mode drops what is over 4,095."""

_CHANGED = 79
"""Exit code of our own script: the file is no longer the one that was read."""

_NOT_OURS = 80
"""Exit code of our own script: the copy could not take over the owner of the file."""


class FileDriver(PlainDriver):
    """One host over its shell; it has no transaction, so it is of class A.

    Parameters
    ----------
    device : Device
        The inventory entry; options ``file`` and ``reload`` of the profile, ``timeout_s`` (one
        operation, 30 s by default) and ``connect_timeout_s`` (15 s).
    profile : Profile
        A CLI profile of the dialect ``file``.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        super().__init__(device)
        self.session = CliSession(device, profile.device_type)
        self._values = CliValues(device, profile)
        self._file = option(profile, device, "file")
        self._reload = option(profile, device, "reload")

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes; a key the file does not have is left out.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        items = self._values.wanted(paths)
        text = self._read_file()[0] if any(item.key for item in items) else ""
        values: dict[str, Value] = {}
        for item in items:
            found = self._found(item, text)
            if found is not None:
                values[item.path] = self._values.decoded(item, found)
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
        texts = self._values.encoded(changes)
        wanted = {self._values.item(path).key: text for path, text in texts.items()}
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
        self.session.close()

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
            return item.text_of_output(self._run(f"read {item.path}", item.command))
        try:
            return parsed(text).get(item.key, item.absent)
        except ModelError as err:
            raise DeviceRefused(self.device.id, f"{self._file}: {err}") from err

    def _run(self, what: str, command: str) -> str:
        """Run one command and return its output; an exit code other than 0 is an error."""
        code, output = exit_and_output(self.session, what, command)
        self._check_exit(what, code, output)
        return output

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
