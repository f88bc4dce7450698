"""The importer of open data on a made-up city in the published formats."""

import json
import shutil
from pathlib import Path

import pytest

from twin.geo.sources import read_sources
from twin.model.errors import InputError

SAMPLE = Path(__file__).parents[1] / "data" / "open-data"
NAME = "musterstadt"


@pytest.fixture
def sample(tmp_path):
    """Copy of the sample, to be damaged."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "open-data"))


def test_what_lies_outside_the_city_is_dropped():
    data = read_sources(SAMPLE, NAME)
    assert [(school.id, school.pupils) for school in data.schools] == [
        ("900001", 240),
        ("900002", 910),
    ]
    assert [stop.id for stop in data.stops] == ["9000001", "9000002"]
    assert data.stops[0].modes == ("bus", "tram", "rail")
    assert data.stations == {"9000001"}
    assert data.stop_weight["9000001"] == 8.5
    assert len(data.census.cells()) == 12
    assert data.census.residents.sum() == 480
    assert {district.level for district in data.districts} == {"city", "district", "quarter"}


def test_both_projections_meet_in_one_plane():
    data = read_sources(SAMPLE, NAME)
    market = next(school for school in data.schools if school.name == "Schule am Markt")
    corner = data.census.cells()[0]
    # In EPSG:3035 they are 570 m and 200 m apart; both planes are true to scale within 1 %.
    distance_m = ((market.x_m - corner.x_m) ** 2 + (market.y_m - corner.y_m) ** 2) ** 0.5
    assert distance_m == pytest.approx((570**2 + 200**2) ** 0.5, rel=0.01)


@pytest.mark.parametrize(
    "file",
    ["musterstadt_schools.geojson", "zensus_100m_musterstadt.csv", "musterstadt_districts.geojson"],
)
def test_a_missing_file_is_named(sample, file):
    (sample / file).unlink()
    with pytest.raises(InputError, match=file):
        read_sources(sample, NAME)


def test_census_tables_of_two_years_are_refused(sample):
    path = sample / "zensus_1km_musterstadt.csv"
    path.write_text(path.read_text().replace("480,", "700,"))
    with pytest.raises(InputError, match="take both tables from one census"):
        read_sources(sample, NAME)


def test_points_without_their_properties_are_refused_in_one_line(sample):
    path = sample / "musterstadt_stops.geojson"
    document = json.loads(path.read_text())
    del document["features"][0]["properties"]["in_city"]
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="musterstadt_stops") as caught:
        read_sources(sample, NAME)
    assert "\n" not in str(caught.value)


def test_a_census_cell_that_is_no_number_is_refused(sample):
    path = sample / "zensus_100m_musterstadt.csv"
    path.write_text(path.read_text().replace(",20,40.0,", ",many,40.0,", 1))
    with pytest.raises(InputError, match="not the census table expected"):
        read_sources(sample, NAME)
