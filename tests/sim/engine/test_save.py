"""A running simulation can be saved, taken up again and branched, with the same future."""

from __future__ import annotations

import json
import pickle
import zlib
from dataclasses import replace
from hashlib import sha256

import pytest

from twin.model.errors import InputError
from twin.sim.save import branch, restore, save


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


class Evil:
    def __reduce__(self):
        return eval, ("1 + 1",)


@pytest.mark.parametrize("thing", [Evil(), {"a": 1}, print, ("x" * 100).upper])
def test_a_file_that_holds_something_else_runs_nothing(simulation, empty_city, tmp_path, thing):
    path = tmp_path / "x.sim"
    save(simulation, path)
    header = json.loads(path.read_bytes().partition(b"\n")[0])
    body = zlib.compress(pickle.dumps(thing))
    header["sha256"] = sha256(body).hexdigest()
    path.write_bytes(json.dumps(header).encode() + b"\n" + body)
    with pytest.raises(InputError, match="cannot be taken up"):
        restore(path, empty_city)


def test_a_missing_file_and_a_folder_are_refused(empty_city, tmp_path):
    for path in (tmp_path / "none.sim", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            restore(path, empty_city)
