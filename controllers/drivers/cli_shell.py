"""Runs commands in a POSIX shell over a session and takes their output and exit code."""

from __future__ import annotations

import re
import secrets

from controllers.drivers.cli_session import CliSession
from twin.model.errors import DeviceRefused, DeviceUnreachable

__all__ = ["exit_and_output", "output_of"]

_LONGEST_SAID = 200


def exit_and_output(session: CliSession, what: str, command: str) -> tuple[int, str]:
    """Run one command.

    Parameters
    ----------
    session : CliSession
        Where.
    what : str
        What it is for, in messages.
    command : str
        A list of the POSIX shell; braces and parentheses must be closed.

    Returns
    -------
    code : int
        Exit code.
    output : str
        What it printed, errors too.

    Raises
    ------
    DeviceUnreachable
        The session was lost or ran out of time; whether the command ran is unknown.
    """
    nonce = secrets.token_hex(8)
    # The quotes keep the echo of the command from looking like its result.
    line = f"echo B''{nonce}; {command}; echo E''{nonce}-$?"
    end = re.compile(rf"E{nonce}-(\d+)")
    output = session.command(what, line, end)
    code = end.search(output)
    begin = output.rfind(f"B{nonce}")
    if code is None or begin < 0:
        session.close()
        raise DeviceUnreachable(session.device.id, f"{what}: the shell gave no result")
    said = output[begin + len(nonce) + 1 : code.start()].replace("\r", "")
    return int(code[1]), said


def output_of(session: CliSession, what: str, command: str) -> str:
    """Run one command that must end with exit code 0, and return what it printed.

    Raises
    ------
    DeviceRefused
        Another exit code.
    DeviceUnreachable
        The session was lost or ran out of time; whether the command ran is unknown.
    """
    code, output = exit_and_output(session, what, command)
    if code:
        said = " ".join(output.split())[-_LONGEST_SAID:]
        raise DeviceRefused(session.device.id, f"{what} failed with exit code {code}: {said}")
    return output
