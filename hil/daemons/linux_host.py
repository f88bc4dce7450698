"""A Linux host behind sshd: a hostapd-like file and the command that makes the service read it."""

from __future__ import annotations

import os
from pathlib import Path

from controllers.ports import Device
from hil.daemons.addresses import free_place
from hil.daemons.folders import private_folder, write_private
from hil.daemons.programs import find_program
from hil.daemons.running import RunningDevice
from hil.daemons.sshd import Sshd, make_sshd, run_ssh
from twin.model.errors import BenchError

__all__ = ["plain_shell", "start_linux_host"]

_DEADLINE_S = 20.0

_AP_CONF = """\
# read by ap-reload; format of hostapd.conf
interface=wlan0
hw_mode=g
ssid=Stadt
channel=6
contact=
location=
"""

# Like `hostapd_cli reload`: checks the whole file first, then activates a copy of it.
_RELOAD = r"""#!/bin/sh
# ap-reload: check ap.conf, make it the active configuration, write the state file.
set -eu
cd '{folder}'
awk -F= '
    function bad(text) {{ print "ap.conf:" NR ": " text > "/dev/stderr"; failed = 1; exit 1 }}
    /^[ \t]*(#|$)/ {{ next }}
    !/=/ {{ bad("not key=value: " $0) }}
    {{ key = $1; value = substr($0, length(key) + 2) }}
    key in seen {{ bad("second line for " key) }}
    key !~ /^(interface|hw_mode|ssid|channel|contact|location)$/ {{ bad("unknown key " key) }}
    {{ seen[key] = value }}
    END {{
        if (failed) exit 1
        if (length(seen["ssid"]) < 1 || length(seen["ssid"]) > 32) bad("ssid needs 1 to 32 bytes")
        if (seen["channel"] !~ /^[0-9]+$/) bad("channel is not a number")
        channel = seen["channel"] + 0
        is_24 = channel >= 1 && channel <= 13
        is_5 = channel % 4 == 0 && channel >= 36 && channel <= 64
        is_5 = is_5 || (channel % 4 == 0 && channel >= 100 && channel <= 144)
        if (seen["hw_mode"] == "g" && !is_24) bad("channel " channel " is not of hw_mode g")
        if (seen["hw_mode"] == "a" && !is_5) bad("channel " channel " is not of hw_mode a")
        if (seen["hw_mode"] !~ /^[ag]$/) bad("hw_mode must be a or g")
    }}
' ap.conf
n=0
[ ! -f state ] || n=$(sed -n 's/^reloads=//p' state)
cp ap.conf active.conf.new && mv active.conf.new active.conf
{{
    echo state=ENABLED
    echo "reloads=$((n + 1))"
    grep -E '^(ssid|channel)=' active.conf
}} > state.new
mv state.new state
echo OK
"""

# No capabilities and no privileges to gain: whoever has the key can do here what the user can.
_SHELL = """#!/bin/sh
# what every session runs: the command that was sent, or a plain shell
cd '{folder}' || exit 1
[ -n "${{SSH_ORIGINAL_COMMAND:-}}" ] && set -- -c "$SSH_ORIGINAL_COMMAND"
exec {drop} env -i HOME='{folder}' PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C.UTF-8 TERM=dumb \\
    PS1='host$ ' /bin/sh "$@"
"""


def start_linux_host(
    folder: Path,
    *,
    device_id: str = "host-linux",
    host: str = "",
    port: int = 0,
    site: str = "lab",
    deadline_s: float = _DEADLINE_S,
) -> RunningDevice:
    """Start a Linux host behind an sshd of its own on a loopback address.

    Parameters
    ----------
    folder : Path
        Home of the host: ``ap.conf``, ``active.conf``, ``state`` and the command ``ap-reload``;
        a configuration that is there already is kept.
    device_id, site : str
        Id and site of the inventory entry.
    host, port
        Where it listens; picked free if empty or 0.
    deadline_s : float
        Time to its first answer. [s]

    Returns
    -------
    RunningDevice
        Running, with a `Device` of profile ``linux-host`` whose user is who runs this process.

    Raises
    ------
    BenchError
        A program is missing, or it does not answer.
    """
    folder = private_folder(folder)
    _refuse_quote(folder)
    host, port = free_place(host, port, is_udp=False)
    conf, reload = folder / "ap.conf", folder / "ap-reload"
    if not conf.exists():
        write_private(conf, _AP_CONF)
    write_private(reload, _RELOAD.format(folder=folder), mode=0o700)
    shell = plain_shell(folder)
    sshd = make_sshd(
        folder, f"sshd of {device_id}", host=host, port=port, command=(str(shell),), allow_tty=True
    )
    device = Device(
        id=device_id, kind="host", profile="linux-host", host=host, port=port,
        username=sshd.user, secrets={"key": f"file:{sshd.key}"},
        known_hosts=str(sshd.known_hosts), site=site, origin="real",
        instances={"radio": ("1",)}, options={"file": str(conf), "reload": str(reload)},
        base=folder,
    )  # fmt: skip
    running = RunningDevice(
        device, (sshd.daemon,), lambda timeout_s: _reload(sshd, reload, timeout_s),
        deadline_s=deadline_s,
    )  # fmt: skip
    return running.start()


def plain_shell(folder: Path) -> Path:
    """Write the program that every session of a host runs: a shell without privileges.

    Parameters
    ----------
    folder : Path
        Home of the host.

    Returns
    -------
    Path
        The program, for the forced command of an sshd.

    Raises
    ------
    BenchError
        A program is missing, or the folder has a quote in its name.
    """
    _refuse_quote(folder)
    shell = folder / "shell"
    write_private(shell, _SHELL.format(folder=folder, drop=_drop_privileges()), mode=0o700)
    return shell


def _refuse_quote(folder: Path) -> None:
    if "'" in str(folder):
        raise BenchError(f"folder {folder} has a quote in its name; use another")


def _drop_privileges() -> str:
    setpriv = find_program("setpriv")
    capabilities = "--bounding-set=-all --inh-caps=-all" if os.geteuid() == 0 else ""
    return f"{setpriv} --no-new-privs {capabilities} --"


def _reload(sshd: Sshd, reload: Path, timeout_s: float) -> str:
    """Let the host activate its file, as its service would at boot."""
    try:
        done = run_ssh(sshd, timeout_s, str(reload))
    except BenchError as err:
        return str(err)
    if done.returncode == 0 and done.stdout.strip() == "OK":
        return ""
    return f"reload answers {done.returncode}: {(done.stderr or done.stdout).strip()}"
