"""One cell against the laws of queueing theory, within the confidence of the run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.sim.saved import stored
from twin.sim.flows import FlowCell, PoissonSource, Sizes
from twin.sim.kernel import Kernel

RATE_BPS = 10e6
MEAN_BIT = 4e6
"""Half a megabyte: the file of FTP model 1."""


def run(load, sizes, *, n_flows=16_000, seed=1):
    kernel = Kernel()
    cell = FlowCell(kernel, "cell")
    per_s = load * RATE_BPS / MEAN_BIT
    until_s = n_flows / per_s
    PoissonSource(cell, per_s=per_s, sizes=sizes, rate_bps=RATE_BPS,
                  rng=np.random.default_rng(seed), until_s=until_s).start()  # fmt: skip
    kernel.advance(until_s)
    cell.check_invariants()
    return cell, until_s


def batch_means(values, n_batches=20):
    """Mean and half width of its 99.9 % interval; batches are long against the correlation."""
    batches = np.array_split(np.asarray(values), n_batches)
    means = np.array([batch.mean() for batch in batches])
    return means.mean(), 3.88 * means.std(ddof=1) / math.sqrt(n_batches)  # t(19), 0.9995


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8, 0.9])
def test_mm1_number_delay_and_distribution(load):
    n_flows = 16_000 if load < 0.9 else 80_000  # a busy cell forgets slowly
    cell, until_s = run(load, Sizes(law="exponential", mean_bit=MEAN_BIT), n_flows=n_flows)
    mean_s, half_s = batch_means(cell.delay_s)
    assert mean_s == pytest.approx(MEAN_BIT / RATE_BPS / (1.0 - load), abs=half_s)
    assert half_s < 0.4 * mean_s
    assert cell.busy_s / until_s == pytest.approx(load, rel=0.05)
    # Little: time mean of the number = arrivals a second x mean delay
    assert cell.flow_s / until_s == pytest.approx(
        cell.n_served / until_s * np.mean(cell.delay_s), rel=0.02
    )


@pytest.mark.parametrize(
    "sizes",
    [
        Sizes(law="fixed", mean_bit=MEAN_BIT),
        Sizes(law="lognormal", mean_bit=MEAN_BIT, shape=1.0),
        Sizes(law="pareto", mean_bit=MEAN_BIT, shape=2.5),
    ],
    ids=lambda sizes: sizes.law,
)
def test_mg1_with_shared_service_has_the_delay_of_mm1_whatever_the_sizes(sizes):
    load = 0.6
    cell, _ = run(load, sizes)
    wanted = 1.0 / (1.0 - load)
    # E[T | x] = x / (1 - load): the delay over the delay alone is the same for all sizes
    stretch = np.asarray(cell.delay_s) / np.asarray(cell.ideal_s)
    mean, half = batch_means(stretch)
    assert mean == pytest.approx(wanted, abs=half)
    mean_s, half_s = batch_means(cell.delay_s)
    assert mean_s == pytest.approx(MEAN_BIT / RATE_BPS * wanted, abs=half_s)


def test_number_in_the_cell_is_geometric():
    load = 0.6
    kernel = Kernel()
    cell = FlowCell(kernel, "cell")
    per_s = load * RATE_BPS / MEAN_BIT
    PoissonSource(cell, per_s=per_s, sizes=Sizes(law="pareto", mean_bit=MEAN_BIT, shape=2.5),
                  rate_bps=RATE_BPS, rng=np.random.default_rng(3)).start()  # fmt: skip
    seen = []
    for k in range(8000):
        kernel.advance(5.0 + k)
        seen.append(cell.n_flows)
    share = np.bincount(seen, minlength=4)[:4] / len(seen)
    np.testing.assert_allclose(share, (1.0 - load) * load ** np.arange(4), atol=0.03)


def test_a_saved_cell_has_the_same_future():
    kernel = Kernel()
    cell = FlowCell(kernel, "cell", most_flows=6)
    PoissonSource(cell, per_s=3.0, sizes=Sizes(law="exponential", mean_bit=MEAN_BIT),
                  rate_bps=RATE_BPS, rng=np.random.default_rng(4)).start()  # fmt: skip
    kernel.advance(50.0)
    other_kernel, other = stored((kernel, cell))
    kernel.advance(200.0)
    other_kernel.advance(200.0)
    assert cell.delay_s == other.delay_s
    assert cell.n_dropped == other.n_dropped > 0


def test_laws_and_transfers_that_make_no_sense_are_refused():
    cell = FlowCell(Kernel(), "cell-7")
    with pytest.raises(ValueError, match="cell-7"):
        cell.arrive(-1.0, 1e6)
    with pytest.raises(ValueError, match="finite mean"):
        Sizes(law="pareto", mean_bit=1e6, shape=1.0)
    with pytest.raises(ValueError, match="mean_bit"):
        Sizes(law="fixed", mean_bit=0.0)
    with pytest.raises(ValueError, match="unknown"):
        Sizes(law="uniform", mean_bit=1.0)
    with pytest.raises(ValueError, match="per_s"):
        PoissonSource(cell, per_s=0.0, sizes=Sizes(law="fixed", mean_bit=1.0), rate_bps=1.0,
                      rng=np.random.default_rng(0))  # fmt: skip
