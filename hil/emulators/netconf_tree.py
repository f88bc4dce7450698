"""The data tree of an emulated NETCONF device: built from its profile, filtered, written as XML.

References
----------
.. [1] RFC 6241, section 6 (subtree filtering).
.. [2] RFC 7950, section 7.8 (lists and their keys).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from controllers.profiles import NetconfNode, Step

__all__ = ["Pick", "TreeNode", "build_tree", "local_value", "names_match", "render", "select"]

_OPENCONFIG = "http://openconfig.net/yang/"


@dataclass(slots=True, eq=False)
class TreeNode:
    """A container, list entry or leaf.

    Parameters
    ----------
    name, namespace : str
        Its element name.
    step : Step or None
        The step of the path that made it; None for key leaves.
    text : str or None
        Fixed text of a key leaf.
    id_namespace : str
        Namespace of the identity a key leaf holds, empty for plain text.
    is_key : bool
        It is a key of the list entry it stands in.
    is_config : bool
        It is configuration or holds some.
    leaf : NetconfNode or None
        What a leaf shows.
    children : list of TreeNode
        In the order of the profile, keys first.
    """

    name: str
    namespace: str
    step: Step | None = None
    text: str | None = None
    id_namespace: str = ""
    is_key: bool = False
    is_config: bool = False
    leaf: NetconfNode | None = None
    children: list[TreeNode] = field(default_factory=list)

    @property
    def keys(self) -> list[TreeNode]:
        """Key leaves of a list entry; empty for anything else."""
        return [child for child in self.children if child.is_key]

    @property
    def is_leaf(self) -> bool:
        """Whether it holds text and no elements."""
        return self.leaf is not None or self.text is not None


@dataclass(slots=True)
class Pick:
    """What a filter selects of a node: all of it (None), or some children."""

    node: TreeNode
    children: list[Pick] | None = None


def build_tree(leaves: Iterable[NetconfNode]) -> list[TreeNode]:
    """Build the data tree of a device.

    Parameters
    ----------
    leaves : iterable of NetconfNode
        Leaves the device really has.

    Returns
    -------
    list of TreeNode
        The top-level nodes.
    """
    root = TreeNode("", "")
    index: dict[tuple[int, Step], TreeNode] = {}
    for leaf in leaves:
        here = root
        for step in leaf.steps:
            here.is_config |= leaf.is_writable
            known = index.get((id(here), step))
            if known is None:
                known = index[id(here), step] = _grown(here, step)
            here = known
        here.leaf = leaf
        here.is_config = leaf.is_writable
    for node in root.children:
        _settle_keys(node)
    return root.children


def _grown(parent: TreeNode, step: Step) -> TreeNode:
    node = TreeNode(step.name, step.namespace, step)
    node.children = [_key_leaf(step, i_key, is_key=True) for i_key in range(len(step.keys))]
    # OpenConfig repeats the keys of an entry as leaves of its config and state containers.
    entry = parent.step
    if entry and step.namespace.startswith(_OPENCONFIG) and step.name in ("config", "state"):
        node.children += [_key_leaf(entry, i_key, is_key=False) for i_key in range(len(entry.keys))]
    parent.children.append(node)
    return node


def _key_leaf(step: Step, i_key: int, *, is_key: bool) -> TreeNode:
    key = step.keys[i_key]
    return TreeNode(
        key.leaf, step.namespace, text=key.value, id_namespace=key.namespace, is_key=is_key
    )


def _settle_keys(node: TreeNode) -> None:
    for child in node.children:
        if child.text is not None:
            child.is_config = node.is_config
        else:
            _settle_keys(child)


def names_match(element: etree._Element, node: TreeNode) -> bool:
    """Say whether an XML element names a node; one without a namespace names it in any."""
    name = etree.QName(element)
    return name.localname == node.name and name.namespace in (None, "", node.namespace)


def local_value(node: TreeNode, text: str | None) -> str:
    """Return the text of a leaf, without the prefix if the leaf holds an identity."""
    plain = (text or "").strip()
    return plain.rpartition(":")[2] if node.id_namespace else plain


def select(
    filter_: etree._Element, roots: Iterable[TreeNode], text_of: Callable[[NetconfNode], str | None]
) -> list[Pick]:
    """Apply a subtree filter.

    Parameters
    ----------
    filter_ : lxml.etree._Element
        The ``<filter>`` element; its children are the filter.
    roots : iterable of TreeNode
        Top-level nodes.
    text_of : callable
        Text of a leaf now, None if it is absent.

    Returns
    -------
    list of Pick
        What is selected, in the order of the tree.
    """
    return _selected_children(list(_elements(filter_)), roots, text_of)


def _elements(parent: etree._Element) -> Iterator[etree._Element]:
    return (child for child in parent if isinstance(child.tag, str))


def _selected_children(
    filters: list[etree._Element],
    children: Iterable[TreeNode],
    text_of: Callable[[NetconfNode], str | None],
) -> list[Pick]:
    picks = []
    for child in children:
        found = [
            pick
            for filter_ in filters
            if names_match(filter_, child) and (pick := _select_node(filter_, child, text_of))
        ]
        if found:
            picks.append(_merged(child, found))
    return picks


def _merged(node: TreeNode, picks: list[Pick]) -> Pick:
    if len(picks) == 1:
        return picks[0]
    parts: dict[int, list[Pick]] = {}
    for pick in picks:
        if pick.children is None:
            return Pick(node)
        for child in pick.children:
            parts.setdefault(id(child.node), []).append(child)
    ordered = [parts[id(child)] for child in node.children if id(child) in parts]
    return Pick(node, [_merged(same[0].node, same) for same in ordered])


def _select_node(
    filter_: etree._Element, node: TreeNode, text_of: Callable[[NetconfNode], str | None]
) -> Pick | None:
    if filter_.attrib:  # attribute match expression: no data node here has attributes
        return None
    inner = list(_elements(filter_))
    if not inner:
        wanted = (filter_.text or "").strip()
        return Pick(node) if not wanted or _shows(node, wanted, text_of) else None
    matches = [element for element in inner if not len(element) and (element.text or "").strip()]
    for match in matches:
        wanted = (match.text or "").strip()
        if not any(
            names_match(match, child) and _shows(child, wanted, text_of) for child in node.children
        ):
            return None
    rest = [element for element in inner if element not in matches]
    if not rest:
        return Pick(node)
    picks = _selected_children(rest, node.children, text_of)
    if not picks:
        return None
    return _merged(node, [Pick(node, [*map(Pick, node.keys)]), Pick(node, picks)])


def _shows(node: TreeNode, wanted: str, text_of: Callable[[NetconfNode], str | None]) -> bool:
    text = text_of(node.leaf) if node.leaf else node.text
    return text is not None and local_value(node, text) == local_value(node, wanted)


def render(
    picks: Iterable[Pick], text_of: Callable[[NetconfNode], str | None], *, with_state: bool
) -> str:
    """Write what was picked as XML.

    Parameters
    ----------
    picks : iterable of Pick
        Selected nodes.
    text_of : callable
        Text of a leaf now, None if it is absent.
    with_state : bool
        False leaves operational state out.
    """
    return "".join(_xml(pick, "", text_of, with_state) for pick in picks)


def _xml(
    pick: Pick, around: str, text_of: Callable[[NetconfNode], str | None], with_state: bool
) -> str:
    node = pick.node
    if not (with_state or node.is_config):
        return ""
    xmlns = "" if node.namespace == around else f" xmlns={quoteattr(node.namespace)}"
    if node.is_leaf:
        return _leaf_xml(node, xmlns, text_of)
    children = pick.children
    if children is None:
        children = [*map(Pick, node.children)]
    content = "".join(_xml(child, node.namespace, text_of, with_state) for child in children)
    if not content:
        return ""
    return f"<{node.name}{xmlns}>{content}</{node.name}>"


def _leaf_xml(node: TreeNode, xmlns: str, text_of: Callable[[NetconfNode], str | None]) -> str:
    text = text_of(node.leaf) if node.leaf else node.text
    if text is None:
        return ""
    namespace = node.id_namespace
    if node.leaf and node.leaf.identity:
        namespace = node.leaf.identity[1]
    if namespace:
        xmlns += f" xmlns:idns={quoteattr(namespace)}"
        text = f"idns:{text}"
    return f"<{node.name}{xmlns}>{escape(text)}</{node.name}>"
