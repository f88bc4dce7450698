"""Answers the TAB key of shells from files alone: no network, no large import, never an error."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["VARIABLE", "answer", "candidates"]

VARIABLE = "_STELLWERK_COMPLETE"
_N_RUNS = 200
_BUSY_S = 0.1
_FIELDS = ("id", "site", "kind", "profile", "role", "group")
_SIGNS = "&|!("
_BREAKS = (":", "=")
# The script for zsh evaluates what we print, and a name may come from anybody's inventory.
_HARMLESS = re.compile(r"[\w.,:/@+=%~ &|!()*-]*")


class Candidate(NamedTuple):
    """A word that may stand at the cursor."""

    word: str
    help: str = ""


def answer(instruction: str) -> int:
    """Answer a shell as the script of `--show-completion` asks, in the words of that shell.

    Parameters
    ----------
    instruction : str
        Value of the variable, such as ``complete_bash``.

    Returns
    -------
    int
        Exit code; fish is told by 1 to complete files.
    """
    shell = instruction.removeprefix("complete_")
    found: list[Candidate] = []
    # A mistake in some file is told by the command itself; here it would spoil the line.
    with contextlib.suppress(Exception):
        words, word, lead = _line_of(shell)
        found = [
            Candidate(known.word.removeprefix(lead), known.help)
            for known in candidates(words, word)
            if _HARMLESS.fullmatch(known.word)
        ]
    if shell == "fish" and os.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return 0 if found else 1
    text = _written(shell, found)
    if text:
        sys.stdout.write(text + "\n")
    return 0


def _line_of(shell: str) -> tuple[list[str], str, str]:
    """Read the words before the cursor, the one at it, and what of it the shell keeps itself."""
    if shell == "bash":
        words = _split(os.environ["COMP_WORDS"])
        at = int(os.environ["COMP_CWORD"])
        return _mended([*words[1:at], words[at] if at < len(words) else ""])
    line = os.environ.get("_TYPER_COMPLETE_ARGS", "")
    words = _split(line)[1:]
    if shell in ("powershell", "pwsh"):
        word = os.environ.get("_TYPER_COMPLETE_WORD_TO_COMPLETE", "")
        return (words[:-1] if word else words), word, ""
    if words and not line.endswith(" "):
        return words[:-1], words[-1], ""
    return words, "", ""


def _mended(words: Sequence[str]) -> tuple[list[str], str, str]:
    """Put together what bash has broken at ``:`` and ``=``."""
    mended: list[str] = []
    lead, is_open = "", False
    for word in words:
        if mended and (word in _BREAKS or is_open):
            lead = mended[-1] + (word if word in _BREAKS else "")
            mended[-1] += word
        else:
            lead = ""
            mended.append(word)
        is_open = word in _BREAKS
    return mended[:-1], mended[-1], lead


def _split(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:  # an open quotation mark: the cursor stands in the last word
        words.append(lexer.token)
    return words


def _written(shell: str, found: Sequence[Candidate]) -> str:
    if shell == "zsh":
        pairs = [
            f'"{_zsh(c.word)}":"{_zsh(c.help)}"' if c.help else f'"{_zsh(c.word)}"' for c in found
        ]
        joined = "\n".join(pairs)
        return f"_arguments '*: :(({joined}))'" if found else "_files"
    if shell == "fish":
        return "\n".join(f"{c.word}\t{c.help}" if c.help else c.word for c in found)
    if shell in ("powershell", "pwsh"):
        return "\n".join(f"{c.word}:::{c.help or ' '}" for c in found)
    return "\n".join(c.word for c in found)


def _zsh(text: str) -> str:
    for letter, instead in (('"', '""'), ("'", "''"), ("$", "\\$"), ("`", "\\`"), (":", r"\\:")):
        text = text.replace(letter, instead)
    return text


def candidates(words: Sequence[str], word: str) -> Iterator[Candidate]:
    """Find what may stand at the cursor.

    Parameters
    ----------
    words : sequence of str
        Words between the name of the program and the cursor.
    word : str
        Beginning of the word at the cursor.

    Yields
    ------
    Candidate
        Commands, options or values; none where the name of a file belongs.
    """
    from stellwerk.completion_cache import command_tree  # noqa: PLC0415 - silent if it is broken

    place = _place(command_tree(), words)
    node = place.node
    if place.waiting is not None:
        yield from _values(place.waiting, place.given, word)
    elif word.startswith("-"):
        yield from _options(node, place.given, word)
    elif node["commands"]:
        for name, command in node["commands"].items():
            if name.startswith(word):
                yield Candidate(name, command["help"])
    elif place.n_arguments < len(node["arguments"]):
        yield from _values(node["arguments"][place.n_arguments], place.given, word)


class _Place(NamedTuple):
    """Where the cursor stands: behind which command, option and how many arguments."""

    node: Mapping[str, Any]
    waiting: Mapping[str, Any] | None
    given: Mapping[str, str]
    n_arguments: int


def _place(node: Mapping[str, Any], words: Sequence[str]) -> _Place:
    given: dict[str, str] = {}
    waiting: Mapping[str, Any] | None = None
    n_arguments = 0
    for word in words:
        if waiting is not None:
            given[waiting["opts"][0]] = word
            waiting = None
        elif word.startswith("-") and word != "-":
            name, has_value, value = word.partition("=")
            option = _option(node, name)
            if option is not None and option["takes"]:
                given[option["opts"][0]] = value
                waiting = None if has_value else option
        elif word in node["commands"]:
            node = node["commands"][word]
        else:
            n_arguments += 1
    return _Place(node, waiting, given, n_arguments)


def _options(node: Mapping[str, Any], given: Mapping[str, str], word: str) -> Iterator[Candidate]:
    """Complete an option, or the value behind its sign of equality."""
    name, is_assigned, value = word.partition("=")
    if is_assigned:
        option = _option(node, name)
        for known in _values(option, given, value) if option is not None else ():
            yield Candidate(f"{name}={known.word}", known.help)
        return
    for option in node["options"]:
        long = option["opts"][0]
        if long.startswith(word) and not option["hidden"]:
            yield Candidate(long, option["help"])


def _option(node: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    return next((option for option in node["options"] if name in option["opts"]), None)


def _values(what: Mapping[str, Any], given: Mapping[str, str], word: str) -> Iterator[Candidate]:
    """Find the values of an option or an argument that begin with a word."""
    found: Iterable[str] = what["choices"]
    if what["name"] == "run":
        found = _runs(given.get("--journal", ""))
    elif what["name"] in ("limit", "select", "device"):
        is_selection = what["name"] != "device" or any(sign in word for sign in f":{_SIGNS}")
        names = _names(given)
        found = _selections(names, word) if is_selection else names.get("id", ())
    yield from (Candidate(value) for value in found if value.startswith(word))


def _selections(names: Mapping[str, Sequence[str]], word: str) -> list[str]:
    """Complete the last part of a selection such as ``kind:ap & site:zoo``."""
    start = max(word.rfind(sign) for sign in _SIGNS) + 1
    start += len(word[start:]) - len(word[start:].lstrip())
    lead, part = word[:start], word[start:]
    name, colon, _ = part.partition(":")
    if colon:
        return [f"{lead}{name}:{known}" for known in names.get(name, ())]
    return [f"{lead}{field}:" for field in _FIELDS if field in names]


def _names(given: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    from stellwerk.completion_cache import inventory_names  # noqa: PLC0415
    from stellwerk.settings import settle  # noqa: PLC0415

    flags = {"inventory": given.get("--inventory", "")}
    return inventory_names(Path(settle(flags)["inventory"].value))


def _runs(journal: str) -> list[str]:
    """List runs, the newest first; a journal on a server is not asked."""
    from stellwerk.settings import settle  # noqa: PLC0415

    place = settle({"journal": journal})["journal"].value
    if "://" in place or not Path(place).is_file():
        return []
    uri = f"{Path(place).absolute().as_uri()}?mode=ro"
    query = "SELECT run FROM records GROUP BY run ORDER BY MAX(seq) DESC LIMIT ?"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_S)) as connection:
        return [str(row[0]) for row in connection.execute(query, (_N_RUNS,))]
