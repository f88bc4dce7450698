"""Grammar of the shell lines an emulated host understands: words, lists, pipes, if, subshells.

References
----------
.. [1] IEEE Std 1003.1-2017 (POSIX), XCU sections 2.2 (quoting), 2.3 (tokens), 2.10 (grammar).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = [
    "Command",
    "Group",
    "If",
    "Listed",
    "Part",
    "Pipeline",
    "Redirect",
    "ShellSyntaxError",
    "Simple",
    "Word",
    "parse_line",
]

_MAX_DEPTH = 16
_OPERATORS = re.compile(r"&&|\|\||>>|[;|<>()]")
_DIGITS = re.compile(r"[0-9](?=[<>])")
_RESERVED = ("then", "else", "fi")


class ShellSyntaxError(Exception):
    """The line is no command this shell knows the form of."""


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a word: text, ``$?``, or a line whose output takes its place."""

    text: str = ""
    kind: str = "text"
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command."""

    parts: tuple[Part, ...]

    @property
    def plain(self) -> str:
        """Text of a word without quotes and substitutions; empty for any other."""
        is_plain = all(part.kind == "text" and not part.is_quoted for part in self.parts)
        return "".join(part.text for part in self.parts) if is_plain else ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """``[n]<``, ``[n]>`` or ``[n]>>`` with its file."""

    operator: str
    target: Word
    number: str = ""


@dataclass(frozen=True, slots=True)
class Simple:
    """A command with its words."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A list in parentheses."""

    body: Listed
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class If:
    """``if``, ``then``, ``else``, ``fi``."""

    condition: Listed
    then: Listed
    otherwise: Listed


