"""Devices in memory that behave like real ones of class A to D, with faults on demand."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from controllers.ports import Device, DeviceClass
from twin.model.attributes import Value, attribute_of
from twin.model.errors import DeviceConflict, DeviceLocked, DeviceRefused, DeviceUnreachable

PATHS = {"ap": "radio/2/tx_power_dbm", "cell": "tilt_deg", "switch": "location", "host": "contact"}


def device(name: str, kind: str = "cell", **fields) -> Device:
    base = dict(
        profile="memory", host="127.0.0.1", port=1, username="x", site="s", base=Path(),
        instances={"radio": ("1", "2"), "ssid": ("city",), "port": ("1", "2")},
    )  # fmt: skip
    return Device(id=name, kind=kind, **(base | fields))


@dataclass
class Box:
    """A device: what it holds, who has locked it, what is armed."""

    device: Device
    device_class: DeviceClass
    values: dict[str, Value]
    clock: object = time.monotonic
    candidate: dict[str, Value] = field(default_factory=dict)
    owner: object = None
    editor: object = None
    backup: dict[str, Value] | None = None
    armed: tuple[str, float] | None = None
    is_dead: bool = False
    calls: list[str] = field(default_factory=list)
    faults: dict[str, list] = field(default_factory=dict)
    guard: threading.RLock = field(default_factory=threading.RLock)

    def settle(self) -> None:
        if self.armed and self.clock() >= self.armed[1]:
            self.values, self.backup, self.armed = dict(self.backup), None, None

    def die(self) -> None:
        self.is_dead = True
        self.owner, self.candidate = None, {}

    def end_session(self, session: object) -> None:
        """Give back the lock of a session and throw away what it has edited."""
        if self.owner is session:
            self.owner = None
        if self.editor is session:
            self.candidate, self.editor = {}, None

    def revive(self, values: Mapping[str, Value] | None = None, *, revert: bool = True) -> None:
        if revert and self.armed:
            self.values, self.backup, self.armed = dict(self.backup), None, None
        if values:
            self.values.update(values)
        self.is_dead = False


class MemoryDriver:
    """A driver to a `Box`; the same contract as the drivers over a wire."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.device = box.device
        self.device_class = box.device_class

    def _call(self, name: str):
        box = self.box
        box.settle()
        box.calls.append(name)
        fault = box.faults.get(name, [])
        action = fault.pop(0) if fault else None
        if callable(action):
            action = action(box)
        if box.is_dead:
            raise DeviceUnreachable(box.device.id, "does not answer")
        if isinstance(action, Exception):
            raise action
        return action

    def _after(self, action) -> None:
        if action == "lost":
            self.box.end_session(self)
            raise DeviceUnreachable(self.box.device.id, "the answer was lost")
        if action == "die":
            self.box.die()
            raise DeviceUnreachable(self.box.device.id, "died")

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        with self.box.guard:
            self._after(self._call("read"))
            if paths is None:
                return {
                    p: v
                    for p, v in self.box.values.items()
                    if attribute_of(self.device.kind, p)[0].writable
                }
            return {path: self.box.values[path] for path in paths}

    def lock(self) -> None:
        with self.box.guard:
            action = self._call("lock")
            if self.box.owner not in (None, self):
                raise DeviceLocked(self.device.id, "session 7 holds the lock")
            self.box.owner = self
            self._after(action)

    def unlock(self) -> None:
        with self.box.guard:
            self.box.calls.append("unlock")
            self.box.end_session(self)

    def write(self, changes: Mapping[str, Value]) -> None:
        with self.box.guard:
            action = self._call("write")
            if action == "half":
                path = next(iter(changes))
                self.box.values[path] = changes[path]
                self.box.die()
                raise DeviceUnreachable(self.device.id, "died in the middle")
            if action != "lie":
                self.box.values.update(changes)
            self._after(action)

    def prepare(self, changes: Mapping[str, Value]) -> None:
        with self.box.guard:
            action = self._call("prepare")
            if self.box.candidate:
                raise DeviceConflict(self.device.id, "the candidate holds foreign changes")
            self.box.candidate, self.box.editor = dict(changes), self
            self._after(action)

    def commit(self, *, confirm_timeout_s: float | None, persist_id: str | None) -> None:
        with self.box.guard:
            action = self._call("commit")
            box = self.box
            if box.armed and box.armed[0] != (persist_id or ""):
                raise DeviceRefused(self.device.id, "a confirmed commit is pending")
            if confirm_timeout_s is not None:
                box.backup = box.backup if box.armed else dict(box.values)
                box.armed = (persist_id or "", box.clock() + confirm_timeout_s)
            if action != "lie":
                box.values.update(box.candidate)
            box.candidate = {}
            self._after(action)

    def confirm(self, persist_id: str) -> None:
        with self.box.guard:
            action = self._call("confirm")
            if self.box.armed is None or self.box.armed[0] not in (persist_id, ""):
                raise DeviceRefused(self.device.id, "no such confirmed commit")
            self.box.armed = self.box.backup = None
            self._after(action)

    def cancel(self, persist_id: str) -> None:
        with self.box.guard:
            action = self._call("cancel")
            if self.box.armed and self.box.armed[0] in (persist_id, "") and action != "lie":
                self.box.values, self.box.backup, self.box.armed = dict(self.box.backup), None, None
            self._after(action)

    def discard(self) -> None:
        with self.box.guard:
            action = self._call("discard")
            self.box.candidate = {}
            self._after(action)

    def close(self) -> None:
        with self.box.guard:
            self.box.end_session(self)


class Boxes(dict):
    """All boxes by id; makes drivers."""

    def make_driver(self, device: Device) -> MemoryDriver:
        return MemoryDriver(self[device.id])

    @property
    def devices(self) -> list[Device]:
        return [box.device for box in self.values()]

    def state(self) -> dict[str, dict[str, Value]]:
        return {name: dict(box.values) for name, box in self.items()}

    def assert_clean(self) -> None:
        for name, box in self.items():
            box.settle()
            if not box.is_dead:
                assert box.armed is None, f"{name} is armed"
                assert box.owner is None, f"{name} is locked"
                assert not box.candidate, f"{name} has a dirty candidate"
