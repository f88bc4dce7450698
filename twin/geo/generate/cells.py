"""Sectors and carriers of the sites, and small cells on lamp heads in the centre."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.geo.generate.sites import DensityMap, nearest_own_m
from twin.model.city import Cell, Lamp, Site

__all__ = ["CARRIERS", "Carrier", "generate_cells", "generate_small_cells"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One downlink carrier of an operator and what transmits it.

    Parameters
    ----------
    operator, technology, band : str
        Who transmits what where: ``A``, ``nr``, ``n78``.
    carrier_hz, bandwidth_hz, scs_hz : float
        Centre, width and subcarrier spacing. [Hz]
    tx_power_dbm : float
        Power of one cell. [dBm]
    antenna_gain_dbi : float
        Gain of the antenna. [dBi]
    beamwidth_v_deg : float
        Vertical half-power beamwidth. [deg]
    mimo_layers : int
        Spatial layers.
    share : float
        Of the operator's sites that carry it; the densest, or the sparsest if `is_rural_first`.
    mean_load : float
        Mean share of its resources in use: narrow blocks fill first.
    is_rural_first : bool
        The sparsest sites carry it.
    """

    operator: str
    technology: str
    band: str
    carrier_hz: float = field(metadata={"unit": "Hz"})
    bandwidth_hz: float = field(metadata={"unit": "Hz"})
    scs_hz: float = field(metadata={"unit": "Hz"})
    tx_power_dbm: float = field(metadata={"unit": "dBm"})
    antenna_gain_dbi: float = field(metadata={"unit": "dBi"})
    beamwidth_v_deg: float = field(metadata={"unit": "deg"})
    mimo_layers: int
    share: float
    mean_load: float = 0.5
    is_rural_first: bool = False


def _low(operator: str, technology: str, band: str, carrier_mhz: float, share: float) -> Carrier:
    """Describe a 2 x 10 MHz block below 1 GHz."""
    return Carrier(
        operator=operator,
        technology=technology,
        band=band,
        carrier_hz=carrier_mhz * 1e6,
        bandwidth_hz=10e6,
        scs_hz=15e3,
        tx_power_dbm=46.0,
        antenna_gain_dbi=15.5,
        beamwidth_v_deg=10.0,
        mimo_layers=2,
        share=share,
        mean_load=0.56,
        is_rural_first=technology == "nr",
    )


def _mid(
    operator: str, technology: str, band: str, carrier_mhz: float, width_mhz: float, share: float
) -> Carrier:
    """Describe a block at 1.8 or 2.1 GHz; half the width has half the power."""
    return Carrier(
        operator=operator,
        technology=technology,
        band=band,
        carrier_hz=carrier_mhz * 1e6,
        bandwidth_hz=width_mhz * 1e6,
        scs_hz=15e3,
        tx_power_dbm=46.0 if width_mhz >= 20 else 43.0,
        antenna_gain_dbi=17.5,
        beamwidth_v_deg=6.5,
        mimo_layers=4,
        share=share,
    )


def _n78(operator: str, carrier_mhz: float, width_mhz: float, share: float) -> Carrier:
    """Describe a block at 3.6 GHz on an active antenna; 43.5 dBm per 10 MHz."""
    return Carrier(
        operator=operator,
        technology="nr",
        band="n78",
        carrier_hz=carrier_mhz * 1e6,
        bandwidth_hz=width_mhz * 1e6,
        scs_hz=30e3,
        tx_power_dbm=53.0 if width_mhz >= 90 else 52.0,
        antenna_gain_dbi=24.0,
        beamwidth_v_deg=8.0,
        mimo_layers=4,
        share=share,
        mean_load=0.35,
    )


