"""The fixed point of load against a case solved by hand, and its bounds."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "oracles"))

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from radio_cells import X0, Y0, make_cell

from twin.radio.engine import RadioNetwork, solve_load
from twin.radio.link.noise import noise_dbm
from twin.radio.link.throughput import throughput_bps


def two_cells(east_m=470.0):
    cells = [
        make_cell("west", site="w", x_m=X0, azimuth_deg=90.0, load=0.0),
        make_cell("east", site="e", x_m=X0 + 800.0, azimuth_deg=270.0, load=0.0),
    ]
    made = RadioNetwork(cells)
    made.add_users([0, 1], [X0 + 330.0, X0 + east_m], [Y0, Y0], operator="A")
    return made


def rate_of(made, user, load):
    """Rate of a user whose only interferer has a load, written out. [bit/s]."""
    level = 10 ** (made.levels_dbm().astype(float)[user] / 10)
    noise = 10 ** (noise_dbm(30e3) / 10)
    sinr = 10 * np.log10(level[user] / (noise + load * level[1 - user]))
    rate = throughput_bps([sinr], technology="nr", bandwidth_hz=90e6, scs_hz=30e3, mimo_layers=4)
    return float(rate[0])


def bisect(is_above, low=0.0, high=1.0):
    for _ in range(60):
        mid = 0.5 * (low + high)
        low, high = (low, mid) if is_above(mid) else (mid, high)
    return 0.5 * (low + high)


@pytest.mark.parametrize(
    ("demand", "east_m"), [((60e6, 60e6), 470.0), ((30e6, 200e6), 470.0), ((60e6, 150e6), 470.0)]
)
def test_two_cells_meet_the_load_solved_by_hand(demand, east_m):
    made = two_cells(east_m)
    # load_w = D_w / R_w(load_e), load_e = D_e / R_e(load_w): one equation in load_w

    def through(west):
        east = demand[1] / rate_of(made, 1, west)
        return demand[0] / rate_of(made, 0, east)

    west = bisect(lambda load: load > through(load))
    assert through(west) == pytest.approx(west, abs=1e-9)  # not in a step of the MCS
    east = demand[1] / rate_of(made, 1, west)
    assert 0.05 < west < 0.95
    assert 0.02 < east < 0.95
    got = solve_load(made, demand, tolerance=1e-6)
    assert got.converged
    assert not got.overloaded
    assert got.load["west"] == pytest.approx(west, abs=1e-3)
    assert got.load["east"] == pytest.approx(east, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(low=st.tuples(*[st.floats(0.0, 1e8)] * 2), more=st.tuples(*[st.floats(0.0, 1e8)] * 2))
def test_more_demand_never_means_less_load(low, more):
    high = tuple(a + b for a, b in zip(low, more, strict=True))
    small, great = (solve_load(two_cells(), demand, tolerance=1e-6) for demand in (low, high))
    if small.converged and great.converged:
        for name in ("west", "east"):
            assert great.load[name] >= small.load[name] - 1e-4


def test_a_cell_with_too_much_demand_is_named_overloaded():
    got = solve_load(two_cells(), [9e9, 0.0])
    assert got.converged
    assert got.overloaded == ("west",)
    assert got.load["west"] > 1


def test_too_few_steps_are_not_called_converged():
    got = solve_load(two_cells(), [6e7, 6e7], most=1)
    assert not got.converged
    assert got.change > 1e-4


def test_users_who_hop_between_two_layers_are_not_called_converged():
    cells = [
        make_cell(f"{site}/{band}", site=site, x_m=X0 + x, azimuth_deg=azimuth, load=0.0,
                  band=band, carrier_hz=carrier_hz)
        for site, x, azimuth in (("w", 0.0, 90.0), ("e", 800.0, 270.0))
        for band, carrier_hz in (("n78", 3.6e9), ("n77", 3.8e9))
    ]  # fmt: skip
    made = RadioNetwork(cells)
    made.add_users([0, 1], [X0 + 330.0, X0 + 470.0], [Y0, Y0], operator="A")
    got = solve_load(made, [60e6, 60e6])
    # both flee the layer where they disturb each other, to the other, and back
    assert not got.converged
    assert got.iterations == 200
    assert got.change > 1e-2


@pytest.mark.parametrize("demand", [[1.0], [np.nan, 1.0], [-1.0, 1.0], "ab"])
def test_bad_demand_is_refused(demand):
    with pytest.raises(ValueError, match="demand_bps"):
        solve_load(two_cells(), demand)
