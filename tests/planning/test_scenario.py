from dataclasses import replace

import pytest
from small_city import small_city

from twin.model.errors import ModelError
from twin.planning.scenario import apply_settings, kind_of


def test_settings_reach_every_kind_of_device_and_leave_the_old_city_alone():
    city = small_city()
    after = apply_settings(
        city,
        {
            "cell-1": {"tilt_deg": 9.0, "admin_state": "LOCKED"},
            "ap-1": {"radio/1/channel": 6, "ssid/exam/enabled": True},
            "sw-1": {"port/2/poe_priority": "critical", "contact": "noc"},
            "cab-1": {"night_level_percent": 40},
        },
    )
    assert (after.cells[0].tilt_deg, after.cells[0].is_on) == (9.0, False)
    assert after.cells[1] is city.cells[1]
    assert [ap.radios[0].channel for ap in after.access_points] == [1, 6, 1]
    assert after.access_points[1].ssids[1].enabled
    assert after.switches[0].ports[1].poe_priority == "critical"
    assert after.switches[0].contact == "noc"
    assert after.cabinets[0].night_level_percent == 40
    assert city == small_city()


def test_the_undo_of_settings_gives_the_old_city_back():
    city = small_city()
    there = apply_settings(city, {"ap-1": {"radio/1/channel": 11}})
    assert there != city
    assert apply_settings(there, {"ap-1": {"radio/1/channel": 1}}) == city


def test_a_device_outside_the_city_and_an_operational_value_change_nothing():
    city = small_city()
    assert apply_settings(city, {"router-1": {"contact": "noc"}}) is city
    assert apply_settings(city, {"cell-1": {"users": 3.0}}) == city


def test_a_radio_the_access_point_does_not_have_is_refused():
    with pytest.raises(ModelError, match="no radio '2'"):
        apply_settings(small_city(), {"ap-0": {"radio/2/channel": 36}})


def test_lte_cells_are_managed_devices_as_nr_cells_are():
    city = small_city()
    mixed = replace(city, cells=(replace(city.cells[0], technology="lte"), city.cells[1]))
    assert kind_of(mixed)["cell-1"] == "cell"
    assert kind_of(mixed)["cell-2"] == "cell"
