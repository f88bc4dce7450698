"""Reads devices from a CSV file: a list of one's own, or what NetBox exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from controllers.inventory_file import MAX_BYTES
from controllers.selection import near_miss
from controllers.sources.rows import Row, address_of
from twin.model.attributes import Value
from twin.model.errors import InputError
from twin.model.quote import quoted
from twin.model.safe.text import checked_text, read_bytes

__all__ = ["FIELDS", "read_csv"]

FIELDS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "name", "hostname", "device", "device name"),
    "host": (
        "host", "ip address", "ip", "primary ip", "primary_ip4", "primary_ip", "ipv4 address",
        "address", "mgmt_ip", "management ip",
    ),
    "port": ("port",),
    "profile": ("profile", "platform", "device type", "device_type", "type"),
    "username": ("username", "user"),
    "site": ("site",),
    "role": ("role", "device role", "device_role"),
    "groups": ("groups", "tags"),
    "upstream": ("upstream", "uplink"),
    "status": ("status",),
}  # fmt: skip
"""Columns that are taken for a field unless a map says otherwise, the best first."""

_MAX_ROWS = 1_000_000
_VARS = "vars."


def read_csv(path: Path, columns: Mapping[str, str] | None = None) -> Iterator[Row]:
    """Read devices from a CSV file.

    Parameters
    ----------
    path : Path
        UTF-8, with a head; comma, semicolon or tab between columns.
    columns : mapping, optional
        Column by field (a key of `FIELDS`, or ``vars.NAME``).

    Yields
    ------
    Row
        One for each line; those whose status is not active are left out.

    Raises
    ------
    InputError
        The file is broken, or a column is not there; names the line.
    """
    text = checked_text(read_bytes(path, max_bytes=MAX_BYTES), str(path), max_bytes=MAX_BYTES)
    head, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(reader)]
    except StopIteration:
        raise InputError("is empty", str(path), hint="the first line names the columns") from None
    except csv.Error as err:
        raise InputError(f"not CSV: {err}", str(path), 1) from err
    places = _places(path, names, columns or {})
    yield from _rows(path, reader, len(names), places)


def _rows(
    path: Path, reader: Iterator[list[str]], n_columns: int, places: Mapping[str, int]
) -> Iterator[Row]:
    n_rows = 0
    while True:
        line = getattr(reader, "line_num", 0) + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as err:
            raise InputError(f"not CSV: {err}", str(path), line) from err
        if not any(cell.strip() for cell in cells):
            continue
        n_rows += 1
        if n_rows > _MAX_ROWS:
            raise InputError(f"more than {_MAX_ROWS} lines", str(path), line, hint="split it")
        if len(cells) != n_columns:
            raise InputError(
                f"{len(cells)} columns, the head has {n_columns}", str(path), line,
                hint="quote a text that contains the separator",
            )  # fmt: skip
        said = {field: cells[place].strip() for field, place in places.items()}
        if said.get("status", "active").lower() == "active":
            yield _row(path, line, said)


def _places(path: Path, names: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    lower = [name.lower() for name in names]
    places: dict[str, int] = {}
    for field, column in columns.items():
        if field not in FIELDS and not field.startswith(_VARS):
            raise InputError(
                f"unknown field {quoted(field)}", "--map", hint=near_miss(field, FIELDS)
            )
        if column.lower() not in lower:
            raise InputError(
                f"there is no column {quoted(column)}", str(path), 1, hint=near_miss(column, names)
            )
        places[field] = lower.index(column.lower())
    for field, known in FIELDS.items():
        found = next((name for name in known if name in lower), None)
        if field not in places and found is not None:
            places[field] = lower.index(found)
    for field in ("id", "host", "profile"):
        if field not in places:
            raise InputError(
                f"no column is known as {field}", str(path), 1,
                hint=f"say --map {field}=COLUMN; columns are {', '.join(names[:12])}",
            )  # fmt: skip
    return places


def _row(path: Path, line: int, said: Mapping[str, str]) -> Row:
    port = said.get("port", "")
    if port and not (port.isascii() and port.isdecimal() and 0 < int(port) <= 65535):
        raise InputError(f"port {quoted(port)} is no port", str(path), line)
    variables: dict[str, Value] = {
        field.removeprefix(_VARS): value for field, value in said.items() if field.startswith(_VARS)
    }
    return Row(
        name=said["id"],
        host=address_of(said["host"]),
        platforms=(said["profile"], said.get("role", "")),
        port=int(port or 0),
        username=said.get("username", ""),
        site=said.get("site", ""),
        role=said.get("role", ""),
        upstream=said.get("upstream", ""),
        groups=tuple(filter(None, said.get("groups", "").replace(";", ",").split(","))),
        vars=variables,
        where=f"{path}:{line}",
    )
