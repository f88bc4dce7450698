"""Read a city folder: `city.yaml` and the tables it names. Nothing here is random."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from twin.geo import network_tables, tables, traffic_tables, utility_tables
from twin.geo.columns import COLUMNS
from twin.geo.csvtable import Table, read_table
from twin.geo.geojson import load_districts
from twin.geo.references import check_places, check_references
from twin.geo.schema import CityFile, TableEntry
from twin.model.city import City, District, Provenance, Ring, Ssid
from twin.model.errors import InputError
from twin.model.safe import Document, load_yaml, parse_model

__all__ = ["CITIES", "MAX_CHARACTERS", "city_folder", "read_city"]

CITIES = Path(__file__).parent.parent / "cities"
"""Folder of the cities in the box."""

MAX_CHARACTERS = 128_000_000
"""Most text in all tables together, some twenty times that of Duisburg."""

_Object = TypeVar("_Object")
_Made_co = TypeVar("_Made_co", covariant=True)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def city_folder(ref: str | Path) -> Path:
    """Find the folder of a city.

    Parameters
    ----------
    ref : str or Path
        Name of a city in the box, or a folder with a `city.yaml`.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        Neither.
    """
    name = str(ref)
    folder = Path(ref)
    if folder.name == "city.yaml":
        folder = folder.parent
    boxed = [CITIES / name] if isinstance(ref, str) and _NAME.fullmatch(name) else []
    for candidate in (*boxed, folder):
        if name and os.path.isfile(candidate / "city.yaml"):  # noqa: PTH113 - Path.is_file raises on long names
            return candidate
    known = ", ".join(sorted(path.parent.name for path in CITIES.glob("*/city.yaml"))) or "none"
    raise InputError(
        f"no city {name!r}", hint=f"cities in the box: {known}; or name a folder with a city.yaml"
    )


def read_city(folder: Path) -> City:
    """Read a city folder.

    Parameters
    ----------
    folder : Path
        Folder with a `city.yaml`.

    Returns
    -------
    City
        The city.

    Raises
    ------
    InputError
        A file is missing or wrong: says which, where and what to do.
    """
    document = load_yaml(folder / "city.yaml")
    head = parse_model(CityFile, document)
    _check_files(document, head)
    with _without_gc():
        return _Reader(folder, head, document).city()


def _check_files(document: Document, head: CityFile) -> None:
    seen: set[str] = set()
    for i, entry in enumerate(head.tables):
        if entry.file in seen:
            raise document.error(f"file {entry.file} stands twice", "tables", i, "file")
        seen.add(entry.file)
        if entry.file.endswith(".geojson") != (entry.subject == "districts"):
            raise document.error(
                f"{entry.subject} cannot stand in {entry.file}",
                "tables",
                i,
                "file",
                hint="districts are GeoJSON, everything else is CSV",
            )


@contextmanager
def _without_gc() -> Iterator[None]:
    """Pause the cycle collector: half a million new records hold no cycle and cost it seconds."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Read(Protocol[_Made_co]):
    def __call__(self, table: Table, /, *, synthetic: bool) -> tuple[_Made_co, ...]: ...


