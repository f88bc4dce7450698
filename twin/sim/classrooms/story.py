"""Notable moments of each school, in words, for reports."""

from __future__ import annotations

from collections import deque

from twin.sim.system import Moment

__all__ = ["Stories"]

_KEEP = 400
_MOST = 60  # of a report


class Stories:
    """What happened at which school.

    A moment is kept once: a cause that goes on is told when it begins and when it ends.
    """

    def __init__(self) -> None:
        self._moments: dict[str, deque[tuple[float, str, bool]]] = {}
        self._open: dict[tuple[str, str], float] = {}
        self._with_exam: set[str] = set()

    def tell(self, school: str, at_s: float, text: str, *, is_routine: bool = False) -> None:
        """Add a moment of a school; routine is what happens at every school every day. [s]."""
        moments = self._moments.setdefault(school, deque(maxlen=_KEEP))
        moments.append((at_s, text, is_routine))

    def tell_exam(self, school: str, at_s: float, text: str) -> None:
        """Add a moment of a school with an exam: its whole day belongs into the report. [s]."""
        self._with_exam.add(school)
        self.tell(school, at_s, text)

    def follow(
        self,
        school: str,
        what: str,
        at_s: float,
        *,
        is_so: bool,
        begins: str,
        ends: str,
        is_routine: bool = False,
    ) -> bool:
        """Tell the begin and the end of a state.

        Parameters
        ----------
        school : str
            Id of the school.
        what : str
            Name of the state.
        at_s : float
            Simulated second. [s]
        is_so : bool
            Whether it is so now.
        begins, ends : str
            Words for both; ``{minutes}`` in the second is how long it was.
        is_routine : bool
            As of `tell`.

        Returns
        -------
        bool
            True if the state has changed.
        """
        key = (school, what)
        if is_so and key not in self._open:
            self._open[key] = at_s
            self.tell(school, at_s, begins, is_routine=is_routine)
            return True
        if not is_so and key in self._open:
            minutes = (at_s - self._open.pop(key)) / 60.0
            text = ends.format(minutes=f"{minutes:.1f} min")
            self.tell(school, at_s, text, is_routine=is_routine)
            return True
        return False

    def of(self, school: str) -> tuple[Moment, ...]:
        """Return the latest moments of a school, oldest first."""
        return tuple(Moment(at_s, school, text) for at_s, text, _ in self._moments.get(school, ()))

    def of_all(self) -> tuple[Moment, ...]:
        """Return what belongs into a report, oldest first: whole days only of exam schools."""
        found = [
            Moment(at_s, school, text)
            for school, moments in self._moments.items()
            for at_s, text, is_routine in moments
            if not is_routine or school in self._with_exam
        ]
        return tuple(sorted(found, key=_when)[-_MOST:])


def _when(moment: Moment) -> tuple[float, str]:
    return moment.at_s, moment.who
