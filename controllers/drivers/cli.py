"""Makes the driver of a command line, by the dialect its profile names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from controllers.drivers.cli_file import FileDriver
from controllers.drivers.cli_immediate import ImmediateDriver
from controllers.drivers.cli_trial import TrialDriver
from controllers.drivers.cli_uci import UciDriver
from controllers.ports import Device, Driver
from controllers.profiles import Profile

__all__ = ["make_cli_driver"]

_DRIVERS: Mapping[str, Callable[[Device, Profile], Driver]] = MappingProxyType(
    {
        "file": FileDriver,
        "vtysh": ImmediateDriver,
        "vrp5": ImmediateDriver,
        "vrp8": TrialDriver,
        "uci": UciDriver,
    }
)


def make_cli_driver(device: Device, profile: Profile) -> Driver:
    """Make the driver of a device with a command line; opens no connection.

    Parameters
    ----------
    device : Device
        The inventory entry.
    profile : Profile
        A CLI profile.

    Returns
    -------
    Driver
        Of the profile's dialect.
    """
    return _DRIVERS[profile.dialect](device, profile)
