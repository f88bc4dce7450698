"""What users get in one layer: the answer of the engine."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["LayerService"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerService:
    """Service of every user in one layer of its own operator.

    Parameters
    ----------
    layer : str
        Technology and band: ``nr/n78``.
    los : str
        ``expectation``, ``draw`` or ``given``.
    best : ndarray of int32, shape (n_users,)
        Index into `cells`; -1 without server.
    cells : tuple of str or None
        Ids of the cells by index; None where a slot is free.
    rsrp_dbm : ndarray of float32
        Level per resource element; NaN without server. [dBm]
    sinr_db : ndarray of float32
        Signal to interference and noise; NaN without server. [dB]
    throughput_bps : ndarray of float32
        Rate with all of the serving cell's resources; 0 without server. [bit/s]
    coupling_loss_db : ndarray of float32
        Transmitted power minus level, with antenna gains and shadowing; NaN without. [dB]
    """

    layer: str
    los: str
    best: NDArray[np.int32]
    cells: tuple[str | None, ...]
    rsrp_dbm: NDArray[np.float32] = field(metadata={"unit": "dBm"})
    sinr_db: NDArray[np.float32] = field(metadata={"unit": "dB"})
    throughput_bps: NDArray[np.float32] = field(metadata={"unit": "bit/s"})
    coupling_loss_db: NDArray[np.float32] = field(metadata={"unit": "dB"})

    def users_per_cell(self) -> NDArray[np.int64]:
        """Count the users that each cell serves.

        Returns
        -------
        ndarray of int, shape (len(cells),)
            Users by cell; a time share divides `throughput_bps` by the count of the server.
        """
        return np.bincount(self.best[self.best >= 0], minlength=len(self.cells))
