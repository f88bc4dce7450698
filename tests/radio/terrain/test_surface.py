"""Surfaces from census buildings, LoD2 footprints and GeoTIFF."""

from __future__ import annotations

import dataclasses
import sqlite3
import struct
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely

from tests.conftest import reference_folder
from twin.geo.cityfile import load_city
from twin.model.city import Building
from twin.model.errors import InputError
from twin.radio.grid import Grid
from twin.radio.terrain.geotiff import read_geotiff, write_geotiff
from twin.radio.terrain.lod2 import Footprint, read_lod2
from twin.radio.terrain.raster import SurfaceRaster
from twin.radio.terrain.surface import (
    FOOTPRINT_M2,
    flat_ground,
    surface_from_census,
    surface_from_footprints,
)

GRID = Grid(x0_m=340_002.5, y0_m=5_700_002.5, step_m=5.0, n_x=40, n_y=30)


def test_a_census_building_stands_on_its_ground_plan() -> None:
    building = Building(x_m=340_102.5, y_m=5_700_052.5, kind="flats", height_m=15.0)
    surface = surface_from_census([building], flat_ground(GRID, 20.0))
    over = surface.heights_m - 20.0
    assert set(np.unique(over)) == {0.0, 15.0}
    assert over[10, 20] == 15.0
    area_m2 = (over > 0).sum() * GRID.step_m**2
    assert area_m2 == pytest.approx(FOOTPRINT_M2["flats"], abs=100)
    assert "census" in surface.source
    assert "assumed" in surface.source


def test_a_building_smaller_than_a_cell_is_not_lost() -> None:
    coarse = Grid(x0_m=340_025.0, y0_m=5_700_025.0, step_m=50.0, n_x=4, n_y=4)
    building = Building(x_m=340_002.0, y_m=5_700_049.0, kind="one_family", height_m=8.0)
    assert surface_from_census([building], flat_ground(coarse)).heights_m[0, 0] == 8.0


def test_the_tallest_building_of_a_cell_counts_whatever_the_order() -> None:
    low = Building(x_m=340_102.5, y_m=5_700_052.5, kind="other", height_m=9.0)
    high = dataclasses.replace(low, height_m=24.0)
    one = surface_from_census([low, high], flat_ground(GRID))
    other = surface_from_census([high, low], flat_ground(GRID))
    np.testing.assert_array_equal(one.heights_m, other.heights_m)
    assert one.heights_m.max() == 24.0


def test_buildings_beyond_the_raster_are_left_out() -> None:
    away = Building(x_m=350_000.0, y_m=5_700_052.5, kind="flats", height_m=15.0)
    assert surface_from_census([away], flat_ground(GRID)).heights_m.max() == 0.0


def test_the_city_in_the_box_becomes_a_surface() -> None:
    city = load_city("duisburg")
    grid = Grid.over(city.outline, 25.0)
    surface = surface_from_census(city.buildings, flat_ground(grid, 30.0))
    share = (surface.heights_m > 30.0).mean()
    assert 0.05 < share < 0.4
    assert surface.heights_m.max() <= 30.0 + max(b.height_m for b in city.buildings)


def test_footprints_cover_the_cells_whose_centre_they_hold() -> None:
    outline = shapely.box(340_050, 5_700_030, 340_070, 5_700_060)
    house = Footprint(id="a", outline=outline, ground_m=18.0, height_m=10.0)
    surface = surface_from_footprints([house], flat_ground(GRID, 20.0))
    assert (surface.heights_m == 28.0).sum() * 25.0 == outline.area
    above = surface_from_footprints([house], flat_ground(GRID, 20.0), own_ground=False)
    assert above.heights_m.max() == 30.0


