"""The journal in PostgreSQL: for controllers on several hosts that share one truth.

The lease is an advisory lock of the session that writes: who has lost the connection has lost the
lease with it, and every write after that takes it again or fails. The password is libpq's matter
(``~/.pgpass``, ``PGPASSFILE``, a certificate): a URL that holds one is refused, for it would stand
in the process list.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import psycopg
import sqlalchemy as sa

from twin.model.errors import JournalBusy, JournalError

__all__ = ["PostgresqlStore"]

_CONNECT_S = 10
_STATEMENT_MS = 30_000
_LOCK_MS = 2_000
# A dead host is noticed by the server after this long, and its lease is free: 5 + 3 * 2 s.
_KEEPALIVE = {"tcp_keepalives_idle": 5, "tcp_keepalives_interval": 2, "tcp_keepalives_count": 3}
_NAME_LENGTH = 63  # of application_name; the server cuts the rest off
_LOCK = sa.text(
    "SELECT pg_try_advisory_lock(hashtextextended('stellwerk journal in ' || current_schema(), 0))"
)
_UNLOCK = sa.text(
    "SELECT pg_advisory_unlock(hashtextextended('stellwerk journal in ' || current_schema(), 0))"
)
_HOLDER = sa.text(
    """
    SELECT a.application_name
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted
      AND ((l.classid::bigint << 32) | l.objid::bigint)
          = hashtextextended('stellwerk journal in ' || current_schema(), 0)
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
)
_DISK_FULL = "53100"

_version = sa.Table("journal_schema", sa.MetaData(), sa.Column("version", sa.Integer))


class PostgresqlStore:
    """A `controllers.journal_store.Store` in one schema of a PostgreSQL database.

    Parameters
    ----------
    url : str
        ``postgresql://USER@HOST[:PORT]/DATABASE[?OPTIONS]``; options are those of libpq.
    is_read_only : bool
        The session may not write.

    Raises
    ------
    JournalError
        The URL cannot be read or holds a password.
    """

    def __init__(self, url: str, *, is_read_only: bool) -> None:
        try:
            parsed = sa.make_url(url).set(drivername="postgresql+psycopg")
        except (sa.exc.ArgumentError, ValueError) as err:
            raise JournalError(
                "this URL of a journal cannot be read; give postgresql://USER@HOST/DATABASE"
            ) from err
        if parsed.password is not None or "password" in parsed.query:
            raise JournalError(
                f"{parsed.set(password=None).difference_update_query(['password'])}: a URL holds "
                "no password; put it into ~/.pgpass or name a file by PGPASSFILE"
            )
        if not _is_local(parsed) and "sslmode" not in parsed.query:
            parsed = parsed.update_query_dict({"sslmode": "verify-full"})
        self._url = parsed
        self._is_read_only = is_read_only
        self._purpose: str | None = None
        self._n_connects = 0
        self._n_leased = 0

    def __str__(self) -> str:
        return self._url.set(drivername="postgresql", query={}).render_as_string()

    def exists(self) -> bool:
        """Return True: only the server knows, and is asked when the journal is opened."""
        return True

    def make_engine(self) -> sa.Engine:
        """Make the engine; the server is asked for the first time when it connects."""
        settings: dict[str, object] = {
            "synchronous_commit": "on",
            "statement_timeout": _STATEMENT_MS,
            "lock_timeout": _LOCK_MS,
            "default_transaction_read_only": "on" if self._is_read_only else "off",
        }
        if self._url.host:
            settings |= _KEEPALIVE
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        engine = sa.create_engine(
            self._url,
            poolclass=sa.pool.NullPool,
            connect_args={"connect_timeout": _CONNECT_S, "options": options},
        )
        sa.event.listen(engine, "connect", self._on_connect)
        return engine

    def _on_connect(self, connection: Any, _: object) -> None:  # noqa: ANN401 - SQLAlchemy's
        self._n_connects += 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('application_name', %s, false)", (self._name(),))
        connection.commit()

    def _name(self) -> str:
        who = f"stellwerk process {os.getpid()} on {socket.gethostname()}"
        return f"{who} ({self._purpose})"[:_NAME_LENGTH] if self._purpose else who[:_NAME_LENGTH]

    def version(self, connection: sa.Connection) -> int:
        """Read the version of the schema; 0 if there is none yet."""
        if not sa.inspect(connection).has_table(_version.name):
            return 0
        return int(connection.execute(sa.select(_version.c.version)).scalar_one_or_none() or 0)

    def set_version(self, connection: sa.Connection, version: int) -> None:
        """Write the version of the schema."""
        _version.create(connection, checkfirst=True)
        connection.execute(sa.delete(_version))
        connection.execute(sa.insert(_version).values(version=version))

    def keep_reserve(self) -> None:
        """Do nothing: the disk is the server's."""

    def release_reserve(self) -> None:
        """Do nothing: the disk is the server's."""

    @contextlib.contextmanager
    def lease(self, connection: sa.Connection, purpose: str) -> Iterator[None]:
        """Hold the advisory lock of this journal in the session that writes.

        Raises
        ------
        JournalBusy
            Another controller holds it.
        """
        self._purpose = purpose
        try:
            self._take(connection)
            yield
        finally:
            self._purpose = None
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                connection.rollback()
                connection.execute(_UNLOCK)
                connection.commit()

    def _take(self, connection: sa.Connection) -> None:
        connection.execute(
            sa.text("SELECT set_config('application_name', :name, false)"), {"name": self._name()}
        )
        is_ours = connection.execute(_LOCK).scalar_one()
        holder = "" if is_ours else self._holder(connection)
        connection.commit()
        if not is_ours:
            raise JournalBusy(f"{self}: in use by {holder}; try again later")
        self._n_leased = self._n_connects

    def _holder(self, connection: sa.Connection) -> str:
        found = connection.execute(_HOLDER).first()
        return str(found[0]).removeprefix("stellwerk ") if found and found[0] else "somebody"

    def keep_lease(self, connection: sa.Connection) -> None:
        """Take the lease again if the session was lost with it.

        Raises
        ------
        JournalBusy
            Another controller has it now.
        """
        if self._purpose is None:
            return
        connection.execute(sa.text("SELECT 1"))  # a lost session is noticed, and made anew, here
        if self._n_connects != self._n_leased:
            self._take(connection)

    def error_of(self, verb: str, err: sa.exc.DBAPIError, remedy: str) -> JournalError:
        """Say what a failure of the database means."""
        del remedy
        cause = err.orig
        text = " ".join(str(cause).split()) or type(cause).__name__
        if isinstance(cause, psycopg.Error) and cause.sqlstate == _DISK_FULL:
            text += "; make room on the disk of the server"
        return JournalError(f"{self}: cannot be {verb} ({text})")


def _is_local(url: sa.URL) -> bool:
    host = url.host or str(url.query.get("host", ""))
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
