"""Channel numbers of LTE and NR: published examples, way and back, refusals."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelError, ModelRangeError
from twin.radio.link import channels


@pytest.mark.parametrize(
    ("earfcn", "band", "mhz"),
    [
        (300, 1, 2140.0),
        (18300, 1, 1950.0),
        (1575, 3, 1842.5),
        (3100, 7, 2655.0),
        (6300, 20, 806.0),
        (24300, 20, 847.0),
        (9260, 28, 763.0),
        (38000, 38, 2595.0),
        (9895, 31, 465.0),
        (68961, 72, 463.5),
        (133497, 72, 453.5),
    ],
)
def test_lte_channels_have_their_frequencies(earfcn, band, mhz):
    assert channels.earfcn_band(earfcn) == band
    assert channels.earfcn_to_hz(earfcn) == pytest.approx(mhz * 1e6, abs=1.0)


@pytest.mark.parametrize(
    ("arfcn", "mhz"),
    [
        (0, 0.0),
        (151600, 758.0),
        (384000, 1920.0),
        (422000, 2110.0),
        (599999, 2999.995),
        (600000, 3000.0),
        (620000, 3300.0),
        (640000, 3600.0),
        (653333, 3799.995),
        (2016667, 24250.08),
        (2054166, 26500.02),
        (3279165, 99999.96),
    ],
)
def test_nr_channels_have_their_frequencies(arfcn, mhz):
    assert channels.nr_arfcn_to_hz(arfcn) == pytest.approx(mhz * 1e6, abs=1.0)


@pytest.mark.parametrize("band", sorted(channels.LTE_BANDS))
def test_edges_of_every_lte_band_come_back(band):
    _, first, last, up, up_first, up_last = channels.LTE_BANDS[band]
    for number in (first, last):
        assert channels.earfcn_of_hz(channels.earfcn_to_hz(number), band) == number
        assert channels.earfcn_band(number) == band
    if up is not None:
        for number in (up_first, up_last):
            hz = channels.earfcn_to_hz(number)
            assert channels.earfcn_of_hz(hz, band, is_uplink=True) == number


def test_lte_bands_do_not_share_channels():
    spans = sorted(entry[1:3] for entry in channels.LTE_BANDS.values())
    assert all(a[1] < b[0] for a, b in pairwise(spans))


@given(st.integers(0, 3279165))
def test_nr_channels_come_back(arfcn):
    assert channels.nr_arfcn_of_hz(channels.nr_arfcn_to_hz(arfcn)) == arfcn


@given(st.floats(0, 99.9e9), st.floats(0, 0.1e9))
def test_a_higher_frequency_never_has_a_lower_channel(hz, more):
    assert channels.nr_arfcn_of_hz(hz + more) >= channels.nr_arfcn_of_hz(hz)


def test_bands_hold_their_channels():
    assert channels.nr_bands_of(640000) == ("n48", "n77", "n78")
    assert channels.is_in_nr_band([620000, 653333, 653334], "n78").tolist() == [True, True, False]
    assert channels.is_in_nr_band(384000, "n1", is_uplink=True)
    assert channels.nr_bands_of(0) == ()


def test_numbers_outside_are_refused():
    with pytest.raises(ModelError, match="EARFCN 60500"):
        channels.earfcn_band(60500)
    with pytest.raises(ModelRangeError, match=r"NR-ARFCN\[1\]"):
        channels.nr_arfcn_to_hz([0, 3279166])
    with pytest.raises(ModelRangeError, match="frequency"):
        channels.nr_arfcn_of_hz(1e11 + 1e6)
    with pytest.raises(ModelError, match="n999"):
        channels.is_in_nr_band(0, "n999")


def test_frequencies_off_band_or_raster_are_refused():
    with pytest.raises(ModelRangeError, match="LTE band 20"):
        channels.earfcn_of_hz(900e6, 20)
    with pytest.raises(ValueError, match="raster"):
        channels.earfcn_of_hz(806.05e6, 20)
    with pytest.raises(ModelError, match="band 32"):
        channels.earfcn_of_hz(1452e6, 32, is_uplink=True)
    with pytest.raises(ValueError, match="frequency"):
        channels.earfcn_of_hz(np.nan, 20)
