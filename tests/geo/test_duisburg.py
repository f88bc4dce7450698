"""The city in the box holds what its sources say."""

from collections import Counter, defaultdict
from itertools import combinations, pairwise

import numpy as np
import pytest

from twin.geo.cityfile import city_counts, load_city, validate_city
from twin.geo.generate.sites import nearest_own_m
from twin.geo.reader import CITIES
from twin.geo.rings import district_slugs
from twin.model.attributes import KINDS


def test_real_totals(duisburg):
    counts = city_counts(duisburg)
    assert counts["schools"] == 133
    assert counts["pupils"] == 71_250
    assert counts["stops"] == 871
    assert counts["districts"] == 7
    assert counts["area_km2"] == pytest.approx(232.76)
    assert counts["residents"] == pytest.approx(488_419, abs=1)
    assert counts["census_cells"] == 7192
    assert counts["buildings"] == sum(cell.buildings for cell in duisburg.census) == 72_509


def test_lamps_stand_23_m_apart_along_the_streets(duisburg):
    assert 45_500 <= len(duisburg.lamps) <= 46_500
    assert duisburg.street_km == pytest.approx(1068, abs=1)
    assert duisburg.street_km * 1000 / len(duisburg.lamps) == pytest.approx(23.2, abs=0.3)
    led = sum(lamp.kind == "led" for lamp in duisburg.lamps) / len(duisburg.lamps)
    assert led == pytest.approx(12_000 / 46_000, abs=0.002)


def test_lamp_power_is_near_the_sourced_figures(duisburg):
    sodium = [lamp.power_w for lamp in duisburg.lamps if lamp.kind == "sodium"]
    led = [lamp.power_w for lamp in duisburg.lamps if lamp.kind == "led"]
    assert np.mean(sodium) == pytest.approx(101, abs=2)
    assert 56 <= min(led) <= max(led) <= 70


def test_cabinets_feed_20_to_60_lamps_and_led_ones_are_dimmed(duisburg):
    kinds = defaultdict(set)
    for lamp in duisburg.lamps:
        kinds[lamp.cabinet].add(lamp.kind)
    counts = Counter(lamp.cabinet for lamp in duisburg.lamps)
    assert min(counts.values()) >= 20
    assert max(counts.values()) <= 60
    for cabinet in duisburg.cabinets:
        (kind,) = kinds[cabinet.id]
        assert cabinet.night_level_percent == (50 if kind == "led" else 100)
        assert (cabinet.night_start_min, cabinet.night_end_min) == (22 * 60, 6 * 60)


def test_cabinets_are_compact(duisburg):
    points = defaultdict(list)
    for lamp in duisburg.lamps:
        points[lamp.cabinet].append((lamp.x_m, lamp.y_m))
    extent = [np.ptp(np.array(p), axis=0).max() for p in points.values()]
    assert np.median(extent) < 400
    assert np.percentile(extent, 99) < 1200  # lone farms share a cabinet with the next village


@pytest.mark.parametrize("operator", ["A", "B", "C"])
def test_sites_have_the_spacing_of_leipzig(duisburg, operator):
    mine = [s for s in duisburg.sites if s.operator == operator and s.kind != "lamp_head"]
    assert 175 <= len(mine) <= 190
    nearest = nearest_own_m(np.array([(s.x_m, s.y_m) for s in mine]))
    assert 560 <= np.median(nearest) <= 693  # fixtures/leipzig_site_stats.json
    assert 0.15 <= sum(s.kind == "mast" for s in mine) / len(mine) <= 0.25


def test_operators_share_places_as_in_leipzig(duisburg):
    places = Counter((s.x_m, s.y_m) for s in duisburg.sites if s.kind != "lamp_head")
    shares = Counter(places.values())
    assert shares[1] / len(places) == pytest.approx(251 / 380, abs=0.05)
    assert shares[2] / len(places) == pytest.approx(98 / 380, abs=0.05)
    assert shares[3] / len(places) == pytest.approx(30 / 380, abs=0.03)


def test_sites_are_denser_where_people_live(duisburg):
    centre = [
        s for s in duisburg.sites if abs(s.x_m - 344900) < 2000 and abs(s.y_m - 5700100) < 2000
    ]
    whole = sum(s.kind != "lamp_head" for s in duisburg.sites) / 232.76
    assert sum(s.kind != "lamp_head" for s in centre) / 16 > 1.5 * whole


