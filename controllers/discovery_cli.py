"""Finds instances on a command line: in the sections and options of the configuration."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping

from controllers.drivers.cli_config import parsed_config
from controllers.drivers.cli_dialects import DIALECTS
from controllers.drivers.cli_session import CliSession
from controllers.drivers.cli_shell import output_of
from controllers.drivers.cli_terminal import Terminal
from controllers.drivers.uci_text import options_of
from controllers.ports import Device
from controllers.profiles import Profile
from controllers.profiles.profile import CliMapping, fill, option, placeholders
from twin.model.errors import DeviceRefused, ModelError

__all__ = ["cli_instances"]

_Names = dict[str, dict[str, None]]
_NOT_PORTS = re.compile(r"(vlanif|vlan|loopback|null|lo$|meth|tunnel|eth-trunk|nve)", re.IGNORECASE)


def cli_instances(device: Device, profile: Profile) -> tuple[_Names, dict[str, str]]:
    """Read the configuration and find instances in it.

    Parameters
    ----------
    device : Device
        The device.
    profile : Profile
        A CLI profile.

    Returns
    -------
    names : dict
        Names by kind of instance; none on a device whose file has no sections.
    options : dict
        Options that say in which section an instance is.

    Raises
    ------
    DeviceError
        The device cannot be asked.
    """
    mappings = [m for m in profile.attributes.values() if isinstance(m, CliMapping)]
    session = CliSession(device, profile.device_type)
    try:
        if profile.dialect in DIALECTS:
            terminal = Terminal(session, DIALECTS[profile.dialect])
            said = terminal.order("read the configuration", terminal.dialect.running)
            return _in_sections(parsed_config(said), mappings), {}
        if profile.dialect == "uci":
            return _in_options(device, profile, _all_options(device, session, mappings), mappings)
    finally:
        session.close()
    return {}, {}


def _in_sections(config: Iterable[str], mappings: Iterable[CliMapping]) -> _Names:
    names: _Names = {}
    templates = {m.section for m in mappings if placeholders(m.section)}
    for template in templates:
        pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>\\S+)", re.escape(template)))
        for section in config:
            match = pattern.fullmatch(section)
            for kind, name in match.groupdict().items() if match else ():
                if kind != "port" or not _NOT_PORTS.match(name):
                    names.setdefault(kind, {})[name] = None
    return names


def _all_options(
    device: Device, session: CliSession, mappings: Iterable[CliMapping]
) -> dict[str, str]:
    options: dict[str, str] = {}
    for package in sorted({m.key.partition(".")[0] for m in mappings if m.key}):
        path = f"/etc/config/{package}"
        try:
            options |= options_of(
                package, output_of(session, f"read {path}", f"cat {shlex.quote(path)}")
            )
        except ModelError as err:
            raise DeviceRefused(device.id, str(err)) from err
    return options


def _in_options(
    device: Device, profile: Profile, shown: Mapping[str, str], mappings: Iterable[CliMapping]
) -> tuple[_Names, dict[str, str]]:
    names: _Names = {}
    options: dict[str, str] = {}
    known = {name: option(profile, device, name) for name in profile.options}
    for template in {fill(m.key, known) for m in mappings if m.key}:
        for name in placeholders(template):
            table = profile.maps.get(name)
            sections = _sections(template, name, shown)
            if table is None:
                names.setdefault(name, {}).update(dict.fromkeys(sections))
            elif table.values:
                by_section = {section: one for one, section in table.values.items()}
                found = (by_section[section] for section in sections if section in by_section)
                names.setdefault(table.of, {}).update(dict.fromkeys(found))
            else:
                package = template.partition(".")[0]
                for section in sections:
                    called = shown.get(f"{package}.{section}.{table.of}")
                    if called:
                        names.setdefault(table.of, {})[called] = None
                        options[f"{name}/{called}"] = section
    return names, options


def _sections(template: str, name: str, shown: Mapping[str, str]) -> list[str]:
    """List the sections that a key with one name in it may mean."""
    before, _, _ = template.partition(f"{{{name}}}")
    found = {key.removeprefix(before).partition(".")[0]: None
             for key in shown if key.startswith(before)}  # fmt: skip
    return list(found)