CARRIERS = (
    _low("A", "lte", "B20", 816.0, 1.0),
    _low("B", "lte", "B20", 806.0, 1.0),
    _low("C", "lte", "B20", 796.0, 1.0),
    _low("A", "nr", "n28", 783.0, 0.7),
    _low("B", "nr", "n28", 773.0, 0.7),
    _low("C", "nr", "n28", 763.0, 0.7),
    _mid("A", "lte", "B3", 1820.0, 20.0, 0.9),
    _mid("B", "lte", "B3", 1847.0, 20.0, 0.9),
    _mid("C", "lte", "B3", 1870.0, 20.0, 0.9),
    _mid("A", "nr", "n1", 2120.0, 20.0, 0.6),
    _mid("B", "nr", "n1", 2140.0, 20.0, 0.6),
    _mid("C", "lte", "B1", 2155.0, 10.0, 0.6),
    _n78("A", 3445.0, 90.0, 0.65),
    _n78("B", 3535.0, 90.0, 0.6),
    _n78("C", 3615.0, 70.0, 0.6),
)
"""Widths are those of three German networks (heise 4445365, 2019; 700, 800 and 1800 MHz general
knowledge); which block is whose, the shares and the 20 MHz carrier used of 30, 25 and 20 MHz at
1800 MHz are assumed. A fourth network's blocks stay empty."""

_BEAM_H_DEG = 65.0
_RMA_PER_KM2 = 500.0
_THIRD_SECTOR = 0.87  # gives the 2.87 azimuths per site of Leipzig
_SMALL_SPACING_M = 130.0


def generate_cells(
    sites: Sequence[Site], density: DensityMap, rng: np.random.Generator
) -> tuple[Cell, ...]:
    """Put sectors and carriers on the sites of all operators.

    Parameters
    ----------
    sites : sequence of Site
        Rooftops and masts.
    density : DensityMap
        Residents around a point.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    tuple of Cell
        By site, sector and carrier.

    Notes
    -----
    Height 25 to 35 m, tilt 2 to 10 degrees by height and distance to the next own site, load
    by carrier and higher where more people live: all assumed.
    """
    cells: list[Cell] = []
    for operator in sorted({site.operator for site in sites}):
        mine = [site for site in sites if site.operator == operator]
        points = np.array([(site.x_m, site.y_m) for site in mine])
        near = density.per_km2(points, 700.0)
        rank = np.argsort(np.argsort(near, kind="stable"), kind="stable") / len(mine)
        reach_m = nearest_own_m(points)
        for i, site in enumerate(mine):
            cells += _site_cells(site, float(near[i]), float(rank[i]), float(reach_m[i]), rng)
    return tuple(cells)


def _site_cells(
    site: Site, density_per_km2: float, rank: float, reach_m: float, rng: np.random.Generator
) -> list[Cell]:
    chance = rng.random(4)
    n_sectors = 3 if chance[0] < _THIRD_SECTOR else 2
    low_m, high_m = (30.0, 40.0) if site.kind == "mast" else (25.0, 35.0)
    height_m = round(low_m + (high_m - low_m) * float(chance[1]))
    is_rural = density_per_km2 < _RMA_PER_KM2
    first_deg = 360.0 * float(chance[2])
    mixed_rank = 0.8 * rank + 0.2 * float(chance[3])
    cells = []
    for i_sector in range(n_sectors):
        turn_deg = 10.0 * (2 * float(rng.random()) - 1)
        azimuth_deg = round(first_deg + i_sector * 360.0 / n_sectors + turn_deg) % 360
        for carrier in CARRIERS:
            if carrier.operator != site.operator or not _is_used(carrier, mixed_rank):
                continue
            load = carrier.mean_load + 0.3 * (rank - 0.5) + 0.2 * (float(rng.random()) - 0.5)
            cells.append(
                Cell(
                    id=_cell_id(site, i_sector, carrier.band),
                    site=site.id,
                    operator=site.operator,
                    technology=carrier.technology,
                    band=carrier.band,
                    scenario="RMa" if is_rural else "UMa",
                    x_m=site.x_m,
                    y_m=site.y_m,
                    height_m=float(height_m),
                    azimuth_deg=float(azimuth_deg),
                    tilt_deg=_tilt_deg(height_m, reach_m, carrier.beamwidth_v_deg),
                    carrier_hz=carrier.carrier_hz,
                    bandwidth_hz=carrier.bandwidth_hz,
                    scs_hz=carrier.scs_hz,
                    tx_power_dbm=carrier.tx_power_dbm,
                    antenna_gain_dbi=carrier.antenna_gain_dbi,
                    beamwidth_h_deg=_BEAM_H_DEG,
                    beamwidth_v_deg=carrier.beamwidth_v_deg,
                    mimo_layers=carrier.mimo_layers,
                    load=round(min(0.9, max(0.1, load)), 2),
                )
            )
    return cells


