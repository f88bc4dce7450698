"""Objects come back as they were, shared as they were, and nothing else comes in."""

from __future__ import annotations

import functools
import io
import json
import math
import re
import struct
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from functools import partial
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from simpy.events import PENDING

from twin.model.city import City
from twin.model.errors import InputError
from twin.sim.graph import dump
from twin.sim.graph_reader import load
from twin.sim.kernel import Crews, Kernel, SimulationError
from twin.sim.storable import NotStorable

CITY = City(
    name="toy",
    title="Toy",
    seed=1,
    timezone="Europe/Berlin",
    lat_deg=51.0,
    lon_deg=7.0,
    outline=(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)),),
)


class Thing:
    """Holds what it is given."""

    def __init__(self, **what):
        vars(self).update(what)

    def told(self, what):
        self.heard = what


@dataclass(frozen=True, slots=True)
class Point:
    x_m: float
    of: object = None


@dataclass(slots=True)
class Base:
    a: int = 1


@dataclass(slots=True, eq=False)
class Derived(Base):
    b: list = field(default_factory=list)


class Pair(NamedTuple):
    left: object
    right: object


class Colour(Enum):
    RED = 1
    GREEN = 2


class Private:
    __slots__ = ("__secret", "unset")

    def __init__(self, secret):
        self.__secret = secret

    def secret(self):
        return self.__secret


class Stateful:
    def __init__(self, n):
        self.it = iter(range(n))

    def __getstate__(self):
        return {"left": list(self.it)}

    def __setstate__(self, state):
        self.it = iter(state["left"])


class Reducing:
    def __reduce__(self):
        return print, ("executed",)


def tell(what):
    return f"told {what}"


for _thing in (Thing, Point, Base, Derived, Pair, Colour, Private, Stateful, Reducing, tell):
    _thing.__module__ = "twin.sim.things"  # as if they were ours


@pytest.fixture(autouse=True, scope="module")
def _things():
    module = ModuleType("twin.sim.things")
    vars(module).update({k: v for k, v in globals().items() if not k.startswith("_")})
    sys.modules["twin.sim.things"] = module
    yield
    del sys.modules["twin.sim.things"]


def copy(what):
    return load(dump(what, CITY), CITY)


def octets(value):
    """Say exactly what a value is, down to the bits of its floats."""
    match value:
        case int():
            return type(value).__name__, hex(value)
        case float():
            return type(value).__name__, struct.pack("<d", value)
        case complex():
            return "complex", octets(value.real), octets(value.imag)
        case set() | frozenset():
            return type(value).__name__, sorted(repr(octets(x)) for x in value)
        case dict():
            return type(value).__name__, [(octets(k), octets(v)) for k, v in value.items()]
        case list() | tuple() | deque():
            return type(value).__name__, [octets(x) for x in value]
        case _:
            return type(value).__name__, repr(value)


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(width=64)
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.dates()
    | st.timedeltas()
    | st.datetimes(timezones=st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), None]))
    | st.integers(min_value=2**63).map(lambda n: -(n**9))
    | st.sampled_from(Colour)
)
keys = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.lists(inner, max_size=4).map(lambda items: deque(items, maxlen=5))
        | st.sets(keys, max_size=4)
        | st.frozensets(keys, max_size=4)
        | st.binary().map(bytearray)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=12,
)


@given(values)
def test_values_come_back_to_the_last_bit(value):
    assert octets(copy(value)) == octets(value)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -0.0,
        -math.inf,
        10**5000,
        -(2**63),
        2**63,
        "\ud83d\ude00"[:1] + "\udc00",
        "",
        range(3, 9, 2),
        slice(None, 3),
        timezone(timedelta(hours=2)),
        UTC,
        complex("-nanj"),
        Counter("abca"),
        deque([1, 2], maxlen=2),
        MappingProxyType({"a": 1}),
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        date(1, 1, 1),
        np.float32(0.1),
        np.int64(-3),
        np.bool_(True),
        np.datetime64("2026-01-20T06:30"),
        np.str_("ü"),
        Colour.GREEN,
        Pair(1, "b"),
        tell,
        Thing,
        {1: "int", "1": "str"},
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_comes_back(value):
    again = copy(value)
    assert type(again) is type(value)
    assert octets(again) == octets(value)
    assert getattr(again, "maxlen", None) == getattr(value, "maxlen", None)
    assert getattr(again, "fold", None) == getattr(value, "fold", None)


