"""Footprints and heights of buildings from LoD2 models: CityGML tiles and GeoPackage."""

from __future__ import annotations

import math
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import shapely
from lxml import etree

from twin.model.errors import InputError
from twin.model.safe import parse_xml

__all__ = ["Footprint", "read_lod2"]

MAX_GML_BYTES = 512 * 1024 * 1024
MAX_BUILDINGS = 2_000_000

_LOCAL = "{*}"
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Ground plan and height of one building.

    Parameters
    ----------
    id : str
        Identifier of the building in its source.
    outline : shapely.Geometry
        Polygon or multipolygon in EPSG:25832. [m]
    ground_m : float
        Height of the ground at the building above sea level. [m]
    height_m : float
        Height of the building above its ground. [m]
    """

    id: str
    outline: shapely.Geometry
    ground_m: float = field(metadata={"unit": "m"})
    height_m: float = field(metadata={"unit": "m"})


def read_lod2(path: Path) -> tuple[Footprint, ...]:
    """Read the buildings of a CityGML tile or of a GeoPackage.

    Parameters
    ----------
    path : Path
        A ``.gml``, ``.xml`` or ``.gpkg`` file in EPSG:25832. A GeoPackage needs the columns ``id``,
        ``height`` and ``ground_z`` beside its geometry.

    Returns
    -------
    tuple of Footprint
        Buildings with a ground plan; their parts are buildings of their own.

    Raises
    ------
    InputError
        Another format, a damaged file, other coordinates, a building without height.

    References
    ----------
    .. [1] AdV, Produkt- und Qualitaetsstandard fuer 3D-Gebaeudemodelle, LoD2 (CityGML 1.0).
    .. [2] OGC 12-128r18, GeoPackage Encoding Standard 1.3, 2.1.3 (binary geometry).
    """
    kind = path.suffix.lower()
    if kind == ".gpkg":
        return tuple(_from_geopackage(path))
    if kind in {".gml", ".xml"}:
        return tuple(_from_citygml(path))
    raise InputError(f"{kind or 'no ending'} is no format of buildings", str(path),
                     hint="give a .gml, .xml or .gpkg file")  # fmt: skip


def _from_citygml(path: Path) -> Iterator[Footprint]:
    try:
        data = path.read_bytes()
    except OSError as err:
        raise InputError(err.strerror or "cannot be read", str(path)) from err
    root = parse_xml(data, str(path), max_bytes=MAX_GML_BYTES)
    _check_crs(root, path)
    for tag in ("Building", "BuildingPart"):
        for element in root.iter(f"{_LOCAL}{tag}"):
            found = _building(element, path)
            if found:
                yield found


def _check_crs(root: etree._Element, path: Path) -> None:
    envelope = root.find(f".//{_LOCAL}Envelope")
    name = "" if envelope is None else envelope.get("srsName", "")
    if name and "UTM32" not in name.upper() and "25832" not in name:
        raise InputError(f"coordinates are in {name!r}", str(path), hint="convert to EPSG:25832")


def _building(element: etree._Element, path: Path) -> Footprint | None:
    line, name = _line(element), element.get("{http://www.opengis.net/gml}id", "")
    grounds = [
        polygon
        for surface in element.iter(f"{_LOCAL}GroundSurface")
        if _owner(surface) is element
        for polygon in surface.iter(f"{_LOCAL}Polygon")
    ]
    if not grounds:
        return None
    shells = [_ring(polygon, path) for polygon in grounds]
    outline = shapely.union_all(
        [shapely.make_valid(shapely.Polygon(ring[:, :2])) for ring in shells]
    )
    ground_m = float(np.mean([ring[:, 2].mean() for ring in shells]))
    height = element.find(f"{_LOCAL}measuredHeight")
    if height is None:
        raise InputError(f"building {name!r} has no measuredHeight", str(path), line)
    return Footprint(
        id=name,
        outline=outline,
        ground_m=ground_m,
        height_m=_number(height.text or "", path, _line(height)),
    )


def _line(element: etree._Element) -> int:
    return cast("int | None", element.sourceline) or 0


def _owner(surface: etree._Element) -> etree._Element | None:
    """Give the building or part a surface belongs to: parts stand inside their building."""
    for parent in surface.iterancestors():
        if etree.QName(parent).localname in {"Building", "BuildingPart"}:
            return parent
    return None


def _ring(polygon: etree._Element, path: Path) -> np.ndarray:
    """Outer ring of a polygon, shape (n, 3)."""
    place = polygon.find(f"{_LOCAL}exterior//{_LOCAL}posList")
    text = "" if place is None else place.text or ""
    line = _line(polygon)
    values = [_number(word, path, line) for word in text.split()]
    if len(values) < 12 or len(values) % 3:
        raise InputError("a ground surface needs four points of three numbers", str(path), line)
    return np.array(values).reshape(-1, 3)


def _number(text: str, path: Path, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{text!r} is not a number", str(path), line)
    return value


def _from_geopackage(path: Path) -> Iterator[Footprint]:
    if not path.is_file():
        raise InputError("no such file", str(path))
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
            table, column = _geometry_column(base, path)
            names = f'"{column}", id, ground_z, height FROM "{table}"'  # checked for quotes
            query = f"SELECT {names} LIMIT {MAX_BUILDINGS}"  # nosec B608
            for geometry, name, ground_m, height_m in base.execute(query):
                if geometry is None or height_m is None or ground_m is None:
                    raise InputError(f"building {name!r} lacks geometry or height", str(path))
                yield Footprint(
                    id=str(name),
                    outline=_outline(geometry, str(name), path),
                    ground_m=_number(str(ground_m), path, 0),
                    height_m=_number(str(height_m), path, 0),
                )
    except sqlite3.Error as err:
        raise InputError(f"is no GeoPackage of buildings: {err}", str(path)) from err


def _geometry_column(base: sqlite3.Connection, path: Path) -> tuple[str, str]:
    rows = base.execute(
        "SELECT g.table_name, g.column_name, s.organization_coordsys_id"
        " FROM gpkg_geometry_columns g JOIN gpkg_spatial_ref_sys s USING (srs_id)"
    ).fetchall()
    if len(rows) != 1:
        raise InputError(f"has {len(rows)} tables of features, must have one", str(path))
    table, column, epsg = rows[0]
    if epsg != 25832:
        raise InputError(f"coordinates are in EPSG:{epsg}", str(path), hint="convert to EPSG:25832")
    if '"' in table + column:
        raise InputError("a name holds a quotation mark", str(path))
    return str(table), str(column)


def _outline(blob: bytes, name: str, path: Path) -> shapely.Geometry:
    """Polygon of the binary geometry: a header with an envelope, then WKB."""
    try:
        magic, _version, flags, _srs = struct.unpack_from("<2sBBi", blob)
        start = 8 + _ENVELOPE_BYTES[flags >> 1 & 7]
        if magic != b"GP":
            raise ValueError("no GeoPackage geometry")
        outline = shapely.from_wkb(blob[start:])
    except (struct.error, KeyError, ValueError, shapely.errors.ShapelyError) as err:
        raise InputError(f"building {name!r} has a damaged geometry", str(path)) from err
    if outline is None or outline.geom_type not in {"Polygon", "MultiPolygon"}:
        raise InputError(f"building {name!r} has no polygon", str(path))
    return shapely.make_valid(outline)
