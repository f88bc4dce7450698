"""Shares of the air against the dense model, and who waits for whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.city import AccessPoint, Radio, Ssid
from twin.radio.wifi.airtime import conflicts, max_min_airtime
from twin.sim.wifi.neighbours import Neighbours
from twin.sim.wifi.sharing import contention, fair_airtime, prioritised_airtime


def _parts(graph):
    part = np.arange(len(graph))
    for _ in part:
        for i, j in np.argwhere(graph):
            part[i] = part[j] = min(part[i], part[j])
    return part


@given(
    st.integers(2, 9).flatmap(
        lambda n: st.tuples(
            st.lists(st.booleans(), min_size=n * n, max_size=n * n),
            st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]), min_size=n, max_size=n),
        )
    )
)
def test_shares_are_those_of_the_dense_model_among_who_wants_air(drawn):
    hears, offered = drawn
    n = len(offered)
    graph = np.array(hears).reshape(n, n)
    graph = np.triu(graph, 1) | np.triu(graph, 1).T
    listener, talker = np.nonzero(graph)
    share = fair_airtime((listener, talker), _parts(graph), np.array(offered), np.ones(n))
    wants = np.array(offered) > 0.0
    expected = np.zeros(n)
    if wants.any():
        expected[wants] = max_min_airtime(graph[np.ix_(wants, wants)], np.array(offered)[wants])
    np.testing.assert_allclose(share, expected, atol=1e-9)


_SHARES = st.lists(st.sampled_from([0.0, 0.05, 0.3, 0.7, 1.0]), min_size=6, max_size=6)


@given(st.lists(st.booleans(), min_size=36, max_size=36), _SHARES, _SHARES)
def test_a_higher_category_never_gets_less_and_nobody_more_than_there_is(hears, first, rest):
    graph = np.array(hears).reshape(6, 6)
    graph = np.triu(graph, 1) | np.triu(graph, 1).T
    edges, part, room = np.nonzero(graph), _parts(graph), np.full(6, 0.9)
    want, others = np.array(first), np.array(rest)
    ahead, behind = prioritised_airtime(edges, part, (want, others), room)
    assert (ahead <= want + 1e-9).all()
    assert (behind <= others + 1e-9).all()
    used = ahead + behind
    around = used + np.bincount(edges[0], used[edges[1]], 6)
    assert (around[used > 0.0] <= 0.9 + 1e-9).all()
    # as if the others were not there, while the higher category needs at most its share
    alone = fair_airtime(edges, part, want, 0.8 * room)
    assert (ahead >= alone - 1e-9).all()


def test_two_categories_that_want_all_share_the_air_four_to_one():
    nobody = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    ahead, behind = prioritised_airtime(
        nobody, np.arange(2), (np.array([1.0, 0.1]), np.array([1.0, 1.0])), np.ones(2)
    )
    np.testing.assert_allclose(ahead, [0.8, 0.1])
    np.testing.assert_allclose(behind, [0.2, 0.9])


@given(
    st.lists(st.booleans(), min_size=36, max_size=36),
    st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6),
)
def test_who_gets_all_it_wants_lacks_nothing_by_rounding(hears, offered):
    graph = np.array(hears).reshape(6, 6)
    graph = np.triu(graph, 1) | np.triu(graph, 1).T
    want = np.array(offered)
    share = fair_airtime(np.nonzero(graph), _parts(graph), want, np.ones(6))
    missing = want - share
    assert ((missing == 0.0) | (missing > 1e-12)).all()


def test_contention_costs_more_the_more_contend():
    slow = contention(np.array([1.0, 2.0, 2.5, 10.0, 64.0, 500.0]))
    assert slow[0] == 1.0
    assert (np.diff(slow) <= 0.0).all()
    assert slow[-1] == slow[-2] > 0.5


def _ap(k, x_m, channel, *, placement="outdoor_fixed"):
    return AccessPoint(
        id=f"ap-{k}", site="s", x_m=x_m, y_m=0.0, height_m=4.0, placement=placement,
        radios=(
            Radio(
                index="2", channel=channel, bandwidth_mhz=20, tx_power_dbm=20, antenna_gain_dbi=3.0
            ),
        ),
        ssids=(Ssid(name="n"),),
    )  # fmt: skip


def _channels(aps):
    x = np.array([ap.x_m for ap in aps])
    near = Neighbours(aps, x, np.zeros(len(aps)))
    exists = np.tile([False, True, False], (len(aps), 1))
    channel = np.array([[1, ap.radios[0].channel, 1] for ap in aps])
    power = np.full((len(aps), 3), 23.0)
    return near, near.on(channel, np.full((len(aps), 3), 20), power, exists)


def test_co_channel_neighbours_wait_and_others_do_not():
    _, channels = _channels([_ap(0, 0.0, 36), _ap(1, 40.0, 36), _ap(2, 80.0, 149)])
    assert set(zip(channels.listener.tolist(), channels.talker.tolist(), strict=True)) == {
        (1, 4),
        (4, 1),
    }
    assert channels.part[1] == channels.part[4] != channels.part[7]


def test_waiting_follows_the_conflict_graph_of_the_planning_side():
    aps = [_ap(k, 35.0 * k, (36, 40)[k % 2]) for k in range(6)]
    near, channels = _channels(aps)
    power = np.full((6, 6), -200.0)
    power[near.i, near.j] = power[near.j, near.i] = 23.0 - near.loss_db[:, 1]
    same = np.equal.outer(*[[ap.radios[0].channel for ap in aps]] * 2)
    expected = conflicts(power, np.where(same, 1.0, 1e-3))
    found = np.zeros((6, 6), dtype=bool)
    found[channels.listener // 3, channels.talker // 3] = True
    np.testing.assert_array_equal(found, expected)


def test_a_far_neighbour_disturbs_without_waiting():
    _, channels = _channels([_ap(0, 0.0, 36), _ap(1, 290.0, 36)])
    assert not channels.listener.size
    quiet, loud = (channels.interference_mw(np.full(6, share)) for share in (0.1, 0.5))
    assert 0.0 < quiet[1] == pytest.approx(loud[1] / 5.0)


def test_walls_keep_access_points_apart():
    out = [_ap(0, 0.0, 36), _ap(1, 60.0, 36)]
    inside = [replace(ap, placement="indoor") for ap in out]
    assert (_channels(inside)[0].loss_db[:, 1] > _channels(out)[0].loss_db[:, 1] + 20.0).all()
