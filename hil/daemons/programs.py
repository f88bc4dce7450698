"""Which daemons are installed on this machine, and the Debian package of each one missing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from twin.model.errors import BenchError

__all__ = ["available", "find_frr", "find_program"]

_PACKAGE = {
    "snmpd": "snmpd",
    "netconfd": "netconfd",
    "netconf-subsystem": "netconfd",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "hostapd": "hostapd",
    "hostapd_cli": "hostapd",
    "vtysh": "frr",
    "zebra": "frr",
    "staticd": "frr",
    "unshare": "util-linux",
    "ip": "iproute2",
}
_NEEDS = {
    "snmpd": ("snmpd",),
    "netconfd": ("netconfd", "netconf-subsystem", "sshd", "ssh", "ssh-keygen"),
    "sshd": ("sshd", "ssh", "ssh-keygen"),
    "hostapd": ("hostapd", "hostapd_cli", "sshd", "ssh", "ssh-keygen"),
    "frr": ("vtysh", "zebra", "staticd", "unshare", "ip", "sshd", "ssh", "ssh-keygen"),
}
_FRR = "/usr/lib/frr"
_YANG = Path("/usr/share/yuma/modules/ietf")


def find_program(name: str) -> str:
    """Find a program, also where only root's PATH leads.

    Parameters
    ----------
    name : str
        Name of the program.

    Returns
    -------
    str
        Its absolute path.

    Raises
    ------
    BenchError
        It is not installed; names the Debian package.
    """
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", _FRR))
    found = shutil.which(name, path=path)
    if found is None:
        package = _PACKAGE.get(name, name)
        raise BenchError(f"{name} is not installed; apt-get install {package}")
    return str(Path(found).absolute())


def find_frr(name: str) -> str:
    """Find a daemon of FRR, which only root can run: it changes interfaces of a namespace.

    Raises
    ------
    BenchError
        It is not installed, or this process is not root.
    """
    if os.geteuid() != 0:
        raise BenchError(f"{name} needs root for a network namespace; start the bench as root")
    return find_program(name)


def available() -> dict[str, str]:
    """Say which daemons can be started here.

    Returns
    -------
    dict
        ``snmpd``, ``netconfd``, ``sshd``, ``hostapd`` and ``frr``, each with "" or the reason why
        not and what to install.
    """
    return {daemon: _reason(daemon) for daemon in _NEEDS}


def _reason(daemon: str) -> str:
    if not sys.platform.startswith("linux"):
        return f"{daemon} is driven on Linux only"
    missing = [name for name in _NEEDS[daemon] if not _is_there(name)]
    packages = {_PACKAGE[name] for name in missing}
    if daemon == "netconfd" and not _YANG.is_dir():
        missing.append("YANG modules")
        packages.add("libyuma-base")
    if not missing:
        return "frr needs root" if daemon == "frr" and os.geteuid() != 0 else ""
    return f"{', '.join(missing)} not installed; apt-get install {' '.join(sorted(packages))}"


def _is_there(name: str) -> bool:
    try:
        find_program(name)
    except BenchError:
        return False
    return True
