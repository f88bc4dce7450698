"""The whole configuration of a device as it shows it, with what looks like a secret masked.

Names tell what is a secret, so this is a net with meshes: keep such a file as one that may hold
secrets all the same.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from lxml import etree

from controllers.drivers.cli_dialects import DIALECTS
from controllers.drivers.cli_session import CliSession
from controllers.drivers.cli_shell import output_of
from controllers.drivers.cli_terminal import Terminal
from controllers.drivers.netconf import NetconfDriver
from controllers.ports import Device
from controllers.profiles import Profile, profile_of
from controllers.profiles.profile import CliMapping, option

__all__ = ["MASK", "masked_text", "masked_xml", "raw_configuration"]

MASK = "***"

_WORDS = (
    r"pass(?:word|wd|phrase|code)?|secret|psk|pre-?shared-?key|community|cipher|credential|token"
    r"|(?:wpa|wep|sae|auth|priv|private|shared|session|radius|tacacs|enc|api)[-_]?"
    r"(?:key(?!_mgmt)|password)\w*"
    r"|key(?:-?string|-?chain)?|hash|md5|sha\d*|localized|irreversible-cipher|auth_server_shared\w*"
)
_LINE = re.compile(
    rf"^(?P<before>.*?(?<![\w.-])(?:[\w.]+[-_])?(?:{_WORDS})\d*(?![\w.-])['\"]?[ \t=:]+)"
    r"(?P<rest>\S.*)$",
    re.IGNORECASE,
)
_NAME = re.compile(rf"(?:.*[-_])?(?:{_WORDS})(?:[-_].*)?", re.IGNORECASE)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL)
_CHANGING = re.compile(
    r"^(?:!|#)?\s*(?:last configuration (?:change|was)|time:|current configuration ?:|"
    r"building configuration|ntp clock-period)",
    re.IGNORECASE,
)
"""Lines that change by themselves: each backup would be a commit."""


def masked_text(text: str) -> str:
    """Mask what looks like a secret in the lines of a configuration.

    Parameters
    ----------
    text : str
        As a command line prints it.

    Returns
    -------
    str
        After a word such as ``password`` nothing of its line is left; lines that change by
        themselves are gone.
    """
    text = _PEM.sub(MASK, text.replace("\r\n", "\n"))
    return (
        "".join(
            f"{line}\n" for line in map(_masked_line, text.split("\n")) if not _CHANGING.match(line)
        ).rstrip("\n")
        + "\n"
    )


def _masked_line(line: str) -> str:
    match = _LINE.match(line)
    return f"{match['before']}{MASK}" if match else line.rstrip()


def masked_xml(root: etree._Element) -> str:
    """Mask what looks like a secret in a configuration, and write it in one form.

    Parameters
    ----------
    root : lxml.etree._Element
        Its root; it is changed.

    Returns
    -------
    str
        Indented XML: equal configurations are equal texts.
    """
    for element in root.iter(etree.Element):
        name = etree.QName(element).localname
        if _NAME.fullmatch(name) and not len(element) and (element.text or "").strip():
            element.text = MASK
    etree.cleanup_namespaces(root)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode", pretty_print=True)


def raw_configuration(device: Device) -> str:
    """Read the whole configuration of a device.

    Parameters
    ----------
    device : Device
        The device.

    Returns
    -------
    str
        Masked; empty where a protocol knows no configuration as a whole (SNMP).

    Raises
    ------
    DeviceError
        It cannot be read.
    """
    profile = profile_of(device)
    if profile.protocol == "netconf":
        driver = NetconfDriver(device, profile)
        try:
            return masked_xml(driver.fetch(None))
        finally:
            driver.close()
    if profile.protocol != "cli":
        return ""
    session = CliSession(device, profile.device_type)
    try:
        if profile.dialect in DIALECTS:
            terminal = Terminal(session, DIALECTS[profile.dialect])
            said = terminal.order("read the configuration", terminal.dialect.running)
            return masked_text(said)
        texts = (output_of(session, f"read {path}", f"cat {shlex.quote(path)}")
                 for path in _files(device, profile))  # fmt: skip
        return "".join(masked_text(text) for text in texts)
    finally:
        session.close()


def _files(device: Device, profile: Profile) -> Iterator[str]:
    if "file" in profile.options:
        yield option(profile, device, "file")
        return
    mappings = [m for m in profile.attributes.values() if isinstance(m, CliMapping)]
    for package in sorted({m.key.partition(".")[0] for m in mappings if m.key}):
        yield f"/etc/config/{package}"
