"""Devices in files, so that they outlive the controller that is killed."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import time
from pathlib import Path

from controllers.ports import Device, DeviceClass
from twin.model.errors import DeviceConflict, DeviceLocked, DeviceRefused

_numbers = itertools.count()


def make_file(folder: Path, device: Device, device_class: str, values: dict) -> None:
    state = {
        "class": device_class, "values": values, "owner": None, "editor": None,
        "candidate": {}, "armed": None, "backup": None,
    }  # fmt: skip
    (folder / f"{device.id}.json").write_text(json.dumps(state))


def _is_alive(session: str | None) -> bool:
    if session is None:
        return False
    try:
        os.kill(int(session.split(":")[0]), 0)
    except ProcessLookupError:
        return False
    return True


class FileDriver:
    """A driver whose device is a JSON file; a session ends with its process."""

    def __init__(self, folder: Path, device: Device) -> None:
        self.device = device
        self._path = folder / f"{device.id}.json"
        self._session = f"{os.getpid()}:{next(_numbers)}"
        self.device_class = DeviceClass(json.loads(self._path.read_text())["class"])

    @contextlib.contextmanager
    def _state(self):
        with self._path.with_suffix(".lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            state = json.loads(self._path.read_text())
            if state["armed"] and time.time() >= state["armed"][1]:
                self._revert(state)
            if not _is_alive(state["owner"]):
                state["owner"] = None
            if not _is_alive(state["editor"]):
                state["editor"], state["candidate"] = None, {}
            yield state
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(state))
            new.replace(self._path)

    @staticmethod
    def _revert(state) -> None:
        state["values"], state["armed"], state["backup"] = state["backup"], None, None

    def read(self, paths=None):
        with self._state() as state:
            values = state["values"]
            return dict(values) if paths is None else {path: values[path] for path in paths}

    def lock(self) -> None:
        with self._state() as state:
            if state["owner"] not in (None, self._session):
                raise DeviceLocked(self.device.id, f"locked by {state['owner']}")
            state["owner"] = self._session

    def unlock(self) -> None:
        with self._state() as state:
            if state["owner"] == self._session:
                state["owner"] = None

    def write(self, changes) -> None:
        for path, value in changes.items():  # not atomic, as over SNMP
            with self._state() as state:
                state["values"][path] = value

    def prepare(self, changes) -> None:
        with self._state() as state:
            if state["candidate"]:
                raise DeviceConflict(self.device.id, "dirty candidate")
            state["candidate"], state["editor"] = dict(changes), self._session

    def commit(self, *, confirm_timeout_s, persist_id) -> None:
        with self._state() as state:
            if state["armed"] and state["armed"][0] != persist_id:
                raise DeviceRefused(self.device.id, "a confirmed commit is pending")
            if confirm_timeout_s is not None:
                state["backup"] = state["backup"] or dict(state["values"])
                state["armed"] = [persist_id, time.time() + confirm_timeout_s]
            state["values"].update(state["candidate"])
            state["candidate"], state["editor"] = {}, None

    def confirm(self, persist_id) -> None:
        with self._state() as state:
            if not state["armed"] or state["armed"][0] != persist_id:
                raise DeviceRefused(self.device.id, "no such confirmed commit")
            state["armed"] = state["backup"] = None

    def cancel(self, persist_id) -> None:
        with self._state() as state:
            if state["armed"] and state["armed"][0] == persist_id:
                self._revert(state)

    def discard(self) -> None:
        with self._state() as state:
            state["candidate"], state["editor"] = {}, None

    def close(self) -> None:
        with self._state() as state:
            if state["owner"] == self._session:
                state["owner"] = None
            if state["editor"] == self._session:
                state["editor"], state["candidate"] = None, {}
