"""Resource elements without user data: overheads of NR, control region and signals of LTE."""

from __future__ import annotations

from twin.model.errors import ModelRangeError
from twin.radio.link.bands import n_resource_blocks

__all__ = ["NR_OVERHEAD", "lte_downlink_overhead", "nr_peak_rate_bps"]

NR_OVERHEAD: dict[tuple[str, str], float] = {
    ("fr1", "downlink"): 0.14,
    ("fr2", "downlink"): 0.18,
    ("fr1", "uplink"): 0.08,
    ("fr2", "uplink"): 0.10,
}
"""TS 38.306 V16 4.1.2: share of elements without data, by frequency range and direction."""

_PER_PAIR = 168  # 12 subcarriers, 14 symbols
_SUBFRAMES = 10
_CRS_PER_PAIR = {1: 8, 2: 16, 4: 24}
_CRS_IN_FIRST = {1: 2, 2: 4, 4: 4}
_CRS_IN_SECOND = {1: 0, 2: 0, 4: 4}
_NARROW_BLOCKS = 10
_PEAK_RATE = 948.0 / 1024.0


def lte_downlink_overhead(n_blocks: int, ports: int = 2, control_symbols: int = 2) -> float:
    """Share of an LTE downlink frame (FDD, normal prefix) without user data.

    Parameters
    ----------
    n_blocks : int
        Resource blocks of the carrier, 6 to 100.
    ports : int
        Ports with cell reference signals: 1, 2 or 4.
    control_symbols : int
        Symbols of the control region: 1 to 3; 2 to 4 up to ten blocks.

    Returns
    -------
    float
        Control region, cell reference signals outside it, synchronisation and broadcast channel
        over all resource elements of a frame.

    Raises
    ------
    ModelRangeError
        Blocks, ports or symbols the standard does not have.

    Notes
    -----
    The broadcast channel leaves room for the reference signals of four ports whatever there are.
    Paging, system information and positioning signals are not counted.

    References
    ----------
    .. [1] 3GPP TS 36.211 V16, 6.6.4, 6.7, 6.10.1.2, 6.11.1.2 and 6.11.2.2.
    """
    model = "TS 36.211 downlink"
    if not 6 <= n_blocks <= 100:
        raise ModelRangeError(model, "resource blocks", n_blocks, "6 to 100")
    if ports not in _CRS_PER_PAIR:
        raise ModelRangeError(model, "ports", ports, "1, 2, 4")
    first, last = (2, 4) if n_blocks <= _NARROW_BLOCKS else (1, 3)
    if not first <= control_symbols <= last:
        raise ModelRangeError(model, "control symbols", control_symbols, f"{first} to {last}")
    hidden = _CRS_IN_FIRST[ports] + (_CRS_IN_SECOND[ports] if control_symbols > 1 else 0)
    per_pair = 12 * control_symbols + _CRS_PER_PAIR[ports] - hidden
    in_broadcast = 6 * (_CRS_IN_FIRST[ports] + _CRS_IN_SECOND[ports])
    centre = 2 * 2 * 72 + (4 * 72 - in_broadcast)
    total = _PER_PAIR * n_blocks * _SUBFRAMES
    return (per_pair * n_blocks * _SUBFRAMES + centre) / total


def nr_peak_rate_bps(
    bandwidth_hz: float,
    scs_hz: float,
    *,
    layers: int = 4,
    order: int = 8,
    direction: str = "downlink",
    scaling: float = 1.0,
) -> float:
    """Greatest data rate of an NR carrier in FR1, without the share of time of TDD.

    Parameters
    ----------
    bandwidth_hz, scs_hz : float
        Channel bandwidth and subcarrier spacing. [Hz]
    layers : int
        Spatial layers, 1 to 8.
    order : int
        Modulation order. [bit]
    direction : str
        ``downlink`` or ``uplink``.
    scaling : float
        Scaling factor of the terminal.

    Returns
    -------
    float
        v Qm f Rmax (12 N / Ts) (1 - OH). [bit/s]

    Raises
    ------
    ModelRangeError
        A width, a number of layers or an order the standard does not have.
    ValueError
        An unknown direction.

    References
    ----------
    .. [1] 3GPP TS 38.306 V16, 4.1.2.
    """
    model = "TS 38.306 4.1.2"
    if not 1 <= layers <= 8:
        raise ModelRangeError(model, "layers", layers, "1 to 8")
    if order not in (1, 2, 4, 6, 8, 10):
        raise ModelRangeError(model, "modulation order", order, "1, 2, 4, 6, 8, 10")
    if ("fr1", direction) not in NR_OVERHEAD:
        raise ValueError(f"direction: {direction!r} is unknown; choose of downlink, uplink")
    symbol_s = 1e-3 / (14.0 * scs_hz / 15e3)
    elements_per_s = 12.0 * n_resource_blocks("nr", bandwidth_hz, scs_hz) / symbol_s
    share = 1.0 - NR_OVERHEAD["fr1", direction]
    return layers * order * scaling * _PEAK_RATE * elements_per_s * share
