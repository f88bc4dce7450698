"""P.2108 and P.2109 against their tables, their properties, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.check.registry import check_table, find_check
from twin.radio.check.table import read_table
from twin.radio.itu.p2108 import Clutter, height_gain_db, slant_clutter_db, terrestrial_clutter_db
from twin.radio.itu.p2109 import Building, building_entry_db

VECTORS = Path(__file__).parents[2] / "data/vectors"


@pytest.mark.parametrize(
    ("file", "section"),
    [
        ("p2108_ofcom.csv", "3.1"),
        ("p2108_terrestrial_statistical_itu_workbook.csv", "3.2"),
        ("p2108_slant_itu_workbook.csv", "3.3"),
        ("p2109_crc.csv", "P.2109"),
    ],
)
def test_every_row_of_the_reference_is_met(file: str, section: str) -> None:
    table = read_table(VECTORS / file)
    assert table is not None
    check = find_check(table)
    assert check is not None
    assert section in check.edition
    result = check_table(check, table)
    assert result.within == result.rows == len(table.rows)


@given(p=st.floats(0.01, 99.0), step=st.floats(0.01, 0.9), freq=st.floats(10e9, 67e9))
def test_loss_grows_with_the_share_of_locations(p: float, step: float, freq: float) -> None:
    both = np.array([p, p + step])
    assert np.diff(terrestrial_clutter_db(freq, 700.0, both)) > 0
    assert np.diff(slant_clutter_db(freq, 20.0, both)) > 0
    assert np.diff(building_entry_db(freq, Building.TRADITIONAL, both)) > 0


def test_clutter_does_not_grow_beyond_two_kilometres() -> None:
    losses = terrestrial_clutter_db(3.5e9, [1000.0, 2000.0, 5000.0])
    assert losses[0] < losses[1] == losses[2]


def test_antenna_above_the_clutter_sees_no_loss() -> None:
    heights = np.array([2.0, 14.9, 15.0, 30.0])
    loss = height_gain_db(1e9, heights, Clutter.URBAN)
    assert loss[0] > loss[1] > 0.0
    assert np.array_equal(loss[2:], [0.0, 0.0])


def test_vertical_path_is_finite() -> None:
    assert np.isfinite(slant_clutter_db(30e9, [0.0, 89.999, 90.0], 99.9)).all()


def test_element_out_of_range_is_named() -> None:
    with pytest.raises(ModelRangeError, match=r"distance \[m\]\[1\]"):
        terrestrial_clutter_db(2e9, [300.0, 200.0])
    with pytest.raises(ModelRangeError, match="frequency"):
        slant_clutter_db(5e9, 10.0)
    with pytest.raises(ValueError, match="must be finite"):
        building_entry_db([1e9, float("nan")], Building.TRADITIONAL)
    with pytest.raises(ModelRangeError, match="probability"):
        building_entry_db(1e9, Building.TRADITIONAL, 100.0)
