"""Drivers: devices over SNMP, NETCONF and SSH command line, behind one protocol."""

from controllers.drivers.factory import make_driver
from controllers.drivers.snmp_link import close_snmp

__all__ = ["close_snmp", "make_driver"]
