"""Save a running simulation and take it up again with the same future.

A saved simulation is a line of JSON (what it belongs to) and the compressed graph of objects of the
systems, the event queue and the random streams (`twin.sim.graph`). The city is not in it: its file
is named by a hash, and the same city must be given again. Only objects of listed classes are made
when it is read, so that a foreign file cannot run code of its choice; sizes are limited.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zlib
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from cext._isa import active_isa
from twin.model.city import City
from twin.model.errors import InputError
from twin.sim.graph import dump
from twin.sim.graph_reader import load
from twin.sim.simulation import Simulation

__all__ = ["branch", "city_sha256", "restore", "save"]

_FORMAT = "stellwerk-simulation-2"
_MAX_BYTES = 2 * 1024**3
_HEADER_BYTES = 4096


def city_sha256(city: City) -> str:
    """Hash everything a city file says.

    Parameters
    ----------
    city : City
        The city.

    Returns
    -------
    str
        Hexadecimal SHA-256.
    """
    digest = hashlib.sha256()
    for field in fields(city):
        digest.update(f"{field.name}={getattr(city, field.name)!r}\n".encode())
    return digest.hexdigest()


def save(simulation: Simulation, path: Path) -> None:
    """Write a running simulation to a file; it may go on running.

    Parameters
    ----------
    simulation : Simulation
        What to save.
    path : Path
        File to write, and its folder if there is none; it appears whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
    NotStorable
        A system holds what cannot be saved; names the way to it.
    """
    city = simulation.context.city
    header = {
        "format": _FORMAT,
        "city": city.name,
        "city_sha256": city_sha256(city),
        "now_s": simulation.now_s,
        "python": sys.version_info[0:2],
        "numpy": np.__version__,
        "isa": active_isa(),
    }
    body = zlib.compress(dump(simulation, city), level=1)
    header["sha256"] = hashlib.sha256(body).hexdigest()
    partial = path.with_name(f".stellwerk-{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(json.dumps(header).encode() + b"\n" + body)
        partial.replace(path)
    except BaseException as err:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if isinstance(err, OSError):
            raise InputError("cannot be written", str(path), hint=str(err.strerror)) from err
        raise


def restore(path: Path, city: City) -> Simulation:
    """Take up a saved simulation.

    Parameters
    ----------
    path : Path
        File written by `save`.
    city : City
        The city it belongs to.

    Returns
    -------
    Simulation
        At the simulated second at which it was saved; on the same instruction set and versions of
        Python and NumPy its future is the one it would have had.

    Raises
    ------
    InputError
        Not such a file, damaged, or made of another city or by other versions.
    """
    try:
        with path.open("rb") as file:
            header = _header(file.readline(_HEADER_BYTES), path)
            body = file.read(_MAX_BYTES)
    except OSError as err:
        raise InputError("cannot be read", str(path), hint=str(err.strerror)) from err
    if hashlib.sha256(body).hexdigest() != header.get("sha256"):
        raise InputError("damaged: its content has another hash", str(path), hint="save it again")
    here = {"python": list(sys.version_info[0:2]), "numpy": np.__version__, "isa": active_isa()}
    for name, value in here.items():
        if header.get(name) != value:
            raise InputError(
                f"was saved with {name} {header.get(name)}, here is {value}",
                str(path),
                hint="restore it where it was saved, or simulate again from the seed",
            )
    if header.get("city_sha256") != city_sha256(city):
        raise InputError(
            f"belongs to another version of the city {header.get('city')!r}",
            str(path),
            hint="give the city it was saved with",
        )
    try:
        found = _copy(zlib.decompressobj().decompress(body, _MAX_BYTES), city)
    except (zlib.error, InputError) as err:
        raise InputError("cannot be taken up", str(path), hint=str(err)) from err
    if not _is_at(found, header.get("now_s")):
        raise InputError("holds no simulation at the time it says", str(path), hint="save it again")
    return found


def _is_at(simulation: Simulation, now_s: object) -> bool:
    """Say whether a simulation has a clock, and it shows the time that its file says."""
    try:
        return simulation.now_s == now_s
    except (AttributeError, TypeError, ValueError):
        return False


def branch(simulation: Simulation) -> Simulation:
    """Split off a copy with the same past and, left alone, the same future.

    Parameters
    ----------
    simulation : Simulation
        A running simulation; it is not changed.

    Returns
    -------
    Simulation
        The copy, to try something on.

    Raises
    ------
    NotStorable
        A system holds what cannot be copied; names the way to it.
    """
    city = simulation.context.city
    return _copy(dump(simulation, city), city)


def _header(line: bytes, path: Path) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise InputError(
            "is no saved simulation", str(path), hint="such files are written by --save"
        )
    return header


def _copy(data: bytes, city: City) -> Simulation:
    found = load(data, city)
    if not isinstance(found, Simulation):
        raise InputError("holds something else than a simulation")
    return found
