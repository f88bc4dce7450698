"""Laws that the grid keeps at any moment; tests look often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.sim.dependencies.assumptions import figure

if TYPE_CHECKING:
    from twin.sim.dependencies.system import Dependencies

__all__ = ["broken_law"]


def broken_law(system: Dependencies) -> str:
    """Look for a law that is broken.

    Parameters
    ----------
    system : Dependencies
        The system.

    Returns
    -------
    str
        What is wrong; empty if all is well: the state of the grid follows from its causes, every
        outage is in the books, no consumer lives without its station, no crew works twice, and no
        outage is of negative length.
    """
    grid, supply = system.grid, system.context.supply
    if (system.state.compute() != system.state.alive).any():
        return "the grid is not settled"
    n = int(figure("branches"))
    is_out = np.zeros(system.ledger.customers.size, dtype=bool)
    for node in grid.order:
        is_out[node * n : (node + 1) * n] = [system.is_branch_out(node, b) for b in range(n)]
    if (is_out != system.ledger.is_out()).any():
        return "the books do not agree with the grid"
    for who, (node, branch) in grid.place_of.items():
        if system.is_branch_out(node, branch) and supply.is_supplied(who, "power"):
            return f"{who} lives without its station"
    out = {who for who in grid.consumers if not supply.is_supplied(who, "power")}
    if out != set(system.consumers_out()):
        return "consumers without electricity are not all known"
    if system.repairs.crews.count > system.repairs.crews.capacity:
        return "more crews are away than there are"
    if (system.ledger.lost_s(system.context.kernel.now_s) < 0.0).any():
        return "an outage has a negative length"
    return ""
