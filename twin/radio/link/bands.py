"""LTE and NR bands and carrier widths: resource blocks, occupied width, duplex."""

from __future__ import annotations

from dataclasses import dataclass, field

from twin.model.errors import ModelError, ModelRangeError
from twin.radio.link.band_tables import LTE_BANDS, NR_BANDS_MHZ, NR_DOWNLINK_ONLY_MHZ

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


_TDD_DOWNLINK_SHARE = 0.74
"""Pattern DDDSU with 10:2:2 symbols in S, (3 x 14 + 10) / 70, and close to it configuration 2 of
LTE with special subframe 7, (6 x 14 + 2 x 10) / 140; assumed for all bands of a country."""


def _bands() -> dict[str, Band]:
    edges: dict[str, tuple[float, float, bool]] = {}
    for number, (low, first, last, up, *_) in LTE_BANDS.items():
        high = round(low + 0.1 * (last + 1 - first), 1)
        edges[f"B{number}"] = low, high, up == low
    for name, (up_low, _, low, high) in NR_BANDS_MHZ.items():
        edges[name] = low, high, up_low == low
    for name, (low, high) in NR_DOWNLINK_ONLY_MHZ.items():
        edges[name] = low, high, False
    return {
        name: Band(
            name=name,
            low_hz=low * 1e6,
            high_hz=high * 1e6,
            is_tdd=is_tdd,
            downlink_share=_TDD_DOWNLINK_SHARE if is_tdd else 1.0,
        )
        for name, (low, high, is_tdd) in edges.items()
    }


BANDS: dict[str, Band] = _bands()
"""All bands with a downlink, from the tables of `twin.radio.link.band_tables`."""

_LTE_BLOCKS = {1.4: 6, 3.0: 15, 5.0: 25, 10.0: 50, 15.0: 75, 20.0: 100}
"""TS 36.101 V17 Table 5.6-1: MHz to resource blocks."""

_NR_BLOCKS: dict[int, dict[int, int]] = {
    15: {3: 15, 5: 25, 10: 52, 15: 79, 20: 106, 25: 133, 30: 160, 35: 188, 40: 216, 45: 242,
         50: 270},
    30: {5: 11, 10: 24, 15: 38, 20: 51, 25: 65, 30: 78, 35: 92, 40: 106, 45: 119, 50: 133,
         60: 162, 70: 189, 80: 217, 90: 245, 100: 273},
    60: {10: 11, 15: 18, 20: 24, 25: 31, 30: 38, 35: 44, 40: 51, 45: 58, 50: 65, 60: 79, 70: 93,
         80: 107, 90: 121, 100: 135},
    120: {50: 32, 100: 66, 200: 132, 400: 264},
}  # fmt: skip
"""TS 38.101-1 V18 Table 5.3.2-1, at 120 kHz TS 38.101-2 V17 Table 5.3.2-1: kHz, MHz to resource
blocks. At 60 kHz those of FR1."""


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
        alike = [known for known in BANDS if known[0] == name[:1]] or list(BANDS)
        raise ModelError(f"band {name!r} is unknown; choose of {', '.join(alike)}")
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
