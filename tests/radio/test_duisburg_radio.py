"""The city in the box is radio-plausible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.geo.cityfile import load_city
from twin.radio import kpi
from twin.radio.coverage import compute, layer_names


@pytest.fixture(scope="module")
def city():
    return load_city("duisburg")


@pytest.fixture(scope="module")
def coverage(city):
    return compute(city, step_m=100.0)


def test_every_layer_serves_with_a_plausible_median(city, coverage):
    for layer in coverage.layers:
        loads = [cell.load for cell in city.cells if cell.layer == layer.layer]
        assert 0.3 <= np.mean(loads) <= 0.7, layer.layer
        assert 3.0 <= kpi.median_sinr_db(layer) <= 9.0, layer.layer


def test_more_load_lowers_the_median_of_a_layer(city, coverage):
    name = layer_names(city)[0]
    busy = replace(
        city, cells=tuple(replace(cell, load=min(1.0, cell.load + 0.3)) for cell in city.cells)
    )
    (after,) = compute(busy, coverage.grid, layers=[name]).layers
    assert kpi.median_sinr_db(after) < kpi.median_sinr_db(coverage.layers[0]) - 0.5


def test_residents_and_area_are_those_of_the_city(city, coverage):
    residents = kpi.residents_raster(city, coverage.grid)
    assert residents.sum() == pytest.approx(sum(c.residents for c in city.census), rel=1e-6)
    assert coverage.inside.sum() * 0.01 == pytest.approx(232.8, rel=0.01)


def test_classes_stand_in_the_right_order(coverage):
    rates = kpi.mean_throughput_bps(coverage)
    assert rates["nr"] > rates["lte"] > 5e6
    assert rates["wifi"] > 5e6
