"""Validation finds broken references, places, ranges and the law."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.geo.feeds import feed_cycle
from twin.geo.validate import check_city
from twin.model.city import PowerNode


def whats(city):
    return [f"{finding.where}: {finding.what}" for finding in check_city(city)]


def with_radio(city, i_ap, i_radio, **fields):
    ap = city.access_points[i_ap]
    radios = list(ap.radios)
    radios[i_radio] = replace(radios[i_radio], **fields)
    aps = list(city.access_points)
    aps[i_ap] = replace(ap, radios=tuple(radios))
    return replace(city, access_points=tuple(aps))


def with_first(city, subject, **fields):
    first, *others = getattr(city, subject)
    return replace(city, **{subject: (replace(first, **fields), *others)})


def test_a_sound_city_has_no_findings(small):
    assert check_city(small) == ()


@pytest.mark.parametrize(
    ("subject", "fields", "message"),
    [
        ("lamps", {"cabinet": "cab-9"}, "cabinet 'cab-9' does not exist"),
        ("cells", {"site": "site-x"}, "site 'site-x' does not exist"),
        ("cells", {"operator": "B"}, "operator B on a site of A"),
        ("cells", {"x_m": 401_000.0}, "more than 100 m from its site"),
        ("cells", {"carrier_hz": 806e6}, "carriers of A and B overlap"),
        ("access_points", {"port": "99"}, "port sw-street/99 does not exist"),
        ("access_points", {"switch": "sw-9"}, "port sw-9/1 does not exist"),
        ("access_points", {"port": "2"}, "port sw-street/2 feeds"),
        ("access_points", {"switch": ""}, "names no switch"),
        ("access_points", {"radios": ()}, "has no radio"),
        ("schools", {"x_m": 350_000.0}, "lies over 500 m outside the city"),
        ("switches", {"id": "cab-0001"}, "cab-0001: id stands 2 times"),
        ("lines", {"stops": ("1", "9")}, "1: stop '9' does not exist"),
        ("lines", {"stops": ("1",), "tunnel_stops": ()}, "1: has no two stops"),
        ("lines", {"tunnel_stops": ("7",)}, "1: has tunnel stops that are not on it"),
        ("power_nodes", {"feeds": ("sub-9",)}, "sub-1: feed 'sub-9' does not exist"),
        ("power_nodes", {"feeds": ("ns-1",)}, "sub-1: substation hangs on the station ns-1"),
        ("power_nodes", {"kind": "station", "feeds": ()}, "sub-1: is fed by nothing"),
        ("fibre_links", {"a": "pop-9"}, "ring-1: end 'pop-9' does not exist"),
        ("fibre_nodes", {"id": "pop-9"}, "pop-9: has no cable"),
        ("wireless_customers", {"hub": "roof"}, "fwa-1: hub 'roof' does not exist"),
        ("signals", {"x_m": 300_000.0}, "signals signal-1: lies over 500 m outside"),
    ],
)
def test_a_broken_city_is_found(small, subject, fields, message):
    assert any(message in what for what in whats(with_first(small, subject, **fields)))


@pytest.mark.parametrize(
    ("radio", "fields", "message"),
    [
        (1, {"channel": 36}, "may not be used on a fixed outdoor antenna"),
        (1, {"channel": 64}, "may not be used on a fixed outdoor antenna"),
        (1, {"tx_power_dbm": 30}, "EIRP 37.0 dBm is above 30 dBm"),
        (0, {"tx_power_dbm": 20}, "EIRP 25.0 dBm is above 20 dBm"),
        (1, {"channel": 101}, "channel"),
        (0, {"index": "7"}, "has no band"),
    ],
)
def test_a_radio_against_the_law_is_an_error(small, radio, fields, message):
    findings = check_city(with_radio(small, 0, radio, **fields))
    assert [f.severity for f in findings] == ["error"] * len(findings)
    assert any(message in f.what for f in findings)


def test_a_cabinet_of_seven_lamps_is_a_warning(small):
    keep = [lamp for lamp in small.lamps if lamp.cabinet == "cab-0001"][:7]
    rest = [lamp for lamp in small.lamps if lamp.cabinet != "cab-0001"]
    findings = check_city(replace(small, lamps=(*keep, *rest)))
    assert [(f.severity, f.where) for f in findings] == [("warning", "cab-0001")]


def test_a_wrong_projection_is_not_reported_lamp_by_lamp(small):
    moved = tuple(replace(lamp, x_m=lamp.x_m - 90_000) for lamp in small.lamps)
    findings = check_city(replace(small, lamps=moved))
    assert len(findings) == 6
    assert findings[-1].what == "95 more lie outside the city"


def test_stations_that_feed_one_another_are_a_circle(small):
    *others, one, other = small.power_nodes
    circle = (replace(one, feeds=(other.id,)), replace(other, feeds=(one.id,)))
    found = whats(replace(small, power_nodes=(*others, *circle)))
    assert found == ["ns-1: stations feed one another: ns-1 < ns-2 < ns-1"]


def test_a_ring_of_substations_is_no_circle(small):
    assert feed_cycle(small.power_nodes) == ()


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14),
)
def test_circles_are_found_as_by_removing_leaves(edges):
    feeds = {i: sorted({b for a, b in edges if a == i}) for i in range(8)}
    nodes = [
        PowerNode(
            id=f"n{i}", kind="station", x_m=0.0, y_m=0.0, feeds=tuple(f"n{b}" for b in feeds[i])
        )
        for i in range(8)
    ]
    left = dict(feeds)
    while any(not set(above) & set(left) for above in left.values()):
        left = {i: above for i, above in left.items() if set(above) & set(left)}
    circle = feed_cycle(nodes)
    assert bool(circle) == bool(left)
    for one, other in pairwise(circle):
        assert int(other[1:]) in feeds[int(one[1:])]
