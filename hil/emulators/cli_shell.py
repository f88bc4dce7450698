"""A tiny interpreter of shell lines over files in memory: quoting, &&, ||, ;, >, >> and <<.

It knows the few commands a configuration tool sends to a host; it starts no process and touches
no file of the machine.

References
----------
.. [1] IEEE Std 1003.1-2017 (POSIX), XCU chapter 2 (shell command language), the part used here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass

__all__ = ["CommandResult", "Shell"]

_OPERATORS = ("&&", "||", ";", "|")
_REDIRECTIONS = (">", ">>", "<", "<<")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_MAX_OUTPUT = 256 * 1024


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Output and exit status of a command."""

    output: str = ""
    status: int = 0


_Command = Callable[[list[str], str], CommandResult]


class Shell:
    """One interactive shell.

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
        self._commands: dict[str, _Command] = {
            "cat": self._cat,
            "cp": self._cp,
            "cut": self._cut,
            "echo": _echo,
            "false": lambda _words, _stdin: CommandResult(status=1),
            "mv": self._mv,
            "printf": _printf,
            "rm": self._rm,
            "test": self._test,
            "[": self._test,
            "true": lambda _words, _stdin: CommandResult(),
            ":": lambda _words, _stdin: CommandResult(),
            "sync": lambda _words, _stdin: CommandResult(),
            "chmod": lambda _words, _stdin: CommandResult(),
        }
        self._status = 0
        self._heredoc: tuple[str, str, list[str]] | None = None

    @property
    def continuation(self) -> str:
        """Prompt while the text of a here-document is read; empty at other times."""
        return "> " if self._heredoc else ""

    def run(self, line: str) -> str:
        """Run one line, or take it as part of a here-document.

        Parameters
        ----------
        line : str
            Without its end.

        Returns
        -------
        str
            What appears on the terminal.
        """
        if self._heredoc is not None:
            return self._take_heredoc(line)
        begun = _HEREDOC.search(line)
        if begun:
            self._heredoc = (line[: begun.start()] + line[begun.end() :], begun[2], [])
            return ""
        return self._run_list(line, "")

    def _take_heredoc(self, line: str) -> str:
        if self._heredoc is None:
            return ""
        command, word, lines = self._heredoc
        if line != word:
            lines.append(line)
            return ""
        self._heredoc = None
        return self._run_list(command, "".join(f"{text}\n" for text in lines))

    def _run_list(self, line: str, stdin: str) -> str:
        try:
            words = _words(line)
        except ValueError as err:
            self._status = 2
            return f"sh: syntax error: {err}\n"
        output = ""
        simple: list[str] = []
        before = ";"
        for word in [*words, ";"]:
            if word not in _OPERATORS:
                simple.append(word)
                continue
            if simple and self._is_due(before):
                result = self._run_simple(simple, stdin)
                self._status = result.status
                # Behind a pipe the output is the next command's input and not shown.
                stdin, shown = (result.output, "") if word == "|" else ("", result.output)
                output += shown
            simple, before = [], word
        return output[:_MAX_OUTPUT]

    def _is_due(self, operator: str) -> bool:
        if operator == "&&":
            return self._status == 0
        return self._status != 0 if operator == "||" else True

    def _run_simple(self, words: list[str], stdin: str) -> CommandResult:
        words = [_unquoted(word, self._status) for word in words]
        words, target, append, source = _redirections(words)
        if source is not None:
            if source not in self._files:
                return CommandResult(f"sh: {source}: No such file or directory\n", 1)
            stdin = self._files[source]
        if not words:
            return CommandResult()
        result = self._special(words) or self._builtin(words, stdin)
        if target is None or target == "/dev/stdout":
            return result
        if target != "/dev/null":
            before = self._files.get(target, "") if append else ""
            self._files[target] = before + result.output
        return CommandResult("", result.status)

    def _builtin(self, words: list[str], stdin: str) -> CommandResult:
        command = self._commands.get(words[0])
        if command is None:
            return CommandResult(f"sh: {words[0]}: command not found\n", 127)
        return command(words, stdin)

    def _cat(self, words: list[str], stdin: str) -> CommandResult:
        names = [word for word in words[1:] if not word.startswith("-")]
        if not names:
            return CommandResult(stdin)
        output, status = "", 0
        for name in names:
            if name in self._files:
                output += self._files[name]
            else:
                output += f"cat: {name}: No such file or directory\n"
                status = 1
        return CommandResult(output, status)

    def _cut(self, words: list[str], stdin: str) -> CommandResult:
        parsed = re.fullmatch(r"cut -d(.) -f(\d+)(?: (\S+))?", " ".join(words))
        if not parsed or (parsed[3] and parsed[3] not in self._files):
            return CommandResult("cut: unsupported arguments\n", 1)
        text = self._files[parsed[3]] if parsed[3] else stdin
        rows = [row.split(parsed[1]) for row in text.splitlines()]
        i_field = int(parsed[2]) - 1
        picked = (row[i_field] if 0 <= i_field < len(row) else "" for row in rows)
        return CommandResult("".join(f"{field}\n" for field in picked))

    def _copied(self, words: list[str], *, keep: bool) -> CommandResult:
        names = [word for word in words[1:] if not word.startswith("-")]
        if len(names) != 2 or names[0] not in self._files:
            return CommandResult(f"{words[0]}: cannot stat: No such file or directory\n", 1)
        self._files[names[1]] = self._files[names[0]]
        if not keep:
            del self._files[names[0]]
        return CommandResult()

    def _cp(self, words: list[str], _stdin: str) -> CommandResult:
        return self._copied(words, keep=True)

    def _mv(self, words: list[str], _stdin: str) -> CommandResult:
        return self._copied(words, keep=False)

    def _rm(self, words: list[str], _stdin: str) -> CommandResult:
        is_forced = "-f" in words[1:]
        for name in (word for word in words[1:] if not word.startswith("-")):
            if name not in self._files and not is_forced:
                return CommandResult(f"rm: cannot remove '{name}': No such file or directory\n", 1)
            self._files.pop(name, None)
        return CommandResult()

    def _test(self, words: list[str], _stdin: str) -> CommandResult:
        arguments = [word for word in words[1:] if word != "]"]
        is_true = False
        if len(arguments) == 2 and arguments[0] in ("-e", "-f", "-r", "-w"):
            is_true = arguments[1] in self._files
        elif len(arguments) == 3 and arguments[1] in ("=", "!="):
            is_true = (arguments[0] == arguments[2]) == (arguments[1] == "=")
        return CommandResult(status=0 if is_true else 1)


def _words(line: str) -> list[str]:
    """Split a line into words that still carry their quotes, and operators."""
    lexer = shlex.shlex(line, posix=False, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    return _glued(list(lexer), line)


def _glued(words: list[str], line: str) -> list[str]:
    """Put together what stands together, such as ``--x='a b'``: shlex splits at quotes."""
    glued: list[str] = []
    at = 0
    for word in words:
        found = line.find(word, at)
        is_operator = word in _OPERATORS or word in _REDIRECTIONS
        was_operator = bool(glued) and (glued[-1] in _OPERATORS or glued[-1] in _REDIRECTIONS)
        if glued and found == at and not (is_operator or was_operator):
            glued[-1] += word
        else:
            glued.append(word)
        at = found + len(word)
    return glued


def _unquoted(word: str, status: int) -> str:
    """Take quotes away; ``$?`` outside single quotes is the status of the last command."""
    if word in _REDIRECTIONS:
        return word
    parts = re.findall(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.|[^'\"\\]+|.", word)
    return "".join(_part(part, status) for part in parts)


def _part(part: str, status: int) -> str:
    if len(part) >= 2 and part[0] == part[-1] == "'":
        return part[1:-1]
    if len(part) >= 2 and part[0] == part[-1] == '"':
        return re.sub(r'\\([$`"\\])', r"\1", part[1:-1]).replace("$?", str(status))
    if part.startswith("\\"):
        return part[1:]
    return part.replace("$?", str(status))


def _redirections(words: list[str]) -> tuple[list[str], str | None, bool, str | None]:
    """Separate words, output file, whether to append, and input file."""
    kept: list[str] = []
    target = source = None
    append = False
    i_word = 0
    while i_word < len(words):
        word = words[i_word]
        following = words[i_word + 1] if i_word + 1 < len(words) else ""
        if word in (">", ">>"):
            if kept and kept[-1] == "2":
                kept.pop()
            else:
                target, append = following, word == ">>"
            i_word += 1
        elif word == "<":
            source = following
            i_word += 1
        else:
            kept.append(word)
        i_word += 1
    return kept, target, append, source


def _echo(words: list[str], _stdin: str) -> CommandResult:
    arguments = words[1:]
    end = "\n"
    if arguments and arguments[0] == "-n":
        arguments, end = arguments[1:], ""
    return CommandResult(" ".join(arguments) + end)


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


def _printf(words: list[str], _stdin: str) -> CommandResult:
    arguments = words[1:]
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    if not arguments:
        return CommandResult("printf: usage: printf format [arguments]\n", 2)
    layout, values = arguments[0], arguments[1:]
    n_values = len(re.findall(r"%[bsd]", layout))
    output = ""
    while True:
        taken, values = values[:n_values], values[n_values:]
        output += _formatted(layout, taken)
        if not values or not n_values:
            return CommandResult(output)


def _formatted(layout: str, values: list[str]) -> str:
    given = iter(values)

    def fill(match: re.Match[str]) -> str:
        if match[1]:
            return _ESCAPES.get(match[1], match[0])
        if match[2] == "%":
            return "%"
        value = next(given, "")
        if match[2] == "b":
            value = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), value)
        return value

    return re.sub(r"\\(.)|%([bsd%])", fill, layout)
