"""The shape of an inventory file: devices, and what groups, roles and defaults say of many."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
)

from twin.model.quote import quoted

__all__ = [
    "ID_PATTERN",
    "MAX_BYTES",
    "MAX_NODES",
    "SECRET_SCHEMES",
    "DeviceFile",
    "GroupFile",
    "InventoryFile",
    "LayerFile",
    "valid_host",
]

ID_PATTERN = r"^[a-z0-9][a-z0-9.-]*$"
SECRET_SCHEMES = ("env", "file", "keyring", "vault")

MAX_BYTES = 200_000_000
MAX_NODES = 5_000_000
"""Limits of one file: 100,000 devices of 40 values each, written out, are 4 million values."""

_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
_Variable = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
_Reference = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(SECRET_SCHEMES)}):.+$")]
_SecretName = Literal["password", "key", "passphrase", "auth", "priv", "community", "token"]
_Scalar = StrictBool | StrictInt | StrictFloat | StrictStr

# RFC 1035 (1987), section 2.3.4: 255 octets on the wire are 253 characters, 63 in each label.
_MAX_HOST, _MAX_LABEL = 253, 63


def valid_host(host: str) -> str:
    """Check a host name or address.

    Parameters
    ----------
    host : str
        What is written.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        Empty, too long, or with a blank.
    """
    if not host:
        raise ValueError("is empty; give a host name or an address")
    if len(host) > _MAX_HOST:
        raise ValueError(
            f"{quoted(host)} is {len(host)} characters long, a host name has at most {_MAX_HOST}"
        )
    if not host.isprintable() or " " in host:
        raise ValueError(f"{quoted(host)} is no host name or address; leave out blanks")
    if max(map(len, host.split("."))) > _MAX_LABEL:
        raise ValueError(
            f"{quoted(host)} is no host name; at most {_MAX_LABEL} characters stand between dots"
        )
    return host


def _port(port: int) -> int:
    if not 1 <= port <= 65535:
        raise ValueError(f"{quoted(port)} is no port; ports are 1 to 65535")
    return port


class LayerFile(BaseModel):
    """What a device, its role, a group or the defaults may say."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    kind: str | None = None
    profile: str | None = None
    host: Annotated[str, AfterValidator(valid_host)] | None = None
    port: Annotated[int, AfterValidator(_port)] | None = None
    username: str | None = None
    secrets: dict[_SecretName, _Reference] = {}
    known_hosts: str | None = None
    site: str | None = None
    origin: Literal["emulated", "real", "copy"] | None = None
    upstream: str | None = None
    instances: dict[str, list[str]] = {}
    options: dict[str, str] = {}
    vars: dict[_Variable, _Scalar] = {}


class GroupFile(LayerFile):
    """A group; it may be in other groups, which it goes before."""

    groups: list[_Name] = []


class DeviceFile(LayerFile):
    """One device as it stands in the file."""

    id: Annotated[str, StringConstraints(pattern=ID_PATTERN)]
    role: str = ""
    groups: list[_Name] = []


class InventoryFile(BaseModel):
    """The inventory file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    include: list[str] = []
    defaults: LayerFile = LayerFile()
    groups: dict[_Name, GroupFile | None] = {}
    roles: dict[_Name, LayerFile | None] = {}
    devices: list[DeviceFile] = []
