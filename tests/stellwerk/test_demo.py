"""The main job from end to end, as a user runs it, with its report in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.image import imread

from stellwerk.exits import Exit

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], Path]:
    out = tmp_path_factory.mktemp("demo") / "out"
    done = subprocess.run(
        [sys.executable, "-m", "stellwerk", "demo", "--json", "--out", str(out)],
        capture_output=True, text=True, cwd=ROOT, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == Exit.OK, done.stderr[-3000:]
    assert "\x1b" not in done.stderr
    return json.loads(done.stdout), out


def test_the_summary_holds_what_was_promised(demo: tuple[dict[str, object], Path]) -> None:
    summary, out = demo
    assert summary == json.loads((out / "summary.json").read_text())
    assert summary["city"] == "duisburg"
    assert summary["schools"] == 133
    assert int(str(summary["devices_emulated"])) >= 60
    assert summary["changes_applied"] == summary["changes_planned"]
    assert summary["replan_empty"] is True
    assert summary["rollback_clean"] is True
    assert 0 < float(str(summary["coverage_share_before"])) <= 1
    assert 0 < float(str(summary["coverage_share_after"])) <= 1
    assert isinstance(summary["seconds"], dict)


@pytest.mark.daemon("snmpd", "netconfd", "openssh-server")
def test_three_real_devices_take_part(demo: tuple[dict[str, object], Path]) -> None:
    assert int(str(demo[0]["devices_real"])) >= 3


def test_the_twin_and_the_world_differ(demo: tuple[dict[str, object], Path]) -> None:
    residuals = demo[0]["residuals"]
    assert isinstance(residuals, list)
    assert residuals
    assert all(residual["rms"] > 0 for residual in residuals)


def test_the_dead_device_ends_the_run_with_exit_5_and_recover_brings_it_back(
    demo: tuple[dict[str, object], Path],
) -> None:
    acts = demo[0]["acts"]
    assert isinstance(acts, list)
    deaths = [act for act in acts if "dies" in act["name"]]
    assert [act["exit_code"] for act in deaths] == [Exit.NOT_RESTORED] * 2
    returns = [act for act in acts if "returns" in act["name"]]
    assert len(returns) == 2
    assert all(act["ok"] for act in acts)


@pytest.mark.chromium
def test_the_report_shows_its_maps_and_asks_nobody_else(
    demo: tuple[dict[str, object], Path], tmp_path: Path
) -> None:
    report = demo[1] / "report.html"
    text = report.read_text(encoding="utf-8")
    assert "http://" not in text
    assert "https://" not in text.replace("https://www.govdata.de", "")
    picture = tmp_path / "report.png"
    chromium = shutil.which("chromium") or "chromium"
    subprocess.run(
        [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
            *("--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND"),
            *(f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1240,2600"),
            *(f"--screenshot={picture}", report.as_uri()),
        ],
        check=True, capture_output=True, timeout=60, env=os.environ | {"HOME": str(tmp_path)},
    )  # fmt: skip
    pixels = imread(picture)[..., :3]
    # A map is colour: a page whose pictures did not load is grey and white.
    colourful = (pixels.max(axis=-1) - pixels.min(axis=-1)) > 0.3
    assert colourful.mean() > 0.05


def test_the_journal_of_the_demo_is_intact(demo: tuple[dict[str, object], Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stellwerk", "journal", "verify", "--json",
         "--journal", str(demo[1] / "journal.db")],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["intact"] is True
