"""The journal: durable, chained, leased, and refusing to act on what is damaged."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess

import pytest

from controllers.journal import Journal
from controllers.reserve import reserve_of
from controllers.steps import Note
from twin.model.errors import JournalDamaged, JournalError
from twin.model.secret import Secret

N = 9


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "state" / "journal.db"
    with Journal(file) as journal:
        for i in range(N):
            journal.append(f"run-{i % 2}", [Note("send", f"d{i}", {"op": "lock", "i": i})])
    return file


def sql(path, *statements):
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("value", [Secret("hunter2"), float("nan"), {1, 2}])
def test_secrets_and_nonsense_are_refused(path, value):
    with Journal(path) as journal, pytest.raises(JournalError):
        journal.append("r", [Note("a", "", {"x": value})])
    assert b"hunter2" not in path.read_bytes()


def test_damage_names_the_file_and_the_remedy(path):
    sql(path, "UPDATE records SET payload = '{}' WHERE seq = 6")
    with Journal(path) as journal, pytest.raises(JournalDamaged) as caught:
        journal.verify()
    assert str(caught.value) == (
        f"record 6 in {path} was changed after it was written; restore the journal from a "
        "backup; apply and recover refuse until then"
    )


NONSENSE = {
    "blob": "x'00ff'",
    "blob of JSON": "CAST('{}' AS BLOB)",
    "no UTF-8": "CAST(x'7bff7d' AS TEXT)",
    "no JSON": "'{'",
    "no object": "'[1]'",
    "too deep": f"'{'[' * 100_000}'",
    "empty": "''",
}


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE.keys())
def test_a_payload_that_no_journal_writes_is_damage(path, value):
    sql(path, f"UPDATE records SET payload = {value} WHERE seq = 6")
    with Journal(path, read_only=True) as journal:
        with pytest.raises(JournalDamaged, match="record 6 in "):
            journal.verify()
        with pytest.raises(JournalDamaged, match="record 6 in "):
            journal.records()


@pytest.mark.parametrize("column", ["run", "at", "kind", "device", "prev", "hash"])
@pytest.mark.parametrize("value", ["x'00ff'", "CAST(x'ff' AS TEXT)"])
def test_a_column_of_another_type_is_damage(path, column, value):
    sql(path, f"UPDATE records SET {column} = {value} WHERE seq = 6")
    with Journal(path) as journal, pytest.raises(JournalDamaged, match="record 6 in "):
        journal.verify()


@pytest.fixture(params=[1, 8])
def small_disk(request, tmp_path):
    """A file system of so many MiB of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={request.param}m", "none", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    """Leave no block free, as somebody else's log file does."""
    with (folder / "log").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(512))


def undo(i):
    return [Note("send", f"cell-{i:04}", {"op": "restore", "values": {"tilt_deg": 4.0, "n": i}})]


def append_undo(journal, n_records):
    for i in range(n_records):
        journal.append("r", undo(i))


@pytest.mark.parametrize("n_before", [0, 1, 30, 300])
def test_on_a_full_disk_the_reserve_lets_the_undo_be_written(small_disk, n_before):
    """Record by record, each durable on its own, wherever the write-ahead file stands."""
    with Journal(small_disk / "journal.db") as journal, journal.lease("apply"):
        journal.append("r", [Note("begin", "", {"plan": "x" * 30_000})])
        append_undo(journal, n_before)
        fill(small_disk)
        with pytest.raises(JournalError, match="make room"):
            append_undo(journal, 1000)
        n_records = journal.verify().n_records
        journal.release_reserve()
        append_undo(journal, 200)
        assert journal.verify().n_records == n_records + 200
    with Journal(small_disk / "journal.db") as journal:
        assert journal.verify().n_records == n_records + 200


def test_on_a_full_disk_recovery_opens_the_journal_and_has_half_of_what_is_free(small_disk):
    path = small_disk / "journal.db"
    with Journal(path) as journal:
        fill(small_disk)
        journal.release_reserve()
    disk = os.statvfs(small_disk)
    n_free = disk.f_bavail * disk.f_frsize
    with Journal(path) as journal, journal.lease("recover"):
        assert 0 < reserve_of(path).stat().st_size <= n_free // 2
        journal.append("r", undo(0))


def test_a_disk_too_full_for_a_reserve_is_a_warning(small_disk, caplog):
    with Journal(small_disk / "journal.db") as journal:
        journal.release_reserve()
        fill(small_disk)
        with journal.lease("recover"):
            assert "make room" in caplog.text


