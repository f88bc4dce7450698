"""Selects devices by an expression such as ``site:zoo & kind:ap | id:cab-04*``."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from controllers.ports import Device
from twin.model.attributes import KINDS
from twin.model.errors import InputError
from twin.model.quote import quoted

__all__ = ["near_miss", "select"]

_FIELDS = ("id", "kind", "site", "origin", "profile", "upstream", "host", "role", "group")
_ORIGINS = ("emulated", "real", "copy")
_MAX_CHARACTERS = 1000
_MAX_DEPTH = 50
_MAX_COMPARED = 100  # a longer word is no typing error, and comparing it takes long


def near_miss(word: str, known: Iterable[str]) -> str:
    """Hint for a word that is not known: the one that may have been meant, or all there are."""
    words = sorted(set(known))
    # A number that is not there is another number, not one mistyped.
    is_comparable = len(word) <= _MAX_COMPARED and not word.isdigit()
    near = difflib.get_close_matches(word, words, n=1) if is_comparable else []
    if near:
        return f"did you mean {near[0]!r}?"
    if not words:
        return "there are none"
    shown = ", ".join(words[:12])
    return f"known are {shown}" + (", ..." if len(words) > 12 else "")


_Predicate: TypeAlias = Callable[[Device], bool]
_TOKEN = re.compile(r"""\s*(?:([&|!()])|(?:([A-Za-z_]+):)?(?:"([^"]*)"|([^\s&|!()":]+)))""")


class _Token(NamedTuple):
    sign: str
    field: str
    value: str
    column: int


def select(devices: Sequence[Device], expression: str) -> tuple[Device, ...]:
    """Select devices by an expression such as ``site:zoo & kind:ap | id:cab-04*``.

    Parameters
    ----------
    devices : sequence of Device
        The devices to choose from.
    expression : str
        ``FIELD:GLOB`` (fields ``id kind site origin profile upstream host role group``) or a bare
        glob for the id, joined by ``&`` (and, binds tighter), ``|`` (or), ``!`` (not) and
        parentheses; quote values with blanks. Empty selects all.

    Returns
    -------
    tuple of Device
        Those it fits, in their order.

    Raises
    ------
    InputError
        Not an expression, longer than 1000 characters, more than 50 parentheses deep, an unknown
        field, or a plain value no device has.
    """
    if not expression.strip():
        return tuple(devices)
    if len(expression) > _MAX_CHARACTERS:
        what = f"is {len(expression)} characters long, at most {_MAX_CHARACTERS} are read"
        raise _wrong(expression, _MAX_CHARACTERS + 1, what, "use * and ?, or site: and kind:")
    tokens = _tokens(expression)
    _check_depth(tokens, expression)
    predicate, rest = _either(tokens, 0, devices, expression)
    if rest != len(tokens):
        raise _wrong(expression, tokens[rest].column, f"{tokens[rest].sign or 'a word'} too much")
    return tuple(device for device in devices if predicate(device))


def _wrong(expression: str, column: int, what: str, hint: str = "") -> InputError:
    return InputError(
        what,
        f"selection {quoted(expression)}",
        1,
        column,
        hint or "example: site:zoo & kind:ap | !id:x*",
    )


def _check_depth(tokens: Sequence[_Token], expression: str) -> None:
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.sign, 0)
        if depth > _MAX_DEPTH:
            what = f"more than {_MAX_DEPTH} parentheses are open"
            raise _wrong(expression, token.column, what, "leave out those that are not needed")


def _tokens(expression: str) -> list[_Token]:
    tokens = []
    end = 0
    text = expression.rstrip()
    while end < len(text):
        match = _TOKEN.match(text, end)
        if match is None:
            raise _wrong(expression, end + 1, f"cannot read {text[end:].strip()[:20]!r}")
        sign, field, quoted, bare = match.groups()
        start = match.end() - len(match[0].lstrip()) + 1
        tokens.append(_Token(sign or "", field or "", quoted or bare or "", start))
        end = match.end()
    return tokens


def _either(
    tokens: list[_Token], at: int, devices: Sequence[Device], text: str
) -> tuple[_Predicate, int]:
    first, at = _both(tokens, at, devices, text)
    parts = [first]
    while at < len(tokens) and tokens[at].sign == "|":
        part, at = _both(tokens, at + 1, devices, text)
        parts.append(part)
    return (lambda device: any(part(device) for part in parts)), at


def _both(
    tokens: list[_Token], at: int, devices: Sequence[Device], text: str
) -> tuple[_Predicate, int]:
    first, at = _single(tokens, at, devices, text)
    parts = [first]
    while at < len(tokens) and tokens[at].sign == "&":
        part, at = _single(tokens, at + 1, devices, text)
        parts.append(part)
    return (lambda device: all(part(device) for part in parts)), at


def _single(
    tokens: list[_Token], at: int, devices: Sequence[Device], text: str
) -> tuple[_Predicate, int]:
    is_not = False
    while at < len(tokens) and tokens[at].sign == "!":
        is_not = not is_not
        at += 1
    if at >= len(tokens):
        raise _wrong(text, len(text) + 1, "the expression ends too early")
    token = tokens[at]
    if token.sign == "(":
        inner, at = _either(tokens, at + 1, devices, text)
        if at >= len(tokens) or tokens[at].sign != ")":
            raise _wrong(text, token.column, "the parenthesis is not closed")
    elif token.sign:
        raise _wrong(text, token.column, f"{token.sign!r} stands where a word is needed")
    else:
        inner = _atom(token, devices, text)
    return (lambda device: inner(device) is not is_not), at + 1


def _atom(token: _Token, devices: Sequence[Device], text: str) -> _Predicate:
    field = token.field or "id"
    if field not in _FIELDS:
        raise _wrong(
            text, token.column, f"unknown field {quoted(field)}", near_miss(field, _FIELDS)
        )
    words = {"kind": tuple(KINDS), "origin": _ORIGINS}.get(
        field, tuple({word for device in devices for word in _words_of(device, field)})
    )
    if not set("*?") & set(token.value) and token.value not in words:
        hint = near_miss(token.value, words)
        raise _wrong(text, token.column, f"no device has {field} {quoted(token.value)}", hint)
    # Only * and ? are wild: an instance or host in brackets is meant as it stands.
    pattern = re.compile(fnmatch.translate(token.value.replace("[", "[[]")))
    return lambda device: any(pattern.match(word) for word in _words_of(device, field))


def _words_of(device: Device, field: str) -> tuple[str, ...]:
    return device.groups if field == "group" else (str(getattr(device, field)),)
