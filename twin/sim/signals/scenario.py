"""What a scenario can do to traffic signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.model.errors import ModelError
from twin.sim.signals.programme import FLASH_PATTERN, PATTERNS
from twin.sim.system import Action

if TYPE_CHECKING:
    from twin.sim.signals.system import Signals

__all__ = ["SignalActions", "signal_actions"]

_Parameters = Mapping[str, object]
_PATTERNS = {pattern.name: pattern.number for pattern in PATTERNS} | {"flash": FLASH_PATTERN}
_MOST = 10.0
_CAUSE = "scenario"


class SignalActions:
    """Actions on the signals of a run; a target is a signal, a corridor, a computer or ``all``.

    Parameters
    ----------
    system : Signals
        What is acted on.
    """

    def __init__(self, system: Signals) -> None:
        self._system = system

    def check_target(self, target: str, _parameters: _Parameters) -> None:
        """Refuse targets that name no signal."""
        self._signals(target)

    def check_pattern(self, target: str, parameters: _Parameters) -> None:
        """Refuse unknown targets and patterns."""
        self._signals(target)
        self._pattern(parameters)

    def check_flow(self, target: str, parameters: _Parameters) -> None:
        """Refuse unknown targets and impossible factors."""
        self._signals(target)
        self._factor(parameters)

    def check_computer(self, target: str, _parameters: _Parameters) -> None:
        """Refuse unknown traffic computers."""
        computers = self._system.layout.computers
        if target not in computers:
            raise ModelError(f"no traffic computer {target!r}; there are {', '.join(computers)}")

    def fail(self, target: str, _parameters: _Parameters) -> None:
        """Let controllers fail: they flash until they are repaired."""
        for i in self._signals(target):
            self._system.supervision.break_signal(int(i), _CAUSE)

    def end_fail(self, target: str, _parameters: _Parameters) -> None:
        """Take the failure of a scenario away."""
        for i in self._signals(target):
            self._system.supervision.mend_signal(int(i), _CAUSE)

    def repair(self, target: str, _parameters: _Parameters) -> None:
        """Take every fault away."""
        for i in self._signals(target):
            self._system.supervision.mend_signal(int(i))

    def set_pattern(self, target: str, parameters: _Parameters) -> None:
        """Let signals run a programme from the end of their cycle."""
        for i in self._signals(target):
            self._system.supervision.set_pattern(
                self._system.layout.ids[i], self._pattern(parameters)
            )

    def end_pattern(self, target: str, _parameters: _Parameters) -> None:
        """Let signals follow the time table again; those that cannot be told keep theirs."""
        for i in self._signals(target):
            signal = self._system.layout.ids[i]
            if self._system.supervision.is_listening(signal):
                self._system.set_pattern(signal, 0)

    def scale_flow(self, target: str, parameters: _Parameters) -> None:
        """Let more or fewer vehicles come."""
        self._system.scale_flow(self._signals(target), self._factor(parameters))

    def end_flow(self, target: str, parameters: _Parameters) -> None:
        """Let as many vehicles come as before."""
        self._system.scale_flow(self._signals(target), 1.0 / self._factor(parameters))

    def lose_computer(self, target: str, _parameters: _Parameters) -> None:
        """Take a traffic computer out."""
        self._system.supervision.lose_computer(target, _CAUSE)

    def regain_computer(self, target: str, _parameters: _Parameters) -> None:
        """Bring a traffic computer back."""
        self._system.supervision.regain_computer(target, _CAUSE)

    def _signals(self, target: str) -> NDArray[np.int64]:
        layout = self._system.layout
        if target == "all":
            return np.arange(len(layout.ids))
        if target in layout.index:
            return np.array([layout.index[target]])
        if target in layout.corridors:
            return np.array(layout.corridors[target])
        if target in layout.computers:
            return np.flatnonzero(layout.computer == layout.computers.index(target))
        raise ModelError(f"no signal, corridor or traffic computer {target!r} in this run")

    @staticmethod
    def _pattern(parameters: _Parameters) -> int:
        value = parameters.get("pattern")
        number = _PATTERNS.get(value) if isinstance(value, str) else value
        if isinstance(number, bool) or number not in _PATTERNS.values():
            raise ModelError(f"no pattern {value!r}; there are {', '.join(_PATTERNS)}")
        return int(str(number))

    @staticmethod
    def _factor(parameters: _Parameters) -> float:
        value = parameters.get("factor")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0.0 < float(str(value)) <= _MOST:
            raise ModelError(f"factor is {value!r}, must be more than 0 and at most {_MOST:g}")
        return float(str(value))


def signal_actions(system: Signals) -> dict[str, Action]:
    """List the actions by verb.

    Parameters
    ----------
    system : Signals
        What is acted on.

    Returns
    -------
    dict
        Action by verb.
    """
    act = SignalActions(system)
    return {
        "fail": Action(
            what="let controllers fail: they flash, the signs of priority count",
            check=act.check_target,
            begin=act.fail,
            end=act.end_fail,
        ),
        "repair": Action(
            what="repair controllers and lamps at once", check=act.check_target, begin=act.repair
        ),
        "pattern": Action(
            what="run a programme, from the end of the cycle",
            check=act.check_pattern,
            begin=act.set_pattern,
            end=act.end_pattern,
            parameters={"pattern": f"one of {', '.join(_PATTERNS)}"},
        ),
        "flow": Action(
            what="let more or fewer vehicles come, as at an event",
            check=act.check_flow,
            begin=act.scale_flow,
            end=act.end_flow,
            parameters={"factor": "times the usual demand, above 0 to 10"},
        ),
        "computer_outage": Action(
            what="take a traffic computer out: its signals run alone",
            check=act.check_computer,
            begin=act.lose_computer,
            end=act.regain_computer,
        ),
    }
