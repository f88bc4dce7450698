"""LTE and NR bands and carrier widths: resource blocks, occupied width, duplex."""

from __future__ import annotations

from dataclasses import dataclass, field

from twin.model.errors import ModelError, ModelRangeError

__all__ = ["BANDS", "Band", "band", "n_resource_blocks", "occupied_hz"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A downlink band.

    Parameters
    ----------
    name : str
        Such as ``B20`` or ``n78``.
    low_hz, high_hz : float
        Edges of the downlink. [Hz]
    is_tdd : bool
        Time-division duplex.
    downlink_share : float
        Share of time for the downlink; 1 with frequency division.
    """

    name: str
    low_hz: float = field(metadata={"unit": "Hz"})
    high_hz: float = field(metadata={"unit": "Hz"})
    is_tdd: bool = False
    downlink_share: float = 1.0


BANDS: dict[str, Band] = {
    entry.name: entry
    for entry in (
        Band(name="B1", low_hz=2110e6, high_hz=2170e6),
        Band(name="B3", low_hz=1805e6, high_hz=1880e6),
        Band(name="B7", low_hz=2620e6, high_hz=2690e6),
        Band(name="B8", low_hz=925e6, high_hz=960e6),
        Band(name="B20", low_hz=791e6, high_hz=821e6),
        Band(name="B28", low_hz=758e6, high_hz=803e6),
        Band(name="n1", low_hz=2110e6, high_hz=2170e6),
        Band(name="n3", low_hz=1805e6, high_hz=1880e6),
        Band(name="n28", low_hz=758e6, high_hz=803e6),
        Band(name="n78", low_hz=3300e6, high_hz=3800e6, is_tdd=True, downlink_share=0.74),
    )
}
"""Edges: TS 36.101 V17 Table 5.5-1, TS 38.101-1 V17 Table 5.2-1. The TDD share of n78 is that of
the pattern DDDSU with 10:2:2 symbols in S, (3 x 14 + 10) / 70, assumed for the whole country."""

_LTE_BLOCKS = {1.4: 6, 3.0: 15, 5.0: 25, 10.0: 50, 15.0: 75, 20.0: 100}
"""TS 36.101 V17 Table 5.6-1: MHz to resource blocks."""

_NR_BLOCKS: dict[int, dict[int, int]] = {
    15: {5: 25, 10: 52, 15: 79, 20: 106, 25: 133, 30: 160, 40: 216, 50: 270},
    30: {5: 11, 10: 24, 15: 38, 20: 51, 25: 65, 30: 78, 40: 106, 50: 133, 60: 162, 70: 189,
         80: 217, 90: 245, 100: 273},
    60: {10: 11, 15: 18, 20: 24, 25: 31, 30: 38, 40: 51, 50: 65, 60: 79, 70: 93, 80: 107,
         90: 121, 100: 135},
}  # fmt: skip
"""TS 38.101-1 V17 Table 5.3.2-1: kHz, MHz to resource blocks."""


def band(name: str) -> Band:
    """Look a band up.

    Parameters
    ----------
    name : str
        Such as ``B20`` or ``n78``.

    Returns
    -------
    Band
        Its edges and duplex.

    Raises
    ------
    ModelError
        Unknown band.
    """
    if name not in BANDS:
        raise ModelError(f"band {name!r} is unknown; choose of {', '.join(BANDS)}")
    return BANDS[name]


def n_resource_blocks(technology: str, bandwidth_hz: float, scs_hz: float) -> int:
    """Count the resource blocks of a carrier.

    Parameters
    ----------
    technology : str
        ``lte`` or ``nr``.
    bandwidth_hz : float
        Channel bandwidth. [Hz]
    scs_hz : float
        Subcarrier spacing; 15 kHz for LTE. [Hz]

    Returns
    -------
    int
        Resource blocks of 12 subcarriers.

    Raises
    ------
    ModelRangeError
        A width the standard does not have.
    ValueError
        Unknown technology.

    References
    ----------
    .. [1] 3GPP TS 36.101 V17, Table 5.6-1; TS 38.101-1 V17, Table 5.3.2-1.
    """
    width_mhz = round(bandwidth_hz / 1e6, 3)
    if technology == "lte":
        table: dict[float, int] = _LTE_BLOCKS
        document = "TS 36.101 Table 5.6-1"
    elif technology == "nr":
        table = {float(k): v for k, v in _NR_BLOCKS.get(round(scs_hz / 1e3), {}).items()}
        document = f"TS 38.101-1 Table 5.3.2-1 at {scs_hz / 1e3:g} kHz"
    else:
        raise ValueError(f"technology: {technology!r} is unknown; choose of lte, nr")
    if width_mhz not in table:
        valid = ", ".join(f"{mhz:g}" for mhz in table) or "no width at this subcarrier spacing"
        raise ModelRangeError(document, "channel bandwidth [MHz]", width_mhz, valid)
    return table[width_mhz]


def occupied_hz(technology: str, bandwidth_hz: float, scs_hz: float) -> float:
    """Width that the resource blocks of a carrier fill.

    Parameters
    ----------
    technology : str
        ``lte`` or ``nr``.
    bandwidth_hz : float
        Channel bandwidth. [Hz]
    scs_hz : float
        Subcarrier spacing. [Hz]

    Returns
    -------
    float
        Occupied width. [Hz]
    """
    return 12.0 * n_resource_blocks(technology, bandwidth_hz, scs_hz) * scs_hz
