"""What a YAML scalar means: the YAML 1.2 core schema, with finite numbers only.

So ``no``, ``yes``, ``on`` and ``off`` are text (the country code of Norway is not a boolean), and
so are dates, ``12:30:45``, ``1_000`` and numbers with a leading zero such as ``0412``.
"""

from __future__ import annotations

import math
import re

__all__ = ["plain_scalar"]

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_OCTAL = re.compile(r"0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_MAX_DIGITS = 400  # any double fits; longer is no number of this world


def plain_scalar(text: str) -> bool | int | float | str | None:
    """Give an unquoted YAML scalar its value.

    Parameters
    ----------
    text : str
        The scalar as written.

    Returns
    -------
    None, bool, int, float or str
        Its value.

    Raises
    ------
    ValueError
        A number that is infinite, not a number, or too long.

    References
    ----------
    .. [1] YAML 1.2.2 (2021), section 10.3.2, tag resolution of the core schema.
    """
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] not in "-+.0123456789":
        return text
    return _number(text)


def _number(text: str) -> int | float | str:
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a finite number")
    is_number = False
    for pattern, base in ((_INT, 10), (_HEX, 16), (_OCTAL, 8)):
        if pattern.fullmatch(text):
            if len(text) <= _MAX_DIGITS:
                return int(text, base)
            is_number = True
    if is_number or _FLOAT.fullmatch(text):
        value = float(text) if len(text) <= _MAX_DIGITS else math.inf
        if not math.isfinite(value):
            shown = text if len(text) <= 20 else text[:17] + "..."
            raise ValueError(f"{shown} is too large for a number")
        return value
    return text
