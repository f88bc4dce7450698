"""Projection, rings and the pieces of the generator."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from shapely import Point, Polygon

from twin.geo.generate.buildings import apportion
from twin.geo.generate.lamps import cabinet_groups
from twin.geo.generate.sites import nearest_own_m
from twin.geo.generate.streets import street_lattice
from twin.geo.generate.wifi import ApPlace, generate_wifi
from twin.geo.geojson import dump_districts, load_districts
from twin.geo.projection import laea_to_utm, utm_to_wgs84, wgs84_to_utm
from twin.geo.rings import distance_m, inside
from twin.geo.sources import CensusGrid
from twin.model.city import District
from twin.model.errors import ModelError
from twin.model.regulatory import check_radio

GERMANY = (st.floats(6, 15), st.floats(47.5, 55))


@given(*GERMANY)
def test_projecting_there_and_back_keeps_the_point(lon, lat):
    back = utm_to_wgs84(*wgs84_to_utm(lon, lat))
    assert np.allclose(back, (lon, lat), atol=1e-9)


def test_the_central_meridian_has_false_easting_500_km():
    x, y = wgs84_to_utm(9.0, 0.0)
    assert (float(x), float(y)) == pytest.approx((500_000.0, 0.0), abs=1e-3)


def test_the_origin_of_the_census_grid():
    # EPSG:3035 has its origin at 10 E 52 N with false easting 4,321 and northing 3,210 km
    lon, lat = utm_to_wgs84(*laea_to_utm(4_321_000.0, 3_210_000.0))
    assert (float(lon), float(lat)) == pytest.approx((10.0, 52.0), abs=1e-8)


coordinate = st.integers(-50, 50).map(float)
RING = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=12)


@given(RING, hnp.arrays(np.float64, (40, 2), elements=st.floats(-60, 60, width=32)))
def test_inside_agrees_with_shapely(ring, points):
    polygon = Polygon(ring)
    if not polygon.is_valid:
        return
    answers = inside((tuple(ring),), points[:, 0], points[:, 1])
    for point, answer in zip(points, answers, strict=True):
        if polygon.boundary.distance(Point(point)) > 1e-6:
            assert answer == polygon.contains(Point(point))


@given(RING, hnp.arrays(np.float64, (10, 2), elements=st.floats(-60, 60, width=32)))
def test_distance_agrees_with_shapely(ring, points):
    closed = Polygon(ring).exterior
    expected = [closed.distance(Point(point)) for point in points]
    assert np.allclose(distance_m((tuple(ring),), *points.T), expected, atol=1e-9)


def test_a_hole_is_outside():
    outer = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
    hole = ((4.0, 4.0), (6.0, 4.0), (6.0, 6.0), (4.0, 6.0))
    assert inside((outer, hole), [5.0, 1.0, 11.0], [5.0, 1.0, 5.0]).tolist() == [False, True, False]


def square(x, y, size):
    return ((x, y), (x + size, y), (x + size, y + size), (x, y + size))


def test_areas_with_holes_and_parts_survive_geojson(tmp_path):
    x, y = 345_000.0, 5_700_000.0
    rings = (square(x, y, 100.0), square(x + 20, y + 20, 30.0), square(x + 500.3, y, 40.1))
    rings = tuple(tuple((round(a, 1), round(b, 1)) for a, b in ring) for ring in rings)
    district = District(code="1", slug="a", level="district", area_km2=0.01, rings=rings)
    path = tmp_path / "d.geojson"
    text = dump_districts([district])
    path.write_text(text, encoding="utf-8")
    assert load_districts(path) == (district,)
    assert text.count("[[[") == 2  # two polygons of the one feature open so


@given(
    hnp.arrays(np.int64, (5, 6), elements=st.integers(0, 40)),
    hnp.arrays(np.int64, 5, elements=st.integers(0, 60)),
)
def test_apportion_meets_totals_and_stays_within_one_of_the_share(counts, totals):
    counts[:, 0] += 1
    shares = counts * (totals / counts.sum(axis=1))[:, None]
    result = apportion(counts, totals)
    assert (result.sum(axis=1) == totals).all()
    assert (np.abs(result - shares) < 1 + 1e-9).all()
    assert (result[counts == 0] == 0).all()


@given(st.integers(20, 700), st.integers(0, 2**32 - 1), st.sampled_from([1.0, 30.0]))
def test_cabinets_hold_20_to_60_lamps_whatever_the_shape(n, seed, clump):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 2)) * 500
    points = np.round(points / clump / 200) * clump * 200  # many lamps at one point, wide gaps
    groups = cabinet_groups(points)
    assert sorted(np.concatenate(groups).tolist()) == list(range(n))
    assert all(20 <= len(group) <= 60 for group in groups)


def grid_of(cells):
    i_x, i_y = np.array(cells).T
    n = len(cells)
    return CensusGrid(
        i_x=i_x,
        i_y=i_y,
        x_m=i_x * 100.0,
        y_m=i_y * 100.0,
        residents=np.ones(n),
        dwellings=np.ones(n, dtype=int),
        buildings=np.ones(n, dtype=int),
        types=np.zeros((n, 10), dtype=int),
    )


def test_streets_join_neighbours_only():
    streets = street_lattice(grid_of([(0, 0), (1, 0), (1, 1), (5, 5)]))
    assert streets.length_m.tolist() == [100.0, 100.0]


def test_cells_without_neighbours_have_no_streets():
    with pytest.raises(ModelError, match="no streets"):
        street_lattice(grid_of([(0, 0), (5, 5)]))


def test_the_nearest_other_point_is_found():
    points = np.array([(0.0, 0.0), (3.0, 4.0), (3.0, 5.0)])
    assert nearest_own_m(points).tolist() == [5.0, 1.0, 1.0]


@given(st.integers(0, 2**32 - 1), st.sampled_from(["indoor", "outdoor_fixed"]))
def test_generated_radios_keep_the_law(seed, placement):
    place = ApPlace(
        site="s",
        prefix="ap-s",
        networks="city",
        location="",
        points=((0.0, 0.0, 3.0, placement),) * 20,
    )
    access_points, (switch,) = generate_wifi((place,), np.random.default_rng(seed))
    for ap in access_points:
        for radio in ap.radios:
            severities = {finding.severity for finding in check_radio(placement, radio)}
            assert severities <= {"info"}
            assert placement == "indoor" or radio.index == "1" or 100 <= radio.channel <= 140
    assert len(switch.ports) == 24
    assert [port.alias for port in switch.ports[:20]] == [ap.id for ap in access_points]
