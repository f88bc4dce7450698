"""Bands, resource blocks and noise."""

from __future__ import annotations

import pytest

from twin.model.errors import ModelError, ModelRangeError
from twin.radio.link.bands import BANDS, band, n_resource_blocks, occupied_hz
from twin.radio.link.noise import noise_dbm


@pytest.mark.parametrize(
    ("technology", "mhz", "khz", "blocks"),
    [("lte", 10, 15, 50), ("lte", 1.4, 15, 6), ("lte", 20, 15, 100), ("nr", 10, 15, 52),
     ("nr", 90, 30, 245), ("nr", 100, 30, 273), ("nr", 20, 30, 51), ("nr", 100, 60, 135),
     ("lte", 3, 15, 15), ("nr", 3, 15, 15), ("nr", 35, 15, 188), ("nr", 45, 30, 119),
     ("nr", 400, 120, 264)],
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
    with pytest.raises(ModelError, match=r"choose of n1, n2, .*n76"):
        band("n999")
    with pytest.raises(ModelError, match=r"choose of B1, B2, .*B88"):
        band("B20x")
    with pytest.raises(ModelError, match=r"choose of B1, .*n262"):
        band("")
    assert all(entry.low_hz < entry.high_hz for entry in BANDS.values())


@pytest.mark.parametrize(
    ("name", "low_mhz", "high_mhz", "is_tdd"),
    [("B3", 1805, 1880, False), ("B9", 1844.9, 1879.9, False), ("B20", 791, 821, False),
     ("B28", 758, 803, False), ("B31", 462.5, 467.5, False), ("B32", 1452, 1496, False),
     ("B40", 2300, 2400, True), ("B72", 461, 466, False), ("B87", 420, 425, False),
     ("n28", 758, 803, False), ("n75", 1432, 1517, False), ("n78", 3300, 3800, True),
     ("n100", 919.4, 925, False), ("n258", 24250, 27500, True)],
)  # fmt: skip
def test_bands_have_the_edges_of_the_standards(name, low_mhz, high_mhz, is_tdd):
    entry = band(name)
    assert (entry.name, entry.low_hz, entry.high_hz) == (name, low_mhz * 1e6, high_mhz * 1e6)
    assert entry.is_tdd is is_tdd
    assert entry.downlink_share == (0.74 if is_tdd else 1.0)


def test_a_band_of_lte_and_its_heir_in_nr_have_the_same_edges():
    shared = [f"B{n}" for n in range(1, 110) if f"B{n}" in BANDS and f"n{n}" in BANDS]
    assert len(shared) > 40
    for name in shared:
        ours, heir = BANDS[name], BANDS["n" + name[1:]]
        assert (ours.low_hz, ours.high_hz) == (heir.low_hz, heir.high_hz), name
        assert ours.is_tdd is heir.is_tdd, name


def test_noise_of_one_hertz_at_room_temperature():
    assert noise_dbm(1.0, 0.0) == pytest.approx(-173.975, abs=0.001)
    assert noise_dbm(30e3) == pytest.approx(-122.2, abs=0.01)
