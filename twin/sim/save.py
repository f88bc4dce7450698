"""Save a running simulation and take it up again with the same future.

A saved simulation is a line of JSON (what it belongs to) and a compressed pickle of the systems,
the event queue and the random streams. The city is not in it: its file is named by a hash, and the
same city must be given again. Reading is restricted to classes of the twin, NumPy and SimPy, so
that a foreign file cannot run code of its choice; sizes are limited.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle  # reading goes through an allow-list
import sys
import zlib
from dataclasses import fields
from pathlib import Path
from types import MethodType
from typing import Any

import numpy as np

from cext._isa import active_isa
from twin.model.city import City
from twin.model.errors import InputError
from twin.sim.simulation import Simulation

__all__ = ["branch", "city_sha256", "restore", "save"]

_FORMAT = "stellwerk-simulation-1"
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
        File to write; it appears whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
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
    body = zlib.compress(_dump(simulation), level=1)
    header["sha256"] = hashlib.sha256(body).hexdigest()
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(json.dumps(header).encode() + b"\n" + body)
        partial.replace(path)
    except OSError as err:
        raise InputError("cannot be written", str(path), hint=str(err.strerror)) from err


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
            data = file.read(_MAX_BYTES + 1)
    except OSError as err:
        raise InputError("cannot be read", str(path), hint=str(err.strerror)) from err
    first, _, body = data.partition(b"\n")
    header = _header(first, path)
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
    unzip = zlib.decompressobj()
    try:
        raw = unzip.decompress(body, _MAX_BYTES)
        return _load(raw, city)
    except (zlib.error, pickle.UnpicklingError, EOFError, AttributeError, TypeError) as err:
        raise InputError("cannot be taken up", str(path), hint=str(err)) from err


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
    """
    return _load(_dump(simulation), simulation.context.city)


def _header(line: bytes, path: Path) -> dict[str, Any]:
    try:
        header = json.loads(line[:_HEADER_BYTES])
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise InputError(
            "is no saved simulation", str(path), hint="such files are written by --save"
        )
    return header


class _Parts:
    """The objects of a city by a short name, so that a saved simulation does not repeat them."""

    def __init__(self, city: City) -> None:
        self._by_name: dict[tuple[str, int], object] = {("city", 0): city}
        for field in fields(city):
            value = getattr(city, field.name)
            if isinstance(value, tuple):
                self._by_name[field.name, -1] = value
                self._by_name.update({(field.name, i): item for i, item in enumerate(value)})
        self._name_of = {
            id(item): name
            for name, item in self._by_name.items()
            if not isinstance(item, tuple) or item  # the empty tuple is everybody's
        }

    def name(self, item: object) -> tuple[str, int] | None:
        return self._name_of.get(id(item))

    def item(self, name: object) -> object:
        if not isinstance(name, tuple) or name not in self._by_name:
            raise pickle.UnpicklingError(f"the city has no {name!r}")
        return self._by_name[name]


def _is_callable(owner: object, name: str) -> bool:
    """Say whether a method may be stored: those of ours, and how SimPy wakes a resource."""
    module = type(owner).__module__
    if module.startswith("simpy.resources."):
        return name in ("_trigger_get", "_trigger_put")
    return _is_ours(module) and not name.startswith("__")


def _method(owner: object, name: str) -> object:
    """Find a method again."""
    if not _is_callable(owner, name):
        raise pickle.UnpicklingError(f"{type(owner).__name__}.{name} is not to be called")
    return getattr(owner, name)


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, parts: _Parts) -> None:
        super().__init__(file, protocol=5)
        self._parts = parts

    def persistent_id(self, obj: object) -> object:
        return self._parts.name(obj)

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401  # as pickle has it
        if isinstance(obj, MethodType) and _is_callable(obj.__self__, obj.__func__.__name__):
            return _method, (obj.__self__, obj.__func__.__name__)
        return NotImplemented


_OTHERS = {
    "builtins": {"set", "frozenset", "slice", "complex", "bytearray", "range"},
    "collections": {"Counter", "OrderedDict", "defaultdict", "deque"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "numpy": {"dtype", "ndarray"},
    "numpy.dtypes": None,
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "numpy.random._pickle": {"__generator_ctor", "__bit_generator_ctor"},
    "numpy.random._pcg64": {"PCG64"},
    "numpy.random.bit_generator": {"SeedSequence", "__pyx_unpickle_SeedSequence"},
    "simpy.core": {"Environment"},
    "simpy.events": {"Event", "Timeout"},
    "simpy.resources.resource": {"PriorityRequest", "Release", "SortedQueue"},
}


def _is_ours(module: str) -> bool:
    return module.startswith(("twin.sim.", "twin.radio.")) or module == "twin.model.city"


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, parts: _Parts) -> None:
        super().__init__(file)
        self._parts = parts

    def persistent_load(self, pid: object) -> object:
        return self._parts.item(pid)

    def find_class(self, module: str, name: str) -> object:
        if module == __name__:
            if name == "_method":
                return _method
        elif _is_ours(module) and "." not in name:
            return super().find_class(module, name)
        elif module in _OTHERS:
            allowed = _OTHERS[module]
            if allowed is None or name in allowed:
                return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a simulation")


def _dump(simulation: Simulation) -> bytes:
    file = io.BytesIO()
    _Pickler(file, _Parts(simulation.context.city)).dump(simulation)
    return file.getvalue()


def _load(data: bytes, city: City) -> Simulation:
    found = _Unpickler(io.BytesIO(data), _Parts(city)).load()
    if not isinstance(found, Simulation):
        raise pickle.UnpicklingError("holds something else than a simulation")
    return found
