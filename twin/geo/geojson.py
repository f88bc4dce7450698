"""Read and write the areas of a city as GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from twin.geo.projection import utm_to_wgs84, wgs84_to_utm
from twin.geo.rings import inside
from twin.model.city import District, Ring
from twin.model.safe import load_yaml, parse_model

__all__ = ["dump_districts", "load_districts"]

_MAX_BYTES = 16_000_000

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
LinearRing = Annotated[list[tuple[Longitude, Latitude]], Field(min_length=4)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Properties(_Model):
    code: str = Field(min_length=1)
    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    level: Literal["city", "district", "quarter"]
    area_km2: float = Field(gt=0, allow_inf_nan=False)


class _Polygon(_Model):
    type: Literal["Polygon"]
    coordinates: list[LinearRing] = Field(min_length=1)


class _MultiPolygon(_Model):
    type: Literal["MultiPolygon"]
    coordinates: list[Annotated[list[LinearRing], Field(min_length=1)]] = Field(min_length=1)


class _Feature(_Model):
    type: Literal["Feature"]
    properties: _Properties
    geometry: _Polygon | _MultiPolygon = Field(discriminator="type")


class _Collection(_Model):
    type: Literal["FeatureCollection"]
    features: list[_Feature]
    name: str = ""
    crs: dict[str, object] = Field(default_factory=dict)
    xy_coordinate_resolution: float = 0.0


def load_districts(path: Path, *, synthetic: bool = False) -> tuple[District, ...]:
    """Read areas from GeoJSON and project them.

    Parameters
    ----------
    path : Path
        A FeatureCollection of polygons in WGS 84 with code, slug, level and area_km2.
    synthetic : bool
        The areas are generated.

    Returns
    -------
    tuple of District
        In the order of the file; coordinates rounded to 0.1 m.

    Raises
    ------
    InputError
        Not such a file; names line and column.

    References
    ----------
    .. [1] RFC 7946 (2016). JSON is YAML 1.2, so the one hardened reader does.
    """
    document = load_yaml(path, max_bytes=_MAX_BYTES)
    collection = parse_model(_Collection, document)
    districts = tuple(_district(feature, synthetic=synthetic) for feature in collection.features)
    codes = [district.code for district in districts]
    for i, code in enumerate(codes):
        if code in codes[:i]:
            raise document.error(f"code {code!r} stands twice", "features", i, "properties", "code")
    return districts


def _district(feature: _Feature, *, synthetic: bool) -> District:
    geometry = feature.geometry
    polygons = [geometry.coordinates] if isinstance(geometry, _Polygon) else geometry.coordinates
    return District(
        code=feature.properties.code,
        slug=feature.properties.slug,
        level=feature.properties.level,
        area_km2=round(feature.properties.area_km2, 4),
        rings=tuple(_ring(ring) for polygon in polygons for ring in polygon),
        synthetic=synthetic,
    )


def _ring(points: list[tuple[float, float]]) -> Ring:
    x, y = wgs84_to_utm([p[0] for p in points[:-1]], [p[1] for p in points[:-1]])
    return tuple(zip(x.round(1).tolist(), y.round(1).tolist(), strict=True))


def dump_districts(districts: Sequence[District]) -> str:
    """Write areas as GeoJSON, so that reading it gives the same areas.

    Parameters
    ----------
    districts : sequence of District
        The areas.

    Returns
    -------
    str
        The text; one line per feature.
    """
    features = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {
                    "code": district.code,
                    "slug": district.slug,
                    "level": district.level,
                    "area_km2": district.area_km2,
                },
                "geometry": {"type": "MultiPolygon", "coordinates": _polygons(district.rings)},
            },
            separators=(",", ":"),
        )
        for district in districts
    ]
    body = ",\n".join(features)
    return f'{{"type":"FeatureCollection","features":[\n{body}\n]}}\n'


def _polygons(rings: Sequence[Ring]) -> list[list[list[list[float]]]]:
    """Sort rings into polygons: a ring inside an odd number of others is a hole of the last."""
    depth = [
        sum(
            bool(inside([other], [ring[0][0]], [ring[0][1]])[0])
            for other in rings
            if other is not ring
        )
        for ring in rings
    ]
    polygons: list[list[list[list[float]]]] = []
    for ring, level in zip(rings, depth, strict=True):
        if level % 2 and polygons:
            polygons[-1].append(_lonlat(ring))
        else:
            polygons.append([_lonlat(ring)])
    return polygons


def _lonlat(ring: Ring) -> list[list[float]]:
    # 7 digits are 1 cm: enough to find the same 0.1 m again
    lon, lat = utm_to_wgs84([p[0] for p in ring], [p[1] for p in ring])
    points = [[round(a, 7), round(b, 7)] for a, b in zip(lon.tolist(), lat.tolist(), strict=True)]
    return [*points, points[0]]
