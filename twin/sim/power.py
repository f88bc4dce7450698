"""Electrical power of cells, access points and street lamps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BaseStation", "access_point_power_w", "base_station_of", "cell_power_w", "lamp_power_w"]

LAMP_STANDBY_SHARE = 0.08
"""Share of nominal power that the driver of a lit circuit takes at level 0: an assumption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseStation:
    """Power figures of one transceiver of a base station kind.

    References
    ----------
    .. [1] G. Auer et al., "How much energy is needed to run a wireless network?", IEEE Wireless
       Communications 18(5), 2011, Table 2 (EARTH D2.3), as quoted by two public ports.
    """

    max_w: float
    zero_load_w: float
    slope: float
    sleep_w: float


MACRO = BaseStation(max_w=20.0, zero_load_w=130.0, slope=4.7, sleep_w=75.0)
MICRO = BaseStation(max_w=6.3, zero_load_w=56.0, slope=2.6, sleep_w=39.0)


def base_station_of(height_m: float) -> BaseStation:
    """Choose the kind by antenna height: below 15 m it hangs on a lamp head and is a micro."""
    return MICRO if height_m < 15.0 else MACRO


def transceivers(kind: BaseStation, tx_power_dbm: float) -> int:
    """Count the transceivers a cell was built with: at least 2, none far above its rated power.

    Notes
    -----
    The published table gives 6 transceivers for a macro site of three sectors with two antennas;
    a cell here is one sector, so 2.
    """
    out_w = float(10.0 ** (tx_power_dbm / 10.0 - 3.0))
    return max(2, math.ceil(out_w / kind.max_w - 0.05))


def cell_power_w(
    kind: BaseStation, n_transceivers: int, tx_power_dbm: float, load: float, *, is_on_air: bool
) -> float:
    """Power a cell draws.

    Parameters
    ----------
    kind : BaseStation
        Figures of its transceivers.
    n_transceivers : int
        How many it has.
    tx_power_dbm : float
        Configured maximum radiated power of the whole cell. [dBm]
    load : float
        Share of resource blocks in use, 0 to 1.
    is_on_air : bool
        False: it sleeps.

    Returns
    -------
    float
        Electrical power, N (P0 + slope P_out) or N P_sleep. [W]

    References
    ----------
    .. [1] Auer et al. (2011), eq. (1), per transceiver.
    """
    if not is_on_air:
        return n_transceivers * kind.sleep_w
    out_w = load * float(10.0 ** (tx_power_dbm / 10.0 - 3.0))
    return n_transceivers * kind.zero_load_w + kind.slope * out_w


def lamp_power_w(nominal_w: NDArray[np.float64], level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power of lit lamps, P_n (0.08 + 0.92 d): an assumption about luminaire drivers.

    Parameters
    ----------
    nominal_w : ndarray
        Power at full light. [W]
    level : ndarray
        Light level d, 0 to 1.

    Returns
    -------
    ndarray
        Power. [W]
    """
    return nominal_w * (LAMP_STANDBY_SHARE + (1.0 - LAMP_STANDBY_SHARE) * level)


def access_point_power_w(n_radios_on: int, utilization: float) -> float:
    """Power an access point takes from its PoE port: 6 W, 2 W a radio, 3 W when busy (assumed)."""
    return 6.0 + 2.0 * n_radios_on + 3.0 * utilization
