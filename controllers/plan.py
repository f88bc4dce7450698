"""The plan: what would change on which device, in which order, and how it is taken back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from controllers.channels import band_of
from controllers.intent import Intent, Want, require_read
from controllers.plan_words import atomicity, refusal, way_round
from controllers.ports import Change, Device, DeviceClass, Effect, HarmPredictor
from controllers.profiles import profile_of
from controllers.rollout import OnFailure, OnUnreachable
from controllers.steps import Limits, MemberSpec
from controllers.verify import differences, observed_paths, same
from controllers.waves import in_waves
from twin.model.attributes import Value
from twin.model.errors import DeviceUnreachable, InputError, ModelError, PolicyRefused
from twin.model.regulatory import Finding, needs_cac_s

__all__ = [
    "FORMAT_VERSION",
    "DevicePlan",
    "Plan",
    "PlanFinding",
    "ProfileFacts",
    "make_plan",
    "members_of",
    "reverse_plan",
    "touched_hash",
    "without_device",
]

FORMAT_VERSION = "1.2"
DEFAULT_WINDOW_S = 120.0
_SETTLE_S = 10.0
_PATTERN_S = 240.0
"""A signal takes up another pattern at the end of a cycle: within two of 120 s. [s]"""
_VERIFY_MARGIN_S = 60.0
_DEFAULT_WAVE_SIZE = 8

Atomic = Literal["network", "wave"]


class ProfileFacts(Protocol):
    """What a plan must know of a profile."""

    @property
    def device_class(self) -> DeviceClass:
        """How the device takes back a change."""

    @property
    def attributes(self) -> Container[str]:
        """Templates the profile maps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFinding:
    """What a policy says about one device of the plan; see `twin.model.regulatory.Finding`."""

    device: str
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlan:
    """The part of a plan that is about one device.

    Parameters
    ----------
    device, kind, site, origin : str
        Id, kind, group and whether it is real or emulated.
    device_class : DeviceClass
        How it takes back the change.
    changes : tuple of Change
        Attributes with old and new value; the undo is the same read backwards.
    context : mapping
        Other values read from the device, for policies.
    wave, order : int
        Wave, and place in it; equal places go together.
    mesh : str
        Group that is switched in the same instant; empty for none.
    observe : tuple of str
        Operational paths read as evidence.
    settle_s : float
        How long operational values may take to follow. [s]
    """

    device: str
    kind: str
    site: str
    origin: str
    device_class: DeviceClass
    changes: tuple[Change, ...]
    context: Mapping[str, Value] = field(default_factory=dict)
    wave: int = 0
    order: int = 0
    mesh: str = ""
    observe: tuple[str, ...] = ()
    settle_s: float = field(default=_SETTLE_S, metadata={"unit": "s"})

    @property
    def undo(self) -> dict[str, Value]:
        """The values that take the device back."""
        return {change.path: change.before for change in self.changes}

    @property
    def target(self) -> dict[str, Value]:
        """The values that are wanted."""
        return {change.path: change.after for change in self.changes}

    def state_after(self) -> dict[str, Value]:
        """Return everything known of the device once the change is made."""
        return {**self.context, **self.undo, **self.target}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole plan; frozen, serialisable, bound to the live state it was made from.

    Parameters
    ----------
    name, comment, ticket : str
        From the intent: what is wanted, why, and where that was decided.
    author : str
        Who made the plan.
    atomic : str
        ``network`` or ``wave``.
    devices : tuple of DevicePlan
        In the order they are written.
    unreachable : mapping
        Why, by device id, for devices whose live state could not be read.
    on_unreachable : str
        ``refuse`` (default), ``skip`` them, or skip them and ``hold`` before anything is final.
    on_failure : str
        ``stop`` (default), ``skip`` a device that fails before the first commit, or ``hold`` and
        ask a person when measured figures do not agree.
    windows : tuple of tuple of str
        Maintenance windows; one of each group must be open, see `controllers.windows`.
    approved_by : str
        Who has agreed to it.
    confirm_timeout_s : float
        How long an armed device waits for the confirm. [s]
    live_hash : str
        Digest of the touched live state and of what is planned.
    effect : Effect or None
        What the twin predicts.
    findings : tuple of PlanFinding
        What policies say.
    format_version : str
        Version of the file format.
    """

    name: str
    comment: str = ""
    ticket: str = ""
    author: str = ""
    atomic: Atomic = "network"
    devices: tuple[DevicePlan, ...]
    unreachable: Mapping[str, str] = field(default_factory=dict)
    on_unreachable: OnUnreachable = "refuse"
    on_failure: OnFailure = "stop"
    windows: tuple[tuple[str, ...], ...] = ()
    approved_by: str = ""
    confirm_timeout_s: float = field(default=DEFAULT_WINDOW_S, metadata={"unit": "s"})
    live_hash: str = ""
    effect: Effect | None = None
    findings: tuple[PlanFinding, ...] = ()
    format_version: str = FORMAT_VERSION

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes of all devices, in order."""
        return tuple(change for device in self.devices for change in device.changes)

    @property
    def no_op(self) -> bool:
        """True if nothing would change."""
        return not self.devices

    @property
    def is_settled(self) -> bool:
        """True if every device was read and is as it is wanted."""
        return self.no_op and not self.unreachable

    @property
    def blockers(self) -> tuple[PlanFinding, ...]:
        """Findings that forbid the plan."""
        return tuple(f for f in self.findings if f.finding.severity == "error")

    @property
    def applyable(self) -> bool:
        """True if there is something to do and nothing forbids it."""
        held_up = bool(self.unreachable) and self.on_unreachable == "refuse"
        return not (self.no_op or self.blockers or held_up)

    def require_applyable(self) -> None:
        """Refuse a plan that must not be applied.

        Raises
        ------
        PolicyRefused
            A policy forbids it.
        DeviceUnreachable
            A device could not be read and the plan does not skip it.
        """
        if self.blockers:
            raise PolicyRefused(refusal(self))
        if self.unreachable and self.on_unreachable == "refuse":
            device, reason = next(iter(self.unreachable.items()))
            raise DeviceUnreachable(device, f"{reason}; {way_round(self)}")

    @property
    def atomicity(self) -> tuple[str, ...]:
        """What is atomic, in words."""
        return atomicity(self)


