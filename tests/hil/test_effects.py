"""What the twin says a change does: honest about losses, and no radio where none is asked."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from controllers.ports import Change, Effect
from hil.effects import TwinPredictor
from twin.model.city import District, School
from twin.radio.coverage import compute

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "planning"))
from small_city import small_city


def _predict(*changes: tuple[str, str, object, object]) -> Effect:
    city = small_city()
    predictor = TwinPredictor(city, lambda: compute(city, step_m=50.0, n_threads=1))
    return predictor.predict(
        [Change(device=d, path=p, before=b, after=a) for d, p, b, a in changes]  # type: ignore[arg-type]
    )


def _row(effect: Effect, name: str) -> tuple[float, float]:
    row = next(row for row in effect.rows if name in row.name)
    return row.before, row.after


def test_locking_a_cell_lowers_the_level_of_its_layer() -> None:
    effect = _predict(("cell-1", "admin_state", "UNLOCKED", "LOCKED"))
    before, after = _row(effect, "mean RSRP by residents")
    assert after < before
    assert {row.label for row in effect.rows} == {"predicted"}


def test_switching_every_radio_off_shows_the_loss_of_service() -> None:
    effect = _predict(*((f"ap-{n}", "radio/1/enabled", True, False) for n in range(3)))
    assert _row(effect, "points served") == (1.0, 0.0)
    before, after = _row(effect, "mean throughput there")
    assert before > 0
    assert after == 0


def test_a_channel_plan_without_reuse_helps() -> None:
    effect = _predict(("ap-1", "radio/1/channel", 1, 6), ("ap-2", "radio/1/channel", 1, 11))
    before, after = _row(effect, "mean throughput there")
    assert after > before


def test_darker_lamps_need_no_radio_and_name_their_assumptions() -> None:
    city = small_city()
    predictor = TwinPredictor(city, lambda: pytest.fail("a change of lamps needs no radio"))
    effect = predictor.predict(
        [Change(device="cab-1", path="night_level_percent", before=50, after=30)]
    )
    before, after = _row(effect, "lamp energy")
    assert after < before
    assert any("P_n" in text for text in effect.assumptions)


def test_the_undo_has_the_opposite_effect() -> None:
    there = _predict(("cell-1", "tilt_deg", 6.0, 12.0))
    back = _predict(("cell-1", "tilt_deg", 12.0, 6.0))
    assert [row.before for row in there.rows] == pytest.approx([row.after for row in back.rows])
    assert [row.after for row in there.rows] == pytest.approx([row.before for row in back.rows])


def test_devices_outside_the_city_have_no_effect() -> None:
    assert _predict(("router-1", "contact", "", "noc")).rows == ()


def test_districts_and_schools_see_what_a_change_of_cells_does_to_them() -> None:
    ring = ((0.0, 0.0), (900.0, 0.0), (900.0, 2000.0), (0.0, 2000.0), (0.0, 0.0))
    city = replace(
        small_city(),
        districts=(District(code="1", slug="west", level="district", area_km2=1.8, rings=(ring,)),),
        schools=(School(id="s1", name="West School", form="g", x_m=500.0, y_m=1000.0, pupils=500),),
    )
    predictor = TwinPredictor(city, lambda: compute(city, step_m=50.0, n_threads=1))
    rows = predictor.predict(
        [Change(device="cell-1", path="admin_state", before="UNLOCKED", after="LOCKED")]
    ).rows
    found = {(row.name.split(",")[0], row.scope): row for row in rows}
    school = found["RSRP outdoors", "operator A, school West School"]
    assert school.after < school.before
    district = found["mean throughput of the best layer", "operator A, district west"]
    assert district.after != district.before  # one cell less disturbs less, too
