"""The journal: what was asked of which device, durable before it is sent, chained by hashes.

One table, only ever appended to. Each record holds the hash of the one before, so that
`Journal.verify` names the first record that was edited, removed or moved. A lease held by the
kernel keeps two controllers apart and ends with the process that holds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import sqlalchemy as sa

from controllers.reserve import keep_reserve, release_reserve
from controllers.steps import Note
from twin.model.errors import JournalBusy, JournalDamaged, JournalError

__all__ = ["Chain", "Journal", "Record"]

log = logging.getLogger(__name__)

_SCHEMA = 1
_GENESIS = "0" * 64
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record.

    Parameters
    ----------
    seq : int
        Place in the journal, from 1.
    run : str
        Run it belongs to.
    at : str
        UTC time, ISO 8601; for people, never for decisions.
    kind, device : str
        What it is and whom it is about.
    payload : mapping
        Content.
    hash : str
        Hash of the record and of everything before it.
    """

    seq: int
    run: str
    at: str
    kind: str
    device: str
    payload: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What `Journal.verify` found: how many records, and the hash of the last one."""

    n_records: int
    head: str


class Journal:
    """An append-only journal in one SQLite file.

    Parameters
    ----------
    path : Path or str
        The file; its folder is made when it is opened. Its lock file lies beside it.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._engine: sa.Engine | None = None
        self._connection: sa.Connection | None = None
        self._head: tuple[int, str] | None = None

    def __enter__(self) -> Journal:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Open the file, and make it if it is not there.

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
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as err:
            raise JournalError(f"{self.path}: cannot be opened ({err.strerror})") from err
        self._engine = sa.create_engine(f"sqlite:///{self.path}", poolclass=sa.pool.NullPool)
        sa.event.listen(self._engine, "connect", _on_connect)
        sa.event.listen(self._engine, "begin", _on_begin)
        with self._errors("opened"):
            try:
                self._connection = self._engine.connect()
                self._make_tables(self._connection)
            except BaseException:
                self.close()
                raise

    def _make_tables(self, connection: sa.Connection) -> None:
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > _SCHEMA:
            connection.rollback()
            raise JournalError(
                f"{self.path}: written by a newer version (schema {version}); upgrade stellwerk"
            )
        if version == 0:
            _metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {_SCHEMA}")
        connection.commit()
        if version == 0:
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
            The lock file cannot be written.
        """
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
        """
        connection = self._connected()
        if not notes:
            return self._head[0] if self._head else 0
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        with self._errors("written"):
            try:
                seq, prev = self._last(connection)
                rows = []
                for note in notes:
                    seq += 1
                    row = _row(seq, run, at, note, prev)
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
        try:
            release_reserve(self.path)
        except OSError as err:
            raise JournalError(
                f"{self.path}: its reserve cannot be released ({err.strerror})"
            ) from err

    def _last(self, connection: sa.Connection) -> tuple[int, str]:
        row = connection.execute(
            sa.select(_records).order_by(_records.c.seq.desc()).limit(1)
        ).one_or_none()
        if row is None:
            found = (0, _GENESIS)
        else:
            found = (row.seq, row.hash)
            if self._head is None:
                _check(row, row.seq, row.prev)
        if self._head is not None and found != self._head:
            raise JournalError(
                f"{self.path}: record {found[0]} was written or removed by somebody else"
            )
        return found

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
        """
        query = sa.select(_records).order_by(_records.c.seq)
        if run is not None:
            query = query.where(_records.c.run == run)
        if kinds is not None:
            query = query.where(_records.c.kind.in_(kinds))
        connection = self._connected()
        with self._errors("read"):
            try:
                return tuple(_record(row) for row in connection.execute(query))
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
        n_records, head = 0, _GENESIS
        is_expected = expected_head is None
        with self._errors("read"):
            try:
                for row in connection.execute(sa.select(_records).order_by(_records.c.seq)):
                    _check(row, n_records + 1, head)
                    n_records, head = row.seq, row.hash
                    is_expected = is_expected or (n_records, head) == expected_head
            finally:
                connection.rollback()
        if not is_expected and expected_head is not None:
            raise JournalDamaged(
                f"record {expected_head[0]} is not the one that was noted: the journal was cut "
                "off, or this is an older copy"
            )
        return Chain(n_records=n_records, head=head)

    def _connected(self) -> sa.Connection:
        if self._connection is None:
            raise JournalError(f"{self.path}: is not open")
        return self._connection

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
            raise JournalDamaged(f"{self.path}: {text}; restore a backup") from err
        if code == sqlite3.SQLITE_FULL:
            text += "; make room on the disk"
        raise JournalError(f"{self.path}: cannot be {verb} ({text})") from err


def _on_connect(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN; see its pysqlite dialect notes
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")


def _on_begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _canonical(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _hash(prev: str, seq: int, run: str, at: str, kind: str, device: str, payload: str) -> str:
    text = json.dumps([prev, seq, run, at, kind, device, payload], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _row(seq: int, run: str, at: str, note: Note, prev: str) -> dict[str, Any]:
    payload = _canonical(note.payload)
    return {
        "seq": seq,
        "run": run,
        "at": at,
        "kind": note.kind,
        "device": note.device,
        "payload": payload,
        "prev": prev,
        "hash": _hash(prev, seq, run, at, note.kind, note.device, payload),
    }


def _check(row: Any, seq: int, prev: str) -> None:  # noqa: ANN401 - a row of SQLAlchemy
    """Check one row against its place and the hash before it."""
    if row.seq != seq:
        raise JournalDamaged(f"record {seq} is missing: the journal goes on with {row.seq}")
    if row.prev != prev:
        raise JournalDamaged(f"record {seq} does not follow the one before it")
    if row.hash != _hash(row.prev, row.seq, row.run, row.at, row.kind, row.device, row.payload):
        raise JournalDamaged(f"record {seq} was changed after it was written")


def _record(row: Any) -> Record:  # noqa: ANN401 - a row of SQLAlchemy
    try:
        payload = json.loads(row.payload)
    except ValueError as err:
        raise JournalDamaged(f"record {row.seq} was changed after it was written") from err
    return Record(
        seq=row.seq,
        run=row.run,
        at=row.at,
        kind=row.kind,
        device=row.device,
        payload=payload,
        hash=row.hash,
    )
