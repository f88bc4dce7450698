"""Read a graph of objects that `twin.sim.graph` wrote, and trust nothing it says.

Every number is checked before it is used, classes come from the allow-list, and nothing of a class
is called but its `__setstate__` and `__hash__`. First each object that can change is made empty,
then those whose parts are there are filled or built, as often as that gets further.
"""

from __future__ import annotations

import json
import math
import struct
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timezone
from enum import Enum
from types import MappingProxyType, MethodType
from typing import Any

import numpy as np
from simpy.events import PENDING
from simpy.resources.resource import SortedQueue

from twin.model.city import City
from twin.model.errors import InputError
from twin.sim import graph_values as values
from twin.sim.graph_values import choice, integer, shape_of, text
from twin.sim.storable import FACTORIES, Parts, find, function_of, sort_of

__all__ = ["load"]

_MAX_TEXT_BYTES = 512 * 1024**2
_MAX_TRIPS = 20  # over objects that wait for others; a simulation needs two or three
_MAX_NESTING = 20  # of the tuples in a key: their hash goes down through all of them
_MISSING = object()
_BAD = (
    ArithmeticError, AttributeError, ImportError, LookupError, MemoryError, RecursionError,
    TypeError, ValueError, struct.error,
)  # fmt: skip


class _Reader:
    def __init__(self, document: dict[str, Any], raw: memoryview, parts: Parts) -> None:
        self._parts = parts
        self._nodes = document["nodes"]
        self._shapes = document["shapes"]
        classes, sizes = document["classes"], document["blobs"]
        if not all(type(x) is list for x in (self._nodes, self._shapes, classes, sizes)):
            raise InputError("a table is no list")
        self._classes = [self._class_of(find(text(name))) for name in classes]
        self._blobs: list[memoryview | None] = []
        at = 0
        for size in sizes:
            self._blobs.append(raw[at : at + integer(size, 0, len(raw) - at + 1)])
            at += size
        if at != len(raw):
            raise InputError("there is more than its list of arrays says")
        self._values: list[Any] = [_MISSING] * len(self._nodes)
        self._nesting = [0] * len(self._nodes)
        self._waiting: list[tuple[int, Callable[..., Any], list[Any], list[int]]] = []
        self._is_waiting = bytearray(len(self._nodes))

    @staticmethod
    def _class_of(found: object) -> type:
        if not isinstance(found, type):
            raise InputError("a function stands where a class must")
        return found

    def read(self) -> object:
        if not self._nodes:
            raise InputError("it is empty")
        for i, node in enumerate(self._nodes):
            self._begin(i, node)
        for _ in range(_MAX_TRIPS):
            n = len(self._waiting)
            self._waiting = [item for item in self._waiting if not self._finish(*item)]
            if len(self._waiting) in (0, n):
                break
        if self._waiting:
            raise InputError("some of its objects wait for each other")
        return self._values[-1]

    def _begin(self, i: int, node: object) -> None:
        if type(node) is not list:
            if type(node) is dict:
                raise InputError("a node is neither a value nor a list")
            self._values[i] = node
            return
        kind = node[0] if node and type(node[0]) is str else ""
        if kind not in _KINDS:
            raise InputError(f"{kind[:40]!r} is no kind of object")
        n_head, shell, finish = _KINDS[kind]
        if len(node) <= n_head:
            raise InputError(f"a {kind} is incomplete")
        head, children = node[1 : n_head + 1], node[n_head + 1 :]
        n = len(self._nodes)
        for child in children:
            if type(child) is not int or not 0 <= child < n:
                raise InputError(f"a {kind} holds something that is not there")
        if shell is not None:
            self._values[i] = shell(self, head, len(children))
        if finish is not None:
            self._waiting.append((i, finish, head, children))
            self._is_waiting[i] = 1
        elif children:
            raise InputError(f"a {kind} holds something")

    def _finish(
        self, i: int, finish: Callable[..., Any], head: list[Any], children: list[int]
    ) -> bool:
        parts = [self._values[child] for child in children]
        for part in parts:
            if part is _MISSING:
                return False
        try:
            finish(self, i, head, children, parts)
        except AttributeError:  # of the hash of an object that is not filled yet
            return False
        self._is_waiting[i] = 0
        return True

    # -- what needs nothing else --------------------------------------------------------------

    def _octets(self, number: object) -> memoryview:
        i = integer(number, 0, len(self._blobs))
        blob, self._blobs[i] = self._blobs[i], None
        if blob is None:
            raise InputError("two objects hold the same octets")  # could fill the memory
        return blob

    def _make_int(self, head: list[Any], _: int) -> object:
        return int(text(head[0]), 16)

    def _make_str(self, head: list[Any], _: int) -> object:
        return bytes.fromhex(text(head[0])).decode(errors="surrogatepass")

    def _make_nan(self, head: list[Any], _: int) -> object:
        (value,) = struct.unpack("<d", bytes.fromhex(text(head[0])))
        return value

    def _make_part(self, head: list[Any], _: int) -> object:
        return self._parts.item(text(head[0]), integer(head[1], -1))

    def _make_named(self, head: list[Any], _: int) -> object:
        return find(text(head[0]))

    def _class(self, number: object) -> type:
        return self._classes[integer(number, 0, len(self._classes))]

    def _make_enum(self, head: list[Any], _: int) -> object:
        kind = self._class(head[0])
        if not issubclass(kind, Enum):
            raise InputError(f"{kind.__name__} has no members")
        return kind.__members__[text(head[1])]

    # -- what can change: made empty, filled later ---------------------------------------------

    def _make_deque(self, head: list[Any], _: int) -> object:
        return deque(maxlen=None if head[0] is None else integer(head[0]))

    def _make_queue(self, head: list[Any], _: int) -> object:
        return SortedQueue(None if head[0] is None else integer(head[0]))

    def _make_defaultdict(self, head: list[Any], _: int) -> object:
        return defaultdict(FACTORIES[text(head[0])])

    def _make_objects(self, head: list[Any], n: int) -> object:
        shape = shape_of(head[0])
        if math.prod(shape) != n:
            raise InputError("an array has another size than its shape says")
        return np.empty(shape, dtype=object, order="F" if choice(head[1], "C", "F") == "F" else "C")

    def _make_object(self, head: list[Any], _: int) -> object:
        shape = self._shapes[integer(head[0], 0, len(self._shapes))]
        if type(shape) is not list or not shape:
            raise InputError("a shape of an object is none")
        kind = self._class(shape[0])
        sort = sort_of(kind)
        if sort is None or sort.has_own_state:
            raise InputError(f"{kind.__name__} is stored in another way")
        for name in shape[1:]:
            is_name = text(name).isidentifier() and not name.startswith("__")
            if not is_name or (name not in sort.slots and not sort.has_dict):
                raise InputError(f"{kind.__name__} has no {name[:40]!r}")
        return object.__new__(kind)

    def _make_stateful(self, head: list[Any], _: int) -> object:
        kind = self._class(head[0])
        sort = sort_of(kind)
        if sort is None or not sort.has_own_state:
            raise InputError(f"{kind.__name__} is stored in another way")
        return object.__new__(kind)

    # -- filling and building ---------------------------------------------------------------------

    def _fill_list(self, i: int, _: object, __: object, parts: list[Any]) -> None:
        list.extend(self._values[i], parts)

    def _fill_deque(self, i: int, head: list[Any], _: object, parts: list[Any]) -> None:
        if head[0] is not None and len(parts) > head[0]:
            raise InputError("a queue is longer than it may be")
        self._values[i].extend(parts)

    def _fill_dict(self, i: int, _: object, children: list[int], parts: list[Any]) -> None:
        self._check_keys(children[::2])
        found = dict(zip(parts[::2], parts[1::2], strict=True))
        if len(found) * 2 != len(parts):
            raise InputError("a key stands twice")
        dict.update(self._values[i], found)

    def _fill_set(self, i: int, _: object, children: list[int], parts: list[Any]) -> None:
        self._check_keys(children)
        found = set(parts)
        if len(found) != len(parts):
            raise InputError("a member of a set stands twice")
        self._values[i].update(parts)

    def _fill_objects(self, i: int, head: list[Any], _: object, parts: list[Any]) -> None:
        array = self._values[i]
        flat = array.T.reshape(-1) if head[1] == "F" else array.reshape(-1)
        for k, part in enumerate(parts):
            flat[k] = part

    def _fill_object(self, i: int, head: list[Any], _: object, parts: list[Any]) -> None:
        thing = self._values[i]
        number, *names = self._shapes[head[0]]
        sort = sort_of(self._classes[number])
        for name, part in zip(names, parts, strict=True):
            if sort is not None and name in sort.slots:
                object.__setattr__(thing, name, part)
            else:
                vars(thing)[name] = part

    def _fill_stateful(self, i: int, _: object, children: list[int], parts: list[Any]) -> None:
        (state,) = parts
        if self._is_waiting[children[0]]:
            raise AttributeError  # is empty yet
        self._values[i].__setstate__(state)

    def _build_tuple(self, i: int, _: object, children: list[int], parts: list[Any]) -> None:
        self._nest(i, children)
        self._values[i] = tuple(parts)

    def _build_record(self, i: int, head: list[Any], children: list[int], parts: list[Any]) -> None:
        kind = self._class(head[0])
        if not issubclass(kind, tuple) or len(getattr(kind, "_fields", ())) != len(parts):
            raise InputError(f"{kind.__name__} is no record of {len(parts)}")
        self._nest(i, children)
        self._values[i] = tuple.__new__(kind, parts)

    def _build_frozenset(self, i: int, _: object, children: list[int], parts: list[Any]) -> None:
        self._check_keys(children)
        self._nest(i, children)
        self._values[i] = frozenset(parts)
        if len(self._values[i]) != len(parts):
            raise InputError("a member of a set stands twice")

    def _build_method(self, i: int, head: list[Any], _: object, parts: list[Any]) -> None:
        (owner,) = parts
        function = function_of(type(owner), text(head[0]))
        if function is None:
            raise InputError(f"{type(owner).__name__}.{head[0][:40]} is not to be called")
        self._values[i] = MethodType(function, owner)

    def _build_datetime(self, i: int, head: list[Any], _: object, parts: list[Any]) -> None:
        year, month, day, hour, minute, second, microsecond, fold = (integer(x) for x in head)
        (zone,) = parts
        self._values[i] = datetime(
            year, month, day, hour, minute, second, microsecond, zone, fold=fold
        )

    def _build_view(self, i: int, head: list[Any], _: object, parts: list[Any]) -> None:
        self._values[i] = values.view_of(head, *parts)

    def _build_complex(self, i: int, _: object, __: object, parts: list[Any]) -> None:
        if [type(x) for x in parts] != [float, float]:
            raise InputError("a complex number is none")
        self._values[i] = complex(*parts)

    def _build_range(self, i: int, _: object, __: object, parts: list[Any]) -> None:
        self._values[i] = range(*parts)

    def _build_slice(self, i: int, _: object, __: object, parts: list[Any]) -> None:
        self._values[i] = slice(*parts)

    def _build_offset(self, i: int, _: object, __: object, parts: list[Any]) -> None:
        self._values[i] = timezone(*parts)

    def _build_proxy(self, i: int, _: object, __: object, parts: list[Any]) -> None:
        self._values[i] = MappingProxyType(*parts)

    def _nest(self, i: int, children: list[int]) -> None:
        self._nesting[i] = 1 + max((self._nesting[child] for child in children), default=0)

    def _check_keys(self, children: list[int]) -> None:
        if any(self._nesting[child] > _MAX_NESTING for child in children):
            raise InputError("a key is nested too deep")


