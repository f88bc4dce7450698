"""Holds the inputs of a model to the range its document states, and names what is outside."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelRangeError

__all__ = ["finite", "need"]

Array = NDArray[np.float64]


def finite(values: ArrayLike, name: str) -> Array:
    """Turn an input into float64 and refuse what is not a number.

    Parameters
    ----------
    values : array_like
        Numbers.
    name : str
        What they are called where they were passed.

    Returns
    -------
    ndarray of float64
        The numbers.

    Raises
    ------
    ValueError
        A NaN, an infinity, an empty array or something that is no number: says which element.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as err:
        raise ValueError(f"{name}: holds something that is not a number") from err
    if array.size == 0:
        raise ValueError(f"{name}: is empty")
    is_bad = ~np.isfinite(array)
    if is_bad.any():
        raise ValueError(f"{name}{_place(is_bad)}: is {array[is_bad].flat[0]}, must be finite")
    return array


def need(values: ArrayLike, low: float, high: float, *, model: str, quantity: str) -> Array:
    """Hold an input to the range of its model.

    Parameters
    ----------
    values : array_like
        Numbers.
    low, high : float
        Smallest and greatest valid value.
    model : str
        Document, edition and table or section of the model.
    quantity : str
        Name and unit of the input: ``distance [m]``.

    Returns
    -------
    ndarray of float64
        The numbers.

    Raises
    ------
    ValueError
        As `finite`.
    ModelRangeError
        A value outside: says which element.
    """
    array = finite(values, quantity)
    is_bad = ~((array >= low) & (array <= high))
    if is_bad.any():
        value = float(array[is_bad].flat[0])
        raise ModelRangeError(model, f"{quantity}{_place(is_bad)}", value, f"{low:g} to {high:g}")
    return array


def _place(is_bad: NDArray[np.bool_]) -> str:
    """Index of the first bad element in brackets; nothing for a scalar."""
    if is_bad.ndim == 0:
        return ""
    return f"[{', '.join(str(i) for i in np.argwhere(is_bad)[0])}]"
