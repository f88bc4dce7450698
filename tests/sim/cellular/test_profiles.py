"""Day shapes of the kinds of district: means, peaks and when they are."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from twin.sim.profiles import hotspot_weight, mobile_weight, office_weight, transport_weight


def _day(weight, day=20):
    """Weights each half hour of a day of January 2026; the 20th is a Tuesday."""
    return np.array([weight(datetime(2026, 1, day, h // 2, 30 * (h % 2))) for h in range(48)])


@pytest.mark.parametrize(
    ("weight", "peak", "hour", "off"),
    [
        (mobile_weight, 1.70, 21.0, 0.05),
        (office_weight, 2.00, 11.0, 0.15),
        (hotspot_weight, 1.72, 17.0, 0.05),
        (transport_weight, 2.41, 7.0, 0.05),
    ],
)
def test_a_working_day_has_mean_one_and_the_peak_of_its_source(weight, peak, hour, off):
    day = _day(weight)
    assert day.mean() == pytest.approx(1.0, abs=0.01)
    assert day.max() == pytest.approx(peak, abs=off)  # the fit of offices is the worst, rms 0.11
    assert abs(day.argmax() / 2.0 - hour) <= 1.0
    assert day.min() >= 0.0


def test_at_weekends_places_of_work_are_used_like_homes():
    assert np.array_equal(_day(office_weight, 24), _day(mobile_weight, 24))
    assert _day(mobile_weight, 24).max() == pytest.approx(1.45, abs=0.05)


def test_at_weekends_nobody_commutes():
    saturday = _day(transport_weight, 24)
    assert saturday.mean() == pytest.approx(1.0, abs=0.01)
    assert 12.0 <= saturday.argmax() / 2.0 <= 19.0
    assert saturday[14] < 0.6  # at 7 h, when a working day has its peak


@pytest.mark.parametrize("weight", [mobile_weight, office_weight, transport_weight])
def test_a_public_holiday_is_as_a_weekend(weight):
    ascension = [weight(datetime(2026, 5, 14, hour)) for hour in range(24)]
    assert ascension == [weight(datetime(2026, 5, 16, hour)) for hour in range(24)]
    assert ascension != [weight(datetime(2026, 5, 12, hour)) for hour in range(24)]
