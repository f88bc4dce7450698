"""What the user wants: the intent file, and its resolution to values for each device."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
)

from controllers.intent_values import checked_value, did_you_mean, require_block
from controllers.inventory import select as select_devices
from controllers.ports import Device
from controllers.profiles import profile_of
from controllers.profiles.profile import expand
from controllers.rollout import Rollout, RolloutFile, rollout_of
from twin.model.attributes import Value
from twin.model.errors import InputError
from twin.model.safe import Document, load_yaml, parse_model

__all__ = [
    "Intent",
    "IntentChange",
    "Selector",
    "Want",
    "load_intent",
    "parse_intent",
    "paths_to_read",
    "require_read",
    "resolve",
]

Selector = Callable[[Sequence[Device], str], Sequence[Device]]

_Scalar = StrictBool | StrictInt | StrictFloat | StrictStr
_Name = Annotated[str, Field(min_length=1, max_length=200)]


def _version(version: int) -> int:
    if version != 1:
        raise ValueError(f"is {version}, this version of Stellwerk reads 1")
    return version


class _ChangeFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: _Name
    select: _Name | None = None
    devices: list[_Name] | None = None
    set: dict[str, _Scalar] = Field(default_factory=dict)
    cycle: dict[str, list[_Scalar]] = Field(default_factory=dict)
    when: dict[str, _Scalar] = Field(default_factory=dict)


class _IntentFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Annotated[StrictInt, AfterValidator(_version)]
    name: _Name
    comment: Annotated[str, Field(max_length=2000)] = ""
    ticket: Annotated[str, Field(max_length=200)] = ""
    atomic: Literal["network", "wave"] = "network"
    rollout: RolloutFile | None = None
    changes: Annotated[list[_ChangeFile], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentChange:
    """One wish: which devices, which values.

    Parameters
    ----------
    name : str
        Name of the change.
    select : str
        Expression over the inventory; empty if `devices` are named.
    devices : tuple of str
        Device ids; empty if `select` is given.
    set : mapping
        Value by attribute path.
    cycle : mapping
        Values by attribute path, dealt out in order of device id and begun again.
    when : mapping
        The change is for devices only that have these values now.
    """

    name: str
    select: str = ""
    devices: tuple[str, ...] = ()
    set: Mapping[str, Value] = field(default_factory=dict)
    cycle: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    when: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A whole intent file.

    Parameters
    ----------
    name, comment, ticket : str
        What it is called, why it is wanted, and where that was decided.
    atomic : str
        ``network``: all or nothing. ``wave``: each wave is confirmed alone.
    changes : tuple of IntentChange
        The wishes.
    document : Document
        Where it stands, for messages.
    rollout : Rollout
        In which steps, when, and what a failure leads to.
    """

    name: str
    comment: str
    ticket: str
    atomic: Literal["network", "wave"]
    changes: tuple[IntentChange, ...]
    document: Document = field(repr=False, compare=False)
    rollout: Rollout = field(default_factory=Rollout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One value wanted on one device.

    Parameters
    ----------
    value : Value
        The value, checked and in the type of its attribute.
    when : mapping
        It is wanted only if the device has these values now.
    change : str
        Name of the change it comes from.
    i_change : int
        Place of that change in the intent.
    """

    value: Value
    when: Mapping[str, Value]
    change: str
    i_change: int


def load_intent(path: Path) -> Intent:
    """Read an intent file.

    Parameters
    ----------
    path : Path
        The YAML file.

    Returns
    -------
    Intent
        Its content; nothing is known yet about devices.

    Raises
    ------
    InputError
        The file cannot be read or is not an intent.
    """
    return parse_intent(load_yaml(path))


def parse_intent(document: Document) -> Intent:
    """Make an intent of a document.

    Parameters
    ----------
    document : Document
        What was read.

    Returns
    -------
    Intent
        The intent.

    Raises
    ------
    InputError
        It does not fit; positioned at the first mistake.
    """
    file = parse_model(_IntentFile, document)
    changes = tuple(_change(document, i, change) for i, change in enumerate(file.changes))
    return Intent(
        name=file.name,
        comment=file.comment,
        ticket=file.ticket,
        atomic=file.atomic,
        changes=changes,
        document=document,
        rollout=rollout_of(file.rollout),
    )


def _change(document: Document, i: int, file: _ChangeFile) -> IntentChange:
    place = ("changes", i)
    if (file.select is None) == (file.devices is None):
        raise document.error(
            f"change {file.name!r} needs either select or devices",
            *place,
            hint='write for example select: "kind:ap & site:fws"',
        )
    for key, chosen in (("select", file.select), ("devices", file.devices)):
        if chosen is not None and not (chosen.strip() if isinstance(chosen, str) else chosen):
            raise document.error(
                f"{key} of change {file.name!r} is empty",
                *place, key,
                hint='name devices, or select all by select: "id:*"',
            )  # fmt: skip
    if not file.set and not file.cycle:
        raise document.error(
            f"change {file.name!r} sets nothing", *place, hint="add set: {path: value}"
        )
    twice = sorted(file.set.keys() & file.cycle.keys())
    if twice:
        raise document.error(
            f"{twice[0]} stands in set and in cycle", *place, "cycle", twice[0], hint="keep one"
        )
    for path, values in file.cycle.items():
        if not values:
            raise document.error(f"cycle of {path} has no values", *place, "cycle", path)
    return IntentChange(
        name=file.name,
        select=file.select or "",
        devices=tuple(file.devices or ()),
        set=file.set,
        cycle={path: tuple(values) for path, values in file.cycle.items()},
        when=file.when,
    )


def resolve(
    intent: Intent, devices: Sequence[Device], *, select: Selector = select_devices
) -> dict[str, dict[str, Want]]:
    """Say what each device shall be.

    Parameters
    ----------
    intent : Intent
        What is wanted.
    devices : sequence of Device
        The inventory.
    select : callable
        Chooses devices by an expression.

    Returns
    -------
    dict
        Wanted value by attribute path, by device id, in order of device id.

    Raises
    ------
    InputError
        Unknown device or attribute, value out of range, a channel or width that does not exist, an
        empty selection, or two changes that want different values of the same attribute;
        positioned in the intent file.
    """
    wants: dict[str, dict[str, Want]] = {}
    for i, change in enumerate(intent.changes):
        chosen = _chosen(intent.document, i, change, devices, select)
        for place, device in enumerate(chosen):
            of_device = wants.setdefault(device.id, {})
            for path, want, keys in _wants(intent.document, i, change, device, place):
                _add(intent.document, of_device, device, path, want, keys)
                if path.startswith("radio/"):
                    settings = _beside(of_device, path, want)
                    require_block(intent.document, device, settings, path, keys)
    return {device: wants[device] for device in sorted(wants)}


def paths_to_read(
    intent: Intent, wants: Mapping[str, Mapping[str, Want]], devices: Sequence[Device]
) -> dict[str, tuple[str, ...]]:
    """List what must be read of each device to plan an intent.

    Parameters
    ----------
    intent : Intent
        What is wanted.
    wants : mapping
        From `resolve`.
    devices : sequence of Device
        The inventory.

    Returns
    -------
    dict
        Paths by device id: everything writable that its profile maps, then what conditions ask.

    Raises
    ------
    InputError
        The profile of a device does not map what a condition asks; positioned in the intent file.
    """
    by_id = {device.id: device for device in devices}
    paths = {}
    for name, of_device in wants.items():
        profile = profile_of(by_id[name])
        mapped = {
            path: profile.attribute(template).writable
            for template, path, _ in expand(profile, by_id[name])
        }
        chosen = dict.fromkeys(path for path, is_writable in mapped.items() if is_writable)
        for want in of_device.values():
            require_read(intent, by_id[name], want, mapped)
            chosen |= dict.fromkeys(want.when)
        paths[name] = tuple(chosen)
    return paths


def require_read(intent: Intent, device: Device, want: Want, known: Container[str]) -> None:
    """Refuse a condition on something that a device does not show.

    Parameters
    ----------
    intent : Intent
        Where the condition stands.
    device : Device
        The device.
    want : Want
        What is wanted of it.
    known : container of str
        Paths it shows.

    Raises
    ------
    InputError
        The condition asks for another path; positioned in the intent file.
    """
    for path in want.when:
        if path not in known:
            raise intent.document.error(
                f"{device.id} does not report {path}",
                "changes", want.i_change, "when", path,
                hint=f"its profile {device.profile} may not map it",
            )  # fmt: skip


def _chosen(
    document: Document,
    i: int,
    change: IntentChange,
    devices: Sequence[Device],
    select: Selector,
) -> list[Device]:
    known = {device.id: device for device in devices}
    for k, name in enumerate(change.devices):
        if name not in known:
            raise document.error(
                f"unknown device {name!r}",
                "changes", i, "devices", k,
                hint=did_you_mean(name, known, "see the inventory"),
            )  # fmt: skip
    if not change.select:
        return [known[name] for name in sorted(set(change.devices))]
    try:
        chosen = select(devices, change.select)
    except InputError as err:
        raise document.error(err.what, "changes", i, "select", hint=err.hint) from err
    if not chosen:
        raise document.error(
            f"no device matches {change.select!r}",
            "changes", i, "select",
            hint=f"the inventory has {_census(devices)}",
        )  # fmt: skip
    return sorted(chosen, key=lambda device: device.id)


def _census(devices: Sequence[Device]) -> str:
    if not devices:
        return "no devices"
    sites = sorted({device.site for device in devices if device.site})
    kinds = sorted({device.kind for device in devices})
    shown = ", ".join(sites[:6]) + (", ..." if len(sites) > 6 else "")
    return f"the kinds {', '.join(kinds)} and the sites {shown}"


def _wants(
    document: Document, i: int, change: IntentChange, device: Device, place: int
) -> list[tuple[str, Want, tuple[str | int, ...]]]:
    when = {
        path: checked_value(
            document, device, path, value, ("changes", i, "when", path), readable=True
        )
        for path, value in change.when.items()
    }
    found: list[tuple[str, Want, tuple[str | int, ...]]] = []
    for path, raw in change.set.items():
        keys: tuple[str | int, ...] = ("changes", i, "set", path)
        value = checked_value(document, device, path, raw, keys)
        found.append((path, Want(value=value, when=when, change=change.name, i_change=i), keys))
    for path, values in change.cycle.items():
        k = place % len(values)
        keys = ("changes", i, "cycle", path, k)
        value = checked_value(document, device, path, values[k], keys)
        found.append((path, Want(value=value, when=when, change=change.name, i_change=i), keys))
    return found


def _beside(of_device: Mapping[str, Want], path: str, want: Want) -> dict[str, Value]:
    """Collect what is wanted of the same radio, and can hold at once."""
    radio = path.rpartition("/")[0] + "/"
    return {
        p: w.value for p, w in of_device.items() if p.startswith(radio) and _go_together(w, want)
    }


def _go_together(left: Want, right: Want) -> bool:
    """Say whether two wishes can hold at once; of different conditions nobody knows."""
    return not left.when or not right.when or left.when == right.when


def _add(
    document: Document,
    of_device: dict[str, Want],
    device: Device,
    path: str,
    want: Want,
    keys: tuple[str | int, ...],
) -> None:
    earlier = of_device.get(path)
    if earlier is not None and (earlier.value != want.value or earlier.when != want.when):
        raise document.error(
            f"{path} of {device.id} is {earlier.value!r} in change {earlier.change!r} "
            f"and {want.value!r} here",
            *keys,
            hint="let one change set it",
        )
    of_device[path] = want
