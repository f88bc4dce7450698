"""Draw the quality cards of all device profiles for the reference."""

from collections.abc import Iterator

from controllers.profiles import Profile, load_profile, profile_names
from controllers.profiles.profile import (
    CliMapping,
    Mapped,
    NetconfMapping,
    RestMapping,
    SnmpMapping,
)
from twin.model.attributes import KINDS

__all__ = ["profiles_page"]

HEAD = """# Device profiles

How each kind of device is spoken to, and what that was checked against. An attribute marked
*unverified* is a name or number that nobody here has compared with a standard or a device; the
notes say why. Class: A no transaction, undo by stored values; B a candidate that can be thrown
away; C confirmed commit; D candidate, validate and confirmed commit with a persist id; E a buffer
without a session. Driver and emulator read the same file, so their agreement alone proves nothing
([why](../adr/0002-one-profile-for-driver-and-emulator.md)). To add one:
[add a device profile](../how-to/add-a-device-profile.md). This page is written by `python
tools/write_reference.py` from `controllers/profiles/data`.

| profile | kind | protocol | class | attributes | unverified |
|---|---|---|---|---|---|
"""


def profiles_page() -> str:
    """Draw the page of profiles: a table of all, and a card of each."""
    profiles = [load_profile(name) for name in profile_names()]
    return HEAD + "".join(map(_row, profiles)) + "".join("".join(_card(p)) for p in profiles)


def _row(profile: Profile) -> str:
    doubtful = sum(not mapping.verified for mapping in profile.attributes.values())
    name = f"[{profile.name}](#{profile.name})"
    words = _protocol(profile)
    n_all, n = len(KINDS[profile.kind]), len(profile.attributes)
    return (
        f"| {name} | `{profile.kind}` | {words} | {profile.device_class} | {n} of {n_all} "
        f"| {doubtful or ''} |\n"
    )


def _protocol(profile: Profile) -> str:
    names = {"snmp": "SNMP", "netconf": "NETCONF", "cli": "CLI", "rest": "REST"}
    words = names[profile.protocol]
    return f"{words} ({profile.dialect})" if profile.dialect else words


def _card(profile: Profile) -> Iterator[str]:
    yield f"\n## {profile.name}\n\n"
    yield f"Checked against: {_cell(profile.checked_against)}.\n"
    if profile.note:
        yield f"\nNote: {_cell(profile.note)}.\n"
    if profile.quirks.reason:
        yield f"\nWhat its server gets wrong: {_cell(profile.quirks.reason)}\n"
    if missing := [a.template for a in KINDS[profile.kind] if a.template not in profile.attributes]:
        yield f"\nNot mapped: {', '.join(f'`{template}`' for template in missing)}.\n"
    yield "\n| attribute | on the wire | remark |\n|---|---|---|\n"
    for template, mapping in profile.attributes.items():
        access = "" if mapping.codec.attribute.writable else " (ro)"
        doubt = "" if mapping.verified else "**unverified** "
        yield f"| `{template}`{access} | `{_wire(mapping)}` | {doubt}{_cell(mapping.note)} |\n"


def _wire(mapping: Mapped) -> str:
    if isinstance(mapping, SnmpMapping):
        text = mapping.object
    elif isinstance(mapping, NetconfMapping):
        text = "/" + "/".join(step.name for step in mapping.steps)
    elif isinstance(mapping, RestMapping):
        text = f"{mapping.resource}: /{'/'.join(mapping.pointer)}"
    else:
        text = _line(mapping)
    return _cell(text)


def _line(mapping: CliMapping) -> str:
    parts = (mapping.section, mapping.key, mapping.line, mapping.command)
    return " ".join(part for part in parts if part)


def _cell(text: str) -> str:
    return " ".join(text.split()).removesuffix(".").replace("|", "\\|")
