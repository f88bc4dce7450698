"""What does not come from a simulation does not come in."""

from __future__ import annotations

import functools
import json
import struct
from collections import Counter, deque
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.engine.graph_things import (
    CITY,
    Colour,
    Pair,
    Point,
    Stateful,
    Thing,
)
from twin.model.errors import InputError
from twin.sim.graph import dump
from twin.sim.graph_reader import load
from twin.sim.kernel import Kernel


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
