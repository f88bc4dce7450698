"""Ways over the ring, what a cut does, and what cables carry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelError
from twin.sim.egov_backbone.demand import places_of
from twin.sim.egov_backbone.fibre import Fibre, Place

from .conftest import make_city


def make_fibre(city=None) -> Fibre:
    city = city or make_city()
    centre = next(office for office in city.offices if office.kind == "data_centre")
    root = Place(id=centre.id, x_m=centre.x_m, y_m=centre.y_m)
    return Fibre(city.fibre_nodes, city.fibre_links, places_of(city), root)


def test_a_place_hangs_on_the_node_that_names_it_or_the_nearest():
    fibre = make_fibre()
    node = {name: fibre.node_ids[fibre.node_of[i]] for name, i in fibre.place_index.items()}
    assert node["office-3"] == "n5"
    assert node["gw"] == "n3"
    assert node["7"] == node["school-7"] == "n4"  # one building, one cable
    assert "hub" not in node  # a mobile site has the line of its operator
    assert "dc" not in node


def test_the_ring_survives_one_cut_and_splits_after_two():
    fibre = make_fibre()
    assert fibre.reached().all()
    fibre.link_up[fibre.link_index["n1-n2"]] = False
    moved = fibre.route()
    assert fibre.reached().all()
    assert moved[fibre.place_index["office-1"]]
    assert not moved[fibre.place_index["7"]]
    fibre.link_up[fibre.link_index["n2-n3"]] = False
    fibre.route()
    reached = fibre.reached()
    assert not reached[fibre.place_index["office-1"]]
    assert reached[fibre.place_index["office-2"]]


def test_a_spur_has_no_second_way():
    fibre = make_fibre()
    fibre.link_up[fibre.link_index["n3-n5"]] = False
    assert not fibre.route().any()
    assert not fibre.reached()[fibre.place_index["office-3"]]


def test_a_dead_node_takes_what_hangs_on_it():
    fibre = make_fibre()
    fibre.node_up[fibre.node_index["n4"]] = False
    fibre.route()
    lost = {name for name, i in fibre.place_index.items() if not fibre.reached()[i]}
    assert lost == {"7", "school-7"}


def test_a_dead_root_takes_all():
    fibre = make_fibre()
    fibre.node_up[fibre.root] = False
    fibre.route()
    assert not fibre.reached().any()
    assert not fibre.loads(np.ones(len(fibre.place_ids))).share.any()


def test_load_adds_up_along_the_way():
    fibre = make_fibre()
    demand = np.zeros(len(fibre.place_ids))
    demand[fibre.place_index["office-3"]] = 100e6
    demand[fibre.place_index["office-2"]] = 50e6
    loads = fibre.loads(demand)
    by_link = dict(zip(fibre.link_ids, loads.link_bps.tolist(), strict=True))
    assert by_link["n3-n5"] == 100e6
    assert by_link["n1-n2"] + by_link["n4-n1"] == 150e6
    assert loads.share.tolist() == [1.0] * len(fibre.place_ids)


def test_a_full_cable_treats_all_alike():
    fibre = make_fibre()
    demand = np.zeros(len(fibre.place_ids))
    demand[fibre.place_index["office-3"]] = 4e9
    share = fibre.loads(demand).share
    assert share[fibre.place_index["office-3"]] == pytest.approx(0.25)
    assert share[fibre.place_index["7"]] == 1.0


def test_a_link_to_nowhere_is_refused():
    city = make_city()
    broken = replace(city.fibre_links[0], b="n9")
    with pytest.raises(ModelError, match=r"n1-n2 ends at 'n9', which is no fibre node"):
        make_fibre(replace(city, fibre_links=(broken,)))


@given(
    up=st.lists(st.booleans(), min_size=5, max_size=5),
    demand=st.lists(st.floats(0.0, 3e9), min_size=6, max_size=6),
)
def test_nothing_gets_through_that_a_cable_cannot_carry(up, demand):
    fibre = make_fibre()
    fibre.link_up[:] = up
    fibre.route()
    wanted = np.array(demand[: len(fibre.place_ids)])
    loads = fibre.loads(wanted)
    assert np.all((loads.share >= 0.0) & (loads.share <= 1.0))
    assert not loads.share[~fibre.reached()].any()
    assert not loads.link_bps[~fibre.link_up].any()
    carried = fibre.loads(wanted * loads.share)
    assert np.all(carried.link_bps <= fibre.capacity_bps * (1.0 + 1e-9))
