"""`city.yaml` and the areas, broken: one line that names the file, or a city."""

from __future__ import annotations

import json

import pytest
import yaml

from twin.geo.cityfile import load_city
from twin.model.errors import InputError

VALUES = (None, 1, -1.5, True, "", "a\nb", [], {}, [[]], 10**30, 1e308, "x" * 2000)


def _places(value, above=()):
    if above:
        yield above
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*above, key))
    elif isinstance(value, list) and value:
        yield from _places(value[0], (*above, 0))


def _with(document, place, value):
    copy = json.loads(json.dumps(document))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copy


def _refusal(folder):
    try:
        load_city(folder)
    except InputError as err:
        text = str(err)
        assert text.isprintable()
        assert len(text) < 600
        return text
    return ""


@pytest.mark.parametrize(
    ("name", "read", "write"),
    [("city.yaml", yaml.safe_load, yaml.safe_dump), ("districts.geojson", json.loads, json.dumps)],
)
def test_a_strange_value_anywhere_is_one_line_or_harmless(folder, name, read, write):
    path = folder / name
    document = read(path.read_text(encoding="utf-8"))
    for place in _places(document):
        for value in VALUES:
            path.write_text(write(_with(document, place, value)), encoding="utf-8")
            _refusal(folder)


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        ({"type": "MultiPolygon", "coordinates": [[]]}, "at least 1 item"),
        ({"type": "MultiPolygon", "coordinates": []}, "at least 1 item"),
        ({"type": "Polygon", "coordinates": [[[7.5, 51.4], [7.6, 51.4]]]}, "at least 4 items"),
        ({"type": "a\nb", "coordinates": []}, "tag 'a b'"),
    ],
)
def test_an_area_without_corners_is_refused(folder, geometry, message):
    path = folder / "districts.geojson"
    areas = json.loads(path.read_text(encoding="utf-8"))
    for feature in areas["features"]:
        feature["geometry"] = geometry
    path.write_text(json.dumps(areas), encoding="utf-8")
    text = _refusal(folder)
    assert "districts.geojson:1:" in text
    assert message in text
