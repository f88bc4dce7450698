"""What every place of a journal does: a file of SQLite, a database of PostgreSQL."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import tempfile
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgresql_server import PostgresqlServer, postgresql_programs

from controllers.journal import Journal
from controllers.steps import Note
from twin.model.errors import JournalBusy, JournalDamaged, JournalError

N = 9
_TABLES = ("records", "journal_schema")
_ENTRIES = st.lists(
    st.tuples(
        st.text(max_size=8),
        st.text(max_size=8),
        st.dictionaries(
            st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=9)
        ),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def server():
    programs = postgresql_programs()
    assert programs is not None
    # pytest closes its own folders to the user that the server runs as
    with tempfile.TemporaryDirectory(prefix="stellwerk-pg-") as folder:
        made = PostgresqlServer(Path(folder), programs)
        made.start()
        yield made
        made.stop()


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.daemon("postgresql"))]
)
def empty(request, tmp_path):
    """Give places where no journal is yet."""
    if request.param == "sqlite":
        numbers = iter(range(10**6))
        return lambda: tmp_path / f"{next(numbers)}.db"
    url = request.getfixturevalue("server").url()

    def cleared():
        for table in _TABLES:
            sql(url, f"DROP TABLE IF EXISTS {table}")
        return url

    return cleared


@pytest.fixture
def place(empty):
    where = empty()
    with Journal(where) as journal:
        for i in range(N):
            journal.append(f"run-{i % 2}", [Note("send", f"d{i}", {"op": "lock", "i": i})])
    return where


def sql(place, *statements):
    is_file = not isinstance(place, str)
    connection = sqlite3.connect(place) if is_file else psycopg.connect(place)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


MUTATIONS = {
    "edit": "UPDATE records SET payload = '{}' WHERE seq = {n}",
    "kind": "UPDATE records SET kind = 'done' WHERE seq = {n}",
    "device": "UPDATE records SET device = 'x' WHERE seq = {n}",
    "time": "UPDATE records SET at = '2020' WHERE seq = {n}",
    "delete": "DELETE FROM records WHERE seq = {n}",
    "rehash": "UPDATE records SET hash = substr(hash, 2) || '0' WHERE seq = {n}",
}


def test_records_come_back_in_order_and_by_run(place):
    with Journal(place) as journal:
        assert [record.seq for record in journal.records()] == list(range(1, N + 1))
        assert journal.runs() == ("run-0", "run-1")
        assert [record.payload["i"] for record in journal.records("run-1")] == [1, 3, 5, 7]
        assert journal.verify().n_records == N


def test_a_turn_is_written_whole_or_not_at_all(place):
    with Journal(place) as journal:
        with pytest.raises(JournalError, match="refuses"):
            journal.append("r", [Note("a", "", {}), Note("b", "", {"x": object()})])
        assert len(journal.records()) == N
        journal.append("r", [Note("a", "", {}), Note("b", "", {})])
        assert journal.verify().n_records == N + 2


@pytest.mark.parametrize("n", range(1, N))
def test_swapped_records_are_named(place, n):
    sql(
        place,
        f"UPDATE records SET seq = 1000 WHERE seq = {n}",
        f"UPDATE records SET seq = {n} WHERE seq = {n + 1}",
        f"UPDATE records SET seq = {n + 1} WHERE seq = 1000",
    )
    with Journal(place) as journal, pytest.raises(JournalDamaged, match=f"record {n} "):
        journal.verify()


@pytest.mark.parametrize("n", range(1, N + 1))
def test_a_cut_off_journal_is_noticed_by_its_noted_head(place, n):
    with Journal(place) as journal:
        head = journal.verify()
    sql(place, f"DELETE FROM records WHERE seq >= {n}")
    with Journal(place) as journal:
        assert journal.verify().n_records == n - 1
        with pytest.raises(JournalDamaged, match="cut off"):
            journal.verify(expected_head=(head.n_records, head.head))


def test_nothing_is_added_behind_damage_anywhere(place):
    sql(place, MUTATIONS["edit"].replace("{n}", "2"))
    with Journal(place) as journal, pytest.raises(JournalDamaged, match="record 2 "):
        journal.append("r", [Note("a", "", {})])


def test_a_forged_last_record_is_noticed_before_anything_is_added(place):
    sql(place, f"UPDATE records SET payload = '{{}}' WHERE seq = {N}")
    with Journal(place) as journal, pytest.raises(JournalDamaged):
        journal.append("r", [Note("a", "", {})])


def test_a_record_written_by_somebody_else_meanwhile_is_noticed(place):
    with Journal(place) as journal, Journal(place) as other:
        journal.append("r", [Note("a", "", {})])
        other.append("r", [Note("b", "", {})])
        with pytest.raises(JournalError, match="somebody else"):
            journal.append("r", [Note("c", "", {})])


def test_the_lease_is_for_one(place):
    with Journal(place) as journal, Journal(place) as other:
        with (
            journal.lease("apply"),
            pytest.raises(JournalBusy, match=r"process \d+.* \(apply\)"),
            other.lease("recover"),
        ):
            pytest.fail("two hold it")
        with other.lease("recover"):
            pass


def test_reading_goes_on_while_another_holds_the_lease(place):
    with Journal(place) as journal, Journal(place) as other, journal.lease("apply"):
        journal.append("r", [Note("a", "", {})])
        assert other.verify().n_records == N + 1
        journal.append("r", [Note("a", "", {})])


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("n", range(1, N))
def test_the_first_bad_record_is_named(place, mutation, n):
    sql(place, MUTATIONS[mutation].replace("{n}", str(n)))
    with Journal(place) as journal, pytest.raises(JournalDamaged, match=f"record {n} "):
        journal.verify()


@given(entries=_ENTRIES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_survives_the_round_trip(empty, entries):
    place = empty()
    notes = [Note(kind, device, payload) for kind, device, payload in entries]
    with Journal(place) as journal:
        try:
            journal.append("r", notes)
        except JournalError:
            texts = [text for kind, device, _ in entries for text in kind + device]
            assert any("\ud800" <= c <= "\udfff" or c == "\0" for c in texts)
            return
        back = [(r.kind, r.device, dict(r.payload)) for r in journal.records()]
        assert back == [tuple(note) for note in notes]
        journal.verify()


# --- what only a server can do to us ---


@pytest.fixture
def database(server):
    for table in _TABLES:
        sql(server.url(), f"DROP TABLE IF EXISTS {table}")
    return server.url()


pg = pytest.mark.daemon("postgresql")
OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%{}%'"


@pg
def test_the_holder_is_named_with_its_host(database):
    with Journal(database) as journal, Journal(database) as other, journal.lease("apply"):
        host = re.escape(os.uname().nodename[:20])
        with (
            pytest.raises(JournalBusy, match=rf"process {os.getpid()} on {host}"),
            other.lease("recover"),
        ):
            pytest.fail("two hold it")


@pg
def test_a_lost_session_takes_the_lease_again_before_it_writes(database):
    with Journal(database) as journal, journal.lease("apply"):
        journal.append("r", [Note("a", "", {})])
        sql(database, OTHERS.format("apply"))
        with pytest.raises(JournalError, match="cannot be written"):
            journal.append("r", [Note("b", "", {})])
        journal.append("r", [Note("c", "", {})])
        assert [record.kind for record in journal.records()] == ["a", "c"]
        with Journal(database) as other, pytest.raises(JournalBusy), other.lease("recover"):
            pytest.fail("two hold it")


@pg
def test_who_has_lost_the_lease_to_another_writes_nothing_more(database):
    with Journal(database) as journal, Journal(database) as other, journal.lease("apply"):
        journal.append("r", [Note("a", "", {})])
        sql(database, OTHERS.format("apply"))
        with other.lease("recover"):
            with pytest.raises(JournalError):
                journal.append("r", [Note("b", "", {})])
            with pytest.raises(JournalBusy, match="recover"):
                journal.append("r", [Note("b", "", {})])
            assert len(other.records()) == 1


@pg
def test_a_killed_process_gives_the_lease_back_and_its_records_stay(database):
    child = os.fork()
    if child == 0:
        journal = Journal(database)
        journal.open()
        lease = journal.lease("apply")
        lease.__enter__()
        journal.append("r", [Note("begin", "", {})])
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    with Journal(database) as journal:
        for _ in range(100):
            try:
                with journal.lease("recover"):
                    assert journal.verify().n_records == 1
                    return
            except JournalBusy:
                continue
        pytest.fail("the dead still hold it")


@pg
def test_a_server_that_goes_away_is_one_line_and_the_chain_goes_on_after_it(server, database):
    with Journal(database) as journal, journal.lease("apply"):
        journal.append("r", [Note("a", "", {})])
        server.stop()
        for _ in range(2):
            with pytest.raises(JournalError) as caught:
                journal.append("r", [Note("b", "", {})])
            assert "\n" not in str(caught.value)
        server.start()
        journal.append("r", [Note("c", "", {})])
        assert journal.verify().n_records == 2
    server.stop()
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(database).open()
    server.start()


@pg
def test_a_reader_cannot_write_and_makes_nothing(database):
    with pytest.raises(JournalError, match="nothing was written to it yet"):
        Journal(database, read_only=True).open()
    with Journal(database) as journal:
        journal.append("r", [Note("a", "", {})])
    with Journal(database, read_only=True) as reader:
        assert reader.verify().n_records == 1
        with pytest.raises(JournalError, match="reading only"):
            reader.append("r", [Note("b", "", {})])


@pg
def test_a_newer_journal_is_refused(database):
    with Journal(database):
        pass
    sql(database, "UPDATE journal_schema SET version = 99")
    with pytest.raises(JournalError, match="newer"):
        Journal(database).open()


@pg
def test_what_is_committed_is_on_the_disk_of_the_server(database):
    with Journal(database) as journal:
        connection = journal._connected()
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("postgresql://erika:hunter2@db.example/x", "a URL holds no password"),
        ("postgresql://erika@db.example/x?password=hunter2", "a URL holds no password"),
        ("mysql://erika:hunter2@db.example/x", "postgresql:// URL, not mysql://"),
        ("postgresql://erika@db.example:port/x", "cannot be read"),
    ],
)
def test_a_url_that_is_none_of_a_journal_is_refused_without_its_password(url, what):
    with pytest.raises(JournalError, match=re.escape(what)) as caught:
        Journal(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://erika@db.example/x", "verify-full"),
        ("postgresql://erika@db.example/x?sslmode=require", "require"),
        ("postgresql://erika@127.0.0.1/x", None),
        ("postgresql://erika@/x?host=/run/postgresql", None),
    ],
)
def test_a_server_elsewhere_must_show_its_certificate(url, mode):
    assert Journal(url).store.make_engine().url.query.get("sslmode") == mode
