"""What every command-line driver does with the attributes that a profile maps."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from controllers.ports import Device
from controllers.profiles import CliItem, Profile, cli_items
from twin.model.attributes import Value
from twin.model.errors import DeviceRefused, ModelError

__all__ = ["CliValues"]


class CliValues:
    """The attributes of one device and their text on the wire.

    Parameters
    ----------
    device : Device
        The inventory entry.
    profile : Profile
        A CLI profile.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        self._device = device
        self._profile = profile
        self._items = {item.path: item for item in cli_items(profile, device)}

    def wanted(self, paths: Collection[str] | None) -> list[CliItem]:
        """List the attributes to read; None names all that can be written.

        Raises
        ------
        DeviceRefused
            The profile maps no such path.
        """
        if paths is None:
            return [item for item in self._items.values() if item.is_writable]
        return [self.item(path) for path in paths]

    def item(self, path: str) -> CliItem:
        """Return the attribute of a path.

        Raises
        ------
        DeviceRefused
            The profile maps no such path.
        """
        if path not in self._items:
            raise DeviceRefused(
                self._device.id, f"profile {self._profile.name} maps no {path!r} on this device"
            )
        return self._items[path]

    def encoded(self, changes: Mapping[str, Value]) -> dict[str, str]:
        """Turn changes into their text on the wire, by path.

        Raises
        ------
        DeviceRefused
            An unknown path, operational state, or a value that has no form there.
        """
        for path in changes:
            if not self.item(path).is_writable:
                raise DeviceRefused(
                    self._device.id, f"{path} is operational state and cannot be set"
                )
        try:
            return {path: self.item(path).encode(value) for path, value in changes.items()}
        except ModelError as err:
            raise DeviceRefused(self._device.id, str(err)) from err

    def decoded(self, item: CliItem, text: str) -> Value:
        """Turn text of the device into a value.

        Raises
        ------
        DeviceRefused
            It means nothing for the attribute.
        """
        try:
            return item.decode(text)
        except ModelError as err:
            raise DeviceRefused(self._device.id, str(err)) from err