dtypes = (
    npst.scalar_dtypes()
    | npst.unicode_string_dtypes()
    | npst.byte_string_dtypes()
    | st.just(np.dtype([("id", "<i4"), ("at", "<f8", (2,)), ("is_up", "?")]))
)


@given(st.data())
def test_arrays_come_back_with_their_layout(data):
    dtype = data.draw(dtypes)
    array = data.draw(npst.arrays(dtype, npst.array_shapes(min_dims=0, min_side=0, max_side=4)))
    array = data.draw(st.sampled_from([array, array.T, array[::-1] if array.ndim else array]))
    array.flags.writeable = data.draw(st.booleans())
    again = copy(array)
    assert again.dtype == array.dtype
    assert again.shape == array.shape
    assert again.tobytes() == array.tobytes()
    assert again.flags.writeable == array.flags.writeable
    if array.flags.contiguous or array.flags.f_contiguous:
        assert again.flags.fnc == array.flags.fnc
    assert not np.may_share_memory(again, array)


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_objects_come_back_element_by_element(order):
    shared = ["x"]
    array = np.empty((2, 3), dtype=object, order=order)
    array[:] = [[shared, None, 1], ["a", shared, (2.5,)]]
    again = copy(array)
    assert again.tolist() == array.tolist()
    assert again[0, 0] is again[1, 1]
    assert again.flags.fnc == array.flags.fnc


def test_views_of_one_memory_stay_views_of_one_memory():
    table = np.arange(12.0).reshape(3, 4)
    column, rows, turned = table[:, 1], table[1:], table.T[::-1]
    again = copy([column, rows, turned, table, np.ones(3)])
    again[0][1] = -1.0
    assert again[1][0, 1] == again[2][2, 1] == again[3][1, 1] == -1.0
    assert table[1, 1] == 5.0
    twice = copy(again)
    twice[3][1, 1] = 7.0
    assert [twice[0][1], twice[2][2, 1], again[3][1, 1]] == [7.0, 7.0, -1.0]


def test_what_is_shared_stays_shared_and_circles_stay_closed():
    thing = Thing(name="a")
    thing.me, thing.list, thing.method = thing, [thing], thing.told
    thing.table = {"t": (thing, thing.list)}
    thing.inner = (Thing(back=None),)
    thing.inner[0].back = (thing.inner, thing)  # two tuples that reach each other
    again = copy((thing, thing.list))
    first = again[0]
    assert first.me is first
    assert first.list is again[1]
    assert first.list[0] is first
    assert first.table["t"][0] is first
    assert first.inner[0].back[0] is first.inner
    first.method("hello")
    assert first.heard == "hello"
    assert not hasattr(thing, "heard")


def test_depth_costs_no_stack():
    chain = None
    for _ in range(100_000):
        chain = [Thing(next=chain)]
    again = copy(chain)
    n = 0
    while again is not None:
        again, n = again[0].next, n + 1
    assert n == 100_000


def test_keys_are_found_again_even_in_a_circle():
    point = Point(1.0, "p")
    thing = Thing(points={point: 1}, group=frozenset([point, Point(2.0)]))
    holder = Thing(thing=thing)
    thing.seen = {holder, thing}
    thing.of = {Point(3.0, Pair(holder, 1)): "x"}
    again = copy(holder).thing
    assert again.points[Point(1.0, "p")] == 1
    assert Point(2.0) in again.group
    assert again in again.seen
    (key,) = again.of
    assert again.of[key] == "x"
    assert key.of.left.thing is again


def test_slots_and_classes_with_their_own_state_come_back():
    derived = copy(Derived(2, [3]))
    assert (derived.a, derived.b) == (2, [3])
    private = copy(Private("s"))
    assert private.secret() == "s"
    assert not hasattr(private, "unset")
    assert list(copy(Stateful(3)).it) == [0, 1, 2]


def test_a_factory_and_a_proxy_keep_working():
    counts = defaultdict(int, a=1)
    proxy = MappingProxyType(counts)
    again, view = copy((counts, proxy))
    again["b"] += 2
    assert dict(view) == {"a": 1, "b": 2}


