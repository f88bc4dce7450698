"""Write a city as a folder, so that reading the folder gives the same city."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from twin.geo.geojson import dump_districts
from twin.geo.schema import CityFile, TableEntry
from twin.geo.tables import COLUMNS, cell_rows, rows_of
from twin.model.city import AccessPoint, City, Ssid, Switch
from twin.model.errors import ModelError

__all__ = ["city_texts", "write_city"]

Part = Callable[[str, str], bool]
"""Whether an object of a subject (first) with a site (second) stands in a file."""


def city_texts(
    city: City,
    entries: Sequence[TableEntry],
    *,
    networks: Mapping[str, tuple[Ssid, ...]],
    outline: str,
    schema_path: str = "",
    station_files: str = "_stations",
) -> dict[str, str]:
    """Make the text of every file of a city folder.

    Parameters
    ----------
    city : City
        The city.
    entries : sequence of TableEntry
        The files wanted. Of the Wi-Fi subjects a file whose name ends in `station_files` takes
        what stands at a stop, the other one takes the rest.
    networks : mapping
        Sets of Wi-Fi networks by name; each access point offers one of them.
    outline : str
        Code of the district that is the whole city.
    schema_path : str
        Where an editor finds the JSON schema; empty for no such line.
    station_files : str
        See `entries`.

    Returns
    -------
    dict
        File name to text.

    Raises
    ------
    ModelError
        An access point offers networks that no set holds.
    """
    names = {ssids: name for name, ssids in networks.items()}
    subjects = {entry.subject for entry in entries if entry.file.endswith(f"{station_files}.csv")}
    texts = {}
    for entry in entries:
        if entry.subject == "districts":
            texts[entry.file] = dump_districts(city.districts)
            continue
        wanted = None
        if entry.subject in subjects:
            wanted = entry.file.endswith(f"{station_files}.csv")
        texts[entry.file] = _csv(entry.subject, _rows(city, entry.subject, wanted, names))
    texts["city.yaml"] = _head(city, entries, networks, outline, schema_path)
    return texts


def write_city(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the files of a city folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    texts : mapping
        File name to text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _rows(
    city: City, subject: str, at_station: bool | None, names: Mapping[tuple[Ssid, ...], str]
) -> list[list[str]]:
    def is_wanted(thing: AccessPoint | Switch) -> bool:
        return at_station is None or thing.site.startswith("station-") == at_station

    access_points = [ap for ap in city.access_points if is_wanted(ap)]
    switches = [switch for switch in city.switches if is_wanted(switch)]
    match subject:
        case "cells":
            return cell_rows(city.cells)
        case "access_points":
            return _access_point_rows(access_points, names)
        case "radios":
            return _part_rows(subject, [(ap.id, ap.radios) for ap in access_points])
        case "switches":
            return rows_of(subject, switches)
        case "ports":
            return _part_rows(subject, [(switch.id, switch.ports) for switch in switches])
        case _:
            return rows_of(subject, getattr(city, subject))


def _part_rows(subject: str, owned: Sequence[tuple[str, Sequence[object]]]) -> list[list[str]]:
    """Rows of parts; the first column is the id of the owner."""
    columns = COLUMNS[subject][1:]
    return [[owner, *rows_of_part(columns, part)] for owner, parts in owned for part in parts]


def rows_of_part(columns: Sequence[str], part: object) -> list[str]:
    """Cells of one part, such as a radio."""
    return [_text(getattr(part, column)) for column in columns]


def _access_point_rows(
    access_points: Sequence[AccessPoint], names: Mapping[tuple[Ssid, ...], str]
) -> list[list[str]]:
    rows = []
    for ap in access_points:
        if ap.ssids not in names:
            raise ModelError(f"{ap.id} offers networks that stand in no set")
        rows.append(
            [
                ap.id,
                ap.site,
                f"{ap.x_m:.1f}",
                f"{ap.y_m:.1f}",
                _text(ap.height_m),
                ap.placement,
                names[ap.ssids],
                ap.switch,
                ap.port,
            ]
        )
    return rows


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _csv(subject: str, rows: Sequence[Sequence[str]]) -> str:
    lines = [",".join(COLUMNS[subject])]
    lines += [",".join(map(_quoted, row)) for row in rows]
    return "\n".join(lines) + "\n"


def _quoted(cell: str) -> str:
    if "," in cell or '"' in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _head(
    city: City,
    entries: Sequence[TableEntry],
    networks: Mapping[str, tuple[Ssid, ...]],
    outline: str,
    schema_path: str,
) -> str:
    data: dict[str, Any] = {
        "format": 1,
        "name": city.name,
        "title": city.title,
        "seed": city.seed,
        "timezone": city.timezone,
        "centre": {"lat_deg": city.lat_deg, "lon_deg": city.lon_deg},
        "outline": outline,
        "street_km": city.street_km,
        "networks": {
            name: [
                {
                    "name": ssid.name,
                    "enabled": ssid.enabled,
                    "hidden": ssid.hidden,
                    "station_isolation": ssid.station_isolation,
                }
                for ssid in ssids
            ]
            for name, ssids in networks.items()
        },
        "tables": [entry.model_dump(exclude_defaults=True) for entry in entries],
    }
    CityFile.model_validate(data)
    first = f"# yaml-language-server: $schema={schema_path}\n" if schema_path else ""
    return first + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
