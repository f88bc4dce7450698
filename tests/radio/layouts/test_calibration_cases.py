"""Gates: coupling gain within 2 dB and geometry within 1 dB of what 3GPP companies agreed on."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from twin.radio.layouts import CASES, run_case

SEED = 7
BARE = [name for name, case in CASES.items() if not case.has_rays]
REPORTED_ONLY = [name for name in BARE if name.startswith("38.901 UMa")]
"""Path loss of UMa changed between the edition companies used and the one built in."""


@cache
def curves_of(name):
    return run_case(name, np.random.default_rng(SEED), n_terminals=12_000)


@pytest.mark.parametrize("name", BARE)
def test_geometry_is_within_1_db_of_the_companies(name):
    curves = curves_of(name)
    assert np.abs(curves.geometry_error_db()).max() < 1.0, curves.geometry_error_db()


@pytest.mark.parametrize("name", [name for name in BARE if name not in REPORTED_ONLY])
def test_coupling_gain_is_within_2_db_of_the_companies(name):
    curves = curves_of(name)
    assert np.abs(curves.coupling_error_db()).max() < 2.0, curves.coupling_error_db()


@pytest.mark.parametrize("name", [name for name in CASES if name not in BARE])
def test_rays_bring_the_cases_of_rp_180524_into_the_envelope_of_companies(name):
    curves = run_case(name, np.random.default_rng(SEED), n_terminals=1500)
    coupling, geometry = curves.inside_envelope()
    # wide spacing: rays drawn from spreads instead of clusters couple 1 to 2 dB too much indoors
    assert coupling >= (5 if "1732" in name else 6)
    assert geometry >= 6


def test_same_seed_gives_the_same_curves():
    runs = [run_case("38.901 UMi 6 GHz", np.random.default_rng(1), n_terminals=700) for _ in "ab"]
    assert np.array_equal(runs[0].coupling_db, runs[1].coupling_db)
    assert len(runs[0].geometry_db) == 700


def test_what_is_unknown_is_refused():
    with pytest.raises(ValueError, match="choose of 36"):
        run_case("UMx", np.random.default_rng(0))
    with pytest.raises(ValueError, match="n_terminals"):
        run_case("38.901 UMi 6 GHz", np.random.default_rng(0), n_terminals=0)
    curves = run_case("38.901 UMi 6 GHz", np.random.default_rng(0), n_terminals=3)
    with pytest.raises(ValueError, match="no envelope"):
        curves.inside_envelope()