def test_random_streams_go_on_where_they_were():
    stream = np.random.default_rng(5)
    stream.integers(7, dtype=np.uint32)  # leaves half a word behind
    first, second = copy([stream, stream])
    assert first is second
    numbers = [first.integers(7, dtype=np.uint32), *first.normal(size=4)]
    assert numbers == [stream.integers(7, dtype=np.uint32), *stream.normal(size=4)]


def test_a_kernel_with_waiting_crews_comes_back():
    kernel = Kernel()
    crews = Crews(kernel, capacity=1)
    held, waiting = crews.request(priority=2), crews.request(priority=1)
    kernel.advance(1.0)
    other, held2, waiting2, crews2 = copy((kernel, held, waiting, crews))
    assert waiting2._value is PENDING
    assert crews2.queue == [waiting2]
    thing = Thing()
    other.when(waiting2, "thing", thing.told, "granted")
    crews2.release(held2)
    other.advance(2.0)
    assert thing.heard == "granted"
    assert kernel.now_s == 1.0
    assert not waiting.triggered


def test_records_of_the_city_are_the_city_s():
    again = copy((CITY, CITY.outline, CITY.outline[0], CITY.access_points))
    assert again[0] is CITY
    assert again[1] is CITY.outline
    assert again[2] is CITY.outline[0]


def _closure():
    x = 1
    return lambda: x


def _local():
    class Local:
        pass

    Local.__module__ = "twin.sim.things"
    return Local()


@pytest.mark.parametrize(
    "bad",
    [
        _closure(),
        _local(),
        (x for x in "ab"),
        iter([1]),
        io.BytesIO(),
        Path("/"),
        print,
        sys,
        open,
        partial(tell, 1),
        object(),
        [].append,
        SimulationError("x"),
        np.ma.masked_array([1]),
        np.random.Generator(np.random.MT19937(1)),
        np.random.RandomState(1),
        np.dtype("f8"),
        defaultdict(lambda: 1),
        OrderedDict(),
        Reducing(),
        Thing().__init__,
        memoryview(b"a"),
        np.zeros(2, [("a", "O")]),
        np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
        dump,
        np.add,
        ModuleType("m"),
        NotImplemented,
        Ellipsis,
        int,
        re.compile("a"),
    ],
    ids=lambda bad: type(bad).__name__,
)
def test_anything_else_is_refused_with_the_way_to_it(bad):
    root = Thing(context=Thing(systems={"lamps": Thing(_books=[0, (1, bad)])}))
    with pytest.raises(NotStorable, match=r"^context\.systems\['lamps'\]\._books\[1\]\[1\].*: .*"):
        dump(root, CITY)


def pack(nodes, *, classes=(), shapes=(), blobs=(), raw=b""):
    document = {"classes": classes, "shapes": shapes, "blobs": blobs, "nodes": nodes}
    text = json.dumps(document).encode()
    return struct.pack("<Q", len(text)) + text + raw