def generate_small_cells(
    lamps: Sequence[Lamp],
    centre: tuple[float, float],
    n_cells: int,
    rng: np.random.Generator,
) -> tuple[tuple[Site, ...], tuple[Cell, ...]]:
    """Hang small cells of operator A on lamp heads around the centre.

    Parameters
    ----------
    lamps : sequence of Lamp
        Lamps of the city.
    centre : tuple of float
        Middle of the centre in the plane. [m]
    n_cells : int
        How many.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    sites : tuple of Site
        Lamp heads.
    cells : tuple of Cell
        Omnidirectional, in operator A's own block at 3.6 GHz.
    """
    points = np.array([(lamp.x_m, lamp.y_m) for lamp in lamps])
    distance = np.hypot(*(points - centre).T)
    taken: list[int] = []
    for i in np.argsort(distance, kind="stable").tolist():
        if len(taken) == n_cells:
            break
        if not taken or np.hypot(*(points[taken] - points[i]).T).min() >= _SMALL_SPACING_M:
            taken.append(i)
    carrier = next(c for c in CARRIERS if c.operator == "A" and c.band == "n78")
    sites = tuple(
        Site(
            id=f"site-a-l{k + 1:02d}",
            operator="A",
            kind="lamp_head",
            x_m=lamps[i].x_m,
            y_m=lamps[i].y_m,
        )
        for k, i in enumerate(taken)
    )
    loads = (0.3 + 0.2 * rng.random(len(sites))).round(2).tolist()
    cells = tuple(
        _small_cell(site, carrier, lamps[i].height_m, load)
        for site, i, load in zip(sites, taken, loads, strict=True)
    )
    return sites, cells


def _small_cell(site: Site, carrier: Carrier, height_m: float, load: float) -> Cell:
    return Cell(
        id=_cell_id(site, 0, carrier.band),
        site=site.id,
        operator=site.operator,
        technology=carrier.technology,
        band=carrier.band,
        scenario="UMi",
        x_m=site.x_m,
        y_m=site.y_m,
        height_m=height_m,
        azimuth_deg=0.0,
        tilt_deg=0.0,
        carrier_hz=carrier.carrier_hz,
        bandwidth_hz=carrier.bandwidth_hz,
        scs_hz=carrier.scs_hz,
        tx_power_dbm=33.0,
        antenna_gain_dbi=6.0,
        beamwidth_h_deg=360.0,
        beamwidth_v_deg=30.0,
        mimo_layers=2,
        load=load,
    )


def _cell_id(site: Site, i_sector: int, band: str) -> str:
    return f"{site.id.replace('site-', 'cell-', 1)}-{i_sector + 1}-{band.lower()}"


def _is_used(carrier: Carrier, rank: float) -> bool:
    """Say whether a site of a rank of density (0 sparse, 1 dense) carries a carrier."""
    return rank <= carrier.share if carrier.is_rural_first else 1.0 - rank <= carrier.share


def _tilt_deg(height_m: float, reach_m: float, beamwidth_v_deg: float) -> float:
    """Point the middle of the beam somewhat short of the edge of the cell, in half degrees."""
    edge_m = max(0.8 * reach_m, 100.0)
    tilt = math.degrees(math.atan((height_m - 1.5) / edge_m)) + 0.3 * beamwidth_v_deg
    return round(2 * min(10.0, max(2.0, tilt))) / 2
