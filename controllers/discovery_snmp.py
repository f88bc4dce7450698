"""Finds instances over SNMP: walks the columns of a profile and reads them out of the indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from controllers.drivers.snmp_access import target_of
from controllers.drivers.snmp_link import exchange
from controllers.drivers.snmp_wire import ERROR_STATUS
from controllers.ports import Device
from controllers.profiles import Profile
from controllers.profiles.profile import SnmpMapping, fill, option, placeholders
from controllers.profiles.snmp import arcs_of
from controllers.snmp.ber import END_OF_MIB_VIEW, NO_SUCH_INSTANCE, NO_SUCH_OBJECT, NULL
from controllers.snmp.exchange import Target, Variable
from twin.model.errors import DeviceAuthError, DeviceRefused, DeviceTimeout

__all__ = ["MAX_ROWS", "snmp_instances", "walk"]

Oid = tuple[int, ...]

MAX_ROWS = 10_000
"""Rows of one column that are walked; a device that has more is not believed."""

_IF_MIB = ((1, 3, 6, 1, 2, 1, 2, 2, 1), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1))
_IF_TYPE = (1, 3, 6, 1, 2, 1, 2, 2, 1, 3)
_PORTS = (6, 62, 69, 71, 117)
"""ifType of what one can plug into or associate with: Ethernet and 802.11 (IANAifType-MIB)."""

_END = (END_OF_MIB_VIEW, NO_SUCH_OBJECT, NO_SUCH_INSTANCE)
_NO_SUCH_NAME = 2


def walk(target: Target, column: Oid, device: str) -> Iterator[Variable]:
    """Walk a column, or any other subtree, by GETNEXT.

    Parameters
    ----------
    target : Target
        The agent.
    column : tuple of int
        Where to begin and what to stay in.
    device : str
        Whom to name in errors.

    Yields
    ------
    Variable
        In the order of the agent.

    Raises
    ------
    DeviceTimeout, DeviceAuthError, DeviceRefused
        No answer, not to us, or one that does not go on.
    """
    here = column
    for _ in range(MAX_ROWS):
        answer = exchange(target, "next", [Variable(here, NULL, None)])
        if answer.failure in ("RequestTimedOut", "ConnectionRefused", "BadAddress"):
            place = f"{target.host}:{target.port}"
            raise DeviceTimeout(device, f"no SNMP answer from {place} ({answer.failure_text})")
        if answer.failure:
            raise DeviceAuthError(device, f"SNMP: {answer.failure_text}; check user and secrets")
        if answer.status == _NO_SUCH_NAME:
            return
        if answer.status or len(answer.variables) != 1:
            status = min(answer.status, len(ERROR_STATUS) - 1)
            raise DeviceRefused(device, f"SNMP GETNEXT refused: {ERROR_STATUS[status]}")
        variable = answer.variables[0]
        if variable.tag in _END or variable.oid[: len(column)] != column:
            return
        if variable.oid <= here:
            raise DeviceRefused(device, "SNMP GETNEXT goes in a circle: the agent is broken")
        here = variable.oid
        yield variable
    raise DeviceRefused(device, f"a table has more than {MAX_ROWS} rows")


def snmp_instances(
    device: Device, profile: Profile
) -> tuple[dict[str, dict[str, None]], dict[str, str]]:
    """Walk the columns of a profile and find instances in the indexes.

    Parameters
    ----------
    device : Device
        The device.
    profile : Profile
        An SNMP profile.

    Returns
    -------
    names : dict
        Names by kind of instance. Of interfaces only ports and radios count, not loopbacks.
    options : dict
        Empty.

    Raises
    ------
    DeviceError
        The device cannot be asked.
    """
    target = target_of(device)
    names: dict[str, dict[str, None]] = {}
    for mapping in _columns(profile):
        fixed, pattern = _index_pattern(device, profile, mapping)
        column = (*mapping.oid, *fixed)
        found = []
        for variable in walk(target, column, device.id):
            match = pattern.fullmatch(".".join(map(str, variable.oid[len(mapping.oid) :])))
            if match:
                found.append(match.groupdict())
        if any(mapping.oid[: len(table)] == table for table in _IF_MIB):
            found = _only_ports(target, device.id, found)
        for groups in found:
            for kind, name in groups.items():
                names.setdefault(kind, {})[name] = None
    return names, {}


def _columns(profile: Profile) -> list[SnmpMapping]:
    """One column of each table and index, one that can be written before one that cannot."""
    chosen: dict[tuple[Oid, str], SnmpMapping] = {}
    mappings = [
        (template, mapping)
        for template, mapping in profile.attributes.items()
        if isinstance(mapping, SnmpMapping) and placeholders(template)
    ]
    mappings.sort(key=lambda pair: not pair[1].codec.attribute.writable)
    for _, mapping in mappings:
        chosen.setdefault((mapping.oid[:-1], mapping.index), mapping)
    return list(chosen.values())


def _index_pattern(
    device: Device, profile: Profile, mapping: SnmpMapping
) -> tuple[Oid, re.Pattern[str]]:
    """Make of an index template the arcs that are known at its begin, and a pattern of all."""
    known = {name: option(profile, device, name) for name in profile.options}
    known["device"] = device.id
    fixed: list[int] = []
    parts: list[str] = []
    is_fixed = True
    for part in fill(mapping.index, known).split("."):
        name = part.strip("{}")
        if part.startswith("{"):
            is_fixed = False
            parts.append(rf"(?P<{name}>\d+)")
            continue
        arcs = arcs_of(part)
        parts += arcs
        if is_fixed:
            fixed += [int(arc) for arc in arcs if arc.isdecimal()]
    return tuple(fixed), re.compile(r"\.".join(parts))


def _only_ports(
    target: Target, device: str, found: Sequence[dict[str, str]]
) -> list[dict[str, str]]:
    """Keep ports; all of them where the agent does not say what an interface is."""
    types = {v.oid[-1]: v.value for v in walk(target, _IF_TYPE, device)}
    return [
        groups
        for groups in found
        if not types or all(types.get(int(name), _PORTS[0]) in _PORTS for name in groups.values())
    ]