@pytest.mark.reference
def test_real_lod2_buildings_are_read_from_both_formats() -> None:
    fixtures = reference_folder() / "data" / "fixtures"
    package = read_lod2(fixtures / "lod2_lower_rhine_sample.gpkg")
    assert len(package) == 5958
    tile = read_lod2(fixtures / "LoD2_32_325_5727_1_NW.gml")
    assert len(tile) >= 28
    by_id = {building.id: building for building in package}
    shared = [building for building in tile if building.id in by_id]
    assert shared
    for building in shared:
        other = by_id[building.id]
        assert building.height_m == pytest.approx(other.height_m, abs=0.01)
        assert building.outline.area == pytest.approx(other.outline.area, rel=0.05)
    low_x, low_y, high_x, high_y = shapely.total_bounds([b.outline for b in tile])
    grid = Grid.over([[(low_x, low_y), (high_x, low_y), (high_x, high_y), (low_x, high_y)]], 1.0)
    surface = surface_from_footprints(tile, flat_ground(grid, 15.0))
    covered = (surface.heights_m > 15.0).sum()
    whole = shapely.union_all([building.outline for building in tile]).area
    assert covered == pytest.approx(whole, rel=0.02)


GML = """<CityModel xmlns:gml="http://www.opengis.net/gml" xmlns:b="http://bldg">
<gml:Envelope srsName="{crs}"/>
<b:Building gml:id="one"><b:measuredHeight>{height}</b:measuredHeight>
<b:GroundSurface><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>{ring}</gml:posList>
</gml:LinearRing></gml:exterior></gml:Polygon></b:GroundSurface></b:Building></CityModel>"""
RING = "0 0 5 10 0 5 10 10 5 0 10 5 0 0 5"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"crs": "EPSG:4326"}, "coordinates are in 'EPSG:4326'"),
        ({"height": "tall"}, ":3: 'tall' is not a number"),
        ({"height": "nan"}, ":3: 'nan' is not a number"),
        ({"ring": "0 0 5 10 0"}, "four points of three numbers"),
        ({"ring": "0 0 5 10 0 5 10 10 5 0 10 x"}, "'x' is not a number"),
    ],
)
def test_a_damaged_tile_is_one_line(change: dict[str, str], words: str, tmp_path: Path) -> None:
    path = tmp_path / "tile.gml"
    good = {"crs": "urn:adv:crs:ETRS89_UTM32", "height": "8", "ring": RING}
    path.write_text(GML.format(**good))
    (building,) = read_lod2(path)
    assert (building.id, building.ground_m, building.height_m) == ("one", 5.0, 8.0)
    assert building.outline.area == 100.0
    path.write_text(GML.format(**good | change))
    with pytest.raises(InputError, match=words):
        read_lod2(path)


def test_a_building_without_height_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tile.gml"
    text = GML.format(crs="", height="8", ring=RING)
    path.write_text(text.replace("measuredHeight>", "storeys>"))
    with pytest.raises(InputError, match="'one' has no measuredHeight"):
        read_lod2(path)


def _package(path: Path, *, epsg: int = 25832, blob: bytes = b"") -> None:
    wkb = shapely.to_wkb(shapely.box(0, 0, 10, 10))
    good = struct.pack("<2sBBi", b"GP", 0, 1, epsg) + wkb
    base = sqlite3.connect(path)
    base.executescript(
        "CREATE TABLE gpkg_spatial_ref_sys (srs_id INT, organization_coordsys_id INT);"
        "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INT);"
        "CREATE TABLE houses (geom BLOB, id TEXT, ground_z REAL, height REAL);"
        "INSERT INTO gpkg_geometry_columns VALUES ('houses', 'geom', 7);"
    )
    base.execute("INSERT INTO gpkg_spatial_ref_sys VALUES (7, ?)", (epsg,))
    base.execute("INSERT INTO houses VALUES (?, 'h', 5.0, 8.0)", (blob or good,))
    base.commit()
    base.close()


