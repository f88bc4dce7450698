"""Coupling gain and geometry of a calibration case: drops, curves, and how far they are off."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.radio.antenna.element import array_gain_dbi
from twin.radio.layouts.cases import CASES, CalibrationCase
from twin.radio.layouts.losses import Terminals, draw_losses_db, draw_terminals
from twin.radio.layouts.rays import draw_spread, spread_gain
from twin.radio.layouts.sites import (
    hall_sites_m,
    hexagon_points_m,
    hexagon_sites_m,
    wrapped_offsets_m,
)

__all__ = ["PERCENTILES", "CalibrationCurves", "run_case"]

Array = NDArray[np.float64]

PERCENTILES = (5.0, 50.0, 95.0)
_ENVELOPE_PERCENTILES = (5.0, 10.0, 20.0, 50.0, 80.0, 90.0, 95.0)
_BEARINGS_DEG = (30.0, 150.0, 270.0)
_HALL_M = (120.0, 50.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationCurves:
    """Samples of one case, one per terminal.

    Parameters
    ----------
    case : CalibrationCase
        The set-up and its reference.
    coupling_db : ndarray of shape (n,)
        Greatest gain to any sector, antennas included: negative. [dB]
    geometry_db : ndarray of shape (n,)
        Power of that sector over the sum of all others and the case's noise, if it has one. [dB]
    """

    case: CalibrationCase
    coupling_db: Array = field(metadata={"unit": "dB"})
    geometry_db: Array = field(metadata={"unit": "dB"})

    def coupling_error_db(self) -> tuple[float, ...]:
        """Differences to the companies at 5, 50 and 95 % of the coupling gain. [dB]."""
        found = np.percentile(self.coupling_db, PERCENTILES)
        return tuple((found - self.case.coupling_db).tolist())

    def geometry_error_db(self) -> tuple[float, ...]:
        """Differences to the companies at 5, 50 and 95 % of the geometry. [dB]."""
        found = np.percentile(self.geometry_db, PERCENTILES)
        return tuple((found - self.case.geometry_db).tolist())

    def inside_envelope(self) -> tuple[int, int]:
        """Count percentiles, of seven, where coupling and geometry are within what companies found.

        Returns
        -------
        tuple of int
            Of the coupling gain, of the geometry.

        Raises
        ------
        ValueError
            The case has no envelope.
        """
        if not self.case.envelope:
            raise ValueError("the case has no envelope of companies")
        low_c, high_c, low_g, high_g = (np.array(row) for row in self.case.envelope)
        coupling = np.percentile(self.coupling_db, _ENVELOPE_PERCENTILES)
        geometry = np.percentile(self.geometry_db, _ENVELOPE_PERCENTILES)
        return (
            int(((coupling >= low_c) & (coupling <= high_c)).sum()),
            int(((geometry >= low_g) & (geometry <= high_g)).sum()),
        )


def run_case(
    case: str | CalibrationCase, rng: np.random.Generator, *, n_terminals: int = 20_000
) -> CalibrationCurves:
    """Drop terminals into the layout of a case.

    Parameters
    ----------
    case : str or CalibrationCase
        Name in `CASES`, or a set-up of one's own.
    rng : numpy.random.Generator
        Source of randomness.
    n_terminals : int
        Terminals; the median coupling of 20,000 scatters by 0.2 dB, of 2,000 by 0.6 dB.

    Returns
    -------
    CalibrationCurves
        Coupling gain and geometry of each terminal.

    Raises
    ------
    ValueError
        Unknown case, no terminal.

    Notes
    -----
    Terminals nearer to their site than the case allows are drawn again. Sectors of a site share
    path loss and shadowing; a terminal belongs to the sector it hears best. Line of sight is drawn
    for the distance outside of the building, as the documents say; drawn for the whole distance,
    the coupling of UMi would be about 1 dB less and nearer to the companies' median.

    References
    ----------
    .. [1] 3GPP TR 36.873 V12.5.0 (2017), 8.2; TR 38.901 V14.1.0 (2017), 7.8.1.
    """
    if isinstance(case, str):
        if case not in CASES:
            raise ValueError(f"case: {case!r} is unknown; choose of {', '.join(CASES)}")
        case = CASES[case]
    if n_terminals < 1:
        raise ValueError(f"n_terminals: is {n_terminals}, must be 1 or more")
    parts = [
        _drop(case, min(500, n_terminals - start), rng) for start in range(0, n_terminals, 500)
    ]
    gain = np.concatenate(parts)
    best = gain.argmax(axis=1)
    rows = np.arange(len(gain))
    serving = gain[rows, best]
    gain[rows, best] = 0.0
    return CalibrationCurves(
        case=case,
        coupling_db=10.0 * np.log10(serving),
        geometry_db=10.0 * np.log10(serving / (gain.sum(axis=1) + 10.0 ** (case.noise_db / 10.0))),
    )


def _drop(case: CalibrationCase, n: int, rng: np.random.Generator) -> Array:
    """Linear gain of every sector at n terminals, shape (n, 3 n_sites)."""
    offsets = _offsets_m(case, n, rng)
    distance_m = np.hypot(offsets[..., 0], offsets[..., 1])
    terminals = draw_terminals(case, n, rng)
    loss_db, is_los = draw_losses_db(case, distance_m, terminals, rng)
    phi_deg = np.degrees(np.arctan2(offsets[..., 1], offsets[..., 0]))
    theta_deg = np.degrees(np.arctan2(distance_m, terminals.h_m[:, None] - case.h_bs_m))
    sectors = _sector_gains(case, (theta_deg, phi_deg), distance_m, terminals, is_los, rng)
    return np.asarray(np.concatenate([10.0 ** (-loss_db / 10.0) * gain for gain in sectors], 1))


def _sector_gains(
    case: CalibrationCase,
    direction: tuple[Array, Array],
    distance_m: Array,
    terminals: Terminals,
    is_los: NDArray[np.bool_],
    rng: np.random.Generator,
) -> list[Array]:
    theta_deg, phi_deg = direction
    if not case.has_rays:
        gains = [
            array_gain_dbi(case.panel, theta_deg, phi_deg, bearing_deg=b) for b in _BEARINGS_DEG
        ]
        return [np.asarray(10.0 ** (gain / 10.0)) for gain in gains]
    rays = draw_spread(
        case.freq_hz, distance_m, terminals.h_m[:, None], is_los, terminals.is_indoor[:, None], rng
    )
    return [spread_gain(case.panel, theta_deg, phi_deg, b, rays) for b in _BEARINGS_DEG]


def _offsets_m(case: CalibrationCase, n: int, rng: np.random.Generator) -> Array:
    """Offsets from every site to n terminals that are far enough from the nearest."""
    if case.scenario == "InH":
        places = (rng.random((n, 2)) - 0.5) * _HALL_M
        return np.asarray(places[:, None, :] - hall_sites_m()[None, :, :])
    sites = hexagon_sites_m(case.isd_m)
    kept: list[Array] = []
    while sum(map(len, kept)) < n:
        points = hexagon_points_m(n, case.isd_m, rng)
        offsets = wrapped_offsets_m(sites, points, case.isd_m)
        nearest_m = np.hypot(offsets[..., 0], offsets[..., 1]).min(axis=1)
        kept.append(offsets[nearest_m >= case.least_distance_m])
    return np.concatenate(kept)[:n]
