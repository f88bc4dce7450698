"""A layer of hexagonal sites that wraps around: as good as an infinite city."""

from __future__ import annotations

import math

from twin.model.city import Cell

__all__ = ["hexagonal_layer"]

_BEAM_V_DEG = 10.0


def hexagonal_layer(
    n_columns: int,
    n_rows: int,
    isd_m: float,
    *,
    scenario: str = "UMa",
    height_m: float = 25.0,
    tilt_deg: float | None = None,
    load: float = 1.0,
) -> tuple[tuple[Cell, ...], tuple[float, float]]:
    """Lay out three-sector sites so that the plane closes to a torus.

    Parameters
    ----------
    n_columns, n_rows : int
        Sites; the number of rows must be even for the pattern to close.
    isd_m : float
        Distance between sites. [m]
    scenario : str
        ``UMa``, ``UMi`` or ``RMa``.
    height_m : float
        Height of the antennas. [m]
    tilt_deg : float
        Unless given the beam points at a third of the distance between sites and 0.4 of its width
        below, 12 degrees at 500 m and 25 m: the geometry then is that of the calibration of 3GPP.
        [deg]
    load : float
        Share of time and band on the air, 0 to 1.

    Returns
    -------
    cells : tuple of Cell
        LTE cells of 46 dBm and 17.5 dBi on 20 MHz at 2.1 GHz, beams of 65 by 10 degrees, three to a
        site, boresights at 30, 150 and 270 degrees.
    size_m : tuple of float
        Width and depth of the torus. [m]

    Raises
    ------
    ValueError
        An odd number of rows, no site.
    """
    if n_columns < 1 or n_rows < 2 or n_rows % 2:
        raise ValueError(f"n_columns, n_rows: {n_columns} x {n_rows} sites do not close to a torus")
    row_m = isd_m * math.sqrt(0.75)
    if tilt_deg is None:
        tilt_deg = math.degrees(math.atan((height_m - 1.5) / (isd_m / 3.0))) + 0.4 * _BEAM_V_DEG
    cells = [
        Cell(
            id=f"h{row}-{column}-{sector}",
            site=f"h{row}-{column}",
            operator="A",
            technology="lte",
            band="B1",
            scenario=scenario,
            x_m=(column + 0.5 * (row % 2) + 0.25) * isd_m,
            y_m=(row + 0.5) * row_m,
            height_m=height_m,
            azimuth_deg=30.0 + 120.0 * sector,
            tilt_deg=tilt_deg,
            carrier_hz=2.14e9,
            bandwidth_hz=20e6,
            scs_hz=15e3,
            tx_power_dbm=46.0,
            antenna_gain_dbi=17.5,
            beamwidth_h_deg=65.0,
            beamwidth_v_deg=_BEAM_V_DEG,
            mimo_layers=2,
            load=load,
        )
        for row in range(n_rows)
        for column in range(n_columns)
        for sector in range(3)
    ]
    return tuple(cells), (n_columns * isd_m, n_rows * row_m)
