"""FRRouting behind sshd: zebra and staticd in a network namespace, vtysh as the login shell."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from pathlib import Path

from controllers.ports import Device
from hil.daemons.addresses import free_place
from hil.daemons.folders import private_folder, write_private
from hil.daemons.process import Daemon
from hil.daemons.programs import find_frr, find_program
from hil.daemons.running import RunningDevice
from hil.daemons.sshd import Sshd, make_sshd, run_ssh
from twin.model.errors import BenchError

__all__ = ["INTERFACES", "start_frr"]

_DEADLINE_S = 20.0
_USER = "frr"

INTERFACES = ("eth0", "eth1")
"""The interfaces of the router: the two ends of one veth pair."""

# The daemons insist on their own user; the folder of their sockets is made anew at each start.
_OPEN = """\
chown {user} {folder}
: >{folder}/daemon.conf
"""
# The namespace ends with its only process, so nothing is left behind.
_LINKS = """\
ip link set lo up
ip link add eth0 type veth peer name eth1
ip link set eth0 up
ip link set eth1 up
"""
_VTYSH_CONF = "service integrated-vtysh-config\n"
_FRR_CONF = "frr defaults traditional\nip forwarding\n"

_SHELL = """#!/bin/sh
# what every session runs, whatever was asked for
exec env -i HOME='{folder}' PATH=/usr/bin:/bin LC_ALL=C.UTF-8 TERM=dumb {vtysh}
"""


def start_frr(
    folder: Path,
    *,
    device_id: str = "router-frr",
    host: str = "",
    port: int = 0,
    site: str = "lab",
    deadline_s: float = _DEADLINE_S,
) -> RunningDevice:
    """Start an FRR router of its own behind an sshd on a loopback address.

    Parameters
    ----------
    folder : Path
        Where configuration, keys and logs go; what was saved there before is kept.
    device_id, site : str
        Id and site of the inventory entry.
    host, port
        Where it listens; picked free if empty or 0.
    deadline_s : float
        Time to its first answer. [s]

    Returns
    -------
    RunningDevice
        Running, with a `Device` of profile ``frr-router`` whose user is who runs this process.

    Raises
    ------
    BenchError
        A program is missing, this process is not root, or it does not answer.
    """
    vtysh_program = find_program("vtysh")
    folder = private_folder(folder)
    if "'" in str(folder):
        raise BenchError(f"folder {folder} has a quote in its name; use another")
    host, port = free_place(host, port, is_udp=False)
    etc = private_folder(folder / "etc")
    for name, text in (("frr.conf", _FRR_CONF), ("vtysh.conf", _VTYSH_CONF)):
        if not (etc / name).exists():
            write_private(etc / name, text)
    # a path of a UNIX socket has 107 bytes at most, and folders of tests are long
    sockets = Path(tempfile.mkdtemp(prefix="stellwerk-"))
    vtysh = [vtysh_program, "--vty_socket", str(sockets), "--config_dir", str(etc)]
    shell = folder / "shell"
    write_private(shell, _SHELL.format(folder=folder, vtysh=shlex.join(vtysh)), mode=0o700)
    sshd = make_sshd(
        folder, f"sshd of {device_id}", host=host, port=port, command=(str(shell),), allow_tty=True
    )
    device = Device(
        id=device_id, kind="router", profile="frr-router", host=host, port=port,
        username=sshd.user, secrets={"key": f"file:{sshd.key}"},
        known_hosts=str(sshd.known_hosts), site=site, origin="real",
        instances={"interface": INTERFACES}, base=folder,
    )  # fmt: skip
    daemons = _daemons(folder, device_id, sockets)
    running = RunningDevice(
        device, (*daemons, sshd.daemon), lambda timeout_s: _boot(sshd, vtysh, timeout_s),
        deadline_s=deadline_s, temporary=sockets,
    )  # fmt: skip
    return running.start()


def _daemons(folder: Path, device_id: str, sockets: Path) -> tuple[Daemon, ...]:
    daemons = []
    for name, links in (("zebra", _LINKS), ("staticd", "")):
        command = [find_frr(name), "-u", _USER, "-g", _USER, "--vty_socket", str(sockets),
                   "-z", str(sockets / "zserv"), "-i", str(sockets / f"{name}.pid"), "-P", "0",
                   "-f", str(sockets / "daemon.conf"), "--log", "stdout"]  # fmt: skip
        script = _OPEN.format(user=_USER, folder=shlex.quote(str(sockets))) + links
        inside = ("--net",) if links else ()
        daemons.append(
            Daemon(
                name=f"{name} of {device_id}",
                command=(find_program("unshare"), *inside, "--", "/bin/sh", "-ec",
                         f"{script}exec {shlex.join(command)}"),
                log=folder / f"{name}.log",
                grace_s=0.5,
            )
        )  # fmt: skip
    return tuple(daemons)


def _boot(sshd: Sshd, vtysh: list[str], timeout_s: float) -> str:
    """Load the saved configuration into the daemons once all of them answer."""
    for daemon in ("zebra", "staticd"):
        reason = _said(vtysh, timeout_s, "-d", daemon, "-c", "show version")
        if reason:
            return f"{daemon}: {reason}"
    reason = _said(vtysh, timeout_s, "-b")
    if reason:
        return reason
    try:
        done = run_ssh(sshd, timeout_s)
    except BenchError as err:
        return str(err)
    return "" if done.returncode == 0 else f"vtysh ends with {done.returncode}: {done.stderr}"


def _said(vtysh: list[str], timeout_s: float, *arguments: str) -> str:
    """Run vtysh once; "" or why it failed."""
    try:
        done = subprocess.run(
            [*vtysh, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"nothing within {timeout_s:g} s"
    return "" if done.returncode == 0 else " ".join((done.stdout + done.stderr).split())[-200:]
