"""Energy of a year and of a night against published and analytical figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.sim.lamps.conftest import make_quarter
from twin.sim.deviations import draw_deviations
from twin.sim.lamps.dali import LIGHT_OF_PERCENT
from twin.sim.power import lamp_power_w

YEAR_S = 365 * 86_400.0


def _one_cabinet(**cabinet):
    """One cabinet of LED lamps whose true power is that of the file, none of which fails."""
    city = make_quarter(1, 2)
    lamps = tuple(replace(lamp, power_w=70.0) for lamp in city.lamps)
    return replace(city, cabinets=(replace(city.cabinets[0], **cabinet),), lamps=lamps)


def _true_w(city, seed=3):
    return 70.0 * draw_deviations(city, seed).lamp_factor.sum()


@pytest.mark.parametrize(
    ("window", "share_percent", "by_power", "by_flux"),
    [((22, 6), 69.8, 34.9, 32.1), ((23, 5), 53.9, 26.9, 24.8)],
)
def test_a_year_burns_4062_hours_and_dimming_saves_the_published_share(
    run, window, share_percent, by_power, by_flux
):
    city = _one_cabinet(
        night_level_percent=0, night_start_min=60 * window[0], night_end_min=60 * window[1]
    )
    simulation = run(2026, 1, 1, 0, city=city, failure_factor=1e-9)
    simulation.advance(YEAR_S)
    kpis = simulation.kpis()["lamps"]
    assert kpis["burning_hours"].value == pytest.approx(4062.0, abs=0.6)
    # Light off, the driver's standing loss stays: what is saved is 92 % of the share of time.
    share = kpis["energy_saved_percent"].value / 0.92
    assert share == pytest.approx(share_percent, abs=0.1)
    assert share * 0.5 == pytest.approx(by_power, abs=0.1)
    loss = float(lamp_power_w(np.array([1.0]), np.array([0.5]))[0])
    assert share * (1.0 - loss) == pytest.approx(by_flux, abs=0.1)
    full_kwh = kpis["energy_kwh"].value / (1.0 - kpis["energy_saved_percent"].value / 100.0)
    assert full_kwh == pytest.approx(_true_w(city) * 4062.0 / 1000.0, rel=2e-4)
    assert 70.0 * kpis["burning_hours"].value / 1000.0 == pytest.approx(284.3, abs=0.1)


def test_duisburgs_policy_saves_what_its_dali_level_gives(run):
    simulation = run(2026, 1, 20, 12, city=_one_cabinet(), failure_factor=1e-9)
    simulation.advance(86_400.0)
    kpis = simulation.kpis()["lamps"]
    at_night = 8.0 / kpis["burning_hours"].value
    saved = at_night * 0.92 * (1.0 - LIGHT_OF_PERCENT[50])
    assert kpis["energy_saved_percent"].value == pytest.approx(100.0 * saved, abs=0.01)


def test_co2_and_cost_follow_the_energy(run):
    simulation = run(hour=20)
    simulation.advance(3600.0)
    kpis = simulation.kpis()["lamps"]
    assert kpis["co2_kg"].value == pytest.approx(0.38 * kpis["energy_kwh"].value, abs=1e-3)
    assert kpis["cost_eur"].value == pytest.approx(0.132 * kpis["energy_kwh"].value, abs=1e-2)


def test_districts_add_up_to_the_city(run):
    simulation = run(hour=12)
    simulation.advance(86_400.0)
    lamps = simulation.systems["lamps"]
    districts = lamps.kpis_by_district()
    assert sorted(districts) == ["north", "south"]
    for name in ("energy_kwh", "co2_kg", "failures", "lamps_failed"):
        total = sum(kpis[name].value for kpis in districts.values())
        assert total == pytest.approx(lamps.kpis()[name].value, abs=0.01)


def test_a_fade_takes_a_second_and_the_energy_of_its_triangle(run):
    simulation = run(hour=20, failure_factor=1e-9)
    books = simulation.systems["lamps"].fleet.books
    high_w = books.power_w[0]
    simulation.write("cab-1", {"normal_level_percent": 40})
    low_w = books.power_w[0]
    simulation.advance(0.25)
    assert books.power_at(0.25)[0] == pytest.approx(high_w + 0.25 * (low_w - high_w))
    simulation.advance(0.5)
    simulation.read("cab-1", "energy_wh")
    simulation.advance(10.0)
    expected_wh = (10.0 * low_w + 0.5 * (high_w - low_w)) / 3600.0
    assert books.totals(10.0).energy_wh[0] == pytest.approx(expected_wh)


def test_banking_in_the_middle_of_a_fade_changes_nothing(run):
    runs = [run(hour=20, failure_factor=1e-9) for _ in range(2)]
    for simulation in runs:
        simulation.write("cab-1", {"normal_level_percent": 40})
    for now_s in (0.2, 0.7, 0.9):
        runs[1].advance(now_s)
        runs[1].systems["lamps"].fleet.set_age(now_s, np.ones(40), np.ones(40))
    runs[1].advance(5.0)
    runs[0].advance(5.0)
    energy = [s.systems["lamps"].fleet.books.totals(5.0).energy_wh for s in runs]
    assert energy[1] == pytest.approx(energy[0])