ARRAY = ["array", "<f8", [1], "C", 1, 0]
THING = {"classes": ["twin.sim.things:Thing"], "shapes": [[0, "a"]]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1234567",
        b"\xff" * 8,
        struct.pack("<Q", 5) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 200_000) + b"[" * 200_000,
        pack([]),
        pack({}),
        pack([{}]),
        pack([[]]),
        pack([[1]]),
        pack([["nothing"]]),
        pack([[["list"]]]),
        pack([["list", 5]]),
        pack([["list", -1]]),
        pack([["list", True]]),
        pack([["list", "0"]]),
        pack([["list", 10**400]]),
        pack([["array"]]),
        pack([["bytes", 0]]),
        pack([["bytes", -1]]),
        pack([["tuple", 0]]),
        pack([["tuple", 1], ["tuple", 0]]),
        pack([["frozenset", 0]]),
        pack([1, ["dict", 0]]),
        pack([1, ["dict", 0, 0, 0, 0]]),
        pack([["dict", 0, 0]]),
        pack([1, ["set", 0, 0]]),
        pack([["list"], ["set", 0]]),
        pack([1, ["proxy", 0]]),
        pack([1, ["deque", 0, 0]]),
        pack([["deque", -1]]),
        pack([["deque", 10**30]]),
        pack([["int", "print(1)"]]),
        pack([["str", "zz"]]),
        pack([["str", "ff"]]),
        pack([["int", 5]]),
        pack([["part", "lamps", 0]]),
        pack([["part", "__class__", -1]]),
        pack([["part", [], 0]]),
        pack([["name", "os:system"]]),
        pack([["name", "builtins:eval"]]),
        pack([["name", "twin.sim.save:save"]]),
        pack([["name", "twin.sim.save:json"]]),
        pack([["name", "twin.sim.kernel:simpy"]]),
        pack([["name", "twin.sim.kernel:Kernel.run"]]),
        pack([["name", "twin.sim.nothing:x"]]),
        pack([["name", "twin.sim..kernel:Due"]]),
        pack([["name", "twin.sim.__main__:x"]]),
        pack([["name", "twin.sim.kernel:__doc__"]]),
        pack([["name", "twin.sim.run:simulate"]]),
        pack([["name", 5]]),
        pack([["state", 0]]),
        pack([1], classes=["twin.sim.kernel:_happen"]),
        pack([1], classes=["subprocess:Popen"]),
        pack([1], classes=[5]),
        pack([1], classes={}),
        pack([["enum", 0, "BLUE"]], classes=["twin.sim.things:Colour"]),
        pack([["enum", 0, "A"]], **THING),
        pack([1, ["record", 0, 0]], classes=["twin.sim.things:Pair"]),
        pack([1, ["record", 0, 0]], **THING),
        pack([["object", 0]], **THING),
        pack([["object", 1]], **THING),
        pack([1, ["object", 0, 0, 0]], **THING),
        pack([1, ["object", 0, 0]], classes=THING["classes"], shapes=[[0, "__class__"]]),
        pack([1, ["object", 0, 0]], classes=THING["classes"], shapes=[[0, "a b"]]),
        pack([1, ["object", 0, 0]], classes=THING["classes"], shapes=[[7, "a"]]),
        pack([1, ["object", 0, 0]], classes=["twin.sim.things:Point"], shapes=[[0, "y_m"]]),
        pack([1, ["object", 0, 0]], classes=["twin.sim.things:Stateful"], shapes=[[0, "it"]]),
        pack([["object", 0]], classes=["twin.sim.kernel:SimulationError"], shapes=[[0]]),
        pack([["object", 0]], classes=["twin.sim.things:Reducing"], shapes=[[0]]),
        pack([1, ["state", 0, 0]], classes=["twin.sim.kernel:Kernel"]),
        pack([["dict"], ["state", 0, 0]], classes=["twin.sim.kernel:Kernel"]),
        pack([["list"], ["method", "append", 0]]),
        pack([1, ["object", 0, 0], ["method", "__init__", 1]], **THING),
        pack([1, ["object", 0, 0], ["method", "nothing", 1]], **THING),
        pack([1, ["method", "told", 0]], **THING),
        pack([ARRAY]),
        pack([ARRAY], blobs=[8], raw=b"1234567"),
        pack([ARRAY], blobs=[9], raw=b"123456789"),
        pack([1], blobs=[8], raw=b"123456789"),
        pack([1], blobs=[-8]),
        pack([1], blobs=[10**30]),
        pack([ARRAY, ARRAY], blobs=[8], raw=b"12345678"),
        pack([["array", "O", [1], "C", 1, 0]], blobs=[8], raw=b"12345678"),
        pack([["array", "<f8", [10**30, 0], "C", 1, 0]], blobs=[0]),
        pack([["array", "<f8", [-1], "C", 1, 0]], blobs=[0]),
        pack([["array", "<f8", [1], "X", 1, 0]], blobs=[8], raw=b"12345678"),
        pack([["array", "|b1", [1], "C", 1, 0]], blobs=[1], raw=b"\x02"),
        pack([["array", "<U1", [1], "C", 1, 0]], blobs=[4], raw=b"\xff\xff\xff\xff"),
        pack([["array", [["a", "O", []]], [1], "C", 1, 0]], blobs=[8], raw=b"12345678"),
        pack([["array", "float64", [1], "C", 1, 0]], blobs=[8], raw=b"12345678"),
        pack([["array", "<f7", [1], "C", 1, 0]], blobs=[7], raw=b"1234567"),
        pack([["objects", [10**9], "C"]]),
        pack([["scalar", "<f8", "00"]]),
        pack([["scalar", "|O8", "00" * 8]]),
        pack(
            [["array", "|u1", [8], "C", 1, 0], ["view", "<f8", [2], [8], 0, 1, 0]],
            blobs=[8],
            raw=b"12345678",
        ),
        pack(
            [["array", "|u1", [8], "C", 1, 0], ["view", "<f8", [1], [8], 1, 1, 0]],
            blobs=[8],
            raw=b"12345678",
        ),
        pack(
            [["array", "|u1", [8], "C", 1, 0], ["view", "|u1", [2], [-1], 0, 1, 0]],
            blobs=[8],
            raw=b"12345678",
        ),
        pack([1, ["view", "<f8", [1], [8], 0, 1, 0]]),
        pack([["generator", "1", "1", 0, 0]]),
        pack([["generator", "0x1", "0x1", 2, 0]]),
        pack([["generator", "0x1", "0x1", 0, 2**32]]),
        pack([["zone", "../../etc/passwd"]]),
        pack([["zone", "Europe/Nowhere"]]),
        pack([["date", 0, 0, 0]]),
        pack([1, ["datetime", 2026, 1, 1, 0, 0, 0, 0, 0, 0]]),
        pack([["duration", 10**9, 0, 0]]),
        pack([1, ["offset", 0]]),
        pack(["1", "1", ["complex", 0, 1]]),
        pack([0, 1, ["range", 1, 1, 0]]),
        pack([["defaultdict", "eval"]]),
        pack([["defaultdict", []]]),
        pack([1, *[["tuple", i] for i in range(100_000)], ["set", 100_000]]),
    ],
    ids=lambda data: repr(data[8:])[-90:],
)
def test_a_file_that_says_something_impossible_is_refused(data):
    with pytest.raises(InputError) as caught:
        load(data, CITY)
    assert "\n" not in str(caught.value)


