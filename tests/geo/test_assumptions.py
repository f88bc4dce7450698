"""Assumptions of the generators and of the systems are gathered into one table."""

import pytest

from twin.geo import assumptions
from twin.geo.assumptions import all_assumptions
from twin.geo.generate.assumptions import GEO_ASSUMPTIONS

TEXT = """
from twin.model.city import Assumption
ASSUMPTIONS = (
    Assumption(key={key!r}, value={value}, unit="s", mark={mark!r}, source="s", used_by={used!r}),
)
"""


@pytest.fixture
def systems(tmp_path, monkeypatch):
    monkeypatch.setattr(assumptions, "_SYSTEMS", tmp_path)

    def add(name, *, key="x.y", value="1.5", mark="K", used="x"):
        folder = tmp_path / name
        folder.mkdir()
        text = TEXT.format(key=key, value=value, mark=mark, used=used)
        (folder / "assumptions.py").write_text(text, encoding="utf-8")

    return add


def test_the_generators_come_first_then_systems_by_name(systems):
    systems("zoo", key="zoo.a")
    systems("air", key="air.ä")
    found = all_assumptions()
    assert found[: len(GEO_ASSUMPTIONS)] == GEO_ASSUMPTIONS
    assert [item.key for item in found[len(GEO_ASSUMPTIONS) :]] == ["air.ä", "zoo.a"]


def test_a_key_stands_once(systems):
    systems("a")
    systems("b")
    with pytest.raises(ValueError, match=r"assumption x.y stands twice"):
        all_assumptions()


@pytest.mark.parametrize(
    "fields",
    [{"key": "a b"}, {"value": "float('nan')"}, {"mark": "X"}, {"used": ""}, {"used": "a\nb"}],
)
def test_what_cannot_be_read_back_is_refused(systems, fields):
    systems("a", **fields)
    with pytest.raises(ValueError, match="is not as the table wants"):
        all_assumptions()
