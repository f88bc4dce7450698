"""Knife edges of ITU-R P.526: known values, limits, order of edges, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from twin.model.errors import ModelRangeError
from twin.radio.itu.p526 import cascaded_edges_db, edge_nu, knife_edge_db, two_edges_db


def test_a_grazing_edge_costs_six_db() -> None:
    assert float(knife_edge_db(0.0)) == pytest.approx(6.03, abs=0.02)


def test_a_deep_edge_follows_the_asymptote() -> None:
    nu = np.array(
        [5.0, 10.0, 50.0]
    )  # 20 log10(pi nu sqrt 2): the Fresnel integral far in the shade
    asymptote = 20.0 * np.log10(np.pi * nu * np.sqrt(2.0))
    assert np.abs(knife_edge_db(nu) - asymptote).max() < 0.2


def test_loss_grows_with_height_and_is_nothing_far_below() -> None:
    nu = np.linspace(-3.0, 8.0, 500)
    assert np.all(np.diff(knife_edge_db(nu)) >= 0.0)
    assert float(knife_edge_db(-0.78)) == 0.0


def test_nu_is_the_height_in_fresnel_radii() -> None:
    radius = np.sqrt(0.299792458 * 2e3 * 3e3 / 5e3)
    assert float(edge_nu(radius, 2e3, 3e3, 1e9)) == pytest.approx(np.sqrt(2.0))


def test_two_edges_are_the_same_from_both_sides() -> None:
    there = two_edges_db((30.0, 50.0), (4e3, 2e3, 5e3), 900e6)
    assert there == pytest.approx(two_edges_db((50.0, 30.0), (5e3, 2e3, 4e3), 900e6))
    assert there > float(knife_edge_db(edge_nu(50.0, 6e3, 5e3, 900e6)))


def test_a_chain_is_the_same_from_both_sides() -> None:
    x = np.array([0.0, 2e3, 5e3, 9e3, 12e3])
    z = np.array([20.0, 40.0, 90.0, 60.0, 10.0])
    there = cascaded_edges_db(x, z, 600e6)
    assert there == pytest.approx(cascaded_edges_db(12e3 - x[::-1], z[::-1], 600e6))


def test_a_free_chain_costs_nothing() -> None:
    assert cascaded_edges_db([0.0, 5e3, 10e3], [100.0, 0.0, 100.0], 2e9) == 0.0


def test_bad_inputs_are_named() -> None:
    with pytest.raises(ModelRangeError, match="d1"):
        edge_nu(1.0, [1e3, 0.0], 1e3, 1e9)
    with pytest.raises(ValueError, match=r"nu\[1\]"):
        knife_edge_db([0.0, np.nan])
    with pytest.raises(ValueError, match=r"x_m\[2\]"):
        cascaded_edges_db([0.0, 5.0, 4.0], [0.0, 0.0, 0.0], 1e9)
    with pytest.raises(ValueError, match="3 or more"):
        cascaded_edges_db([0.0, 5.0], [0.0, 0.0], 1e9)