class _Reader:
    """One reading of one folder."""

    def __init__(self, folder: Path, head: CityFile, document: Document) -> None:
        self.folder = folder
        self.head = head
        self.document = document
        self.ids: dict[str, set[str]] = {}
        self.outline: tuple[Ring, ...] = ()
        self.tables: dict[str, Table] = {}
        self.n_characters = 0

    def city(self) -> City:
        head = self.head
        districts = self._districts()
        self.outline = self._outline(districts)
        radios = self._by_owner("radios", network_tables.read_radios)
        ports = self._by_owner("ports", network_tables.read_ports)
        read_access_points = partial(
            network_tables.read_access_points, radios=radios, networks=_networks(head)
        )
        read_switches = partial(network_tables.read_switches, ports=ports)
        city = City(
            name=head.name,
            title=head.title,
            seed=head.seed,
            timezone=head.timezone,
            lat_deg=head.centre.lat_deg,
            lon_deg=head.centre.lon_deg,
            outline=self.outline,
            districts=districts,
            census=self._objects("census", tables.read_census),
            schools=self._objects("schools", tables.read_schools),
            stops=self._objects("stops", tables.read_stops),
            buildings=self._objects("buildings", tables.read_buildings),
            sites=self._objects("sites", network_tables.read_sites),
            cells=self._objects("cells", network_tables.read_cells),
            access_points=self._objects("access_points", read_access_points),
            switches=self._objects("switches", read_switches),
            cabinets=self._objects("cabinets", tables.read_cabinets),
            lamps=self._objects("lamps", tables.read_lamps),
            lines=self._objects("lines", traffic_tables.read_lines),
            signals=self._objects("signals", traffic_tables.read_signals),
            power_nodes=self._objects("power_nodes", utility_tables.read_power_nodes),
            offices=self._objects("offices", utility_tables.read_offices),
            fibre_nodes=self._objects("fibre_nodes", utility_tables.read_fibre_nodes),
            fibre_links=self._objects("fibre_links", utility_tables.read_fibre_links),
            gateways=self._objects("gateways", utility_tables.read_gateways),
            wireless_customers=self._objects(
                "wireless_customers", utility_tables.read_wireless_customers
            ),
            assumptions=self._objects("assumptions", utility_tables.read_assumptions),
            street_km=head.street_km,
            provenance=tuple(_provenance(entry) for entry in head.tables),
        )
        subjects = {entry.subject for entry in head.tables if entry.file in self.tables}
        check_references(
            {name: [self._table(e) for e in self._entries(name)] for name in subjects}, city
        )
        return city

    def _entries(self, subject: str) -> list[TableEntry]:
        return [entry for entry in self.head.tables if entry.subject == subject]

    def _table(self, entry: TableEntry) -> Table:
        if entry.file not in self.tables:
            header = COLUMNS[entry.subject]
            table = self.tables[entry.file] = read_table(self.folder / entry.file, header)
            self.n_characters += len(table.text)
            if self.n_characters > MAX_CHARACTERS:
                raise InputError(
                    f"the tables up to this one are larger than {MAX_CHARACTERS / 1e6:g} MB",
                    table.source,
                    hint="remove what is not of the city",
                )
        return self.tables[entry.file]

    def _objects(self, subject: str, read: _Read[_Object]) -> tuple[_Object, ...]:
        """Join the tables of a subject; an id stands once in all of them."""
        objects: tuple[_Object, ...] = ()
        ids = self.ids.setdefault(subject, set())
        for entry in self._entries(subject):
            table = self._table(entry)
            made = read(table, synthetic=entry.synthetic)
            check_places(table, made, self.outline)
            objects += made
            if "id" not in table.header:
                continue
            for i_row, id_ in enumerate(table.texts("id") if ids else ()):
                if id_ in ids:
                    raise table.error(i_row, "id", "stands in another table as well")
            ids.update(table.texts("id"))
        return objects

    def _by_owner(
        self,
        subject: str,
        read: Callable[[Table], Mapping[str, tuple[_Object, ...]]],
    ) -> dict[str, tuple[_Object, ...]]:
        """Read parts such as radios, by the id of what they belong to."""
        parts: dict[str, tuple[_Object, ...]] = {}
        owners = {"radios": ("access_points", "access_point"), "ports": ("switches", "switch")}
        owner_subject, column = owners[subject]
        known = {
            id_ for entry in self._entries(owner_subject) for id_ in self._table(entry).texts("id")
        }
        for entry in self._entries(subject):
            table = self._table(entry)
            for i_row, owner in enumerate(table.texts(column)):
                if owner not in known:
                    raise table.error(i_row, column, f"is not in the {owner_subject} table")
            for owner, mine in read(table).items():
                parts[owner] = parts.get(owner, ()) + mine
        return parts

    def _districts(self) -> tuple[District, ...]:
        return tuple(
            district
            for entry in self._entries("districts")
            for district in load_districts(self.folder / entry.file, synthetic=entry.synthetic)
        )

    def _outline(self, districts: tuple[District, ...]) -> tuple[Ring, ...]:
        for district in districts:
            if district.code == self.head.outline:
                return district.rings
        raise self.document.error(
            f"outline {self.head.outline[:60]!r} is the code of no district",
            "outline",
            hint="name a code of the districts table",
        )


def _networks(head: CityFile) -> dict[str, tuple[Ssid, ...]]:
    return {
        name: tuple(
            Ssid(
                name=network.name,
                enabled=network.enabled,
                hidden=network.hidden,
                station_isolation=network.station_isolation,
            )
            for network in networks
        )
        for name, networks in head.networks.items()
    }


def _provenance(entry: TableEntry) -> Provenance:
    assumed = f"Assumed: {'; '.join(entry.assumptions)}." if entry.assumptions else ""
    return Provenance(
        table=entry.file,
        source=entry.source,
        licence=entry.licence,
        attribution=entry.attribution,
        changed=entry.changed,
        synthetic=entry.synthetic,
        note=" ".join(part for part in (entry.note, assumed) if part),
    )
