"""A scenario that cannot be ends `stellwerk simulate` with one line, exit code 1 and no output."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from stellwerk.cli import run as stellwerk
from twin.geo.reader import CITIES

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture
def refused(tmp_path, capsys):
    """Run a scenario, and return the one line it is refused with."""

    def run(text, *, systems="", hours="2", start="2026-01-13T07:30", city="duisburg"):
        path = tmp_path / "bad.yaml"
        path.write_text(f"scenario: bad\nevents:\n{text}", encoding="utf-8")
        words = ["simulate", "--city", city, "--start", start, "--hours", hours, "--json"]
        words += ["--scenario", str(path)] + (["--systems", systems] if systems else [])
        code = stellwerk(words)
        said = capsys.readouterr()
        assert code == 1, said
        assert said.out == ""
        lines = [line for line in said.err.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, said.err
        assert "Traceback" not in said.err
        # a terminal wraps; the message itself is one line
        return " ".join(said.err[said.err.index("error: ") :].split())

    return run


def _do(system, verb, target, extra="", at="+10 min"):
    return f'  - {{at: "{at}", system: {system}, do: {verb}, target: "{target}"{extra}}}\n'


@pytest.mark.parametrize(
    ("systems", "text", "words"),
    [
        ("cellular", _do("cellular", "fail", "cell-x"), "cell-x"),
        ("cellular", _do("cellular", "demand", "atlantis", ", with: {factor: 2}"), "atlantis"),
        ("cellular", _do("cellular", "forbid_sleep", "essen"), "essen"),
        ("city_wifi", _do("city_wifi", "radar", "ap-x"), "ap-x"),
        ("city_wifi", _do("city_wifi", "crowd", "moon", ", with: {people: 5}"), "moon"),
        ("transit_wifi", _do("transit_wifi", "disrupt", "999"), "999"),
        ("transit_wifi", _do("transit_wifi", "fail", "tram-x"), "tram-x"),
        ("transit_wifi", _do("transit_wifi", "repeaters", "some"), "some"),
        ("classrooms", _do("classrooms", "exam", "1"), "'1'"),
        ("lamps", _do("lamps", "fail", "lamp-x"), "lamp-x"),
        ("lamps", _do("lamps", "fail_cabinet", "cab-x"), "cab-x"),
        ("lamps", _do("lamps", "dim", "essen", ", with: {level_percent: 30}"), "essen"),
        ("lamps", _do("lamps", "follow_motion", "no-corridor"), "no-corridor"),
        ("signals", _do("signals", "fail", "signal-x"), "signal-x"),
        ("signals", _do("signals", "pattern", "signal-001", ", with: {pattern: x}"), "'x'"),
        ("signals", _do("signals", "computer_outage", "hal"), "hal"),
        ("utilities_iot", _do("utilities_iot", "fail", "gw-x"), "gw-x"),
        ("utilities_iot", _do("utilities_iot", "dim", "mars", ", with: {level_percent: 3}"),
         "mars"),
        ("egov_backbone", _do("egov_backbone", "cut_fibre", "cable-x"), "cable-x"),
        ("egov_backbone", _do("egov_backbone", "close_office", "office-x"), "office-x"),
        ("egov_backbone", _do("egov_backbone", "fail_data_centre", "dc-x"), "dc-x"),
        ("dependencies", _do("dependencies", "cut", "ns-0"), "ns-0"),
        ("dependencies", _do("dependencies", "fail", "uw-x"), "uw-x"),
        ("dependencies", _do("dependencies", "surge", "ns-x"), "ns-x"),
    ],
)  # fmt: skip
def test_unknown_ids_are_named(refused, systems, text, words):
    line = refused(text, systems=systems)
    assert "bad.yaml:3" in line
    assert words in line


@pytest.mark.parametrize(
    ("systems", "text"),
    [
        ("cellular", _do("cellular", "demand", "duisburg", ", with: {factor: -1}")),
        ("city_wifi", _do("city_wifi", "demand", "city", ", with: {factor: -0.5}")),
        ("city_wifi", _do("city_wifi", "demand", "city", ", with: {factor: .nan}")),
        ("transit_wifi", _do("transit_wifi", "demand", "all", ", with: {factor: -2}")),
        ("transit_wifi", _do("transit_wifi", "demand", "all", ", with: {factor: .nan}")),
        ("cellular", _do("cellular", "demand", "duisburg", ", with: {factor: .inf}")),
        ("signals", _do("signals", "flow", "signal-001", ", with: {factor: -1}")),
        ("signals", _do("signals", "flow", "signal-001", ", with: {factor: .nan}")),
        ("classrooms", _do("classrooms", "exam", "158719", ", with: {pupils: -3}")),
        ("classrooms", _do("classrooms", "exam", "158719", ", with: {video_percent: .nan}")),
        ("lamps", _do("lamps", "dim", "city", ", with: {level_percent: -10}")),
        ("lamps", _do("lamps", "dim", "city", ", with: {level_percent: .nan}")),
        ("lamps", _do("lamps", "dim", "city", ', with: {level_percent: 30, from: "25:00"}')),
        ("egov_backbone", _do("egov_backbone", "rain", "city", ", with: {rate_mm_h: -1}")),
        ("egov_backbone", _do("egov_backbone", "rain", "city", ", with: {rate_mm_h: .nan}")),
        ("egov_backbone", _do("egov_backbone", "rain", "city")),
        ("dependencies", _do("dependencies", "fail", "ns-1734", ", with: {repair_h: -2}")),
        ("dependencies", _do("dependencies", "fail", "ns-1734", ", with: {repair_h: .nan}")),
        ("utilities_iot", _do("utilities_iot", "uplink_interval", "lamp",
                              ", with: {interval_s: -60}")),
        ("utilities_iot", _do("utilities_iot", "interference", "all", ", with: {noise_db: .nan}")),
        ("utilities_iot", _do("utilities_iot", "firmware", "all",
                              ", with: {size_mb: 1, share_percent: -5}")),
    ],
)  # fmt: skip
def test_negative_and_impossible_values_are_refused(refused, systems, text):
    assert "bad.yaml:3" in refused(text, systems=systems)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_do("lamps", "fail_cabinet", "cab-1030", at="25:00"), "at is '25:00'"),
        (_do("lamps", "fail_cabinet", "cab-1030", at="+3 h"), "after the end of the run"),
        (_do("lamps", "fail_cabinet", "cab-1030", at="2026-01-12T08:10"), "has passed"),
        (_do("lamps", "fail_cabinet", "cab-1030", at="2026-02-30T08:10"), "2026-02-30"),
        (_do("lamps", "fail_cabinet", "cab-1030", ", for: -2 h"), "for is '-2 h'"),
        (_do("lamps", "fail_cabinet", "cab-1030", at="-10 min"), "-10 min"),
        (_do("lamps", "fial", "lamp-1"), "did you mean 'fail'"),
        (_do("cellular", "fail", "cell-a-001-1-n28"), "'cellular' is not simulated"),
        (_do("lampen", "fail", "lamp-1"), "lampen"),
        ('  - {at: "+1 min", device: cab-1030, set: {no_such: 1}}\n', "no_such"),
        ('  - {at: "+1 min", device: cab-1030, set: {power_w: 1}}\n', "cannot be set"),
        ('  - {at: "+1 min", device: cab-1030, set: {normal_level_percent: 300}}\n', "300"),
        ('  - {at: "+1 min", device: cab-0, set: {normal_level_percent: 30}}\n', "cab-0"),
    ],
)
def test_impossible_times_systems_and_changes_are_refused(refused, text, words):
    assert words in refused(text, systems="lamps,dependencies")


def test_an_unknown_system_on_the_command_line_is_refused(capsys):
    assert stellwerk(["simulate", "--systems", "lamps,trams", "--hours", "1", "--json"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "error: " in said.err
    assert "'trams'" in said.err


def test_a_change_to_a_device_that_is_off_names_line_device_and_time(refused):
    text = _do("dependencies", "cut", "ns-1734") + (
        '  - {at: "+20 min", device: cab-1030, set: {normal_level_percent: 60}}\n'
    )
    line = refused(text, systems="lamps,dependencies", hours="1")
    assert "bad.yaml:4: cab-1030 cannot be changed at 07:50:00" in line
    assert "simulated second 1200" in line
    assert "off or not reachable" in line


def test_stations_that_feed_one_another_in_a_circle_are_refused(refused, tmp_path):
    folder = tmp_path / "ring"
    shutil.copytree(CITIES / "duisburg", folder)
    (table,) = folder.glob("power*.csv")
    rows = table.read_text(encoding="utf-8").splitlines()
    head = rows[0].split(",")
    stations = [i for i, row in enumerate(rows) if "station" in row and row.startswith("ns-")][:2]
    ids = [rows[i].split(",")[head.index("id")] for i in stations]
    for i, other in zip(stations, reversed(ids), strict=True):
        cells = rows[i].split(",")
        cells[head.index("feeds")] = other
        rows[i] = ",".join(cells)
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    line = refused(_do("dependencies", "cut", ids[0]), systems="dependencies", city=str(folder))
    assert all(name in line for name in ids)


def test_the_installed_command_says_it_in_one_line_too(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(f"scenario: s\nevents:\n{_do('lamps', 'fail', 'lamp-x')}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "stellwerk", "simulate", "--systems", "lamps", "--hours", "1",
         "--json", "--scenario", str(path)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