def test_carriers_of_different_layers_do_not_overlap(duisburg):
    blocks = {
        (c.layer, c.carrier_hz - c.bandwidth_hz / 2, c.carrier_hz + c.bandwidth_hz / 2)
        for c in duisburg.cells
    }
    for one, other in combinations(blocks, 2):
        assert one[0] == other[0] or one[2] <= other[1] or other[2] <= one[1]
    assert len(blocks) == 15


def test_cells_are_within_the_assumed_ranges(duisburg):
    assert {c.scenario for c in duisburg.cells} == {"UMa", "UMi", "RMa"}
    macro = [c for c in duisburg.cells if c.scenario != "UMi"]
    assert all(25 <= c.height_m <= 40 for c in macro)
    assert all(2 <= c.tilt_deg <= 10 for c in macro)
    assert np.mean([c.load for c in duisburg.cells]) == pytest.approx(0.5, abs=0.03)
    sectors = {(c.site, c.azimuth_deg) for c in macro}
    assert len(sectors) / len({c.site for c in macro}) == pytest.approx(2.87, abs=0.05)


def test_access_points_stand_where_the_issue_wants_them(duisburg):
    groups = Counter(ap.site.split("-")[0] for ap in duisburg.access_points)
    assert groups["fws"] == 12
    assert groups["zoo"] > 0
    assert groups["station"] > 30
    assert groups["school"] == pytest.approx(1000, rel=0.02)
    assert {f"ap-fws-{i:02d}" for i in range(1, 13)} <= {ap.id for ap in duisburg.access_points}
    assert {f"school-{s.id}" for s in duisburg.schools} <= {
        ap.site for ap in duisburg.access_points
    }
    pilot = [lamp for lamp in duisburg.lamps if lamp.cabinet == duisburg.cabinets[-1].id]
    assert len(pilot) == 24
    assert duisburg.cabinets[-1].site == "fws"
    assert {lamp.power_w for lamp in pilot} == {56.0}


def test_the_pilot_has_channels_in_conflict_to_plan_away(duisburg):
    pilot = [ap for ap in duisburg.access_points if ap.site == "fws"]
    for i in (0, 1):
        channels = [ap.radios[i].channel for ap in pilot]
        assert sum(a == b for a, b in pairwise(channels)) >= 3
        assert len(set(channels)) >= 3


def test_cabinets_stand_in_their_district(duisburg):
    lattice = duisburg.cabinets[:-1]
    slugs = district_slugs(duisburg.districts, [c.x_m for c in lattice], [c.y_m for c in lattice])
    same = sum(slug == cabinet.site for slug, cabinet in zip(slugs, lattice, strict=True))
    assert same >= 0.97 * len(lattice)  # the middle of the lamps decides, not the cabinet


def test_it_is_valid():
    assert validate_city("duisburg") == ()


def test_every_table_says_where_it_comes_from(duisburg):
    files = {path.name for path in (CITIES / "duisburg").iterdir()} - {"city.yaml"}
    assert {item.table for item in duisburg.provenance} == files
    real = {item.table for item in duisburg.provenance if not item.synthetic}
    assert real == {"districts.geojson", "census.csv", "schools.csv", "stops.csv"}
    assert not any(thing.synthetic for thing in (*duisburg.schools, *duisburg.stops))
    assert all(thing.synthetic for thing in (*duisburg.lamps[:9], *duisburg.cells[:9]))
    assumed = [item.table for item in duisburg.provenance if "Assumed: " in item.note]
    assert {"lamps.csv", "cells.csv", "sites.csv", "buildings.csv"} <= set(assumed)


def test_tables_drawn_from_odbl_data_stand_alone(duisburg):
    odbl = {item.table for item in duisburg.provenance if "ODbL" in item.licence}
    assert odbl == {
        "districts.geojson",
        "stops.csv",
        "access_points_stations.csv",
        "switches_stations.csv",
        "cabinets.csv",
        "lines.csv",
        "offices.csv",
        "fibre_nodes.csv",
        "fibre_links.csv",
    }
    assert all("OpenStreetMap" in i.attribution for i in duisburg.provenance if "ODbL" in i.licence)


def test_it_is_light(duisburg):
    size = sum(path.stat().st_size for path in (CITIES / "duisburg").iterdir())
    assert size <= 8e6


def test_two_loads_are_equal(duisburg):
    assert load_city(CITIES / "duisburg") == duisburg


def test_settings_of_devices_are_values_their_attributes_allow(duisburg):
    limits = {a.template: a for a in KINDS["ap"]}
    power = limits["radio/{radio}/tx_power_dbm"]
    for ap in duisburg.access_points:
        for radio in ap.radios:
            assert power.minimum <= radio.tx_power_dbm <= power.maximum
