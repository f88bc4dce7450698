"""Okumura-Hata, COST 231-Hata, Kun and P.1411: tables, properties, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.check.registry import check_table, find_check
from twin.radio.check.table import ReferenceTable, read_table
from twin.radio.empirical.cost231 import cost231_hata_db
from twin.radio.empirical.hata import Area, CitySize, hata_db
from twin.radio.itu.p1411 import below_roof_db, over_roof_db, street_canyon_los_db

VECTORS = Path(__file__).parents[2] / "data/vectors"


def read_header() -> tuple[str, ...]:
    table = read_table(VECTORS / "hata_cost231_ns3.csv")
    assert table is not None
    return table.header


@pytest.mark.parametrize("file", ["hata_cost231_ns3.csv", "itu_p1411_kun_ns3.csv"])
def test_every_row_of_the_reference_is_met(file: str) -> None:
    table = read_table(VECTORS / file)
    assert table is not None
    check = find_check(table)
    assert check is not None
    result = check_table(check, table)
    assert result.within == result.rows == len(table.rows)


def test_large_city_of_cost231_keeps_the_constant_that_others_leave_out() -> None:
    loss = cost231_hata_db(2114e6, 2000.0, 30.0, 1.0, city=CitySize.LARGE, is_extrapolated=True)
    assert loss == pytest.approx(153.517, abs=0.001)


@pytest.mark.parametrize(("loss", "excluded"), [("148.55", 1), ("153.52", 0)])
def test_row_without_the_constant_is_excluded_by_rule(loss: str, excluded: int) -> None:
    header = read_header()
    cells = ("COST231-Hata", "2114", "2000", "30", "1", "Urban", "Large", loss, "0.1")
    row = dict(zip(header, cells, strict=True))
    table = ReferenceTable(path=Path("t.csv"), header=header, rows=(row,))
    check = find_check(table)
    assert check is not None
    result = check_table(check, table)
    assert len(result.excluded) == excluded
    assert result.rows == result.within == 1 - excluded


def test_town_loses_more_than_suburb_and_suburb_more_than_open_land() -> None:
    losses = [hata_db(868e6, 3000.0, 40.0, 1.5, area=area) for area in Area]
    assert losses[0] > losses[1] > losses[2]


@given(distance=st.floats(1000, 19_000), freq=st.floats(150e6, 1500e6))
def test_loss_grows_with_distance(distance: float, freq: float) -> None:
    near, far = hata_db(freq, [distance, distance * 1.01], 50.0, 1.5)
    assert far > near


@given(distance=st.floats(20, 4900), freq=st.floats(0.8e9, 26e9), base=st.floats(4, 55))
def test_over_the_roofs_is_finite_and_not_below_free_space(
    distance: float, freq: float, base: float
) -> None:
    loss = over_roof_db(freq, distance, base, 1.5, 20.0)
    free = 32.4 + 20 * np.log10(distance / 1000) + 20 * np.log10(freq / 1e6)
    assert np.isfinite(loss)
    assert loss >= free


def test_canyon_is_continuous_at_the_break_point() -> None:
    break_m = 4 * 8.0 * 1.5 * 868e6 / 299_792_458.0
    bounds = street_canyon_los_db(868e6, [break_m * 0.999999, break_m * 1.000001], 8.0, 1.5)
    for values in bounds:
        assert abs(values[1] - values[0]) < 1e-3


def test_below_the_roofs_without_sight_loses_more() -> None:
    seen, _ = below_roof_db(3.5e9, 100.0, "urban high-rise", is_los=True)
    hidden, sigma = below_roof_db(3.5e9, 100.0, "urban high-rise", is_los=False)
    assert hidden > seen
    assert sigma == 7.60


def test_element_out_of_range_is_named() -> None:
    with pytest.raises(ModelRangeError, match=r"distance \[m\]\[1\]"):
        hata_db(868e6, [2000.0, 500.0], 50.0, 1.5)
    with pytest.raises(ModelRangeError, match="frequency"):
        cost231_hata_db(2.114e9, 2000.0, 30.0, 1.5)
    with pytest.raises(ValueError, match="not in Table 4"):
        below_roof_db(3.5e9, 100.0, "residential", is_los=True)
    with pytest.raises(ValueError, match="above the mobile"):
        over_roof_db(2e9, 100.0, 30.0, 2.0, 1.5)
