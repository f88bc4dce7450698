"""What a schedule drives: machine, journal and controller, sound or broken on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controllers.steps import MemberSpec
from controllers.transaction import Transaction
from hil.chaos.controller import Controller
from hil.chaos.journal import RUN, MemoryJournal
from hil.chaos.schedule import Schedule

__all__ = ["SOUND", "Engine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The parts of an engine.

    Parameters
    ----------
    name : str
        Its name; empty for the one that is shipped.
    about : str
        What is wrong with it.
    machine : type
        The transaction machine.
    journal : type
        The journal.
    controller : type
        Who drives.
    """

    name: str = ""
    about: str = ""
    machine: type[Transaction] = Transaction
    journal: type[MemoryJournal] = MemoryJournal
    controller: type[Controller] = Controller

    def make_machine(self, schedule: Schedule, specs: Sequence[MemberSpec]) -> Transaction:
        """Make the machine of a schedule.

        Parameters
        ----------
        schedule : Schedule
            Gives the knobs.
        specs : sequence of MemberSpec
            The members: those of the schedule, or their reverse.
        """
        return self.machine(
            specs,
            run=RUN,
            token=f"{schedule.seed:x}",
            confirm_timeout_s=schedule.confirm_timeout_s,
            limits=schedule.limits,
            by_wave=schedule.by_wave,
            may_skip=schedule.may_skip,
            has_gate=schedule.has_gate,
        )


SOUND = Engine()
