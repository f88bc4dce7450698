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


def states_and_shadows(scenario, d_m, carrier_hz, heights_m, *, n_seeds=30):
    """State and shadowing at places kilometres apart, each at one distance of a site of its own.

    Two heights on one site share state and shadowing: the difference of their levels tells the
    state, and then the level tells the shadowing.
    """
    place = 5000.0 * np.arange(10)
    xs, ys = (part.ravel() for part in np.meshgrid(X0 + place, Y0 + place))
    fields = {"scenario": scenario, "carrier_hz": carrier_hz, "beamwidth_h_deg": 360.0,
              "beamwidth_v_deg": 180.0, "antenna_gain_dbi": 0.0}  # fmt: skip
    cells = [
        make_cell(f"{i}/{h}", site=f"s{i}", x_m=x, y_m=y, height_m=h, **fields)
        for i, (x, y) in enumerate(zip(xs, ys, strict=True))
        for h in heights_m
    ]
    loss = np.array([
        [float(pathloss_db(scenario, d_m, carrier_hz, h, 1.5, is_los=flag)) for h in heights_m]
        for flag in (False, True)
    ])  # fmt: skip
    steps = loss[:, 1] - loss[:, 0]
    assert abs(steps[0] - steps[1]) > 0.05
    sent_dbm = 46.0 - 10 * np.log10(12 * 245)
    states, shadows = [], []
    for seed in range(n_seeds):
        made = RadioNetwork(cells, los="draw", seed=seed)
        made.add_users(range(len(xs)), xs + d_m, ys, operator="A")
        every = made.levels_dbm().astype(float).reshape(len(xs), len(xs), 2)
        own = sent_dbm - every[np.arange(len(xs)), np.arange(len(xs))]
        step = own[:, 1] - own[:, 0]
        state = (np.abs(step - steps[1]) < np.abs(step - steps[0])).astype(int)
        np.testing.assert_allclose(step, steps[state], atol=0.02)
        states.append(state)
        shadows.append(loss[state, 0] - own[:, 0])
    return np.array(states), np.array(shadows)


@pytest.mark.parametrize(
    ("scenario", "d_m", "carrier_hz", "heights_m", "sigma_los_db", "sigma_nlos_db"),
    [
        ("UMa", 60.0, 3.6e9, (20.0, 30.0), 4.0, 6.0),
        ("UMi", 50.0, 3.6e9, (8.0, 14.0), 4.0, 7.82),
        ("RMa", 600.0, 3.6e9, (20.0, 50.0), 4.0, 8.0),
        ("RMa", 800.0, 0.7e9, (10.0, 14.0), 6.0, 8.0),  # beyond the breakpoint
    ],
)
def test_states_and_spreads_are_those_of_the_tables(
    scenario, d_m, carrier_hz, heights_m, sigma_los_db, sigma_nlos_db
):
    states, shadows = states_and_shadows(scenario, d_m, carrier_hz, heights_m)
    p = float(np.asarray(los_probability(scenario, d_m, 1.5)))
    assert 0.2 < p < 0.8
    assert states.mean() == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / states.size))
    for flag, sigma_db in ((1, sigma_los_db), (0, sigma_nlos_db)):
        values = shadows[states == flag]
        n = values.size
        assert n > 500
        assert values.mean() == pytest.approx(0.0, abs=4 * sigma_db / np.sqrt(n))
        assert values.std() == pytest.approx(sigma_db, abs=4 * sigma_db / np.sqrt(2 * n))


def test_places_kilometres_apart_are_uncorrelated():
    states, shadows = states_and_shadows("UMa", 60.0, 3.6e9, (20.0, 30.0))
    for values in (states, shadows):
        one, two = values[:, :-1].ravel(), values[:, 1:].ravel()
        assert np.corrcoef(one, two)[0, 1] == pytest.approx(0.0, abs=4 / np.sqrt(one.size))


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
