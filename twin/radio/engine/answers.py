"""From the sums of the state to what users get, layer by layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.radio.engine.service import LayerService
from twin.radio.engine.tables import Carrier
from twin.radio.link.throughput import throughput_bps

__all__ = ["services"]


def services(
    state: tuple[NDArray[Any], ...],
    *,
    carriers: list[Carrier],
    mixing: NDArray[np.float64],
    noise_mw: NDArray[np.float64],
    kind: NDArray[np.int32],
    mimo_layers: NDArray[np.int64],
    sent_dbm: NDArray[np.float32],
    names: tuple[str | None, ...],
    los: str,
) -> dict[str, LayerService]:
    """Answer for all users.

    Parameters
    ----------
    state : tuple of ndarray
        As `twin.radio.engine.matrix.empty_state` makes it.
    carriers : list of tuple
        The carriers.
    mixing : ndarray of shape (n_carriers, n_carriers)
        Of `twin.radio.engine.tables.mixing`.
    noise_mw : ndarray of shape (n_carriers,)
        Noise per resource element. [mW]
    kind, mimo_layers : ndarray of shape (n_cells,)
        Carrier and layers of each cell.
    sent_dbm : ndarray of shape (n_cells,)
        Conducted power per resource element. [dBm]
    names : tuple of str or None
        Ids of the cells; None: the cell is gone.
    los : str
        The mode, to be named in the answer.

    Returns
    -------
    dict of str to LayerService
        By technology and band, of the layers that have cells.
    """
    best, own, others, _, index = state
    held = np.array([name is not None for name in names], np.bool_)
    used = sorted(set(kind[held].tolist()))
    labels = {k: f"{carriers[k][3]}/{carriers[k][4]}" for k in used}
    answer = {}
    for layer in dict.fromkeys(labels.values()):
        kinds = [k for k in used if labels[k] == layer]
        chosen = _strongest(best, kinds)
        level, server = _take(best, kinds, chosen), _take(index, kinds, chosen)
        noise = np.full(level.size, noise_mw[0])
        for k in kinds:
            floor = others[k] + noise_mw[k]
            for h in np.flatnonzero(mixing[k]):
                if h != k:
                    floor = floor + mixing[k, h] * (others[h] + own[h])
            noise = np.where(chosen == k, floor, noise)
        power = np.where(server >= 0, np.maximum(level, np.float32(1e-37)), np.float32(np.nan))
        rsrp = np.float32(10.0) * np.log10(power)
        sinr = rsrp - (10.0 * np.log10(noise)).astype(np.float32)
        rate = _rate(sinr, server, kind, mimo_layers, {k: carriers[k] for k in kinds})
        answer[layer] = LayerService(
            layer=layer, los=los, best=server, cells=names, rsrp_dbm=rsrp, sinr_db=sinr,
            throughput_bps=rate, coupling_loss_db=sent_dbm[server] - rsrp,
        )  # fmt: skip
    return answer


def _rate(
    sinr: NDArray[np.float32],
    server: NDArray[np.int32],
    kind: NDArray[np.int32],
    mimo_layers: NDArray[np.int64],
    carriers: dict[int, Carrier],
) -> NDArray[np.float32]:
    used = np.isin(kind, list(carriers)) & (mimo_layers > 0)
    pairs = np.unique(kind[used].astype(np.int64) * 256 + mimo_layers[used])
    rate = np.zeros(sinr.size, np.float32)
    for pair in pairs.tolist():
        k, layers = divmod(pair, 256)
        _, bandwidth_hz, scs_hz, technology, _ = carriers[k]
        values = throughput_bps(
            sinr, technology=technology, bandwidth_hz=bandwidth_hz, scs_hz=scs_hz,
            mimo_layers=layers,
        )  # fmt: skip
        if len(pairs) == 1:
            return values
        mine = (kind == k) & (mimo_layers == layers)
        rate = np.where((server >= 0) & mine[server], values, rate)
    return rate


def _strongest(best: NDArray[np.float32], kinds: list[int]) -> NDArray[np.int64]:
    if len(kinds) == 1:
        return np.full(best.shape[1], kinds[0])
    return np.asarray(np.array(kinds)[np.argmax(best[kinds], axis=0)], np.int64)


def _take(part: NDArray[Any], kinds: list[int], chosen: NDArray[np.int64]) -> NDArray[Any]:
    if len(kinds) == 1:
        return np.array(part[kinds[0]])
    return np.asarray(np.take_along_axis(part, chosen[None], axis=0)[0])
