"""Fits to made-up samples with known parameters, and what the fit refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from twin.radio.calibration import cross_validated_rmse_db, fit_path_loss


def samples(n: int = 4000, sigma: float = 8.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    distance = 10.0 ** rng.uniform(2, 4, n)
    return distance, 130.0 + 35.0 * np.log10(distance / 1e3) + rng.normal(0, sigma, n)


def test_known_intercept_slope_and_shadowing_are_found() -> None:
    fit = fit_path_loss(*samples())
    assert abs(fit.intercept_db - 130.0) < 4 * fit.intercept_error_db
    assert abs(fit.slope - 3.5) < 4 * fit.slope_error
    assert fit.sigma_db == pytest.approx(8.0, rel=0.05)
    assert fit.residual_percentile_db[95.0] == pytest.approx(1.645 * 8.0, rel=0.1)


def test_exact_samples_give_an_exact_fit() -> None:
    fit = fit_path_loss(*samples(50, 0.0))
    assert fit.intercept_db == pytest.approx(130.0)
    assert fit.slope == pytest.approx(3.5)


def test_offsets_of_clutter_are_found_and_rare_classes_have_none() -> None:
    distance, loss = samples()
    clutter = np.arange(distance.size) % 2
    clutter[:5] = 9
    fit = fit_path_loss(distance, loss + 10.0 * (clutter == 1), clutter=clutter)
    assert fit.offset_db[1] - fit.offset_db[0] == pytest.approx(10.0, abs=1.0)
    assert 9 not in fit.offset_db
    assert fit.loss_db(1000.0, [1]) - fit.loss_db(1000.0, [0]) == pytest.approx(10.0, abs=1.0)


def test_outliers_move_the_robust_fit_less() -> None:
    distance, loss = samples()
    loss[:200] += 60.0
    plain, robust = (fit_path_loss(distance, loss, is_robust=value) for value in (False, True))
    assert abs(robust.intercept_db - 130.0) < 1.0 < abs(plain.intercept_db - 130.0)


def test_error_over_unseen_samples_is_no_smaller_than_over_seen_ones() -> None:
    distance, loss = samples(300)
    unseen = cross_validated_rmse_db(distance, loss, np.random.default_rng(1))
    assert fit_path_loss(distance, loss).rmse_db <= unseen < 9.0


@pytest.mark.parametrize(
    ("distance", "loss", "match"),
    [
        ([1.0, 2.0, float("nan")], [1.0, 2.0, 3.0], r"distance_m\[2\]"),
        ([1.0, 2.0, 0.0], [1.0, 2.0, 3.0], r"distance_m\[2\]"),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], "one distance"),
        ([1.0, 2.0], [1.0, 2.0], "needs 3"),
        ([1.0, 2.0, 3.0], [1.0, 2.0], "shape"),
    ],
)
def test_bad_samples_are_refused(distance: list[float], loss: list[float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        fit_path_loss(distance, loss)


@pytest.mark.reference
def test_fit_beats_hata_and_free_space_on_every_real_sample(reference_dir: Path) -> None:
    """Also with their mean error taken out; reads receptions of Brno and Ostrava."""
    script = Path(__file__).parents[2] / "examples/calibrate_lpwan.py"
    sample = reference_dir / "data/fixtures/lpwan_brno_ostrava.csv"
    if not sample.is_file():
        pytest.skip("no lpwan_brno_ostrava.csv among the reference files")
    done = subprocess.run(
        [sys.executable, str(script), str(sample)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 7
    for row in rows[1:]:
        fit, hata, free = (float(cell.split()[0]) for cell in row[4:])
        assert fit < min(hata, free)
        assert fit < float(row[5].split("(")[1].rstrip(") "))
