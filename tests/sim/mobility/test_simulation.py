"""Users under hexagonal cells: the compiled events against small steps, threads, short reports."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.sim.saved import stored
from twin.model.errors import ModelError
from twin.radio.link.throughput import throughput_bps
from twin.radio.links import layer_tables, link_levels_dbm
from twin.sim.mobility import HandoverPolicy, MobilitySimulation, hexagonal_layer, straight_walk

sys.path.insert(0, str(Path(__file__).parents[2] / "oracles"))

import mobility_oracle

WITHOUT_ERRORS = HandoverPolicy(measurement_error_db=0.0, has_fading=False)


def simulation(n_users=300, *, n_sites=(4, 4), isd_m=500.0, speed_m_s=8.0, seed=3, **options):
    cells, size_m = hexagonal_layer(*n_sites, isd_m)
    walk = straight_walk(n_users, speed_m_s, size_m, np.random.default_rng(seed))
    return MobilitySimulation(cells, walk, np.random.default_rng(seed + 1), **options)


@pytest.mark.parametrize(
    "policy",
    [
        HandoverPolicy(),
        HandoverPolicy(hysteresis_db=0.5, time_to_trigger_s=0.04, filter_k=0.0),
        HandoverPolicy(hysteresis_db=2.0, time_to_trigger_s=1.28, t310_s=0.3, q_out_db=-8.0,
                       q_in_db=-5.0),
        HandoverPolicy(time_to_trigger_s=0.0, preparation_s=0.4, execution_s=0.8),
    ],
)  # fmt: skip
def test_events_between_reports_are_those_of_small_steps(policy):
    sim = simulation(30, n_sites=(2, 2), isd_m=300.0, speed_m_s=15.0, policy=policy,
                     has_full_buffer=False, sigma_db=6.0)  # fmt: skip
    filtered, levels = [sim.filtered_dbm()], [sim.level_dbm()]
    for _ in range(40):
        sim.advance(1.0)
        filtered.append(sim.filtered_dbm())
        levels.append(sim.level_dbm())
    noise_mw = float(sim._tables.noise_mw[0])
    counts, outage_s = mobility_oracle.run(
        filtered, levels, noise_mw, policy, step_s=1.0, fine_s=0.005
    )
    ours = sim.counts_by_user()
    assert ours["reports"].sum() > 15
    for name, wanted in counts.items():
        # a step of 5 ms may see an event on the other side of a report that ends it
        assert np.count_nonzero(ours[name] != wanted) <= 2, name
    assert sim.counts().outage_s == pytest.approx(outage_s.sum(), rel=0.06, abs=0.3)


def test_result_does_not_depend_on_threads():
    one, two = (simulation(n_threads=n) for n in (1, 2))
    one.run(30)
    two.run(30)
    assert one.counts() == two.counts()
    assert np.array_equal(one.sinr_db, two.sinr_db)
    assert np.array_equal(one.level_dbm(), two.level_dbm())


def test_saved_simulation_has_the_same_future():
    sim = simulation()
    sim.run(10)
    copy = stored(sim)
    sim.run(10)
    copy.run(10)
    assert sim.counts() == copy.counts()
    assert np.array_equal(sim.served_bit, copy.served_bit)


def test_reports_of_a_second_count_the_handovers_of_steps_of_40_ms():
    coarse, fine = simulation(policy=WITHOUT_ERRORS), simulation(policy=WITHOUT_ERRORS)
    coarse.run(60, 1.0)
    fine.run(1500, 0.04)
    assert fine.counts().handovers > 300
    assert coarse.counts().handovers == pytest.approx(fine.counts().handovers, rel=0.05)
    assert coarse.counts().user_km == pytest.approx(fine.counts().user_km)
    served = coarse.counts().served_bit, fine.counts().served_bit
    assert served[0] == pytest.approx(served[1], rel=0.02)


def test_levels_without_shadowing_are_those_of_the_radio_engine():
    cells, size_m = hexagonal_layer(3, 2, 600.0)
    walk = straight_walk(150, 0.0, size_m, np.random.default_rng(1), is_torus=False)
    sim = MobilitySimulation(cells, walk, np.random.default_rng(2), sigma_db=0.0)
    tables = layer_tables(cells, x0_m=0.0, y0_m=0.0)
    np.testing.assert_allclose(
        sim.level_dbm(), link_levels_dbm(tables, walk.x_m, walk.y_m), atol=2e-3
    )


def test_levels_go_on_over_the_seam_of_the_torus():
    sim = simulation(2, speed_m_s=0.0)
    width = sim.walk.width_m
    sim.walk.x_m[:] = 0.001, width - 0.001
    sim.walk.y_m[:] = 700.0
    sim.advance(1.0)
    levels = sim.level_dbm()
    np.testing.assert_allclose(levels[0], levels[1], atol=0.05)


def test_users_who_stand_still_keep_their_cell():
    sim = simulation(speed_m_s=0.0, policy=WITHOUT_ERRORS)
    before = sim.serving
    sim.run(20)
    assert sim.counts().handovers == 0
    assert np.array_equal(sim.serving, before)


def test_wider_hysteresis_means_fewer_handovers_and_longer_trigger_fewer_returns():
    def count(**policy):
        sim = simulation(speed_m_s=8.0, policy=replace(HandoverPolicy(), **policy))
        sim.run(60)
        return sim.counts()

    assert count(hysteresis_db=1.0).handovers > count(hysteresis_db=6.0).handovers
    fast = count(hysteresis_db=0.0, time_to_trigger_s=0.0, filter_k=0.0)
    assert fast.ping_pong_share > count(hysteresis_db=0.0, time_to_trigger_s=0.64).ping_pong_share


def test_time_with_and_without_service_makes_up_all_time():
    sim = simulation(speed_m_s=20.0)
    sim.run(50)
    counts = sim.counts()
    assert 0.0 < counts.outage_s < 0.2 * counts.user_s
    assert counts.reports >= counts.handovers
    # every report ends as a handover or a failure, but for those still going on
    assert 0 <= counts.reports - counts.handovers - counts.failures <= sim.n_users
    assert counts.handovers >= counts.ping_pongs


@pytest.mark.parametrize("n_users", [1, 2, 5])
def test_users_of_a_cell_share_its_time(n_users):
    cells, size_m = hexagonal_layer(1, 2, 4000.0)
    served = []
    for n in (1, n_users):
        walk = straight_walk(n, 0.0, size_m, np.random.default_rng(0))
        walk.x_m[:], walk.y_m[:] = 1100.0, 1750.0
        sim = MobilitySimulation(cells, walk, np.random.default_rng(0))
        sim.advance(1.0)
        served.append(sim.served_bit)
    assert served[0][0] > 1e6
    np.testing.assert_allclose(served[1], served[0][0] / n_users)


@pytest.mark.parametrize(("band", "scs_hz", "share"), [("n78", 30e3, 0.74), ("n1", 15e3, 1.0)])
def test_users_of_a_tdd_cell_get_the_share_of_time_of_the_downlink(band, scs_hz, share):
    cells, size_m = hexagonal_layer(1, 2, 4000.0)
    cells = [
        replace(c, technology="nr", band=band, scs_hz=scs_hz, carrier_hz=2.14e9) for c in cells
    ]
    walk = straight_walk(1, 0.0, size_m, np.random.default_rng(0))
    walk.x_m[:], walk.y_m[:] = 1100.0, 1750.0
    sim = MobilitySimulation(cells, walk, np.random.default_rng(0), policy=WITHOUT_ERRORS)
    sim.advance(1.0)
    wanted = throughput_bps(sim.sinr_db[0], technology="nr", bandwidth_hz=20e6, scs_hz=scs_hz,
                            mimo_layers=2, downlink_share=share)  # fmt: skip
    assert sim.served_bit[0] == pytest.approx(float(wanted), rel=0.01)


def test_what_cannot_be_simulated_is_refused():
    cells, size_m = hexagonal_layer(2, 2, 500.0)
    walk = straight_walk(5, 1.0, size_m, np.random.default_rng(0))
    with pytest.raises(ModelError, match="no cell"):
        MobilitySimulation(
            [replace(cell, is_on=False) for cell in cells], walk, np.random.default_rng(0)
        )
    mixed = (*cells[:-1], replace(cells[-1], carrier_hz=1.8e9))
    with pytest.raises(ModelError, match="2 carriers"):
        MobilitySimulation(mixed, walk, np.random.default_rng(0))
    with pytest.raises(ValueError, match="step_s"):
        simulation(5).advance(0.0)
    with pytest.raises(ValueError, match="close to a torus"):
        hexagonal_layer(3, 3, 500.0)
    with pytest.raises(ValueError, match="hysteresis"):
        HandoverPolicy(hysteresis_db=-1.0)


@pytest.mark.parametrize("isd_m", [300.0, 500.0, 1000.0])
def test_geometry_of_the_hexagons_is_that_of_a_planned_network(isd_m):
    sim = simulation(1500, n_sites=(4, 4), isd_m=isd_m, speed_m_s=0.0)
    power = 10.0 ** (sim.level_dbm().astype(np.float64) / 10.0)
    best = power.max(axis=1)
    geometry_db = 10.0 * np.log10(best / (power.sum(axis=1) - best))
    low, median, high = np.percentile(geometry_db, (5, 50, 95))
    # TR 36.873 UMa with 10 elements: -1.4, 8.4, 25.4 dB; flat tilts would give a median of 2 dB
    assert -4.0 < low < -0.5
    assert 6.0 < median < 10.0
    assert 20.0 < high < 27.0
