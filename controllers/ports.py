"""What the controllers ask of the outside: drivers, predictions and rehearsals as protocols."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from twin.model.attributes import Value
from twin.model.secret import Secret

__all__ = [
    "Change",
    "Device",
    "DeviceClass",
    "Driver",
    "DriverFactory",
    "Effect",
    "EffectPredictor",
    "EffectRow",
    "Exposure",
    "ExposurePredictor",
    "HarmPredictor",
    "SecretSource",
]


class DeviceClass(StrEnum):
    """How a device can take back a change.

    A no transaction, undo by stored values; B abortable candidate; C confirmed commit;
    D full NETCONF: candidate, validate and confirmed commit 1.1 with a persist id; E abortable
    buffer without a session, final at commit.

    The buffer of class E outlives the session, the manager and a crash of either: undo and
    roll-forward discard it whenever it may be ours. A driver of class E therefore answers
    `discard` with `DeviceConflict` if what lies there is somebody else's, and never touches it;
    an empty buffer is not an error, and "done" means that it was read back as empty. [1]_

    References
    ----------
    .. [1] NTCIP 1201 v03 (2011), section 2.3.1, dbCreateTransaction.
    """

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"

    def serves(self, planned: DeviceClass) -> bool:
        """Say whether a device of this class can do what a plan made for another counts on.

        Parameters
        ----------
        planned : DeviceClass
            What the plan counts on.
        """
        if DeviceClass.E in (self, planned):
            return self is planned
        return self >= planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One entry of the inventory.

    Parameters
    ----------
    id : str
        Unique id; for a device of the twin the id of its object in the city.
    kind : str
        A key of `twin.model.attributes.KINDS`.
    profile : str
        Name of the profile that maps attributes to the wire.
    host, port
        Where it listens.
    username : str
        SSH or USM user.
    secrets : mapping
        Names (``password``, ``auth``, ``priv``, ``key``) to references (``env:..``, ``file:..``,
        ``keyring:..``, ``vault:..``).
    known_hosts : str
        File of accepted SSH host keys, relative to `base`.
    site : str
        Group the device belongs to.
    origin : str
        ``emulated``, ``real`` or ``copy`` (a rehearsal copy).
    upstream : str
        Device id that feeds power or path to this one; empty for none.
    instances : mapping
        Instance names by placeholder: ``{"radio": ("1", "2")}``.
    options : mapping
        Values a profile asks for, such as the path of a file.
    role : str
        What it is there for; empty for none.
    groups : tuple of str
        Groups it is in, those that hold its groups first.
    vars : mapping
        Values that texts may name as ``${NAME}``.
    base : Path
        Folder of the inventory file; references are relative to it.
    """

    id: str
    kind: str
    profile: str
    host: str
    port: int
    username: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    known_hosts: str = ""
    site: str = ""
    origin: str = "real"
    upstream: str = ""
    instances: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    groups: tuple[str, ...] = ()
    vars: Mapping[str, Value] = field(default_factory=dict)
    base: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One attribute of one device, from what it is to what it shall be."""

    device: str
    path: str
    before: Value
    after: Value


class Driver(Protocol):
    """One device over one protocol; blocking, used by one thread at a time.

    Every call has a deadline and raises a `DeviceError` leaf. After `DeviceUnreachable` or
    `DeviceTimeout` the session is dead and the outcome of a write unknown; the next call opens
    a new session.
    """

    device: Device
    device_class: DeviceClass

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes from the device; None reads all writable ones."""

    def lock(self) -> None:
        """Take the device's own lock where it has one; else nothing."""

    def unlock(self) -> None:
        """Give the lock back; never raises for a lost session."""

    def write(self, changes: Mapping[str, Value]) -> None:
        """Class A: send the new values. An answer of no error is not yet evidence."""

    def prepare(self, changes: Mapping[str, Value]) -> None:
        """Class B, C, D: refuse a dirty candidate, edit it and let the device validate it."""

    def commit(self, *, confirm_timeout_s: float | None, persist_id: str | None) -> None:
        """Commit what was prepared; with a timeout the device reverts unless confirmed.

        Called again with a timeout and the persist id of a commit that is armed, it is a follow-up
        commit (RFC 6241, 8.4.5.1): nothing is prepared, the timer starts anew.
        """

    def confirm(self, persist_id: str) -> None:
        """Make a confirmed commit permanent, from any session."""

    def cancel(self, persist_id: str) -> None:
        """Cancel an armed commit, from any session; nothing armed is not an error."""

    def discard(self) -> None:
        """Throw away what was prepared."""

    def close(self) -> None:
        """End the session; never raises, never blocks for long."""


class DriverFactory(Protocol):
    """Makes the driver that fits a device's profile."""

    def __call__(self, device: Device) -> Driver:
        """Make a driver; opens no connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """One predicted figure before and after."""

    name: str
    scope: str
    unit: str
    before: float
    after: float
    label: str = "predicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What the twin says a plan will do to the city."""

    rows: tuple[EffectRow, ...]
    assumptions: tuple[str, ...] = ()


class EffectPredictor(Protocol):
    """Predicts what changes will do to the city; `hil` implements it with the twin."""

    def predict(self, changes: Sequence[Change]) -> Effect:
        """Predict the effect of changes on coverage, capacity and energy."""


class HarmPredictor(Protocol):
    """Says what changes may do at worst; `hil` implements it with the twin."""

    def harm(self, changes: Mapping[str, Sequence[Change]]) -> Mapping[str, float]:
        """Give the people harmed if the change of a device goes wrong, by device id."""


class SecretSource(Protocol):
    """A store of secrets such as Vault, asked by the name that stands behind a reference."""

    def fetch(self, name: str) -> Secret:
        """Fetch one secret; an `InputError` says why there is none and never quotes any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What a site radiates, and what of the limits it uses up where people are.

    Parameters
    ----------
    site : str
        The site.
    devices : tuple of str
        Its cells that change.
    share_before, share_after : float
        Share of the permitted field strength at the worst place; 1 is the limit.
    eirp_w_before, eirp_w_after : float
        EIRP of all its transmitters. [W]
    """

    site: str
    devices: tuple[str, ...]
    share_before: float
    share_after: float
    eirp_w_before: float = field(metadata={"unit": "W"})
    eirp_w_after: float = field(metadata={"unit": "W"})


class ExposurePredictor(Protocol):
    """Predicts fields around sites; `hil` implements it with the twin."""

    def exposure(self, changes: Sequence[Change]) -> Sequence[Exposure]:
        """Predict the fields around each site whose power or beams change."""
