"""Lines, signals, grid, offices, fibre and gateways of the city in the box."""

from collections import Counter, defaultdict, deque
from itertools import pairwise

import numpy as np
import pytest

from twin.geo.generate.transit import BUS_KM_H
from twin.geo.rings import district_slugs


def at(things):
    return np.array([(thing.x_m, thing.y_m) for thing in things])


def line_m(city, line):
    stops = {stop.id: stop for stop in city.stops}
    return float(np.hypot(*np.diff(at([stops[id_] for id_ in line.stops]), axis=0).T).sum())


def test_three_rail_lines_share_seven_tunnel_stations(duisburg):
    rail = [line for line in duisburg.lines if line.mode == "tram"]
    assert [line.id for line in rail] == ["901", "903", "u79"]
    names = {stop.id: stop.name for stop in duisburg.stops}
    assert len({names[id_] for line in rail for id_ in line.tunnel_stops}) == 7
    assert all(12_000 < line_m(duisburg, line) < 26_000 for line in rail)
    for line in rail:
        assert any("Hauptbahnhof" in names[id_] for id_ in line.stops)
        assert line.vehicle_places == 200
        assert line.headway_s == 1800


def test_rail_needs_the_fleet_there_is(duisburg):
    rail = [line for line in duisburg.lines if line.mode == "tram"]
    trams = sum(2 * line_m(duisburg, line) / (19.5 / 3.6) / line.headway_peak_s for line in rail)
    assert 30 <= trams <= 56


def test_bus_lines_need_102_to_163_buses_and_reach_most_stops(duisburg):
    buses = [line for line in duisburg.lines if line.mode == "bus"]
    assert 25 <= len(buses) <= 30
    turn_s = 600
    need = sum(
        (2 * line_m(duisburg, line) / (BUS_KM_H / 3.6) + turn_s) / line.headway_peak_s
        for line in buses
    )
    assert 102 <= need <= 163
    names = {stop.id: stop.name for stop in duisburg.stops}
    served = {names[id_] for line in buses for id_ in line.stops}
    offered = {stop.name for stop in duisburg.stops if "bus" in stop.modes}
    assert len(served) / len(offered) > 0.7


def test_no_line_passes_a_stop_twice_or_leaps(duisburg):
    stops = {stop.id: stop for stop in duisburg.stops}
    for line in duisburg.lines:
        assert len(set(line.stops)) == len(line.stops)
        hops = np.hypot(*np.diff(at([stops[id_] for id_ in line.stops]), axis=0).T)
        assert hops.max() < 3100  # Auf dem Damm to Duissern, below the Ruhr


def test_signals_are_520_of_which_160_are_led(duisburg):
    assert len(duisburg.signals) == 520
    assert sum(signal.is_led for signal in duisburg.signals) == 160
    assert sum(signal.is_off_at_night for signal in duisburg.signals) == 348
    assert len({signal.computer for signal in duisburg.signals}) == 4
    kinds = Counter(signal.kind for signal in duisburg.signals)
    assert kinds["junction"] > kinds["pedestrian"] > kinds["t_junction"] > 80


def test_green_waves_are_in_order_and_never_off(duisburg):
    waves = defaultdict(list)
    for signal in duisburg.signals:
        if signal.corridor:
            waves[signal.corridor].append(signal)
    assert len(waves["muelheimer"]) + len(waves["duisburger"]) == 20
    for wave in waves.values():
        along = [signal.corridor_m for signal in wave]
        assert all(100 < b - a < 900 for a, b in pairwise(along))
        straight = np.hypot(*np.diff(at(wave), axis=0).T)
        assert (straight <= np.diff(along) + 0.2).all()
        assert not any(signal.is_off_at_night for signal in wave)


def test_signals_keep_their_distance(duisburg):
    points = at(duisburg.signals)
    away = np.hypot(*(points[:, None] - points[None, :]).transpose(2, 0, 1))
    np.fill_diagonal(away, np.inf)
    assert away.min() > 50


def test_the_grid_is_a_ring_of_18_and_1740_stations(duisburg):
    nodes = {node.id: node for node in duisburg.power_nodes}
    ring = [node for node in nodes.values() if node.kind == "substation"]
    assert len(ring) == 18
    assert len(nodes) - len(ring) == 1740
    for node in ring:
        assert all(node.id in nodes[feed].feeds for feed in node.feeds)
    seen, here, before = {ring[0].id}, ring[0].id, ""
    while len(seen) < len(ring):
        before, here = here, next(f for f in nodes[here].feeds if f != before and f not in seen)
        seen.add(here)
    for node in nodes.values():
        if node.kind == "station":
            first, second = node.feeds
            assert second in nodes[first].feeds


def test_stations_serve_about_as_many_dwellings_each(duisburg):
    stations = at([node for node in duisburg.power_nodes if node.kind == "station"])
    cells = at(duisburg.census)
    dwellings = np.array([cell.dwellings for cell in duisburg.census])
    nearest = np.hypot(*(cells[:, None] - stations[None, :]).transpose(2, 0, 1)).argmin(axis=1)
    served = np.bincount(nearest, dwellings, minlength=len(stations))
    assert 100 < np.median(served) < 188
    assert np.percentile(served, 95) < 260


def test_each_district_has_its_office(duisburg):
    offices = [office for office in duisburg.offices if office.kind == "citizen_office"]
    slugs = district_slugs(duisburg.districts, *at(offices).T)
    assert len(offices) == len(set(slugs)) == 7
    assert sum(office.appointments_per_year for office in offices) == 281_790
    assert [o.id for o in duisburg.offices if o.kind == "data_centre"] == ["data-centre-wedau"]


def test_every_school_is_on_the_fibre(duisburg):
    links = defaultdict(set)
    for link in duisburg.fibre_links:
        links[link.a].add(link.b)
        links[link.b].add(link.a)
    reached, queue = {"pop-data-centre-wedau"}, deque(["pop-data-centre-wedau"])
    while queue:
        new = links[queue.popleft()] - reached
        reached |= new
        queue += sorted(new)
    sites = {node.site for node in duisburg.fibre_nodes if node.id in reached}
    assert {school.id for school in duisburg.schools} <= sites
    assert {office.id for office in duisburg.offices} <= sites
    assert sum(link.length_m for link in duisburg.fibre_links) / 1e3 == pytest.approx(200, rel=0.2)


def test_gateways_and_customers_stand_where_the_mobile_networks_do(duisburg):
    counts = Counter(gateway.technology for gateway in duisburg.gateways)
    assert counts == {"lorawan": 25, "lte450": 3}
    places = {(site.x_m, site.y_m) for site in duisburg.sites}
    assert all((gateway.x_m, gateway.y_m) in places for gateway in duisburg.gateways)
    sites = {site.id: site for site in duisburg.sites}
    for customer in duisburg.wireless_customers:
        hub = sites[customer.hub]
        assert hub.kind == "rooftop"
        assert 150 <= np.hypot(hub.x_m - customer.x_m, hub.y_m - customer.y_m) <= 2500


def test_assumptions_are_marked_and_have_a_source(duisburg):
    keys = [assumption.key for assumption in duisburg.assumptions]
    assert len(set(keys)) == len(keys) >= 20
    for assumption in duisburg.assumptions:
        assert assumption.mark in "RSCMK"
        assert assumption.source
        assert assumption.used_by
