"""Maps over a raster against single profiles, and lines of sight over it."""

from __future__ import annotations

import numpy as np
import pytest

from twin.model.errors import ModelRangeError
from twin.radio.terrain.itm import itm_p2p_db
from twin.radio.terrain.profile import heights_at, is_line_of_sight, profile_between
from twin.radio.terrain.raster import SurfaceRaster
from twin.radio.terrain.terrain_map import itm_at_points_db, itm_map_db

LINK = {"tx_height_m": 30.0, "rx_height_m": 1.5, "freq_hz": 800e6}


def raster(heights: np.ndarray) -> SurfaceRaster:
    return SurfaceRaster(
        heights_m=heights.astype(np.float32), x0_m=1000.0, y0_m=500.0, step_m=20.0, source="made up"
    )


@pytest.fixture(scope="module")
def hills() -> SurfaceRaster:
    y, x = np.mgrid[0:90, 0:120]
    return raster(60.0 + 25.0 * np.sin(x / 11.0) + 20.0 * np.cos(y / 9.0 + x / 30.0))


def wall() -> SurfaceRaster:
    heights = np.zeros((50, 50))
    heights[:, 25] = 30.0
    return raster(heights)


def test_a_map_is_the_loss_of_each_profile(hills: SurfaceRaster) -> None:
    tx = (2011.0, 1234.0)
    loss = itm_map_db(hills, tx, every=10, **LINK)
    assert loss.shape == (9, 12)
    for row in range(9):
        for col in range(12):
            end = (1000.0 + 200.0 * col, 500.0 + 200.0 * row)
            heights, step = profile_between(hills, tx, end)
            one = float(itm_p2p_db(heights, step, 30.0, 1.5, 800e6))
            assert loss[row, col] == pytest.approx(one, abs=0.01)


def test_a_map_is_the_same_for_any_number_of_threads(hills: SurfaceRaster) -> None:
    one = itm_map_db(hills, (2011.0, 1234.0), every=3, **LINK)
    assert np.array_equal(one, itm_map_db(hills, (2011.0, 1234.0), every=3, n_threads=3, **LINK))


def test_heights_between_cells_are_bilinear() -> None:
    plane = raster(np.add.outer(np.arange(5.0) * 3.0, np.arange(6.0) * 2.0))
    assert heights_at(plane, 1030.0, 550.0) == pytest.approx(1.5 * 2.0 + 2.5 * 3.0)
    assert heights_at(plane, 1100.0, 580.0) == pytest.approx(5 * 2.0 + 4 * 3.0)


@pytest.mark.parametrize("point", [(999.0, 600.0), (1100.0, 499.0), (3400.0, 600.0)])
def test_a_point_off_the_raster_is_named(hills: SurfaceRaster, point: tuple[float, float]) -> None:
    for call in (
        lambda: heights_at(hills, *point),
        lambda: itm_at_points_db(hills, (2000.0, 1000.0), *point, **LINK),
        lambda: is_line_of_sight(hills, [[2000.0, 1000.0, 3.0]], [[*point, 3.0]]),
    ):
        with pytest.raises(ValueError, match="not on the raster"):
            call()


def test_a_map_refuses_what_the_model_does(hills: SurfaceRaster) -> None:
    with pytest.raises(ModelRangeError, match="frequency"):
        itm_map_db(hills, (2000.0, 1000.0), tx_height_m=30.0, rx_height_m=1.5, freq_hz=1e6)
    with pytest.raises(ValueError, match="points"):
        itm_map_db(hills, (2000.0, 1000.0), step_m=0.1, **LINK)
    with pytest.raises(ValueError, match="every"):
        itm_map_db(hills, (2000.0, 1000.0), every=0, **LINK)


def test_a_wall_blocks_what_is_lower() -> None:
    sites = [[1100.0, 1000.0, 20.0], [1100.0, 1000.0, 80.0]]
    points = [[1900.0, 1000.0, 2.0], [1300.0, 1000.0, 2.0]]
    free = is_line_of_sight(wall(), sites, points, curvature_per_m=0.0)
    assert free.tolist() == [[False, True], [True, True]]


def test_fresnel_zone_asks_for_more_room() -> None:
    sites, points = [[1100.0, 1000.0, 34.0]], [[1900.0, 1000.0, 34.0]]
    assert is_line_of_sight(wall(), sites, points).all()
    assert not is_line_of_sight(wall(), sites, points, clearance=0.6, freq_hz=800e6).any()
    with pytest.raises(ValueError, match="freq_hz"):
        is_line_of_sight(wall(), sites, points, clearance=0.6)


def test_the_earth_itself_blocks() -> None:
    flat = SurfaceRaster(
        heights_m=np.zeros((2, 400), np.float32), x0_m=0.0, y0_m=0.0, step_m=100.0, source="sea"
    )
    ends = [[0.0, 0.0, 10.0]], [[39_000.0, 0.0, 10.0]]
    assert not is_line_of_sight(flat, *ends).any()
    assert is_line_of_sight(flat, *ends, curvature_per_m=0.0).all()
