"""Goes on without devices that fail before the first commit, where a plan says skip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from controllers.drive import RunResult
from controllers.endings import DONE, PERSON
from controllers.plan import Plan, without_device
from controllers.steps import Fault, Outcome, State

__all__ = ["skipping"]

_AWAY = (Fault.UNREACHABLE, Fault.BROKEN, Fault.LOCKED)
_BACK = (State.UNTOUCHED, State.RESTORED, State.SKIPPED)


def skipping(plan: Plan, apply_once: Callable[[Plan], RunResult]) -> RunResult:
    """Apply a plan, and again without each device that has failed before anything was committed.

    A device of a mesh is never left behind: the others would move away from it.

    Parameters
    ----------
    plan : Plan
        The plan.
    apply_once : callable
        Applies a plan as a run of its own.

    Returns
    -------
    RunResult
        That of the last run; devices that were left out are skipped, or indeterminate if it is
        not known what became of them, and then a person is needed.
    """
    left: dict[str, tuple[State, str]] = {}
    result = apply_once(plan)
    while _may_leave_out(plan, result):
        name = result.culprit
        is_back = result.devices[name] in _BACK
        left[name] = (State.SKIPPED if is_back else result.devices[name], result.reasons[name])
        plan = without_device(plan, name)
        result = apply_once(plan)
    if not left:
        return result
    needs_person = any(state is not State.SKIPPED for state, _ in left.values())
    return replace(
        result,
        devices={**result.devices, **{name: state for name, (state, _) in left.items()}},
        reasons={**result.reasons, **{name: reason for name, (_, reason) in left.items()}},
        exit_code=PERSON if needs_person and result.exit_code == DONE else result.exit_code,
    )


def _may_leave_out(plan: Plan, result: RunResult) -> bool:
    """Say whether a run has failed because of one device that may stay behind."""
    part = next((part for part in plan.devices if part.device == result.culprit), None)
    if part is None or part.mesh or len(plan.devices) < 2 or result.culprit not in result.reasons:
        return False
    if result.outcome not in (Outcome.RESTORED, Outcome.INDETERMINATE):
        return False
    others = (state for name, state in result.devices.items() if name != result.culprit)
    if not all(state in _BACK for state in others):
        return False
    is_away = result.fault in _AWAY and plan.on_unreachable != "refuse"
    return is_away or plan.on_failure == "skip"
