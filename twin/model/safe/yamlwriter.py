"""Writes YAML that the reader of this package gives back unchanged.

PyYAML writes by YAML 1.1: it leaves the text ``0E0`` or ``0o17`` unquoted, which the core schema of
the reader takes for a number.
"""

from __future__ import annotations

from typing import Any

import yaml

from twin.model.safe.scalars import plain_scalar

__all__ = ["dump_yaml"]

_STR = "tag:yaml.org,2002:str"


class _Dumper(yaml.SafeDumper):
    """Quotes what would be read as something else, and writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401 - the signature of PyYAML
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    try:
        is_text = plain_scalar(text) == text
    except ValueError:
        is_text = False
    style = None if is_text and text != "<<" else "'"
    return dumper.represent_scalar(_STR, text, style=style)


_Dumper.add_representer(str, _represent_text)


def dump_yaml(data: object) -> str:
    """Write plain data as YAML.

    Parameters
    ----------
    data : object
        Dicts with text as keys, lists, text, numbers, booleans and None.

    Returns
    -------
    str
        The text; `parse_yaml` gives `data` back.

    Raises
    ------
    TypeError
        Something that is no plain data.
    """
    try:
        return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    except yaml.representer.RepresenterError as err:
        raise TypeError(f"{type(data).__name__} holds what YAML has no plain form for") from err
