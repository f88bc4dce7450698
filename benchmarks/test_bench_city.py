"""Seconds for the coverage of the whole city in the box, and for the update of one layer."""

from __future__ import annotations

import pytest

from twin.geo.cityfile import load_city
from twin.radio.coverage import compute, update


@pytest.fixture(scope="module")
def city():
    return load_city("duisburg")


@pytest.fixture(scope="module")
def coverage(city):
    return compute(city)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.benchmark(group="city, 25 m, LTE, NR and Wi-Fi")
def test_whole_city(benchmark, city, n_threads):
    result = benchmark.pedantic(lambda: compute(city, n_threads=n_threads), rounds=3)
    links = sum(len(layer.cells) for layer in result.layers) * int(result.inside.sum())
    benchmark.extra_info["links"] = links


@pytest.mark.parametrize("layer", ["A/n78", "wifi/5"])
@pytest.mark.benchmark(group="city, one changed layer")
def test_update_of_one_layer(benchmark, city, coverage, layer):
    benchmark.pedantic(lambda: update(city, coverage, [layer]), rounds=5)
