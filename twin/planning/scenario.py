"""Apply changes of device attributes to a city and get a new city."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from twin.model.attributes import Value, attribute_of
from twin.model.city import AccessPoint, Cell, City, LampCabinet, Switch
from twin.model.errors import ModelError

__all__ = ["apply_settings", "kind_of", "powered"]

_Thing = TypeVar("_Thing", AccessPoint, Cell, LampCabinet, Switch)


def kind_of(city: City) -> dict[str, str]:
    """Map every device id of the city to its kind.

    Parameters
    ----------
    city : City
        The city.

    Returns
    -------
    dict
        Id to kind.
    """
    kinds = {ap.id: "ap" for ap in city.access_points}
    kinds |= {cell.id: "cell" for cell in city.cells}
    kinds |= {switch.id: "switch" for switch in city.switches}
    kinds |= {cabinet.id: "lamp_cabinet" for cabinet in city.cabinets}
    return kinds


def apply_settings(city: City, settings: Mapping[str, Mapping[str, Value]]) -> City:
    """Make the city as it is after devices were set.

    Parameters
    ----------
    city : City
        The city before.
    settings : mapping
        Device id to attribute path to value. Devices that are not part of the city (a server, a
        router) have no effect in the twin and are passed over.

    Returns
    -------
    City
        A new city; unchanged objects are shared with the old one.

    Raises
    ------
    ModelError
        An attribute the device does not have.
    """
    kinds = kind_of(city)
    wanted = {device: paths for device, paths in settings.items() if device in kinds and paths}
    if not wanted:
        return city
    return replace(
        city,
        access_points=_each(city.access_points, wanted, _set_access_point),
        cells=_each(city.cells, wanted, _set_cell),
        switches=_each(city.switches, wanted, _set_switch),
        cabinets=_each(city.cabinets, wanted, _set_cabinet),
    )


def powered(city: City) -> City:
    """Switch off the radios of access points whose switch port gives no power or no link.

    Parameters
    ----------
    city : City
        The city as it is configured.

    Returns
    -------
    City
        The city as it transmits; `city` itself if every port is on.
    """
    dead = {
        (switch.id, port.index)
        for switch in city.switches
        for port in switch.ports
        if not (port.poe_enabled and port.admin_up)
    }
    if not any((ap.switch, ap.port) in dead for ap in city.access_points):
        return city
    return replace(
        city,
        access_points=tuple(
            replace(ap, radios=tuple(replace(radio, enabled=False) for radio in ap.radios))
            if (ap.switch, ap.port) in dead
            else ap
            for ap in city.access_points
        ),
    )


def _each(
    objects: tuple[_Thing, ...],
    wanted: Mapping[str, Mapping[str, Value]],
    setter: Callable[[_Thing, Mapping[str, Value]], _Thing],
) -> tuple[_Thing, ...]:
    if not any(item.id in wanted for item in objects):
        return objects
    return tuple(setter(item, wanted[item.id]) if item.id in wanted else item for item in objects)


def _items(kind: str, paths: Mapping[str, Value]) -> Iterable[tuple[list[str], Value]]:
    for path, value in paths.items():
        attribute, _ = attribute_of(kind, path)
        if attribute.writable:
            yield path.split("/"), value


def _set_cell(cell: Cell, paths: Mapping[str, Value]) -> Cell:
    fields: dict[str, Value] = {}
    for (name, *_), value in _items("cell", paths):
        if name == "admin_state":
            fields["is_on"] = value == "UNLOCKED"
        else:
            fields[name] = value
    return replace(cell, **fields)  # type: ignore[arg-type]


def _set_access_point(ap: AccessPoint, paths: Mapping[str, Value]) -> AccessPoint:
    radios = {radio.index: radio for radio in ap.radios}
    ssids = {ssid.name: ssid for ssid in ap.ssids}
    for (group, index, name), value in _items("ap", paths):
        if index not in (radios if group == "radio" else ssids):
            raise ModelError(f"{ap.id} has no {group} {index!r}")
        if group == "radio":
            radios[index] = replace(radios[index], **{name: value})  # type: ignore[arg-type]
        else:
            ssids[index] = replace(ssids[index], **{name: value})  # type: ignore[arg-type]
    return replace(ap, radios=tuple(radios.values()), ssids=tuple(ssids.values()))


def _set_switch(switch: Switch, paths: Mapping[str, Value]) -> Switch:
    ports = {port.index: port for port in switch.ports}
    fields: dict[str, Value] = {}
    for words, value in _items("switch", paths):
        if words[0] != "port":
            fields[words[0]] = value
            continue
        if words[1] not in ports:
            raise ModelError(f"{switch.id} has no port {words[1]!r}")
        ports[words[1]] = replace(ports[words[1]], **{words[2]: value})  # type: ignore[arg-type]
    return replace(switch, ports=tuple(ports.values()), **fields)  # type: ignore[arg-type]


def _set_cabinet(cabinet: LampCabinet, paths: Mapping[str, Value]) -> LampCabinet:
    fields = {name: value for (name, *_), value in _items("lamp_cabinet", paths)}
    return replace(cabinet, **fields)  # type: ignore[arg-type]
