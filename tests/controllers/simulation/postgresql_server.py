"""A PostgreSQL server of our own: on a Unix socket in a folder, without a TCP port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

__all__ = ["PostgresqlServer", "postgresql_programs"]

_START_S = 30.0


def postgresql_programs() -> Path | None:
    """Find the folder with initdb and postgres; Debian keeps it off the PATH."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: int(path.parts[-3])).parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


class PostgresqlServer:
    """A cluster that lives as long as the test; PostgreSQL refuses to run as root."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self._programs = programs
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None
        self._as = {"user": self._user.pw_uid, "group": self._user.pw_gid} if self._user else {}
        self._run(
            "initdb", "--pgdata=data", "--username=stellwerk", "--auth=trust", "--encoding=UTF8",
            "--no-locale", "--no-sync",
        )  # fmt: skip

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words], cwd=self.folder, capture_output=True, check=False,
            text=True, **self._as,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                self._programs / "postgres", "-D", "data", "-k", str(self.folder),
                "-c", "listen_addresses=", "-c", "shared_buffers=8MB", "-c", "max_connections=20",
            ],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as,
        )  # fmt: skip
        end = time.monotonic() + _START_S
        while subprocess.run(
            [self._programs / "pg_isready", "-q", "-h", str(self.folder)], check=False
        ).returncode:
            assert time.monotonic() < end
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://stellwerk@/{database}?host={self.folder}"