Command: TypeAlias = Simple | Group | If


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by pipes, and the operator that stands before them."""

    commands: tuple[Command, ...]
    before: str = ";"


@dataclass(frozen=True, slots=True)
class Listed:
    """Pipelines in order."""

    pipelines: tuple[Pipeline, ...] = field(default=())


_Token: TypeAlias = str | Word


def parse_line(line: str) -> Listed:
    """Parse one line.

    Parameters
    ----------
    line : str
        Without its end.

    Raises
    ------
    ShellSyntaxError
        An open quote, a missing word, or nesting beyond 16.
    """
    parser = _Parser(_tokens(line))
    listed = parser.listed(0, ())
    parser.expect_end()
    return listed


def _tokens(line: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(line):
        if line[at] in " \t":
            at += 1
        elif line[at] == "#":
            break
        elif operator := _OPERATORS.match(line, at):
            tokens.append(operator[0])
            at = operator.end()
        elif number := _DIGITS.match(line, at):
            tokens.append(f"{number[0]}#")
            at = number.end()
        else:
            parts, at = _word(line, at)
            tokens.append(Word(tuple(parts)))
    return tokens


def _word(line: str, at: int) -> tuple[list[Part], int]:
    parts: list[Part] = []
    while at < len(line) and line[at] not in " \t" and not _OPERATORS.match(line, at):
        if line[at] == "'":
            end = _closing(line, at)
            parts.append(Part(line[at + 1 : end], is_quoted=True))
            at = end + 1
        elif line[at] == '"':
            more, at = _double_quoted(line, at + 1)
            parts += more
        else:
            part, at = _piece(line, at, is_quoted=False)
            parts.append(part)
    return parts, at


def _closing(line: str, at: int) -> int:
    end = line.find("'", at + 1)
    if end < 0:
        raise ShellSyntaxError("a quote is not closed")
    return end


def _double_quoted(line: str, at: int) -> tuple[list[Part], int]:
    parts = [Part(is_quoted=True)]
    while at < len(line):
        if line[at] == '"':
            return parts, at + 1
        part, at = _piece(line, at, is_quoted=True)
        parts.append(part)
    raise ShellSyntaxError("a quote is not closed")


def _piece(line: str, at: int, *, is_quoted: bool) -> tuple[Part, int]:
    """Read one character, escape or substitution."""
    if line[at] == "\\" and at + 1 < len(line):
        escaped = line[at + 1]
        text = escaped if not is_quoted or escaped in '$`"\\' else f"\\{escaped}"
        return Part(text, is_quoted=True), at + 2
    if line.startswith("$?", at):
        return Part(kind="status", is_quoted=is_quoted), at + 2
    if line.startswith("$(", at):
        end = _end_of_substitution(line, at + 2)
        return Part(line[at + 2 : end], "output", is_quoted), end + 1
    return Part(line[at], is_quoted=is_quoted), at + 1


def _end_of_substitution(line: str, at: int) -> int:
    depth = 1
    while at < len(line):
        if line[at] == "'":
            at = _closing(line, at)
        elif line[at] in "()":
            depth += 1 if line[at] == "(" else -1
            if not depth:
                return at
        at += 1
    raise ShellSyntaxError("a substitution is not closed")


class _Parser:
    """Recursive descent over the tokens of a line."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _peek_reserved(self) -> str:
        token = self._peek()
        return token.plain if isinstance(token, Word) else ""

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise ShellSyntaxError(f"unexpected {self._peek()!r}"[:60])

    def _expect(self, word: str) -> None:
        token = self._peek()
        if token != word and self._peek_reserved() != word:
            raise ShellSyntaxError(f"{word} is missing")
        self._at += 1

    def listed(self, depth: int, ends: tuple[str, ...]) -> Listed:
        if depth > _MAX_DEPTH:
            raise ShellSyntaxError("nested too deeply")
        pipelines: list[Pipeline] = []
        before = ";"
        while self._peek() not in (None, ")") and self._peek_reserved() not in ends:
            pipelines.append(self._pipeline(depth, before))
            operator = self._peek()
            if operator not in (";", "&&", "||"):
                break
            before = str(operator)
            self._at += 1
        return Listed(tuple(pipelines))

    def _pipeline(self, depth: int, before: str) -> Pipeline:
        commands = [self._command(depth)]
        while self._peek() == "|":
            self._at += 1
            commands.append(self._command(depth))
        return Pipeline(tuple(commands), before)

    def _command(self, depth: int) -> Command:
        if self._peek() == "(":
            self._at += 1
            body = self.listed(depth + 1, ())
            self._expect(")")
            return Group(body, tuple(self._redirects()))
        if self._peek_reserved() == "if":
            return self._if(depth)
        return self._simple()

    def _if(self, depth: int) -> If:
        self._expect("if")
        condition = self.listed(depth + 1, ("then",))
        self._expect("then")
        then = self.listed(depth + 1, ("else", "fi"))
        otherwise = Listed()
        if self._peek_reserved() == "else":
            self._at += 1
            otherwise = self.listed(depth + 1, ("fi",))
        self._expect("fi")
        return If(condition, then, otherwise)

    def _simple(self) -> Simple:
        words: list[Word] = []
        redirects: list[Redirect] = []
        if self._peek_reserved() in _RESERVED:
            raise ShellSyntaxError(f"unexpected {self._peek_reserved()}")
        while True:
            token = self._peek()
            if isinstance(token, Word):
                words.append(token)
                self._at += 1
                continue
            more = self._redirects()
            if not more:
                break
            redirects += more
        if not words and not redirects:
            raise ShellSyntaxError("a command is missing")
        return Simple(tuple(words), tuple(redirects))

    def _redirects(self) -> list[Redirect]:
        found: list[Redirect] = []
        while isinstance(token := self._peek(), str) and (
            token in ("<", ">", ">>") or token.endswith("#")
        ):
            number = ""
            if token.endswith("#"):
                number = token[0]
                self._at += 1
                token = self._peek()
            self._at += 1
            target = self._peek()
            if not isinstance(token, str) or not isinstance(target, Word):
                raise ShellSyntaxError("a redirection names no file")
            self._at += 1
            found.append(Redirect(token, target, number))
        return found
