"""The reserve: room kept in a file beside the journal, so an undo can be written on a full disk.

In write-ahead mode nothing inside the database can be that room: even a DELETE makes the
write-ahead file grow. A file of allocated blocks that is removed gives its blocks to whoever
writes next.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

__all__ = ["keep_reserve", "release_reserve", "reserve_of"]

log = logging.getLogger(__name__)

_WANTED_BYTES = 4 * 1024 * 1024
_LEAST_BYTES = 256 * 1024  # some 200 records, each a transaction of its own


def reserve_of(path: Path) -> Path:
    """Return the file that keeps the room of a journal."""
    return path.with_name(path.name + ".reserve")


def keep_reserve(path: Path) -> int:
    """Allocate the reserve of a journal, or what is missing of it; never raises.

    It takes 4 MiB, or half of what is free if that is less. A run without a reserve still is
    better than none, so that a disk too full for it is a warning only.

    Parameters
    ----------
    path : Path
        The journal.

    Returns
    -------
    int
        Size of the reserve. [bytes]
    """
    file = reserve_of(path)
    n_bytes = 0
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            n_bytes = _allocated(handle)
        finally:
            os.close(handle)
    except OSError as err:
        log.warning("%s: no room can be reserved (%s)", file, err.strerror)
        return n_bytes
    if n_bytes < _LEAST_BYTES:
        log.warning(
            "%s: only %d kB are reserved for an undo; make room on the disk", file, n_bytes // 1024
        )
    return n_bytes


def _allocated(handle: int) -> int:
    n_before = os.fstat(handle).st_size
    disk = os.fstatvfs(handle)
    n_bytes = min(_WANTED_BYTES, (disk.f_bavail * disk.f_frsize + n_before) // 2)
    if n_bytes <= n_before:
        return n_before
    try:
        os.posix_fallocate(handle, 0, n_bytes)
    except OSError:
        os.ftruncate(handle, n_before)
        raise
    return n_bytes


def release_reserve(path: Path) -> None:
    """Give the room back to the disk; without a reserve nothing happens.

    Parameters
    ----------
    path : Path
        The journal.

    Raises
    ------
    OSError
        The file cannot be removed.
    """
    reserve_of(path).unlink(missing_ok=True)
