"""Transport blocks of LTE: from MCS and resource blocks to bits and rate, in both directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.link.lte_tbs import TRANSPORT_BLOCK_BITS
from twin.radio.ranges import need

__all__ = [
    "lte_code_rate",
    "lte_modulation_order",
    "lte_rate_bps",
    "lte_tbs_index",
    "lte_transport_block_bits",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

_DIRECTIONS = ("downlink", "uplink")
_TBS_INDEX = {
    "downlink": np.array([*range(10), *range(9, 16), *range(15, 27)]),
    "uplink": np.array([*range(11), *range(10, 20), *range(19, 27)]),
}
"""TS 36.213 V8.8.0 Tables 7.1.7.1-1 and 8.6.1-1: TBS index of MCS 0 to 28."""
_ORDER = {
    "downlink": np.array([2] * 10 + [4] * 7 + [6] * 12),
    "uplink": np.array([2] * 11 + [4] * 10 + [6] * 8),
}
"""The same tables: modulation order of MCS 0 to 28."""
_SUBFRAMES_PER_S = 1000.0
_CRC_BITS = 24
_MODEL = "TS 36.213 V8.8.0, 7.1.7 and 8.6"


def lte_tbs_index(mcs: ArrayLike, direction: str = "downlink") -> Index:
    """Index of the transport block size of an MCS.

    Parameters
    ----------
    mcs : array_like of int
        MCS index, 0 to 28.
    direction : str
        ``downlink`` or ``uplink``.

    Returns
    -------
    ndarray of int
        0 to 26.

    Raises
    ------
    ModelRangeError
        An MCS that is reserved.
    ValueError
        An unknown direction, NaN, a number that is not whole.

    References
    ----------
    .. [1] 3GPP TS 36.213 V8.8.0, Tables 7.1.7.1-1 and 8.6.1-1.
    """
    return np.asarray(_of(_TBS_INDEX, direction)[_whole(mcs, 0, 28, "MCS")], dtype=np.int64)


def lte_modulation_order(mcs: ArrayLike, direction: str = "downlink") -> Index:
    """Bits per symbol of an MCS.

    Parameters
    ----------
    mcs : array_like of int
        MCS index, 0 to 28.
    direction : str
        ``downlink`` or ``uplink``.

    Returns
    -------
    ndarray of int
        2, 4 or 6.

    Raises
    ------
    ModelRangeError
        An MCS that is reserved.
    ValueError
        An unknown direction, NaN, a number that is not whole.

    References
    ----------
    .. [1] 3GPP TS 36.213 V8.8.0, Tables 7.1.7.1-1 and 8.6.1-1.
    """
    return np.asarray(_of(_ORDER, direction)[_whole(mcs, 0, 28, "MCS")], dtype=np.int64)


def lte_transport_block_bits(
    mcs: ArrayLike, n_blocks: ArrayLike, direction: str = "downlink"
) -> Index:
    """Size of the transport block of a subframe.

    Parameters
    ----------
    mcs : array_like of int
        MCS index, 0 to 28.
    n_blocks : array_like of int
        Resource blocks, 1 to 110.
    direction : str
        ``downlink`` or ``uplink``.

    Returns
    -------
    ndarray of int
        Bits of one codeword on one layer, without its check bits. [bit]

    Raises
    ------
    ModelRangeError
        An MCS or a number of blocks the tables do not have.
    ValueError
        An unknown direction, NaN, a number that is not whole.

    Notes
    -----
    Two layers with a codeword each carry two blocks of this size; the sizes of one codeword on
    two and more layers (Tables 7.1.7.2.2-1 and following) and of 256-QAM are not here.

    References
    ----------
    .. [1] 3GPP TS 36.213 V8.8.0, Tables 7.1.7.1-1, 7.1.7.2.1-1 and 8.6.1-1.
    """
    blocks = _whole(n_blocks, 1, 110, "resource blocks")
    sizes = TRANSPORT_BLOCK_BITS[lte_tbs_index(mcs, direction), blocks - 1]
    return np.asarray(sizes, dtype=np.int64)


def lte_rate_bps(
    mcs: ArrayLike, n_blocks: ArrayLike, direction: str = "downlink", *, layers: int = 1
) -> Array:
    """Rate of a carrier that sends a block in every subframe.

    Parameters
    ----------
    mcs : array_like of int
        MCS index, 0 to 28.
    n_blocks : array_like of int
        Resource blocks, 1 to 110.
    direction : str
        ``downlink`` or ``uplink``.
    layers : int
        1, or 2 with a codeword each.

    Returns
    -------
    ndarray
        Bits of the transport blocks of a second. [bit/s]

    Raises
    ------
    ModelRangeError
        An MCS, blocks or layers the tables do not have.
    ValueError
        As `lte_transport_block_bits`.

    Notes
    -----
    No block errors and all subframes of the direction: multiply by the share of time of TDD.
    """
    codewords = int(_whole(layers, 1, 2, "layers"))
    bits = lte_transport_block_bits(mcs, n_blocks, direction)
    return np.asarray(bits * (_SUBFRAMES_PER_S * codewords))


def lte_code_rate(
    mcs: ArrayLike, n_blocks: ArrayLike, overhead: ArrayLike, direction: str = "downlink"
) -> Array:
    """Code rate that a transport block gets in its resource blocks.

    Parameters
    ----------
    mcs : array_like of int
        MCS index, 0 to 28.
    n_blocks : array_like of int
        Resource blocks, 1 to 110.
    overhead : array_like
        Share of resource elements without data; see `twin.radio.link.overhead`.
    direction : str
        ``downlink`` or ``uplink``.

    Returns
    -------
    ndarray
        Bits with the check bits of the block over the bits of the symbols left for data. A terminal
        need not decode more than 0.930.

    Raises
    ------
    ModelRangeError
        An MCS, blocks or an overhead out of range.
    ValueError
        As `lte_transport_block_bits`.

    References
    ----------
    .. [1] 3GPP TS 36.213 V8.8.0, 7.1.7 (0.930); TS 36.212 V8, 5.1.1 (24 check bits).
    """
    lost = need(overhead, 0.0, 0.99, model=_MODEL, quantity="overhead")
    bits = lte_transport_block_bits(mcs, n_blocks, direction) + _CRC_BITS
    blocks = _whole(n_blocks, 1, 110, "resource blocks")
    symbols = 168.0 * blocks * (1.0 - lost)
    return np.asarray(bits / (symbols * lte_modulation_order(mcs, direction)))


def _of(tables: dict[str, Index], direction: str) -> Index:
    if direction not in tables:
        known = ", ".join(_DIRECTIONS)
        raise ValueError(f"direction: {direction!r} is unknown; choose of {known}")
    return tables[direction]


def _whole(values: ArrayLike, low: int, high: int, quantity: str) -> Index:
    array = need(values, low, high, model=_MODEL, quantity=quantity)
    if (array != np.round(array)).any():
        raise ValueError(f"{quantity}: holds something that is not a whole number")
    return np.asarray(array, dtype=np.int64)
