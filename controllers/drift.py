"""Drift: what a device is and nobody wanted, and whose doing it looks like.

What is wanted comes from an intent or, without one, from what the journal has confirmed. A
reading within the tolerance of its attribute is no drift, nor is what a radio does by itself
where it was told to choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from controllers.channels import band_of
from controllers.ownership import Claim, Claims
from controllers.ports import Device
from controllers.verify import observed_paths, operational_differences, same
from twin.model.attributes import Value, attribute_of
from twin.model.errors import ModelError
from twin.model.quote import quoted
from twin.model.regulatory import needs_cac_s

__all__ = ["Drift", "DriftClass", "find_drift", "paths_of_drift", "wanted_by_claims"]


class DriftClass(StrEnum):
    """Whose doing a difference looks like.

    ``operator``: a run has confirmed another value, so somebody has changed it since.
    ``reverted``: it is back at what it was before a run confirmed its value, as after a restart
    from a stored configuration. ``pending``: the intent has moved on, the device has not been
    given it yet. ``added``: the device has it, and neither the intent nor the baseline knows it.
    ``legal``: the device had to, because of radar. ``unknown``: nothing explains it.
    """

    OPERATOR = "operator"
    REVERTED = "reverted"
    PENDING = "pending"
    ADDED = "added"
    LEGAL = "legal"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One attribute that is not as it should be.

    Parameters
    ----------
    device, path : str
        Which one.
    wanted : Value or None
        What it should be; None if nobody wants anything of it.
    found : Value or None
        What the device shows; None if it does not show it.
    drift_class : DriftClass
        Whose doing it looks like.
    reason : str
        What that rests on.
    claim : Claim or None
        The last confirmed word on it.
    """

    device: str
    path: str
    wanted: Value | None
    found: Value | None
    drift_class: DriftClass
    reason: str
    claim: Claim | None = None


def wanted_by_claims(claims: Claims) -> dict[str, dict[str, Value]]:
    """Say what each device should be by what was last confirmed.

    Parameters
    ----------
    claims : mapping
        From `controllers.ownership.claims_in`.

    Returns
    -------
    dict
        Value by path by device id.
    """
    return {
        device: {path: claim.value for path, claim in of_device.items()}
        for device, of_device in claims.items()
    }


def paths_of_drift(
    device: Device, wanted: Mapping[str, Value], mapped: Mapping[str, str]
) -> tuple[str, ...]:
    """List what must be read of a device to find its drift.

    Parameters
    ----------
    device : Device
        The device.
    wanted : mapping
        What it should be, by path.
    mapped : mapping
        Template by path of everything its profile maps.

    Returns
    -------
    tuple of str
        Everything writable, then the operational values that tell why.
    """
    writable = [path for path in mapped if attribute_of(device.kind, path)[0].writable]
    shown = observed_paths(device.kind, tuple(wanted), frozenset(mapped.values()))
    reasons = [
        path
        for path in mapped
        if path.endswith("/channel_change_reason")
        and path.rpartition("/")[0] + "/channel" in wanted
    ]
    return tuple(dict.fromkeys((*writable, *shown, *reasons)))


def find_drift(
    device: Device,
    wanted: Mapping[str, Value],
    read: Mapping[str, Value],
    *,
    claims: Mapping[str, Claim] | None = None,
    baseline: Mapping[str, Value] | None = None,
) -> tuple[Drift, ...]:
    """Compare one device with what it should be.

    Parameters
    ----------
    device : Device
        The device.
    wanted : mapping
        What it should be, by path.
    read : mapping
        What it shows, by path.
    claims : mapping, optional
        The last confirmed word, by path.
    baseline : mapping, optional
        What it had when its baseline was taken, by path; without one nothing counts as added.

    Returns
    -------
    tuple of Drift
        In the order of `wanted`, then what the baseline knows otherwise.
    """
    known = claims or {}
    found = [
        _judged(device, path, value, read, known.get(path))
        for path, value in wanted.items()
        if path not in read or not same(device.kind, path, value, read[path])
    ]
    found += [
        _in_operation(device, path, wanted, read)
        for path in operational_differences(device.kind, wanted, read)
    ]
    if baseline is not None:
        found += _beside_the_baseline(device, wanted, read, baseline)
    return tuple(found)


