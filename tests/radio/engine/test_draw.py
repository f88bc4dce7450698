"""Drawn line of sight and shadowing: repeatable, smooth in space, spread as in the tables."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "oracles"))

import numpy as np
import pytest
from radio_cells import X0, Y0, make_cell

from twin.radio.engine import RadioNetwork
from twin.radio.tr38901.los import los_probability
from twin.radio.tr38901.pathloss import pathloss_db


def cell(name, site, **fields):
    return make_cell(name, site=site, beamwidth_h_deg=360.0, beamwidth_v_deg=180.0, height_m=25.0,
                     **fields)  # fmt: skip


def levels(cells, x, y, **options):
    made = RadioNetwork(cells, **options)
    sight = options.get("los") == "given"
    matrix = np.full((len(x), len(options["los_sites"])), True) if sight else None
    made.add_users(range(len(x)), x, y, operator="A", is_los=matrix)
    return made.query()["nr/n78"].coupling_loss_db.astype(float)


def ring(d_m, n, rng, radius_m=0.0):
    angle = rng.uniform(0, 2 * np.pi, n)
    return X0 + d_m * np.cos(angle), Y0 + d_m * np.sin(angle)


def shadow(site, x, y, *, seed, d_m):
    """Deviations in dB, and whether there is line of sight, at places in one distance."""
    loss = levels([cell("c", site)], x, y, los="draw", seed=seed) + 17.0
    los, nlos = (
        float(pathloss_db("UMa", d_m, 3.6e9, 25.0, 1.5, is_los=flag)) for flag in (True, False)
    )
    return loss - nlos, loss - los


def test_the_same_place_draws_the_same_and_a_metre_on_nearly_the_same():
    x, y = ring(1000.0, 400, np.random.default_rng(1))
    one, two = (levels([cell("c", "s")], x, y, los="draw", seed=7) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    near = levels([cell("c", "s")], x + 1.0, y, los="draw", seed=7)
    assert np.median(np.abs(near - one)) < 0.5
    other = levels([cell("c", "s")], x, y, los="draw", seed=8)
    assert np.median(np.abs(other - one)) > 3.0


def test_order_and_company_do_not_change_a_draw():
    x, y = ring(500.0, 200, np.random.default_rng(2))
    one = levels([cell("c", "s")], x, y, los="draw", seed=7)
    back = levels([cell("c", "s")], x[::-1], y[::-1], los="draw", seed=7)
    np.testing.assert_array_equal(one[::-1], back)


def test_spread_without_line_of_sight_and_correlation_of_sites():
    rng = np.random.default_rng(3)
    d_m, n = 4000.0, 40
    a, b = [], []
    for seed in range(400):  # P(LOS) is under 1 % here
        x, y = ring(d_m, n, rng)
        a.append(shadow("s", x, y, seed=seed, d_m=d_m)[0])
        b.append(shadow("t", x, y, seed=seed, d_m=d_m)[0])
    a, b = np.concatenate(a), np.concatenate(b)
    keep = (np.abs(a) < 24) & (np.abs(b) < 24)
    assert np.std(a[keep]) == pytest.approx(6.0, abs=0.15)
    assert np.mean(a[keep]) == pytest.approx(0.0, abs=0.2)
    assert np.corrcoef(a[keep], b[keep])[0, 1] == pytest.approx(0.5, abs=0.03)


def test_share_of_line_of_sight_is_its_probability():
    rng, d_m = np.random.default_rng(4), 100.0
    p = float(np.asarray(los_probability("UMa", d_m, 1.5)))
    share = []
    for seed in range(300):
        x, y = ring(d_m, 12, rng)
        loss = levels([cell("c", f"s{seed}")], x, y, los="draw", seed=seed) + 17.0
        los = float(pathloss_db("UMa", d_m, 3.6e9, 25.0, 1.5, is_los=True))
        nlos = float(pathloss_db("UMa", d_m, 3.6e9, 25.0, 1.5, is_los=False))
        share.append(np.mean(loss - los))  # E = (1 - p) (nlos - los)
    want = (1 - p) * (nlos - los)
    assert np.mean(share) == pytest.approx(want, abs=4 * np.std(share) / np.sqrt(len(share)))


def test_given_line_of_sight_has_the_loss_of_its_branch():
    x, y = ring(300.0, 10, np.random.default_rng(5))
    loss = levels([cell("c", "s")], x, y, los="given", los_sites=["s"]) + 17.0
    want = float(pathloss_db("UMa", 300.0, 3.6e9, 25.0, 1.5, is_los=True))
    np.testing.assert_allclose(loss, want, atol=2e-3)


def test_given_line_of_sight_needs_a_matrix_that_fits():
    made = RadioNetwork([cell("c", "s")], los="given", los_sites=["s"])
    for bad in (None, [[1]], [[True, False]]):
        with pytest.raises(ValueError, match="is_los"):
            made.add_users([0], [X0], [Y0], operator="A", is_los=bad)
    with pytest.raises(ValueError, match="los_sites"):
        made.add_cell(cell("d", "nowhere"))
