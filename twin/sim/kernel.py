"""The event kernel: SimPy's queue and clock, with actions instead of generators.

A generator cannot be saved, a method with its arguments can. So what happens later is written down
as an action (a bound method or a module function, never a lambda or a closure) and the whole
queue can be stored and taken up again with the same future (ADR 8).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVarTuple

import simpy
from simpy.events import NORMAL, Event

from twin.model.errors import StellwerkError

__all__ = ["Crews", "Due", "Kernel", "SimulationError"]

_Ts = TypeVarTuple("_Ts")


class SimulationError(StellwerkError):
    """Something went wrong inside a running simulation; says where and when."""


class Due(Event):
    """An action that will happen; `cancel` takes it back.

    Parameters
    ----------
    kernel : Kernel
        Whose time it waits for.
    who : str
        What acts, for error messages.
    action : callable
        Bound method or module function.
    args : tuple
        Its arguments.
    """

    def __init__(
        self, kernel: Kernel, who: str, action: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        super().__init__(kernel)
        self._ok = True
        self._value = None
        self.who, self.action, self.args = who, action, args
        self.is_cancelled = False
        self.callbacks = [_happen]

    def cancel(self) -> None:
        """Let it not happen."""
        self.is_cancelled = True


def _happen(event: Event) -> None:
    if isinstance(event, Due) and not event.is_cancelled:
        _act(event.env, event.who, event.action, event.args)


def _act(
    env: simpy.Environment, who: str, action: Callable[..., object], args: tuple[Any, ...]
) -> None:
    try:
        action(*args)
    except SimulationError:
        raise
    except Exception as err:
        raise SimulationError(
            f"{who} at simulated second {float(env.now):.3f}: {type(err).__name__}: {err}"
        ) from err


class _Then:
    """Callback of an event of SimPy, such as a granted request."""

    def __init__(self, who: str, action: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.who, self.action, self.args = who, action, args

    def __call__(self, event: Event) -> None:
        _act(event.env, self.who, self.action, self.args)


class Kernel(simpy.Environment):
    """SimPy's environment for actions.

    Actions due at the same moment happen in the order in which they were asked for.
    """

    @property
    def now_s(self) -> float:
        """Simulated seconds since the start. [s]."""
        return float(self.now)

    def at(self, time_s: float, who: str, action: Callable[[*_Ts], object], *args: *_Ts) -> Due:
        """Let an action happen at a simulated second.

        Parameters
        ----------
        time_s : float
            When. [s]  Must not have passed.
        who : str
            What acts: the id of a device, a vehicle, a system.
        action : callable
            Bound method of something that can be saved, or a module function.
        *args : object
            Its arguments.

        Returns
        -------
        Due
            To take it back.

        Raises
        ------
        ValueError
            The time has passed or is not finite.
        """
        delay_s = time_s - self.now_s
        if not math.isfinite(time_s) or delay_s < 0.0:
            raise ValueError(f"{who}: cannot act at {time_s} s, it is {self.now_s} s")
        due = Due(self, who, action, args)
        self.schedule(due, NORMAL, delay_s)
        return due

    def after(self, delay_s: float, who: str, action: Callable[[*_Ts], object], *args: *_Ts) -> Due:
        """Let an action happen in so many seconds; like `at`."""
        return self.at(self.now_s + delay_s, who, action, *args)

    def when(self, event: Event, who: str, action: Callable[[*_Ts], object], *args: *_Ts) -> None:
        """Let an action happen once an event of SimPy has, such as the request of a crew."""
        if event.callbacks is None:
            self.after(0.0, who, action, *args)
        else:
            event.callbacks.append(_Then(who, action, args))

    def advance(self, until_s: float) -> None:
        """Let everything happen that is due before a simulated second, and be there.

        Parameters
        ----------
        until_s : float
            Seconds since the start. [s]  A time that has passed does nothing.

        Raises
        ------
        ValueError
            Not a finite number.
        SimulationError
            An action failed; names who and when.
        """
        if not math.isfinite(until_s):
            raise ValueError(f"until_s is {until_s}, must be finite")
        if until_s > self.now_s:
            self.run(until=until_s)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_eid": next(self._eid)}  # a counter itself cannot be pickled for long

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._eid = count(state["_eid"])


class Crews(simpy.PriorityResource):
    """People or things of which there are only so many; lower priorities are served first.

    A class of its own, because SimPy binds methods to instances of its own classes, and those
    cannot be saved.
    """
