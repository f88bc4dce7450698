"""Electrical power of cells: EARTH per transceiver, TR 38.864 for active antennas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell
from twin.sim.cellular.assumptions import assumed
from twin.sim.power import base_station_of, transceivers

__all__ = ["ACTIVE_DL_UNITS", "LIGHT_SLEEP_UNITS", "MICRO_SLEEP_UNITS", "CellPower"]

ACTIVE_DL_UNITS = 280.0
MICRO_SLEEP_UNITS = 55.0
LIGHT_SLEEP_UNITS = 25.0
"""Relative power, category 1, set 1 (FR1 TDD, 100 MHz, 64 TxRU, 55 dBm): TR 38.864 V18.1 Tables
5.1-1 and 5.1-3, as quoted by the energy model of ns-3 NR."""

_STATIC_SHARE = 0.4
"""A of TR 38.864: part of the dynamic power that does not follow the radiated power."""

_AAS_BANDS = frozenset({"n77", "n78", "n79"})

_Floats = NDArray[np.float64]


class CellPower:
    """Power of many cells at once.

    Parameters
    ----------
    cells : sequence of Cell
        Cells as the inventory has them; macro cells of NR above 3 GHz have active antennas.

    Notes
    -----
    EARTH: N (P0 + slope P_out / N), asleep N P_sleep. TR 38.864 with the load packed in time:
    (1 - L) P_micro + L (P_micro + (P_full - P_micro)(A + (1 - A) s)), s the radiated power over
    that of the inventory, asleep P_light. Watts per unit are an assumption.

    References
    ----------
    .. [1] G. Auer et al., "How much energy is needed to run a wireless network?", IEEE Wireless
       Communications 18(5), 2011, eq. (1) and Table 2, per transceiver.
    .. [2] 3GPP TR 38.864 V18.1, section 5.1.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        stations = [base_station_of(cell.height_m) for cell in cells]
        n_trx = np.array(
            [
                transceivers(kind, cell.tx_power_dbm)
                for kind, cell in zip(stations, cells, strict=True)
            ],
            dtype=np.float64,
        )
        self._zero_w = n_trx * np.array([kind.zero_load_w for kind in stations])
        self._sleep_w = n_trx * np.array([kind.sleep_w for kind in stations])
        self._slope = np.array([kind.slope for kind in stations])
        self._planned_dbm = np.array([cell.tx_power_dbm for cell in cells])
        self._is_aas = np.array(
            [cell.band in _AAS_BANDS and cell.height_m >= 15.0 for cell in cells], dtype=bool
        )

    def watts(
        self,
        load: _Floats,
        tx_dbm: _Floats,
        is_on_air: NDArray[np.bool_],
        is_fed: NDArray[np.bool_],
    ) -> _Floats:
        """Power of every cell.

        Parameters
        ----------
        load : ndarray
            Share of resource blocks in use, 0 to 1.
        tx_dbm : ndarray
            Radiated power at full load. [dBm]
        is_on_air, is_fed : ndarray of bool
            Cells that transmit, and cells that have electricity and work; others draw nothing.

        Returns
        -------
        ndarray
            Electrical power. [W]
        """
        out_w = 10.0 ** (tx_dbm / 10.0 - 3.0)
        earth_w = np.where(is_on_air, self._zero_w + self._slope * load * out_w, self._sleep_w)
        share = np.minimum(10.0 ** ((tx_dbm - self._planned_dbm) / 10.0), 2.0)
        active = (ACTIVE_DL_UNITS - MICRO_SLEEP_UNITS) * (
            _STATIC_SHARE + (1.0 - _STATIC_SHARE) * share
        )
        units = np.where(is_on_air, MICRO_SLEEP_UNITS + load * active, LIGHT_SLEEP_UNITS)
        watts = np.where(self._is_aas, assumed("nr_w_per_unit") * units, earth_w)
        return np.where(is_fed, watts, 0.0)
