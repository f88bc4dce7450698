"""Drives a device over a JSON API: reads resources, changes them, and waits until they show it."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import quote, urlencode
from uuid import uuid4

from controllers.drivers.options import seconds
from controllers.drivers.plain import PlainDriver
from controllers.drivers.rest_link import RestLink
from controllers.ports import Device
from controllers.profiles import (
    Profile,
    Resource,
    RestItem,
    merged,
    names_of,
    rest_items,
    rest_resources,
)
from controllers.profiles.profile import fill
from twin.model.attributes import Value, same_value
from twin.model.errors import DeviceRefused, ModelError

__all__ = ["RestDriver"]

log = logging.getLogger(__name__)

_ACCEPTED = 202
_SETTLE_S = 5.0
_PAUSE_S = 0.2


class RestDriver(PlainDriver):
    """One device over HTTPS and JSON; class A.

    Parameters
    ----------
    device : Device
        The inventory entry; for its options see `RestLink`, and ``settle_s`` (5 s): how long a
        change that was only accepted may take until it is read back.
    profile : Profile
        A REST profile.

    Notes
    -----
    A resource that is written as a whole is read first and sent back with what changes, under the
    entity tag it was read with: what somebody else changed in between is a conflict, not lost.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        super().__init__(device)
        self._profile = profile
        names = names_of(profile, device)
        self._items = {item.path: item for item in rest_items(profile, device)}
        self._resources = rest_resources(profile, device)
        self._query = {name: fill(text, names) for name, text in profile.query.items()}
        headers = {name: fill(text, names) for name, text in profile.headers.items()}
        self._link = RestLink(device, headers)

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes; one the device does not show is left out.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        if paths is None:
            items = [item for item in self._items.values() if item.is_writable]
        else:
            items = [self._item(path) for path in paths]
        values: dict[str, Value] = {}
        for name in dict.fromkeys(item.resource for item in items):
            members, _ = self._fetch(self._resources[name])
            values |= self._values(members, (item for item in items if item.resource == name))
        return values

    def write(self, changes: Mapping[str, Value]) -> None:
        """Change resources, one request each, in the order of the profile.

        Raises
        ------
        DeviceConflict
            Somebody else changed a resource meanwhile.
        DeviceError
            A leaf that says what failed.
        """
        wanted = {path: self._encoded(self._item(path), value) for path, value in changes.items()}
        for name, resource in self._resources.items():
            items = [
                (item, wanted[path])
                for path, item in self._items.items()
                if path in wanted and item.resource == name
            ]
            if items:
                self._change(resource, items, changes)

    def close(self) -> None:
        """End the connection; never raises."""
        self._link.close()

    def _change(
        self,
        resource: Resource,
        items: list[tuple[RestItem, object]],
        changes: Mapping[str, Value],
    ) -> None:
        members: dict[str, object] = {}
        tag = ""
        if resource.method == "PUT" or resource.shape.is_whole:
            members, tag = self._fetch(resource)
        try:
            body = resource.shape.write({**resource.fixed, **merged(members, items)})
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err
        query = dict(self._query)
        if self._profile.request_id:
            query[self._profile.request_id] = str(uuid4())
        answer = self._link.ask(resource.method, _address(resource.path, query), body, tag=tag)
        log.info("changed %d values", len(items), extra={"device": self.device.id})
        if answer.status == _ACCEPTED:
            self._await(resource, {item.path: changes[item.path] for item, _ in items})

    def _await(self, resource: Resource, wanted: Mapping[str, Value]) -> None:
        """Wait until a change that was only accepted shows; the runner judges what is read back."""
        end_s = time.monotonic() + seconds(self.device, "settle_s", _SETTLE_S)
        while time.monotonic() < end_s:
            members, _ = self._fetch(resource)
            shown = self._values(members, (self._item(path) for path in wanted))
            kind = self.device.kind
            if all(p in shown and same_value(kind, p, shown[p], v) for p, v in wanted.items()):
                return
            time.sleep(_PAUSE_S)

    def _fetch(self, resource: Resource) -> tuple[dict[str, object], str]:
        answer = self._link.ask("GET", _address(resource.path, self._query))
        try:
            return resource.shape.read(answer.body), answer.tag
        except ModelError as err:
            raise DeviceRefused(self.device.id, f"GET {resource.path}: {err}") from err

    def _values(self, members: object, items: Iterable[RestItem]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for item in items:
            found = item.find(members)
            if found is None:
                continue
            try:
                values[item.path] = item.decode(found)
            except ModelError as err:
                raise DeviceRefused(self.device.id, str(err)) from err
        return values

    def _item(self, path: str) -> RestItem:
        if path not in self._items:
            raise DeviceRefused(
                self.device.id, f"profile {self._profile.name} maps no {path!r} on this device"
            )
        return self._items[path]

    def _encoded(self, item: RestItem, value: Value) -> object:
        if not item.is_writable:
            raise DeviceRefused(self.device.id, f"{item.path} is operational state, cannot be set")
        try:
            found: object = item.encode(value)
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err
        return found


def _address(path: str, query: Mapping[str, str]) -> str:
    where = quote(path)
    return f"{where}?{urlencode(query)}" if query else where
