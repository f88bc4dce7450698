"""A running simulation can be saved, taken up again and branched, with the same future."""

from __future__ import annotations

import errno
import gc
import json
import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from types import FunctionType, ModuleType

import numpy as np
import pytest
from numpy.lib.array_utils import byte_bounds

from twin.geo.cityfile import load_city
from twin.model.city import City
from twin.model.errors import InputError
from twin.sim.save import branch, restore, save
from twin.sim.simulation import Simulation


def test_a_restored_simulation_has_the_future_it_would_have_had(simulation, empty_city, tmp_path):
    simulation.advance(250.0)
    save(simulation, tmp_path / "half.sim")
    simulation.advance(2000.0)
    again = restore(tmp_path / "half.sim", empty_city)
    assert again.now_s == 250.0
    again.advance(2000.0)
    assert again.context.trace.sha256() == simulation.context.trace.sha256()
    assert again.systems["toy"].repaired == [(0, 200.0), (1, 400.0), (2, 600.0)]


def test_saving_changes_nothing_of_what_runs_on(make, simulation, tmp_path):
    untouched = make()
    for until_s in (100.0, 300.0, 700.0):
        simulation.advance(until_s)
        save(simulation, tmp_path / "x.sim")
    untouched.advance(700.0)
    assert simulation.context.trace.sha256() == untouched.context.trace.sha256()


def test_a_branch_lives_its_own_life(simulation):
    simulation.advance(50.0)
    twig = branch(simulation)
    twig.context.note("felled", "tree")
    twig.advance(500.0)
    assert simulation.now_s == 50.0
    assert "felled" not in simulation.context.trace.counts()
    assert twig.context.city is simulation.context.city


def test_another_city_is_refused(simulation, empty_city, tmp_path):
    save(simulation, tmp_path / "x.sim")
    with pytest.raises(InputError, match="another version of the city 'toy'"):
        restore(tmp_path / "x.sim", replace(empty_city, lat_deg=50.0))


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_damaged_file_is_refused(simulation, empty_city, tmp_path, cut):
    path = tmp_path / "x.sim"
    save(simulation, path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match=r"is no saved simulation|damaged"):
        restore(path, empty_city)


def _octets(*nodes):
    text = json.dumps({"classes": [], "shapes": [], "blobs": [], "nodes": nodes}).encode()
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    "content",
    [
        b"cbuiltins\neval\n(V1 + 1\ntR.",  # a pickle that would run
        _octets(["name", "builtins:eval"]),
        _octets(["name", "twin.sim.save:save"]),
        _octets("a", 1, ["dict", 0, 1]),  # fine, but no simulation
        b"",
    ],
)
def test_a_file_that_holds_something_else_runs_nothing(simulation, empty_city, tmp_path, content):
    path = tmp_path / "x.sim"
    save(simulation, path)
    header = json.loads(path.read_bytes().partition(b"\n")[0])
    body = zlib.compress(content)
    header["sha256"] = sha256(body).hexdigest()
    path.write_bytes(json.dumps(header).encode() + b"\n" + body)
    with pytest.raises(InputError, match="cannot be taken up") as caught:
        restore(path, empty_city)
    assert "\n" not in str(caught.value)


def _arrays(thing):
    """Collect the arrays of a graph of objects, whoever holds them."""
    found, seen, todo = {}, set(), [thing]
    while todo:
        item = todo.pop()
        if id(item) in seen or isinstance(item, type | ModuleType | FunctionType | City):
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            found[id(item)] = item
        todo.extend(gc.get_referents(item))
    return list(found.values())


def _future(simulation, until_s):
    simulation.advance(until_s)
    simulation.check_invariants()
    return simulation.trace.sha256()


def _check_whole_city(city, tmp_path):
    start = datetime(2026, 1, 20, 6, 30, tzinfo=UTC)
    simulation = Simulation(city, seed=1, start=start)
    simulation.advance(1800.0)
    before = simulation.trace.sha256()
    save(simulation, tmp_path / "city.sim")
    twig = branch(simulation)
    spans = sorted(
        (*byte_bounds(array), whose)
        for whose, of in enumerate((simulation, twig))
        for array in _arrays(of)
        if array.size
    )
    assert not any(
        low < end and whose != other for (_, end, whose), (low, _, other) in pairwise(spans)
    )
    of_twig = _future(twig, 3600.0)
    assert simulation.now_s == 1800.0
    assert simulation.trace.sha256() == before
    expected = _future(simulation, 3600.0)
    assert expected != before
    assert of_twig == expected
    again = restore(tmp_path / "city.sim", city)
    assert _future(again, 3600.0) == expected
    assert again.kpis() == twig.kpis() == simulation.kpis()


def test_a_small_city_with_all_systems_has_the_future_it_would_have_had(tmp_path, city):
    _check_whole_city(city, tmp_path)


@pytest.mark.long
def test_duisburg_has_the_future_it_would_have_had(tmp_path):
    _check_whole_city(load_city("duisburg"), tmp_path)


def test_a_missing_file_and_a_folder_are_refused(empty_city, tmp_path):
    for path in (tmp_path / "none.sim", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            restore(path, empty_city)


@pytest.mark.parametrize("now_s", [7.0, "x", None])
def test_a_file_that_says_another_time_is_refused(simulation, empty_city, tmp_path, now_s):
    path = tmp_path / "x.sim"
    simulation.advance(100.0)
    save(simulation, path)
    head, _, body = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps(json.loads(head) | {"now_s": now_s}).encode() + b"\n" + body)
    with pytest.raises(InputError, match="holds no simulation at the time it says"):
        restore(path, empty_city)


@pytest.mark.parametrize("head", [b"[" * 4000, b"9" * 4000, b"\xff", b"{}", b""])
def test_a_file_with_a_strange_first_line_is_refused(empty_city, tmp_path, head):
    path = tmp_path / "x.sim"
    path.write_bytes(head + b"\n")
    with pytest.raises(InputError, match="is no saved simulation"):
        restore(path, empty_city)


def test_a_file_that_cannot_be_written_whole_leaves_nothing(simulation, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(InputError, match=r"x\.sim: cannot be written; No space left on device"):
        save(simulation, tmp_path / "x.sim")
    assert list(tmp_path.iterdir()) == []
