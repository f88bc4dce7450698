"""Real daemons as devices: net-snmp's snmpd, yuma123's netconfd, FRR, hostapd, a Linux host."""

from hil.daemons.frr import start_frr
from hil.daemons.hostapd import start_hostapd
from hil.daemons.linux_host import start_linux_host
from hil.daemons.netconfd import start_netconfd
from hil.daemons.programs import available
from hil.daemons.real import RealDevices, start_real_devices
from hil.daemons.running import RunningDevice
from hil.daemons.snmpd import start_snmpd

__all__ = [
    "RealDevices",
    "RunningDevice",
    "available",
    "start_frr",
    "start_hostapd",
    "start_linux_host",
    "start_netconfd",
    "start_real_devices",
    "start_snmpd",
]
