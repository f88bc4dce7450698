"""The journal in memory: the chain of the real one, and what a disk and a second holder do."""

from __future__ import annotations

import pytest

from controllers.chain import GENESIS
from controllers.steps import Note
from hil.chaos.journal import MemoryJournal, damaged
from twin.model.errors import JournalBusy, JournalDamaged, JournalError


@pytest.fixture
def journal():
    journal = MemoryJournal()
    for i in range(6):
        journal.append([Note("send", f"d{i}", {"op": "lock", "n": i})], float(i))
    return journal


def test_records_come_back_and_the_chain_holds(journal):
    journal.verify((6, journal.head))
    assert [record.payload["n"] for record in journal.records()] == list(range(6))
    assert journal.rows[0]["prev"] == GENESIS


@pytest.mark.parametrize("how", [0, 1, 2])
@pytest.mark.parametrize("i_row", range(5))
def test_damage_of_every_kind_is_named(journal, i_row, how):
    journal.rows = damaged(journal.rows, i_row, how)
    with pytest.raises(JournalDamaged, match="record"):
        journal.verify()


def test_older_copy_is_noticed_by_the_noted_head(journal):
    noted = 6, journal.head
    journal.rows = journal.rows[:4]
    journal.verify()
    with pytest.raises(JournalDamaged, match="older copy"):
        journal.verify(noted)


def test_power_cut_loses_what_was_not_synced(journal):
    journal.write([Note("send", "d6", {"op": "lock"})], 6.0)
    journal.cut_power()
    assert len(journal.rows) == len(journal.notes) == 6
    journal.append([Note("end", "", {})], 7.0)
    journal.verify((7, journal.head))


def test_full_disk_refuses_until_the_reserve_is_released(journal):
    journal.full_at = 6
    with pytest.raises(JournalError, match="disk full"):
        journal.append([Note("end", "", {})], 7.0)
    journal.release_reserve()
    with pytest.raises(JournalError, match="disk full"):
        journal.append([Note("end", "", {})], 7.0)
    journal.has_reserve = True
    journal.release_reserve()
    journal.append([Note("end", "", {})], 7.0)


def test_lease_is_for_one(journal):
    journal.lease("one")
    journal.lease("one")
    with pytest.raises(JournalBusy):
        journal.lease("two")
    journal.release("two")
    with pytest.raises(JournalBusy):
        journal.lease("two")
    journal.release("one")
    journal.lease("two")
