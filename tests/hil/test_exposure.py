"""Fields around a site before and after a change."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from controllers.ports import Change
from hil.exposure import TwinExposure
from twin.model.city import Building

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "planning"))
from small_city import small_city


def _change(path: str, before: object, after: object) -> Change:
    return Change(device="cell-1", path=path, before=before, after=after)  # type: ignore[arg-type]


def test_three_decibels_more_are_twice_the_power_and_the_root_of_two_of_the_field() -> None:
    (found,) = TwinExposure(small_city()).exposure([_change("tx_power_dbm", 43.0, 46.0)])
    assert (found.site, found.devices) == ("cell-1", ("cell-1",))
    assert found.eirp_w_after == pytest.approx(found.eirp_w_before * 10**0.3)
    assert found.share_after == pytest.approx(found.share_before * 10**0.15)
    assert 0.0 < found.share_after < 1.0


def test_the_flat_across_the_street_counts_more_than_the_street() -> None:
    city = small_city()
    mast = city.cells[0]
    house = Building(x_m=mast.x_m + 12.0, y_m=mast.y_m, kind="house", height_m=22.0)
    tilted = [_change("tilt_deg", 6.0, 12.0)]
    (street,) = TwinExposure(city).exposure(tilted)
    (flat,) = TwinExposure(replace(city, buildings=(house,))).exposure(tilted)
    assert flat.share_after > 1.5 * street.share_after


def test_what_radiates_as_before_is_not_looked_at() -> None:
    assert TwinExposure(small_city()).exposure([_change("admin_state", "UNLOCKED", "LOCKED")]) == ()
    lamps = Change(device="cab-1", path="night_level_percent", before=50, after=30)
    assert TwinExposure(small_city()).exposure([lamps]) == ()
