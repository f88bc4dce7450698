"""What feeds what in the electricity grid: find a station that is fed by itself."""

from __future__ import annotations

from collections.abc import Iterable

from twin.model.city import PowerNode

__all__ = ["feed_cycle"]


def feed_cycle(nodes: Iterable[PowerNode]) -> tuple[str, ...]:
    """Find stations that feed one another in a circle.

    Parameters
    ----------
    nodes : iterable of PowerNode
        The grid. Substations are a ring on purpose; nothing above them is looked at.

    Returns
    -------
    tuple of str
        Ids along a circle, the first once more at the end; empty if there is none.
    """
    below = {node.id: node for node in nodes}
    done: set[str] = set()
    for start in below:
        path: list[str] = []
        on_path: set[str] = set()
        todo = [(start, False)]
        while todo:
            id_, is_left = todo.pop()
            if is_left:
                on_path.discard(path.pop())
                done.add(id_)
                continue
            if id_ in on_path:
                return (*path[path.index(id_) :], id_)
            node = below.get(id_)
            if id_ in done or node is None:
                continue
            path.append(id_)
            on_path.add(id_)
            todo.append((id_, True))
            todo += [(feed, False) for feed in reversed(_above(node, below))]
    return ()


def _above(node: PowerNode, nodes: dict[str, PowerNode]) -> list[str]:
    if node.kind != "substation":
        return list(node.feeds)
    return [feed for feed in node.feeds if feed in nodes and nodes[feed].kind != "substation"]
