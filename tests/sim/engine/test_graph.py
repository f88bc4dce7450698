"""Objects come back as they were, and shared as they were."""

from __future__ import annotations

import io
import math
import re
import struct
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from types import MappingProxyType, ModuleType
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from simpy.events import PENDING

from tests.sim.engine.graph_things import (
    CITY,
    Colour,
    Derived,
    Pair,
    Point,
    Private,
    Reducing,
    Stateful,
    Thing,
    tell,
)
from twin.sim.graph import dump
from twin.sim.graph_reader import load
from twin.sim.kernel import Crews, Kernel, SimulationError
from twin.sim.storable import NotStorable


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
