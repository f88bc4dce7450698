"""Reads devices from an inventory of Ansible, as ``ansible-inventory --list`` prints it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from controllers.inventory_file import MAX_BYTES
from controllers.sources.rows import Row, variables_among
from twin.model.errors import InputError
from twin.model.safe.text import checked_text, read_bytes

__all__ = ["read_ansible"]

_META = "_meta"
_OURS = "ansible_"
_IMPLIED = ("all", "ungrouped")


def read_ansible(path: Path) -> Iterator[Row]:
    """Read the hosts of an inventory.

    Parameters
    ----------
    path : Path
        What ``ansible-inventory --list`` has printed.

    Yields
    ------
    Row
        One for each host: ``ansible_host``, ``ansible_port`` and ``ansible_user`` say where and
        who, ``ansible_network_os`` or a group names the platform; groups stay groups, other plain
        variables variables. Passwords are not taken.

    Raises
    ------
    InputError
        It is no such file.
    """
    text = checked_text(read_bytes(path, max_bytes=MAX_BYTES), str(path), max_bytes=MAX_BYTES)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as err:
        line, column = getattr(err, "lineno", 0), getattr(err, "colno", 0)
        raise InputError("not JSON", str(path), line, column) from err
    hosts = _table(_table(data).get(_META)).get("hostvars")
    if not isinstance(hosts, Mapping):
        raise InputError(
            "holds no _meta.hostvars", str(path), hint="save what ansible-inventory --list prints"
        )
    groups = _groups_of(data)
    for name in {**hosts, **groups}:
        yield _row(path, name, _table(hosts.get(name)), groups.get(name, ()))


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _groups_of(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Name the groups of each host, the outer ones first."""
    above: dict[str, list[str]] = {}
    for name, group in data.items():
        for child in _table(group).get("children") or ():
            if name not in _IMPLIED:
                above.setdefault(str(child), []).append(name)
    found: dict[str, dict[str, None]] = {}
    for name, group in data.items():
        for host in _table(group).get("hosts") or ():
            chain = [*reversed(_all_above(name, above)), name]
            found.setdefault(str(host), {}).update(
                dict.fromkeys(one for one in chain if one not in _IMPLIED)
            )
    return {host: tuple(names) for host, names in found.items()}


def _all_above(name: str, above: Mapping[str, list[str]]) -> list[str]:
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        for outer in above.get(waiting.pop(0), ()):
            if outer not in found:
                found[outer] = None
                waiting.append(outer)
    return list(found)


def _row(path: Path, name: str, values: Mapping[str, Any], groups: tuple[str, ...]) -> Row:
    port = values.get("ansible_port")
    # community.network.ce is the platform ce of the collection community.network
    system = str(values.get("ansible_network_os") or "").rpartition(".")[2]
    return Row(
        name=name,
        host=str(values.get("ansible_host") or name),
        platforms=(system, *reversed(groups)),
        port=port if isinstance(port, int) and 0 < port < 65536 else 0,
        username=str(values.get("ansible_user") or ""),
        site=str(values.get("site") or ""),
        role=str(values.get("role") or ""),
        groups=groups,
        vars=variables_among({k: v for k, v in values.items() if not k.startswith(_OURS)}),
        where=f"{path}: {name!r}",
    )
