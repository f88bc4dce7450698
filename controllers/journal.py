"""The journal: what was asked of which device, durable before it is sent, chained by hashes.

One table, only ever appended to. Each record holds the hash of the one before, so that
`Journal.verify` names the first record that was edited, removed or moved. A lease held by the
kernel keeps two controllers apart and ends with the process that holds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa

from controllers.chain import GENESIS, REMEDY, Chain, Record, check_row, record_of, row_of
from controllers.reserve import keep_reserve, release_reserve
from controllers.steps import Note
from twin.model.errors import JournalBusy, JournalDamaged, JournalError

__all__ = ["Chain", "Journal", "Record"]

log = logging.getLogger(__name__)

_SCHEMA = 1
_BUSY_MS = 2000
# Small, so that on a full disk the write-ahead file is used again instead of growing.
_CHECKPOINT_PAGES = 32

_metadata = sa.MetaData()
_records = sa.Table(
    "records",
    _metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("run", sa.Text, nullable=False, index=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("prev", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)


class Journal:
    """An append-only journal in one SQLite file.

    Parameters
    ----------
    path : Path or str
        The file; its folder is made when it is opened. Its lock file lies beside it.
    read_only : bool
        Only show and verify: the file must be there and may be on a read-only file system.
    """

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        self.path = Path(path)
        self._is_read_only = read_only
        self._engine: sa.Engine | None = None
        self._connection: sa.Connection | None = None
        self._head: tuple[int, str] | None = None

    def __enter__(self) -> Journal:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Open the file, and make it if it is not there and may be written.

        Raises
        ------
        JournalError
            It cannot be opened, or is of a newer version.
        JournalDamaged
            It is not a journal any more.
        """
        if self._connection is not None:
            return
        try:
            if not self._is_read_only:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDONLY if self._is_read_only else os.O_RDWR | os.O_CREAT
            os.close(os.open(self.path, flags | os.O_CLOEXEC, 0o600))
        except OSError as err:
            raise JournalError(f"{self.path}: cannot be opened ({err.strerror})") from err
        uri = _read_only_uri(self.path) if self._is_read_only else f"{_uri(self.path)}?mode=rw"
        self._engine = sa.create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(uri, uri=True),
            poolclass=sa.pool.NullPool,
        )
        sa.event.listen(self._engine, "connect", _on_connect)
        if not self._is_read_only:
            sa.event.listen(self._engine, "connect", _on_writable)
        sa.event.listen(self._engine, "begin", _on_begin)
        with self._errors("opened"):
            try:
                self._connection = self._engine.connect()
                self._check_schema(self._connection)
            except BaseException:
                self.close()
                raise

    def _check_schema(self, connection: sa.Connection) -> None:
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > _SCHEMA:
            connection.rollback()
            raise JournalError(
                f"{self.path}: written by a newer version (schema {version}); upgrade stellwerk"
            )
        if version:
            connection.rollback()
            return
        if self._is_read_only:
            connection.rollback()
            raise JournalError(f"{self.path}: is not a journal, or nothing was written to it yet")
        _metadata.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {_SCHEMA}")
        connection.commit()
        keep_reserve(self.path)

    def close(self) -> None:
        """Close the file; never raises."""
        if self._connection is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                self._connection.close()
            self._connection = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        self._head = None

    @contextlib.contextmanager
    def lease(self, purpose: str) -> Iterator[None]:
        """Be the only controller of this journal; the kernel gives the lease back at any death.

        Only here is a released reserve taken anew: nobody then needs the room for an undo.

        Parameters
        ----------
        purpose : str
            What for; the next one who asks is told.

        Raises
        ------
        JournalBusy
            Another controller holds it.
        JournalError
            The lock file cannot be written, or the journal is open for reading only.
        """
        self._require_writable()
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
            keep_reserve(self.path)
            yield
        finally:
            os.close(handle)

    def append(self, run: str, notes: Sequence[Note]) -> int:
        """Write records; when this returns they are on the disk.

        The first call follows the whole chain: nothing is added to what is damaged.

        Parameters
        ----------
        run : str
            Run they belong to.
        notes : sequence of Note
            What happened or is about to.

        Returns
        -------
        int
            Number of the last record.

        Raises
        ------
        JournalError
            They could not all be written; then none was.
        JournalDamaged
            What is there is not as it was written.
        """
        connection = self._connected()
        self._require_writable()
        if not notes:
            return self._head[0] if self._head else 0
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        with self._errors("written"):
            try:
                seq, prev = self._last(connection)
                rows = []
                for note in notes:
                    seq += 1
                    row = row_of(seq, run, at, note, prev)
                    prev = row["hash"]
                    rows.append(row)
                connection.execute(sa.insert(_records), rows)
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
        self._head = (seq, prev)
        return seq

    def release_reserve(self) -> None:
        """Give up the reserved room, so that an undo can still be written on a full disk.

        Raises
        ------
        JournalError
            The file that keeps the room cannot be removed.
        """
        self._require_writable()
        try:
            release_reserve(self.path)
        except OSError as err:
            raise JournalError(
                f"{self.path}: its reserve cannot be released ({err.strerror})"
            ) from err

    def _last(self, connection: sa.Connection) -> tuple[int, str]:
        if self._head is None:
            chain = self._follow(connection)
            return chain.n_records, chain.head
        row = connection.execute(
            sa.select(_records.c.seq, _records.c.hash).order_by(_records.c.seq.desc()).limit(1)
        ).one_or_none()
        found = (row.seq, row.hash) if row else (0, GENESIS)
        if found != self._head:
            raise JournalError(
                f"{self.path}: record {found[0]} was written or removed by somebody else"
            )
        return found

    def _follow(
        self, connection: sa.Connection, expected_head: tuple[int, str] | None = None
    ) -> Chain:
        n_records, head = 0, GENESIS
        is_expected = expected_head is None
        for row in connection.execute(sa.select(_records).order_by(_records.c.seq)):
            check_row(row, n_records + 1, head, self.path)
            n_records, head = row.seq, row.hash
            is_expected = is_expected or (n_records, head) == expected_head
        if not is_expected and expected_head is not None:
            raise JournalDamaged(
                f"record {expected_head[0]} in {self.path} is not the one that was noted: the "
                f"journal was cut off, or this is an older copy; {REMEDY}"
            )
        return Chain(n_records=n_records, head=head)

    def records(
        self, run: str | None = None, *, kinds: Sequence[str] | None = None
    ) -> tuple[Record, ...]:
        """Return the records of a run, or all of them, in order.

        Parameters
        ----------
        run : str, optional
            Id of the run.
        kinds : sequence of str, optional
            Only records of these kinds.

        Raises
        ------
        JournalError
            They cannot be read.
        JournalDamaged
            One is none that a journal writes.
        """
        query = sa.select(_records).order_by(_records.c.seq)
        if run is not None:
            query = query.where(_records.c.run == run)
        if kinds is not None:
            query = query.where(_records.c.kind.in_(kinds))
        connection = self._connected()
        with self._errors("read"):
            try:
                return tuple(record_of(row, self.path) for row in connection.execute(query))
            finally:
                connection.rollback()

    def runs(self) -> tuple[str, ...]:
        """Return the ids of all runs, oldest first.

        Raises
        ------
        JournalError
            They cannot be read.
        """
        query = (
            sa.select(_records.c.run).group_by(_records.c.run).order_by(sa.func.min(_records.c.seq))
        )
        connection = self._connected()
        with self._errors("read"):
            try:
                return tuple(connection.execute(query).scalars())
            finally:
                connection.rollback()

    def verify(self, *, expected_head: tuple[int, str] | None = None) -> Chain:
        """Follow the chain from the first record to the last.

        Parameters
        ----------
        expected_head : tuple of int and str, optional
            Number and hash of a record kept elsewhere: a journal that was cut off or exchanged
            for an older copy does not have it.

        Returns
        -------
        Chain
            Number of records and the hash of the last.

        Raises
        ------
        JournalDamaged
            Names the first record that is not as it was written.
        JournalError
            The file cannot be read.
        """
        connection = self._connected()
        with self._errors("read"):
            try:
                return self._follow(connection, expected_head)
            finally:
                connection.rollback()

    def _connected(self) -> sa.Connection:
        if self._connection is None:
            raise JournalError(f"{self.path}: is not open")
        return self._connection

    def _require_writable(self) -> None:
        if self._is_read_only:
            raise JournalError(f"{self.path}: is open for reading only")

    @contextlib.contextmanager
    def _errors(self, verb: str) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as err:
            self._fail(verb, err)
        except sa.exc.SQLAlchemyError as err:
            raise JournalError(f"{self.path}: cannot be {verb} ({err})") from err
        except (TypeError, ValueError) as err:
            raise JournalError(f"{self.path}: refuses a record ({err})") from err

    def _fail(self, verb: str, err: sa.exc.DBAPIError) -> NoReturn:
        text = str(err.orig)
        code = getattr(err.orig, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise JournalDamaged(f"{self.path}: {text}; {REMEDY}") from err
        if code == sqlite3.SQLITE_FULL:
            text += "; make room on the disk"
        raise JournalError(f"{self.path}: cannot be {verb} ({text})") from err


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
