"""Unequal rates, hidden stations, aggregation, and cells on one channel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.wifi import airtime, sharing
from twin.radio.wifi.bianchi import saturation_throughput_bps, transmit_probability
from twin.radio.wifi.rates import Mode, mode_of

FAST, SLOW = mode_of("OfdmRate54Mbps"), mode_of("OfdmRate6Mbps")
HE = Mode(phy="He", index=9, width_mhz=80, n_streams=2)


@given(
    st.integers(1, 80),
    st.sampled_from(["HeMcs3", "OfdmRate54Mbps", "DsssRate11Mbps", "VhtMcs7"]),
    st.sampled_from(["DIFS", "EIFS"]),
)
def test_equal_stations_carry_what_bianchi_says_however_many(n, name, timeout):
    mode = mode_of(name)
    bianchi = saturation_throughput_bps(n, mode, timeout=timeout)
    assert sharing.packet_fair_bps([mode] * n, timeout=timeout).sum() == pytest.approx(bianchi)
    assert sharing.time_fair_bps([mode] * n, timeout=timeout).sum() == pytest.approx(bianchi)


def test_one_slow_station_pulls_the_fast_ones_down_to_its_own_throughput():
    mixed = sharing.packet_fair_bps([FAST] * 4 + [SLOW])
    assert np.ptp(mixed) == pytest.approx(0.0, abs=1e-6)
    assert mixed[0] < 0.5 * sharing.packet_fair_bps([FAST] * 5)[0]
    fair = sharing.time_fair_bps([FAST] * 4 + [SLOW])
    assert fair[0] == pytest.approx(sharing.packet_fair_bps([FAST] * 5)[0])
    assert fair[4] == pytest.approx(sharing.packet_fair_bps([SLOW] * 5)[0])


def test_unequal_payloads_share_in_their_proportion():
    rates = sharing.packet_fair_bps([FAST, FAST], payload_bytes=[1500, 300])
    assert rates[0] / rates[1] == pytest.approx(5.0)


def test_hidden_stations_raise_the_losses_from_bianchis():
    n = np.array([1, 2, 10])
    p = sharing.hidden_collision_probability(n, 0, FAST)
    tau = transmit_probability(n, 15, 6)
    assert p == pytest.approx(1 - (1 - tau) ** (n - 1), rel=1e-6, abs=1e-12)
    more = sharing.hidden_collision_probability(1, [0, 1, 2, 4], FAST)
    assert (np.diff(more) > 0).all()
    assert more[1] > 0.3  # a pair that does not hear one another


def test_aggregation_pays_and_more_pays_more():
    parts = [sharing.ampdu_efficiency(n, HE) for n in (1, 2, 8, 32, 64)]
    assert parts == sorted(parts)
    assert parts[0] < 0.15
    assert 0.7 < parts[-1] < 0.95
    assert sharing.ampdu_throughput_bps(5, 32, HE) > 5 * saturation_throughput_bps(5, HE)


def test_aggregates_have_limits():
    with pytest.raises(ModelRangeError, match="time on air"):
        sharing.ampdu_efficiency(256, Mode(phy="He", index=0))
    with pytest.raises(ModelRangeError, match="frames is 0"):
        sharing.ampdu_efficiency(0, HE)
    with pytest.raises(ValueError, match="no A-MPDU"):
        sharing.ampdu_efficiency(2, FAST)


def graph_of(n, *pairs):
    graph = np.zeros((n, n), dtype=bool)
    for a, b in pairs:
        graph[a, b] = graph[b, a] = True
    return graph


def test_the_middle_of_three_starves_and_a_clique_shares_evenly():
    row = airtime.csma_airtime(graph_of(3, (0, 1), (1, 2)))
    assert row[0] == row[2] > 0.98
    assert row[1] < 0.02
    clique = airtime.csma_airtime(graph_of(3, (0, 1), (1, 2), (0, 2)))
    assert clique == pytest.approx([1 / 3] * 3, abs=0.01)
    assert airtime.max_min_airtime(graph_of(3, (0, 1), (1, 2))) == pytest.approx([1 / 3] * 3)


def test_a_cell_alone_gets_what_it_wants():
    assert airtime.csma_airtime(graph_of(2), [0.3, 0.7]) == pytest.approx([0.3, 0.7], abs=1e-6)
    assert airtime.max_min_airtime(graph_of(2), [0.3, 0.7]) == pytest.approx([0.3, 0.7])


def test_what_a_cell_leaves_goes_to_its_neighbour():
    assert airtime.max_min_airtime(graph_of(2, (0, 1)), [0.2, 1.0]) == pytest.approx([0.2, 0.8])
    csma = airtime.csma_airtime(graph_of(2, (0, 1)), [0.2, 1.0])
    assert csma == pytest.approx([0.2, 0.79], abs=0.01)


@given(st.integers(1, 8), st.data())
def test_no_two_in_conflict_ever_sum_over_one(n, data):
    pairs = data.draw(
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=12)
    )
    graph = graph_of(n, *[(a, b) for a, b in pairs if a != b])
    want = np.array(data.draw(st.lists(st.floats(0, 1), min_size=n, max_size=n)))
    for share in (airtime.max_min_airtime(graph, want), airtime.csma_airtime(graph, want)):
        assert (share >= 0).all()
        assert (share <= want + 1e-9).all()
        assert (np.where(graph, share[:, None] + share[None, :], 0) <= 1 + 1e-9).all()


def test_conflicts_follow_threshold_and_overlap():
    power = np.array([[0.0, -75.0], [-75.0, 0.0]])
    full = np.ones((2, 2))
    assert airtime.conflicts(power, full)[0, 1]
    assert not airtime.conflicts(power, full * 0.7)[0, 1]  # energy only: under -62 dBm
    assert airtime.conflicts(power + 20, full * 0.7)[0, 1]
    assert not airtime.conflicts(power + 20, full * 0.0)[0, 1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: airtime.csma_airtime(np.ones((21, 21))), "hang together"),
        (lambda: airtime.max_min_airtime([[0, 1], [0, 0]]), "not symmetric"),
        (lambda: airtime.max_min_airtime(np.zeros((0, 0))), "not empty"),
        (lambda: airtime.max_min_airtime(np.zeros((2, 2)), [0.5, 1.5]), r"air time\[1\] is 1.5"),
        (lambda: airtime.conflicts(np.zeros((2, 3)), np.zeros((2, 3))), "square"),
        (lambda: airtime.conflicts([[0, np.nan], [0, 0]], np.zeros((2, 2))), "not a number"),
        (lambda: sharing.packet_fair_bps([]), "modes: is empty"),
        (lambda: sharing.time_fair_bps([]), "modes: is empty"),
        (lambda: sharing.hidden_collision_probability(0, 1, FAST), "stations heard is 0"),
    ],
)
def test_bad_inputs_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