def _judged(
    device: Device, path: str, value: Value, read: Mapping[str, Value], claim: Claim | None
) -> Drift:
    shown = read.get(path)
    drift_class, reason = _why(device, path, value, read, claim)
    return Drift(
        device=device.id,
        path=path,
        wanted=value,
        found=shown,
        drift_class=drift_class,
        reason=reason,
        claim=claim,
    )


def _why(
    device: Device, path: str, value: Value, read: Mapping[str, Value], claim: Claim | None
) -> tuple[DriftClass, str]:
    kind = device.kind
    if path not in read:
        return DriftClass.UNKNOWN, "the device does not show it"
    if reason := _radar(device, path, read[path], read):
        return DriftClass.LEGAL, reason
    if claim is None:
        return DriftClass.UNKNOWN, "no run of this journal has set it"
    when = f"run {claim.run} on {claim.begun[:10]}"
    if same(kind, path, claim.value, read[path]):
        return DriftClass.PENDING, f"as {when} confirmed it; the intent has changed since"
    if same(kind, path, claim.before, read[path]):
        return DriftClass.REVERTED, f"back at what it was before {when}"
    return DriftClass.OPERATOR, f"{when} confirmed {quoted(claim.value)}"


def _radar(device: Device, path: str, shown: Value, read: Mapping[str, Value]) -> str:
    """Say why a radio may be on another channel than it was given; empty if it may not."""
    radio, _, leaf = path.rpartition("/")
    if leaf not in ("channel", "channel_in_use"):
        return ""
    told = read.get(f"{radio}/channel_change_reason")
    if told == "DFS":
        return f"the device says it left its channel because of radar, for {quoted(shown)}"
    return ""


def _in_operation(
    device: Device, path: str, wanted: Mapping[str, Value], read: Mapping[str, Value]
) -> Drift:
    """Judge an operational value that does not follow a configuration that is as it should be."""
    radio, _, leaf = path.rpartition("/")
    configured = wanted.get(f"{radio}/channel") if leaf == "channel_in_use" else None
    reason = _radar(device, path, read[path], read)
    drift_class = DriftClass.LEGAL if reason else DriftClass.UNKNOWN
    if not reason and isinstance(configured, int) and _has_radar_duty(device, radio, configured):
        reason = (
            f"channel {configured} is shared with radar, and the device does not say why it left"
        )
    return Drift(
        device=device.id,
        path=path,
        wanted=configured,
        found=read[path],
        drift_class=drift_class,
        reason=reason or "the configuration is as wanted, the operation does not follow",
    )


def _has_radar_duty(device: Device, radio: str, channel: int) -> bool:
    if band_of(device.kind, radio.rpartition("/")[2], channel) != "5":
        return False
    try:
        return needs_cac_s(channel, 20) > 0
    except ModelError:
        return False


def _beside_the_baseline(
    device: Device,
    wanted: Mapping[str, Value],
    read: Mapping[str, Value],
    baseline: Mapping[str, Value],
) -> list[Drift]:
    """List what nobody wants anything of, and is not as it was when the baseline was taken."""
    found = []
    for path, value in read.items():
        if path in wanted or not attribute_of(device.kind, path)[0].writable:
            continue
        is_new = path not in baseline
        if is_new or not same(device.kind, path, baseline[path], value):
            found.append(
                Drift(
                    device=device.id,
                    path=path,
                    wanted=baseline.get(path),
                    found=value,
                    drift_class=DriftClass.ADDED if is_new else DriftClass.OPERATOR,
                    reason="not in the baseline" if is_new else "other than in the baseline",
                )
            )
    return found
