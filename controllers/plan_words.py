"""What a plan says of itself: what is atomic, what forbids it, and the way round a lost device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from controllers.ports import DeviceClass

if TYPE_CHECKING:
    from controllers.plan import Plan

__all__ = ["atomicity", "counted", "refusal", "refused", "some_of", "way_round"]

_ARMED = (DeviceClass.C, DeviceClass.D)
_LONGEST_LIMIT = 5  # devices left out by name; more are no selection to type


def counted(n: int, word: str) -> str:
    """Count things in words.

    Parameters
    ----------
    n : int
        How many.
    word : str
        Name of one of them.

    Returns
    -------
    str
        Such as ``1 device`` or ``2 devices``.
    """
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def some_of(names: Sequence[str], n_shown: int) -> str:
    """List the first names, and how many more there are.

    Parameters
    ----------
    names : sequence of str
        All names.
    n_shown : int
        How many to show.

    Returns
    -------
    str
        Such as ``a, b and 9 more``.
    """
    shown = ", ".join(names[:n_shown])
    return f"{shown} and {len(names) - n_shown} more" if len(names) > n_shown else shown


def atomicity(plan: Plan) -> tuple[str, ...]:
    """Say what happens together, and what a device cannot take back alone.

    Parameters
    ----------
    plan : Plan
        The plan.

    Returns
    -------
    tuple of str
        Lines.
    """
    n_waves = len({part.wave for part in plan.devices})
    if plan.atomic == "network" or n_waves == 1:
        lines = [_together(plan)]
    else:
        lines = [
            f"each of {n_waves} waves alone: a later failure takes earlier waves back by writing "
            "their stored old values"
        ]
    plain = [part.device for part in plan.devices if part.device_class not in _ARMED]
    if plain:
        keeps = "it keeps" if len(plain) == 1 else "they keep"
        lines.append(
            f"{some_of(plain, 5)}: taken back by stored values only; if the controller stops in "
            f"the middle {keeps} the new values until `stellwerk recover`"
        )
    if plan.unreachable and plan.on_unreachable != "refuse":
        lines.append(f"left out, not reached: {', '.join(plan.unreachable)}")
    if plan.on_failure == "skip":
        lines.append("a device that fails before the first commit is left out, the others go on")
    lines += _held(plan)
    return tuple(lines)


def _held(plan: Plan) -> list[str]:
    """Say when the run stops to ask."""
    if "hold" not in (plan.on_failure, plan.on_unreachable):
        return []
    why = {
        "a device was not reached": plan.on_unreachable == "hold",
        "measured figures do not agree": plan.on_failure == "hold",
    }
    causes = " or ".join(text for text, is_so in why.items() if is_so)
    before = "before each wave is confirmed" if plan.atomic == "wave" else "before the confirm"
    return [f"held {before} if {causes}: timers are kept running until a person decides"]


def _together(plan: Plan) -> str:
    n_armed = sum(part.device_class in _ARMED for part in plan.devices)
    is_single = len(plan.devices) == 1
    what = "all changes of 1 device" if is_single else f"all {len(plan.devices)} devices"
    if not n_armed:
        who = "it does" if is_single else "one does"
        return f"{what} or none: if {who} not read back as planned, the old values are written back"
    verified = "it is" if is_single else "all are"
    after = f"after {plan.confirm_timeout_s:g} s"
    timer = f"it reverts by itself {after}" if is_single else (
        f"armed devices revert by themselves {after}" if n_armed > 1 else
        f"the armed device reverts by itself {after}"
    )  # fmt: skip
    return f"{what} or none: nothing is confirmed before {verified} verified; {timer}"


def refused(plan: Plan) -> str:
    """Count what forbids a plan.

    Parameters
    ----------
    plan : Plan
        The plan.

    Returns
    -------
    str
        Such as ``36 errors on 12 devices``; empty if nothing forbids it.
    """
    if not plan.blockers:
        return ""
    devices = {found.device for found in plan.blockers if found.device}
    where = f" on {counted(len(devices), 'device')}" if devices else ""
    return f"{counted(len(plan.blockers), 'error')}{where}"


def refusal(plan: Plan) -> str:
    """Say what forbids a plan, with its first finding.

    Parameters
    ----------
    plan : Plan
        A plan with blockers.

    Returns
    -------
    str
        One line.
    """
    first = plan.blockers[0]
    where = f"{first.device}: " if first.device else ""
    if len(plan.blockers) == 1:
        return f"{where}{first.finding}"
    return f"{refused(plan)}, the first: {where}{first.finding}"


def way_round(plan: Plan) -> str:
    """Say what to do about devices that were not reached.

    Parameters
    ----------
    plan : Plan
        A plan with unreachable devices that does not skip them.

    Returns
    -------
    str
        Leaving them out is offered only where it leaves something and can be asked for: a plan
        made earlier, or the reverse of a run, has them among its devices and is not narrowed.
    """
    lost = tuple(plan.unreachable)
    back = f"bring {'it' if len(lost) == 1 else 'them'} back and try again"
    is_made_earlier = any(part.device in plan.unreachable for part in plan.devices)
    if plan.no_op or is_made_earlier or len(lost) > _LONGEST_LIMIT:
        return back
    limit = " & ".join(f"!id:{device}" for device in lost)
    return f"{back}, or leave out: `stellwerk plan` with --limit '{limit}' --out, then apply that"
