"""What a scenario can do to street lamps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.model.errors import ModelError
from twin.sim.lamps.assumptions import figure
from twin.sim.system import Action

if TYPE_CHECKING:
    from twin.sim.lamps.system import Lamps

__all__ = ["LampActions", "lamp_actions"]

_Parameters = Mapping[str, object]
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class LampActions:
    """Actions on the lamps of a run.

    Parameters
    ----------
    lamps : Lamps
        What is acted on.
    """

    def __init__(self, lamps: Lamps) -> None:
        self._lamps = lamps
        self._lamp_index = {name: i for i, name in enumerate(lamps.fleet.lamp_ids)}

    # --- faults ---

    def check_lamp(self, target: str, _parameters: _Parameters) -> None:
        """Refuse what is no lamp."""
        if target not in self._lamp_index:
            raise ModelError(f"no lamp {target!r}; there are {len(self._lamp_index)}")

    def fail_lamp(self, target: str, _parameters: _Parameters) -> None:
        """Let a lamp fail; a crew repairs it in time."""
        lamp, faults = self._lamp_index[target], self._lamps.faults
        if self._lamps.fleet.works[lamp]:
            faults.open_ticket(faults.break_lamps(lamp, 1, "scenario"))

    def repair_lamp(self, target: str, _parameters: _Parameters) -> None:
        """Repair a lamp at once."""
        self._lamps.faults.mend((self._lamp_index[target],))

    def check_cabinet(self, target: str, _parameters: _Parameters) -> None:
        """Refuse what is no cabinet."""
        if target not in self._lamps.fleet.index:
            raise ModelError(
                f"no lamp cabinet {target!r}; there are {len(self._lamps.fleet.index)}"
            )

    def fail_cabinet(self, target: str, _parameters: _Parameters) -> None:
        """Trip the feeder of a cabinet; the crew on call repairs it."""
        self._lamps.faults.break_cabinet(target)

    def repair_cabinet(self, target: str, _parameters: _Parameters) -> None:
        """Close the feeder of a cabinet at once."""
        self._lamps.faults.mend_cabinet(target)

    def check_surge(self, target: str, parameters: _Parameters) -> None:
        """Refuse unknown cabinets and impossible numbers of lamps."""
        self.check_cabinet(target, parameters)
        _whole(parameters, "lamps", round(figure("surge_lamps")), (1, 1000))

    def surge(self, target: str, parameters: _Parameters) -> None:
        """Let a surge take lamps of a cabinet."""
        count = _whole(parameters, "lamps", round(figure("surge_lamps")), (1, 1000))
        self._lamps.faults.surge(self._lamps.fleet.index[target], count)

    # --- light ---

    def check_dim(self, target: str, parameters: _Parameters) -> None:
        """Refuse unknown places, levels and times."""
        self._cabinets(target)
        _whole(parameters, "level_percent", None, (0, 100))
        _minute(parameters, "from", 22 * 60)
        _minute(parameters, "to", 6 * 60)

    def dim(self, target: str, parameters: _Parameters) -> None:
        """Set night level and window of a place, never below P6 unless off."""
        fleet, rows = self._lamps.fleet, self._cabinets(target)
        level = _whole(parameters, "level_percent", None, (0, 100))
        kept = np.maximum(level, fleet.least_percent()[rows]) if level else np.zeros_like(rows)
        self._before().setdefault(target, fleet.night(rows))
        values = {
            "night_level_percent": kept,
            "night_start_min": np.full_like(rows, _minute(parameters, "from", 22 * 60)),
            "night_end_min": np.full_like(rows, _minute(parameters, "to", 6 * 60)),
        }
        context = self._lamps.context
        fleet.set_night(context.kernel.now_s, rows, values)
        context.note("policy_set", target, level)

    def end_dim(self, target: str, _parameters: _Parameters) -> None:
        """Give a place back the night it had before."""
        before = self._before().pop(target, None)
        if before is not None:
            context = self._lamps.context
            self._lamps.fleet.set_night(context.kernel.now_s, self._cabinets(target), before)
            context.note("policy_ended", target)

    def _before(self) -> dict[str, dict[str, NDArray[np.int64]]]:
        return self._lamps.nights_before

    def check_motion(self, target: str, parameters: _Parameters) -> None:
        """Refuse what has no LED lamps to follow motion, and impossible values."""
        lamps = self._lamps
        if (
            target not in lamps.fleet.followers.chains
            and not lamps.corridors.lamps_of(target)[0].size
        ):
            raise ModelError(f"{target} has no LED lamps that could follow motion")
        _whole(parameters, "base_percent", round(figure("motion_base_percent")), (1, 100))
        _number(parameters, "hold_s", figure("motion_hold_s"), (1.0, 3600.0))

    def follow(self, target: str, parameters: _Parameters) -> None:
        """Let lamps follow motion."""
        base = _whole(parameters, "base_percent", round(figure("motion_base_percent")), (1, 100))
        hold_s = _number(parameters, "hold_s", figure("motion_hold_s"), (1.0, 3600.0))
        self._lamps.corridors.follow(target, float(base), hold_s)

    def unfollow(self, target: str, _parameters: _Parameters) -> None:
        """Let lamps burn like all others again."""
        self._lamps.corridors.unfollow(target)

    def check_late(self, target: str, parameters: _Parameters) -> None:
        """Refuse unknown places and angles at which it is no longer twilight."""
        self._cabinets(target)
        _number(parameters, "sun_deg", figure("late_sun_deg"), (-6.0, -3.0))

    def switch_later(self, target: str, parameters: _Parameters) -> None:
        """Let a place burn less long, crossings excepted."""
        sun_deg = _number(parameters, "sun_deg", figure("late_sun_deg"), (-6.0, -3.0))
        n = self._lamps.switch_later(self._cabinets(target), sun_deg)
        self._lamps.context.note("switching_later", target, n)

    def end_switch_later(self, target: str, _parameters: _Parameters) -> None:
        """Let a place go on and out with all others again."""
        self._lamps.switch_as_usual(self._cabinets(target))
        self._lamps.context.note("switching_as_usual", target)

    def check_place(self, target: str, _parameters: _Parameters) -> None:
        """Refuse what is neither the city nor a district nor a cabinet."""
        self._cabinets(target)

    def keep_light(self, target: str, _parameters: _Parameters) -> None:
        """Let LED luminaires add power as they age, so that their light stays."""
        self._lamps.wear.keeps_light[self._cabinets(target)] = True
        self._lamps.wear.apply()

    def end_keep_light(self, target: str, _parameters: _Parameters) -> None:
        """Let LED luminaires lose light with age again."""
        self._lamps.wear.keeps_light[self._cabinets(target)] = False
        self._lamps.wear.apply()

    def _cabinets(self, target: str) -> NDArray[np.int64]:
        """Find the cabinets of a place: ``city``, a district or a cabinet."""
        lamps = self._lamps
        if target == "city":
            return np.arange(len(lamps.fleet.ids))
        if target in lamps.fleet.index:
            return np.array([lamps.fleet.index[target]])
        rows = np.flatnonzero(np.array(lamps.districts) == target)
        if not rows.size:
            known = ", ".join(sorted(set(lamps.districts)))
            raise ModelError(f"no place {target!r} with lamps; there are city, {known}")
        return rows


def _number(
    parameters: _Parameters, name: str, default: float | None, limits: tuple[float, float]
) -> float:
    value = parameters.get(name, default)
    if value is None:
        raise ModelError(f"{name} is missing")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(f"{name} is {value!r}, must be a number")
    if not limits[0] <= value <= limits[1]:
        raise ModelError(f"{name} is {value}, must be {limits[0]} to {limits[1]}")
    return float(value)


def _whole(parameters: _Parameters, name: str, default: int | None, limits: tuple[int, int]) -> int:
    value = _number(parameters, name, default, limits)
    if value != round(value):
        raise ModelError(f"{name} is {value}, must be a whole number")
    return round(value)


def _minute(parameters: _Parameters, name: str, default: int) -> int:
    """Read a local time such as 22:00. [min]."""
    value = parameters.get(name)
    if value is None:
        return default
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ModelError(f"{name} is {value!r}, must be a local time such as 22:00")
    return 60 * int(match[1]) + int(match[2])


def lamp_actions(lamps: Lamps) -> dict[str, Action]:
    """Return what a scenario can do to lamps.

    Parameters
    ----------
    lamps : Lamps
        The system.

    Returns
    -------
    dict
        Actions by verb.
    """
    do = LampActions(lamps)
    return {
        "fail": Action(
            what="a lamp fails", check=do.check_lamp, begin=do.fail_lamp, end=do.repair_lamp
        ),
        "fail_cabinet": Action(
            what="the feeder of a cabinet trips: all its lamps are dark, its controller is silent",
            check=do.check_cabinet,
            begin=do.fail_cabinet,
            end=do.repair_cabinet,
        ),
        "repair": Action(what="a lamp is repaired", check=do.check_lamp, begin=do.repair_lamp),
        "repair_cabinet": Action(
            what="the feeder of a cabinet is closed again",
            check=do.check_cabinet,
            begin=do.repair_cabinet,
        ),
        "surge": Action(
            what="a surge takes several lamps of a cabinet",
            check=do.check_surge,
            begin=do.surge,
            parameters={"lamps": "how many, 5 unless told"},
        ),
        "dim": Action(
            what="night level and window of the city, a district or a cabinet; never below P6",
            check=do.check_dim,
            begin=do.dim,
            end=do.end_dim,
            parameters={
                "level_percent": "light in the window, 0 is off [%]",
                "from": "local time, 22:00 unless told",
                "to": "local time, 6:00 unless told",
            },
        ),
        "follow_motion": Action(
            what="LED lamps of a corridor or a cabinet follow motion in their night window",
            check=do.check_motion,
            begin=do.follow,
            end=do.unfollow,
            parameters={
                "base_percent": "light while nobody is there, 10 unless told [%]",
                "hold_s": "how long a lamp stays bright, 90 unless told [s]",
            },
        ),
        "ignore_motion": Action(
            what="lamps of a corridor or a cabinet stop following motion",
            check=do.check_motion,
            begin=do.unfollow,
        ),
        "switch_later": Action(
            what="lamps go on later and out earlier; cabinets with a crossing keep to 40 lx",
            check=do.check_late,
            begin=do.switch_later,
            end=do.end_switch_later,
            parameters={"sun_deg": "elevation of the sun, -4.5 unless told, -3 to -6 [deg]"},
        ),
        "constant_light": Action(
            what="LED luminaires of a place add power as they age (CLO)",
            check=do.check_place,
            begin=do.keep_light,
            end=do.end_keep_light,
        ),
    }
