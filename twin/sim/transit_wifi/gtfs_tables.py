"""Tables of a GTFS zip file, row by row and within limits."""

from __future__ import annotations

import csv
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import IO, cast

from twin.model.errors import ModelError

__all__ = [
    "BROKEN_ZIP",
    "MAX_LINE_BYTES",
    "MAX_ROWS",
    "MAX_TABLE_BYTES",
    "MAX_ZIP_BYTES",
    "Tables",
    "one_line",
    "seconds",
]

BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
)
"""What the library raises about a zip file that is damaged, encrypted or packed in another way."""

MAX_ZIP_BYTES = 300 * 2**20
MAX_TABLE_BYTES = 2 * 2**30
MAX_ROWS = 20_000_000
MAX_LINE_BYTES = 1_000_000
"""Most bytes of a feed, bytes of one table unpacked, rows of one table, and bytes of a line."""

_MAX_SECONDS = 72 * 3600


class Tables:
    """The tables of a feed, at the root of the zip file or in one folder of it.

    Parameters
    ----------
    name : str
        Of the feed, for messages.
    archive : ZipFile
        The open file.
    """

    def __init__(self, name: str, archive: zipfile.ZipFile) -> None:
        self.name, self._archive = name, archive
        members = {info.filename: info for info in archive.infolist()}
        folders = [each[: -len("stops.txt")] for each in members if each.endswith("/stops.txt")]
        folder = folders[0] if "stops.txt" not in members and len(folders) == 1 else ""
        self._members = {
            each[len(folder) :]: info for each, info in members.items() if each.startswith(folder)
        }

    def has(self, table: str) -> bool:
        """Say whether there is such a table."""
        return table in self._members

    def wrong(self, table: str, row: int, what: str) -> ModelError:
        """Make the error of a row that makes no sense."""
        return ModelError(f"{self.name}: {table} row {row}: {what}")

    def rows(
        self, table: str, needed: Sequence[str], optional: Sequence[str] = ()
    ) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Read a table.

        Parameters
        ----------
        table : str
            Name, such as ``stops.txt``.
        needed : sequence of str
            At least two columns that must be there.
        optional : sequence of str
            Columns that may be missing: their values are empty then.

        Yields
        ------
        (int, tuple of str)
            Number of the row, the header being 1, and the values of all columns asked for.

        Raises
        ------
        ModelError
            No such table or column, a row too short, not CSV in UTF-8, or beyond the limits.
        """
        info = self._members.get(table)
        if info is None:
            raise ModelError(f"{self.name}: has no {table}")
        if info.file_size > MAX_TABLE_BYTES:
            raise ModelError(f"{self.name}: {table} is larger than {MAX_TABLE_BYTES} bytes")
        with self._archive.open(info) as raw:
            limited = io.BufferedReader(cast(io.RawIOBase, _Limited(raw, self.name, table)))
            try:
                text = io.TextIOWrapper(limited, "utf-8-sig", newline="")
                yield from self._picked(csv.reader(text), table, needed, optional)
            except (csv.Error, UnicodeDecodeError, *BROKEN_ZIP) as err:
                raise ModelError(f"{self.name}: {table}: {one_line(err)}") from err

    def _picked(
        self,
        reader: Iterator[list[str]],
        table: str,
        needed: Sequence[str],
        optional: Sequence[str],
    ) -> Iterator[tuple[int, tuple[str, ...]]]:
        header = [name.strip() for name in next(reader, [])]
        for name in needed:
            if name not in header:
                raise ModelError(f"{self.name}: {table} has no column {name!r}")
        at = [header.index(name) for name in needed]
        # A column that is not there is the empty value that every row gets at its end.
        more = [header.index(name) if name in header else -1 for name in optional]
        pick, least, width = itemgetter(*at, *more), max(at) + 1, len(header)
        for number, row in enumerate(reader, start=2):
            if number > MAX_ROWS:
                raise ModelError(f"{self.name}: {table} has more than {MAX_ROWS} rows")
            if len(row) < width:
                if not row:
                    continue
                if len(row) < least:
                    raise ModelError(f"{self.name}: {table} row {number} is too short")
                row.extend([""] * (width - len(row)))
            row.append("")
            yield number, pick(row)


def one_line(err: Exception) -> str:
    """Say what is wrong in one line: messages about zip files may quote what is in them."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(err)[:200])
    return " ".join(text.split())


def seconds(text: str) -> int:
    """Seconds after midnight of H:MM:SS, which may be past 24 h.

    Raises
    ------
    ValueError
        No time, or after the third day.
    """
    hours, minutes, rest = (int(part) for part in text.strip().split(":"))
    if not (hours >= 0 and 0 <= minutes < 60 and 0 <= rest < 60):
        raise ValueError(f"{text!r} is no time")
    total = 3600 * hours + 60 * minutes + rest
    if total > _MAX_SECONDS:
        raise ValueError(f"{text!r} is too late")
    return total


class _Limited(io.RawIOBase):
    """Bytes of a table, no more than allowed whatever the directory of the zip file says."""

    def __init__(self, raw: IO[bytes], name: str, table: str) -> None:
        super().__init__()
        self._raw, self._left, self._line = raw, MAX_TABLE_BYTES, 0
        self._what = f"{name}: {table}"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._raw.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise ModelError(f"{self._what} is larger than {MAX_TABLE_BYTES} bytes")
        self._line = 0 if b"\n" in data or b"\r" in data else self._line + len(data)
        if self._line > MAX_LINE_BYTES:
            raise ModelError(f"{self._what} has a line longer than {MAX_LINE_BYTES} bytes")
        buffer[: len(data)] = data
        return len(data)
