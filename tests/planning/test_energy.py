from dataclasses import replace

import pytest
from small_city import small_city

from twin.planning.energy import annual_energy_kwh


def _energy_kwh(**window: int) -> float:
    city = small_city()
    return annual_energy_kwh(city, [replace(city.cabinets[0], **window)])


def test_a_year_at_full_light_is_nominal_power_times_the_burning_hours_of_duisburg():
    # 20 lamps of 50 W; CITY figure: 4,062 h below -3 degrees in 2026 (astral); the limb, refraction
    # and the horizon of the place move it by some ten hours.
    energy = _energy_kwh(night_level_percent=100)
    assert energy == pytest.approx(4062, rel=0.01)


def test_half_light_from_22_to_6_saves_what_the_share_of_burning_time_says():
    # 69.8 % of the burning time lies between 22 and 6 h; P = P_n (0.08 + 0.92 d) at d = 0.5.
    saving = 1 - _energy_kwh(night_level_percent=50) / _energy_kwh(night_level_percent=100)
    assert saving == pytest.approx(0.698 * (1 - 0.54), abs=0.005)


def test_a_window_that_is_empty_or_starts_after_midnight_is_kept_apart():
    full = _energy_kwh(night_level_percent=40, night_start_min=0, night_end_min=0)
    after_midnight = _energy_kwh(night_level_percent=40, night_start_min=0, night_end_min=360)
    assert full == pytest.approx(_energy_kwh(night_level_percent=100))
    assert 0.6 * full < after_midnight < 0.9 * full
