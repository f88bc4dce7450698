"""The one YAML reader: bounded in size, depth and aliases, and every failure an `InputError`.

It takes the event stream of PyYAML and builds plain dicts, lists and scalars itself, without
recursion, so that nothing the text says can run code, exhaust the stack or swell in memory.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml import events

from twin.model.errors import InputError
from twin.model.safe.document import Document, Mark
from twin.model.safe.scalars import plain_scalar
from twin.model.safe.text import FORBIDDEN, MAX_BYTES, checked_text, read_bytes

__all__ = ["MAX_ALIASES", "MAX_DEPTH", "MAX_NODES", "load_yaml", "parse_yaml"]

log = logging.getLogger(__name__)

MAX_DEPTH = 64
MAX_ALIASES = 1_000
MAX_NODES = 100_000
"""Limits of nesting, of aliases, and of values with every alias written out."""

# libyaml where PyYAML was built with it: the same events, ten times faster
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Node:
    """A value under construction; `weight` counts it with every alias written out."""

    value: Any
    line: int
    column: int
    weight: int = 1
    height: int = 1
    anchor: str | None = None
    key: str | None = None
    key_at: tuple[int, int] = (0, 0)


def load_yaml(path: Path, *, max_bytes: int = MAX_BYTES, max_nodes: int | None = None) -> Document:
    """Read a YAML file.

    Parameters
    ----------
    path : Path
        The file.
    max_bytes : int
        Largest size accepted. [octets]
    max_nodes : int, optional
        Most values accepted, with every alias written out; `MAX_NODES` if not given.

    Returns
    -------
    Document
        Its content with positions.

    Raises
    ------
    InputError
        Missing, unreadable, or anything `parse_yaml` refuses.
    """
    text = read_bytes(path, max_bytes=max_bytes)
    return parse_yaml(text, str(path), max_bytes=max_bytes, max_nodes=max_nodes)


def parse_yaml(
    text: str | bytes, source: str, *, max_bytes: int = MAX_BYTES, max_nodes: int | None = None
) -> Document:
    """Parse a YAML text of one document.

    Parameters
    ----------
    text : str or bytes
        The text; bytes are UTF-8.
    source : str
        Name of the file, for messages.
    max_bytes : int
        Largest size accepted. [octets]
    max_nodes : int, optional
        Most values accepted, with every alias written out; `MAX_NODES` if not given.

    Returns
    -------
    Document
        Its content with positions; `data` is None for an empty text.

    Raises
    ------
    InputError
        Not YAML, too large, too deep, too many aliases, a tag, a duplicate key, a merge key, a
        number that is not finite, a second document, or a control character.

    References
    ----------
    .. [1] YAML 1.2.2 (2021), core schema. Deviations: no tags, no merge keys, no infinite
       numbers, keys are text as written, and a number with leading zero is text.
    """
    clean = checked_text(text, source, max_bytes=max_bytes)
    return _Builder(source, MAX_NODES if max_nodes is None else max_nodes).build(clean)


class _Builder:
    """Turns the events of one text into a document."""

    def __init__(self, source: str, max_nodes: int) -> None:
        self.source = source
        self.max_nodes = max_nodes
        self.stack: list[_Node] = []
        self.anchors: dict[str, _Node] = {}
        self.marks: dict[int, dict[str | int, Mark]] = {}
        self.n_aliases = 0
        self.n_nodes = 0
        self.n_documents = 0
        self.root: _Node | None = None

    def build(self, text: str) -> Document:
        for event in self._events(text):
            self._take(event)
        if self.root is None:
            return Document(data=None, source=self.source)
        line, column = self.root.line, self.root.column
        return Document(
            data=self.root.value,
            source=self.source,
            root=Mark(line, column, line, column),
            marks=self.marks,
        )

    def _events(self, text: str) -> Iterator[events.Event]:
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as err:
            mark = err.problem_mark or err.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            at = "".join(text.split("\n")[line - 1 : line])[column - 1 :]
            what = ", ".join(part for part in (err.context, err.problem) if part)
            raise InputError(
                f"not YAML: {what}", self.source, line, column, _hint(err.problem or "", at)
            ) from err
        except (yaml.YAMLError, ValueError, OverflowError) as err:
            # the pure Python scanner lets chr() fail on escapes such as "\UFFFFFFFF"
            raise InputError(f"not YAML: {err}", self.source) from err

    def _take(self, event: events.Event) -> None:
        match event:
            case events.ScalarEvent():
                self._scalar(event)
            case events.MappingStartEvent():
                self._open(event, {})
            case events.SequenceStartEvent():
                self._open(event, [])
            case events.CollectionEndEvent():
                self._close()
            case events.AliasEvent():
                self._alias(event)
            case events.DocumentStartEvent():
                self.n_documents += 1
                if self.n_documents > 1:
                    raise self._error(event, "a second document begins", "one file, one document")

    def _scalar(self, event: events.ScalarEvent) -> None:
        self._check_tag(event)
        text = event.value
        # the text itself was searched before; only a quoted escape can bring in new ones
        if event.style == '"' and FORBIDDEN.search(text):
            raise self._error(event, "control character in a text", "remove the escape")
        parent = self.stack[-1] if self.stack else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            self._key(event, parent, text)
            return
        value: Any = text
        if event.implicit[0]:
            try:
                value = plain_scalar(text)
            except ValueError as err:
                raise self._error(event, str(err), "quote it if it is text") from err
        self._add(event, self._node(event, value))

    def _key(self, event: events.ScalarEvent, parent: _Node, text: str) -> None:
        plain = event.implicit[0]
        if plain and text == "":
            raise self._error(event, "a key is missing", "write a name before the colon")
        if plain and text == "<<":
            raise self._error(event, "merge keys (<<) are not used", "write the keys out")
        if text in parent.value:
            first = self.marks[id(parent.value)][text]
            raise self._error(
                event,
                f"key {_short(text)} stands twice, first in line {first.key_line}",
                "remove one of them",
            )
        if event.anchor:
            self.anchors[event.anchor] = self._node(event, text)
        self._count(event, 1)
        parent.key, parent.key_at = text, _place(event)

    def _open(
        self, event: events.CollectionStartEvent, value: dict[str, object] | list[object]
    ) -> None:
        self._check_tag(event)
        parent = self.stack[-1] if self.stack else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            raise self._error(event, "a key must be text", "quote it if it is text")
        if len(self.stack) >= MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH}", "flatten it")
        self._count(event, 1)
        node = self._node(event, value)
        node.anchor = event.anchor
        if event.anchor:
            # an alias to a collection that still grows would be a cycle
            self.anchors.pop(event.anchor, None)
        self.marks[id(value)] = {}
        self.stack.append(node)

    def _close(self) -> None:
        node = self.stack.pop()
        self._attach(node)
        if node.anchor:
            self.anchors[node.anchor] = node

    def _alias(self, event: events.AliasEvent) -> None:
        self.n_aliases += 1
        if self.n_aliases > MAX_ALIASES:
            raise self._error(event, f"more than {MAX_ALIASES} aliases", "write the values out")
        target = self.anchors.get(event.anchor or "")
        if target is None:
            raise self._error(
                event, f"alias *{event.anchor} names nothing complete before it", "write it out"
            )
        if isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None:
            raise self._error(event, "an alias cannot be a key", "write the key out")
        if len(self.stack) + target.height - 1 > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH}", "flatten it")
        line, column = _place(event)
        copy = _Node(target.value, line, column, target.weight, target.height)
        self._count(event, target.weight)
        self._attach(copy)

    def _add(self, event: events.ScalarEvent, node: _Node) -> None:
        self._count(event, 1)
        if event.anchor:
            self.anchors[event.anchor] = node
        self._attach(node)

    def _attach(self, node: _Node) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.weight += node.weight
        parent.height = max(parent.height, node.height + 1)
        marks = self.marks[id(parent.value)]
        if isinstance(parent.value, dict):
            key = parent.key
            if key is None:  # unreachable: keys come first in the stream of events
                raise InputError("a value without key", self.source, node.line, node.column)
            parent.value[key] = node.value
            marks[key] = Mark(node.line, node.column, *parent.key_at)
            parent.key = None
        else:
            marks[len(parent.value)] = Mark(node.line, node.column, node.line, node.column)
            parent.value.append(node.value)

    def _count(self, event: events.NodeEvent, weight: int) -> None:
        self.n_nodes += weight
        if self.n_nodes > self.max_nodes:
            raise self._error(
                event,
                f"more than {self.max_nodes} values with aliases written out",
                "split the file",
            )

    def _node(self, event: events.NodeEvent, value: object) -> _Node:
        return _Node(value, *_place(event))

    def _check_tag(self, event: events.ScalarEvent | events.CollectionStartEvent) -> None:
        if event.tag is not None:
            raise self._error(event, f"tag {_short(event.tag)} is refused", "write plain values")

    def _error(self, event: events.Event, what: str, hint: str) -> InputError:
        return InputError(what, self.source, *_place(event), hint)


def _place(event: events.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _hint(problem: str, at: str) -> str:
    """Say what to do about the mistakes people make most; `at` is the text where it went wrong."""
    if at.startswith("\t"):
        return "indent with spaces, not tabs"
    if "mapping values are not allowed" in problem:
        return "quote a text that contains ': '"
    if "nesting depth" in problem:
        return "flatten it"
    return "check quotes, brackets and indentation"
