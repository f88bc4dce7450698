"""Write a graph of objects as octets: what a running simulation holds, and nothing else.

The octets are a length (8 octets, little-endian), a JSON document of that length, and the contents
of arrays one after another. The document lists the objects as nodes that point to each other by
number, children before parents as far as there is no cycle, so that shared objects stay shared and
depth costs no stack. A node is a plain value or ``[kind, what it needs..., children...]``. Records
of the city are named, not stored. `twin.sim.graph_reader` reads it.
"""

from __future__ import annotations

import gc
import json
import math
import struct
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from types import FunctionType, MappingProxyType, MethodType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from simpy.events import PENDING
from simpy.resources.resource import SortedQueue

from twin.model.city import City
from twin.model.errors import InputError
from twin.sim.storable import (
    FACTORIES,
    NotStorable,
    Parts,
    find,
    full_name,
    function_of,
    is_storable,
    layout,
    sort_of,
)

__all__ = ["dump"]

_EMPTY = np.empty(0, np.uint8)
_WIDE = 1 << 63  # whole numbers beyond are written as hexadecimal text


class _Node(NamedTuple):
    head: Any  # of JSON; a plain value if the node has no kind
    children: Sequence[object] = ()


class _Writer:
    """Numbers the objects breadth first, describes each, and puts children before parents."""

    def __init__(self, city: City) -> None:
        self._parts = Parts(city)
        self._number_of: dict[object, int] = {}
        self._objects: list[object] = []  # keeps them alive, so that no id is used twice
        self._asked_by: list[tuple[int, int]] = []
        self._heads: list[Any] = []
        self._children: list[list[int]] = []
        self._classes: dict[type, int] = {}
        self._shapes: dict[tuple[int | str, ...], int] = {}
        self._arrays: dict[int, NDArray[Any]] = {}
        self._blobs: list[bytes | memoryview] = []

    def write(self, root: object) -> bytes:
        self._number(root, (0, 0))
        for i, item in enumerate(self._objects):  # grows while it is walked
            node = self._describe(item, i)
            self._heads.append(node.head)
            self._children.append([self._number(c, (i, k)) for k, c in enumerate(node.children)])
        self._store_arrays()
        order = _post_order(self._children)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        new = place.tolist()
        document = {
            "classes": [full_name(kind) for kind in self._classes],
            "shapes": [list(shape) for shape in self._shapes],
            "blobs": [len(blob) for blob in self._blobs],
            "nodes": [
                [*self._heads[i], *(new[child] for child in self._children[i])]
                if isinstance(self._heads[i], list)
                else self._heads[i]
                for i in order
            ],
        }
        text = json.dumps(document, separators=(",", ":"), check_circular=False).encode()
        return b"".join([struct.pack("<Q", len(text)), text, *self._blobs])

    def _number(self, item: object, asked_by: tuple[int, int]) -> int:
        kind = type(item)
        key = (kind, item) if kind is str or kind is int else id(item)
        number = self._number_of.setdefault(key, len(self._objects))
        if number == len(self._objects):
            self._objects.append(item)
            self._asked_by.append(asked_by)
        return number

    def _describe(self, item: Any, i: int) -> _Node:  # noqa: ANN401
        kind = type(item)
        name = self._parts.name(item)
        if name is not None:
            return _Node(["part", *name])
        plain = _plain(item)
        if plain is not None:
            return plain
        if kind is bytes or kind is bytearray:
            return _Node([kind.__name__, self._blob(bytes(item))])
        if kind is np.ndarray:
            return self._array(item, i)
        if isinstance(item, type | FunctionType):
            return self._by_name(item, i)
        found = _of_numpy(item) or _bound(item)
        if found is not None:
            return found
        if not is_storable(kind):
            raise self._refusal(i)
        return self._instance(item, i)

    def _instance(self, item: Any, i: int) -> _Node:  # noqa: ANN401
        kind: type = type(item)
        number = self._class(kind, i)
        if isinstance(item, Enum):
            if item.name is None or type(item).__members__.get(item.name) is not item:
                raise self._refusal(i)
            return _Node(["enum", number, item.name])
        if isinstance(item, tuple) and hasattr(kind, "_fields"):
            return _Node(["record", number], item)
        sort = sort_of(kind)
        if sort is None:
            raise self._refusal(i)
        if sort.has_own_state:
            return _Node(["state", number], (item.__getstate__(),))
        state = {name: getattr(item, name) for name in sort.slots if hasattr(item, name)}
        if sort.has_dict:
            state.update(vars(item))
        if not all(name.isidentifier() and not name.startswith("__") for name in state):
            raise self._refusal(i)
        shape = self._shapes.setdefault((number, *state), len(self._shapes))
        return _Node(["object", shape], list(state.values()))

    def _class(self, kind: type, i: int) -> int:
        if kind not in self._classes:
            self._by_name(kind, i)
        return self._classes.setdefault(kind, len(self._classes))

    def _by_name(self, item: type | FunctionType, i: int) -> _Node:
        try:
            is_found = find(full_name(item)) is item
        except InputError:
            is_found = False
        if not is_found:
            raise self._refusal(i)
        return _Node(["name", full_name(item)])

    def _array(self, array: NDArray[Any], i: int) -> _Node:
        if array.dtype == object:
            return _Node(["objects", list(array.shape), _order(array)], _flat(array).tolist())
        if layout(array.dtype) is None:
            raise self._refusal(i)
        self._arrays[i] = array
        return _Node(None)  # described once it is known which arrays share memory

    def _blob(self, octets: bytes | memoryview) -> int:
        self._blobs.append(octets)
        return len(self._blobs) - 1

    def _store_arrays(self) -> None:
        """Store each array, and those that overlap in memory as views of one memory."""
        for group in _overlapping(self._arrays):
            if len(group) == 1:
                array = self._arrays[group[0]]
                octets = _flat(array).view(np.uint8) if array.size else _EMPTY
                self._heads[group[0]] = [
                    "array", layout(array.dtype), list(array.shape), _order(array),
                    int(array.flags.writeable), self._blob(octets.data),
                ]  # fmt: skip
            else:
                self._store_views(group)

    def _store_views(self, group: list[int]) -> None:
        owner = self._arrays[group[0]]
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        memory = np.ravel(owner, order="K").view(np.uint8) if owner.dtype != object else owner
        first = memory.ctypes.data
        base = len(self._objects)
        self._objects.append(memory)
        self._heads.append(["array", "|u1", [memory.size], "C", 1, self._blob(memory.data)])
        self._children.append([])
        for i in group:
            array = self._arrays[i]
            low, high = np.lib.array_utils.byte_bounds(array)
            if low < first or high > first + memory.size or not np.may_share_memory(array, memory):
                raise self._refusal(i)
            self._children[i] = [base]
            self._heads[i] = [
                "view", layout(array.dtype), list(array.shape), list(array.strides),
                array.ctypes.data - first, int(array.flags.writeable),
            ]  # fmt: skip

    def _refusal(self, i: int) -> NotStorable:
        steps = []
        item = self._objects[i]
        what = f"{type(item).__module__}.{type(item).__qualname__}"
        if isinstance(item, type | FunctionType):
            what = f"{item.__module__}.{item.__qualname__}"
        elif isinstance(item, MethodType):
            what = f"the method {item.__func__.__qualname__}"
        while i:
            i, k = self._asked_by[i]
            steps.append(self._label(i, k))
        path = "".join(reversed(steps)).lstrip(".") or "the whole"
        return NotStorable(f"{path}: {what} cannot be part of a saved simulation")

    def _label(self, i: int, k: int) -> str:
        item = self._objects[i]
        match self._heads[i]:
            case ["object", shape]:
                return f".{list(self._shapes)[shape][k + 1]}"
            case ["state" | "method", *_]:
                return ""
            case ["dict" | "counter" | "defaultdict", *_] if isinstance(item, dict):
                return f"[{list(item)[k // 2]!r}]"
            case _:
                return f"[{k}]"


