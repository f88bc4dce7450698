"""Bands, resource blocks and noise."""

from __future__ import annotations

import pytest

from twin.model.errors import ModelError, ModelRangeError
from twin.radio.link.bands import BANDS, band, n_resource_blocks, occupied_hz
from twin.radio.link.noise import noise_dbm


@pytest.mark.parametrize(
    ("technology", "mhz", "khz", "blocks"),
    [("lte", 10, 15, 50), ("lte", 1.4, 15, 6), ("lte", 20, 15, 100), ("nr", 10, 15, 52),
     ("nr", 90, 30, 245), ("nr", 100, 30, 273), ("nr", 20, 30, 51), ("nr", 100, 60, 135)],
)  # fmt: skip
def test_resource_blocks_are_those_of_the_tables(technology, mhz, khz, blocks):
    assert n_resource_blocks(technology, mhz * 1e6, khz * 1e3) == blocks
    assert occupied_hz(technology, mhz * 1e6, khz * 1e3) <= mhz * 1e6


def test_unknown_width_technology_and_band_are_refused():
    with pytest.raises(ModelRangeError, match=r"36\.101.*channel bandwidth \[MHz\] is 7"):
        n_resource_blocks("lte", 7e6, 15e3)
    with pytest.raises(ModelRangeError, match="no width at this subcarrier spacing"):
        n_resource_blocks("nr", 10e6, 17e3)
    with pytest.raises(ValueError, match="choose of lte, nr"):
        n_resource_blocks("umts", 5e6, 15e3)
    with pytest.raises(ModelError, match="choose of B1"):
        band("n999")
    assert all(entry.low_hz < entry.high_hz for entry in BANDS.values())


def test_noise_of_one_hertz_at_room_temperature():
    assert noise_dbm(1.0, 0.0) == pytest.approx(-173.975, abs=0.001)
    assert noise_dbm(30e3) == pytest.approx(-122.2, abs=0.01)
