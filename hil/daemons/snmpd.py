"""net-snmp's snmpd as a device: SNMPv3 with privacy, and only the system group can be written."""

from __future__ import annotations

import socket
from pathlib import Path

from controllers.ports import Device
from hil.daemons.addresses import free_place
from hil.daemons.folders import private_folder, write_private, write_secret
from hil.daemons.process import Daemon
from hil.daemons.programs import find_program
from hil.daemons.running import RunningDevice
from twin.model.secret import resolve_secret

__all__ = ["start_snmpd"]

USER = "stellwerk"
_DEADLINE_S = 15.0

# sysContact, sysName and sysLocation are not set here: snmpd would then make them read only.
_CONFIG = """\
agentAddress udp:{host}:{port}
createUser {user} SHA-256 "{auth}" AES "{priv}"
view seen included .1.3.6.1.2.1.1
view settable included .1.3.6.1.2.1.1.4
view settable included .1.3.6.1.2.1.1.5
view settable included .1.3.6.1.2.1.1.6
group operators usm {user}
access operators "" usm priv exact seen settable none
dontLogTCPWrappersConnects yes
"""

# An SNMPv3 GET without user or engine id: the engine discovery of RFC 3414, section 4.
_DISCOVERY = bytes.fromhex(
    "303e020103301102042b8e5a11020300ffe30401040201030410300e0400020100020100040004000400"
    "301404000400a00e02042b8e5a110201000201003000"
)
_REPORT_OF_UNKNOWN_ENGINE = bytes.fromhex("060a2b060106030f01010400")  # usmStatsUnknownEngineIDs.0


def start_snmpd(
    folder: Path,
    *,
    device_id: str = "host-snmpd",
    host: str = "",
    port: int = 0,
    site: str = "lab",
    deadline_s: float = _DEADLINE_S,
) -> RunningDevice:
    """Start an snmpd of its own on a loopback address.

    Parameters
    ----------
    folder : Path
        Where its configuration, state, secrets and log go; what it stored there before is kept.
    device_id, site : str
        Id and site of the inventory entry.
    host, port
        Where it listens; picked free if empty or 0.
    deadline_s : float
        Time to its first answer. [s]

    Returns
    -------
    RunningDevice
        Running and answering, with a `Device` of profile ``snmp-host``.

    Raises
    ------
    BenchError
        snmpd is not installed or does not answer.

    References
    ----------
    .. [1] RFC 3414 (2002), section 4, discovery; RFC 7860 (2016), usmHMAC192SHA256AuthProtocol;
       RFC 3826 (2004), usmAesCfb128Protocol.
    """
    program = find_program("snmpd")
    folder = private_folder(folder)
    host, port = free_place(host, port, is_udp=True)
    references = {name: write_secret(folder / "secrets" / name) for name in ("auth", "priv")}
    clear = {name: resolve_secret(ref, folder).reveal() for name, ref in references.items()}
    config = folder / "snmpd.conf"
    write_private(config, _CONFIG.format(host=host, port=port, user=USER, **clear))
    log = folder / "snmpd.log"
    # Its configuration path is our two folders alone. Option -C would do that too, but then snmpd
    # does not read back what it stored: no sysContact and no engine id would outlive a restart.
    state = private_folder(folder / "state")
    daemon = Daemon(
        name=f"snmpd {device_id}",
        command=(program, "-f", "-Lf", str(log), "-I", "-smux",
                 "-p", str(folder / "snmpd.pid")),
        log=log,
        environment={"SNMP_PERSISTENT_DIR": str(state), "SNMPCONFPATH": f"{folder}:{state}",
                     "MIBS": "", "HOME": str(folder)},
    )  # fmt: skip
    device = Device(
        id=device_id, kind="host", profile="snmp-host", host=host, port=port, username=USER,
        secrets=references, site=site, origin="real", base=folder,
    )  # fmt: skip
    running = RunningDevice(
        device, (daemon,), lambda timeout_s: _discover(host, port, timeout_s), deadline_s=deadline_s
    )
    return running.start()


def _discover(host: str, port: int, timeout_s: float) -> str:
    """Ask for the engine id, as every SNMPv3 manager does first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(min(timeout_s, 0.5))
        try:
            asker.connect((host, port))
            asker.send(_DISCOVERY)
            answer = asker.recv(2048)
        except OSError as err:
            return f"no SNMPv3 answer from {host}:{port} ({err.__class__.__name__})"
    if _REPORT_OF_UNKNOWN_ENGINE not in answer:
        return f"{host}:{port} answers something else than SNMPv3 discovery"
    return ""
