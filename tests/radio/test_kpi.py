"""Figures that sum a coverage up."""

from __future__ import annotations

import numpy as np
import pytest
from radio_cells import X0, Y0, make_ap, make_cell, make_city

from twin.model.errors import InputError
from twin.radio import kpi
from twin.radio.coverage import compute
from twin.radio.grid import Grid


@pytest.mark.parametrize("step_m", [5.0, 25.0, 50.0, 100.0, 250.0])
def test_no_resident_is_lost_on_any_step(step_m):
    city = make_city()
    raster = kpi.residents_raster(city, Grid.over(city.outline, step_m))
    assert raster.sum() == pytest.approx(400.0)
    if step_m == 25.0:
        assert raster[4:8, 4:8].sum() == pytest.approx(100.0)


def test_share_counts_residents_not_area():
    corner = make_cell(x_m=X0 + 50.0, y_m=Y0 + 50.0, tx_power_dbm=10.0, beamwidth_h_deg=360.0)
    city = make_city([corner])
    result = compute(city, step_m=25.0)
    (layer,) = result.layers
    near, far = layer.rsrp_dbm[5, 5], layer.rsrp_dbm[34, 34]
    assert near > far
    share = kpi.coverage_share(result, city, "A", threshold_dbm=float(near + far) / 2)
    assert share == pytest.approx(0.25)
    assert kpi.coverage_share(result, city, "A", threshold_dbm=-300.0) == 1.0
    assert kpi.coverage_share(result, city, "A", threshold_dbm=100.0) == 0.0


def test_best_layer_of_the_operator_counts():
    weak = make_cell("cell-a-1-n78", tx_power_dbm=-40.0)
    strong = make_cell("cell-a-1-n1", band="n1", carrier_hz=2.14e9, bandwidth_hz=20e6, scs_hz=15e3)
    city = make_city([weak, strong])
    both = compute(city, step_m=50.0)
    alone = compute(city, step_m=50.0, layers=["A/n78"])
    assert kpi.coverage_share(both, city, "A") > kpi.coverage_share(alone, city, "A")
    with pytest.raises(InputError, match="operator 'Z' has no layer; choose of A"):
        kpi.coverage_share(both, city, "Z")


def test_throughput_is_reported_by_class():
    cells = [
        make_cell("cell-a-1-n78"),
        make_cell("cell-a-1-b3", technology="lte", band="B3", carrier_hz=1.82e9, bandwidth_hz=20e6,
                  scs_hz=15e3),
    ]  # fmt: skip
    city = make_city(cells, [make_ap("ap-1", X0 + 500, Y0 + 500)])
    figures = kpi.mean_throughput_bps(compute(city, step_m=25.0))
    assert set(figures) == {"lte", "nr", "wifi"}
    assert all(value > 0 for value in figures.values())
    (layer,) = compute(city, step_m=25.0, layers=["A/n78"]).layers
    assert figures["nr"] == pytest.approx(float(np.nanmean(layer.throughput_bps)), rel=1e-5)
    assert kpi.mean_throughput_bps(compute(city, step_m=25.0, layers=["5"])).keys() == {"wifi"}
