"""The kernel of the engine: instruction sets, threads, and inputs that do not fit."""

import numpy as np
import pytest
from radio_cells import X0, Y0, random_layer, random_points

from cext import _cells, _isa
from twin.radio.engine import RadioNetwork
from twin.radio.engine.matrix import empty_state


def answer(isa, monkeypatch, **options):
    monkeypatch.setenv("STELLWERK_ISA", isa)
    rng = np.random.default_rng(1)
    made = RadioNetwork(random_layer(rng, 20, 3), **options)
    made.add_users(range(300), *random_points(rng, 300), operator="A")
    return made.query()["nr/n78"]


@pytest.mark.parametrize("isa", _isa.isas())
def test_instruction_sets_agree(isa, monkeypatch):
    got = answer(isa, monkeypatch)
    plain = answer("baseline", monkeypatch)
    np.testing.assert_allclose(got.rsrp_dbm, plain.rsrp_dbm, rtol=0, atol=1e-3)
    np.testing.assert_allclose(got.sinr_db, plain.sinr_db, rtol=0, atol=1e-3)


@pytest.mark.parametrize("isa", _isa.isas())
@pytest.mark.parametrize("los", ["expectation", "draw"])
def test_a_user_alone_gets_the_bits_it_gets_in_company(isa, los, monkeypatch):
    many = answer(isa, monkeypatch, los=los)
    rng = np.random.default_rng(1)
    alone = RadioNetwork(random_layer(rng, 20, 3), los=los)
    x, y = random_points(rng, 300)
    for i in (0, 63, 64, 299):
        alone.add_users([i], [x[i]], [y[i]], operator="A")
        assert alone.query()["nr/n78"].sinr_db[-1] == many.sinr_db[i]


def tables(n=3, m=2):
    users = (np.zeros(n, np.float32), np.zeros(n, np.float32), 0.0, 0.0, np.zeros(n, np.int32),
             np.zeros((n, 0), np.uint8))  # fmt: skip
    cells = [np.ones((m, 17), np.float32), np.ones((m, 9), np.float32), np.zeros(m, np.int32),
             np.zeros(m, np.int32), np.ones(m, np.uint8), np.zeros((m, 6), np.float32),
             np.zeros(m, np.uint32), np.zeros(m, np.int32)]  # fmt: skip
    state = empty_state(1, n)
    return list(users), np.arange(n, dtype=np.int32), cells, list(state)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda u, w, c, s: w.__setitem__(1, 3), "chosen: row 1 is 3"),
        (lambda u, w, c, s: c[2].__setitem__(1, 1), "kind: row 1 is 1"),
        (lambda u, w, c, s: c[0].__setitem__((0, 0), np.nan), "not finite"),
        (lambda u, w, c, s: u[0].__setitem__(0, np.inf), "not finite"),
        (lambda u, w, c, s: c.__setitem__(1, np.ones((1, 9), np.float32)), "has 1 rows"),
        (lambda u, w, c, s: s.__setitem__(0, np.ones((1, 2), np.float32)), "state"),
        (lambda u, w, c, s: u.__setitem__(1, np.zeros(2, np.float32)), "users"),
    ],
)
def test_what_does_not_fit_is_refused(spoil, says):
    users, chosen, cells, state = tables()
    spoil(users, chosen, cells, state)
    with pytest.raises(ValueError, match=says):
        _cells.update(tuple(users), chosen, tuple(cells), tuple(state))


def test_a_network_without_cells_or_users_answers_nothing():
    empty = RadioNetwork([])
    empty.add_users([1], [X0], [Y0], operator="A")
    assert empty.query() == {}
    bare = RadioNetwork(random_layer(np.random.default_rng(1)))
    assert bare.query()["nr/n78"].best.size == 0
