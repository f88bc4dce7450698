"""The builder gives the same city for the same seed, and the committed one."""

import re

import numpy as np
import pytest

from twin.geo.assumptions import all_assumptions
from twin.geo.build import SEED, build_duisburg, duisburg_texts, main
from twin.geo.columns import COLUMNS
from twin.geo.generate.sites import nearest_own_m
from twin.geo.reader import CITIES
from twin.geo.schema import SCHEMA_FILE, schema_text
from twin.geo.sources import read_sources
from twin.model.errors import InputError


@pytest.fixture
def source(reference_dir):
    return reference_dir / "data" / "duisburg"


@pytest.mark.reference
def test_the_committed_folder_is_what_the_builder_makes(source):
    texts = duisburg_texts(source, SEED)
    committed = {p.name: p.read_text(encoding="utf-8") for p in (CITIES / "duisburg").iterdir()}
    assert texts.keys() == committed.keys()
    assert [name for name in texts if texts[name] != committed[name]] == []


@pytest.mark.reference
@pytest.mark.parametrize("seed", [1, 2025])
def test_another_seed_changes_what_is_generated_and_nothing_real(source, duisburg, seed):
    city = build_duisburg(read_sources(source, "duisburg"), seed)
    assert (city.census, city.schools, city.stops) == (
        duisburg.census,
        duisburg.schools,
        duisburg.stops,
    )
    assert city.sites != duisburg.sites
    assert len(city.lamps) == len(duisburg.lamps)
    assert len(city.access_points) == len(duisburg.access_points)
    for operator in "ABC":
        points = [
            (s.x_m, s.y_m) for s in city.sites if s.operator == operator and s.kind != "lamp_head"
        ]
        assert 450 <= np.median(nearest_own_m(np.array(points))) <= 800


@pytest.mark.reference
def test_the_command_writes_the_folder(source, tmp_path, capsys):
    assert main(["--source", str(source), "--out", str(tmp_path / "x")]) == 0
    assert "27 files" in capsys.readouterr().out
    lamps = (tmp_path / "x" / "lamps.csv").read_bytes()
    assert lamps == (CITIES / "duisburg" / "lamps.csv").read_bytes()


@pytest.mark.reference
def test_census_tables_that_do_not_belong_together_are_refused(source, tmp_path):
    for path in source.iterdir():
        text = path.read_text(encoding="utf-8")
        if path.name.startswith("zensus_1km"):
            lines = text.splitlines()
            text = "\n".join(lines[: len(lines) // 2])
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="residents, but"):
        read_sources(tmp_path, "duisburg")


def test_a_missing_source_is_one_line(tmp_path, capsys):
    assert main(["--source", str(tmp_path), "--out", str(tmp_path / "x")]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "no such file" in err


def test_the_shipped_schema_is_current():
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), "run python -m twin.geo.schema"


def test_the_city_file_names_its_schema():
    first = (CITIES / "duisburg" / "city.yaml").read_text(encoding="utf-8").split("\n", 1)[0]
    assert first.startswith("# yaml-language-server: $schema=")
    target = CITIES / "duisburg" / first.partition("$schema=")[2]
    assert target.resolve() == SCHEMA_FILE.resolve()


def test_the_table_of_assumptions_is_current(duisburg):
    assert duisburg.assumptions == all_assumptions(), "run python -m twin.geo.assumptions"


def test_the_readme_of_the_cities_names_every_column():
    rows = {
        cells[1].strip(): cells[2]
        for cells in (
            line.split("|")
            for line in (CITIES / "README.md").read_text(encoding="utf-8").splitlines()
            if line.startswith("| ")
        )
    }
    for subject, columns in COLUMNS.items():
        words = re.sub(r"\([^)]*\)", "", rows[subject]).replace(" ", "").split(",")
        assert tuple(words) == columns
