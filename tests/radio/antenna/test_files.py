"""Antenna files: what is read, what is refused, and gains in three dimensions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twin.model.errors import InputError
from twin.radio.antenna.files import file_gain_dbi, read_antenna, write_antenna

FOLDER = Path(__file__).parents[2] / "data" / "antennas"
GOOD = "name X\r\nGain 10\r\nHORIZONTAL 2\r\n0 0\r\n180 20\r\nVERTICAL 2\r\n0 0\r\n180 20\r\n"


def write(path, text):
    path.write_bytes(text.encode())
    return path


def test_made_up_sector_is_read_and_written_again(tmp_path):
    sector = read_antenna(FOLDER / "sector_65_6t.msi")
    assert sector.gain_dbi == pytest.approx(17.0)
    assert sector.horizontal_db.size == sector.vertical_db.size == 360
    write_antenna(sector, tmp_path / "again.pln")
    again = read_antenna(tmp_path / "again.pln")
    np.testing.assert_array_equal(again.vertical_db, sector.vertical_db)
    assert (again.gain_dbi, again.keys) == (sector.gain_dbi, sector.keys)


@pytest.mark.parametrize("method", ["projection", "sum"])
def test_gain_follows_both_cuts(method):
    sector = read_antenna(FOLDER / "sector_65_6t.msi")
    assert file_gain_dbi(sector, 30.0, 6.0, boresight_deg=30.0, method=method) == 17.0
    side = file_gain_dbi(sector, 62.5, 6.0, boresight_deg=30.0, method="sum")
    assert side == pytest.approx(14.0, abs=0.02)


def test_gain_without_unit_is_over_a_dipole_and_any_spacing_is_read(tmp_path):
    antenna = read_antenna(write(tmp_path / "a.msi", GOOD))
    assert antenna.gain_dbi == pytest.approx(12.15)
    assert file_gain_dbi(antenna, 90.0, 0.0, method="sum") == pytest.approx(2.15)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("HORIZONTAL 2", "HORIZONTAL 3", r":6: 'VERTICAL' is not a number"),
        ("HORIZONTAL 2", "HORIZONTAL 1", r":5: '180' is no key"),
        ("HORIZONTAL 2", "HORIZONTAL x", r":3: 'x' is not a number"),
        ("VERTICAL 2", "VERTICAL 9", r"has 2 rows of 9"),
        ("180 20", "180 nan", r":5: 'nan' is not a number"),
        ("180 20", "360 20", r":5: angle 360 is there twice"),
        ("Gain 10", "Gain ten", r":2: 'ten' is not a number"),
        ("Gain 10", "#", r"has no GAIN"),
        ("VERTICAL", "HORIZONTAL", r"HORIZONTAL is there twice"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, old, new, words):
    with pytest.raises(InputError, match=words):
        read_antenna(write(tmp_path / "a.msi", GOOD.replace(old, new)))


def test_missing_and_huge_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_antenna(tmp_path / "none.msi")
    with pytest.raises(InputError, match="larger than 4 MB"):
        read_antenna(write(tmp_path / "a.msi", "x" * 5_000_000))
    with pytest.raises(ValueError, match="choose of projection"):
        file_gain_dbi(read_antenna(write(tmp_path / "b.msi", GOOD)), 0.0, 0.0, method="guess")
