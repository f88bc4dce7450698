"""Shape of a profile file, checked by pydantic before anything is made of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from controllers.ports import DeviceClass

__all__ = [
    "PROTOCOL_FILES",
    "CliFile",
    "MapFile",
    "NetconfFile",
    "OptionFile",
    "QualityFile",
    "RestAttributeFile",
    "RestFile",
    "SnmpFile",
]

_Oid = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)+$")]
_ObjectName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+::[a-z][A-Za-z0-9]+$")]
_Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class QualityFile(_File):
    """What the profile was checked against, said to its reader."""

    checked_against: str
    note: str = ""


class OptionFile(_File):
    """A value a device entry may set; without a default it must set it."""

    default: str | None = None
    doc: str


class MapFile(_File):
    """A name that follows from an instance, such as the band of a radio."""

    of: str
    values: dict[str, str]


class _AttributeFile(_File):
    values: dict[str, str] = {}
    also: dict[str, str] = {}
    otherwise: str = ""
    scale: float = Field(default=1.0, gt=0)
    milliwatt: bool = False
    verified: bool = True
    note: str = ""


class SnmpAttributeFile(_AttributeFile):
    """One attribute as an SNMP object."""

    object: _ObjectName
    oid: _Oid
    index: str = "0"
    syntax: str
    order: int | dict[str, int] = 0
    row: str = ""
    absent: bool | int | float | str | None = None


class RowFile(_File):
    """The RowStatus column of a table whose rows come and go."""

    object: _ObjectName
    oid: _Oid
    index: str
    create: Literal["createAndGo", "createAndWait", "never"] = "never"
    change: Literal["active", "notInService"] = "active"


class TransactionFile(_File):
    """The buffer of a device of class E: columns of its three scalars."""

    state: _Oid
    status: _Oid
    error: _Oid


class NetconfAttributeFile(_AttributeFile):
    """One attribute as a YANG leaf."""

    path: Annotated[str, StringConstraints(pattern=r"^/")]
    type: str
    digits: int = Field(default=0, ge=0, le=18)
    combine: Literal["", "sum", "mean"] = ""
    default: bool | int | float | str | None = None


class CliAttributeFile(_AttributeFile):
    """One attribute as a key of a file, a line of a configuration, or the output of a command."""

    key: str = ""
    command: str = ""
    section: str = ""
    line: str = ""
    undo: str = ""
    absent: str | None = None
    pattern: str = ""
    output: str = ""
    around: str = ""
    digits: int = Field(default=0, ge=0, le=18)


class _ProfileFile(_File):
    profile: _Word
    kind: str
    device_class: DeviceClass
    quality: QualityFile
    options: dict[str, OptionFile] = {}
    maps: dict[str, MapFile] = {}


class SnmpFile(_ProfileFile):
    """A profile of an SNMP agent."""

    protocol: Literal["snmp"]
    shared: bool = False
    rows: dict[str, RowFile] = {}
    transaction: TransactionFile | None = None
    notifications: dict[_ObjectName, _Oid] = {}
    attributes: dict[str, SnmpAttributeFile]


class QuirksFile(_File):
    """What a NETCONF server gets wrong and the driver has to work round."""

    skip_validate: bool = False
    release_running_on_commit: bool = False
    nothing_armed: str = ""
    probe_after_hello: bool = False
    reason: str = ""


class NetconfFile(_ProfileFile):
    """A profile of a NETCONF server."""

    protocol: Literal["netconf"]
    namespaces: dict[str, str]
    quirks: QuirksFile = QuirksFile()
    attributes: dict[str, NetconfAttributeFile]


class CliFile(_ProfileFile):
    """A profile of a device with a command line, reached over SSH."""

    protocol: Literal["cli"]
    dialect: Literal["file", "uci", "vtysh", "vrp5", "vrp8"] = "file"
    device_type: str = "linux"
    attributes: dict[str, CliAttributeFile]


class RestAttributeFile(_AttributeFile):
    """One attribute as a member of a JSON resource."""

    resource: _Word
    pointer: Annotated[str, StringConstraints(pattern=r"^(/[^/~]+)+$")]
    json_type: Literal["", "boolean", "integer", "number", "string"] = ""
    digits: int = Field(default=0, ge=0, le=18)


class ResourceFile(_File):
    """A JSON resource: where it is, how it is changed, what it looks like around its members."""

    path: Annotated[str, StringConstraints(pattern=r"^/")]
    method: Literal["PATCH", "PUT"] = "PATCH"
    shape: Literal["", "talq-function", "talq-night-program"] = ""
    fixed: dict[str, str] = {}


class RestFile(_ProfileFile):
    """A profile of a device with a JSON API over HTTPS."""

    protocol: Literal["rest"]
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    request_id: str = ""
    resources: dict[_Word, ResourceFile]
    attributes: dict[str, RestAttributeFile]


PROTOCOL_FILES: dict[str, type[SnmpFile | NetconfFile | CliFile | RestFile]] = {
    "snmp": SnmpFile,
    "netconf": NetconfFile,
    "cli": CliFile,
    "rest": RestFile,
}
