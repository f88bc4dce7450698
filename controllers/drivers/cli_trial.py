"""Drives a Huawei device with VRP8: a candidate of the session, a trial run, commit or abort.

References
----------
.. [1] Huawei NetEngine 8000 F1A command reference: commit, abort trial, configuration exclusive,
   display configuration candidate.
"""

from __future__ import annotations

import logging
import math
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
from controllers.ports import Device, DeviceClass
from controllers.profiles import Profile, option
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceConflict,
    DeviceError,
    DeviceRefused,
    DeviceUnreachable,
    EvidenceMismatch,
)

__all__ = ["TrialDriver"]

log = logging.getLogger(__name__)

_MERGED = "display configuration candidate merge"
_DROP = "clear configuration candidate"


class TrialDriver:
    """One VRP8 device of class C: it takes a trial run back unless it is committed in time.

    Parameters
    ----------
    device : Device
        The inventory entry; options ``timeout_s`` (one command, 30 s by default),
        ``connect_timeout_s`` (15 s), ``error_pattern`` and ``shortest_trial_s`` of the profile.
    profile : Profile
        A CLI profile of the dialect ``vrp8``.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        self.device = device
        self.device_class = DeviceClass.C
        self._values = CliValues(device, profile)
        self._dialect = DIALECTS[profile.dialect]
        self._shortest_s = int(option(profile, device, "shortest_trial_s"))
        self.session = CliSession(device, profile.device_type)
        self.terminal = Terminal(self.session, self._dialect)
        self._wanted: dict[str, str] = {}
        self._has_candidate = self._is_armed = self._awaits_commit = False

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes; one the device does not show is left out.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        return read_values(self.terminal, self._values, paths)

    def lock(self) -> None:
        """Lock the configuration.

        Raises
        ------
        DeviceLocked
            Somebody else has it; who is named.
        DeviceError
            Another leaf that says what failed.
        """
        with_lock(self.terminal)

    def unlock(self) -> None:
        """Leave the configuration and give the lock back; a lost session has done both."""
        try:
            self._leave()
        except DeviceError as err:
            log.warning("%s", err, extra={"device": self.device.id})
        without_lock(self.terminal)

    def write(self, changes: Mapping[str, Value]) -> None:
        """Refuse: what counts at once cannot be taken back.

        Raises
        ------
        DeviceRefused
            Always.
        """
        raise DeviceRefused(self.device.id, "cannot write: it is of class C, prepare and commit")

    def prepare(self, changes: Mapping[str, Value]) -> None:
        """Edit the candidate and read it back; after an error it is dropped.

        Raises
        ------
        DeviceConflict
            The candidate is not what running and our lines make, or somebody has committed what
            is not stored; nothing is committed.
        DeviceRefused
            A line was refused, or the device is not in two-stage mode.
        DeviceError
            Another leaf that says what failed.
        """
        texts = self._values.encoded(changes)
        typeable(self.device.id, texts, self._dialect)
        items = [self._values.item(path) for path in texts]
        running = self._config(self._dialect.running)
        refuse_unsaved(self.terminal, running, items, texts)
        lines = lines_towards(running, texts, items, self._dialect.negation)
        self._awaits_commit = True
        try:
            self._enter()
            for section, line in lines:
                if section:
                    self.terminal.order(f"enter {section!r}", section)
                self.terminal.order(f"line {line!r}", line)
            self._check_candidate(running, texts)
        except DeviceUnreachable:
            raise
        except DeviceError:
            self.discard()
            raise
        self._wanted, self._has_candidate = texts, bool(lines)

    def _enter(self) -> None:
        self.terminal.order("enter the configuration", self._dialect.enter)
        mark = self.terminal.prompt[1:2]
        if mark == "*":
            raise DeviceConflict(
                self.device.id,
                "its candidate holds changes that are not committed and not ours; commit or clear "
                "them on the device first",
            )
        if mark != "~":
            raise DeviceRefused(
                self.device.id,
                f"prompt {self.terminal.prompt!r} is not of the two-stage mode; change the mode, "
                "or give the device profile huawei-vrp5-switch",
            )

    def _check_candidate(self, running: Config, texts: Mapping[str, str]) -> None:
        merged = self._config(_MERGED)
        items = [self._values.item(path) for path in texts]
        found = texts_in(merged, items)
        wrong = [path for path, text in texts.items() if found.get(path) != text]
        if wrong:
            raise EvidenceMismatch(
                self.device.id, f"its candidate does not show {', '.join(wrong)} as written"
            )
        foreign = foreign_lines(running, items) ^ foreign_lines(merged, items)
        if foreign:
            raise DeviceConflict(
                self.device.id,
                f"its candidate differs from running in {len(foreign)} lines that are not ours",
            )

    def commit(self, *, confirm_timeout_s: float | None, persist_id: str | None) -> None:
        """Commit what was prepared in this session, as a trial run if a time is given.

        Parameters
        ----------
        confirm_timeout_s : float or None
            The device reverts after this time unless committed; None commits for good. [s]
        persist_id : str or None
            Not used: the trial run belongs to this session.

        Raises
        ------
        DeviceUnreachable
            The session that prepared is gone, and the candidate with it; nothing was committed.
        DeviceRefused
            The device refuses, the time is too short, or a trial run is to be prolonged.
        DeviceError
            Another leaf that says what failed.
        """
        if not self._awaits_commit:
            raise DeviceRefused(
                self.device.id, "a trial run cannot be prolonged; give one window for all"
            )
        if not self.session.is_open:
            raise DeviceUnreachable(
                self.device.id, "the session that prepared the change is gone; prepare again"
            )
        line = self._commit_line(confirm_timeout_s)
        self._awaits_commit = False
        if not self._has_candidate:
            if confirm_timeout_s is None:
                self._settle()  # the values are there; that they are stored too is not known
            return
        said = self.terminal.order("commit", line)
        self._has_candidate = False
        if confirm_timeout_s is None:
            self._settle()
        elif "trial" not in said.lower():
            self.cancel("")
            raise DeviceRefused(self.device.id, f"commit: no trial run began: {said.strip()!r}")
        else:
            self._is_armed = True

    def _commit_line(self, timeout_s: float | None) -> str:
        if timeout_s is None:
            return "commit"
        if timeout_s < self._shortest_s:
            raise DeviceRefused(
                self.device.id,
                f"a trial run of {timeout_s:g} s is too short for it; confirm after "
                f"{self._shortest_s} s or more",
            )
        return f"commit trial {math.ceil(timeout_s)}"

    def confirm(self, persist_id: str) -> None:
        """Make the trial run permanent and store it.

        Raises
        ------
        DeviceRefused
            The session of the trial run is gone: the device has reverted.
        EvidenceMismatch
            The values are not those of the trial run: it has expired meanwhile.
        DeviceError
            Another leaf that says what failed.
        """
        if self._wanted and not self.session.is_open:
            raise DeviceRefused(
                self.device.id, "the session of the trial run is gone: the device has reverted"
            )
        if self._is_armed:
            self.terminal.order("confirm", "commit")
            self._is_armed = False
            self._settle()

    def _settle(self) -> None:
        """See that what was committed is there, and store it."""
        items = [self._values.item(path) for path in self._wanted]
        found = texts_in(self._config(self._dialect.running), items)
        wrong = [path for path, text in self._wanted.items() if found.get(path) != text]
        self._leave()
        if wrong:
            raise EvidenceMismatch(
                self.device.id,
                f"after the commit {', '.join(wrong)} read back otherwise: the trial run has "
                "expired, or the device only says yes",
            )
        save(self.terminal)
        log.info("committed %d values", len(self._wanted), extra={"device": self.device.id})

    def cancel(self, persist_id: str) -> None:
        """Abort the trial run; none is no error, and that of a lost session ends with it.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        if not (self.session.is_open and self._is_armed):
            self.terminal.order("enter the configuration", self._dialect.enter)
        self._is_armed = False
        refusal = self.terminal.refusal_in(self.terminal.ask("abort the trial run", "abort trial"))
        if refusal:
            log.info("no trial run: %s", refusal, extra={"device": self.device.id})
        self._leave()

    def discard(self) -> None:
        """Throw away what was prepared; the candidate of a lost session is gone already.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        self._has_candidate = self._awaits_commit = False
        if self.session.is_open and self.terminal.prompt.startswith("["):
            self.terminal.ask("drop the candidate", _DROP)
            self._leave()

    def close(self) -> None:
        """End the session; never raises, and takes two seconds at most."""
        self.session.close()

    def _leave(self) -> None:
        """Go back to the user view; a question about what is not committed is answered no."""
        if self.session.is_open and self.terminal.prompt.startswith("["):
            self.terminal.ask("leave the configuration", self._dialect.leave)

    def _config(self, line: str) -> Config:
        return parsed_config(self.terminal.order("read the configuration", line))
