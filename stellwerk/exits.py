"""The one table of exit codes, and which error ends with which."""

from __future__ import annotations

from enum import IntEnum

from twin.model.errors import (
    DeviceLocked,
    DeviceUnreachable,
    JournalBusy,
    OutsideWindow,
    PolicyRefused,
    StellwerkError,
)

__all__ = ["Exit", "exit_of"]


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    ERROR = 1
    CHANGES = 2
    POLICY = 3
    RESTORED = 4
    NOT_RESTORED = 5
    LIMIT_FAILED = 6
    TIMING_INVALID = 7
    USAGE = 64
    TRY_LATER = 75
    INTERRUPTED = 130
    TERMINATED = 143


def exit_of(error: StellwerkError) -> Exit:
    """Give the exit code of an error that ended a command before anything was written.

    Parameters
    ----------
    error : StellwerkError
        The error.

    Returns
    -------
    Exit
        Policy, try later or error.
    """
    if isinstance(error, PolicyRefused):
        return Exit.POLICY
    if isinstance(error, DeviceLocked | DeviceUnreachable | JournalBusy | OutsideWindow):
        return Exit.TRY_LATER
    return Exit.ERROR
