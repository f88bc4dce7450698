"""The command `stellwerk`: assembles the commands and turns every error into one line."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from rich.logging import RichHandler
from typer.exceptions import TyperException

from stellwerk.commands import (
    adopt,
    backup,
    chaos,
    city,
    demo,
    drift,
    inventory,
    lab,
    project,
    provision,
    radio,
    radio_check,
    simulate,
)
from stellwerk.exits import Exit, exit_of
from stellwerk.output import notes, print_line
from twin.model.errors import StellwerkError

__all__ = ["app", "main", "run"]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="No change reaches a device before the twin has shown what it does to the city.",
)
app.add_typer(city.app, name="city")
app.add_typer(inventory.app, name="inventory")
app.add_typer(radio_check.app, name="radio")
app.add_typer(provision.journal_app, name="journal")
for command in (
    demo.demo,
    provision.plan,
    provision.approve,
    provision.apply,
    provision.rollback,
    provision.recover,
    drift.drift,
    drift.blame,
    adopt.adopt,
    backup.backup,
    radio.coverage,
    simulate.simulate,
    lab.emulate,
    chaos.chaos,
    project.doctor,
    project.init,
):
    app.command()(command)


def _version(value: bool) -> None:
    if value:
        print_line(f"stellwerk {version('stellwerk')}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="More log lines; twice for debug.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Errors only.")] = False,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    level = (
        logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    )
    logging.basicConfig(
        level=level,
        format="%(message)s",
        handlers=[RichHandler(console=notes, show_path=False)],
        force=True,
    )
    # The libraries log every reconnect with a traceback, and at debug level every byte, secrets
    # included; what matters reaches our own errors.
    for chatty in ("ncclient", "paramiko", "asyncssh", "netmiko", "pysnmp", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL if verbose < 2 else logging.INFO)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the program's name; those of the process if not given.

    Returns
    -------
    int
        A code of `stellwerk.exits.Exit`.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter is no reason to end.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(args=arguments, prog_name="stellwerk", standalone_mode=False)
    except TyperException as err:
        format_message = getattr(err, "format_message", None)
        what = format_message() if format_message else str(err)
        if what:
            notes.print(f"error: {what}", markup=False)
        notes.print(f"try '{_command_of(err)} --help'", markup=False)
        return Exit.USAGE
    except StellwerkError as err:
        notes.print(f"error: {err}", markup=False)
        return exit_of(err)
    except typer.Abort:
        return Exit.INTERRUPTED
    except KeyboardInterrupt:
        notes.print("interrupted", markup=False)
        return Exit.INTERRUPTED
    return code if isinstance(code, int) else Exit.OK


def _command_of(error: TyperException) -> str:
    """Name the command whose words were wrong."""
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context else "stellwerk"


def main() -> None:
    """Run the command of this process and leave with its exit code."""
    sys.exit(run())
