"""The command `stellwerk`: assembles the commands and turns every error into one line."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from rich.logging import RichHandler
from typer.core import TyperGroup
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
    settings,
    show,
    simulate,
    top,
)
from stellwerk.exits import Exit, exit_of
from stellwerk.options import (
    FileValue,
    bind_environment,
    default_map,
    file_values,
    offer_everywhere,
)
from stellwerk.output import has_lost_reader, notes, print_line
from stellwerk.settings import read_files
from stellwerk.terminal import Colour, forbid_questions, settle_colour, with_own_manners
from twin.model.errors import StellwerkError

__all__ = ["app", "main", "program", "run"]

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
    show.show,
    show.diff,
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
    top.top,
    settings.settings,
    project.doctor,
    project.init,
):
    app.command()(command)


def _version(value: bool) -> None:
    if value:
        print_line(f"stellwerk {version('stellwerk')}")
        raise typer.Exit


def _set_verbosity(verbose: int, *, quiet: bool) -> None:
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


def _is_typed(context: typer.Context, parameter: typer.CallbackParam) -> bool:
    """Tell an option that was given behind a command from its default there."""
    source = context.get_parameter_source(str(parameter.name))
    return context.parent is None or (source is not None and source.name == "COMMANDLINE")


def _on_verbose(context: typer.Context, parameter: typer.CallbackParam, value: int) -> int:
    if _is_typed(context, parameter):
        _set_verbosity(value, quiet=False)
    return value


def _on_quiet(context: typer.Context, parameter: typer.CallbackParam, value: bool) -> bool:
    if value and _is_typed(context, parameter):
        _set_verbosity(0, quiet=True)
    return value


def _on_colour(context: typer.Context, parameter: typer.CallbackParam, value: Colour) -> Colour:
    if _is_typed(context, parameter):
        settle_colour(Colour(value))
    return value


def _on_no_input(context: typer.Context, parameter: typer.CallbackParam, value: bool) -> bool:
    if value and _is_typed(context, parameter):
        forbid_questions()
    return value


@app.callback()
def _root(
    *,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            callback=_on_verbose,
            help="More log lines; twice for debug.",
        ),
    ] = 0,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", callback=_on_quiet, help="Errors only.")
    ] = False,
    color: Annotated[
        Colour,
        typer.Option("--color", is_eager=True, callback=_on_colour, help="When to use colour."),
    ] = Colour.AUTO,
    no_input: Annotated[
        bool, typer.Option("--no-input", callback=_on_no_input, help="Never ask anything.")
    ] = False,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Leave everything to the callbacks, which also serve these options behind a command."""


_EVERYWHERE = ("verbose", "quiet", "color", "no_input")


def program() -> TyperGroup:
    """Assemble the program: its commands, with options bound to the environment.

    Returns
    -------
    TyperGroup
        A fresh one.
    """
    root = typer.main.get_command(app)
    if not isinstance(root, TyperGroup):
        raise TypeError(root)
    bind_environment(root)
    offer_everywhere(root, _EVERYWHERE)
    return root


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
    with with_own_manners():
        settle_colour(Colour.AUTO)
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    values: list[FileValue] = []
    try:
        root = program()
        values = file_values(root, read_files())
        words = list(sys.argv[1:] if arguments is None else arguments)
        # Not by `main()`: that ends a command on ^C before anybody can say in which state.
        with root.make_context("stellwerk", words, default_map=default_map(values)) as context:
            code = root.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except TyperException as err:
        format_message = getattr(err, "format_message", None)
        what = format_message() if format_message else str(err)
        if what:
            notes.print(f"error: {what}{_origin_of(err, values)}", markup=False)
        notes.print(f"try '{_command_of(err)} --help'", markup=False)
        return Exit.USAGE
    except StellwerkError as err:
        notes.print(f"error: {err}", markup=False)
        return exit_of(err)
    except BrokenPipeError:
        # A help page that was cut off by `head`; a socket of ours would be a fault.
        if not has_lost_reader():
            raise
        return Exit.OK
    except typer.Abort:
        notes.print("not agreed: nothing was sent to a device", markup=False)
        return Exit.INTERRUPTED
    except KeyboardInterrupt:
        # While devices are written, the run takes ^C itself and ends in a safe state.
        notes.print("interrupted: no device was being written to", markup=False)
        return Exit.INTERRUPTED
    return code if isinstance(code, int) else Exit.OK


def _origin_of(error: TyperException, values: Sequence[FileValue]) -> str:
    """Say where a wrong value was written if it was not typed."""
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    if context is None or parameter is None or parameter.name is None:
        return ""
    source = context.get_parameter_source(parameter.name)
    if source is None or source.name not in ("ENVIRONMENT", "DEFAULT_MAP"):
        return ""
    if source.name == "ENVIRONMENT":
        names = [name for name in parameter.envvar or () if os.environ.get(name)]
    else:
        words = context.command_path.removeprefix("stellwerk").strip()
        names = [v.source for v in values if (v.command, v.option) == (words, parameter.name)][-1:]
    return f" (from {names[0]})" if names else ""


def _command_of(error: TyperException) -> str:
    """Name the command whose words were wrong."""
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context else "stellwerk"


def main() -> None:
    """Run the command of this process and leave with its exit code."""
    sys.exit(run())
