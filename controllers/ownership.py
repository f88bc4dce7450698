"""Who made each value what it is: the last confirmed run that set it, and why it was wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controllers.history import History, runs_in
from controllers.journal import Journal
from controllers.steps import State
from twin.model.attributes import Value

__all__ = ["Claim", "Claims", "claims_in", "claims_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The last confirmed word on one attribute of one device.

    Parameters
    ----------
    device, path : str
        Which attribute.
    value, before : Value
        What it was made, and what it was.
    run, begun : str
        The run that did it, and when that began (UTC).
    plan, comment, ticket, author : str
        What was wanted, why, where that was decided, and by whom the plan was made.
    """

    device: str
    path: str
    value: Value
    before: Value
    run: str
    begun: str
    plan: str
    comment: str
    ticket: str
    author: str


Claims = Mapping[str, Mapping[str, Claim]]
"""Claim by path by device id."""


def claims_in(journal: Journal) -> dict[str, dict[str, Claim]]:
    """Read from a journal who owns which attribute.

    Parameters
    ----------
    journal : Journal
        An open journal.

    Returns
    -------
    dict
        Claim by path by device id. Only what a run has confirmed is claimed; a rollback is a run
        of its own and claims the values it brought back.

    Raises
    ------
    JournalError
        The journal cannot be read or does not begin a run as it must.
    """
    claims: dict[str, dict[str, Claim]] = {}
    for told in runs_in(journal):
        for device, of_device in claims_of(told).items():
            claims.setdefault(device, {}).update(of_device)
    return claims


def claims_of(told: History) -> dict[str, dict[str, Claim]]:
    """Read from the history of one run what it has confirmed.

    Parameters
    ----------
    told : History
        The run.

    Returns
    -------
    dict
        Claim by path by device id.
    """
    plan = told.plan
    return {
        part.device: {
            change.path: Claim(
                device=part.device,
                path=change.path,
                value=change.after,
                before=change.before,
                run=told.run,
                begun=told.begun,
                plan=plan.name,
                comment=plan.comment,
                ticket=plan.ticket,
                author=plan.author,
            )
            for change in part.changes
        }
        for part in plan.devices
        if told.known[part.device].state is State.CONFIRMED
    }
