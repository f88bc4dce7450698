"""Reads YANG paths of profiles and spells them as XML: filters, configurations and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from controllers.profiles.profile import PathStep
from twin.model.errors import ModelError

__all__ = ["Key", "Step", "build_filter", "find", "graft", "has_entry", "parse_path"]

_STEP = re.compile(r"/(?:([\w.-]+):)?([\w.-]+)((?:\[[^\]]*\])*)")
_KEY = re.compile(r"\[([\w.-]+)=(\*?)([^\]]*)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Key leaf of a list entry.

    Parameters
    ----------
    leaf : str
        Name of the key leaf.
    value : str
        Its value; where any entry is meant, the one an emulator shows.
    namespace : str
        Namespace of the identity, if the value is one; empty otherwise.
    is_any : bool
        Drivers take every entry.
    """

    leaf: str
    value: str
    namespace: str = ""
    is_any: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node of a path for one device."""

    name: str
    namespace: str
    keys: tuple[Key, ...] = ()

    @property
    def tag(self) -> str:
        """Name in Clark notation."""
        return f"{{{self.namespace}}}{self.name}"


def parse_path(path: str, namespaces: Mapping[str, str]) -> tuple[PathStep, ...]:
    """Split a path template such as ``/oc:a/b[id={radio}][mac=*{mac}]/c``.

    Parameters
    ----------
    path : str
        Steps with an optional prefix (inherited by the steps below) and keys; ``=*`` before a
        value means any entry, the value is then the one an emulator shows.
    namespaces : mapping
        Prefix to namespace.

    Returns
    -------
    tuple of PathStep
        The steps.

    Raises
    ------
    ModelError
        Not a path, or an unknown prefix.
    """
    steps: list[PathStep] = []
    end = 0
    namespace = ""
    for match in _STEP.finditer(path):
        if match.start() != end:
            break
        end = match.end()
        prefix, name, keys = match.groups()
        if prefix:
            if prefix not in namespaces:
                raise ModelError(f"path {path}: prefix {prefix!r} is not in namespaces")
            namespace = namespaces[prefix]
        found = tuple((leaf, value, bool(star)) for leaf, star, value in _KEY.findall(keys))
        if not namespace or len(found) != keys.count("["):
            raise ModelError(f"path {path}: step {name!r} needs a prefix or has a bad key")
        steps.append(PathStep(name=name, namespace=namespace, keys=found))
    if not steps or end != len(path):
        raise ModelError(f"path {path}: not a path from {path[end:][:20]!r} on")
    return tuple(steps)


def graft(root: etree._Element, steps: Iterable[Step], text: str | None) -> etree._Element:
    """Put a leaf under a root, making the nodes and list entries on the way that are not there.

    Parameters
    ----------
    root : lxml.etree._Element
        Element the path starts in, such as ``<config>`` or ``<data>``.
    steps : iterable of Step
        The path; the last step is the leaf.
    text : str or None
        Content of the leaf; None leaves an empty selection node.

    Returns
    -------
    lxml.etree._Element
        The leaf.
    """
    here = root
    for step in steps:
        here = _child(here, step) if (found := _match(here, step)) is None else found
    if text is not None:
        here.text = text
    return here


def find(root: etree._Element, steps: tuple[Step, ...]) -> list[etree._Element]:
    """Find every element that a path names, in document order."""
    here = [root]
    for step in steps:
        here = [child for node in here for child in _entries(node, step)]
    return here


def has_entry(root: etree._Element, steps: tuple[Step, ...]) -> bool:
    """Say whether the innermost list entry of a path is there; a path without lists always is."""
    depth = max((i + 1 for i, step in enumerate(steps) if step.keys), default=0)
    return bool(find(root, steps[:depth]))


def build_filter(
    paths: Iterable[tuple[Step, ...]],
) -> etree._Element:
    """Make a subtree filter that selects some leaves.

    Parameters
    ----------
    paths : iterable of tuple of Step
        Paths of the leaves.

    Returns
    -------
    lxml.etree._Element
        A NETCONF ``<filter type="subtree">``.

    References
    ----------
    .. [1] RFC 6241 (2011), section 6, subtree filtering.
    """
    root = etree.Element(f"{{{_BASE}}}filter", {"type": "subtree"}, nsmap={"nc": _BASE})
    for steps in paths:
        # A key of any entry is no content match: without it the node selects all entries.
        graft(root, (_selecting(step) for step in steps), None)
    return root


_BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"


def _selecting(step: Step) -> Step:
    keys = tuple(key for key in step.keys if not key.is_any)
    return Step(name=step.name, namespace=step.namespace, keys=keys)


def _match(parent: etree._Element, step: Step) -> etree._Element | None:
    for child in parent.iterchildren(step.tag):
        if all(_key_is(child, step, key) for key in step.keys):
            return child
    return None


def _entries(parent: etree._Element, step: Step) -> Iterator[etree._Element]:
    for child in parent.iterchildren(step.tag):
        if all(key.is_any or _key_is(child, step, key) for key in step.keys):
            yield child


def _key_is(entry: etree._Element, step: Step, key: Key) -> bool:
    text = (entry.findtext(f"{{{step.namespace}}}{key.leaf}") or "").strip()
    # An identity may come with any prefix the device likes; the name alone tells it.
    return (text.rpartition(":")[2] if key.namespace else text) == key.value


def _child(parent: etree._Element, step: Step) -> etree._Element:
    child = etree.SubElement(parent, step.tag, nsmap={None: step.namespace})  # type: ignore[dict-item]
    for key in step.keys:
        nsmap = {"idns": key.namespace} if key.namespace else None
        leaf = etree.SubElement(child, f"{{{step.namespace}}}{key.leaf}", nsmap=nsmap)
        leaf.text = f"idns:{key.value}" if key.namespace else key.value
    return child