def touched_hash(devices: Sequence[DevicePlan], live: Mapping[str, Mapping[str, Value]]) -> str:
    """Digest what a plan touches: the live state and what shall become of it.

    Parameters
    ----------
    devices : sequence of DevicePlan
        The parts of the plan.
    live : mapping
        Value by path by device, as read; a reading within tolerance counts as the planned one.

    Returns
    -------
    str
        SHA-256 in hex.
    """
    content = [
        [
            part.device,
            part.device_class.value,
            part.wave,
            part.order,
            [
                [change.path, _canonical(part, change, live), change.after]
                for change in part.changes
            ],
        ]
        for part in devices
    ]
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(
    part: DevicePlan, change: Change, live: Mapping[str, Mapping[str, Value]]
) -> Value | None:
    value = live.get(part.device, {}).get(change.path)
    if value is not None and same(part.kind, change.path, value, change.before):
        return change.before
    return value


def make_plan(
    intent: Intent,
    devices: Sequence[Device],
    live: Mapping[str, Mapping[str, Value]],
    wants: Mapping[str, Mapping[str, Want]],
    *,
    unreachable: Mapping[str, str] | None = None,
    on_unreachable: OnUnreachable | None = None,
    author: str = "",
    profile_of: Callable[[Device], ProfileFacts] = profile_of,
    limits: Limits | None = None,
    harm: HarmPredictor | None = None,
) -> Plan:
    """Compare what is wanted with what is, and order the difference.

    Armed commits come first, class A last: a class A device cannot revert by itself, so it is
    written only when everybody else is prepared and armed. Inside, devices further from the core
    (by `Device.upstream`) go first.

    Parameters
    ----------
    intent : Intent
        Gives name, comment, ticket, what is atomic and how it is rolled out; where it does not say
        how large waves are there is one, or waves of eight for ``atomic: wave``.
    devices : sequence of Device
        The inventory.
    live : mapping
        Value by path by device id, as read (`controllers.intent.paths_to_read` says what);
        devices of `wants` that are missing must be in `unreachable`.
    wants : mapping
        From `controllers.intent.resolve`.
    unreachable : mapping, optional
        Reason by device id.
    on_unreachable : str, optional
        ``refuse``, ``skip`` or ``hold``; without it as the intent says.
    author : str
        Who plans.
    profile_of : callable
        Gives class and attributes of a device.
    limits : Limits, optional
        The confirm timeout is never too short to be re-armed within them.
    harm : HarmPredictor, optional
        Helps to choose canaries.

    Returns
    -------
    Plan
        Without predicted effect and findings; add them by `dataclasses.replace`.

    Raises
    ------
    InputError
        The live state lacks a device, an attribute that is to be set, or one that a condition asks;
        or devices that go together do not fit into a wave.
    """
    by_id = {device.id: device for device in devices}
    missing = unreachable or {}
    parts = []
    for name, of_device in wants.items():
        if name in missing:
            continue
        if name not in live:
            raise InputError(f"{name}: its live state was not read", hint="plan again")
        part = _part(intent, by_id[name], of_device, live[name], profile_of(by_id[name]))
        if part.changes:
            parts.append(part)
    size = intent.rollout.wave_size or (_DEFAULT_WAVE_SIZE if intent.atomic == "wave" else None)
    ordered = in_waves(parts, devices, intent.rollout, wave_size=size, harm=harm)
    return Plan(
        name=intent.name,
        comment=intent.comment,
        ticket=intent.ticket,
        author=author,
        atomic=intent.atomic,
        devices=ordered,
        unreachable=dict(missing),
        on_unreachable=on_unreachable or intent.rollout.on_unreachable,
        on_failure=intent.rollout.on_failure,
        windows=(intent.rollout.windows,) if intent.rollout.windows else (),
        confirm_timeout_s=_window_s(ordered, limits or Limits()),
        live_hash=touched_hash(ordered, live),
    )


