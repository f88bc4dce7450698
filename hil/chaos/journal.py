"""A journal in memory with the chain of the real one, a disk that can be full, and a lease."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from controllers.chain import GENESIS, REMEDY, Record, check_row, record_of, row_of
from controllers.steps import Note
from twin.model.errors import JournalBusy, JournalDamaged, JournalError

__all__ = ["MemoryJournal", "damaged"]

RUN = "chaos"
_PATH = Path("journal")


class MemoryJournal:
    """Rows, what of them is durable, and who may write.

    `append` returns when the rows are durable, as `controllers.journal.Journal.append` does: a
    power cut leaves what was synced. The file does not know that the disk is full until then.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.notes: list[Note] = []
        self.n_synced = 0
        self.head = GENESIS
        self.noted = (0, GENESIS)
        self.full_at = 0
        self.has_reserve = False
        self.wall_s = 0.0
        self.holder: object | None = None

    # ------------------------------------------------------------------ writing

    def append(self, notes: Sequence[Note], now_s: float) -> None:
        """Add records and make them durable.

        Parameters
        ----------
        notes : sequence of Note
            What to write; all of it or nothing.
        now_s : float
            Virtual time; the clock on the wall may differ from it. [s]

        Raises
        ------
        JournalError
            The disk is full.
        """
        if self.full_at and len(self.rows) + len(notes) > self.full_at:
            raise JournalError("journal: cannot be written (disk full); make room on the disk")
        self.write(notes, now_s)
        self.sync()

    def write(self, notes: Iterable[Note], now_s: float) -> None:
        """Add records that are not durable yet."""
        at = f"{self.wall_s + now_s:.6f}"
        rows, head = self.rows, self.head
        for note in notes:
            row = row_of(len(rows) + 1, RUN, at, note, head)
            rows.append(row)
            self.notes.append(note)
            head = row["hash"]
        self.head = head

    def sync(self) -> None:
        """Make all that was written durable."""
        self.n_synced = len(self.rows)

    def release_reserve(self) -> None:
        """Give up the reserved room, if there is any: then there is some again."""
        if self.has_reserve:
            self.full_at = 0

    def cut_power(self) -> None:
        """Lose what is not durable."""
        del self.rows[self.n_synced :], self.notes[self.n_synced :]
        self.head = self.rows[-1]["hash"] if self.rows else GENESIS

    # ------------------------------------------------------------------ reading

    def verify(self, expected_head: tuple[int, str] | None = None) -> None:
        """Follow the chain from the first record to the last.

        Parameters
        ----------
        expected_head : tuple of int and str, optional
            Number and hash of a record that was noted elsewhere.

        Raises
        ------
        JournalDamaged
            Names the first record that is not as it was written.
        """
        head = GENESIS
        is_expected = expected_head in (None, (0, GENESIS))
        for i, row in enumerate(self.rows):
            check_row(SimpleNamespace(**row), i + 1, head, _PATH)
            head = row["hash"]
            is_expected = is_expected or (i + 1, head) == expected_head
        if not is_expected:
            raise JournalDamaged(f"the journal was cut off, or this is an older copy; {REMEDY}")

    def records(self) -> list[Record]:
        """Return what is written, as a recovery reads it."""
        return [record_of(SimpleNamespace(**row), _PATH) for row in self.rows]

    # ------------------------------------------------------------------ who may write

    def lease(self, holder: object) -> None:
        """Take the lease.

        Parameters
        ----------
        holder : object
            The controller that wants it.

        Raises
        ------
        JournalBusy
            Another controller holds it.
        """
        if self.holder not in (None, holder):
            raise JournalBusy("another controller works with this journal")
        self.holder = holder

    def release(self, holder: object) -> None:
        """Give the lease back; the kernel does it for a controller that dies."""
        if self.holder is holder:
            self.holder = None


def damaged(rows: Sequence[Mapping[str, Any]], i_row: int, how: int) -> list[dict[str, Any]]:
    """Copy rows and spoil one of them.

    Parameters
    ----------
    rows : sequence of mapping
        Good rows.
    i_row : int
        Which to spoil.
    how : int
        0 edits it, 1 removes it, 2 exchanges it with its neighbour.

    Returns
    -------
    list of dict
        The copy.
    """
    copy = [dict(row) for row in rows]
    if how == 1 and i_row < len(copy) - 1:
        del copy[i_row]
    elif how == 2 and i_row < len(copy) - 1:
        copy[i_row], copy[i_row + 1] = copy[i_row + 1], copy[i_row]
    else:
        copy[i_row]["payload"] = copy[i_row]["payload"].replace('"', "'", 1) + " "
    return copy