def _sample():
    thing = Thing(
        stream=np.random.default_rng(1),
        when=datetime(2026, 1, 1, tzinfo=UTC),
        point=Point(1.0),
        table=np.arange(6.0).reshape(2, 3),
        texts=np.array(["ab", "c"]),
        flags=np.ones(3, bool),
        kinds={Colour.RED: {1, 2}, "b": deque([1], maxlen=3), (1, 2): 2**70},
        scalar=np.int8(3),
        octets=b"abc",
        pair=Pair(1, range(3)),
        count=Counter("ab"),
        kernel=Kernel(),
        objects=np.array([None, "a"], dtype=object),
        state=Stateful(3),
        city=CITY.outline[0],
    )
    thing.view = thing.table[1:]
    thing.kernel.after(3.0, "thing", thing.told, thing)
    return dump(thing, CITY)


def _load_or_refuse(data):
    said = ""
    try:
        load(data, CITY)
    except InputError as err:
        said = str(err)
    assert "\n" not in said


@functools.cache
def _sampled():
    return _sample()


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_octets_are_refused_or_harmless(changes):
    data = bytearray(_sampled())
    for at, octet in changes:
        data[at % len(data)] = octet
    _load_or_refuse(bytes(data))


atoms = (
    st.none()
    | st.booleans()
    | st.integers(-3, 120)
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        ["list", "tuple", "dict", "object", "method", "view", "array", "<f8", "|b1", "told"]
    )
    | st.lists(st.integers(-2, 50), max_size=3)
)


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 8), atoms), min_size=1, max_size=3))
def test_changed_nodes_are_refused_or_harmless(changes):
    data = _sampled()
    (size,) = struct.unpack_from("<Q", data)
    document = json.loads(data[8 : 8 + size])
    nodes = document["nodes"]
    for at, k, atom in changes:
        node = nodes[at % len(nodes)]
        if isinstance(node, list) and node:
            node[k % len(node)] = atom
        else:
            nodes[at % len(nodes)] = atom
    text = json.dumps(document).encode()
    _load_or_refuse(struct.pack("<Q", len(text)) + text + data[8 + size :])


@given(st.integers(0, 10_000))
def test_a_file_cut_short_is_refused(cut):
    data = _sampled()
    with pytest.raises(InputError):
        load(data[: cut % len(data)], CITY)


def test_objects_written_twice_are_written_alike():
    data = _sampled()
    assert len(dump(load(data, CITY), CITY)) == len(data)
