"""Coverage of a small city: what must hold whatever the city."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from radio_cells import X0, Y0, hexagon_layer, make_ap, make_cell, make_city, random_layer
from sinr_oracle import best_server as oracle
from sinr_oracle import rsrp_dbm as oracle_levels

from twin.model.errors import InputError, ModelError, ModelRangeError
from twin.radio import kpi, points
from twin.radio.coverage import compute, layer_names, update
from twin.radio.grid import Grid

SEEDS = st.integers(0, 2**32 - 1)


def small_layer(seed=3, **fields):
    return [
        replace(cell, **fields) for cell in random_layer(np.random.default_rng(seed), n_sites=4)
    ]


def assert_same(a, b):
    for old, new in zip((*a.layers, *a.wifi), (*b.layers, *b.wifi), strict=True):
        for name in ("rsrp_dbm", "sinr_db", "throughput_bps", "best_cell"):
            np.testing.assert_array_equal(getattr(old, name), getattr(new, name), err_msg=name)


def test_coverage_equals_the_oracle_at_the_centres():
    cells = small_layer()
    result = compute(make_city(cells), step_m=50.0)
    x_m, y_m = result.grid.centres()
    x, y = (a.ravel() for a in np.meshgrid(x_m, y_m))
    level, sinr, best, _ = oracle(cells, x, y)
    (layer,) = result.layers
    np.testing.assert_allclose(layer.rsrp_dbm.ravel(), level, atol=0.002)
    np.testing.assert_allclose(layer.sinr_db.ravel(), sinr, atol=0.002)
    assert (layer.best_cell.ravel() == best).mean() > 0.99
    assert layer.cells == tuple(cell.id for cell in cells)


def test_outside_the_outline_there_is_nothing():
    city = make_city(small_layer())
    grid = Grid(x0_m=X0 - 475.0, y0_m=Y0 + 25.0, step_m=50.0, n_x=20, n_y=10)
    result = compute(city, grid)
    assert result.inside.sum() == 100
    (layer,) = result.layers
    assert np.isnan(layer.rsrp_dbm[~result.inside]).all()
    assert np.isnan(layer.throughput_bps[~result.inside]).all()
    assert (layer.best_cell[~result.inside] == -1).all()
    assert np.isfinite(layer.sinr_db[result.inside]).all()


@given(seed=SEEDS)
@settings(max_examples=10)
def test_update_of_changed_layers_equals_a_full_computation(seed):
    rng = np.random.default_rng(seed)
    cells = [
        replace(
            cell,
            operator=operator,
            id=cell.id.replace("-a-", f"-{operator.lower()}-"),
            carrier_hz=cell.carrier_hz + away_hz,  # apart: layers that overlap hear each other
        )
        for operator, away_hz in (("A", 0.0), ("B", -200e6))
        for cell in random_layer(rng, n_sites=3)
    ]
    aps = [make_ap("ap-1", X0 + 300, Y0 + 300), make_ap("ap-2", X0 + 380, Y0 + 300)]
    city = make_city(cells, aps)
    before = compute(city, step_m=100.0)
    k = int(rng.integers(len(cells)))
    cells[k] = replace(cells[k], tilt_deg=cells[k].tilt_deg + 3.0, tx_power_dbm=31.0, is_on=True)
    changed = make_city(cells, [replace(aps[0], x_m=X0 + 500), aps[1]])
    after = update(changed, before, [cells[k].layer, "5", "wifi/2.4"])
    assert_same(after, compute(changed, step_m=100.0))
    untouched = next(layer for layer in after.layers if layer.layer != cells[k].layer)
    assert any(untouched is layer for layer in before.layers)
    again = update(city, after, [cells[k].layer, "2.4", "5"])
    assert_same(again, before)


def test_result_does_not_depend_on_threads_and_is_repeatable():
    city = make_city(small_layer(), [make_ap("ap-1", X0 + 300, Y0 + 300)])
    one = compute(city, step_m=20.0, n_threads=1)
    assert_same(one, compute(city, step_m=20.0, n_threads=2))
    assert_same(one, compute(city, step_m=20.0, n_threads=3))


@given(seed=SEEDS)
@settings(max_examples=20)
def test_removing_the_server_of_a_point_lowers_its_level(seed):
    cells = [replace(cell, is_on=True) for cell in random_layer(np.random.default_rng(seed))]
    x, y = np.array([X0 + 100.0]), np.array([Y0 - 50.0])
    level, _, best = points.best_server(cells, x, y)
    cells[best[0]] = replace(cells[best[0]], is_on=False)
    next_level, _, next_best = points.best_server(cells, x, y)
    assert next_level[0] < level[0]
    assert next_best[0] != best[0]


@given(seed=SEEDS)
@settings(max_examples=20)
def test_more_load_lowers_sinr_and_leaves_the_level(seed):
    rng = np.random.default_rng(seed)
    cells = random_layer(rng, n_carriers=2)
    x, y = rng.uniform(-900, 900, 50) + X0, rng.uniform(-900, 900, 50) + Y0
    quiet, busy = (
        points.best_server([replace(cell, load=load) for cell in cells], x, y)
        for load in (0.2, 0.8)
    )
    np.testing.assert_array_equal(quiet[0], busy[0])
    assert (busy[1] <= quiet[1] + 1e-5).all()


def test_level_falls_with_distance_along_the_beam():
    cell = make_cell(azimuth_deg=90.0, tilt_deg=0.0)
    x = X0 + np.geomspace(300.0, 5000.0, 200)
    level = points.rsrp_dbm([cell], x, np.full(200, Y0))[:, 0]
    assert (np.diff(level) < 0).all()


def test_carriers_that_do_not_overlap_do_not_disturb():
    here = make_cell("cell-a-1-n78", beamwidth_h_deg=360.0)
    near = replace(here, id="cell-a-2-n78", x_m=X0 + 500.0)
    apart = replace(near, carrier_hz=3.7e9)
    half = replace(near, carrier_hz=3.645e9)
    x, y = np.array([X0 + 240.0]), np.array([Y0])
    alone, same, off, shared = (
        points.best_server(cells, x, y)[1][0]
        for cells in ([here], [here, near], [here, apart], [here, half])
    )
    assert off == pytest.approx(alone, abs=1e-4)
    assert same < shared < alone
    assert shared - same == pytest.approx(10 * np.log10(88.2 / 43.2), abs=0.15)


def test_hexagonal_network_has_a_plausible_geometry():
    """TR 38.901 calibrations report a median geometry of 5 to 8.6 dB at full load."""
    medians = []
    for load in (0.2, 0.5, 1.0):
        city = make_city(hexagon_layer(load=load, tilt_deg=8.0), size_m=600.0)
        medians.append(kpi.median_sinr_db(compute(city, step_m=20.0).layers[0]))
    assert medians[0] > medians[1] > medians[2]
    assert 3.0 <= medians[1] <= 9.0


def test_layer_with_every_cell_off_serves_nobody():
    cells = small_layer(is_on=False)
    result = compute(make_city(cells), step_m=100.0)
    (layer,) = result.layers
    assert np.isnan(layer.sinr_db).all()
    assert (layer.throughput_bps[result.inside] == 0).all()
    assert (layer.best_cell == -1).all()
    assert np.isnan(kpi.median_sinr_db(layer))
    assert kpi.coverage_share(result, make_city(cells), "A") == 0.0
    assert (points.best_server(cells, [X0], [Y0])[2] == -1).all()
    assert np.isneginf(points.rsrp_dbm(cells, [X0], [Y0])).all()


def test_layers_are_chosen_by_name_and_reported_as_progress():
    cells = small_layer() + small_layer(operator="B")
    city = make_city(cells, [make_ap("ap-1", X0 + 300, Y0 + 300)])
    assert layer_names(city) == ("A/n78", "B/n78", "wifi/2.4", "wifi/5")
    seen = []
    result = compute(city, step_m=100.0, layers=("B/n78", "5"), progress=seen.append)
    assert [layer.layer for layer in result.layers] == ["B/n78"]
    assert [layer.layer for layer in result.wifi] == ["wifi/5"]
    assert seen == [0.5, 1.0]
    with pytest.raises(
        InputError, match=r"layer 'C/n78' is not in the city; choose of A/n78, B/n78"
    ):
        compute(city, layers=["C/n78"])


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"scenario": "Moon"}, ModelError, "cell-a-001-1-n78: scenario 'Moon' is unknown, use RMa"),
        ({"height_m": 5.0}, ModelRangeError, "base station height"),
        ({"carrier_hz": 0.45e9}, ModelRangeError, "carrier frequency"),
        ({"bandwidth_hz": 91e6}, ModelRangeError, "channel bandwidth"),
    ],
)
def test_cell_outside_the_models_is_refused(fields, error, words):
    with pytest.raises(error, match=words):
        compute(make_city([make_cell(**fields)]), step_m=100.0)


def test_unknown_instruction_set_is_an_input_error(monkeypatch):
    monkeypatch.setenv("STELLWERK_ISA", "mmx")
    with pytest.raises(InputError, match=r"environment: STELLWERK_ISA: 'mmx'.*unset STELLWERK_ISA"):
        compute(make_city([make_cell()]), step_m=100.0)


def test_points_that_are_no_points_are_refused():
    with pytest.raises(ValueError, match="row 1 is nan"):
        points.rsrp_dbm([make_cell()], [X0, np.nan], [Y0, Y0])
    with pytest.raises(ValueError, match="must be equal and flat"):
        points.best_server([make_cell()], [X0], [Y0, Y0])
    assert points.rsrp_dbm([make_cell()], X0 + 100.0, Y0).shape == (1, 1)


def test_cells_of_several_layers_are_answered_in_their_order():
    cells = small_layer() + small_layer(seed=4, band="n1", carrier_hz=2.1e9, bandwidth_hz=20e6)
    x, y = np.array([X0, X0 + 300.0]), np.array([Y0, Y0 + 10.0])
    both = points.rsrp_dbm(cells, x, y)
    half = len(cells) // 2
    assert both.shape == (2, len(cells))
    np.testing.assert_allclose(both[:, half:], points.rsrp_dbm(cells[half:], x, y), atol=2e-3)


@pytest.mark.parametrize("height_m", [13.0, 13.1, 22.5])
def test_macro_levels_hold_for_high_terminals(height_m):
    x, y = np.array([X0 + 30.0, X0 + 100.0, X0 + 900.0]), np.array([Y0, Y0, Y0])
    cells = [make_cell()]
    level = points.rsrp_dbm(cells, x, y, height_m)
    np.testing.assert_allclose(level, oracle_levels(cells, x, y, height_m), atol=0.002)


def test_street_levels_hold_for_high_terminals():
    x, y = np.array([X0 + 100.0, X0 + 900.0]), np.array([Y0, Y0])
    cells = [make_cell(scenario="UMi", height_m=25.0)]
    level = points.rsrp_dbm(cells, x, y, 22.5)
    np.testing.assert_allclose(level, oracle_levels(cells, x, y, 22.5), atol=0.002)
