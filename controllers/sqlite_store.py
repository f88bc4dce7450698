"""The journal in an SQLite file: write-ahead, synced at each commit, leased by the kernel."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from controllers.reserve import keep_reserve, release_reserve
from twin.model.errors import JournalBusy, JournalDamaged, JournalError

__all__ = ["SqliteStore"]

_BUSY_MS = 2000
# Small, so that on a full disk the write-ahead file is used again instead of growing.
_CHECKPOINT_PAGES = 32


class SqliteStore:
    """A `controllers.journal_store.Store` in one file; its lock and its reserve lie beside it.

    Parameters
    ----------
    path : Path
        The file; its folder is made when it is opened.
    is_read_only : bool
        The file must be there and may be on a read-only file system.
    """

    def __init__(self, path: Path, *, is_read_only: bool) -> None:
        self.path = path
        self._is_read_only = is_read_only

    def __str__(self) -> str:
        return str(self.path)

    def exists(self) -> bool:
        """Say whether there is such a file."""
        return self.path.is_file()

    def make_engine(self) -> sa.Engine:
        """Make the engine, and the file if it is not there and may be written.

        Raises
        ------
        JournalError
            It cannot be opened.
        """
        try:
            if not self._is_read_only:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDONLY if self._is_read_only else os.O_RDWR | os.O_CREAT
            os.close(os.open(self.path, flags | os.O_CLOEXEC, 0o600))
        except OSError as err:
            raise JournalError(f"{self.path}: cannot be opened ({err.strerror})") from err
        uri = _read_only_uri(self.path) if self._is_read_only else f"{_uri(self.path)}?mode=rw"
        engine = sa.create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(uri, uri=True),
            poolclass=sa.pool.NullPool,
        )
        sa.event.listen(engine, "connect", _on_connect)
        if not self._is_read_only:
            sa.event.listen(engine, "connect", _on_writable)
        sa.event.listen(engine, "begin", _on_begin)
        return engine

    def version(self, connection: sa.Connection) -> int:
        """Read the version of the schema; 0 if there is none yet."""
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())

    def set_version(self, connection: sa.Connection, version: int) -> None:
        """Write the version of the schema."""
        connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")

    def keep_reserve(self) -> None:
        """Keep room for an undo on a full disk."""
        keep_reserve(self.path)

    def release_reserve(self) -> None:
        """Give that room up.

        Raises
        ------
        JournalError
            The file that keeps the room cannot be removed.
        """
        try:
            release_reserve(self.path)
        except OSError as err:
            raise JournalError(
                f"{self.path}: its reserve cannot be released ({err.strerror})"
            ) from err

    @contextlib.contextmanager
    def lease(self, connection: sa.Connection, purpose: str) -> Iterator[None]:
        """Hold the lock file; the kernel lets it go at any death.

        Raises
        ------
        JournalBusy
            Another controller holds it.
        JournalError
            The lock file cannot be written.
        """
        del connection
        path = self.path.with_name(self.path.name + ".lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as err:
            raise JournalError(f"{path}: cannot be opened ({err.strerror})") from err
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as err:
                holder = os.read(handle, 200).decode(errors="replace").strip() or "somebody"
                raise JournalBusy(f"{self.path}: in use by {holder}; try again later") from err
            with contextlib.suppress(OSError):  # a full disk must not keep recovery out
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"process {os.getpid()} ({purpose})".encode(), 0)
            yield
        finally:
            os.close(handle)

    def keep_lease(self, connection: sa.Connection) -> None:
        """Do nothing: a lock of the kernel lasts as long as its process."""

    def error_of(self, verb: str, err: sa.exc.DBAPIError, remedy: str) -> JournalError:
        """Say what a failure of the database means."""
        text = str(err.orig)
        code = getattr(err.orig, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return JournalDamaged(f"{self.path}: {text}; {remedy}")
        if code == sqlite3.SQLITE_FULL:
            text += "; make room on the disk"
        return JournalError(f"{self.path}: cannot be {verb} ({text})")


def _uri(path: Path) -> str:
    return path.absolute().as_uri()


def _read_only_uri(path: Path) -> str:
    """Find out how a file can be read: beside its writer, or, where SQLite can keep no index.

    Without a writable folder a journal in write-ahead mode can be read only as an immutable
    file; what still lies in the write-ahead file would then be left out, so that is refused.
    """
    uri = f"{_uri(path)}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as err:
        if err.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            return uri
        ahead = path.with_name(path.name + "-wal")
        if ahead.is_file() and ahead.stat().st_size:
            raise JournalError(
                f"{path}: its last records are in {ahead.name}, which cannot be read in a "
                "read-only folder; copy both files to a writable one"
            ) from err
        return f"{uri}&immutable=1"
    return uri


def _on_connect(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN; see its pysqlite dialect notes
    # Text that is no UTF-8 is damage, which the chain names; it must not fail before.
    connection.text_factory = lambda text: text.decode(errors="surrogateescape")
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")


def _on_writable(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")


def _on_begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")
