"""The page and the curves of a simulated day."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from stellwerk.day.plots import curves_png, title_of
from stellwerk.day.report import write_day
from twin.geo.cityfile import load_city
from twin.sim.run import SimulationResult, simulate
from twin.sim.system import Kpi, Moment

START = datetime(2026, 1, 13, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture(scope="module")
def result() -> SimulationResult:
    return simulate(load_city("duisburg"), hours=0.5, seed=1, start=START, systems=["lamps"])


@pytest.mark.parametrize("hours", [0.01, 0.1, 0.5, 1, 2, 3.5, 6, 9, 12, 24, 36, 48, 200, 8784])
def test_curves_of_any_length_have_hours_or_dates_below(hours: float) -> None:
    step_s = max(36.0, 6.0 * hours)
    at_s = [step_s * k for k in range(1, 1 + max(1, int(hours * 3600.0 / step_s)))]
    png = curves_png(START, at_s, {"lamps": {"power_w": [float(k) for k in range(len(at_s))]}})
    assert png.startswith(b"\x89PNG")


def test_a_run_without_curves_has_an_empty_picture() -> None:
    assert curves_png(START, [], {}).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("power_w", "power [W]"),
        ("lte450_load_percent", "lte450 load [%]"),
        ("lamps_lit", "lamps lit"),
        ("rain_mm_h", "rain [mm/h]"),
        ("throughput_gbps", "throughput [Gbit/s]"),
    ],
)
def test_a_gauge_is_named_in_words_with_its_unit(name: str, title: str) -> None:
    assert title_of(name) == title


def test_the_tables_hold_what_was_found(result: SimulationResult, tmp_path: Path) -> None:
    city = load_city("duisburg")
    written = write_day(tmp_path, result, city, "stellwerk simulate")
    assert {path.name for path in written} == {path.name for path in tmp_path.iterdir()}
    said = json.loads((tmp_path / "result.json").read_text())
    with (tmp_path / "kpis.csv").open(newline="") as file:
        rows = {(row["system"], row["kpi"]): float(row["value"]) for row in csv.DictReader(file)}
    assert rows == {
        (system, kpi): found["value"]
        for system, kpis in said["systems"].items()
        for kpi, found in kpis.items()
    }
    with (tmp_path / "curves.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["at_s"]) for line in lines] == list(result.at_s)
    assert [float(line["lamps.power_w"]) for line in lines] == list(
        result.curves["lamps"]["power_w"]
    )


def test_the_page_asks_nobody_and_shows_names_as_they_are(
    result: SimulationResult, tmp_path: Path
) -> None:
    odd = replace(
        result,
        scenario="<script>alert(1)</script>",
        moments=(Moment(60.0, "<b>school</b>", "A & B"),),
        systems={"lamps": {"share": Kpi(float("nan"), "%", "nothing yet")}},
    )
    write_day(tmp_path, odd, load_city("duisburg"), "stellwerk simulate")
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;b&gt;school&lt;/b&gt;" in page
    assert "A &amp; B" in page
    assert "default-src 'none'" in page
    assert 'src="http' not in page
    assert 'class="n">-<' in page
    assert "Tue 00:01:00" in page
