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

__all__ = ["near_miss", "select"]

_FIELDS = ("id", "kind", "site", "origin", "profile", "upstream", "host")
_ORIGINS = ("emulated", "real", "copy")


def near_miss(word: str, known: Iterable[str]) -> str:
    """Hint for a word that is not known: the one that may have been meant, or all there are."""
    words = sorted(set(known))
    near = difflib.get_close_matches(word, words, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
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
        ``FIELD:GLOB`` (fields ``id kind site origin profile upstream host``) or a bare glob for
        the id, joined by ``&`` (and, binds tighter), ``|`` (or), ``!`` (not) and parentheses;
        quote values with blanks. Empty selects all.

    Returns
    -------
    tuple of Device
        Those it fits, in their order.

    Raises
    ------
    InputError
        Not an expression, an unknown field, or a plain value no device has.
    """
    if not expression.strip():
        return tuple(devices)
    tokens = _tokens(expression)
    predicate, rest = _either(tokens, 0, devices, expression)
    if rest != len(tokens):
        raise _wrong(expression, tokens[rest].column, f"{tokens[rest].sign or 'a word'} too much")
    return tuple(device for device in devices if predicate(device))


def _wrong(expression: str, column: int, what: str, hint: str = "") -> InputError:
    return InputError(
        what, f"selection {expression!r}", 1, column, hint or "example: site:zoo & kind:ap | !id:x*"
    )


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
    left, at = _both(tokens, at, devices, text)
    while at < len(tokens) and tokens[at].sign == "|":
        right, at = _both(tokens, at + 1, devices, text)
        left = _or(left, right)
    return left, at


def _both(
    tokens: list[_Token], at: int, devices: Sequence[Device], text: str
) -> tuple[_Predicate, int]:
    left, at = _single(tokens, at, devices, text)
    while at < len(tokens) and tokens[at].sign == "&":
        right, at = _single(tokens, at + 1, devices, text)
        left = _and(left, right)
    return left, at


def _single(
    tokens: list[_Token], at: int, devices: Sequence[Device], text: str
) -> tuple[_Predicate, int]:
    if at >= len(tokens):
        raise _wrong(text, len(text) + 1, "the expression ends too early")
    token = tokens[at]
    if token.sign == "!":
        inner, at = _single(tokens, at + 1, devices, text)
        return (lambda device: not inner(device)), at
    if token.sign == "(":
        inner, at = _either(tokens, at + 1, devices, text)
        if at >= len(tokens) or tokens[at].sign != ")":
            raise _wrong(text, token.column, "the parenthesis is not closed")
        return inner, at + 1
    if token.sign:
        raise _wrong(text, token.column, f"{token.sign!r} stands where a word is needed")
    return _atom(token, devices, text), at + 1


def _and(left: _Predicate, right: _Predicate) -> _Predicate:
    return lambda device: left(device) and right(device)


def _or(left: _Predicate, right: _Predicate) -> _Predicate:
    return lambda device: left(device) or right(device)


def _atom(token: _Token, devices: Sequence[Device], text: str) -> _Predicate:
    field = token.field or "id"
    if field not in _FIELDS:
        raise _wrong(text, token.column, f"unknown field {field!r}", near_miss(field, _FIELDS))
    words = {"kind": tuple(KINDS), "origin": _ORIGINS}.get(
        field, tuple({str(getattr(device, field)) for device in devices})
    )
    if not set("*?") & set(token.value) and token.value not in words:
        hint = near_miss(token.value, words)
        raise _wrong(text, token.column, f"no device has {field} {token.value!r}", hint)
    # Only * and ? are wild: an instance or host in brackets is meant as it stands.
    pattern = re.compile(fnmatch.translate(token.value.replace("[", "[[]")))
    return lambda device: pattern.match(str(getattr(device, field))) is not None