def test_the_reserve_is_kept_beside_the_journal_until_released(path):
    reserve = reserve_of(path)
    assert reserve.stat().st_size == 4 * 1024 * 1024
    assert reserve.stat().st_blocks * 512 >= 4 * 1024 * 1024
    assert stat.S_IMODE(reserve.stat().st_mode) == 0o600
    with Journal(path) as journal:
        journal.release_reserve()
        journal.release_reserve()
        with Journal(path):
            assert not reserve.exists(), "opened beside an undo, it takes the room away"
        with journal.lease("apply"):
            assert reserve.exists()


def test_a_journal_on_a_read_only_file_system_is_shown_and_verified(path, small_disk):
    copy = small_disk / "jour nal?#%41.db"
    shutil.copy(path, copy)
    remount(small_disk)
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(copy).open()
    with Journal(copy, read_only=True) as journal:
        assert journal.verify().n_records == len(journal.records()) == N
        assert journal.runs() == ("run-0", "run-1")


def remount(folder):
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)


def test_records_that_a_read_only_folder_keeps_from_us_are_not_left_out(path, small_disk):
    with Journal(path) as journal:
        journal.append("r", [Note("a", "", {})])
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", small_disk)
    remount(small_disk)
    with pytest.raises(JournalError, match=r"journal\.db-wal.* copy both files"):
        Journal(small_disk / "journal.db", read_only=True).open()


def test_a_reader_sees_what_a_writer_appends_and_changes_nothing(path):
    image = path.read_bytes()
    with Journal(path, read_only=True) as reader:
        for refused in (lambda: reader.append("r", [Note("a", "", {})]), reader.release_reserve):
            with pytest.raises(JournalError, match="reading only"):
                refused()
        with pytest.raises(JournalError, match="reading only"), reader.lease("apply"):
            pytest.fail("a reader holds the lease")
        assert reader.verify().n_records == N
        assert path.read_bytes() == image
        with Journal(path) as writer, writer.lease("apply"):
            writer.append("r", [Note("a", "", {})])
            assert reader.verify().n_records == N + 1


def test_a_reader_makes_no_file_and_no_journal(tmp_path):
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path / "nothing.db", read_only=True).open()
    assert not list(tmp_path.iterdir())
    (tmp_path / "empty.db").touch()
    with pytest.raises(JournalError, match="not a journal"):
        Journal(tmp_path / "empty.db", read_only=True).open()
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path, read_only=True).open()
    (tmp_path / "garbage.db").write_bytes(b"this is not a database, but long enough" * 50)
    with pytest.raises(JournalDamaged):
        Journal(tmp_path / "garbage.db", read_only=True).open()


def test_a_locked_file_is_an_error(path):
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with Journal(path) as journal:
        journal._connected().connection.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(JournalError, match="locked"):
            journal.append("r", [Note("a", "", {})])
    holder.close()


def test_it_is_durable_by_setting_and_private(path):
    with Journal(path) as journal:
        connection = journal._connected()
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_not_a_journal_is_refused(tmp_path):
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"this is not a database, but it is long enough to look at" * 50)
    with pytest.raises(JournalDamaged):
        Journal(garbage).open()
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path).open()
    newer = tmp_path / "newer.db"
    sql(newer, "PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="newer"):
        Journal(newer).open()
    with pytest.raises(JournalError, match="not open"):
        Journal(tmp_path / "closed.db").records()


def test_every_bit_of_the_last_records_is_covered_by_the_chain(path, tmp_path):
    """A flipped bit in the content is found, whatever else the file survives."""
    with Journal(path) as journal:
        journal._connected().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        whole = journal.records()
    image = path.read_bytes()
    start = image.rfind(b'{"i":7')
    assert start > 0
    for offset in range(start - 40, start + 160):
        for bit in (0, 3, 6):
            copy = tmp_path / "copy.db"
            flipped = bytearray(image)
            flipped[offset] ^= 1 << bit
            copy.write_bytes(flipped)
            try:
                with Journal(copy) as journal:
                    journal.verify()
                    assert journal.records() == whole, f"byte {offset} bit {bit}"
            except JournalError:
                continue


@pytest.mark.parametrize("keep", range(0, 40000, 1500))
def test_a_power_cut_leaves_a_prefix_or_a_named_damage(tmp_path, keep):
    """The write-ahead file is cut at any byte: whole turns are there or they are not."""
    path = tmp_path / "j.db"
    with Journal(path) as journal:
        for i in range(8):
            journal.append("r", [Note("send", "d", {"i": i}), Note("x", "d", {"i": i})])
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{tmp_path / 'cut.db'}{suffix}")
    wal = tmp_path / "cut.db-wal"
    data = wal.read_bytes()
    wal.write_bytes(data[: max(0, len(data) - keep)])
    try:
        with Journal(tmp_path / "cut.db") as journal:
            chain = journal.verify()
            assert chain.n_records % 2 == 0
            assert [r.payload["i"] for r in journal.records()] == [
                i for i in range(chain.n_records // 2) for _ in "12"
            ]
    except JournalError:
        pass
