"""The kernel of moving users: instruction sets agree, wrong tables are refused."""

from __future__ import annotations

import numpy as np
import pytest

from cext import _isa, _mobility
from twin.sim.mobility import MobilitySimulation, hexagonal_layer, straight_walk


def simulation():
    cells, size_m = hexagonal_layer(3, 2, 500.0)
    walk = straight_walk(200, 8.0, size_m, np.random.default_rng(1))
    return MobilitySimulation(cells, walk, np.random.default_rng(2))


@pytest.mark.parametrize("isa", _isa.isas())
def test_every_instruction_set_gives_the_same_levels_and_events(monkeypatch, isa):
    monkeypatch.setenv("STELLWERK_ISA", isa)
    sim = simulation()
    sim.run(20)
    monkeypatch.setenv("STELLWERK_ISA", "baseline")
    plain = simulation()
    plain.run(20)
    np.testing.assert_allclose(sim.level_dbm(), plain.level_dbm(), atol=2e-3)
    assert abs(sim.counts().handovers - plain.counts().handovers) <= 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"y_m": np.zeros(3, np.float32)}, "y_m: has 3 rows"),
        ({"x_m": np.full(200, np.nan, np.float32)}, "x_m: entry 0"),
        ({"x_m": np.full(200, 1e12, np.float32)}, "beyond the field"),
        ({"load": np.ones(2, np.float32)}, "load: has 2 rows"),
        ({"squares": np.zeros((3, 3), np.uint32)}, "power of 2"),
        ({"shift": np.zeros((2, 2), np.float32)}, "shift"),
        ({"serving": np.full(200, 99, np.int32)}, "serving: row 0 is 99"),
        ({"rules": (-1.0, *[1.0] * 9)}, "below 0 dB"),
        ({"step_s": -1.0}, "step_s"),
        ({"smoothing": (2.0, 0.0)}, "smoothing"),
        ({"error": (np.zeros(3, np.float32), 1)}, "error: has 3 rows"),
        ({"error": (np.full(256, np.inf, np.float32), 1)}, "error: entry 0"),
        ({"first": np.array([0, 3], np.int32)}, "first: has 2 rows"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    sim = simulation()
    tables, field = sim._tables, sim.field
    given = {
        "x_m": np.zeros(200, np.float32), "y_m": np.zeros(200, np.float32), "load": sim._load,
        "squares": field.squares, "shift": field.shift, "serving": sim._serving,
        "rules": sim.policy.rules(), "step_s": 1.0, "smoothing": (0.0, 0.0),
        "first": tables.first, "error": None,
    } | change  # fmt: skip
    with pytest.raises(ValueError, match=words):
        _mobility.report(
            (given["x_m"], given["y_m"]),
            (tables.sites, tables.sectors, given["first"], given["load"], sim._old_load,
             float(tables.noise_mw[0]), 0.0, 0.0),
            (given["squares"], given["shift"], 0.1, 0.1, 0.0, 0.0),
            (*sim._now, *sim._ahead),
            (sim._near, given["serving"], sim._target, sim._before, sim._phase, sim._until,
             sim._out_since, sim._joined, sim._since, sim._counts, sim._outage_s, sim._sinr_db),
            start_s=0.0, step_s=given["step_s"], rules=given["rules"],
            smoothing=given["smoothing"], error=given["error"],
        )  # fmt: skip
