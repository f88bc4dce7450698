"""Nineteen sites that wrap around: no terminal stands at an edge."""

from __future__ import annotations

import numpy as np
import pytest

from twin.radio.layouts.sites import (
    hall_sites_m,
    hexagon_points_m,
    hexagon_sites_m,
    wrapped_offsets_m,
)

ISD_M = 500.0


def test_nineteen_sites_stand_one_distance_apart():
    sites = hexagon_sites_m(ISD_M)
    assert sites.shape == (19, 2)
    assert np.array_equal(sites[0], [0.0, 0.0])
    apart = np.hypot(*(sites[:, None] - sites[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    np.testing.assert_allclose(apart.min(axis=1), ISD_M)


def test_every_site_has_the_same_neighbourhood_once_it_wraps():
    sites = hexagon_sites_m(ISD_M)
    offsets = wrapped_offsets_m(sites, sites, ISD_M)
    distances = np.sort(np.hypot(offsets[..., 0], offsets[..., 1]), axis=1)
    np.testing.assert_allclose(distances, np.broadcast_to(distances[0], distances.shape), atol=1e-6)
    assert distances[:, 1:7] == pytest.approx(ISD_M)
    assert distances[0, 7] > 1.7 * ISD_M


def test_points_fill_the_area_evenly_and_belong_to_their_nearest_site():
    points = hexagon_points_m(20_000, ISD_M, np.random.default_rng(1))
    offsets = wrapped_offsets_m(hexagon_sites_m(ISD_M), points, ISD_M)
    distance = np.hypot(offsets[..., 0], offsets[..., 1])
    assert distance.min(axis=1).max() <= ISD_M / np.sqrt(3.0) + 1e-6
    served = np.bincount(distance.argmin(axis=1), minlength=19)
    assert served.min() > 0.85 * 20_000 / 19
    # a hexagon of even density: mean square distance from its centre is 5/36 of the spacing squared
    assert (distance.min(axis=1) ** 2).mean() == pytest.approx(5.0 / 36.0 * ISD_M**2, rel=0.02)


def test_hall_has_two_rows_of_six():
    sites = hall_sites_m()
    assert sites.shape == (12, 2)
    assert set(sites[:, 1]) == {-10.0, 10.0}
    assert sites[:, 0].min() == -50.0
    assert sites[:, 0].max() == 50.0
