"""An sshd of one's own for one user, one key and one forced command."""

from __future__ import annotations

import os
import pwd
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hil.daemons.folders import write_key_pair, write_private
from hil.daemons.process import Daemon
from hil.daemons.programs import find_program
from twin.model.errors import BenchError

__all__ = ["Sshd", "current_user", "make_sshd", "run_ssh", "ssh_command"]

# Debian's sshd wants this folder when root starts it; its service makes it at boot.
_PRIVILEGE_SEPARATION = Path("/run/sshd")

# StrictModes would refuse a key file below a world-writable folder such as /tmp; our own folder
# is 0700. MaxStartups: many controllers may connect at the same instant.
_CONFIG = """\
ListenAddress {host}:{port}
HostKey {host_key}
PidFile none
AuthorizedKeysFile {authorized_keys}
StrictModes no
UsePAM {pam}
AllowUsers {user}
PermitRootLogin prohibit-password
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
DisableForwarding yes
PermitTunnel no
PermitUserRC no
PermitUserEnvironment no
PermitTTY {tty}
ForceCommand {command}
Subsystem netconf {command}
PrintMotd no
PrintLastLog no
UseDNS no
LoginGraceTime 20
MaxStartups 200:30:400
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sshd:
    """A prepared sshd and what a client needs to reach it.

    Parameters
    ----------
    daemon : Daemon
        Not yet started.
    user : str
        The only user that may log in: who runs this process.
    key, known_hosts : Path
        Private key of the client; file with the host key.
    host, port
        Where it will listen.
    """

    daemon: Daemon
    user: str
    key: Path
    known_hosts: Path
    host: str
    port: int


def current_user() -> str:
    """Name of the user that runs this process."""
    return pwd.getpwuid(os.geteuid()).pw_name


def make_sshd(
    folder: Path,
    name: str,
    *,
    host: str,
    port: int,
    command: Sequence[str],
    allow_tty: bool,
    environment: Mapping[str, str] | None = None,
) -> Sshd:
    """Prepare an sshd that runs one command for one key, whatever the client asks for.

    Parameters
    ----------
    folder : Path
        A private folder for its configuration, keys and log.
    name : str
        Name in messages.
    host, port
        Where it will listen.
    command : sequence of str
        What each session runs instead of what the client asks for.
    allow_tty : bool
        The client may have a terminal.
    environment : mapping or None
        Environment of the sshd.

    Returns
    -------
    Sshd
        To be started through its `daemon`.

    Raises
    ------
    BenchError
        A program is missing, or keys cannot be made.
    """
    program = find_program("sshd")
    user = current_user()
    host_key, key = folder / "ssh_host_ed25519_key", folder / "secrets" / "key"
    public_host_key, public_key = write_key_pair(host_key), write_key_pair(key)
    tty = ",pty" if allow_tty else ""
    authorized = write_private(folder / "authorized_keys", f"restrict{tty} {public_key}\n")
    known = write_private(folder / "known_hosts", f"[{host}]:{port} {public_host_key}\n")
    config = write_private(
        folder / "sshd_config",
        _CONFIG.format(
            host=host, port=port, host_key=host_key, authorized_keys=authorized, user=user,
            pam="yes" if _is_locked(user) else "no", tty="yes" if allow_tty else "no",
            command=shlex.join(command),
        ),
    )  # fmt: skip
    if os.geteuid() == 0:
        _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    daemon = Daemon(
        name=name,
        # absolute paths: with a relative one sshd resets every connection
        command=(program, "-D", "-e", "-f", str(config)),
        log=folder / "sshd.log",
        environment=environment or {},
    )
    return Sshd(daemon=daemon, user=user, key=key, known_hosts=known, host=host, port=port)


def _is_locked(user: str) -> bool:
    """Say whether root's sshd would refuse the user for a locked password, keys or not."""
    with suppress(OSError, UnicodeDecodeError):  # only root can read it, and only then it counts
        for line in Path("/etc/shadow").read_text(encoding="utf-8").splitlines():
            name, _, rest = line.partition(":")
            if name == user:
                return rest.startswith("!")
    return False


def ssh_command(sshd: Sshd, *arguments: str) -> list[str]:
    """Spell the OpenSSH client's command line that reaches it, checking its host key."""
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "5",
        "IdentitiesOnly": "yes",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(sshd.known_hosts),
        "GlobalKnownHostsFile": "none",
        "LogLevel": "ERROR",
    }
    flags = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return [find_program("ssh"), "-F", "none", *flags, "-i", str(sshd.key), "-p", str(sshd.port),
            f"{sshd.user}@{sshd.host}", *arguments]  # fmt: skip


def run_ssh(sshd: Sshd, timeout_s: float, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one remote command with the OpenSSH client.

    Raises
    ------
    BenchError
        No answer in time.
    """
    try:
        return subprocess.run(
            ssh_command(sshd, *arguments), stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as err:
        raise BenchError(f"{sshd.daemon.name} does not answer within {timeout_s:g} s") from err
