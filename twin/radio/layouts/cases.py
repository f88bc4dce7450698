"""The calibration cases of 3GPP: what is set up, and the percentiles companies agreed on.

Set-ups follow the tables named; the percentiles are medians over companies as the tutorials of
QuaDRiGa and the attachments of RP-180524 list them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from twin.radio.antenna.element import PanelArray

__all__ = ["CASES", "CalibrationCase", "Percentiles"]

Percentiles = tuple[float, float, float]
Entry = Literal["legacy", "even", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationCase:
    """One set-up and what companies found.

    Parameters
    ----------
    scenario : str
        ``UMa``, ``UMi`` or ``InH``.
    edition : str
        Document of the path loss: ``36.873`` or ``38.901``.
    freq_hz : float
        Carrier frequency. [Hz]
    isd_m, h_bs_m, least_distance_m : float
        Distance between sites, height of the antennas, nearest terminal. [m]
    panel : PanelArray
        Antenna of a sector with its electrical tilt.
    entry : str
        Loss into buildings: ``legacy`` (20 dB and half a dB per metre), ``even`` (half of the
        buildings of low loss, half of high) or ``none``.
    indoor_share : float
        Share of terminals inside buildings.
    has_floors : bool
        Terminals indoors are on floors of buildings of 4 to 8; else all are at `h_ut_m`.
    h_ut_m : float
        Height of terminals outdoors. [m]
    has_rays : bool
        Coupling sums rays with their angular spread and polarisation; else the antenna's gain
        towards the line of sight counts.
    noise_db : float
        Noise over the power of a sector, which geometry then includes. [dB]
    coupling_db, geometry_db : tuple of float
        Fifth, fiftieth and ninety-fifth percentile of the companies' median. [dB]
    envelope : tuple, optional
        Least and greatest coupling and geometry of companies at 5, 10, 20, 50, 80, 90 and 95 %:
        coupling least, coupling greatest, geometry least, geometry greatest. [dB]
    """

    scenario: str
    edition: str
    freq_hz: float = field(metadata={"unit": "Hz"})
    isd_m: float = field(metadata={"unit": "m"})
    h_bs_m: float = field(metadata={"unit": "m"})
    least_distance_m: float = field(metadata={"unit": "m"})
    panel: PanelArray
    entry: Entry
    coupling_db: Percentiles = field(metadata={"unit": "dB"})
    geometry_db: Percentiles = field(metadata={"unit": "dB"})
    indoor_share: float = 0.8
    has_floors: bool = True
    h_ut_m: float = field(default=1.5, metadata={"unit": "m"})
    has_rays: bool = False
    noise_db: float = field(default=-math.inf, metadata={"unit": "dB"})
    envelope: tuple[tuple[float, ...], ...] = ()


_TALL = PanelArray(n_rows=10, spacing_v=0.5, tilt_deg=12.0)
_ONE = PanelArray(n_rows=1)


def _phase_1(
    scenario: str, panel: PanelArray, coupling_db: Percentiles, geometry_db: Percentiles
) -> CalibrationCase:
    """TR 36.873 V12.5.0, Table 8.2-1."""
    is_micro = scenario == "UMi"
    return CalibrationCase(
        scenario=scenario,
        edition="36.873",
        freq_hz=2e9,
        isd_m=200.0 if is_micro else 500.0,
        h_bs_m=10.0 if is_micro else 25.0,
        least_distance_m=10.0 if is_micro else 35.0,
        panel=panel,
        entry="legacy",
        coupling_db=coupling_db,
        geometry_db=geometry_db,
    )


def _large_scale(
    scenario: str, freq_ghz: float, coupling_db: Percentiles, geometry_db: Percentiles
) -> CalibrationCase:
    """TR 38.901 V14.1.0, Table 7.8-1."""
    isd_m, h_bs_m, least_m = {
        "UMi": (200.0, 10.0, 10.0), "UMa": (500.0, 25.0, 35.0), "InH": (20.0, 3.0, 0.0)
    }[scenario]  # fmt: skip
    is_hall = scenario == "InH"
    return CalibrationCase(
        scenario=scenario,
        edition="38.901",
        freq_hz=freq_ghz * 1e9,
        isd_m=isd_m,
        h_bs_m=h_bs_m,
        least_distance_m=least_m,
        panel=PanelArray(n_rows=10, spacing_v=0.5, tilt_deg=20.0) if is_hall else _TALL,
        entry="none" if is_hall else "even",
        indoor_share=0.0 if is_hall else 0.8,
        h_ut_m=1.0 if is_hall else 1.5,
        coupling_db=coupling_db,
        geometry_db=geometry_db,
    )


def _self_evaluation(
    isd_m: float,
    tilt_deg: float,
    *,
    indoor_share: float,
    coupling_db: Percentiles,
    geometry_db: Percentiles,
    envelope: tuple[tuple[float, ...], ...],
) -> CalibrationCase:
    """RP-180524 Tables 4 and 5, channel model A: 46 dBm on 10 MHz, noise figure 7 dB."""
    return CalibrationCase(
        scenario="UMa",
        edition="38.901",
        freq_hz=0.7e9,
        isd_m=isd_m,
        h_bs_m=25.0,
        least_distance_m=10.0,
        panel=PanelArray(n_rows=8, spacing_v=0.8, tilt_deg=tilt_deg),
        entry="legacy",
        indoor_share=indoor_share,
        has_floors=False,
        has_rays=True,
        noise_db=-174.0 + 70.0 + 7.0 - 46.0,
        coupling_db=coupling_db,
        geometry_db=geometry_db,
        envelope=envelope,
    )


CASES: dict[str, CalibrationCase] = {
    "36.873 UMi 1 element": _phase_1("UMi", _ONE, (-120.2, -98.2, -69.3), (-2.2, 6.4, 23.4)),
    "36.873 UMi 10 elements": _phase_1("UMi", _TALL, (-128.8, -103.0, -63.9), (-1.7, 8.1, 25.6)),
    "36.873 UMa 1 element": _phase_1("UMa", _ONE, (-132.1, -112.3, -84.1), (-3.1, 4.9, 22.6)),
    "36.873 UMa 10 elements": _phase_1("UMa", _TALL, (-133.3, -112.3, -78.9), (-1.4, 8.4, 25.4)),
    "38.901 UMi 6 GHz": _large_scale("UMi", 6.0, (-142.3, -112.2, -74.8), (-1.7, 7.3, 24.9)),
    "38.901 UMi 30 GHz": _large_scale("UMi", 30.0, (-164.6, -132.4, -89.3), (-1.6, 7.5, 24.9)),
    "38.901 UMi 70 GHz": _large_scale("UMi", 70.0, (-184.2, -149.1, -96.8), (-1.6, 7.5, 25.0)),
    "38.901 UMa 6 GHz": _large_scale("UMa", 6.0, (-150.4, -120.3, -86.0), (-1.0, 8.6, 25.6)),
    "38.901 UMa 30 GHz": _large_scale("UMa", 30.0, (-172.0, -140.1, -102.0), (-1.0, 8.6, 25.6)),
    "38.901 UMa 70 GHz": _large_scale("UMa", 70.0, (-191.4, -156.6, -110.7), (-0.9, 8.5, 25.6)),
    "38.901 InH 6 GHz": _large_scale("InH", 6.0, (-71.1, -59.3, -45.0), (-4.4, 3.0, 17.9)),
    "38.901 InH 30 GHz": _large_scale("InH", 30.0, (-85.0, -73.3, -59.1), (-4.3, 3.1, 18.0)),
    "38.901 InH 70 GHz": _large_scale("InH", 70.0, (-92.4, -80.7, -66.4), (-4.3, 3.1, 18.0)),
    "RP-180524 UMa mMTC 500 m": _self_evaluation(
        500.0,
        9.0,
        indoor_share=0.8,
        coupling_db=(-127.96, -107.40, -75.32),
        geometry_db=(-2.46, 5.02, 22.06),
        envelope=(
            (-132.643, -128.663, -123.749, -110.637, -92.191, -84.343, -77.222),
            (-123.973, -120.532, -116.620, -103.886, -86.327, -79.900, -71.967),
            (-2.939, -1.944, -0.086, 4.529, 12.680, 16.894, 19.681),
            (-1.540, -0.485, 0.781, 5.915, 14.118, 19.465, 23.191),
        ),
    ),
    "RP-180524 UMa mMTC 1732 m": _self_evaluation(
        1732.0,
        3.0,
        indoor_share=0.8,
        coupling_db=(-143.73, -129.13, -97.60),
        geometry_db=(-5.36, 1.50, 16.36),
        envelope=(
            (-147.419, -144.030, -139.759, -131.225, -113.533, -105.628, -99.441),
            (-141.872, -139.458, -134.816, -126.454, -109.944, -101.040, -93.972),
            (-6.460, -4.599, -2.783, 1.090, 6.930, 11.130, 14.999),
            (-4.403, -3.237, -1.782, 2.731, 9.604, 13.569, 17.680),
        ),
    ),
    "RP-180524 UMa URLLC 700 MHz": _self_evaluation(
        500.0,
        9.0,
        indoor_share=0.2,
        coupling_db=(-120.64, -91.25, -64.49),
        geometry_db=(-2.28, 5.28, 22.55),
        envelope=(
            (-123.687, -115.908, -104.178, -93.467, -79.263, -71.496, -65.449),
            (-117.241, -110.907, -99.351, -89.432, -76.023, -68.451, -63.610),
            (-2.992, -1.715, 0.080, 4.350, 12.920, 17.412, 20.559),
            (-1.765, -0.737, 0.701, 5.981, 15.212, 20.814, 23.319),
        ),
    ),
}
"""Cases by name.

TR 36.873 phase 1: medians of companies; TR 38.900/38.901 7.8.1: R1-165974, both by
fraunhoferhhi/QuaDRiGa tutorials/calib_3GPP_ref_data.m; RP-180524, channel model A: mean, least and
greatest of 15 companies by HelloSYQ/NR_DL_SLS refs/rp180524. UMa with line of sight changed between
TR 38.900 V14.0 and TR 38.901 V14.1, hence the coupling of "38.901 UMa" is to be reported only.
"""
