"""A tiny shell over files in memory, with the commands a configuration tool sends to a host.

It starts no process and touches no file of the machine.

References
----------
.. [1] IEEE Std 1003.1-2017 (POSIX), XCU chapters 2 (shell) and 4 (utilities), the part used here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass

from hil.emulators.cli_syntax import (
    Command,
    Group,
    If,
    Listed,
    Part,
    Redirect,
    ShellSyntaxError,
    Simple,
    Word,
    parse_line,
)

__all__ = ["CommandResult", "Shell", "cksum"]

_MAX_OUTPUT = 256 * 1024
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Output and exit status of a command; `error` goes to the terminal even behind a pipe."""

    output: str = ""
    status: int = 0
    error: str = ""


class _Exit(Exception):
    """``exit`` ends the innermost subshell."""


def _failed(name: str, why: str, status: int = 1) -> CommandResult:
    return CommandResult(status=status, error=f"{name}: {why}\n")


class Shell:
    """One shell.

    Parameters
    ----------
    files : mutable mapping
        Text by absolute path.
    special : callable
        Asked first with the words of a command; None says it is none of the host's own.
    """

    def __init__(
        self,
        files: MutableMapping[str, str],
        special: Callable[[list[str]], CommandResult | None],
    ) -> None:
        self._files = files
        self._special = special
        self._status = 0
        self._depth = 0
        self._commands: dict[str, Callable[[list[str], str], CommandResult]] = {
            ":": _nothing,
            "[": self._test,
            "base64": _base64,
            "cat": self._cat,
            "chmod": _nothing,
            "cksum": lambda _words, stdin: CommandResult(cksum(stdin)),
            "cp": self._cp,
            "cut": self._cut,
            "echo": _echo,
            "exit": self._exit,
            "false": lambda _words, _stdin: CommandResult(status=1),
            "mv": self._mv,
            "printf": _printf,
            "rm": self._rm,
            "sync": _nothing,
            "test": self._test,
            "true": _nothing,
            "umask": _nothing,
        }

    def run(self, line: str) -> str:
        """Run one line.

        Parameters
        ----------
        line : str
            Without its end.

        Returns
        -------
        str
            What appears on the terminal.
        """
        self._depth = 0
        try:
            result = self._listed(parse_line(line))
        except ShellSyntaxError as err:
            self._status = 2
            return f"sh: syntax error: {err}\n"
        except _Exit:
            return ""
        return (result.output + result.error)[:_MAX_OUTPUT]

    def _listed(self, listed: Listed, stdin: str = "") -> CommandResult:
        output = error = ""
        for pipeline in listed.pipelines:
            if (pipeline.before == "&&" and self._status) or (
                pipeline.before == "||" and not self._status
            ):
                continue
            result = CommandResult(stdin)
            for command in pipeline.commands:
                result = self._command(command, result.output)
                error += result.error
                self._status = result.status
            output += result.output
        return CommandResult(output[:_MAX_OUTPUT], self._status, error[:_MAX_OUTPUT])

    def _command(self, command: Command, stdin: str) -> CommandResult:
        if isinstance(command, If):
            condition = self._listed(command.condition, stdin)
            body = command.otherwise if self._status else command.then
            self._status = 0
            result = self._listed(body, stdin)
            return CommandResult(
                condition.output + result.output, result.status, condition.error + result.error
            )
        redirected = self._input(command.redirects, stdin)
        if redirected is None:
            return _failed("sh", "cannot open file for reading: No such file or directory")
        if isinstance(command, Group):
            result = self._subshell(command.body, redirected)
        else:
            result = self._simple(command, redirected)
        return self._output(command.redirects, result)

    def _subshell(self, body: Listed, stdin: str = "") -> CommandResult:
        if self._depth >= _MAX_DEPTH:
            raise ShellSyntaxError("nested too deeply")
        self._depth += 1
        try:
            return self._listed(body, stdin)
        except _Exit:
            return CommandResult(status=self._status)
        finally:
            self._depth -= 1

    def _simple(self, command: Simple, stdin: str) -> CommandResult:
        words = [self._text(word) for word in command.words]
        if not words:
            return CommandResult()
        own = self._special(words)
        if own is not None:
            return own
        builtin = self._commands.get(words[0])
        if builtin is None:
            return _failed("sh", f"{words[0]}: command not found", 127)
        return builtin(words, stdin)

    def _text(self, word: Word) -> str:
        return "".join(map(self._part, word.parts))

    def _part(self, part: Part) -> str:
        if part.kind == "status":
            return str(self._status)
        if part.kind == "output":
            return self._subshell(parse_line(part.text)).output.rstrip("\n")
        return part.text

    def _input(self, redirects: Iterable[Redirect], stdin: str) -> str | None:
        for redirect in redirects:
            if redirect.operator == "<":
                path = self._text(redirect.target)
                if path not in self._files:
                    return None
                stdin = self._files[path]
        return stdin

    def _output(self, redirects: Iterable[Redirect], result: CommandResult) -> CommandResult:
        output, error = result.output, result.error
        for redirect in redirects:
            if redirect.operator == "<":
                continue
            path = self._text(redirect.target)
            is_error = redirect.number == "2"
            text = error if is_error else output
            if path != "/dev/null":
                before = self._files.get(path, "") if redirect.operator == ">>" else ""
                self._files[path] = before + text
            output, error = (output, "") if is_error else ("", error)
        return CommandResult(output, result.status, error)

    def _exit(self, words: list[str], _stdin: str) -> CommandResult:
        if len(words) > 1 and words[1].isascii() and words[1].isdecimal():
            self._status = int(words[1][-9:]) % 256
        raise _Exit

    def _cat(self, words: list[str], stdin: str) -> CommandResult:
        names = [word for word in words[1:] if not word.startswith("-")]
        absent = [name for name in names if name not in self._files]
        output = "".join(self._files[name] for name in names if name not in absent)
        error = "".join(f"cat: {name}: No such file or directory\n" for name in absent)
        return CommandResult(output if names else stdin, 1 if absent else 0, error)

    def _cut(self, words: list[str], stdin: str) -> CommandResult:
        parsed = re.fullmatch(r"cut -d(.) -f([0-9]{1,4})(?: (\S+))?", " ".join(words))
        if not parsed or (parsed[3] and parsed[3] not in self._files):
            return _failed("cut", "arguments not supported")
        text = self._files[parsed[3]] if parsed[3] else stdin
        rows = [row.split(parsed[1]) for row in text.splitlines()]
        i_field = int(parsed[2]) - 1
        picked = (row[i_field] if 0 <= i_field < len(row) else "" for row in rows)
        return CommandResult("".join(f"{text}\n" for text in picked))

    def _cp(self, words: list[str], _stdin: str) -> CommandResult:
        names = [word for word in words[1:] if not word.startswith("-")]
        if len(names) != 2 or names[0] not in self._files:
            return _failed(words[0], "cannot stat: No such file or directory")
        self._files[names[1]] = self._files[names[0]]
        return CommandResult()

    def _mv(self, words: list[str], stdin: str) -> CommandResult:
        result = self._cp(words, stdin)
        if not result.status:
            del self._files[next(word for word in words[1:] if not word.startswith("-"))]
        return result

    def _rm(self, words: list[str], _stdin: str) -> CommandResult:
        for name in (word for word in words[1:] if not word.startswith("-")):
            if name in self._files:
                del self._files[name]
            elif "-f" not in words[1:]:
                return _failed("rm", f"cannot remove '{name}': No such file or directory")
        return CommandResult()

    def _test(self, words: list[str], _stdin: str) -> CommandResult:
        arguments = words[1:-1] if words[0] == "[" else words[1:]
        is_true = False
        if len(arguments) == 2 and arguments[0] in ("-e", "-f", "-r", "-w", "-O"):
            is_true = arguments[1] in self._files
        elif len(arguments) == 3 and arguments[1] in ("=", "!="):
            is_true = (arguments[0] == arguments[2]) == (arguments[1] == "=")
        return CommandResult(status=0 if is_true else 1)


