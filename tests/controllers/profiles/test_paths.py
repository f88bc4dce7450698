"""YANG paths as XML: what is put in is found again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from controllers.ports import Device
from controllers.profiles import (
    build_filter,
    find,
    graft,
    has_entry,
    load_profile,
    netconf_nodes,
)

_TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=20
).filter(lambda text: "/" not in text)


def access_point(*ssids: str) -> Device:
    return Device(
        id="ap-1", kind="ap", profile="openconfig-ap", host="127.0.0.1", port=1, username="u",
        instances={"radio": ("1", "2"), "ssid": ssids},
    )  # fmt: skip


@given(st.lists(_TEXT, min_size=1, max_size=3, unique=True))
def test_every_leaf_is_found_once_and_where_it_was_put(ssids: list[str]) -> None:
    nodes = netconf_nodes(load_profile("openconfig-ap"), access_point(*ssids))
    root = etree.Element("data")
    for i, node in enumerate(nodes):
        graft(root, node.steps, str(i))
    again = etree.fromstring(etree.tostring(root))
    for i, node in enumerate(nodes):
        assert [leaf.text for leaf in find(again, node.steps)] == [str(i)]


def test_an_identity_is_known_under_any_prefix() -> None:
    node = netconf_nodes(load_profile("openconfig-ap"), access_point())[0]
    root = etree.Element("data")
    graft(root, node.steps, "true")
    text = etree.tostring(root).replace(b"idns", b"oc-wifi-types")
    assert len(find(etree.fromstring(text), node.steps)) == 1


def test_an_ssid_with_a_colon_is_no_identity() -> None:
    nodes = netconf_nodes(load_profile("openconfig-ap"), access_point("oc-ap:guest"))
    keys = [key for node in nodes for step in node.steps for key in step.keys]
    assert "oc-ap:guest" in {key.value for key in keys if key.leaf == "name"}


def test_clients_of_all_bssids_are_summed_and_none_is_zero() -> None:
    nodes = {n.path: n for n in netconf_nodes(load_profile("openconfig-ap"), access_point("city"))}
    clients, rssi = nodes["ssid/city/clients"], nodes["ssid/city/client_rssi_dbm"]
    assert clients.decode(["3", "4"]) == 7
    assert clients.decode([]) == 0
    assert rssi.decode(["-60", "-71"]) == -66
    assert rssi.decode([]) is None


def test_a_filter_selects_leaves_and_matches_keys() -> None:
    nodes = netconf_nodes(load_profile("openconfig-ap"), access_point("city"))
    wanted = build_filter(node.steps for node in nodes)
    assert wanted.get("type") == "subtree"
    texts = {leaf.text for leaf in wanted.iter() if leaf.text}
    assert texts == {"ap-1", "1", "2", "idns:FREQ_2GHZ", "idns:FREQ_5GHZ", "city"}


def test_a_default_needs_the_list_entry_to_be_there() -> None:
    node = netconf_nodes(load_profile("openconfig-ap"), access_point())[0]
    root = etree.Element("data")
    assert not has_entry(root, node.steps)
    graft(root, node.steps[:-2], None)
    assert has_entry(root, node.steps)
