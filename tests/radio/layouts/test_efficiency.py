"""Spectral efficiency from geometry: what rises, what is capped, and where IMT-Advanced stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.radio.antenna.element import PanelArray
from twin.radio.layouts import CASES, cell_efficiency, run_case

SINR_DB = np.random.default_rng(1).normal(8.0, 8.0, 4000)


def test_more_layers_and_beams_help_and_more_users_take_their_share():
    plain = cell_efficiency(SINR_DB, n_layers=2)
    assert cell_efficiency(SINR_DB, n_layers=4).mean_bps_hz > plain.mean_bps_hz
    beams = cell_efficiency(SINR_DB, n_layers=2, array_gain_db=6.0)
    assert beams.user_p5_bps_hz > plain.user_p5_bps_hz
    crowded = cell_efficiency(SINR_DB, n_layers=2, users_per_cell=20)
    assert crowded.user_p5_bps_hz == pytest.approx(plain.user_p5_bps_hz / 2.0)
    assert crowded.mean_bps_hz == plain.mean_bps_hz
    assert plain.mean_bps_hz < 2 * 0.86 * 7.41  # two layers of 256-QAM less the overhead
    with pytest.raises(ValueError, match="users_per_cell"):
        cell_efficiency(SINR_DB, n_layers=2, users_per_cell=0)


def test_lte_of_an_urban_macro_cell_is_near_what_imt_advanced_found():
    case = replace(CASES["RP-180524 UMa mMTC 500 m"], freq_hz=2.3e9,
                   panel=PanelArray(n_rows=10, spacing_v=0.5, tilt_deg=12.0))  # fmt: skip
    curves = run_case(case, np.random.default_rng(7), n_terminals=1000)
    two = cell_efficiency(curves.geometry_db, n_layers=2, technology="lte").mean_bps_hz
    # about 1.7 bit/s/Hz by companies; ours has orthogonal layers and no lost blocks
    assert 1.5 < two < 2.3
