"""What every driver of a class A device answers where others have a transaction."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping

from controllers.ports import Device, DeviceClass
from twin.model.attributes import Value
from twin.model.errors import DeviceRefused

__all__ = ["PlainDriver"]


class PlainDriver(ABC):  # noqa: B024 - it completes the protocol, subclasses read and write
    """The half of `controllers.ports.Driver` that is the same for all class A devices.

    Parameters
    ----------
    device : Device
        The inventory entry.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.device_class = DeviceClass.A

    def lock(self) -> None:  # noqa: B027 - nothing is the right thing to do
        """Do nothing: the device has no lock that anybody keeps."""

    def unlock(self) -> None:  # noqa: B027
        """Do nothing."""

    def prepare(self, changes: Mapping[str, Value]) -> None:
        """Refuse: there is nothing to prepare in.

        Raises
        ------
        DeviceRefused
            Always.
        """
        raise self._no_transaction("prepare")

    def commit(self, *, confirm_timeout_s: float | None, persist_id: str | None) -> None:
        """Refuse: there is no commit.

        Raises
        ------
        DeviceRefused
            Always.
        """
        raise self._no_transaction("commit")

    def confirm(self, persist_id: str) -> None:
        """Refuse: there is nothing to confirm.

        Raises
        ------
        DeviceRefused
            Always.
        """
        raise self._no_transaction("confirm")

    def cancel(self, persist_id: str) -> None:  # noqa: B027
        """Do nothing: nothing can be armed."""

    def discard(self) -> None:  # noqa: B027
        """Do nothing: nothing can be prepared."""

    def _no_transaction(self, verb: str) -> DeviceRefused:
        return DeviceRefused(self.device.id, f"cannot {verb}: it is of class A, use write")
