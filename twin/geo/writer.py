"""Write a city as a folder, so that reading the folder gives the same city."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from twin.geo.columns import COLUMNS, rows_of
from twin.geo.geojson import dump_districts
from twin.geo.schema import CityFile, TableEntry
from twin.model.city import AccessPoint, City, Ssid
from twin.model.errors import ModelError
from twin.model.safe import dump_yaml

__all__ = ["city_texts", "table_text", "write_city"]

Stands = Callable[[str, str], bool]


def _anywhere(site: str, file: str) -> bool:
    del site, file
    return True


def city_texts(
    city: City,
    entries: Sequence[TableEntry],
    *,
    networks: Mapping[str, tuple[Ssid, ...]],
    outline: str,
    schema_path: str = "",
    stands_in: Stands = _anywhere,
) -> dict[str, str]:
    """Make the text of every file of a city folder.

    Parameters
    ----------
    city : City
        The city.
    entries : sequence of TableEntry
        The files wanted.
    networks : mapping
        Sets of Wi-Fi networks by name; each access point offers one of them.
    outline : str
        Code of the district that is the whole city.
    schema_path : str
        Where an editor finds the JSON schema; empty for no such line.
    stands_in : callable
        Says of a site and a file whether access points and switches of the site stand in the
        file: tables under different licences stay apart.

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
    texts = {"city.yaml": _head(city, entries, networks, outline, schema_path)}
    for entry in entries:
        if entry.subject == "districts":
            texts[entry.file] = dump_districts(city.districts)
        else:
            texts[entry.file] = _csv(entry.subject, _rows(city, entry, names, stands_in))
    return texts


def table_text(subject: str, objects: Iterable[object]) -> str:
    """Make the text of one table.

    Parameters
    ----------
    subject : str
        A key of `twin.geo.columns.COLUMNS` whose rows name no owner.
    objects : iterable
        Records of `twin.model.city`.

    Returns
    -------
    str
        CSV with its header.
    """
    return _csv(subject, rows_of(subject, objects))


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
    city: City, entry: TableEntry, names: Mapping[tuple[Ssid, ...], str], stands_in: Stands
) -> list[list[str]]:
    access_points = [ap for ap in city.access_points if stands_in(ap.site, entry.file)]
    switches = [switch for switch in city.switches if stands_in(switch.site, entry.file)]
    match entry.subject:
        case "access_points":
            rows = rows_of("access_points", access_points)
            at = COLUMNS["access_points"].index("networks")
            return [
                [*row[:at], _set_name(ap, names), *row[at:]]
                for ap, row in zip(access_points, rows, strict=True)
            ]
        case "radios":
            return [[ap.id, *row] for ap in access_points for row in rows_of("radios", ap.radios)]
        case "switches":
            return rows_of("switches", switches)
        case "ports":
            return [
                [switch.id, *row] for switch in switches for row in rows_of("ports", switch.ports)
            ]
        case subject:
            return rows_of(subject, getattr(city, subject))


def _set_name(ap: AccessPoint, names: Mapping[tuple[Ssid, ...], str]) -> str:
    if ap.ssids not in names:
        raise ModelError(f"{ap.id} offers networks that stand in no set")
    return names[ap.ssids]


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
        "tables": [_entry(entry) for entry in entries],
    }
    CityFile.model_validate(data)
    first = f"# yaml-language-server: $schema={schema_path}\n" if schema_path else ""
    return first + dump_yaml(data)


def _entry(entry: TableEntry) -> dict[str, Any]:
    """Show every flag, but no empty text or list."""
    return {key: value for key, value in entry.model_dump().items() if value not in ("", [])}
