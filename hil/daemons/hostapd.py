"""The access point daemon hostapd behind sshd: the real control socket, without any radio."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from controllers.ports import Device
from hil.daemons.addresses import free_place
from hil.daemons.folders import private_folder, write_private
from hil.daemons.linux_host import plain_shell
from hil.daemons.process import Daemon
from hil.daemons.programs import find_program
from hil.daemons.running import RunningDevice
from hil.daemons.sshd import Sshd, make_sshd, run_ssh
from twin.model.errors import BenchError

__all__ = ["start_hostapd"]

_DEADLINE_S = 20.0
_INTERFACE = "lo"

_CONF = """\
# driver=none: everything but the radio is real
interface={interface}
driver=none
ctrl_interface={folder}/ctrl
hw_mode=g
ssid=Stadt
channel=6
"""


def start_hostapd(
    folder: Path,
    *,
    device_id: str = "ap-hostapd",
    host: str = "",
    port: int = 0,
    site: str = "lab",
    deadline_s: float = _DEADLINE_S,
) -> RunningDevice:
    """Start a hostapd without a radio and an sshd on a loopback address.

    Parameters
    ----------
    folder : Path
        Home of the host: ``hostapd.conf``, kept if it is there, and the control socket.
    device_id, site : str
        Id and site of the inventory entry.
    host, port
        Where it listens; picked free if empty or 0.
    deadline_s : float
        Time to its first answer. [s]

    Returns
    -------
    RunningDevice
        Running, with a `Device` of profile ``hostapd-linux`` whose user is who runs this process.

    Raises
    ------
    BenchError
        A program is missing, or it does not answer.
    """
    programs = [find_program(name) for name in ("hostapd", "hostapd_cli")]
    folder = private_folder(folder)
    shell = plain_shell(folder)
    host, port = free_place(host, port, is_udp=False)
    conf, pid = folder / "hostapd.conf", folder / "hostapd.pid"
    if not conf.exists():
        write_private(conf, _CONF.format(interface=_INTERFACE, folder=folder))
    daemon = Daemon(
        name=f"hostapd of {device_id}",
        # it writes its process id only in the background
        command=("/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', str(pid), programs[0], str(conf)),
        log=folder / "hostapd.log",
        grace_s=0.5,
    )
    sshd = make_sshd(
        folder, f"sshd of {device_id}", host=host, port=port, command=(str(shell),), allow_tty=True
    )
    device = Device(
        id=device_id, kind="ap", profile="hostapd-linux", host=host, port=port,
        username=sshd.user, secrets={"key": f"file:{sshd.key}"},
        known_hosts=str(sshd.known_hosts), site=site, origin="real",
        instances={"radio": ("1",), "ssid": ("city",)},
        options={"file": str(conf), "ctrl": str(folder / "ctrl"), "netdev": _INTERFACE,
                 "reload": f"kill -HUP $(cat {shlex.quote(str(pid))})"},
        base=folder,
    )  # fmt: skip
    running = RunningDevice(
        device, (daemon, sshd.daemon),
        lambda timeout_s: _status(sshd, [programs[1], "-p", str(folder / "ctrl")], timeout_s),
        deadline_s=deadline_s,
    )  # fmt: skip
    return running.start()


def _status(sshd: Sshd, control: list[str], timeout_s: float) -> str:
    """Ask the daemon for its state and the sshd for a shell."""
    try:
        done = subprocess.run(
            [*control, "-i", _INTERFACE, "status"], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        if "state=ENABLED" not in done.stdout:
            return f"hostapd says {(done.stdout + done.stderr).strip()[-200:]!r}"
        return "" if run_ssh(sshd, timeout_s, "true").returncode == 0 else "no shell"
    except (subprocess.TimeoutExpired, BenchError) as err:
        return str(err)
