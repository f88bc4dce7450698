"""Drives a router whose lines count at once: FRR's vtysh, Huawei VRP5. Stored undo, then save."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping

from controllers.drivers.cli_config import (
    Config,
    foreign_lines,
    lines_towards,
    parsed_config,
    texts_in,
)
from controllers.drivers.cli_dialects import DIALECTS
from controllers.drivers.cli_session import CliSession
from controllers.drivers.cli_terminal import Terminal
from controllers.drivers.cli_values import CliValues
from controllers.drivers.cli_view import (
    read_values,
    refuse_unsaved,
    save,
    typeable,
    with_lock,
    without_lock,
)
from controllers.drivers.plain import PlainDriver
from controllers.ports import Device
from controllers.profiles import CliItem, Profile
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceConflict,
    DeviceError,
    DeviceRefused,
    DeviceUnreachable,
    EvidenceMismatch,
)

__all__ = ["ImmediateDriver"]

log = logging.getLogger(__name__)


class ImmediateDriver(PlainDriver):
    """One router or switch of class A.

    Every line is checked. After a line that is refused, what the lines before it did is taken
    back by the values that were read before the first, and nothing is stored.

    Parameters
    ----------
    device : Device
        The inventory entry; options ``timeout_s`` (one command, 30 s by default),
        ``connect_timeout_s`` (15 s) and ``error_pattern``, a regular expression for refusals that
        the dialect does not know.
    profile : Profile
        A CLI profile of the dialect ``vtysh`` or ``vrp5``.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        super().__init__(device)
        self._values = CliValues(device, profile)
        self._dialect = DIALECTS[profile.dialect]
        self.session = CliSession(device, profile.device_type)
        self.terminal = Terminal(self.session, self._dialect)

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes; one the device does not show is left out.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        return read_values(self.terminal, self._values, paths)

    def lock(self) -> None:
        """Lock the configuration, where the device has a lock.

        Raises
        ------
        DeviceLocked
            Somebody else has it.
        DeviceError
            Another leaf that says what failed.
        """
        with_lock(self.terminal)

    def unlock(self) -> None:
        """Give the lock back; a lost session has given it back already."""
        without_lock(self.terminal)

    def write(self, changes: Mapping[str, Value]) -> None:
        """Send the lines that differ, read back, and store the configuration.

        Raises
        ------
        DeviceConflict
            Somebody else has changes that are not stored, or changed something meanwhile;
            nothing of ours stays.
        DeviceRefused
            A line was refused, or the configuration cannot be stored; nothing of ours stays.
        EvidenceMismatch
            It reads back as something else; nothing of ours stays.
        DeviceError
            Another leaf that says what failed.
        """
        if not changes:
            return
        texts = self._values.encoded(changes)
        typeable(self.device.id, texts, self._dialect)
        items = [self._values.item(path) for path in texts]
        before = self._running()
        is_stored = refuse_unsaved(self.terminal, before, items, texts)
        lines = lines_towards(before, texts, items, self._dialect.negation)
        if not lines and is_stored:
            return
        old = texts_in(before, items)
        try:
            self._send(lines)
            self._check(before, texts, items)
            save(self.terminal)
        except DeviceUnreachable:
            raise  # the outcome is unknown, and the caller reads it back
        except DeviceError as err:
            self._take_back(old, items, err)
            raise
        log.info("wrote %d values", len(changes), extra={"device": self.device.id})

    def close(self) -> None:
        """End the session; never raises, and takes two seconds at most."""
        self.session.close()

    def _running(self) -> Config:
        return parsed_config(self.terminal.order("read the configuration", self._dialect.running))

    def _send(self, lines: list[tuple[str, str]]) -> None:
        """Send lines in their sections; the first that is refused ends it."""
        if not lines:
            return
        self.terminal.order("enter the configuration", self._dialect.enter)
        try:
            here = ""
            for section, line in lines:
                if section != here:
                    self.terminal.order(f"enter {section!r}", section)
                    here = section
                self.terminal.order(f"line {line!r}", line)
        except DeviceUnreachable:
            raise
        except DeviceError:
            self._leave()
            raise
        self._leave()

    def _leave(self) -> None:
        if self.session.is_open:
            self.terminal.ask("leave the configuration", self._dialect.leave)

    def _check(self, before: Config, texts: Mapping[str, str], items: list[CliItem]) -> None:
        after = self._running()
        wrong = [path for path, text in texts.items() if texts_in(after, items).get(path) != text]
        if wrong:
            raise EvidenceMismatch(
                self.device.id, f"said yes and does not show {', '.join(wrong)} as written"
            )
        foreign = foreign_lines(before, items) ^ foreign_lines(after, items)
        if foreign:
            raise DeviceConflict(
                self.device.id,
                f"somebody else changed {len(foreign)} lines of its configuration meanwhile",
            )

    def _take_back(self, old: Mapping[str, str], items: list[CliItem], why: DeviceError) -> None:
        """Bring the old values back; if that fails the device is in between, and that is said."""
        known = [item for item in items if item.path in old]
        try:
            now = self._running()
            self._send(lines_towards(now, old, known, self._dialect.negation))
            left = [
                path for path, text in old.items() if texts_in(self._running(), known)[path] != text
            ]
        except DeviceUnreachable:
            raise
        except DeviceError as err:
            raise DeviceRefused(
                self.device.id, f"{why.reason}; the undo was refused too: {err.reason}"
            ) from why
        if left:
            raise EvidenceMismatch(
                self.device.id, f"{why.reason}; {', '.join(left)} could not be taken back"
            ) from why
