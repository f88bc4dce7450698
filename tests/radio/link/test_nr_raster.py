"""Channel and synchronisation rasters of NR against their tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelError, ModelRangeError
from twin.radio.link import nr_raster
from twin.radio.link.band_tables import NR_BANDS_MHZ, NR_DOWNLINK_ONLY_MHZ, NR_UPLINK_ONLY_MHZ
from twin.radio.link.channels import nr_arfcn_to_hz, nr_band_edges_mhz

# TS 38.104 V17 Tables 5.4.2.3-1, -2: raster [kHz]; uplink, downlink as first, step, last
TABLE = {
    ("n1", 100): ((384000, 20, 396000), (422000, 20, 434000)),
    ("n3", 100): ((342000, 20, 357000), (361000, 20, 376000)),
    ("n7", 100): ((500000, 20, 514000), (524000, 20, 538000)),
    ("n8", 100): ((176000, 20, 183000), (185000, 20, 192000)),
    ("n20", 100): ((166400, 20, 172400), (158200, 20, 164200)),
    ("n24", 100): ((325300, 20, 332100), (305000, 20, 311800)),
    ("n28", 100): ((140600, 20, 149600), (151600, 20, 160600)),
    ("n38", 100): ((514000, 20, 524000), (514000, 20, 524000)),
    ("n41", 15): ((499200, 3, 537999), (499200, 3, 537999)),
    ("n41", 30): ((499200, 6, 537996), (499200, 6, 537996)),
    ("n46", 15): ((743334, 1, 795000), (743334, 1, 795000)),
    ("n48", 15): ((636667, 1, 646666), (636667, 1, 646666)),
    ("n48", 30): ((636668, 2, 646666), (636668, 2, 646666)),
    ("n53", 100): ((496700, 20, 499000), (496700, 20, 499000)),
    ("n77", 15): ((620000, 1, 680000), (620000, 1, 680000)),
    ("n77", 30): ((620000, 2, 680000), (620000, 2, 680000)),
    ("n78", 15): ((620000, 1, 653333), (620000, 1, 653333)),
    ("n78", 30): ((620000, 2, 653332), (620000, 2, 653332)),
    ("n79", 15): ((693334, 1, 733333), (693334, 1, 733333)),
    ("n79", 30): ((693334, 2, 733332), (693334, 2, 733332)),
    ("n85", 100): ((139600, 20, 143200), (145600, 20, 149200)),
    ("n90", 100): ((499200, 20, 538000), (499200, 20, 538000)),
    ("n94", 100): ((176000, 20, 183000), (286400, 20, 303400)),
    ("n100", 100): ((174880, 20, 176000), (183880, 20, 185000)),
    ("n104", 30): ((828334, 2, 875000), (828334, 2, 875000)),
    ("n257", 60): ((2054166, 1, 2104165), (2054166, 1, 2104165)),
    ("n257", 120): ((2054167, 2, 2104165), (2054167, 2, 2104165)),
    ("n258", 60): ((2016667, 1, 2070832), (2016667, 1, 2070832)),
    ("n258", 120): ((2016667, 2, 2070831), (2016667, 2, 2070831)),
    ("n260", 120): ((2229167, 2, 2279165), (2229167, 2, 2279165)),
    ("n261", 60): ((2070833, 1, 2084999), (2070833, 1, 2084999)),
    ("n262", 120): ((2399167, 2, 2415831), (2399167, 2, 2415831)),
}


@pytest.mark.parametrize("row", sorted(TABLE))
def test_channel_numbers_are_those_of_the_table(row):
    band, khz = row
    for is_uplink, (first, step, last) in zip((True, False), TABLE[row], strict=True):
        numbers = nr_raster.nr_channel_numbers(band, khz * 1e3, is_uplink=is_uplink)
        assert (numbers[0], numbers.step, numbers[-1]) == (first, step, last)


@pytest.mark.parametrize("band", [*NR_BANDS_MHZ, *NR_DOWNLINK_ONLY_MHZ])
def test_every_band_has_its_channels_inside_its_edges(band):
    low, high = nr_band_edges_mhz(band)
    for raster_hz in nr_raster.nr_rasters_hz(band):
        numbers = nr_raster.nr_channel_numbers(band, raster_hz)
        ends = nr_arfcn_to_hz([numbers[0], numbers[-1]]) / 1e6
        assert low - 1e-6 <= ends[0] < low + 0.2
        assert high - 0.2 < ends[1] <= high + 1e-6
        hz = np.diff(nr_arfcn_to_hz([numbers[0], numbers[1]]))[0]
        assert hz == pytest.approx(raster_hz)


@pytest.mark.parametrize("band", NR_UPLINK_ONLY_MHZ)
def test_a_supplementary_uplink_has_no_downlink(band):
    assert nr_raster.nr_channel_numbers(band, 100e3, is_uplink=True)
    with pytest.raises(ModelError, match="no downlink"):
        nr_raster.nr_channel_numbers(band, 100e3)


def test_a_number_between_two_steps_is_not_on_the_raster():
    found = nr_raster.is_on_nr_raster([620000, 620001, 653332, 653333, 653334], "n78", 30e3)
    assert found.tolist() == [True, False, True, False, False]


@pytest.mark.parametrize(
    ("gscn", "mhz"),
    [(2, 1.25), (3, 1.35), (4, 1.45), (5, 2.45), (7498, 2999.05), (7499, 3000.0), (7929, 3619.2),
     (22255, 24248.64), (22256, 24250.08), (26639, 99988.32)],
)  # fmt: skip
def test_synchronisation_channels_have_their_frequencies(gscn, mhz):
    assert nr_raster.gscn_to_hz(gscn) == pytest.approx(mhz * 1e6, abs=1.0)


@given(st.integers(2, 26639))
def test_synchronisation_channels_come_back(gscn):
    assert nr_raster.gscn_of_hz(float(nr_raster.gscn_to_hz(gscn))) == gscn


def test_what_is_off_the_rasters_is_refused():
    with pytest.raises(ModelError, match="no raster 100 kHz, but 15, 30 kHz"):
        nr_raster.nr_channel_numbers("n78", 100e3)
    with pytest.raises(ModelError, match="n999"):
        nr_raster.nr_rasters_hz("n999")
    with pytest.raises(ValueError, match="off the synchronisation raster"):
        nr_raster.gscn_of_hz(3600.1e6)
    with pytest.raises(ModelRangeError, match=r"GSCN\[1\]"):
        nr_raster.gscn_to_hz([2, 26640])
    with pytest.raises(ValueError, match="whole"):
        nr_raster.gscn_to_hz(2.5)
    with pytest.raises(ValueError, match=r"arfcn\[0\]"):
        nr_raster.is_on_nr_raster([np.nan], "n78", 30e3)
