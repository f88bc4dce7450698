"""How devices are reached: SNMPv3 only, known host keys, secrets that nobody else can read."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence

from controllers.plan import Plan, PlanFinding
from controllers.ports import Device
from controllers.profiles import profile_of
from twin.model.errors import InputError
from twin.model.regulatory import Finding
from twin.model.regulatory.findings import Severity

__all__ = ["access_policy"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_GUIDE = "BSI IT-Grundschutz (2023), NET.1.2"


def access_policy(plan: Plan, devices: Sequence[Device]) -> tuple[PlanFinding, ...]:
    """Find devices of a plan that are reached by means others can read or forge.

    Parameters
    ----------
    plan : Plan
        The plan.
    devices : sequence of Device
        The inventory; no secret is read.

    Returns
    -------
    tuple of PlanFinding
        An error for a community without a named exception, for a host key nobody knows and for a
        secret that others can read; a warning for each named exception.
    """
    planned = {part.device for part in plan.devices}
    return tuple(
        PlanFinding(device=device.id, finding=finding)
        for device in devices
        if device.id in planned
        for finding in _findings(device)
    )


def _findings(device: Device) -> Iterator[Finding]:
    legacy = device.options.get("legacy", "")
    if legacy:
        yield _finding("snmp-version", "warning", f"SNMP exception in force: {legacy}; end it soon")
    if "community" in device.secrets and not legacy.startswith("v2c"):
        what = "names a community, which goes over the wire in clear; use SNMPv3: auth and priv"
        yield _finding("snmp-version", "error", what)
    exception = device.options.get("ssh_exception", "")
    if exception:
        yield _finding("cipher", "warning", f"SSH exception in force: {exception}; end it soon")
    if _speaks_ssh(device) and not device.known_hosts:
        what = "names no known_hosts: anybody could answer in its place; add the key of its host"
        yield _finding("host-key", "error", what)
    for name, reference in device.secrets.items():
        if _is_open(device, reference):
            what = f"secret {name} ({reference}) can be read by others; chmod 600, and change it"
            yield _finding("secret-mode", "error", what)


def _speaks_ssh(device: Device) -> bool:
    try:
        return profile_of(device).protocol in ("netconf", "cli")
    except InputError:
        return False  # no profile, no driver: nothing is sent


def _is_open(device: Device, reference: str) -> bool:
    if not reference.startswith("file:"):
        return False
    try:
        return bool((device.base / reference[5:]).stat().st_mode & _OTHERS)
    except (OSError, ValueError):
        return False  # not there: the driver says so


def _finding(rule: str, severity: Severity, message: str) -> Finding:
    return Finding(rule=rule, severity=severity, message=message, reference=_GUIDE)
