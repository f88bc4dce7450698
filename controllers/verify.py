"""Evidence: is what a device reads back what was asked, in configuration and in operation."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection, Container, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from twin.model.attributes import Attribute, Value, attribute_of
from twin.model.quote import quoted

if TYPE_CHECKING:
    from controllers.plan import Plan

__all__ = [
    "KpiGate",
    "Verdict",
    "differences",
    "drift",
    "evidence_id",
    "judge",
    "observed_paths",
    "operational_differences",
    "same",
]

# Transmit power in use may differ from the configured one by a step of transmit power control
# and by rounding: firmware that ignores the setting is off by more.
_POWER_TOLERANCE_DB = 2.0


class KpiGate(Protocol):
    """Holds back the confirm when measured figures leave the band the twin predicted."""

    def judge(self, plan: Plan, observed: Mapping[str, Mapping[str, Value]]) -> tuple[str, ...]:
        """Return the reasons not to confirm; none when reality agrees."""


class Verdict(Enum):
    """What a read-back says."""

    AGREES = "agrees"
    PENDING = "pending"
    DIFFERS = "differs"


@lru_cache(maxsize=4096)
def _attribute(kind: str, path: str) -> tuple[Attribute, tuple[tuple[str, str], ...]]:
    attribute, instances = attribute_of(kind, path)
    return attribute, tuple(instances.items())


def same(kind: str, path: str, left: Value, right: Value) -> bool:
    """Say whether two readings are the same value.

    Numbers are within the tolerance of the attribute; text is the same without blanks around it
    and in Unicode's composed form, for devices trim and compose.
    """
    if type(left) is type(right) and left == right:
        return True
    if isinstance(left, str) and isinstance(right, str):
        return _normal(left) == _normal(right)
    tolerance = _attribute(kind, path)[0].tolerance
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if tolerance and numbers:
        return abs(float(left) - float(right)) <= tolerance
    return left == right


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


def differences(
    kind: str, wanted: Mapping[str, Value], read: Mapping[str, Value]
) -> tuple[str, ...]:
    """Name the paths whose reading is not the wanted value.

    Parameters
    ----------
    kind : str
        Device kind.
    wanted : mapping
        Value by path.
    read : mapping
        What the device gave; a missing path differs.

    Returns
    -------
    tuple of str
        Paths, in the order of `wanted`.
    """
    return tuple(
        path
        for path, value in wanted.items()
        if path not in read or not same(kind, path, value, read[path])
    )


_N_TOLD = 3


def drift(planned: Mapping[str, Value], read: Mapping[str, Value], paths: Sequence[str]) -> str:
    """Say what a plan was made from, what is there now, and what to do about it.

    Parameters
    ----------
    planned, read : mapping
        Values by path: when the plan was made, and now.
    paths : sequence of str
        Those that differ, from `differences`.

    Returns
    -------
    str
        Such as ``tilt_deg is 4.0, the plan was made at 2.0; plan again``; the first three of many.
    """
    told = [
        f"{path} is {quoted(read[path]) if path in read else 'not shown'}, "
        f"the plan was made at {quoted(planned[path])}"
        for path in paths[:_N_TOLD]
    ]
    more = len(paths) - len(told)
    return "; ".join([*told, f"and {more} more", "plan again"] if more else [*told, "plan again"])


_FOLLOWED: Mapping[tuple[str, str], tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        ("ap", "radio/{radio}/channel"): (
            "radio/{radio}/channel_in_use",
            ("radio/{radio}/enabled", "radio/{radio}/dca"),
        ),
        ("ap", "radio/{radio}/tx_power_dbm"): (
            "radio/{radio}/tx_power_in_use_dbm",
            ("radio/{radio}/enabled", "radio/{radio}/dtp"),
        ),
        ("cell", "admin_state"): ("operational_state", ()),
        ("signal", "pattern"): ("pattern_in_effect", ()),
        ("switch", "port/{port}/poe_enabled"): ("port/{port}/poe_delivering", ()),
        ("switch", "port/{port}/admin_up"): ("port/{port}/oper_up", ()),
    }
)
_ADAPTIVE = MappingProxyType({"channel": "dca", "tx_power_dbm": "dtp"})


def observed_paths(
    kind: str, paths: Collection[str], templates: Container[str] | None = None
) -> tuple[str, ...]:
    """List what must be read beside the configuration to believe a change.

    Parameters
    ----------
    kind : str
        Device kind.
    paths : collection of str
        Paths that are changed.
    templates : container of str, optional
        Attribute templates the profile of the device maps; others are left out.

    Returns
    -------
    tuple of str
        Operational paths, and the configuration that says whether they must follow.
    """
    found: dict[str, None] = {}
    for path in paths:
        attribute, instances = _attribute(kind, path)
        shown, context = _FOLLOWED.get((kind, attribute.template), ("", ()))
        if not shown or (templates is not None and shown not in templates):
            continue
        for template in (shown, *context):
            if templates is None or template in templates:
                found[template.format(**dict(instances))] = None
    return tuple(path for path in found if path not in paths)


def operational_differences(
    kind: str, wanted: Mapping[str, Value], read: Mapping[str, Value]
) -> tuple[str, ...]:
    """Name the operational paths that do not show what the configuration asks for.

    A radio that is off, or that chooses channel or power by itself, need not follow; a port that
    is on needs a load or a link to show it, so only "off" is evidence. A signal that is given back
    to its time table runs what that says.
    """
    wrong = []
    for path, value in wanted.items():
        attribute, instances = _attribute(kind, path)
        shown = _FOLLOWED.get((kind, attribute.template), ("", ()))[0].format(**dict(instances))
        if shown and shown in read and not _follows(kind, path, value, read[shown], read):
            wrong.append(shown)
    return tuple(wrong)


def _follows(kind: str, path: str, value: Value, shown: Value, read: Mapping[str, Value]) -> bool:
    if kind == "cell":
        return value == "SHUTTING_DOWN" or shown == {"UNLOCKED": "ENABLED"}.get(
            str(value), "DISABLED"
        )
    if kind == "switch":
        return bool(value) or not shown
    if kind == "signal":
        return value in (0, shown)
    radio, name = path.rsplit("/", 1)
    if read.get(f"{radio}/enabled") is False or read.get(f"{radio}/{_ADAPTIVE[name]}") is True:
        return True
    tolerance = _POWER_TOLERANCE_DB if name == "tx_power_dbm" else 0.0
    return abs(float(shown) - float(value)) <= tolerance


def judge(
    kind: str, wanted: Mapping[str, Value], read: Mapping[str, Value]
) -> tuple[Verdict, tuple[str, ...]]:
    """Judge a read-back.

    Parameters
    ----------
    kind : str
        Device kind.
    wanted, read : mapping
        Values by path.

    Returns
    -------
    verdict : Verdict
        ``PENDING`` when only operational values lag behind.
    paths : tuple of str
        The paths at fault.
    """
    wrong = differences(kind, wanted, read)
    if wrong:
        return Verdict.DIFFERS, wrong
    lagging = operational_differences(kind, wanted, read)
    return (Verdict.PENDING if lagging else Verdict.AGREES), lagging


def evidence_id(device: str, read: Mapping[str, Value]) -> str:
    """Give the id of a read-back: a digest of what was read from which device."""
    text = json.dumps([device, dict(read)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
