"""The chain of the journal: each record holds the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

from controllers.steps import Note
from twin.model.errors import JournalDamaged

__all__ = ["GENESIS", "REMEDY", "Chain", "Record", "check_row", "record_of", "row_of"]

GENESIS = "0" * 64
REMEDY = "restore the journal from a backup; apply and recover refuse until then"


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


# One encoder for all records: `json.dumps` makes one each time, and hashing is half of appending.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode

# 1, 1.0 and True are one key of a cache and three texts of JSON: only one of them is cached.
_FLAT = frozenset((str, int))


@lru_cache(maxsize=1024)
def _canonical_of_flat(items: tuple[tuple[str, str | int], ...]) -> str:
    return _encode(dict(items))


def _canonical(payload: Mapping[str, Any]) -> str:
    for value in payload.values():
        if type(value) not in _FLAT:
            return _encode(payload)
    return _canonical_of_flat(tuple(payload.items()))


def _hash(prev: str, seq: int, run: str, at: str, kind: str, device: str, payload: str) -> str:
    who = f"{_quoted(run)},{_quoted(at)},{_quoted(kind)},{_quoted(device)}"
    text = f"[{_quoted(prev)},{seq},{who},{_quoted(payload)}]"
    return hashlib.sha256(text.encode()).hexdigest()


def row_of(seq: int, run: str, at: str, note: Note, prev: str) -> dict[str, Any]:
    """Make the row of the journal that holds a note.

    Raises
    ------
    TypeError, ValueError
        The content of the note is not JSON.
    """
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


def check_row(row: Any, seq: int, prev: str, place: object) -> None:  # noqa: ANN401 - SQLAlchemy's
    """Check a row against its place and the hash before it.

    Parameters
    ----------
    row : sqlalchemy.Row
        All columns of it.
    seq : int
        The number it must have.
    prev : str
        Hash of the record before it.
    place : object
        Names the journal, for the message.

    Raises
    ------
    JournalDamaged
        It is not as it was written.
    """
    if row.seq != seq:
        raise JournalDamaged(
            f"record {seq} in {place} is missing, the journal goes on with {row.seq}; {REMEDY}"
        )
    if row.prev != prev:
        raise JournalDamaged(f"record {seq} in {place} does not follow the one before it; {REMEDY}")
    record = record_of(row, place)
    where = record.run, record.at, record.kind, record.device
    if record.hash != _hash(prev, seq, *where, row.payload):
        raise _changed(seq, place)


def _changed(seq: int, place: object) -> JournalDamaged:
    return JournalDamaged(f"record {seq} in {place} was changed after it was written; {REMEDY}")


def record_of(row: Any, place: object) -> Record:  # noqa: ANN401 - SQLAlchemy's
    """Read a row; its hash is not checked.

    Parameters
    ----------
    row : sqlalchemy.Row
        All columns of it.
    place : object
        Names the journal, for the message.

    Raises
    ------
    JournalDamaged
        It is none that a journal writes.
    """
    texts = (row.run, row.at, row.kind, row.device, row.payload, row.hash)
    if not all(isinstance(text, str) for text in texts):
        raise _changed(row.seq, place)
    try:
        "".join(texts).encode()
        payload = json.loads(row.payload)
    except (ValueError, RecursionError) as err:
        raise _changed(row.seq, place) from err
    if not isinstance(payload, dict):
        raise _changed(row.seq, place)
    return Record(
        seq=row.seq,
        run=row.run,
        at=row.at,
        kind=row.kind,
        device=row.device,
        payload=payload,
        hash=row.hash,
    )