def _empty(kind: Callable[[], object]) -> Callable[[_Reader, list[Any], int], object]:
    return lambda _, __, ___: kind()


_Make = Callable[[_Reader, list[Any], int], object]
_Finish = Callable[[_Reader, int, list[Any], list[int], list[Any]], None]
_KINDS: dict[str, tuple[int, _Make | None, _Finish | None]] = {
    # kind: how many things it needs, how it is made, how it is filled or built
    "array": (5, lambda reader, head, _: values.array_of(head, reader._octets(head[4])), None),
    "scalar": (2, lambda _, head, __: values.scalar_of(head), None),
    "generator": (4, lambda _, head, __: values.generator_of(head), None),
    "bytes": (1, lambda reader, head, _: bytes(reader._octets(head[0])), None),
    "bytearray": (1, lambda reader, head, _: bytearray(reader._octets(head[0])), None),
    "int": (1, _Reader._make_int, None),
    "str": (1, _Reader._make_str, None),
    "nan": (1, _Reader._make_nan, None),
    "part": (2, _Reader._make_part, None),
    "name": (1, _Reader._make_named, None),
    "enum": (2, _Reader._make_enum, None),
    "zone": (1, lambda _, head, __: values.zone_of(head), None),
    "date": (3, lambda _, head, __: values.date_of(head), None),
    "duration": (3, lambda _, head, __: values.duration_of(head), None),
    "pending": (0, _empty(lambda: PENDING), None),
    "list": (0, _empty(list), _Reader._fill_list),
    "queue": (1, _Reader._make_queue, _Reader._fill_list),
    "deque": (1, _Reader._make_deque, _Reader._fill_deque),
    "dict": (0, _empty(dict), _Reader._fill_dict),
    "counter": (0, _empty(Counter), _Reader._fill_dict),
    "defaultdict": (1, _Reader._make_defaultdict, _Reader._fill_dict),
    "set": (0, _empty(set), _Reader._fill_set),
    "objects": (2, _Reader._make_objects, _Reader._fill_objects),
    "object": (1, _Reader._make_object, _Reader._fill_object),
    "state": (1, _Reader._make_stateful, _Reader._fill_stateful),
    "tuple": (0, None, _Reader._build_tuple),
    "record": (1, None, _Reader._build_record),
    "frozenset": (0, None, _Reader._build_frozenset),
    "method": (1, None, _Reader._build_method),
    "view": (5, None, _Reader._build_view),
    "datetime": (8, None, _Reader._build_datetime),
    "complex": (0, None, _Reader._build_complex),
    "range": (0, None, _Reader._build_range),
    "slice": (0, None, _Reader._build_slice),
    "offset": (0, None, _Reader._build_offset),
    "proxy": (0, None, _Reader._build_proxy),
}


def load(data: bytes, city: City) -> object:
    """Read what `twin.sim.graph.dump` wrote.

    Parameters
    ----------
    data : bytes
        From anywhere.
    city : City
        Whose records are meant.

    Returns
    -------
    object
        An independent copy of what was written; records of the city are those of `city`.

    Raises
    ------
    InputError
        Truncated, damaged, or holding what is not part of a simulation.
    """
    try:
        (size,) = struct.unpack_from("<Q", data)
        if size > min(_MAX_TEXT_BYTES, len(data) - 8):
            raise InputError("it is shorter than it says")
        document = json.loads(data[8 : 8 + size])
        if type(document) is not dict:
            raise InputError("it is no table of objects")
        return _Reader(document, memoryview(data)[8 + size :], Parts(city)).read()
    except InputError:
        raise
    except _BAD as err:
        raise InputError(f"damaged: {type(err).__name__}: {str(err)[:200]}") from err
