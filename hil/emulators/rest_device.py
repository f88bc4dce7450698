"""The JSON resources of one emulated device: shown from the world, and changed in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from controllers.profiles import (
    Resource,
    RestItem,
    load_profile,
    merged,
    names_of,
    rest_items,
    rest_resources,
)
from controllers.profiles.profile import fill
from hil.emulators.device import EmulatedDevice
from twin.model.attributes import Value, check_value
from twin.model.errors import ModelError

__all__ = ["Reply", "RestDevice"]

Reply = tuple[int, Any, str]
"""Status, body, entity tag."""


class RestDevice:
    """The REST face of one emulated device.

    Parameters
    ----------
    device : EmulatedDevice
        The device.

    Notes
    -----
    Errors are lists of TALQ error messages: ``key`` and ``description``.
    """

    def __init__(self, device: EmulatedDevice) -> None:
        self.device = device
        entry = device.entry
        self._profile = load_profile(entry.profile, entry.base / "profiles")
        names = names_of(self._profile, entry)
        known = set(device.paths())
        self._items = [i for i in rest_items(self._profile, entry) if i.path in known]
        self._resources = {
            one.path: (name, one) for name, one in rest_resources(self._profile, entry).items()
        }
        self._headers = {
            name.lower(): fill(text, names) for name, text in self._profile.headers.items()
        }
        self._query = {name: fill(text, names) for name, text in self._profile.query.items()}

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request of somebody who may ask.

        Parameters
        ----------
        method, target : str
            HTTP method and request target.
        headers : mapping
            Headers by name in small letters.
        body : bytes
            What was sent.

        Raises
        ------
        DeviceDied
            A stored fault of the device was met.
        """
        parts = urlsplit(target)
        found = self._resources.get(parts.path)
        if found is None:
            return _error(404, "resourceNotFound", f"{parts.path[:80]} is not here")
        for name, text in self._headers.items():
            if headers.get(name) != text:
                return _error(400, "headerValueNotValid", f"{name} must be {text}")
        given = parse_qs(parts.query)
        missing = [name for name in self._query if name not in given]
        if method != "GET" and self._profile.request_id and self._profile.request_id not in given:
            missing.append(self._profile.request_id)
        if missing:
            return _error(400, "parameterMissing", f"{missing[0]} is missing")
        name, resource = found
        items = [item for item in self._items if item.resource == name]
        if method == "GET":
            self.device.meet("get")
            return self._shown(resource, items)
        if method != resource.method:
            return _error(405, "genericError", f"{method} is not for {parts.path[:80]}")
        return self._changed(resource, items, headers.get("if-match", ""), body)

    def _members(self, resource: Resource, items: list[RestItem]) -> dict[str, Any]:
        shown = []
        for item in items:
            shown.append((item, item.encode(self.device.read(item.path))))
        return {**resource.fixed, **merged({}, shown)}

    def _shown(self, resource: Resource, items: list[RestItem]) -> Reply:
        try:
            body = resource.shape.write(self._members(resource, items))
        except ModelError as err:
            return _error(500, "genericError", str(err))
        return 200, body, _tag(body)

    def _changed(
        self, resource: Resource, items: list[RestItem], if_match: str, body: bytes
    ) -> Reply:
        _, now, tag = self._shown(resource, items)
        if if_match and if_match != tag:
            return _error(412, "resourceConflict", "it has changed since it was read")
        try:
            members = resource.shape.read(json.loads(body))
            changes = self._changes(items, members, resource.shape.read(now))
        except (ValueError, RecursionError) as err:
            return _error(400, "payloadError", f"no JSON of this resource: {err}")
        except ModelError as err:
            return _error(422, "payloadError", str(err))
        try:
            self.device.write("set", changes)
        except ModelError as err:
            return _error(422, "genericError", str(err))
        return self._shown(resource, items)

    def _changes(
        self, items: list[RestItem], members: Mapping[str, Any], now: Mapping[str, Any]
    ) -> dict[str, Value]:
        changes: dict[str, Value] = {}
        for item in items:
            wanted = item.find(members)
            if wanted is None or wanted == item.find(now):
                continue
            if not item.is_writable:
                raise ModelError(f"{'/'.join(item.pointer)} cannot be set")
            changes[item.path] = check_value(self.device.kind, item.path, item.decode(wanted))
        return changes


def _tag(body: Any) -> str:  # noqa: ANN401
    text = json.dumps(body, sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


def _error(status: int, key: str, description: str) -> Reply:
    return status, [{"key": key, "description": description}], ""