def _plain(item: Any) -> _Node | None:  # noqa: ANN401  # anything
    """Describe what Python itself has, by its exact type."""
    kind = type(item)
    if kind is str:
        if item.isascii():
            return _Node(item)
        try:
            item.encode()
        except UnicodeEncodeError:  # half a surrogate pair; two of them would be joined by JSON
            return _Node(["str", item.encode(errors="surrogatepass").hex()])
        return _Node(item)
    if kind is int:
        return _Node(item if -_WIDE <= item < _WIDE else ["int", hex(item)])
    if kind is float and math.isnan(item):  # JSON does not keep its bits
        return _Node(["nan", struct.pack("<d", item).hex()])
    if item is None or kind is bool or kind is float:
        return _Node(item)
    if item is PENDING:
        return _Node(["pending"])
    describe = _DESCRIBE.get(kind)
    return None if describe is None else describe(item)


def _defaults(item: defaultdict[Any, Any]) -> _Node | None:
    for name, factory in FACTORIES.items():
        if item.default_factory is factory:
            return _Node(["defaultdict", name], _pairs(item))
    return None


def _pairs(item: dict[Any, Any]) -> list[object]:
    return [x for pair in item.items() for x in pair]


def _moment(item: datetime) -> _Node:
    head = ["datetime", item.year, item.month, item.day, item.hour, item.minute, item.second]
    return _Node([*head, item.microsecond, item.fold], (item.tzinfo,))


