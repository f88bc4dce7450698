"""A device made of real daemons, with the inventory entry that reaches it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from controllers.ports import Device
from hil.daemons.process import Daemon, Probe, wait_healthy

__all__ = ["RunningDevice"]


class RunningDevice:
    """One or more daemons that together are a device; a context manager that stops them.

    Parameters
    ----------
    device : Device
        Its inventory entry. Secrets, keys and known hosts are named by absolute paths.
    daemons : sequence of Daemon
        In the order of their start.
    probe : callable
        Asks the device for a real answer.
    deadline_s : float
        Time from start to that answer. [s]
    temporary : Path or None
        Folder of sockets outside the device's own folder, removed by `stop`.
    """

    def __init__(
        self,
        device: Device,
        daemons: Sequence[Daemon],
        probe: Probe,
        *,
        deadline_s: float,
        temporary: Path | None = None,
    ) -> None:
        self.device = device
        self._daemons = tuple(daemons)
        self._probe = probe
        self._deadline_s = deadline_s
        self._temporary = temporary

    @property
    def is_running(self) -> bool:
        """True while every daemon runs."""
        return all(daemon.is_running for daemon in self._daemons)

    @property
    def pids(self) -> tuple[int, ...]:
        """Every process of the device."""
        return tuple(pid for daemon in self._daemons for pid in daemon.pids)

    def start(self) -> Self:
        """Start the daemons and wait until the device answers.

        Raises
        ------
        BenchError
            It does not; nothing is left running.
        """
        try:
            if self._temporary is not None:
                self._remove_sockets()  # of a killed daemon: the next one could not bind
                self._temporary.mkdir(mode=0o700)
            for daemon in self._daemons:
                daemon.start()
            wait_healthy(self._daemons, self._probe, self._deadline_s)
        except BaseException:
            self.stop()
            raise
        return self

    def kill(self) -> None:
        """Kill the daemons at once, as a power cut would."""
        for daemon in reversed(self._daemons):
            daemon.kill()

    def revive(self) -> None:
        """Start a killed device again, with what it stored meanwhile.

        Raises
        ------
        BenchError
            It does not answer.
        """
        self.start()

    def stop(self) -> None:
        """Stop the daemons and remove their sockets; leaves the folder with its logs."""
        for daemon in reversed(self._daemons):
            daemon.stop()
        self._remove_sockets()

    def _remove_sockets(self) -> None:
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