def _part(
    intent: Intent,
    device: Device,
    wants: Mapping[str, Want],
    live: Mapping[str, Value],
    profile: ProfileFacts,
) -> DevicePlan:
    target: dict[str, Value] = {}
    for path, want in wants.items():
        require_read(intent, device, want, live)
        if differences(device.kind, want.when, live):
            continue
        if path not in live:
            raise InputError(
                f"{device.id} does not report {path}",
                hint=f"its profile {device.profile} may not map it",
            )
        target[path] = want.value
    changes = tuple(
        Change(device=device.id, path=path, before=live[path], after=target[path])
        for path in differences(device.kind, target, live)
    )
    changed = {change.path: change.after for change in changes}
    return DevicePlan(
        device=device.id,
        kind=device.kind,
        site=device.site,
        origin=device.origin,
        device_class=profile.device_class,
        changes=changes,
        context={path: value for path, value in live.items() if path not in changed},
        observe=observed_paths(device.kind, tuple(changed), profile.attributes),
        settle_s=_settle_s(device.kind, {**live, **changed}, changed),
    )


def _settle_s(kind: str, state: Mapping[str, Value], changed: Mapping[str, Value]) -> float:
    """Longest that operational values may lag behind what is set. [s]."""
    if kind == "signal" and "pattern" in changed:
        return _SETTLE_S + _PATTERN_S
    return _SETTLE_S + _cac_s(kind, state, changed)


def _cac_s(kind: str, state: Mapping[str, Value], changed: Mapping[str, Value]) -> float:
    """Longest radar check that the changed radios of a device must sit out. [s]."""
    longest_s = 0.0
    for path in changed:
        words = path.split("/")
        if words[0] != "radio" or words[-1] not in ("channel", "bandwidth_mhz", "enabled"):
            continue
        channel = state.get(f"radio/{words[1]}/channel")
        if band_of(kind, words[1], channel) == "5" and isinstance(channel, int):
            width = state.get(f"radio/{words[1]}/bandwidth_mhz", 20)
            longest_s = max(longest_s, _cac_of(channel, int(width)))
    return longest_s


def _cac_of(channel: int, bandwidth_mhz: int) -> float:
    try:
        return needs_cac_s(channel, bandwidth_mhz)
    except ModelError:
        return 0.0  # no such channel: the radio policy names it


def _window_s(parts: Sequence[DevicePlan], limits: Limits) -> float:
    longest_s = max((part.settle_s for part in parts), default=0.0)
    return max(DEFAULT_WINDOW_S, longest_s + _VERIFY_MARGIN_S, limits.shortest_window_s)


def members_of(plan: Plan) -> tuple[MemberSpec, ...]:
    """List the members of the transaction that applies a plan."""
    return tuple(
        MemberSpec(
            device=part.device,
            kind=part.kind,
            device_class=part.device_class,
            wave=part.wave,
            order=part.order,
            before=part.undo,
            after=part.target,
            observe=part.observe,
            settle_s=part.settle_s,
        )
        for part in plan.devices
    )


def without_device(plan: Plan, device: str) -> Plan:
    """Leave a device out of a plan.

    Parameters
    ----------
    plan : Plan
        The plan.
    device : str
        One of its devices.

    Returns
    -------
    Plan
        The same for all others, bound to their live state.
    """
    parts = tuple(part for part in plan.devices if part.device != device)
    undo = {part.device: part.undo for part in parts}
    return replace(plan, devices=parts, live_hash=touched_hash(parts, undo))


def reverse_plan(plan: Plan, *, name: str = "") -> Plan:
    """Make the plan that takes a plan back.

    Parameters
    ----------
    plan : Plan
        The plan that was applied.
    name : str
        Name of the reverse plan.

    Returns
    -------
    Plan
        Same devices and order with old and new values exchanged; valid as long as every device
        still has the values the plan gave it.
    """
    parts = tuple(replace(part, changes=_reversed(part)) for part in plan.devices)
    parts = tuple(
        replace(part, settle_s=_settle_s(part.kind, part.state_after(), part.target))
        for part in parts
    )
    return replace(
        plan,
        name=name or f"undo of {plan.name}",
        devices=parts,
        effect=None,
        findings=(),
        unreachable={},
        windows=(),  # harm is taken back at any hour
        approved_by="",
        confirm_timeout_s=_window_s(parts, Limits()),
        live_hash=touched_hash(parts, {part.device: part.undo for part in parts}),
    )


def _reversed(part: DevicePlan) -> tuple[Change, ...]:
    return tuple(
        Change(device=c.device, path=c.path, before=c.after, after=c.before) for c in part.changes
    )
