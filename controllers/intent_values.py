"""Checks what an intent wants against what a device is; each mistake at its place in the file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from controllers.channels import require_channel, require_width
from controllers.ports import Device
from controllers.templates import expanded, has_names, lookup_in, variables_of
from twin.model.attributes import KINDS, Value, attribute_of, check_value
from twin.model.errors import ModelError
from twin.model.quote import quoted
from twin.model.safe import Document

__all__ = ["checked_value", "did_you_mean", "filled_value", "require_block"]

_CLOSE = 0.6


def checked_value(
    document: Document,
    device: Device,
    path: str,
    value: Value,
    keys: tuple[str | int, ...],
    *,
    readable: bool = False,
) -> Value:
    """Check a value for an attribute of a device.

    Parameters
    ----------
    document : Document
        The intent file.
    device : Device
        The device.
    path : str
        Attribute path.
    value : Value
        What is wanted, or asked by a condition.
    keys : tuple of str or int
        Where it stands in the document.
    readable : bool
        Operational state will do.

    Returns
    -------
    Value
        The value in the type of the attribute, its variables filled in.

    Raises
    ------
    InputError
        No such attribute, instance or variable, not writable, out of range, or no such channel.
    """
    value = filled_value(document, device, value, keys)
    try:
        attribute, instances = attribute_of(device.kind, path)
    except ModelError as err:
        raise document.error(
            f"{device.id} ({device.kind}) has no attribute {quoted(path)}",
            *keys,
            hint=_path_hint(device, path),
        ) from err
    if not attribute.writable and not readable:
        raise document.error(
            f"{path} of {device.id} is operational state and cannot be set",
            *keys,
            hint=_path_hint(device, path),
        )
    for name, instance in instances.items():
        known = device.instances.get(name, ())
        if instance not in known:
            raise document.error(
                f"{device.id} has no {name} {quoted(instance)}",
                *keys,
                hint=did_you_mean(instance, known, f"it has {', '.join(known) or 'none'}"),
            )
    try:
        right = check_value(device.kind, path, value)
    except ModelError as err:
        raise document.error(f"{device.id}: {err}", *keys) from err
    if attribute.template == "radio/{radio}/channel":
        try:
            require_channel(device.kind, instances["radio"], right)
        except ModelError as err:
            raise document.error(f"{device.id}: {path} = {right}: {err}", *keys) from err
    return right


def filled_value(
    document: Document, device: Device, value: Value, keys: tuple[str | int, ...]
) -> Value:
    """Fill the variables of a wish with what the inventory says of a device.

    Parameters
    ----------
    document : Document
        The intent file.
    device : Device
        The device.
    value : Value
        What is wanted; ``${name}`` in a text stands for a variable or field of the device.
    keys : tuple of str or int
        Where it stands in the document.

    Returns
    -------
    Value
        The value for this device.

    Raises
    ------
    InputError
        The device has no such variable.
    """
    if not isinstance(value, str) or not has_names(value):
        return value
    try:
        return expanded(value, lookup_in(variables_of(device)))
    except ModelError as err:
        raise document.error(f"{device.id}: {err}", *keys) from err


def require_block(
    document: Document,
    device: Device,
    settings: Mapping[str, Value],
    path: str,
    keys: tuple[str | int, ...],
) -> None:
    """Refuse a channel and a width that do not exist together.

    Parameters
    ----------
    document : Document
        The intent file.
    device : Device
        The device.
    settings : mapping
        What is wanted of it so far, by path.
    path : str
        The path that came last.
    keys : tuple of str or int
        Where that stands in the document.

    Raises
    ------
    InputError
        No such width in the band of the radio, or none at the channel that is wanted with it.
    """
    group, _, rest = path.partition("/")
    radio, _, name = rest.partition("/")
    if group != "radio" or name not in ("channel", "bandwidth_mhz"):
        return
    width = settings.get(f"radio/{radio}/bandwidth_mhz")
    if width is None:
        return
    try:
        require_width(device.kind, radio, settings.get(f"radio/{radio}/channel"), width)
    except ModelError as err:
        raise document.error(f"{device.id}: {err}", *keys) from err


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Suggest the name that may have been meant.

    Parameters
    ----------
    name : str
        What was written.
    known : iterable of str
        What there is.
    otherwise : str
        What to say when nothing is close. A number that is not there is never mistyped.

    Returns
    -------
    str
        A hint; never the name itself.
    """
    others = [other for other in known if other != name]
    near = [] if name.isdigit() else difflib.get_close_matches(name, others, n=1, cutoff=_CLOSE)
    return f"did you mean {near[0]}?" if near else otherwise


def _path_hint(device: Device, path: str) -> str:
    """Suggest the writable path that may have been meant, with an instance the device has."""
    templates = [a.template for a in KINDS.get(device.kind, ()) if a.writable]
    candidates = {_filled(device, template, path) for template in templates} - {path}
    closeness = {candidate: _closeness(path, candidate) for candidate in sorted(candidates)}
    best = max(closeness, key=lambda candidate: closeness[candidate], default="")
    if best and closeness[best] >= _CLOSE:
        return f"did you mean {best}?"
    return f"writable are {', '.join(templates)}"


def _filled(device: Device, template: str, path: str) -> str:
    """Fill a template with the instance as written, or else with the first that there is."""
    names, words = template.split("/"), path.split("/")
    for i, name in enumerate(names):
        if not name.startswith("{"):
            continue
        known = device.instances.get(name.strip("{}"), ())
        written = words[i] if len(words) == len(names) else ""
        names[i] = written if written in known else next(iter(known), name)
    return "/".join(names)


def _closeness(path: str, candidate: str) -> float:
    """Compare two paths from where they part: what they share says nothing of what was meant."""
    left, right = path.split("/"), candidate.split("/")
    while len(left) > 1 and len(right) > 1 and left[0] == right[0]:
        del left[0], right[0]
    return difflib.SequenceMatcher(None, "/".join(left), "/".join(right)).ratio()
