"""Turns the ``<config>`` of an edit-config into changes of attributes, or into an rpc-error.

References
----------
.. [1] RFC 6241, section 7.2 (edit-config).
.. [2] RFC 7950, sections 7.5.8, 7.6.7 and 7.8.6 (what each operation does to a node).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree

from controllers.profiles import NetconfNode
from hil.emulators.netconf_tree import TreeNode, local_value, names_match
from hil.emulators.rpc_error import BASE, RpcError, base
from twin.model.attributes import Value, check_value
from twin.model.errors import ModelError

__all__ = ["OPERATIONS", "changes_of"]

OPERATIONS = ("merge", "replace", "create", "delete", "remove")


def changes_of(
    config: etree._Element,
    roots: Sequence[TreeNode],
    kind: str,
    default_operation: str = "merge",
) -> dict[str, Value]:
    """Read a configuration and check all of it before anything is changed.

    Parameters
    ----------
    config : lxml.etree._Element
        The ``<config>`` element.
    roots : sequence of TreeNode
        Data tree of the device.
    kind : str
        Device kind.
    default_operation : str
        ``merge``, ``replace`` or ``none``.

    Returns
    -------
    dict
        New value by attribute path.

    Raises
    ------
    RpcError
        Unknown elements, bad operations or values that do not fit.
    """
    changes: dict[str, Value] = {}
    editor = _Editor(kind, changes)
    if default_operation == "replace":
        for root in roots:
            editor.reset(root)
    editor.children(config, roots, default_operation)
    return changes


class _Editor:
    """Walks configuration and data tree side by side and collects changes."""

    def __init__(self, kind: str, changes: dict[str, Value]) -> None:
        self._kind = kind
        self._changes = changes

    def children(self, parent: etree._Element, nodes: Sequence[TreeNode], operation: str) -> None:
        for element in parent:
            named = [node for node in nodes if names_match(element, node)]
            if not named:
                raise _unknown(element, nodes)
            self._node(element, _entry(element, named), _operation(element, operation))

    def _node(self, element: etree._Element, node: TreeNode, operation: str) -> None:
        if node.is_leaf:
            self._leaf(element, node, operation)
            return
        if operation in ("delete", "remove", "create"):
            raise RpcError(
                "operation-failed" if operation != "create" else "data-exists",
                f"{node.name} is part of the device: it can be neither created nor deleted",
            )
        if operation == "replace":
            self.reset(node)
        self.children(element, node.children, operation)

    def _leaf(self, element: etree._Element, node: TreeNode, operation: str) -> None:
        if len(element):
            raise _bad(
                "unknown-element", etree.QName(element[0]).localname, "a leaf has no elements"
            )
        if node.leaf is None:
            if local_value(node, element.text) != node.text:
                raise _bad("invalid-value", node.name, f"the key is {node.text}")
            return
        if not node.is_config:
            raise _bad("unknown-element", node.name, f"{node.name} is state, not configuration")
        if operation == "create":
            raise _bad("data-exists", node.name, f"{node.name} has a value")
        if operation in ("delete", "remove"):
            self._delete(node.leaf)
        elif operation != "none":
            self._changes[node.leaf.path] = self._value(node, node.leaf, element.text or "")

    def _value(self, node: TreeNode, leaf: NetconfNode, text: str) -> Value:
        try:
            value = leaf.decode([text])
            return check_value(self._kind, leaf.path, value)
        except ModelError as err:
            raise _bad("invalid-value", node.name, str(err)) from err

    def _delete(self, leaf: NetconfNode) -> None:
        if leaf.default is None:
            raise _bad("operation-failed", leaf.steps[-1].name, "the leaf has no default to go to")
        self._changes[leaf.path] = leaf.default

    def reset(self, node: TreeNode) -> None:
        """Set what a replaced subtree does not name to its defaults; the rest the device keeps."""
        if node.leaf and node.is_config and node.leaf.default is not None:
            self._changes[node.leaf.path] = node.leaf.default
        for child in node.children:
            self.reset(child)


def _operation(element: etree._Element, inherited: str) -> str:
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    given = attributes.pop(base("operation"), None)
    foreign = [name for name in attributes if not name.startswith("{") or BASE in name]
    if foreign:
        raise RpcError(
            "unknown-attribute",
            f"attribute {foreign[0]} is unknown",
            info={"bad-attribute": foreign[0], "bad-element": etree.QName(element).localname},
        )
    if given is None:
        return inherited
    if given not in OPERATIONS:
        raise RpcError(
            "bad-attribute",
            f"operation {given!r} is unknown; known are {', '.join(OPERATIONS)}",
            info={"bad-attribute": "operation", "bad-element": etree.QName(element).localname},
        )
    return given


def _entry(element: etree._Element, named: list[TreeNode]) -> TreeNode:
    """Find the list entry an element means by its key leaves."""
    if not named[0].keys:
        return named[0]
    for node in named:
        if all(local_value(key, _key_text(element, key)) == key.text for key in node.keys):
            return node
    known = "; ".join(" ".join(key.text or "" for key in node.keys) for node in named)
    raise _bad("invalid-value", named[0].name, f"the device has no such entry; it has {known}")


def _key_text(element: etree._Element, key: TreeNode) -> str | None:
    for child in element:
        if names_match(child, key):
            return child.text
    raise _bad("missing-element", key.name, f"key {key.name} is missing")


def _unknown(element: etree._Element, nodes: Sequence[TreeNode]) -> RpcError:
    name = etree.QName(element)
    if nodes and name.namespace and name.namespace not in set(_namespaces(nodes)):
        return RpcError(
            "unknown-namespace",
            f"namespace {name.namespace} is unknown here",
            info={"bad-element": name.localname, "bad-namespace": name.namespace},
        )
    known = ", ".join(dict.fromkeys(node.name for node in nodes))
    return _bad("unknown-element", name.localname, f"unknown here; known are {known}")


def _namespaces(nodes: Sequence[TreeNode]) -> Iterator[str]:
    for node in nodes:
        yield node.namespace


def _bad(tag: str, element: str, why: str) -> RpcError:
    return RpcError(tag, f"{element}: {why}", info={"bad-element": element})
