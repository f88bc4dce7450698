"""Rasters computed tile by tile with far cells on a lattice, against the dense kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from radio_cells import X0, Y0, make_cell, random_layer

from cext import _isa, _sinr
from twin.radio.link.throughput import throughput_bps
from twin.radio.links import LEFT_OUT_DB, layer_tables

SHARE = 10 ** (-LEFT_OUT_DB / 10)
TOLERANCE_DB, TYPICAL_DB, LEVEL_TOLERANCE_DB = 0.05, 0.005, 1e-4
TIE_DB = 1e-4  # sums in another order: what float32 keeps of a level
LOW_DB, STEP_DB = -20.0, 0.5
SEEDS = st.integers(0, 2**32 - 1)
STEPS = st.sampled_from([5.0, 10.0, 25.0, 50.0, 100.0])
SHAPES = st.one_of(
    st.sampled_from([(1, 1), (17, 65), (64, 64), (1, 200), (130, 3)]),
    st.tuples(st.integers(1, 140), st.integers(1, 140)),
)


def make_tables(seed, n_sites=6, n_carriers=2, radius_m=1500.0):
    cells = random_layer(np.random.default_rng(seed), n_sites, n_carriers, radius_m)
    return layer_tables(cells, x0_m=X0, y0_m=Y0)


def make_call(seed, shape, step_m=25.0, tables=None, holes=0.2, share=SHARE):
    """Arguments by name; the raster lies around the origin, amid the cells."""
    rng = np.random.default_rng(seed)
    t = tables or make_tables(seed)
    n_y, n_x = shape
    n = len(t.column)
    inside = (rng.random(shape) >= holes).astype(np.uint8)
    if holes and min(shape) > 20:
        inside[: n_y // 2, : n_x // 2] = 0  # tiles without any point, too
    return {
        "x0_m": -step_m * (n_x // 2), "y0_m": -step_m * (n_y // 2), "step_m": step_m,
        "inside": inside, "sites": t.sites, "sectors": t.sectors, "first": t.first,
        "carrier": t.carrier, "column": t.column, "mixing": t.mixing, "noise_mw": t.noise_mw,
        "curves": np.sort(rng.random((3, 120)).astype(np.float32), axis=1),
        "kind": rng.integers(0, 3, n).astype(np.int32),
        "free_rate": rng.random(n).astype(np.float32),
        "curve_low_db": LOW_DB, "curve_step_db": STEP_DB, "error_share": share,
    }  # fmt: skip


def run(call, n_threads=1, fill=-777):
    shape = call["inside"].shape
    names = dict(call)
    out = (*(np.full(shape, fill, np.float32) for _ in range(3)), np.full(shape, fill, np.int32))
    positional = [names.pop(name) for name in (
        "x0_m", "y0_m", "step_m", "inside", "sites", "sectors", "first", "carrier", "column",
        "mixing", "noise_mw", "curves", "kind", "free_rate")]  # fmt: skip
    assert _sinr.raster(*positional, **names, out=out, n_threads=n_threads) is out
    return out


def dense(call):
    n_y, n_x = call["inside"].shape
    x = (call["x0_m"] + call["step_m"] * np.arange(n_x)).astype(np.float32)
    y = (call["y0_m"] + call["step_m"] * np.arange(n_y)).astype(np.float32)
    points = [np.ascontiguousarray(v.ravel()) for v in np.meshgrid(x, y)]
    layer = [call[name] for name in (
        "sites", "sectors", "first", "carrier", "column", "mixing", "noise_mw")]  # fmt: skip
    level, sinr, best = _sinr.best_server(*points, *layer)
    every = _sinr.links(*points, *layer[:3], call["column"])
    every[:, call["column"][call["sectors"][:, 8] == 0]] = -999.0
    every.sort(axis=1)
    tied = np.zeros(len(best), bool)
    if every.shape[1] > 1:
        tied = every[:, -1] - every[:, -2] < TIE_DB
    return [v.reshape(n_y, n_x) for v in (level, sinr, best, tied)]


def assert_like_dense(call, got, tolerance_db=TOLERANCE_DB):
    level, sinr, best, tied = dense(call)
    where = call["inside"] != 0
    np.testing.assert_allclose(got[0][where], level[where], rtol=0, atol=LEVEL_TOLERANCE_DB)
    where &= ~tied
    np.testing.assert_array_equal(got[3][where], best[where])
    error = np.abs(got[1] - sinr)[where]
    assert error.max(initial=0.0) <= tolerance_db
    return error


@given(
    seed=SEEDS, shape=SHAPES, step_m=STEPS, n_sites=st.integers(1, 30),
    n_carriers=st.integers(1, 3), radius_m=st.sampled_from([200.0, 1500.0, 6000.0]),
)  # fmt: skip
@example(seed=1, shape=(140, 140), step_m=10.0, n_sites=30, n_carriers=3, radius_m=1500.0)
@example(seed=2, shape=(1, 1), step_m=100.0, n_sites=1, n_carriers=1, radius_m=200.0)
@example(seed=3, shape=(17, 65), step_m=5.0, n_sites=30, n_carriers=1, radius_m=6000.0)
@settings(max_examples=60, deadline=None)
def test_raster_equals_the_dense_result(seed, shape, step_m, n_sites, n_carriers, radius_m):
    tables = make_tables(seed, n_sites, n_carriers, radius_m)
    call = make_call(seed, shape, step_m, tables)
    error = assert_like_dense(call, run(call))
    if len(error) > 500:
        assert np.median(error) < TYPICAL_DB


@given(seed=SEEDS, shape=SHAPES, step_m=STEPS)
@settings(max_examples=20, deadline=None)
def test_without_an_allowed_error_the_raster_is_the_dense_result(seed, shape, step_m):
    call = make_call(seed, shape, step_m, share=0.0)
    assert_like_dense(call, run(call), tolerance_db=1e-3)


@pytest.mark.parametrize("step_m", [5.0, 30.0, 100.0])
@pytest.mark.parametrize("is_omni", [False, True])
def test_a_single_cell_inside_the_raster(step_m, is_omni):
    fields = {"beamwidth_h_deg": 360.0, "beamwidth_v_deg": 180.0} if is_omni else {}
    tables = layer_tables([make_cell(**fields)], x0_m=X0, y0_m=Y0)
    call = make_call(1, (70, 90), step_m, tables)
    got = run(call)
    assert_like_dense(call, got)
    assert set(np.unique(got[3][call["inside"] != 0])) == {0}


@given(seed=SEEDS, shape=SHAPES)
@settings(max_examples=15, deadline=None)
def test_cells_outside_keep_what_out_held(seed, shape):
    call = make_call(seed, shape, holes=0.6)
    for part in run(call, fill=-777):
        assert (part[call["inside"] == 0] == -777).all()
        assert (part[call["inside"] != 0] != -777).all()


@given(seed=SEEDS, shape=SHAPES, step_m=STEPS)
@settings(max_examples=15, deadline=None)
def test_rasters_are_bitwise_equal_for_every_number_of_threads(seed, shape, step_m):
    call = make_call(seed, shape, step_m)
    one = run(call)
    for n_threads in (2, 3):
        for a, b in zip(one, run(call, n_threads), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("isa", _isa.isas())
@pytest.mark.parametrize("share", [0.0, SHARE])
def test_instruction_sets_agree(isa, share, monkeypatch):
    """Exactly computed rasters agree to 0.001 dB.

    With an allowed error, rounding may put a sector at the limit into the lattice on one
    instruction set and compute it exactly on another; both keep what the caller allows, so the
    difference is bound by twice that, and few points are touched.
    """
    call = make_call(11, (130, 140), 20.0, make_tables(11, 30, 3), share=share)
    monkeypatch.setenv("STELLWERK_ISA", "baseline")
    level, sinr, _, best = run(call)
    monkeypatch.setenv("STELLWERK_ISA", isa)
    got = run(call)
    same = (got[3] == best) & (call["inside"] != 0)
    assert same.sum() > 0.999 * call["inside"].sum()
    np.testing.assert_allclose(got[0][same], level[same], rtol=0, atol=1e-3)
    error = np.abs(got[1] - sinr)[same]
    assert error.max() <= (1e-3 if share == 0 else 2 * TOLERANCE_DB)
    assert np.quantile(error, 0.95) < 1e-3


@given(seed=SEEDS, shape=SHAPES)
@settings(max_examples=15, deadline=None)
def test_rate_is_read_off_the_curve_of_the_server(seed, shape):
    call = make_call(seed, shape)
    _, sinr, rate, best = (part[call["inside"] != 0] for part in run(call))
    place = (sinr - np.float32(LOW_DB)) / np.float32(STEP_DB)
    place = np.clip(place, 0, call["curves"].shape[1] - 1).astype(int)
    want = call["curves"][call["kind"][best], place] * call["free_rate"][best]
    np.testing.assert_array_equal(rate, want)


def test_rate_is_that_of_the_throughput_model():
    grid_db = np.arange(-20.0, 50.0, 0.01)
    model = {"technology": "nr", "bandwidth_hz": 90e6, "scs_hz": 30e3, "mimo_layers": 4}
    curve = throughput_bps((grid_db + 0.005).astype(np.float32), **model)
    call = make_call(4, (64, 64), tables=make_tables(4, n_carriers=1))
    call |= {"curves": curve[None], "curve_low_db": -20.0, "curve_step_db": 0.01}
    call["kind"][:], call["free_rate"][:] = 0, 0.5
    _, sinr, rate, _ = (part[call["inside"] != 0] for part in run(call))
    want = 0.5 * throughput_bps(sinr, **model)
    step = np.abs(np.diff(curve)).max()  # a SINR at the edge of an entry may fall on either side
    assert np.abs(rate - want).max() <= 0.5 * step
    assert np.mean(rate == want) > 0.99


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_cells_that_do_not_serve_interfere_only(seed):
    tables = make_tables(seed, n_sites=12)
    sectors = tables.sectors.copy()
    silent = np.arange(len(sectors)) % 2 == 1
    sectors[silent, 8] = 0.0
    sectors[silent, 7] = 1.0
    call = make_call(seed, (80, 80), 20.0, replace(tables, sectors=sectors))
    got = run(call)
    assert_like_dense(call, got)
    where = call["inside"] != 0
    assert not np.isin(got[3][where], call["column"][silent]).any()
    call["sectors"] = sectors.copy()
    call["sectors"][silent, 7] = 0.0
    if silent.any():
        assert (run(call)[1][where] >= got[1][where] - 2 * TOLERANCE_DB).all()
        assert (run(call)[1][where] > got[1][where]).any()


@pytest.mark.parametrize("name", ["sites", "sectors", "mixing", "curves"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_in_a_table_is_refused_naming_row_and_column(name, bad):
    call = make_call(1, (5, 5))
    call[name] = call[name].copy()
    call[name][1, 1] = bad
    with pytest.raises(ValueError, match=f"^{name}: row 1, column 1 is"):
        run(call)


@pytest.mark.parametrize(
    ("name", "row", "value", "message"),
    [
        ("kind", 2, 3, "kind: row 2 is 3"),
        ("kind", 2, -1, "kind: row 2 is -1"),
        ("free_rate", 1, np.nan, "free_rate: row 1"),
        ("noise_mw", 1, 0.0, "noise_mw: row 1"),
        ("carrier", 2, 9, "carrier: row 2 is 9"),
        ("column", 2, -1, "column: row 2 is -1"),
        ("first", 1, -2, "first: row 1"),
        ("sectors", (3, 7), -0.1, "sectors: row 3: load"),
        ("sectors", (3, 8), 0.5, "sectors: row 3: serves"),
        ("sectors", (slice(None), 8), 0.0, "no row serves"),
    ],
)  # fmt: skip
def test_values_out_of_range_are_refused_naming_the_row(name, row, value, message):
    call = make_call(1, (5, 5))
    call[name] = call[name].copy()
    call[name][row] = value
    with pytest.raises(ValueError, match=message):
        run(call)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("error_share", -0.01), ("error_share", 1.01), ("error_share", np.nan),
        ("step_m", 0.0), ("step_m", np.nan), ("step_m", -5.0), ("x0_m", np.nan), ("y0_m", np.inf),
        ("curve_step_db", 0.0), ("curve_step_db", np.nan), ("curve_low_db", np.nan),
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_refused_naming_them(name, value):
    with pytest.raises(ValueError, match=name):
        run(make_call(1, (5, 5)) | {name: value})


@pytest.mark.parametrize("name", [
    "inside", "sites", "sectors", "first", "carrier", "column", "mixing", "noise_mw", "curves",
    "kind", "free_rate"])  # fmt: skip
def test_wrong_type_and_shape_are_refused(name):
    call = make_call(1, (5, 5))
    value = call[name]
    other = np.float64 if value.dtype == np.float32 else np.int64
    wrongs = [value.astype(other), value[..., None]]
    if name not in ("inside", "curves"):
        wrongs.append(np.ascontiguousarray(value[..., :-1]))
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"."):
            run(call | {name: wrong})
    with pytest.raises((TypeError, AttributeError)):
        run(call | {name: None})


def test_out_of_wrong_shape_and_an_empty_curve_are_refused():
    call = make_call(1, (5, 5))
    with pytest.raises(ValueError, match="curves: has no column"):
        run(call | {"curves": np.zeros((3, 0), np.float32)})
    names = dict(call)
    positional = [names.pop(name) for name in list(call)[:14]]
    short = (*(np.zeros((5, 4), np.float32) for _ in range(3)), np.zeros((5, 4), np.int32))
    with pytest.raises(ValueError, match=r"out: must be four arrays of shape \(5, 5\)"):
        _sinr.raster(*positional, **names, out=short)


def test_a_raster_without_cells_is_no_error():
    for shape in ((0, 5), (5, 0)):
        assert run(make_call(1, shape))[0].shape == shape
