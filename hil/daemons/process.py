"""A daemon as a child process: start, wait for a real answer, stop, nothing left behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hil.daemons import keeper
from twin.model.errors import BenchError

__all__ = ["Daemon", "Probe", "last_line", "wait_healthy"]

log = logging.getLogger(__name__)

Probe = Callable[[float], str]
"""Asks for a real answer within the given seconds; returns "" or why there is none."""

_GRACE_S = 3.0
_POLL_S = 0.05


def last_line(path: Path) -> str:
    """Last line of a log that is not empty; "no log" if there is none."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - 4096))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return "no log"
    return next((line.strip() for line in reversed(lines) if line.strip()), "the log is empty")


@dataclass(slots=True, kw_only=True)
class Daemon:
    """One daemon in the foreground under a keeper, which ends its process tree with ours.

    Parameters
    ----------
    name : str
        Name in messages.
    command : sequence of str
        Program (absolute path) and arguments; the program must stay in the foreground.
    log : Path
        File its output goes to; its folder is the working directory, for some daemons write
        there (netconfd the backup of a confirmed commit).
    environment : mapping
        The whole environment; nothing of ours is inherited but ``PATH``.
    grace_s : float
        Time it has between SIGTERM and SIGKILL. [s]
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_s: float = _GRACE_S
    _keeper: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; says nothing about its health.

        Raises
        ------
        BenchError
            It is running already, or the keeper cannot be started.
        """
        if self.is_running:
            raise BenchError(f"{self.name} is running already; stop it first")
        path = Path(keeper.__file__)
        arguments = [sys.executable, "-I", "-S", str(path), str(self.grace_s), *self.command]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", **self.environment}
        try:
            with self.log.open("ab") as output:
                self._keeper = subprocess.Popen(
                    arguments, stdin=subprocess.PIPE, stdout=output, stderr=output,
                    env=environment, cwd=self.log.parent, start_new_session=True,
                )  # fmt: skip
        except OSError as err:
            raise BenchError(f"{self.name} cannot be started: {err}") from err
        log.info("started %s, log in %s", self.name, self.log)

    @property
    def is_running(self) -> bool:
        """True from start until its process tree has ended."""
        return self._keeper is not None and self._keeper.poll() is None

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes of the daemon, without the keeper."""
        return keeper.descendants(self._keeper.pid) if self._keeper and self.is_running else ()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; True if it has ended."""
        if self._keeper is not None:
            with suppress(subprocess.TimeoutExpired):
                self._keeper.wait(timeout_s)
        return not self.is_running

    def stop(self) -> None:
        """End it with its process tree: SIGTERM, and SIGKILL after the grace time."""
        if self._keeper is None:
            return
        process, self._keeper = self._keeper, None
        with suppress(OSError):  # it may be dead, and the pipe broken
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(self.grace_s + 4.0)
        except subprocess.TimeoutExpired:
            tree = keeper.descendants(process.pid)
            for pid in (*tree, process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
        log.info("stopped %s", self.name)

    def kill(self) -> None:
        """Kill it at once, as a power cut would; `start` brings it back."""
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.stop()


def wait_healthy(daemons: Sequence[Daemon], probe: Probe, deadline_s: float) -> None:
    """Wait until a probe gets its answer from daemons that make up one device.

    Parameters
    ----------
    daemons : sequence of Daemon
        Started daemons, at least one.
    probe : callable
        Asks once, within the seconds it is given; returns "" or why there is no answer.
    deadline_s : float
        Time for all attempts. [s]

    Raises
    ------
    BenchError
        One ended, or there was no answer in time; quotes the last line of its log. None is
        stopped: that is for the caller.
    """
    end_s = time.monotonic() + deadline_s
    while True:
        left_s = end_s - time.monotonic()
        reason = probe(min(max(left_s, 0.1), 2.0))
        ended = next((daemon for daemon in daemons if not daemon.is_running), None)
        if ended is not None:
            raise _failure(ended, "ended instead of answering")
        if not reason:
            return
        if left_s <= 0:
            raise _failure(daemons[0], f"does not answer within {deadline_s:g} s: {reason}")
        daemons[0].wait(_POLL_S)


def _failure(daemon: Daemon, what: str) -> BenchError:
    return BenchError(
        f"{daemon.name} {what}; its log {daemon.log} ends with: {last_line(daemon.log)}"
    )
