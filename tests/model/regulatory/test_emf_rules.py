"""The sum rule of the 26. BImSchV and the site certificate."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.model.regulatory import (
    emf_findings,
    emf_limit_a_per_m,
    emf_limit_v_per_m,
    emf_sum,
    site_eirp_w,
    site_findings,
)

FREQ = st.floats(10e6, 300e9)
FIELD = st.floats(0.0, 200.0)


def test_a_field_at_its_limit_uses_all_of_it() -> None:
    for freq_hz in (100e6, 900e6, 3.6e9):
        limits = [emf_limit_v_per_m(freq_hz)], [emf_limit_a_per_m(freq_hz)]
        assert emf_sum([freq_hz], *limits) == pytest.approx((1.0, 1.0))


def test_squares_of_shares_are_added() -> None:
    """Half of each of two limits is half the sum: (1/2)^2 + (1/2)^2."""
    electric, _ = emf_sum([900e6, 3.6e9], [41.25 / 2, 61.0 / 2])
    assert electric == pytest.approx(0.5)


def test_a_plane_wave_uses_a_little_less_of_the_magnetic_limit_at_900_mhz() -> None:
    """Limits: 41.25 V/m over 0.111 A/m is 371.6 ohm, less than the 377 ohm of free space."""
    electric, magnetic = emf_sum([900e6], [41.25])
    assert (electric, magnetic) == pytest.approx((1.0, (371.62 / 376.99) ** 2), abs=1e-4)


@given(st.lists(st.tuples(FREQ, FIELD), max_size=6), FREQ, FIELD)
def test_a_further_field_never_frees_any_of_the_limit(fields, freq_hz, e) -> None:
    freqs, strengths = [f for f, _ in fields], [v for _, v in fields]
    before = emf_sum(freqs, strengths)
    after = emf_sum([*freqs, freq_hz], [*strengths, e])
    assert all(b <= a for b, a in zip(before, after, strict=True))


def test_no_field_uses_nothing() -> None:
    assert emf_sum([], []) == (0.0, 0.0)
    assert emf_findings([], []) == ()


@pytest.mark.parametrize(
    ("e", "expected"),
    [
        (20.0, []),
        (
            30.0,
            [
                "emf: fields use 73 % of the permitted field strength, more than half of it; let a "
                "person look (26. BImSchV (2013), paragraph 2 and Annexes 1b, 2b)"
            ],
        ),
        (
            50.0,
            [
                "emf: fields use 121 % of the permitted field strength, above the limit "
                "(26. BImSchV (2013), paragraph 2 and Annexes 1b, 2b)"
            ],
        ),
    ],
)
def test_finding_says_how_much_of_the_limit_is_used(e: float, expected: list[str]) -> None:
    findings = emf_findings([900e6], [e])
    assert [str(finding) for finding in findings] == expected
    assert [f.severity for f in findings] == (
        ["error" if e > 41.25 else "warning"] if e > 21 else []
    )


def test_the_magnetic_field_alone_can_break_the_limit() -> None:
    (finding,) = emf_findings([900e6], [0.0], [0.12])
    assert finding.severity == "error"


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (([900e6], [1.0, 2.0]), "have 1, 2 and 2"),
        (([900e6], [1.0], []), "have 1, 1 and 0"),
        (([900e6, 1e9], [1.0, math.nan]), r"e_v_per_m\[1\]: is nan"),
        (([900e6], [-1.0]), r"e_v_per_m\[0\]: is -1"),
        (([900e6], [math.inf]), r"e_v_per_m\[0\]: is inf"),
        (([900e6], [1.0], [-0.1]), r"h_a_per_m\[0\]"),
    ],
)
def test_fields_that_are_none_are_refused(args, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        emf_sum(*args)


def test_a_frequency_outside_the_ordinance_is_refused() -> None:
    with pytest.raises(ModelRangeError, match="Annex 1b"):
        emf_sum([1e6], [1.0])


def test_powers_of_a_site_are_added_in_watts() -> None:
    assert site_eirp_w([40.0, 30.0, -math.inf]) == pytest.approx(11.0)
    assert site_eirp_w([]) == 0.0
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match=r"eirp_dbm\[1\]"):
            site_eirp_w([10.0, bad])


def test_ten_watt_together_need_a_certificate() -> None:
    assert site_findings([40.0], has_certificate=True) == ()
    assert site_findings([30.0] * 9, has_certificate=False) == ()  # nine access points
    for eirp_dbm in ([40.0], [30.0] * 10, [37.0, 37.0]):
        (finding,) = site_findings(eirp_dbm, has_certificate=False)
        assert (finding.rule, finding.severity) == ("site-certificate", "error")
    (finding,) = site_findings([60.0], has_certificate=False)
    assert str(finding) == (
        "site-certificate: site radiates 1000.0 W EIRP; from 10 W on it needs a site certificate "
        "(BEMFV, paragraph 4; 26. BImSchV (2013), paragraph 2)"
    )
