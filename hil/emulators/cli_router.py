"""State of one emulated router that its sessions share: stored configuration, lock, trial run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controllers.profiles import cli_items, load_profile
from hil.emulators.cli_lines import LineMap
from hil.emulators.datastore import Timer
from hil.emulators.device import DeviceDied, EmulatedDevice
from twin.model.attributes import Value
from twin.model.errors import ModelError

__all__ = ["Router"]

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Trial:
    """A trial run that waits for its commit."""

    backup: dict[str, Value]
    session: int
    persist: str
    timer: Timer | None = None


def _call_later(delay_s: float, call: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(delay_s, call)


class Router:
    """One emulated router or switch; its running configuration is the world's.

    Parameters
    ----------
    device : EmulatedDevice
        The device; its option ``startup_file: none`` lets it ask for a name at the first save.
    negation : str
        Word of its command line that takes a line away.
    call_later : callable
        Schedules a call after a delay. [s]
    """

    def __init__(
        self,
        device: EmulatedDevice,
        negation: str,
        call_later: Callable[[float, Callable[[], None]], Timer] = _call_later,
    ) -> None:
        self.device = device
        profile = load_profile(device.entry.profile)
        known = set(device.paths())
        items = [item for item in cli_items(profile, device.entry) if item.path in known]
        self.lines = LineMap(device.kind, items, negation)
        self.holder: tuple[int, str] | None = None
        self.has_file = device.entry.options.get("startup_file") != "none"
        self._call_later = call_later
        self._stored: dict[str, Value] | None = None
        self._trial: _Trial | None = None
        self._n_sessions = 0

    def next_session(self) -> int:
        """Give a new session its number."""
        self._n_sessions += 1
        return self._n_sessions

    def values(self) -> dict[str, Value]:
        """Return every attribute, operational ones too."""
        return {path: self.device.read(path) for path in self.device.paths()}

    def stored(self) -> dict[str, Value]:
        """Return the values that the next start begins with."""
        return self.values() | (self._stored or {})

    def write(self, operation: str, changes: Mapping[str, Value], *extra: str) -> None:
        """Change the running configuration; what is stored stays.

        Raises
        ------
        ModelError
            The world refuses.
        DeviceDied
            A stored fault names the operation.
        """
        if self._stored is None:
            self._stored = self.device.configuration()
        self.device.write(operation, changes, *extra)

    def save(self) -> None:
        """Store the running configuration."""
        self._stored = self.device.configuration()
        self.has_file = True

    def lock(self, session: int, username: str) -> bool:
        """Lock the configuration for a session; False if another has it."""
        if self.holder is not None and self.holder[0] != session:
            return False
        self.holder = (session, username)
        return True

    def is_locked_for(self, session: int) -> bool:
        """Say whether another session has the lock."""
        return self.holder is not None and self.holder[0] != session

    def unlock(self, session: int) -> bool:
        """Give a lock back; False if the session has none."""
        if self.holder is None or self.holder[0] != session:
            return False
        self.holder = None
        return True

    # --- trial runs ----------------------------------------------------------------------------

    @property
    def trial_session(self) -> int:
        """Session whose trial run waits for its commit; 0 if there is none."""
        return self._trial.session if self._trial else 0

    @property
    def trial_persist(self) -> str:
        """Persist id of that trial run; empty if it has none."""
        return self._trial.persist if self._trial else ""

    def begin_trial(
        self, session: int, changes: Mapping[str, Value], timeout_s: float, persist: str
    ) -> None:
        """Change the running configuration until it is committed or the time is over.

        Raises
        ------
        ModelError
            The world refuses.
        DeviceDied
            A stored fault names ``commit``.
        """
        backup = {path: self.device.read(path) for path in changes}
        self.write("commit", changes)
        self._trial = _Trial(backup=backup, session=session, persist=persist)
        self._trial.timer = self._call_later(timeout_s, lambda: self.abort_trial("timeout"))

    def keep_trial(self) -> None:
        """Make what is on trial permanent.

        Raises
        ------
        DeviceDied
            A stored fault names ``confirm``.
        """
        self.device.meet("confirm")
        self._stop_timer()
        self._trial = None

    def abort_trial(self, why: str) -> None:
        """Go back to the configuration before the trial run."""
        trial = self._trial
        if trial is None:
            return
        self._stop_timer()
        self._trial = None
        log.info("%s: trial run taken back: %s", self.device.id, why)
        self._restore(trial.backup)

    def end_session(self, session: int) -> None:
        """Do what the loss of a session brings: its lock goes, and a trial run of its own."""
        self.unlock(session)
        trial = self._trial
        if trial is not None and trial.session == session and not trial.persist:
            self.abort_trial("session lost")

    # --- power ---------------------------------------------------------------------------------

    def power_loss(self) -> None:
        """Forget all that is not stored; the running configuration goes with the next start."""
        self.holder = None
        self._stop_timer()
        self._trial = None

    def power_up(self, *, has_new_storage: bool) -> None:
        """Start with the stored configuration, unless the storage was exchanged."""
        stored, self._stored = self._stored, None
        if stored is not None and not has_new_storage:
            self._restore(stored)

    def _restore(self, values: Mapping[str, Value]) -> None:
        try:
            self.device.world.write(self.device.id, values)
        except (ModelError, DeviceDied):
            log.exception("%s: the old configuration is refused", self.device.id)

    def _stop_timer(self) -> None:
        if self._trial is not None and self._trial.timer is not None:
            self._trial.timer.cancel()
            self._trial.timer = None