def _zone(item: ZoneInfo) -> _Node | None:
    return None if item.key is None else _Node(["zone", item.key])


_DESCRIBE: dict[type, Callable[[Any], _Node | None]] = {
    list: lambda item: _Node(["list"], item),
    tuple: lambda item: _Node(["tuple"], item),
    dict: lambda item: _Node(["dict"], _pairs(item)),
    Counter: lambda item: _Node(["counter"], _pairs(item)),
    defaultdict: _defaults,
    set: lambda item: _Node(["set"], tuple(item)),
    frozenset: lambda item: _Node(["frozenset"], tuple(item)),
    deque: lambda item: _Node(["deque", item.maxlen], tuple(item)),
    SortedQueue: lambda item: _Node(["queue", item.maxlen], tuple(item)),
    MappingProxyType: lambda item: _Node(["proxy"], gc.get_referents(item)),  # what it wraps
    complex: lambda item: _Node(["complex"], (item.real, item.imag)),
    range: lambda item: _Node(["range"], (item.start, item.stop, item.step)),
    slice: lambda item: _Node(["slice"], (item.start, item.stop, item.step)),
    datetime: _moment,
    date: lambda item: _Node(["date", item.year, item.month, item.day]),
    timedelta: lambda item: _Node(["duration", item.days, item.seconds, item.microseconds]),
    timezone: lambda item: _Node(["offset"], (item.utcoffset(None),)),
    ZoneInfo: _zone,
}


def _of_numpy(item: Any) -> _Node | None:  # noqa: ANN401
    """Describe a scalar or a random generator of NumPy."""
    if isinstance(item, np.generic):
        text = layout(item.dtype)
        return None if text is None else _Node(["scalar", text, item.tobytes().hex()])
    if type(item) is not np.random.Generator or type(item.bit_generator) is not np.random.PCG64:
        return None
    state: Any = item.bit_generator.state
    words = [hex(state["state"]["state"]), hex(state["state"]["inc"])]
    return _Node(["generator", *words, state["has_uint32"], state["uinteger"]])


def _bound(item: Any) -> _Node | None:  # noqa: ANN401
    """Describe a method with its owner."""
    if not isinstance(item, MethodType):
        return None
    name = getattr(item.__func__, "__name__", "")
    is_found = function_of(type(item.__self__), name) is item.__func__
    return _Node(["method", name], (item.__self__,)) if is_found else None


def _order(array: NDArray[Any]) -> str:
    return "F" if array.flags.fnc else "C"


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    """Return the elements in the order of `_order`, without a copy where they lie so."""
    return np.ravel(array, order="F" if array.flags.fnc else "C")


def _overlapping(arrays: dict[int, NDArray[Any]]) -> Iterable[list[int]]:
    """Group arrays whose spans in memory overlap."""
    yield from ([i] for i, array in arrays.items() if not array.size)
    spans = {i: np.lib.array_utils.byte_bounds(a) for i, a in arrays.items() if a.size}
    group: list[int] = []
    end = 0
    for i in sorted(spans, key=spans.__getitem__):
        low, high = spans[i]
        if group and low >= end:
            yield group
            group = []
        group.append(i)
        end = max(end, high)
    if group:
        yield group


def _post_order(children: list[list[int]]) -> list[int]:
    """Return the nodes, children first as far as there is no cycle, the root last."""
    order: list[int] = []
    is_seen = bytearray(len(children))
    is_seen[0] = 1
    path = [(0, iter(children[0]))]
    while path:
        i, rest = path[-1]
        for child in rest:
            if not is_seen[child]:
                is_seen[child] = 1
                path.append((child, iter(children[child])))
                break
        else:
            order.append(i)
            path.pop()
    return order


def dump(root: object, city: City) -> bytes:
    """Write an object and everything it holds.

    Parameters
    ----------
    root : object
        Such as a running simulation; it is not changed.
    city : City
        Its records are named, not stored.

    Returns
    -------
    bytes
        For `twin.sim.graph_reader.load`.

    Raises
    ------
    NotStorable
        Something is held that is not on the list; names the way to it and its class.
    """
    return _Writer(city).write(root)
