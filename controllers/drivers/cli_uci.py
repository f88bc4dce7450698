"""Drives an OpenWrt device: options of uci, staged and committed, with a timer where rpcd is.

References
----------
.. [1] OpenWrt, "UCI (Unified Configuration Interface)".
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Collection, Iterable, Mapping

from controllers.drivers.cli_rpcd import Rpcd
from controllers.drivers.cli_session import CliSession
from controllers.drivers.cli_shell import exit_and_output, output_of
from controllers.drivers.cli_values import CliValues
from controllers.drivers.uci_text import options_of, staged_of
from controllers.ports import Device, DeviceClass
from controllers.profiles import CliItem, Profile, option
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceConflict,
    DeviceError,
    DeviceRefused,
    DeviceUnreachable,
    EvidenceMismatch,
    ModelError,
)

__all__ = ["UciDriver"]

log = logging.getLogger(__name__)

_FOR_GOOD_S = 30.0
"""Time of an apply that is confirmed at once. One without a time is not an option: while another
waits for its confirmation rpcd ignores it, says yes, and loses the way back of the other. [s]"""

_CHANGED = 79
"""Exit code of our own script: what is staged is no longer what we have staged."""


class UciDriver:
    """One OpenWrt device: class C where rpcd can take an apply back, else class B.

    Parameters
    ----------
    device : Device
        The inventory entry; options ``reload`` and ``rpcd`` of the profile, ``timeout_s`` (one
        command, 30 s by default) and ``connect_timeout_s`` (15 s). The login is root's, as uci is.
    profile : Profile
        A CLI profile of the dialect ``uci``.

    Attributes
    ----------
    device_class : DeviceClass
        Class of the profile; once connected, what the device really can.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        self.device = device
        self.device_class = profile.device_class
        self._planned_class = self.device_class
        self.session = CliSession(device, profile.device_type)
        self._values = CliValues(device, profile)
        self._reload = option(profile, device, "reload")
        self._rpcd = Rpcd(self.session)
        self._staged: dict[str, str] = {}
        self._wanted: dict[str, str] = {}
        self._is_known = self._awaits_commit = False

    # --- reading -------------------------------------------------------------------------------

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes from the committed files and from commands.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        self._ask_class()
        items = self._values.wanted(paths)
        options = self._committed(item.key for item in items if item.key)
        values: dict[str, Value] = {}
        outputs: dict[str, str] = {}
        for item in items:
            text = options.get(item.key, item.absent)
            if item.command:
                text = self._told(item, outputs)
            if text is not None:
                values[item.path] = self._values.decoded(item, text)
        return values

    def _told(self, item: CliItem, outputs: dict[str, str]) -> str | None:
        if item.command not in outputs:
            outputs[item.command] = output_of(self.session, f"read {item.path}", item.command)
        return item.text_of_output(outputs[item.command])

    def _committed(self, keys: Iterable[str]) -> dict[str, str]:
        """Read the files themselves: ``uci show`` would show what anybody has staged."""
        found: dict[str, str] = {}
        for package in sorted({key.partition(".")[0] for key in keys}):
            name = f"/etc/config/{package}"
            text = output_of(self.session, f"read {name}", f"cat {shlex.quote(name)}")
            try:
                found |= options_of(package, text)
            except ModelError as err:
                raise DeviceRefused(self.device.id, str(err)) from err
        return found

    def _ask_class(self) -> None:
        if not self._is_known and self.device_class is DeviceClass.C:
            if not self._rpcd.is_there():
                self.device_class = DeviceClass.B
            self._is_known = True

    # --- changing ------------------------------------------------------------------------------

    def lock(self) -> None:
        """Lock nothing, uci has no lock; but see that there is a timer if one is counted on.

        Raises
        ------
        DeviceRefused
            The inventory says that it has rpcd, and it has none.
        DeviceError
            Another leaf that says what failed.
        """
        self._ask_class()
        if self.device_class is not self._planned_class:
            raise DeviceRefused(
                self.device.id,
                'has no rpcd and cannot take a change back by itself; add options: {rpcd: "no"} '
                "to its inventory entry and plan again",
            )

    def unlock(self) -> None:
        """Do nothing."""

    def write(self, changes: Mapping[str, Value]) -> None:
        """Refuse: what is staged first can be thrown away.

        Raises
        ------
        DeviceRefused
            Always.
        """
        raise DeviceRefused(
            self.device.id, f"cannot write: it is of class {self.device_class}, prepare and commit"
        )

    def prepare(self, changes: Mapping[str, Value]) -> None:
        """Stage the options that differ and read back what is staged.

        Raises
        ------
        DeviceConflict
            Somebody else has staged changes; nothing was staged.
        DeviceRefused
            An option was refused; nothing stays staged.
        DeviceError
            Another leaf that says what failed.
        """
        self._ask_class()
        texts = {self._values.item(path).key: text
                 for path, text in self._values.encoded(changes).items()}  # fmt: skip
        foreign = staged_of(output_of(self.session, "see what is staged", "uci changes"))
        if foreign:
            raise DeviceConflict(
                self.device.id,
                f"somebody has staged {len(foreign)} changes ({next(iter(foreign))}, ...); commit "
                "or revert them on the device first",
            )
        committed = self._committed(texts)
        absent = {item.key: item.absent for item in self._values.wanted(changes)}
        self._wanted = texts
        self._awaits_commit = True
        new = {key: t for key, t in texts.items() if committed.get(key, absent[key]) != t}
        try:
            self._stage(new)
        except DeviceUnreachable:
            raise
        except DeviceError:
            self.discard()
            raise

    def _stage(self, changes: Mapping[str, str]) -> None:
        self._staged = dict(changes)
        if not changes:
            return
        if self.device_class is DeviceClass.C:
            self._rpcd.stage(changes)
            return
        for key, text in changes.items():
            output_of(self.session, f"uci set {key}", f"uci set {shlex.quote(f'{key}={text}')}")
        staged = staged_of(output_of(self.session, "see what is staged", "uci changes"))
        if staged != self._staged:
            raise DeviceConflict(
                self.device.id, "what uci has staged is not what was sent, or not by us alone"
            )

    def commit(self, *, confirm_timeout_s: float | None, persist_id: str | None) -> None:
        """Commit and activate what was staged; with a time rpcd takes it back by itself.

        Parameters
        ----------
        confirm_timeout_s : float or None
            Class C: the device reverts after this time unless confirmed. [s]
        persist_id : str or None
            Not used: the session on rpcd stands for it.

        Raises
        ------
        DeviceUnreachable
            The session that staged is gone; nothing was committed.
        DeviceConflict
            Somebody else has staged changes meanwhile; nothing was committed.
        DeviceRefused
            The device refuses, or a time is given to a device of class B or once more.
        EvidenceMismatch
            The files do not read back as committed.
        DeviceError
            Another leaf that says what failed.
        """
        if not self._awaits_commit:
            raise DeviceRefused(
                self.device.id, "a pending apply cannot be prolonged; give one window for all"
            )
        if not self.session.is_open:
            raise DeviceUnreachable(
                self.device.id, "the session that staged the change is gone; prepare again"
            )
        if confirm_timeout_s is not None and self.device_class is not DeviceClass.C:
            raise DeviceRefused(self.device.id, "cannot take a commit back by itself: no rpcd")
        self._awaits_commit = False
        staged, self._staged = self._staged, {}
        if not staged:
            return
        if self.device_class is DeviceClass.B:
            self._commit_staged(staged)
            self._check()
            return
        self._rpcd.apply(confirm_timeout_s or _FOR_GOOD_S)
        if confirm_timeout_s is None:
            self.confirm("")

    def _commit_staged(self, staged: Mapping[str, str]) -> None:
        """Commit only if nothing but ours is staged, in one line of the shell."""
        packages = sorted({shlex.quote(key.partition(".")[0]) for key in staged})
        commits = " && ".join(f"uci commit {package}" for package in packages)
        seen = output_of(self.session, "see what is staged", "uci changes | cksum")
        if staged_of(output_of(self.session, "see what is staged", "uci changes")) != staged:
            self._revert(staged)
            raise self._meanwhile()
        line = (
            f'if [ "$(uci changes | cksum)" = {shlex.quote(" ".join(seen.split()))} ]; then '
            f"{commits}; else ( exit {_CHANGED} ); fi"
        )
        code, output = exit_and_output(self.session, "uci commit", f"( {line} )")
        if code:
            self._revert(staged)
            if code == _CHANGED:
                raise self._meanwhile()
            said = " ".join(output.split())[-200:]
            raise DeviceRefused(self.device.id, f"uci commit failed with exit code {code}: {said}")
        output_of(self.session, "reload", f"( {self._reload} )")

    def _meanwhile(self) -> DeviceConflict:
        return DeviceConflict(
            self.device.id, "somebody else has staged changes meanwhile; nothing was committed"
        )

    def _revert(self, staged: Mapping[str, str]) -> None:
        for key in staged:
            output_of(self.session, f"uci revert {key}", f"uci revert {shlex.quote(key)}")

    def _check(self) -> None:
        committed = self._committed(self._wanted)
        absent = {self._values.item(p).key: self._values.item(p).absent for p in self._paths()}
        wrong = [key for key, text in self._wanted.items()
                 if committed.get(key, absent.get(key)) != text]  # fmt: skip
        if wrong:
            raise EvidenceMismatch(
                self.device.id, f"after the commit {', '.join(wrong)} read back otherwise"
            )
        log.info("committed %d values", len(self._wanted), extra={"device": self.device.id})

    def _paths(self) -> list[str]:
        return [item.path for item in self._values.wanted(None)]

    def confirm(self, persist_id: str) -> None:
        """Make a timed apply permanent.

        Raises
        ------
        DeviceRefused
            Nothing is pending: the device has reverted, or it is of class B.
        EvidenceMismatch
            The files do not read back as applied.
        DeviceError
            Another leaf that says what failed.
        """
        if not self._wanted:
            raise DeviceRefused(self.device.id, "nothing of ours is pending on it")
        self._check()
        if self._rpcd.is_armed:
            self._rpcd.confirm()

    def cancel(self, persist_id: str) -> None:
        """Take back a timed apply; none is no error.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        self._ask_class()
        if self.device_class is DeviceClass.C:
            self._rpcd.cancel()

    def discard(self) -> None:
        """Throw away what was staged; that of others stays.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        staged, self._staged = self._staged, {}
        self._awaits_commit = False
        if not self.session.is_open:
            return
        if self.device_class is DeviceClass.C:
            self._rpcd.drop()
        else:
            self._revert(staged)

    def close(self) -> None:
        """End the session; never raises, and takes two seconds at most."""
        self.session.close()
