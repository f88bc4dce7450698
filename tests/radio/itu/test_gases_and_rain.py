"""P.676 and P.838 against their tables, their properties, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twin.model.errors import ModelRangeError
from twin.radio.check.registry import check_table, find_check
from twin.radio.check.table import read_table
from twin.radio.itu.p676 import path_attenuation_db, specific_attenuation_db_km
from twin.radio.itu.p838 import rain_coefficients, rain_specific_attenuation_db_km

VECTORS = Path(__file__).parents[2] / "data/vectors"


@pytest.mark.parametrize(("file", "rows"), [("p676_crc.csv", 300), ("p838_iturpy.csv", 38)])
def test_every_row_of_the_reference_is_met(file: str, rows: int) -> None:
    table = read_table(VECTORS / file)
    assert table is not None
    check = find_check(table)
    assert check is not None
    result = check_table(check, table)
    assert result.within == result.rows == rows


@pytest.mark.parametrize(
    ("freq_ghz", "vertical", "horizontal"),
    [
        (13, 1.31, 1.54),
        (18, 2.30, 2.76),
        (23, 3.35, 4.09),
        (26, 4.06, 4.90),
        (38, 6.96, 7.92),
        (60, 10.75, 11.5),
        (80, 12.6, 13.0),
    ],
)
def test_rain_of_29_57_mm_h_in_duisburg(freq_ghz: int, vertical: float, horizontal: float) -> None:
    """Values of ITU-Rpy 0.4.0, three digits."""
    both = rain_specific_attenuation_db_km(freq_ghz * 1e9, 29.57, 0.0, [90.0, 0.0])
    assert both == pytest.approx([vertical, horizontal], rel=0.005)


def test_circular_polarisation_lies_between() -> None:
    k, _ = rain_coefficients(26e9, 0.0, [0.0, 45.0, 90.0])
    assert k[0] > k[1] > k[2]


def test_oxygen_peaks_at_60_ghz_and_water_at_22_ghz() -> None:
    dry, _ = specific_attenuation_db_km(np.array([50e9, 60e9, 70e9]))
    assert dry.argmax() == 1
    _, wet = specific_attenuation_db_km(np.array([18e9, 22.235e9, 27e9]))
    assert wet.argmax() == 1


def test_dry_air_has_no_vapour_and_vacuum_no_loss() -> None:
    assert specific_attenuation_db_km(22e9, vapour_density_g_m3=0.0)[1] == 0.0
    assert path_attenuation_db(60e9, 1000.0, 0.0, 0.0) == 0.0


def test_batch_equals_single_values() -> None:
    freq = np.linspace(1e9, 1000e9, 3001)
    dry, wet = specific_attenuation_db_km(freq)
    for i in (0, 1488, 1489, 1490, 3000):
        assert specific_attenuation_db_km(freq[i]) == (dry[i], wet[i])


def test_element_out_of_range_is_named() -> None:
    with pytest.raises(ModelRangeError, match=r"frequency \[Hz\]\[1\]"):
        specific_attenuation_db_km([1e9, 2e12])
    with pytest.raises(ModelRangeError, match="rain rate"):
        rain_specific_attenuation_db_km(26e9, -1.0)
