"""yuma123's netconfd behind an sshd of its own: a NETCONF server nobody here wrote."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from controllers.ports import Device
from hil.daemons.addresses import free_place
from hil.daemons.folders import private_folder, write_private
from hil.daemons.process import Daemon
from hil.daemons.programs import find_program
from hil.daemons.running import RunningDevice
from hil.daemons.sshd import Sshd, current_user, make_sshd, ssh_command

__all__ = ["start_netconfd"]

_DEADLINE_S = 30.0
_END = "]]>]]>"
_BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
# ietf-system comes with libyuma-base and holds contact and location; ietf-interfaces as of 2014.
_MODULES = ("iana-if-type", "ietf-interfaces", "ietf-system")

_HELLO = (
    f'<hello xmlns="{_BASE}"><capabilities>'
    "<capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>"
)
_EDIT = (
    "<edit-config><target><candidate/></target><config>"
    '<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces">{entries}</interfaces>'
    "</config></edit-config>"
)
_INTERFACE = (
    '<interface><name>{name}</name><type xmlns:ift="urn:ietf:params:xml:ns:yang:iana-if-type">'
    "ift:ethernetCsmacd</type></interface>"
)


def start_netconfd(
    folder: Path,
    *,
    device_id: str = "host-netconfd",
    host: str = "",
    port: int = 0,
    site: str = "lab",
    interfaces: Sequence[str] = ("eth0", "eth1"),
    deadline_s: float = _DEADLINE_S,
) -> RunningDevice:
    """Start a netconfd and its sshd on a loopback address.

    Parameters
    ----------
    folder : Path
        Where configuration, keys and logs go; what was committed there before is kept.
    device_id, site : str
        Id and site of the inventory entry.
    host, port
        Where it listens; picked free if empty or 0.
    interfaces : sequence of str
        Interface entries that exist from the start.
    deadline_s : float
        Time to its first answer. [s]

    Returns
    -------
    RunningDevice
        Running, with a `Device` of profile ``netconf-host`` whose user is who runs this process.

    Raises
    ------
    BenchError
        A program is missing, or it does not answer.
    """
    programs = [find_program(name) for name in ("netconfd", "netconf-subsystem")]
    folder = private_folder(folder)
    host, port = free_place(host, port, is_udp=False)
    # a path of a UNIX socket has 107 bytes at most, and folders of tests are long
    sockets = Path(tempfile.mkdtemp(prefix="stellwerk-"))
    socket_path = sockets / "netconfd.sock"
    log = folder / "netconfd.log"
    # Without these two files it keeps its state in the home of the user, one for all instances.
    startup = folder / "startup-cfg.xml"
    if not startup.exists():
        write_private(startup, f'<config xmlns="{_BASE}"/>\n')
        write_private(folder / "startup-cfg-txid.txt", "0\n")
    server = Daemon(
        name=f"netconfd {device_id}",
        command=(programs[0], f"--startup={startup}", *(f"--module={name}" for name in _MODULES),
                 "--access-control=off", "--target=candidate", "--with-startup=false",
                 f"--superuser={current_user()}", f"--port={port}",
                 f"--ncxserver-sockname={socket_path}", f"--log={log}"),
        log=log,
        environment={"HOME": str(folder)},
        grace_s=0.2,  # it takes a second to end, and stores at each commit
    )  # fmt: skip
    sshd = make_sshd(
        folder, f"sshd of {device_id}", host=host, port=port, allow_tty=False,
        command=(programs[1], f"--ncxserver-sockname={port}@{socket_path}"),
    )  # fmt: skip
    device = Device(
        id=device_id, kind="host", profile="netconf-host", host=host, port=port,
        username=sshd.user, secrets={"key": f"file:{sshd.key}"},
        known_hosts=str(sshd.known_hosts), site=site, origin="real",
        instances={"interface": tuple(interfaces)}, base=folder,
    )  # fmt: skip
    running = RunningDevice(
        device, (server, sshd.daemon),
        lambda timeout_s: _create_interfaces(sshd, interfaces, timeout_s),
        deadline_s=deadline_s, temporary=sockets,
    )  # fmt: skip
    return running.start()


def _create_interfaces(sshd: Sshd, interfaces: Sequence[str], timeout_s: float) -> str:
    """Merge the interface entries into running; "" once every reply was ok."""
    entries = "".join(_INTERFACE.format(name=escape(name)) for name in interfaces)
    operations = (_EDIT.format(entries=entries), "<commit/>", "<close-session/>")
    sent = [_HELLO] + [
        f'<rpc xmlns="{_BASE}" message-id="{i}">{operation}</rpc>'
        for i, operation in enumerate(operations, start=1)
    ]
    answer, complaint = _converse(sshd, "".join(text + _END for text in sent), timeout_s)
    if answer.count("<ok/>") == len(operations):
        return ""
    if "<rpc-error" in answer:
        return f"it refuses the interface entries: {' '.join(answer[-300:].split())}"
    return f"no NETCONF session ({complaint or 'no reply'})"


def _converse(sshd: Sshd, text: str, timeout_s: float) -> tuple[str, str]:
    """Send a whole session, wait for the server to end it; what it said and what ssh said.

    The input stays open meanwhile: netconf-subsystem drops the replies once its input ends.
    """
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        if os.write(writer, text.encode()) < len(text.encode()):
            return "", "the entries do not fit into one pipe, name fewer interfaces"
        done = subprocess.run(
            ssh_command(sshd, "-s", "netconf"), stdin=reader, capture_output=True,
            timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "", f"nothing within {timeout_s:g} s"
    finally:
        os.close(reader)
        os.close(writer)
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace").strip()