def _nothing(_words: list[str], _stdin: str) -> CommandResult:
    return CommandResult()


def _echo(words: list[str], _stdin: str) -> CommandResult:
    if words[1:2] == ["-n"]:
        return CommandResult(" ".join(words[2:]))
    return CommandResult(" ".join(words[1:]) + "\n")


def _base64(words: list[str], stdin: str) -> CommandResult:
    if words[1:] == ["-d"]:
        try:
            return CommandResult(base64.b64decode("".join(stdin.split()), validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            return _failed("base64", "invalid input")
    encoded = base64.b64encode(stdin.encode()).decode()
    lines = (encoded[at : at + 76] for at in range(0, len(encoded), 76))
    return CommandResult("".join(f"{line}\n" for line in lines))


def cksum(text: str) -> str:
    """Checksum a text as ``cksum`` does: CRC of the octets and of their number.

    References
    ----------
    .. [1] IEEE Std 1003.1-2017, XCU chapter 4, cksum.
    """
    data = text.encode()
    size = len(data)
    tail = size.to_bytes((size.bit_length() + 7) // 8, "little")
    crc = 0
    for octet in data + tail:
        crc ^= octet << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return f"{crc ^ 0xFFFFFFFF} {size}\n"


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


def _printf(words: list[str], _stdin: str) -> CommandResult:
    arguments = words[2:] if words[1:2] == ["--"] else words[1:]
    if not arguments:
        return _failed("printf", "usage: printf format [arguments]", 2)
    layout, values = arguments[0], arguments[1:]
    n_values = len(re.findall(r"%[bsd]", layout))
    output = _formatted(layout, values[:n_values])
    while n_values and (values := values[n_values:]):
        output += _formatted(layout, values[:n_values])
    return CommandResult(output)


def _formatted(layout: str, values: list[str]) -> str:
    given = iter(values)

    def fill(match: re.Match[str]) -> str:
        if match[1]:
            return _ESCAPES.get(match[1], match[0])
        if match[2] == "%":
            return "%"
        value = next(given, "")
        return _unescaped(value) if match[2] == "b" else value

    return re.sub(r"\\(.)|%([bsd%])", fill, layout)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text)
