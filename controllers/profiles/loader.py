"""Loads profiles by name, from the package or from the folder of a user."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from controllers.ports import Device
from controllers.profiles.cli_mapping import CLI_TEMPLATES, VALUE_NAMES, cli_mapping
from controllers.profiles.codec import Codec, Form
from controllers.profiles.paths import parse_path
from controllers.profiles.profile import (
    InstanceMap,
    Mapped,
    NetconfMapping,
    Profile,
    Quirks,
    RestMapping,
    RestResource,
    RowRule,
    SnmpMapping,
    TransactionRule,
    class_of,
    placeholders,
)
from controllers.profiles.schema import (
    PROTOCOL_FILES,
    CliAttributeFile,
    CliFile,
    NetconfAttributeFile,
    NetconfFile,
    RestAttributeFile,
    RestFile,
    RowFile,
    SnmpAttributeFile,
    SnmpFile,
)
from controllers.profiles.snmp import SYNTAXES
from twin.model.attributes import KINDS, Attribute
from twin.model.errors import InputError, ModelError
from twin.model.safe import Document, load_yaml, parse_model, parse_yaml

__all__ = ["load_profile", "profile_names", "profile_of", "read_profile"]

_PACKAGE = "controllers.profiles"
_USER_FOLDER = "profiles"

_ProfileFile: TypeAlias = SnmpFile | NetconfFile | CliFile | RestFile
_AttributeFile: TypeAlias = (
    SnmpAttributeFile | NetconfAttributeFile | CliAttributeFile | RestAttributeFile
)


def profile_names(folder: Path | None = None) -> tuple[str, ...]:
    """Names of the profiles in the package and, if given, in a folder."""
    files: list[Traversable | Path] = list((resources.files(_PACKAGE) / "data").iterdir())
    if folder is not None and folder.is_dir():
        files += list(folder.iterdir())
    return tuple(sorted({f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml")}))


def load_profile(name: str, folder: Path | None = None) -> Profile:
    """Load a profile; a file in the user's folder goes before the one in the package.

    Parameters
    ----------
    name : str
        Name of the profile.
    folder : Path, optional
        Folder with profiles of the user, ``NAME.yaml`` each.

    Returns
    -------
    Profile
        The checked profile.

    Raises
    ------
    InputError
        No profile of that name, or the file is wrong.
    """
    path = folder / f"{name}.yaml" if folder is not None and _is_word(name) else None
    if path is not None and path.is_file():
        return _user_profile(path, path.stat().st_mtime_ns)
    # Asked for every session of every device: the folders are listed only to say what is there.
    if name in _packaged_names():
        return _packaged(name)
    known = profile_names(folder)
    near = difflib.get_close_matches(name, known, n=1)
    raise InputError(
        f"unknown profile {name!r}",
        hint=f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}",
    )


def profile_of(device: Device) -> Profile:
    """Load the profile of a device; its own profiles lie in ``profiles/`` beside the inventory.

    Its class is that of the device as far as the inventory entry tells.

    Raises
    ------
    InputError
        No such profile, or it is of another kind than the device.
    """
    profile = load_profile(device.profile, device.base / _USER_FOLDER)
    if profile.kind != device.kind:
        raise InputError(
            f"device {device.id} is a {device.kind}, its profile {profile.name} is of a "
            f"{profile.kind}",
            hint="name a profile of the device's own kind",
        )
    able = class_of(profile, device)
    return profile if able is profile.device_class else replace(profile, device_class=able)


def _is_word(name: str) -> bool:
    """Say whether a name is that of a file in the folder, and of none elsewhere."""
    return bool(name) and "/" not in name and "\0" not in name


@lru_cache(maxsize=1)
def _packaged_names() -> frozenset[str]:
    return frozenset(profile_names())


@lru_cache(maxsize=64)
def _packaged(name: str) -> Profile:
    text = (resources.files(_PACKAGE) / "data" / f"{name}.yaml").read_bytes()
    return read_profile(parse_yaml(text, f"{name}.yaml"))


@lru_cache(maxsize=64)
def _user_profile(path: Path, _mtime_ns: int) -> Profile:
    return read_profile(load_yaml(path))


def read_profile(document: Document) -> Profile:
    """Check a profile document and make the profile of it.

    Parameters
    ----------
    document : Document
        The parsed YAML.

    Returns
    -------
    Profile
        The profile.

    Raises
    ------
    InputError
        Unknown protocol, kind, attribute, syntax or placeholder, or a bad path.
    """
    protocol = document.data.get("protocol") if isinstance(document.data, dict) else None
    if protocol not in PROTOCOL_FILES:
        raise document.error(
            f"protocol is {protocol!r}", "protocol", hint=f"use {', '.join(PROTOCOL_FILES)}"
        )
    file = parse_model(PROTOCOL_FILES[str(protocol)], document)
    if file.kind not in KINDS:
        raise document.error(
            f"unknown kind {file.kind!r}", "kind", hint=f"kinds are {', '.join(KINDS)}"
        )
    return Profile(
        name=file.profile,
        kind=file.kind,
        protocol=file.protocol,
        device_class=file.device_class,
        checked_against=file.quality.checked_against,
        note=file.quality.note,
        options=MappingProxyType({name: o.default for name, o in file.options.items()}),
        maps=MappingProxyType(
            {
                name: InstanceMap(of=m.of, values=MappingProxyType(m.values))
                for name, m in file.maps.items()
            }
        ),
        attributes=MappingProxyType(
            {template: _mapping(document, file, template) for template in file.attributes}
        ),
        source=document.source,
        **_protocol_fields(file),
    )


def _protocol_fields(file: _ProfileFile) -> dict[str, Any]:
    if isinstance(file, NetconfFile):
        return {
            "namespaces": MappingProxyType(file.namespaces),
            "quirks": Quirks(**file.quirks.model_dump()),
        }
    if isinstance(file, CliFile):
        return {"device_type": file.device_type, "dialect": file.dialect}
    if isinstance(file, RestFile):
        return {
            "resources": MappingProxyType(
                {
                    name: RestResource(
                        path=one.path,
                        method=one.method,
                        shape=one.shape,
                        fixed=MappingProxyType(one.fixed),
                    )
                    for name, one in file.resources.items()
                }
            ),
            "headers": MappingProxyType(file.headers),
            "query": MappingProxyType(file.query),
            "request_id": file.request_id,
        }
    return _snmp_fields(file)


def _snmp_fields(file: SnmpFile) -> dict[str, Any]:
    buffer = file.transaction
    return {
        "rows": MappingProxyType(
            {
                name: RowRule(
                    object=row.object,
                    oid=_oid(row.oid),
                    index=row.index,
                    create=row.create,
                    change=row.change,
                )
                for name, row in file.rows.items()
            }
        ),
        "transaction": buffer
        and TransactionRule(
            state=(*_oid(buffer.state), 0),
            status=(*_oid(buffer.status), 0),
            error=(*_oid(buffer.error), 0),
        ),
        "is_shared": file.shared,
        "notifications": MappingProxyType({n: _oid(o) for n, o in file.notifications.items()}),
    }


def _oid(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _mapping(document: Document, file: _ProfileFile, template: str) -> Mapped:
    attribute = _attribute(document, file.kind, template)
    entry = file.attributes[template]
    _check_names(document, file, template, entry)
    try:
        if isinstance(entry, SnmpAttributeFile):
            return _snmp(attribute, entry, getattr(file, "rows", {}))
        if isinstance(entry, RestAttributeFile):
            return _rest(attribute, entry, getattr(file, "resources", {}))
        if isinstance(entry, NetconfAttributeFile):
            return _netconf(attribute, entry, getattr(file, "namespaces", {}))
        if isinstance(file, RestFile):
            raise ModelError("an attribute of a REST profile needs a resource and a pointer")
        return cli_mapping(file, entry, _codec(attribute, entry, "text"))
    except ModelError as err:
        raise document.error(str(err), "attributes", template) from err


def _attribute(document: Document, kind: str, template: str) -> Attribute:
    by_template = {attribute.template: attribute for attribute in KINDS[kind]}
    if template not in by_template:
        near = difflib.get_close_matches(template, by_template, n=1)
        raise document.error(
            f"a {kind} has no attribute {template!r}",
            "attributes",
            template,
            hint=f"did you mean {near[0]!r}?" if near else f"known are {', '.join(by_template)}",
        )
    return by_template[template]


def _check_names(
    document: Document, file: _ProfileFile, template: str, entry: _AttributeFile
) -> None:
    given = set(placeholders(template)) | set(file.options) | {"device", "mac"}
    given |= {name for name, table in file.maps.items() if table.of in placeholders(template)}
    for key in ("index", "path", *CLI_TEMPLATES):
        for name in set(placeholders(getattr(entry, key, ""))) - VALUE_NAMES.get(key, set()):
            if name not in given:
                raise document.error(
                    f"{{{name}}} is not a name here",
                    "attributes",
                    template,
                    key,
                    hint=f"known are {', '.join(sorted(given))}",
                )


def _codec(
    attribute: Attribute,
    entry: _AttributeFile,
    form: Form,
) -> Codec:
    # A state that is told by an absent leaf has a default and no form on the wire.
    absent = set() if attribute.writable else {getattr(entry, "default", None)}
    unnamed = set(attribute.choices) - set(entry.values) - absent
    if attribute.type == "enum" and entry.values and unnamed:
        raise ModelError(f"values must name each of {', '.join(attribute.choices)}")
    if unknown := set(entry.also.values()) - set(entry.values):
        raise ModelError(f"also names {', '.join(sorted(unknown))}, which values does not")
    if form == "integer" and attribute.type in ("bool", "enum") and not entry.values:
        raise ModelError("a number on the wire needs values for a bool or enum")
    return Codec(
        attribute=attribute,
        form=form,
        values=MappingProxyType(entry.values),
        also=MappingProxyType(entry.also),
        otherwise=entry.otherwise,
        scale=entry.scale,
        is_milliwatt=entry.milliwatt,
        digits=getattr(entry, "digits", 0),
    )


def _snmp(
    attribute: Attribute, entry: SnmpAttributeFile, rows: Mapping[str, RowFile]
) -> SnmpMapping:
    if entry.syntax not in SYNTAXES:
        raise ModelError(f"unknown syntax {entry.syntax!r}; known are {', '.join(SYNTAXES)}")
    if entry.row and entry.row not in rows:
        raise ModelError(f"unknown row {entry.row!r}; rows has {', '.join(rows) or 'none'}")
    form: Form = "octets" if SYNTAXES[entry.syntax] == "octets" else "integer"
    return SnmpMapping(
        object=entry.object,
        oid=_oid(entry.oid),
        index=entry.index,
        syntax=entry.syntax,
        codec=_codec(attribute, entry, form),
        order=entry.order if isinstance(entry.order, int) else 0,
        order_by_value=MappingProxyType({} if isinstance(entry.order, int) else entry.order),
        row=entry.row,
        absent=entry.absent,
        verified=entry.verified,
        note=entry.note,
    )


def _netconf(
    attribute: Attribute, entry: NetconfAttributeFile, namespaces: Mapping[str, str]
) -> NetconfMapping:
    return NetconfMapping(
        steps=parse_path(entry.path, namespaces),
        type=entry.type,
        codec=_codec(attribute, entry, "text"),
        combine=entry.combine,
        default=entry.default,
        verified=entry.verified,
        note=entry.note,
    )


_JSON_TYPES = {"bool": "boolean", "int": "integer", "float": "number"}


def _rest(
    attribute: Attribute, entry: RestAttributeFile, resources: Mapping[str, object]
) -> RestMapping:
    if entry.resource not in resources:
        raise ModelError(f"unknown resource {entry.resource!r}; there are {', '.join(resources)}")
    given: Any = entry.json_type or _JSON_TYPES.get(attribute.type, "string")
    return RestMapping(
        resource=entry.resource,
        pointer=tuple(entry.pointer.removeprefix("/").split("/")),
        json_type=given,
        codec=_codec(attribute, entry, "text"),
        verified=entry.verified,
        note=entry.note,
    )
