"""Finds instances over NETCONF: a subtree filter that selects the keys of lists, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from controllers.drivers.netconf import NetconfDriver
from controllers.ports import Device
from controllers.profiles import Profile
from controllers.profiles.paths import Key, Step, build_filter
from controllers.profiles.profile import (
    NetconfMapping,
    PathStep,
    fill,
    option,
    placeholders,
)

__all__ = ["Found", "netconf_instances"]

Found = tuple[dict[str, dict[str, None]], dict[str, str]]
"""Names by kind of instance, in their order, and options."""


def netconf_instances(device: Device, profile: Profile) -> Found:
    """Ask for the keys of every list in whose entries instances lie.

    Parameters
    ----------
    device : Device
        The device.
    profile : Profile
        A NETCONF profile.

    Returns
    -------
    Found
        Names; and options where another key of the entry is not what the profile takes it for.

    Raises
    ------
    DeviceError
        The device cannot be asked.
    """
    names: dict[str, dict[str, None]] = {}
    options: dict[str, str] = {}
    lists = _lists(device, profile)
    if not lists:
        return names, options
    driver = NetconfDriver(device, profile)
    try:
        data = driver.fetch(build_filter(path for kind, steps in lists for path in _keys_in(steps)))
    finally:
        driver.close()
    for kind, steps in lists:
        for entry in _entries(data, steps):
            name = _text(entry, steps[-1], kind)
            if name:
                names.setdefault(kind, {})[name] = None
                options |= _options(device, profile, kind, name, entry, steps[-1])
    return names, options


_Lists = list[tuple[str, tuple[PathStep, ...]]]


def _lists(device: Device, profile: Profile) -> _Lists:
    """Name each list that holds instances, once, with what is known of the keys above it."""
    common = {name: option(profile, device, name) for name in profile.options}
    common["device"] = device.id
    found: dict[tuple[str, tuple[PathStep, ...]], None] = {}
    for template, mapping in profile.attributes.items():
        if not isinstance(mapping, NetconfMapping) or not mapping.codec.attribute.writable:
            continue
        for kind in placeholders(template):
            for i, step in enumerate(mapping.steps):
                if any(value == f"{{{kind}}}" for _, value, _ in step.keys):
                    found[(kind, tuple(_filled(s, common) for s in mapping.steps[: i + 1]))] = None
                    break
    return list(found)


def _filled(step: PathStep, names: Mapping[str, str]) -> PathStep:
    keys = tuple((leaf, fill(value, names), is_any) for leaf, value, is_any in step.keys)
    return PathStep(name=step.name, namespace=step.namespace, keys=keys)


def _keys_in(steps: tuple[PathStep, ...]) -> Iterator[tuple[Step, ...]]:
    """Paths of the keys of the last list."""
    above = tuple(_step(step) for step in steps)
    for leaf, _, _ in steps[-1].keys:
        yield (*above, Step(name=leaf, namespace=steps[-1].namespace))


def _step(step: PathStep) -> Step:
    keys = tuple(
        Key(leaf=leaf, value=value)
        for leaf, value, is_any in step.keys
        if not is_any and not placeholders(value)
    )
    return Step(name=step.name, namespace=step.namespace, keys=keys)


def _entries(data: etree._Element, steps: tuple[PathStep, ...]) -> list[etree._Element]:
    here = [data]
    for step in steps:
        known = [(leaf, value) for leaf, value, is_any in step.keys
                 if not is_any and not placeholders(value)]  # fmt: skip
        here = [
            child
            for node in here
            for child in node.iterchildren(f"{{{step.namespace}}}{step.name}")
            if all(_leaf(child, step, leaf) == value for leaf, value in known)
        ]
    return here


def _leaf(entry: etree._Element, step: PathStep, leaf: str) -> str:
    return (entry.findtext(f"{{{step.namespace}}}{leaf}") or "").strip()


def _text(entry: etree._Element, step: PathStep, kind: str) -> str:
    leaf = next(leaf for leaf, value, _ in step.keys if value == f"{{{kind}}}")
    return _leaf(entry, step, leaf)


def _options(
    device: Device,
    profile: Profile,
    kind: str,
    name: str,
    entry: etree._Element,
    step: PathStep,
) -> dict[str, str]:
    """Say what a map of the profile gets wrong or does not know of an instance."""
    found: dict[str, str] = {}
    for leaf, value, _ in step.keys:
        table = profile.maps.get(value.strip("{}"))
        if table is None or table.of != kind:
            continue
        key = f"{value.strip('{}')}/{name}"
        supposed = device.options.get(key, table.values.get(name, ""))
        shown = _leaf(entry, step, leaf)
        if supposed.rpartition(":")[2] == shown.rpartition(":")[2]:
            continue
        known = next((v for v in table.values.values()
                      if v.rpartition(":")[2] == shown.rpartition(":")[2]), shown)  # fmt: skip
        found[key] = known
    return found
