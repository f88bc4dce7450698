"""Read the open data of a city: outline, census, schools and stops, as they were published."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.geo.geojson import load_districts
from twin.geo.projection import laea_to_utm, wgs84_to_utm
from twin.model.city import CensusCell, District, School, Stop
from twin.model.errors import InputError

__all__ = ["CensusGrid", "OpenData", "read_sources"]

_MODES = ("bus", "tram", "subway", "rail", "ferry")
_N_TYPES = 10
_TOLERANCE = 0.02  # residents at the border belong to cells that lie half outside


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusGrid:
    """The 100 m census cells of a city, by column.

    Parameters
    ----------
    i_x, i_y : ndarray of int
        Place in the European grid, EPSG:3035 in units of 100 m.
    x_m, y_m : ndarray
        Centres in the plane. [m]
    residents : ndarray
        Estimate: residents of the 1 km cell spread by dwellings.
    dwellings, buildings : ndarray of int
        Counts of the census, perturbed by its publisher.
    types : ndarray of shape (N, 10)
        Buildings by type; not consistent with `buildings`.
    """

    i_x: NDArray[np.int64]
    i_y: NDArray[np.int64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    residents: NDArray[np.float64]
    dwellings: NDArray[np.int64]
    buildings: NDArray[np.int64]
    types: NDArray[np.int64]

    def cells(self) -> tuple[CensusCell, ...]:
        """Give the cells as records."""
        columns = (self.x_m, self.y_m, self.residents, self.dwellings, self.buildings)
        return tuple(
            CensusCell(x_m=x, y_m=y, residents=residents, dwellings=dwellings, buildings=n)
            for x, y, residents, dwellings, n in zip(*(c.tolist() for c in columns), strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenData:
    """All that was to hand about a city."""

    districts: tuple[District, ...]
    census: CensusGrid
    schools: tuple[School, ...]
    stops: tuple[Stop, ...]
    stop_weight: dict[str, float]
    stations: frozenset[str]


def read_sources(folder: Path, name: str) -> OpenData:
    """Read the open data of a city.

    Parameters
    ----------
    folder : Path
        Folder with ``NAME_districts.geojson``, ``NAME_schools.geojson``, ``NAME_stops.geojson``,
        ``zensus_100m_NAME.csv`` and ``zensus_1km_NAME.csv``.
    name : str
        Name of the city in the file names.

    Returns
    -------
    OpenData
        What lies in the city; rows outside are dropped.

    Raises
    ------
    InputError
        A file is missing, lacks a column, or the two census tables do not belong together.
    """
    census = _census(folder / f"zensus_100m_{name}.csv")
    _compare(folder / f"zensus_1km_{name}.csv", float(census.residents.sum()))
    weights: dict[str, float] = {}
    stations: set[str] = set()
    stops = []
    for item in _points(folder / f"{name}_stops.geojson"):
        stops.append(_stop(item))
        weights[str(item["eva"])] = float(item["weight"])
        if item["kind"] == "station":
            stations.add(str(item["eva"]))
    return OpenData(
        districts=load_districts(folder / f"{name}_districts.geojson"),
        census=census,
        schools=tuple(map(_school, _points(folder / f"{name}_schools.geojson"))),
        stops=tuple(stops),
        stop_weight=weights,
        stations=frozenset(stations),
    )


def _points(path: Path) -> list[dict[str, Any]]:
    """Properties of the points inside the city, with `x_m` and `y_m` added."""
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        inside = [feature for feature in features if feature["properties"]["in_city"]]
        lonlat = np.array([feature["geometry"]["coordinates"] for feature in inside])
        x, y = wgs84_to_utm(lonlat[:, 0], lonlat[:, 1])
    except FileNotFoundError as err:
        raise InputError("no such file", str(path), hint="name the folder of the data") from err
    except (KeyError, TypeError, ValueError, IndexError) as err:
        raise InputError(f"not the points expected ({err})", str(path)) from err
    return [
        {**feature["properties"], "x_m": x_m, "y_m": y_m}
        for feature, x_m, y_m in zip(inside, x.round(1).tolist(), y.round(1).tolist(), strict=True)
    ]


def _school(item: dict[str, Any]) -> School:
    return School(
        id=str(item["school_id"]),
        name=str(item["name"]),
        form=str(item["form"]),
        x_m=item["x_m"],
        y_m=item["y_m"],
        pupils=int(item["pupils"]),
    )


def _stop(item: dict[str, Any]) -> Stop:
    return Stop(
        id=str(item["eva"]),
        name=str(item["name"]),
        x_m=item["x_m"],
        y_m=item["y_m"],
        modes=tuple(mode for mode in _MODES if item[mode]),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError as err:
        raise InputError("no such file", str(path), hint="name the folder of the data") from err


def _census(path: Path) -> CensusGrid:
    rows = _rows(path)
    try:
        inside = [row for row in rows if row["in_city"] == "True"]
        east = np.array([int(row["x"]) for row in inside])
        north = np.array([int(row["y"]) for row in inside])
        x, y = laea_to_utm(east, north)
        types = [[int(row[f"bldg_type_{i + 1}"]) for i in range(_N_TYPES)] for row in inside]
        return CensusGrid(
            i_x=east // 100,
            i_y=north // 100,
            x_m=x.round(1),
            y_m=y.round(1),
            residents=np.array([float(row["pop_est"]) for row in inside]),
            dwellings=np.array([int(row["dwellings"]) for row in inside]),
            buildings=np.array([int(row["buildings"]) for row in inside]),
            types=np.array(types),
        )
    except (KeyError, ValueError) as err:
        raise InputError(f"not the census table expected ({err})", str(path)) from err


def _compare(path: Path, residents: float) -> None:
    """Refuse 100 m cells whose residents are not those of the 1 km cells."""
    try:
        expected = sum(float(r["Einwohner"] or 0) * float(r["share_in_city"]) for r in _rows(path))
    except (KeyError, ValueError) as err:
        raise InputError(f"not the census table expected ({err})", str(path)) from err
    if abs(residents - expected) > _TOLERANCE * expected:
        raise InputError(
            f"{expected:.0f} residents, but {residents:.0f} in the 100 m cells",
            str(path),
            hint="take both tables from one census",
        )
