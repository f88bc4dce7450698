"""The kernel of P.1812 against the readable form, and its contract."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from clear_air_paths import random_paths
from hypothesis import given, settings
from hypothesis import strategies as st

from cext import _isa, _p1812
from twin.radio.itu import p1812
from twin.radio.itu.p1812_batch import batch_loss_db

ROOT = Path(__file__).parents[2]
SEEDS = st.integers(0, 2**32 - 1)
# Both forms are float64; order of sums and contraction of products differ: 2e-12 dB were seen.
TOLERANCE_DB = 1e-6


def arrays(seed=3, n=7, m=33):
    rng = np.random.default_rng(seed)
    path, ends, air = random_paths(rng, n, m)
    columns = {
        **{k: getattr(ends, k) for k in ("freq_hz", "tx_height_m", "rx_height_m", "is_vertical")},
        **{
            k: getattr(air, k)
            for k in ("latitude_deg", "delta_n", "n0", "tx_coast_m", "rx_coast_m")
        },
        "time_percent": np.full(n, 10.0),
        "spread_db": np.zeros(n),
    }
    links = np.stack([np.asarray(columns[k], float) for k in _p1812.LINK_COLUMNS], axis=-1)
    clutter, zone = np.array(path.clutter_m), np.array(path.zone)
    return np.array(path.distance_m), np.array(path.ground_m), links, clutter, zone


def column(name):
    return _p1812.LINK_COLUMNS.index(name)


@given(
    seed=SEEDS,
    m=st.integers(4, 300),
    with_clutter=st.booleans(),
    with_zones=st.booleans(),
    n_threads=st.integers(1, 3),
)
@settings(max_examples=60, deadline=None)
def test_kernel_equals_the_readable_form(seed, m, with_clutter, with_zones, n_threads):
    rng = np.random.default_rng(seed)
    inputs = random_paths(rng, 20, m, with_clutter=with_clutter, with_zones=with_zones)
    shares = {
        "time_percent": rng.choice([1, 2, 10, 49.9, 50.0], 20),
        "location_percent": rng.uniform(1, 99, 20),
        "location_sigma_db": rng.uniform(0, 8, 20),
    }
    want = p1812.transmission_loss(*inputs, **shares).loss_db
    got = batch_loss_db(*inputs, **shares, n_threads=n_threads)
    np.testing.assert_allclose(got, want, rtol=0, atol=TOLERANCE_DB)


def test_threads_do_not_change_a_bit():
    d, h, links, clutter, zone = arrays(n=50)
    one = _p1812.loss(d, h, links, clutter_m=clutter, zone=zone)
    for n_threads in (2, 3, 7):
        many = _p1812.loss(d, h, links, clutter_m=clutter, zone=zone, n_threads=n_threads)
        np.testing.assert_array_equal(one, many)


def test_every_instruction_set_agrees():
    code = (
        "import sys; sys.path[:0] = ['tests/oracles', 'tests/cext']\n"
        "from test_p1812 import arrays; from cext import _p1812\n"
        "d, h, links, c, z = arrays(n=40)\n"
        "print(*[v.hex() for v in _p1812.loss(d, h, links, clutter_m=c, zone=z)])"
    )
    results = []
    for isa in _isa.isas():
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "STELLWERK_ISA": isa},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        results.append([float.fromhex(v) for v in done.stdout.split()])
    for other in results[1:]:
        np.testing.assert_allclose(results[0], other, rtol=0, atol=TOLERANCE_DB)


def test_out_is_filled_and_returned_and_read_only_inputs_pass():
    d, h, links, clutter, zone = arrays()
    for array in (d, h, links, clutter, zone):
        array.setflags(write=False)
    out = np.empty(7)
    result = _p1812.loss(d, h, links, clutter_m=clutter, zone=zone, out=out)
    assert np.shares_memory(result, out)
    np.testing.assert_array_equal(result, _p1812.loss(d, h, links, clutter_m=clutter, zone=zone))


def test_no_clutter_equals_clutter_of_no_height_and_no_zone_equals_inland():
    d, h, links, clutter, zone = arrays()
    bare = _p1812.loss(d, h, links)
    given = _p1812.loss(d, h, links, clutter_m=0 * clutter, zone=0 * zone)
    np.testing.assert_allclose(bare, given, rtol=0, atol=1e-9)


def test_no_profile_gives_no_loss():
    d, h, links, _, _ = arrays()
    assert _p1812.loss(d[:0], h[:0], links[:0]).shape == (0,)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", ["distance_m", "ground_m", "clutter_m", "links"])
@pytest.mark.parametrize("place", [0, 4, -1])
def test_what_is_not_finite_is_refused_by_row(which, value, place):
    d, h, links, clutter, zone = arrays()
    named = {"distance_m": d, "ground_m": h, "links": links, "clutter_m": clutter}
    named[which][5, place] = value
    with pytest.raises(ValueError, match=rf"{which}: row 5"):
        _p1812.loss(d, h, links, clutter_m=clutter, zone=zone)


@pytest.mark.parametrize("place", [0, 1, 17, -1])
def test_a_distance_that_falls_is_refused_by_row(place):
    d, h, links, _, _ = arrays()
    d[2, place] = d[2, place - 1] * 0.5 - 1.0 if place else 3.0
    with pytest.raises(ValueError, match="distance_m: row 2"):
        _p1812.loss(d, h, links)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("freq_hz", 0.0),
        ("tx_height_m", -1.0),
        ("rx_height_m", 0.0),
        ("time_percent", 0.0),
        ("time_percent", 50.1),
        ("latitude_deg", 90.5),
        ("delta_n", 157.0),
    ],
)
def test_an_input_no_loop_can_take_is_refused_by_row(name, value):
    d, h, links, _, _ = arrays()
    links[4, column(name)] = value
    with pytest.raises(ValueError, match=f"row 4: {name}"):
        _p1812.loss(d, h, links)


def test_an_unknown_zone_and_negative_clutter_are_refused_by_row():
    d, h, links, clutter, zone = arrays()
    zone[6, 3] = 3
    with pytest.raises(ValueError, match="zone: row 6"):
        _p1812.loss(d, h, links, zone=zone)
    clutter[1, 3] = -0.1
    with pytest.raises(ValueError, match="clutter_m: row 1"):
        _p1812.loss(d, h, links, clutter_m=clutter)


@pytest.mark.parametrize(
    "change",
    [
        lambda d, h, k: (d[:, ::2], h, k),
        lambda d, h, k: (d.astype(np.float32), h, k),
        lambda d, h, k: (d, h[:, :-1].copy(), k),
        lambda d, h, k: (d, h[:-1], k),
        lambda d, h, k: (d, h, k[:-1]),
        lambda d, h, k: (d, h, k[:, :-1].copy()),
        lambda d, h, k: (d[:, :3].copy(), h[:, :3].copy(), k),
        lambda d, h, k: (d[0], h, k),
    ],
)  # fmt: skip
def test_a_wrong_shape_type_or_layout_is_refused(change):
    d, h, links, _, _ = arrays()
    with pytest.raises(ValueError):  # noqa: PT011 - the buffer protocol words some of them
        _p1812.loss(*change(d, h, links))


def test_wrong_optional_arrays_are_refused():
    d, h, links, clutter, zone = arrays()
    with pytest.raises(ValueError, match="clutter_m: has shape"):
        _p1812.loss(d, h, links, clutter_m=clutter[:-1])
    with pytest.raises(ValueError, match="zone: has shape"):
        _p1812.loss(d, h, links, zone=zone[:, :-1].copy())
    with pytest.raises(ValueError, match="out: has 3 rows"):
        _p1812.loss(d, h, links, out=np.empty(3))
    with pytest.raises(ValueError, match="n_threads"):
        _p1812.loss(d, h, links, n_threads=0)
