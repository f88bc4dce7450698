"""How a change is rolled out: canaries, waves, windows, and what a failure leads to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StrictStr

from controllers.windows import parse_window
from twin.model.errors import InputError

__all__ = ["OnFailure", "OnUnreachable", "Rollout", "RolloutFile", "rollout_of"]

OnUnreachable = Literal["refuse", "skip", "hold"]
OnFailure = Literal["stop", "skip", "hold"]

_PERCENT = re.compile(r"(\d{1,3})\s*%")


def _wave(entry: int | str) -> int | str:
    if isinstance(entry, int):
        if entry < 1:
            raise ValueError(f"a wave of {entry} devices; waves have at least 1")
        return entry
    match = _PERCENT.fullmatch(entry.strip())
    if match is None or not 1 <= int(match[1]) <= 100:
        raise ValueError(f"{entry!r} is no wave; write a share such as 10%, or a number of devices")
    return f"{int(match[1])}%"


def _rising(waves: list[int | str]) -> list[int | str]:
    shares = [int(entry[:-1]) for entry in waves if isinstance(entry, str)]
    if shares != sorted(set(shares)):
        raise ValueError("shares say how far the change has come after each wave: they must rise")
    return waves


def _window(text: str) -> str:
    try:
        return parse_window(text).text
    except InputError as err:
        raise ValueError(str(err)) from err


_Wave = Annotated[StrictInt | StrictStr, AfterValidator(_wave)]


class RolloutFile(BaseModel):
    """The part ``rollout`` of an intent file."""

    model_config = ConfigDict(extra="forbid")

    canaries: Annotated[StrictInt, Field(ge=0, le=1000)] = 0
    wave_size: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    waves: Annotated[list[_Wave], AfterValidator(_rising)] = Field(default_factory=list)
    windows: list[Annotated[StrictStr, AfterValidator(_window)]] = Field(default_factory=list)
    together: list[Annotated[StrictStr, Field(min_length=1, max_length=1000)]] = Field(
        default_factory=list
    )
    on_unreachable: Literal["stop", "skip", "hold"] = "stop"
    on_failure: OnFailure = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """How a change is rolled out.

    Parameters
    ----------
    canaries : int
        Devices of the first wave: those that do least harm if the change is a bad one.
    waves : tuple of int or str
        Each a number of devices, or a share such as ``10%`` that the change has come to when the
        wave is done; what is left is a last wave. Empty: as `controllers.plan.make_plan` does.
    wave_size : int or None
        Devices of each wave where `waves` names none.
    windows : tuple of str
        Times the change may be made at, see `controllers.windows.parse_window`; empty for any.
    together : tuple of str
        Selections; the devices of each are switched in the same step.
    on_unreachable : str
        ``refuse`` (stop), ``skip`` the device, or skip it and ``hold`` before anything is final.
    on_failure : str
        ``stop`` and undo all; ``skip`` a device that fails before the first commit; or ``hold``
        and ask a person when measured figures do not agree.
    """

    canaries: int = 0
    waves: tuple[int | str, ...] = ()
    wave_size: int | None = None
    windows: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    on_unreachable: OnUnreachable = "refuse"
    on_failure: OnFailure = "stop"


def rollout_of(file: RolloutFile | None) -> Rollout:
    """Make a rollout of its part of an intent file.

    Parameters
    ----------
    file : RolloutFile or None
        What was read; None if the intent says nothing.

    Returns
    -------
    Rollout
        The rollout.
    """
    if file is None:
        return Rollout()
    return Rollout(
        canaries=file.canaries,
        waves=tuple(file.waves),
        wave_size=file.wave_size,
        windows=tuple(file.windows),
        together=tuple(file.together),
        on_unreachable="refuse" if file.on_unreachable == "stop" else file.on_unreachable,
        on_failure=file.on_failure,
    )
