"""What a saved simulation may hold: which classes, methods and arrays, and the city by name."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import lru_cache
from importlib import import_module
from types import FunctionType, MemberDescriptorType
from typing import Any, NamedTuple

import numpy as np

from twin.model.city import City
from twin.model.errors import InputError, StellwerkError

__all__ = [
    "FACTORIES",
    "NotStorable",
    "Parts",
    "Sort",
    "find",
    "full_name",
    "function_of",
    "is_plain",
    "is_storable",
    "layout",
    "sort_of",
]

FACTORIES = {kind.__name__: kind for kind in (int, float, list, dict, set)}
"""What a `defaultdict` may make."""

_OURS = ("twin.sim.", "twin.radio.")
_WITH_FILES = (  # modules that read and write files: a saved simulation has no business there
    "twin.sim.graph",
    "twin.sim.run",
    "twin.sim.save",
    "twin.sim.storable",
    "twin.sim.telemetry_files",
    "twin.radio.antenna.files",
    "twin.radio.check",
    "twin.radio.terrain",
)
_OF_SIMPY = {
    "simpy.events:Event",
    "simpy.events:Timeout",
    "simpy.resources.resource:PriorityRequest",
    "simpy.resources.resource:Release",
}
_WAKES = ("_trigger_get", "_trigger_put")  # how SimPy wakes a resource
_MAKERS = (  # by which a class says how its instances are made again
    "__new__",
    "__getstate__",
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__getnewargs__",
    "__getnewargs_ex__",
)
_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[<>|](?:[biufcSUV][1-9]\d{0,8}|[mM]8(?:\[\d*[a-zA-Zμ]+\])?)")


class NotStorable(StellwerkError, TypeError):
    """A running simulation holds something that cannot be saved; says where."""


class Parts:
    """The objects of a city by a short name, so that a saved simulation does not repeat them.

    Parameters
    ----------
    city : City
        Whose tuples and records are named.
    """

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
        """Return the field and the index of a record, None for what is no part of the city."""
        return self._name_of.get(id(item))

    def item(self, field: str, index: int) -> object:
        """Return a record.

        Raises
        ------
        KeyError
            The city has none of this name.
        """
        return self._by_name[field, index]


def _is_ours(module: str) -> bool:
    if any(module == name or module.startswith((name + ".", name + "_")) for name in _WITH_FILES):
        return False
    return module.startswith(_OURS) or module == "twin.model.city"


@lru_cache(maxsize=4096)
def find(name: str) -> Any:  # noqa: ANN401  # a class or a function
    """Find a class or a module-level function that may be part of a simulation.

    Parameters
    ----------
    name : str
        Module and name, such as ``twin.sim.kernel:Due``.

    Returns
    -------
    type or function
        Defined in that module, of ours or one of the few of SimPy.

    Raises
    ------
    InputError
        There is none, or it is not to be used.
    """
    module, _, attribute = name.partition(":")
    if _NAME.fullmatch(name) and "__" not in name and (name in _OF_SIMPY or _is_ours(module)):
        try:
            found = getattr(import_module(module), attribute, None)
        except ImportError:
            found = None
        if isinstance(found, type | FunctionType) and full_name(found) == name:
            return found
    raise InputError(f"{name!r} is not part of a simulation")


def full_name(thing: type | FunctionType) -> str:
    """Return module and name of a class or function, as `find` takes them."""
    return f"{thing.__module__}:{thing.__qualname__}"


def is_storable(kind: type) -> bool:
    """Say whether instances of a class may be stored: those of ours and a few of SimPy."""
    return full_name(kind) in _OF_SIMPY or _is_ours(kind.__module__)


def function_of(kind: type, name: str) -> FunctionType | None:
    """Find a method that may be called later; None if there is none.

    Parameters
    ----------
    kind : type
        Class of the owner, one of ours.
    name : str
        Of the method, without double underscores.

    Returns
    -------
    function or None
        As the class or a base of ours defines it, or how SimPy wakes a resource.
    """
    if name.startswith("__") or not _is_ours(kind.__module__):
        return None
    for base in kind.__mro__:
        function = vars(base).get(name)
        if function is not None:
            is_waking = name in _WAKES and base.__module__.startswith("simpy.resources.")
            may = isinstance(function, FunctionType) and (_is_ours(base.__module__) or is_waking)
            return function if may else None
    return None


class Sort(NamedTuple):
    """How instances of a class are stored: by `__getstate__`, or these slots and the `__dict__`."""

    has_own_state: bool
    slots: tuple[str, ...]
    has_dict: bool


@lru_cache(maxsize=4096)
def sort_of(kind: type) -> Sort | None:
    """Say how instances of a class are stored.

    Parameters
    ----------
    kind : type
        The class.

    Returns
    -------
    Sort or None
        None for a class whose instances cannot be made without calling it.
    """
    slots = tuple(
        name
        for base in kind.__mro__
        for name, member in vars(base).items()
        if isinstance(member, MemberDescriptorType)
    )
    made_by = {name: getattr(kind, name, None) for name in _MAKERS}
    # dataclasses with slots get a pair of their own, which sets what the slots say anyway
    get_state: Any = made_by["__getstate__"]
    has_own = not _is_default("__getstate__", get_state) and get_state.__module__ != "dataclasses"
    if not _is_default("__new__", made_by["__new__"]) or (has_own and not made_by["__setstate__"]):
        return None
    reduces = any(not _is_default(name, made_by[name]) for name in _MAKERS[3:])
    return None if reduces and not has_own else Sort(has_own, slots, kind.__dictoffset__ != 0)


def _is_default(name: str, member: object) -> bool:
    return member is getattr(object, name, None)


def is_plain(text: str) -> bool:
    """Say whether a text of NumPy means numbers, flags, times or texts of fixed length."""
    return _PLAIN.fullmatch(text) is not None


def layout(dtype: np.dtype[Any]) -> str | list[list[Any]] | None:
    """Describe the elements of an array for JSON; None for what is not stored octet by octet.

    Parameters
    ----------
    dtype : dtype
        Of numbers, flags, times, texts of fixed length, or records of these without gaps.

    Returns
    -------
    str or list or None
        The text of NumPy, or ``[name, text, shape]`` of each field.
    """
    if dtype.names is None:
        is_stored = dtype.subdtype is None and is_plain(dtype.str)
        return dtype.str if is_stored else None
    found: list[list[Any]] = []
    for name in dtype.names:
        element = dtype[name]
        plain = layout(element.base)
        if not isinstance(plain, str):
            return None
        found.append([name, plain, list(element.shape)])
    same = np.dtype([(name, text, tuple(shape)) for name, text, shape in found])
    return found if same == dtype else None
