"""Management path safety: no plan saws off the branch that it, or others, sit on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from controllers.plan import DevicePlan, Plan, PlanFinding
from controllers.policies.facts import SiteFacts
from controllers.ports import Change, Device
from twin.model.regulatory import Finding

__all__ = ["path_policy"]

_RULE = "management path policy"


def path_policy(plan: Plan, devices: Sequence[Device], facts: SiteFacts) -> tuple[PlanFinding, ...]:
    """Find changes that take power or path from a device.

    Parameters
    ----------
    plan : Plan
        The plan.
    devices : sequence of Device
        The inventory; `Device.upstream` says who feeds whom. The option ``upstream_port`` names
        the port where the city file does not, ``management_interface`` the interface a host is
        managed through, ``backhaul_radio`` the radio over which a device reaches its upstream.
    facts : SiteFacts
        Ports that feed devices.

    Returns
    -------
    tuple of PlanFinding
        An error if another member of the plan, or the device itself, would be cut off; a warning
        if a device outside the plan would be.
    """
    by_id = {device.id: device for device in devices}
    members = {part.device for part in plan.devices}
    cuts = tuple(
        PlanFinding(device=part.device, finding=finding)
        for part in plan.devices
        for change in part.changes
        if change.after is False
        for finding in _cuts(part, change, by_id, members, facts)
    )
    return cuts + tuple(_lost_links(plan, devices)) + tuple(_left_behind(plan, devices))


def _left_behind(plan: Plan, devices: Sequence[Device]) -> Iterator[PlanFinding]:
    """Find devices of a mesh that the others would move away from, for they were not reached."""
    mesh_of = {device.id: device.options.get("mesh", "") for device in devices}
    moving = {
        mesh_of.get(part.device, ""): part.device
        for part in plan.devices
        if any(c.path.endswith(("/channel", "/bandwidth_mhz")) for c in part.changes)
    }
    for name in plan.unreachable:
        mesh = mesh_of.get(name, "")
        if mesh and mesh in moving:
            what = f"mesh {mesh} would move away from {name}, which was not reached"
            yield PlanFinding(device=moving[mesh], finding=_finding("error", what))


def _lost_links(plan: Plan, devices: Sequence[Device]) -> Iterator[PlanFinding]:
    """Find radio links to an upstream whose ends would no longer hear each other."""
    parts = {part.device: part for part in plan.devices}
    for device in devices:
        radio = device.options.get("backhaul_radio", "")
        ends = [parts.get(device.id), parts.get(device.upstream)]
        if not radio or not device.upstream or not any(ends):
            continue
        for part in ends:
            if part is not None and part.target.get(f"radio/{radio}/enabled") is False:
                what = f"radio {radio} carries the link of {device.id} to {device.upstream}"
                yield PlanFinding(device=part.device, finding=_finding("error", what))
        for name in ("channel", "bandwidth_mhz"):
            path = f"radio/{radio}/{name}"
            wanted = [part.target.get(path) if part else None for part in ends]
            if wanted[0] == wanted[1] and _in_one_step(*ends):
                continue
            if wanted != [None, None]:
                moved = device.id if wanted[0] is not None else device.upstream
                yield PlanFinding(device=moved, finding=_torn(path, device))


def _in_one_step(a: DevicePlan | None, b: DevicePlan | None) -> bool:
    return a is not None and b is not None and (a.wave, a.order) == (b.wave, b.order)


def _torn(path: str, device: Device) -> Finding:
    return Finding(
        rule="management-path",
        severity="error",
        message=(
            f"{path} carries the link of {device.id} to {device.upstream}: both ends must get the "
            "same value in the same step; give both the option mesh, or name them in together"
        ),
        reference=_RULE,
    )


def _cuts(
    part: DevicePlan,
    change: Change,
    by_id: Mapping[str, Device],
    members: set[str],
    facts: SiteFacts,
) -> Iterator[Finding]:
    group, _, rest = change.path.partition("/")
    instance, _, name = rest.partition("/")
    if group == "interface" and name == "enabled":
        device = by_id.get(part.device)
        if device is not None and device.options.get("management_interface") == instance:
            yield _finding("error", f"{change.path}: the device is managed through it")
    if group != "port" or name not in ("poe_enabled", "admin_up"):
        return
    if part.context.get(f"port/{instance}/poe_priority") == "critical" and name == "poe_enabled":
        yield _finding("error", f"port {instance} is of critical priority and would lose power")
    for device in by_id.values():
        if _hangs_on(device, part.device, instance, by_id, facts):
            severity = "error" if device.id in members else "warning"
            where = "also in this plan" if device.id in members else "not in this plan"
            yield _finding(
                severity, f"{change.path} = false cuts off {device.id}, which is {where}"
            )


def _hangs_on(
    device: Device, switch: str, port: str, by_id: Mapping[str, Device], facts: SiteFacts
) -> bool:
    """Say whether the way of a device to the core leads through a port of a switch."""
    seen: set[str] = set()
    here: Device | None = device
    while here is not None and here.upstream and here.id not in seen:
        seen.add(here.id)
        if here.upstream == switch:
            known = facts.feed_port(here.id) or here.options.get("upstream_port", "")
            return known in ("", port)  # an unknown port may be this one
        here = by_id.get(here.upstream)
    return False


def _finding(severity: str, message: str) -> Finding:
    return Finding(
        rule="management-path",
        severity="error" if severity == "error" else "warning",
        message=f"{message}; take it into a plan of its own",
        reference=_RULE,
    )
