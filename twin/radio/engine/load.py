"""The fixed point of load: cells are as busy as their users' demand makes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.engine.network import RadioNetwork
from twin.radio.ranges import finite

__all__ = ["LoadResult", "solve_load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """Loads that reproduce themselves.

    Parameters
    ----------
    load : dict of str to float
        Demand over rate by cell; above 1: overload, on the air counts 1.
    overloaded : tuple of str
        Cells above 1.
    unserved : int
        Users with demand whom no layer gives a rate.
    converged : bool
        Whether the last step stayed under the tolerance.
    iterations : int
        Steps taken.
    change : float
        Greatest difference between the loads put in and those that came out, capped at 1.
    """

    load: dict[str, float]
    overloaded: tuple[str, ...]
    unserved: int
    converged: bool
    iterations: int
    change: float


def solve_load(
    network: RadioNetwork,
    demand_bps: ArrayLike,
    *,
    tolerance: float = 1e-4,
    damping: float = 0.5,
    most: int = 200,
) -> LoadResult:
    """Find the loads at which every cell serves the demand of its users; the network keeps them.

    Parameters
    ----------
    network : RadioNetwork
        Users and cells; loads are overwritten.
    demand_bps : array_like of shape (n_users,)
        What each user wants, in the order of `user_ids`. [bit/s]
    tolerance : float
        Greatest change of a load at which the iteration ends.
    damping : float
        Share of the new load in a step, over 0 to 1.
    most : int
        Most steps.

    Returns
    -------
    LoadResult
        The loads, and whether the iteration converged.

    Raises
    ------
    ValueError
        Demand of a wrong shape, negative or not finite; a tolerance or damping outside.

    Notes
    -----
    A user is served by the layer that gives it the highest rate at the loads of the step.

    References
    ----------
    .. [1] I. Siomina, D. Yuan, "Analysis of cell load coupling for LTE network planning and
       optimization", IEEE Trans. Wireless Commun. 11 (2012), eq. (3).
    """
    demand = finite(demand_bps, "demand_bps")
    if demand.shape != (len(network.user_ids),):
        raise ValueError(
            f"demand_bps: has the shape {demand.shape}, must be ({len(network.user_ids)},)"
        )
    if (demand < 0).any():
        i = int(np.argmax(demand < 0))
        raise ValueError(f"demand_bps[{i}]: is {demand[i]}, must not be negative")
    if not tolerance > 0 or not 0 < damping <= 1 or most < 1:
        raise ValueError("tolerance, damping, most: must be positive, damping at most 1")
    names = [cell.id for cell in network.cells]
    load = np.array([cell.load for cell in network.cells])
    for step in range(1, most + 1):  # noqa: B007
        wanted, unserved = _wanted(network, demand, names)
        change = float(np.max(np.abs(np.minimum(wanted, 1.0) - load), initial=0.0))
        if change <= tolerance:
            break
        load = load + damping * (np.minimum(wanted, 1.0) - load)
        for name, value in zip(names, load.tolist(), strict=True):
            network.edit_cell(name, load=value)
    return LoadResult(
        load=dict(zip(names, wanted.tolist(), strict=True)),
        overloaded=tuple(n for n, w in zip(names, wanted, strict=True) if w > 1.0),
        unserved=unserved,
        converged=change <= tolerance,
        iterations=step,
        change=change,
    )


def _wanted(
    network: RadioNetwork, demand: NDArray[np.float64], names: list[str]
) -> tuple[NDArray[np.float64], int]:
    """Sum of demand over rate by cell, and the users who want and get nothing."""
    rate = np.zeros(demand.size)
    server = np.full(demand.size, -1)
    place = {name: i for i, name in enumerate(names)}
    for answer in network.query().values():
        slot = np.array([-1 if n is None else place[n] for n in answer.cells] + [-1])
        better = answer.throughput_bps > rate
        rate = np.where(better, answer.throughput_bps, rate)
        server = np.where(better, slot[answer.best], server)
    served = (server >= 0) & (demand > 0)
    wanted = np.bincount(
        server[served], demand[served] / rate[served], minlength=len(names)
    ).astype(np.float64)
    return wanted, int(np.sum((server < 0) & (demand > 0)))
