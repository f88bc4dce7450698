"""Any sequence of edits gives what a network made anew gives."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "oracles"))

import numpy as np
import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from radio_cells import X0, Y0, make_cell, random_layer, random_points

from twin.model.errors import ModelError
from twin.radio.engine import RadioNetwork
from twin.radio.points import best_server

FIELDS = ("rsrp_dbm", "sinr_db", "best", "throughput_bps", "coupling_loss_db")
LEVELS = ("rsrp_dbm", "sinr_db", "coupling_loss_db")


def network(cells, n=200, seed=0, **options):
    made = RadioNetwork(cells, **options)
    made.add_users(range(n), *random_points(np.random.default_rng(seed), n), operator="A")
    return made


def anew(edited, **options):
    """A network made of what the edited one holds now."""
    fresh = RadioNetwork(edited.cells, los=edited.los, seed=edited.seed, **options)
    groups = {}
    for i, name in enumerate(edited.user_ids):
        groups.setdefault(traits(name), []).append(i)
    for (operator, height_m), mine in groups.items():
        names = [edited.user_ids[i] for i in mine]
        fresh.add_users(names, *edited.positions_m[:, mine], operator=operator, height_m=height_m)
    return fresh


def traits(name):
    """Operator and height of a user, which its name tells."""
    return name[:2] if isinstance(name, tuple) else ("A", 1.5)


def same(edited, *, bitwise):
    fresh = anew(edited)
    got, want = edited.query(), fresh.query()
    order = [fresh.user_ids.index(name) for name in edited.user_ids] if edited.user_ids else []
    assert set(got) == set(want)
    for layer, answer in want.items():
        mine = got[layer]
        servers = [[a.cells[i] if i >= 0 else None for i in a.best] for a in (mine, answer)]
        assert servers[0] == [servers[1][i] for i in order]
        for name in FIELDS[:2] + FIELDS[3:] if bitwise else LEVELS:
            a, b = getattr(mine, name), getattr(answer, name)[order]
            if bitwise:
                np.testing.assert_array_equal(a, b, err_msg=f"{layer} {name}")
            else:
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-3, err_msg=f"{layer} {name}")


def same_matrix(edited):
    fresh = anew(edited)
    order = [fresh.user_ids.index(name) for name in edited.user_ids]
    np.testing.assert_array_equal(edited.levels_dbm(), fresh.levels_dbm()[order])


@pytest.fixture
def cells():
    return random_layer(np.random.default_rng(3), 20, 3)


def test_levels_equal_those_of_the_kernel_for_points(cells):
    made = network(cells)
    answer = made.query()["nr/n78"]
    rsrp, sinr, best = best_server(cells, *made.positions_m)
    np.testing.assert_allclose(answer.rsrp_dbm, rsrp, atol=1e-3)
    np.testing.assert_allclose(answer.sinr_db, sinr, atol=1e-3)
    np.testing.assert_array_equal(answer.best, best)


def test_the_matrix_on_demand_holds_the_levels_of_the_servers(cells):
    made = network(cells, los="draw")
    made.edit_cell(cells[3].id, is_on=False)
    answer, matrix = made.query()["nr/n78"], made.levels_dbm()
    users = np.arange(len(answer.best))
    np.testing.assert_allclose(matrix[users, answer.best], answer.rsrp_dbm, atol=1e-4)
    np.testing.assert_array_equal(matrix.argmax(axis=1), answer.best)
    assert np.isneginf(matrix[:, 3]).all()
    assert matrix.shape == (200, len(cells))


def test_a_kept_matrix_follows_the_edits_and_is_not_to_be_written(cells):
    made = network(cells, keep_matrix=True)
    first = made.levels_dbm()
    np.testing.assert_array_equal(first, anew(made).levels_dbm())
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 0.0
    made.add_users([("A", 10.0, 1)], [X0], [Y0], operator="A", height_m=10.0)
    made.move_users([5, 9], [X0, X0 + 50], [Y0, Y0 + 70])
    made.remove_users([7])
    made.edit_cell(cells[2].id, tilt_deg=11.0)
    made.edit_cell(cells[3].id, is_on=False)
    made.edit_cell(cells[4].id, load=1.0)
    made.remove_cell(cells[5].id)
    made.add_cell(make_cell("new", site="new", x_m=X0 + 100.0))
    same_matrix(made)
    same(made, bitwise=False)


def test_two_moves_before_one_query(cells):
    made = network(cells)
    made.query()
    made.move_users([5, 9], [X0, X0 + 50], [Y0, Y0 + 70])
    made.move_users([9, 12], [X0 + 400, X0 - 30], [Y0, Y0 + 10])
    same(made, bitwise=True)


def test_two_moves_of_one_user_before_one_query(cells):
    made = network(cells)
    made.query()
    made.move_users([5], [X0 + 400], [Y0])
    made.move_users([5], [X0], [Y0 - 300])
    same(made, bitwise=True)


def test_power_change_after_a_move(cells):
    made = network(cells)
    made.query()
    made.move_users([5], [X0 + 10], [Y0 + 10])
    made.edit_cell(made.cells[4].id, tx_power_dbm=50.0)
    same(made, bitwise=False)


def test_removing_what_drowned_the_rest_loses_no_digits():
    near = make_cell("near", site="near", x_m=X0 + 5.0, y_m=Y0, tx_power_dbm=160.0, load=1.0,
                     operator="B")  # fmt: skip
    far = [make_cell(f"far-{i}", site=f"far-{i}", x_m=X0 + 3000.0 * i, tx_power_dbm=60.0)
           for i in (1, 2, 3)]  # fmt: skip
    made = RadioNetwork([near, *far])
    made.add_users([0], [X0], [Y0], operator="A")
    made.query()
    for i in range(20):
        made.edit_cell("near", is_on=False, tx_power_dbm=160.0 - i)
        made.query()
        made.edit_cell("near", is_on=True)
        made.query()
    made.remove_cell("near")
    same(made, bitwise=False)


@pytest.mark.parametrize("los", ["expectation", "draw"])
def test_threads_do_not_change_a_bit(cells, los):
    one, two = network(cells, los=los), network(cells, los=los, n_threads=2)
    for name in FIELDS:
        np.testing.assert_array_equal(
            getattr(one.query()["nr/n78"], name), getattr(two.query()["nr/n78"], name)
        )


@pytest.mark.parametrize(
    "edit",
    [
        lambda made: made.edit_cell("nobody", load=0.1),
        lambda made: made.edit_cell(made.cells[0].id, colour="red"),
        lambda made: made.edit_cell(made.cells[0].id, tx_power_dbm=float("nan")),
        lambda made: made.edit_cell(made.cells[0].id, load=1.5),
        lambda made: made.edit_cell(made.cells[0].id, carrier_hz=1e12),
        lambda made: made.edit_cell(made.cells[0].id, scenario="Moon"),
        lambda made: made.add_cell(made.cells[0]),
        lambda made: made.add_cell(make_cell("new", height_m=1e4)),
        lambda made: made.remove_cell("nobody"),
        lambda made: made.move_users([0, 999], [X0, X0], [Y0, Y0]),
        lambda made: made.move_users([0], [float("nan")], [Y0]),
        lambda made: made.move_users([0], [X0, X0], [Y0]),
        lambda made: made.move_users([], [], []),
        lambda made: made.add_users([0], [X0], [Y0], operator="A"),
        lambda made: made.add_users(["p", "p"], [X0, X0], [Y0, Y0], operator="A"),
        lambda made: made.add_users(["p"], [X0], [Y0], operator="A", height_m=500.0),
        lambda made: made.add_users(["p"], [X0], [Y0], operator="A", is_los=[[True]]),
        lambda made: made.remove_users([999]),
    ],
)
def test_an_edit_that_fails_leaves_the_network_as_it_was(cells, edit):
    made = network(cells)
    before, held = made.query()["nr/n78"], made.cells
    with pytest.raises((ValueError, ModelError)):
        edit(made)
    assert made.cells == held
    assert made.user_ids == tuple(range(200))
    for name in FIELDS:
        np.testing.assert_array_equal(
            getattr(made.recompute()["nr/n78"], name), getattr(before, name)
        )


HEIGHTS_M = {"UMa": 28.0, "UMi": 9.0, "RMa": 40.0}
WIDTHS = ((90e6, 30e3), (60e6, 60e3), (40e6, 30e3), (20e6, 15e3))


class Edits(RuleBasedStateMachine):
    share_compared = 0.2
    keeps_matrix = True

    @initialize(seed=st.integers(0, 2**31), n_cells=st.integers(50, 180), los=st.booleans())
    def start(self, seed, n_cells, los):
        self.begin(seed, n_cells, los)

    def begin(self, seed, n_cells, los):
        self.rng = np.random.default_rng(seed)
        cells = random_layer(self.rng, (n_cells + 2) // 3, 3)[:n_cells]
        los = "draw" if los else "expectation"
        self.made = network(cells, 80, seed, los=los, keep_matrix=self.keeps_matrix)
        self.count, self.touched = 0, False

    def cell(self):
        return self.made.cells[int(self.rng.integers(len(self.made.cells)))]

    def some(self):
        names = self.made.user_ids
        return [names[i] for i in self.rng.choice(len(names), min(5, len(names)), replace=False)]

    @rule()
    def move(self):
        names = self.some()
        if names:
            self.made.move_users(names, *random_points(self.rng, len(names)))

    @rule(operator=st.sampled_from("AB"), height_m=st.sampled_from([1.5, 1.7, 10.0]))
    def add(self, operator, height_m):
        names = [(operator, height_m, self.count + i) for i in range(3)]
        self.count += 3
        points = random_points(self.rng, 3)
        self.made.add_users(names, *points, operator=operator, height_m=height_m)

    @rule()
    def remove(self):
        if len(self.made.user_ids) > 10:
            self.made.remove_users(self.some())

    @rule(what=st.sampled_from(["tx_power_dbm", "tilt_deg", "azimuth_deg", "load", "is_on", "x_m",
                                "operator", "mimo_layers"]))  # fmt: skip
    def edit(self, what):
        cell = self.cell()
        value = {
            "tx_power_dbm": float(self.rng.uniform(-40, 60)),
            "tilt_deg": float(self.rng.uniform(0, 12)),
            "azimuth_deg": float(self.rng.uniform(0, 360)),
            "load": float(self.rng.uniform(0, 1)),
            "is_on": not cell.is_on,
            "x_m": X0 + float(self.rng.uniform(-1500, 1500)),
            "operator": "AB"[int(self.rng.integers(2))],
            "mimo_layers": int(self.rng.integers(1, 5)),
        }[what]
        self.made.edit_cell(cell.id, **{what: value})
        self.touched = True

    @rule()
    def raise_or_lower(self):
        cell = self.cell()
        height_m = HEIGHTS_M[cell.scenario] + float(self.rng.uniform(-3, 3))
        self.made.edit_cell(cell.id, height_m=height_m)
        assert height_m in [c.height_m for c in self.made.cells]
        self.touched = True

    @rule(scenario=st.sampled_from(sorted(HEIGHTS_M)))
    def rebuild(self, scenario):
        self.made.edit_cell(self.cell().id, scenario=scenario, height_m=HEIGHTS_M[scenario])
        self.touched = True

    @rule(width=st.sampled_from(WIDTHS), step=st.integers(0, 4))
    def retune(self, width, step):
        self.made.edit_cell(
            self.cell().id, carrier_hz=3.5e9 + 20e6 * step, bandwidth_hz=width[0], scs_hz=width[1]
        )
        self.touched = True

    @rule(band=st.sampled_from(["n77", "n78"]))
    def relayer(self, band):
        self.made.edit_cell(self.cell().id, band=band)
        self.touched = True

    @rule()
    def put_up(self):
        self.count += 1
        x, y = random_points(self.rng, 1)
        cell = make_cell(f"n{self.count}", site=f"n{self.count}", x_m=float(x[0]), y_m=float(y[0]))
        self.made.add_cell(cell)
        self.touched = True

    @precondition(lambda self: len(self.made.cells) > 40)
    @rule()
    def take_down(self):
        self.made.remove_cell(self.cell().id)
        self.touched = True

    @rule()
    def query(self):
        self.made.query()

    @rule()
    def ask_for_levels(self):
        if self.keeps_matrix:
            self.made.levels_dbm()

    @invariant()
    def equals_a_network_made_anew(self):
        if hasattr(self, "made") and self.rng.random() < self.share_compared:
            same(self.made, bitwise=not self.touched)

    def teardown(self):
        if hasattr(self, "made"):
            same(self.made, bitwise=not self.touched)
            if self.keeps_matrix:
                same_matrix(self.made)


TestEdits = Edits.TestCase
TestEdits.settings = settings(
    max_examples=12, stateful_step_count=30, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


class ManyEdits(Edits):
    """The same at length, on cities of 50 to 2,000 cells."""

    share_compared = 0.03
    keeps_matrix = False

    @initialize(
        seed=st.integers(0, 2**31),
        size=st.sampled_from([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6, 7]),
        los=st.booleans(),
    )
    def start(self, seed, size, los):
        n_cells = 50 + 244 * size + int(np.random.default_rng([seed, 1]).integers(244))
        event(f"{50 + 244 * size} to {293 + 244 * size} cells")
        self.begin(seed, n_cells, los)


@pytest.mark.long
class TestManyEdits(ManyEdits.TestCase):
    settings = settings(
        max_examples=300, stateful_step_count=30, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
