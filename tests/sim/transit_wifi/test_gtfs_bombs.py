"""Zip files that are damaged, that lie or that swell: one line, at once, and little memory."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from pathlib import Path

import pytest

from tests.sim.transit_wifi.test_gtfs import TABLES
from twin.model.errors import ModelError
from twin.sim.transit_wifi import gtfs_tables
from twin.sim.transit_wifi.gtfs import read_gtfs

STOPS = "stop_id,stop_lat,stop_lon\n"
HEADS = ((b"PK\x03\x04", 6, 8, 22), (b"PK\x01\x02", 8, 10, 24))  # flags, method, size


def _zip(changes: dict[str, str] | None = None, *more: tuple[str, str]) -> bytes:
    file = io.BytesIO()
    tables = {"stops.txt": STOPS + "s0,51.4,6.7\n"} | TABLES | (changes or {})
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that stand twice
        for name, text in (*tables.items(), *more):
            archive.writestr(name, text)
    return file.getvalue()


def _patched(place: int, form: str, value: int) -> bytes:
    """Write a value into the headers of every member: 1 flags, 2 method, 3 size."""
    octets = bytearray(_zip())
    for head in HEADS:
        at = octets.find(head[0])
        while at >= 0:
            struct.pack_into(form, octets, at + head[place], value)
            at = octets.find(head[0], at + 4)
    return bytes(octets)


@pytest.fixture
def refused(tmp_path, city):
    def read(octets):
        path = tmp_path / "feed.zip"
        path.write_bytes(octets)
        with pytest.raises(ModelError) as caught:
            read_gtfs(path, city)
        text = str(caught.value)
        assert text.startswith("feed.zip: ")
        assert text.isprintable()
        assert len(text) < 300
        return text

    return read


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"", "cannot be read as a zip file"),
        (b"PK" * 500, "cannot be read as a zip file"),
        (_zip()[:-30], "cannot be read as a zip file"),
        (_patched(1, "<H", 1), "is encrypted"),
        (_patched(2, "<H", 99), "compression method is not supported"),
        (_patched(2, "<H", 12), "Invalid data stream"),
        (_patched(2, "<H", 14), "stops.txt: "),
        (_patched(3, "<I", 5), "stops.txt: "),
        (_patched(3, "<I", 2**32 - 2), "stops.txt is larger than"),
        (_zip(None, ("stops.txt", "twice\n")), "stops.txt has no column 'stop_id'"),
        (_zip({"stops.txt": "a," * 2_000_000}), "stops.txt has a line longer than"),
        (_zip({"stops.txt": STOPS + "a" * 2_000_000}), "stops.txt"),
        (_zip({"stops.txt": STOPS + '"' + "\n" * 2_000_000}), "field larger than field limit"),
    ],
)
def test_a_strange_zip_file_is_refused_in_one_line(refused, octets, message):
    assert message in refused(octets)


def test_a_feed_within_a_feed_is_not_opened(tmp_path, city):
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("feed.zip", _zip())
        archive.writestr("../../stops.txt", "")
    with pytest.raises(ModelError, match=r"feed\.zip: "):
        read_gtfs(path, city)
    assert [each.name for each in tmp_path.iterdir()] == ["feed.zip"]


def test_a_flipped_octet_is_noticed_or_harmless(tmp_path, city):
    whole = _zip()
    path = tmp_path / "feed.zip"
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with pytest.raises(ModelError) as caught:  # its only stop is never called at
            read_gtfs(path, city)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null", "."])
def test_a_device_or_a_folder_is_not_read(city, place):
    with pytest.raises(ModelError, match="is no file, but a folder or a device"):
        read_gtfs(Path(place), city)


def test_empty_rows_count(refused, monkeypatch):
    monkeypatch.setattr(gtfs_tables, "MAX_ROWS", 1000)
    assert "stops.txt has more than 1000 rows" in refused(_zip({"stops.txt": STOPS + "\n" * 9999}))
