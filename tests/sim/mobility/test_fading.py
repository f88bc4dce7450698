"""Errors of measurement: their spread, their memory, and what they do to handover."""

from __future__ import annotations

import numpy as np
import pytest

from twin.sim.mobility import HandoverPolicy, MobilitySimulation, hexagonal_layer, straight_walk
from twin.sim.mobility.fading import measurement_error_db, residual_fading_db

CARRIER_HZ = 2.14e9
ACCURACY_ONLY = HandoverPolicy(has_fading=False)


def _simulation(policy, *, n_users=400, speed_m_s=0.0, n_threads=1, **options):
    cells, size_m = hexagonal_layer(4, 4, 500.0, load=0.3)
    walk = straight_walk(n_users, speed_m_s, size_m, np.random.default_rng(1))
    return MobilitySimulation(
        cells, walk, np.random.default_rng(2), policy=policy, has_full_buffer=False,
        n_threads=n_threads, **options,
    )  # fmt: skip


def _errors_db(sim, n_reports, step_s):
    """Filtered levels of users who stand still, less the levels: reports, users, cells."""
    errors = []
    for _ in range(n_reports):
        sim.advance(step_s)
        errors.append((sim.filtered_dbm() - sim.level_dbm()).ravel())
    return np.array(errors)


@pytest.mark.parametrize("step_s", [0.2, 1.0])
def test_what_the_filter_leaves_of_the_error_has_its_spread_at_any_distance_of_reports(step_s):
    errors = _errors_db(_simulation(ACCURACY_ONLY), 30, step_s)[15:]
    # half of each sample: s sqrt(a / (2 - a)) with a = 1/2
    assert errors.std() == pytest.approx(1.216 / np.sqrt(3.0), rel=0.02)
    assert abs(errors.mean()) < 0.01
    assert np.percentile(errors, 97.5) == pytest.approx(1.96 * 1.216 / np.sqrt(3.0), rel=0.03)


def test_errors_remember_as_the_filter_does_and_differ_between_users_and_cells():
    errors = _errors_db(_simulation(ACCURACY_ONLY), 40, 0.2)[15:]
    apart = [np.corrcoef(errors[:-k].ravel(), errors[k:].ravel())[0, 1] for k in (1, 2, 3)]
    assert apart == pytest.approx([0.5, 0.25, 0.125], abs=0.02)
    last = errors[-1].reshape(400, -1)
    between_users = np.corrcoef(last)[np.triu_indices(400, 1)]
    between_cells = np.corrcoef(last.T)[np.triu_indices(last.shape[1], 1)]
    assert abs(between_users.mean()) < 0.01
    assert abs(between_cells.mean()) < 0.01
    assert between_users.std() == pytest.approx(1.0 / np.sqrt(last.shape[1]), rel=0.1)


def test_errors_disturb_what_is_decided_not_what_is_received():
    with_errors, without = (
        _simulation(policy)
        for policy in (ACCURACY_ONLY, HandoverPolicy(measurement_error_db=0.0, has_fading=False))
    )
    for sim in (with_errors, without):
        sim.run(5, 0.2)
    assert np.array_equal(with_errors.level_dbm(), without.level_dbm())
    np.testing.assert_allclose(without.filtered_dbm(), without.level_dbm(), atol=1e-3)


def test_residual_fading_has_the_spread_of_the_mean_of_rayleigh_powers():
    """Against channels drawn with Clarke's spectrum: five looks on three branches."""
    rng, speed_m_s, n_paths, n_draws = np.random.default_rng(4), 30.0 / 3.6, 64, 20_000
    doppler_hz = speed_m_s * CARRIER_HZ / 299_792_458.0
    angle = rng.uniform(0.0, 2.0 * np.pi, (n_draws, 3, n_paths, 1))
    phase = rng.uniform(0.0, 2.0 * np.pi, (n_draws, 3, n_paths, 1))
    at_s = 0.04 * np.arange(5)
    paths = np.exp(1j * (2.0 * np.pi * doppler_hz * np.cos(angle) * at_s + phase))
    power = np.abs(paths.sum(axis=2) / np.sqrt(n_paths)) ** 2
    drawn_db = 10.0 * np.log10(power.mean(axis=(1, 2)))
    found = residual_fading_db(speed_m_s, CARRIER_HZ, 0.2)[0]
    assert found == pytest.approx(drawn_db.std(), rel=0.03)


def test_who_stands_still_sees_no_fading_and_slow_users_see_most():
    speeds = np.array([0.0, 0.3, 3.0, 30.0, 120.0]) / 3.6
    spread = residual_fading_db(speeds, CARRIER_HZ, 0.2)
    assert spread[0] == 0.0
    assert spread[2] == spread.max() == pytest.approx(1.3, abs=0.1)
    assert spread[3] == pytest.approx(spread[4], rel=0.02)  # all looks are independent by then
    total = measurement_error_db(HandoverPolicy(), speeds, CARRIER_HZ)
    assert total[0] == pytest.approx(1.216 / np.sqrt(3.0))
    assert total == pytest.approx(np.sqrt(1.216**2 + spread**2) / np.sqrt(3.0))


def test_errors_bring_needless_handovers_and_hysteresis_keeps_them_away():
    def count(**policy):
        sim = _simulation(HandoverPolicy(**policy), speed_m_s=8.0)
        sim.run(300, 0.2)
        return sim.counts()

    quick = {"hysteresis_db": 1.0, "time_to_trigger_s": 0.04}
    exact = count(measurement_error_db=0.0, has_fading=False, **quick)
    wrong, careful = count(**quick), count(hysteresis_db=6.0)
    assert wrong.handovers > 1.2 * exact.handovers
    assert wrong.ping_pong_share > exact.ping_pong_share + 0.1
    assert wrong.soon_return_share > wrong.ping_pong_share
    assert careful.ping_pong_share < 0.005


def test_errors_do_not_depend_on_threads():
    one, two = (_simulation(HandoverPolicy(), speed_m_s=8.0, n_threads=n) for n in (1, 2))
    for sim in (one, two):
        sim.run(50, 0.2)
    assert one.counts() == two.counts()
    assert np.array_equal(one.filtered_dbm(), two.filtered_dbm())


@pytest.mark.parametrize("wrong", [-0.1, 10.0, float("nan")])
def test_an_error_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match="measurement_error_db"):
        HandoverPolicy(measurement_error_db=wrong)
