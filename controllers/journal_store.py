"""Where a journal is kept: an SQLite file, or a PostgreSQL database named by its URL."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from controllers.sqlite_store import SqliteStore
from twin.model.errors import JournalError

__all__ = ["Store", "store_of"]

_URL = re.compile(r"^(?P<scheme>[a-z][a-z0-9+]*)://")
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")


class Store(Protocol):
    """A place for the table of records; its text form names it in messages."""

    def exists(self) -> bool:
        """Say whether a journal may be there; false if it certainly is not."""

    def make_engine(self) -> sa.Engine:
        """Make the engine; raises `JournalError` if the place cannot be opened."""

    def version(self, connection: sa.Connection) -> int:
        """Read the version of the schema; 0 if there is none yet."""

    def set_version(self, connection: sa.Connection, version: int) -> None:
        """Write the version of the schema."""

    def keep_reserve(self) -> None:
        """Keep room for an undo, where that is ours to do; never raises."""

    def release_reserve(self) -> None:
        """Give that room up."""

    def lease(self, connection: sa.Connection, purpose: str) -> AbstractContextManager[None]:
        """Be the only controller; the lease ends with the process, however it ends.

        Raises `JournalBusy`, naming the holder.
        """

    def keep_lease(self, connection: sa.Connection) -> None:
        """Before a write: see that the lease is still ours; raises `JournalBusy` if it is not."""

    def error_of(self, verb: str, err: sa.exc.DBAPIError, remedy: str) -> JournalError:
        """Say what a failure of the database means."""


def store_of(place: Path | str, *, is_read_only: bool) -> Store:
    """Find the store that a place means.

    Parameters
    ----------
    place : Path or str
        A file, or a URL ``postgresql://USER@HOST/DATABASE``.
    is_read_only : bool
        Nothing will be written.

    Returns
    -------
    Store
        Not opened yet.

    Raises
    ------
    JournalError
        A URL that is no PostgreSQL, that holds a password, or whose driver is not installed.
    """
    match = _URL.match(str(place)) if isinstance(place, str) else None
    if match is None:
        return SqliteStore(Path(place), is_read_only=is_read_only)
    if match["scheme"] not in _POSTGRESQL:
        raise JournalError(f"a journal is a file or a postgresql:// URL, not {match['scheme']}://")
    try:
        from controllers.postgresql_store import PostgresqlStore  # noqa: PLC0415 - an extra
    except ImportError as err:
        raise JournalError(
            "a journal in PostgreSQL needs psycopg; pip install 'stellwerk[postgresql]'"
        ) from err
    return PostgresqlStore(str(place), is_read_only=is_read_only)
