"""Runs one command and ends its whole process tree when the starter goes away.

Executed as a script of its own (``python -I -S keeper.py GRACE_S COMMAND...``), so it imports
nothing of ours. Its standard input is a pipe from the starter: as soon as that closes, by `stop`
or because the starter died, even by SIGKILL, the command gets SIGTERM, and what is left after
the grace time gets SIGKILL. A death signal alone (``setpriv --pdeathsig``) will not do: it fires
when the starting *thread* ends and misses grandchildren, and sshd puts each session into a
process group of its own.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["descendants", "main"]

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36
_SWEEP_S = 2.0


def descendants(pid: int) -> tuple[int, ...]:
    """Name every living process below a process.

    Parameters
    ----------
    pid : int
        The root of the tree, itself not named.

    Returns
    -------
    tuple of int
        Process ids, zombies left out.
    """
    children: dict[int, list[int]] = {}
    zombies: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):  # it may have ended meanwhile
            # the name in parentheses may hold anything, so count from the last one
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            children.setdefault(int(parent), []).append(int(entry.name))
            if state in "ZX":
                zombies.add(int(entry.name))
    found: list[int] = []
    queue = [pid]
    while queue:
        below = children.get(queue.pop(), [])
        queue += below
        found += below
    return tuple(p for p in found if p not in zombies)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def _spawn(command: list[str]) -> int:
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        return pid
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # second line, should we be killed ourselves
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        signal.set_wakeup_fd(-1)
        # a stop before exec would else be swallowed by the handler that is ours
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        os.execv(command[0], command)  # noqa: S606
    except OSError as err:
        os.write(2, f"{command[0]}: {err.strerror}\n".encode())
    os._exit(127)


def _wake_pipe() -> int:
    """Make signals readable, so that one `select` waits for everything."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.set_blocking(reader, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return reader


def _reap(child: int) -> int | None:
    """Collect ended processes; the exit code of `child` if it is among them."""
    code = None
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == child:
                code = os.waitstatus_to_exitcode(ended[1])
    return code


def _watch(child: int, wake: int, *, is_stopping: bool, timeout_s: float | None) -> int | None:
    """Wait for the end of the child, or (unless stopping) for the wish to stop."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    while True:
        code = _reap(child)
        left = None if deadline is None else deadline - time.monotonic()
        if code is not None or (left is not None and left <= 0):
            return code
        ready, _, _ = select.select([wake] if is_stopping else [0, wake], [], [], left)
        signals = os.read(wake, 64) if wake in ready else b""
        if not is_stopping and (signal.SIGTERM in signals or 0 in ready):
            return _reap(child)


def _sweep() -> None:
    deadline = time.monotonic() + _SWEEP_S
    while (left := descendants(os.getpid())) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        select.select([], [], [], 0.005)
        _reap(0)


def main(arguments: list[str]) -> int:
    """Run the command until it ends or the starter goes away.

    Parameters
    ----------
    arguments : list of str
        Grace time [s], then the command with an absolute path.

    Returns
    -------
    int
        Exit code of the command; minus the signal number if one ended it.
    """
    grace_s, command = float(arguments[0]), arguments[1:]
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    wake = _wake_pipe()
    child = _spawn(command)
    code = _watch(child, wake, is_stopping=False, timeout_s=None)
    if code is None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
        code = _watch(child, wake, is_stopping=True, timeout_s=grace_s)
    _sweep()
    return -signal.SIGKILL if code is None else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) & 0xFF)
