"""The example scripts run, each as its user would start it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import reference_folder
from twin.sim.scenario import load_scenario

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
SCENARIOS = sorted((ROOT / "examples" / "scenarios").glob("*.yaml"))
SMALL = {"planner_map.py": ["--step", "200", "--out", "{out}"]}
SAMPLE = {"calibrate_lpwan.py": "data/fixtures/lpwan_brno_ostrava.csv"}


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_an_example_runs_and_says_something(script: Path, tmp_path: Path) -> None:
    words = [word.format(out=tmp_path) for word in SMALL.get(script.name, [])]
    if script.name in SAMPLE:
        sample = reference_folder() / SAMPLE[script.name]
        if not sample.is_file():
            pytest.skip("no reference files: set STELLWERK_REFERENCE=DIR")
        words = [str(sample)]
    done = subprocess.run(
        [sys.executable, str(script), *words], cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.splitlines()) >= 3
    assert "nan" not in done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_an_example_says_how_to_start_it(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert f"Usage: python examples/{script.name}" in text


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_an_example_of_a_scenario_can_be_read_and_says_how_to_start_it(path: Path) -> None:
    scenario = load_scenario(path)
    assert scenario.name == path.stem
    assert scenario.comment
    assert scenario.events
    assert f"--scenario examples/scenarios/{path.name}" in path.read_text(encoding="utf-8")
