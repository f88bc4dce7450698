"""Makes the driver that a device's profile asks for."""

from __future__ import annotations

from controllers.drivers.cli import make_cli_driver
from controllers.drivers.netconf import NetconfDriver
from controllers.drivers.rest import RestDriver
from controllers.drivers.snmp import SnmpDriver
from controllers.drivers.snmp_transaction import SnmpTransactionDriver
from controllers.ports import Device, DeviceClass, Driver
from controllers.profiles import profile_of

__all__ = ["make_driver"]


def make_driver(device: Device) -> Driver:
    """Make the driver of a device; opens no connection.

    Parameters
    ----------
    device : Device
        The inventory entry.

    Returns
    -------
    Driver
        Over SNMP, NETCONF, HTTPS or the SSH command line.

    Raises
    ------
    InputError
        Its profile is unknown, of another kind, or does not fit its instances and options.
    """
    profile = profile_of(device)
    if profile.protocol == "snmp" and profile.device_class is DeviceClass.E:
        return SnmpTransactionDriver(device, profile)
    if profile.protocol == "snmp":
        return SnmpDriver(device, profile)
    if profile.protocol == "netconf":
        return NetconfDriver(device, profile)
    if profile.protocol == "rest":
        return RestDriver(device, profile)
    return make_cli_driver(device, profile)