def test_a_geopackage_is_read_and_its_damage_named(tmp_path: Path) -> None:
    _package(tmp_path / "good.gpkg")
    (house,) = read_lod2(tmp_path / "good.gpkg")
    assert (house.height_m, house.outline.area) == (8.0, 100.0)
    _package(tmp_path / "crs.gpkg", epsg=4326)
    with pytest.raises(InputError, match="EPSG:4326"):
        read_lod2(tmp_path / "crs.gpkg")
    for name, blob in {
        "short": b"GP",
        "magic": b"XX\0\1aaaa",
        "wkb": b"GP\0\1\0\0\0\0junk",
    }.items():
        _package(tmp_path / f"{name}.gpkg", blob=blob)
        with pytest.raises(InputError, match="damaged geometry"):
            read_lod2(tmp_path / f"{name}.gpkg")
    (tmp_path / "text.gpkg").write_text("not a database, but long enough to be read as one" * 30)
    with pytest.raises(InputError, match="is no GeoPackage of buildings"):
        read_lod2(tmp_path / "text.gpkg")
    with pytest.raises(InputError, match="no such file"):
        read_lod2(tmp_path / "absent.gpkg")
    with pytest.raises(InputError, match="no format of buildings"):
        read_lod2(tmp_path / "houses.txt")


def _hill() -> SurfaceRaster:
    y, x = np.mgrid[0:30, 0:40]
    heights = (30 + x + 2 * y).astype(np.float32)
    return dataclasses.replace(flat_ground(GRID), heights_m=heights, source="a slope")


def test_a_geotiff_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_geotiff(tmp_path / "hill.tif", _hill())
    again = read_geotiff(tmp_path / "hill.tif")
    np.testing.assert_allclose(again.heights_m, _hill().heights_m, atol=1e-3)
    assert (again.x0_m, again.y0_m, again.step_m) == (GRID.x0_m, GRID.y0_m, GRID.step_m)


def test_a_window_of_a_geotiff_is_read_at_another_step(tmp_path: Path) -> None:
    write_geotiff(tmp_path / "hill.tif", _hill())
    west, south = GRID.x0_m - 2.5, GRID.y0_m - 2.5
    part = read_geotiff(
        tmp_path / "hill.tif", bounds_m=(west + 20, south + 20, west + 120, south + 100), step_m=10
    )
    assert part.heights_m.shape == (8, 10)
    assert part.x0_m == west + 25
    # a slope of 1 in 5 m eastward and 2 in 5 m northward, seen from a centre between four cells
    assert part.heights_m[0, 0] == pytest.approx(30 + 4.5 + 2 * 4.5, abs=1e-3)


def test_a_bad_geotiff_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.tif").write_text("no picture")
    with pytest.raises(InputError, match="is no GeoTIFF that can be read"):
        read_geotiff(tmp_path / "text.tif")
    write_geotiff(tmp_path / "hill.tif", _hill())
    with rasterio.open(tmp_path / "hill.tif", "r+") as file:
        file.nodata = 30.0
    with pytest.raises(InputError, match="1 cells have no height; give fill_m"):
        read_geotiff(tmp_path / "hill.tif")
    assert read_geotiff(tmp_path / "hill.tif", fill_m=31.0).heights_m[0, 0] == 31.0
    with pytest.raises(InputError, match="would be 0 x 0 cells"):
        read_geotiff(tmp_path / "hill.tif", step_m=1e6)
    with pytest.raises(InputError, match="cannot be written"):
        write_geotiff(tmp_path / "none" / "hill.tif", _hill())


def test_a_raster_names_the_height_that_is_no_number() -> None:
    heights = np.zeros((3, 3), np.float32)
    heights[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"heights_m\[1, 2\]: is nan"):
        SurfaceRaster(heights_m=heights, x0_m=0.0, y0_m=0.0, step_m=1.0, source="")
    with pytest.raises(ValueError, match="must be float32"):
        SurfaceRaster(heights_m=np.zeros((3, 3)), x0_m=0.0, y0_m=0.0, step_m=1.0, source="")  # type: ignore[arg-type]
