"""The sun against published rise and set times, another program, and burning hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import astral
import astral.sun
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.sim.sun import (
    LAMP_ELEVATION_DEG,
    OBSERVER_HEIGHT_M,
    SUN_RADIUS_DEG,
    dark_hours,
    elevation_deg,
    geometric_threshold_deg,
    next_crossing,
    sunrise_sunset,
)

LAT, LON = 51.43, 6.76

# Local rise and set in Duisburg, computed with astral 3.2 for an observer 33 m above the horizon.
VECTORS = (
    (date(2026, 3, 20), "06:34:46", "18:47:01"),
    (date(2026, 6, 21), "05:14:30", "21:55:03"),
    (date(2026, 9, 23), "07:19:25", "19:30:17"),
    (date(2026, 12, 21), "08:34:23", "16:27:39"),
)


@pytest.mark.parametrize(("day", "rise", "fall"), VECTORS)
def test_sun_rises_and_sets_as_published_within_two_seconds(day, rise, fall):
    computed = sunrise_sunset(day, LAT, LON, OBSERVER_HEIGHT_M)
    assert computed is not None
    for instant, text in zip(computed, (rise, fall), strict=True):
        local = instant.astimezone(ZoneInfo("Europe/Berlin"))
        published = datetime.fromisoformat(f"{day}T{text}").replace(tzinfo=local.tzinfo)
        assert abs(local - published) < timedelta(seconds=2)


@pytest.mark.parametrize(
    ("apparent_deg", "hours"), [(-SUN_RADIUS_DEG, 4265), (LAMP_ELEVATION_DEG, 4062), (-6.0, 3795)]
)
def test_burning_hours_of_a_year_are_the_published_ones(apparent_deg, hours):
    threshold = geometric_threshold_deg(apparent_deg, OBSERVER_HEIGHT_M)
    assert dark_hours(2026, LAT, LON, threshold) == pytest.approx(hours, abs=0.6)


@given(
    when=st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)),
    lat=st.floats(-80.0, 80.0),
    lon=st.floats(-179.0, 179.0),
)
@settings(max_examples=200, deadline=None)
def test_elevation_agrees_with_astral(when, lat, lon):
    theirs = astral.sun.elevation(astral.Observer(lat, lon, 0.0), when, with_refraction=False)
    assert elevation_deg(when, lat, lon) == pytest.approx(theirs, abs=0.02)


@given(day=st.dates(date(2020, 1, 1), date(2030, 12, 31)))
@settings(max_examples=60, deadline=None)
def test_a_crossing_separates_lower_from_higher(day):
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    threshold = geometric_threshold_deg(LAMP_ELEVATION_DEG)
    crossing = next_crossing(start, LAT, LON, threshold)
    assert crossing is not None
    instant, rises = crossing
    before = elevation_deg(instant - timedelta(seconds=5), LAT, LON) < threshold
    after = elevation_deg(instant + timedelta(seconds=5), LAT, LON) < threshold
    assert (before, after) == (rises, not rises)


def test_the_polar_night_has_no_crossing():
    assert next_crossing(datetime(2026, 12, 21, tzinfo=UTC), 80.0, 15.0, -3.0) is None
    assert sunrise_sunset(date(2026, 12, 21), 80.0, 15.0) is None
    assert sunrise_sunset(date(2026, 6, 21), 80.0, 15.0) is None


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="no timezone"):
        elevation_deg(datetime(2026, 1, 1), LAT, LON)
    with pytest.raises(ValueError, match="no timezone"):
        next_crossing(datetime(2026, 1, 1), LAT, LON, -3.0)


def test_a_negative_height_is_refused():
    with pytest.raises(ValueError, match="observer_height_m"):
        geometric_threshold_deg(-3.0, -1.0)


def test_refraction_lifts_the_sun_more_the_lower_it_stands():
    lifts = [e - geometric_threshold_deg(e) for e in (-0.3, 0.0, 5.0, 10.0, 45.0, 86.0)]
    assert lifts == sorted(lifts, reverse=True)
    assert lifts[1] == pytest.approx(1735.0 / 3600.0)
    assert lifts[-1] == 0.0
