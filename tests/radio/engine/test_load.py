"""The fixed point of load against a case solved by hand, and its bounds."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "oracles"))

import numpy as np
import pytest
from radio_cells import X0, Y0, make_cell

from twin.radio.engine import RadioNetwork, solve_load
from twin.radio.link.throughput import throughput_bps


def two_cells():
    cells = [
        make_cell("west", site="w", x_m=X0, azimuth_deg=90.0, load=0.0),
        make_cell("east", site="e", x_m=X0 + 800.0, azimuth_deg=270.0, load=0.0),
    ]
    made = RadioNetwork(cells)
    made.add_users([0, 1], [X0 + 330.0, X0 + 470.0], [Y0, Y0], operator="A")
    return made


def test_two_cells_meet_the_load_solved_by_bisection():
    demand = 60e6
    made = two_cells()
    got = solve_load(made, [demand, demand], tolerance=1e-6)
    idle = made_levels(two_cells())
    signal, other, noise = idle

    def excess(load):
        sinr = np.float32([10 * np.log10(signal / (noise + load * other))])
        rate = throughput_bps(sinr, technology="nr", bandwidth_hz=90e6, scs_hz=30e3, mimo_layers=4)
        return demand / float(rate[0]) - load

    assert got.converged
    for load in got.load.values():
        assert abs(excess(load)) < 0.01
    assert abs(got.load["west"] - got.load["east"]) < 0.01
    assert not got.overloaded


def made_levels(made):
    """Power of the own and the other cell at user 0 and the noise. [mW]."""
    level = 10 ** (made.query()["nr/n78"].rsrp_dbm.astype(float)[0] / 10)
    sinr = 10 ** (made.query()["nr/n78"].sinr_db.astype(float)[0] / 10)
    made.edit_cell("west", is_on=False)
    other = 10 ** (made.query()["nr/n78"].rsrp_dbm.astype(float)[0] / 10)
    return level, other, level / sinr


def test_more_demand_never_means_less_load():
    was = 0.0
    for demand in (1e6, 5e6, 20e6, 60e6, 120e6):
        got = solve_load(two_cells(), [demand, demand])
        assert got.load["west"] >= was - 1e-4
        was = got.load["west"]


def test_overload_is_named_and_impossible_tolerance_is_not_called_converged():
    got = solve_load(two_cells(), [9e9, 0.0])
    assert got.overloaded == ("west",)
    assert not solve_load(two_cells(), [6e7, 6e7], most=1).converged


@pytest.mark.parametrize("demand", [[1.0], [np.nan, 1.0], [-1.0, 1.0], "ab"])
def test_bad_demand_is_refused(demand):
    with pytest.raises(ValueError, match="demand_bps"):
        solve_load(two_cells(), demand)
