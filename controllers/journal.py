"""The journal: what was asked of which device, durable before it is sent, chained by hashes.

One table, only ever appended to. Each record holds the hash of the one before, so that
`Journal.verify` names the first record that was edited, removed or moved. A lease keeps two
controllers apart and ends with the process that holds it. Where the table is kept is the matter
of a `controllers.journal_store.Store`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from controllers.chain import GENESIS, REMEDY, Chain, Record, check_row, record_of, row_of
from controllers.journal_store import store_of
from controllers.steps import Note
from twin.model.errors import JournalDamaged, JournalError

__all__ = ["Chain", "Journal", "Record"]

_SCHEMA = 1

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
    """An append-only journal.

    Parameters
    ----------
    place : Path or str
        An SQLite file, whose folder is made when it is opened, or the URL of a PostgreSQL
        database: ``postgresql://USER@HOST/DATABASE``.
    read_only : bool
        Only show and verify; a file must be there and may be on a read-only file system.

    Raises
    ------
    JournalError
        The URL is none of a journal.
    """

    def __init__(self, place: Path | str, *, read_only: bool = False) -> None:
        self.store = store_of(place, is_read_only=read_only)
        self._is_read_only = read_only
        self._engine: sa.Engine | None = None
        self._connection: sa.Connection | None = None
        self._head: tuple[int, str] | None = None
        self._doubtful: tuple[int, str] | None = None

    def __enter__(self) -> Journal:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Open it, and make it if it is not there and may be written.

        Raises
        ------
        JournalError
            It cannot be opened, or is of a newer version.
        JournalDamaged
            It is not a journal any more.
        """
        if self._connection is not None:
            return
        self._engine = self.store.make_engine()
        with self._errors("opened"):
            try:
                self._connection = self._engine.connect()
                self._check_schema(self._connection)
            except BaseException:
                self.close()
                raise

    def _check_schema(self, connection: sa.Connection) -> None:
        version = self.store.version(connection)
        if version > _SCHEMA:
            connection.rollback()
            raise JournalError(
                f"{self.store}: written by a newer version (schema {version}); upgrade stellwerk"
            )
        if version:
            connection.rollback()
            return
        if self._is_read_only:
            connection.rollback()
            raise JournalError(f"{self.store}: is not a journal, or nothing was written to it yet")
        _metadata.create_all(connection)
        self.store.set_version(connection, _SCHEMA)
        connection.commit()
        self.store.keep_reserve()

    def close(self) -> None:
        """Close it; never raises."""
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
        """Be the only controller of this journal; the lease is given back at any death.

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
            It cannot be taken, or the journal is open for reading only.
        """
        self._require_writable()
        connection = self._connected()
        with contextlib.ExitStack() as stack:
            with self._errors("leased"):
                stack.enter_context(self.store.lease(connection, purpose))
            self.store.keep_reserve()
            yield

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
                self.store.keep_lease(connection)
                rows = self._rows(connection, run, at, notes)
                connection.execute(sa.insert(_records), rows)
                last = (int(rows[-1]["seq"]), str(rows[-1]["hash"]))
                self._doubtful = last  # until the answer to the commit is here
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
        self._head, self._doubtful = last, None
        return last[0]

    def _rows(
        self, connection: sa.Connection, run: str, at: str, notes: Sequence[Note]
    ) -> list[dict[str, Any]]:
        seq, prev = self._last(connection)
        rows = []
        for note in notes:
            seq += 1
            rows.append(row_of(seq, run, at, note, prev))
            prev = rows[-1]["hash"]
        return rows

    def release_reserve(self) -> None:
        """Give up the reserved room, so that an undo can still be written on a full disk.

        Raises
        ------
        JournalError
            The file that keeps the room cannot be removed.
        """
        self._require_writable()
        self.store.release_reserve()

    def _last(self, connection: sa.Connection) -> tuple[int, str]:
        if self._head is None:
            chain = self._follow(connection)
            return chain.n_records, chain.head
        row = connection.execute(
            sa.select(_records.c.seq, _records.c.hash).order_by(_records.c.seq.desc()).limit(1)
        ).one_or_none()
        found = (row.seq, row.hash) if row else (0, GENESIS)
        # A server that was lost at the commit may have written what it did not answer for.
        if found not in (self._head, self._doubtful):
            raise JournalError(
                f"{self.store}: record {found[0]} was written or removed by somebody else"
            )
        return found

    def _follow(
        self, connection: sa.Connection, expected_head: tuple[int, str] | None = None
    ) -> Chain:
        n_records, head = 0, GENESIS
        is_expected = expected_head is None
        for row in connection.execute(sa.select(_records).order_by(_records.c.seq)):
            check_row(row, n_records + 1, head, self.store)
            n_records, head = row.seq, row.hash
            is_expected = is_expected or (n_records, head) == expected_head
        if not is_expected and expected_head is not None:
            raise JournalDamaged(
                f"record {expected_head[0]} in {self.store} is not the one that was noted: the "
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
                return tuple(record_of(row, self.store) for row in connection.execute(query))
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
            It cannot be read.
        """
        connection = self._connected()
        with self._errors("read"):
            try:
                return self._follow(connection, expected_head)
            finally:
                connection.rollback()

    def _connected(self) -> sa.Connection:
        if self._connection is None:
            raise JournalError(f"{self.store}: is not open")
        return self._connection

    def _require_writable(self) -> None:
        if self._is_read_only:
            raise JournalError(f"{self.store}: is open for reading only")

    @contextlib.contextmanager
    def _errors(self, verb: str) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as err:
            raise self.store.error_of(verb, err, REMEDY) from err
        except sa.exc.SQLAlchemyError as err:
            raise JournalError(f"{self.store}: cannot be {verb} ({err})") from err
        except (TypeError, ValueError) as err:
            raise JournalError(f"{self.store}: refuses a record ({err})") from err
