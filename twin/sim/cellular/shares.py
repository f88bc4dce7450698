"""How subscribers spread over operators and layers, and what a cell makes of a signal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell
from twin.radio.link.bands import band
from twin.radio.link.throughput import throughput_bps
from twin.sim.cellular.assumptions import assumed

__all__ = ["RateCurves", "layer_shares"]

_LOWEST_DB, _STEP_DB, _STEPS = -15.0, 0.05, 1200


def layer_shares(cells: Sequence[Cell]) -> dict[str, float]:
    """Share of a city's users on each layer: by operator, technology and bandwidth.

    Parameters
    ----------
    cells : sequence of Cell
        All cells of the city.

    Returns
    -------
    dict
        Share by layer name; all together are 1 where every operator has LTE and NR.
    """
    widths = {cell.layer: (cell.operator, cell.technology, cell.bandwidth_hz) for cell in cells}
    operators = {operator for operator, _, _ in widths.values()}
    totals: dict[tuple[str, str], float] = {}
    for operator, technology, width in widths.values():
        totals[operator, technology] = totals.get((operator, technology), 0.0) + width
    shares = {}
    for name, (operator, technology, width) in widths.items():
        part = assumed("nr_share") if technology == "nr" else 1.0 - assumed("nr_share")
        shares[name] = part * width / totals[operator, technology] / len(operators)
    return shares


class RateCurves:
    """Downlink rate over SINR of every kind of carrier among some cells.

    Parameters
    ----------
    cells : sequence of Cell
        The cells.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        kinds = [
            (cell.technology, cell.band, cell.bandwidth_hz, cell.scs_hz, cell.mimo_layers)
            for cell in cells
        ]
        names = list(dict.fromkeys(kinds))
        sinr_db = (_LOWEST_DB + _STEP_DB * np.arange(_STEPS)).astype(np.float32)
        self._curves = np.array(
            [
                throughput_bps(
                    sinr_db,
                    technology=technology,
                    bandwidth_hz=bandwidth_hz,
                    scs_hz=scs_hz,
                    mimo_layers=mimo_layers,
                    downlink_share=band(name).downlink_share,
                )
                for technology, name, bandwidth_hz, scs_hz, mimo_layers in names
            ],
            dtype=np.float64,
        ).ravel()
        self._first = np.array([_STEPS * names.index(kind) for kind in kinds], dtype=np.int32)

    def rate_bps(
        self, cells: NDArray[np.int32], sinr_db: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Rate of a user that has its cell alone.

        Parameters
        ----------
        cells : ndarray of int32
            Serving cells.
        sinr_db : ndarray of float32
            SINR. [dB]

        Returns
        -------
        ndarray
            Rate. [bit/s]
        """
        step = (sinr_db - np.float32(_LOWEST_DB)) * np.float32(1.0 / _STEP_DB)
        place = np.clip(step, 0.0, _STEPS - 1.0).astype(np.int32)
        place += self._first.take(cells)
        return np.asarray(self._curves.take(place), dtype=np.float64)
