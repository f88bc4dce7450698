"""The kernel of the Irregular Terrain Model against plain Python, threads, sets, and bad inputs."""

from __future__ import annotations

import numpy as np
import pytest
from itm_oracle import area_path, loss_db, profile_path

from cext import _itm
from cext._isa import isas
from twin.model.errors import ModelRangeError
from twin.radio.terrain.itm import MDVAR, ItmSetting, itm_area_db, itm_p2p_db

SETTING = ItmSetting().for_kernel()


def drawn(rng: np.random.Generator) -> tuple[ItmSetting, dict, tuple[float, float], float]:
    """Anything the model allows: for the kernel and for the oracle."""
    percents = tuple(float(p) for p in rng.uniform(0.1, 99.9, 3))
    shared = {"climate": int(rng.integers(1, 8)), "mdvar": int(rng.choice(MDVAR))}
    shared["is_vertical"] = bool(rng.integers(2))
    ground = float(rng.choice([4, 15, 25, 81])), float(rng.choice([0.001, 0.005, 0.02, 5]))
    setting = ItmSetting(
        n0=float(rng.uniform(250, 400)),
        epsilon_r=ground[0],
        sigma_s_per_m=ground[1],
        time_percent=percents[0],
        location_percent=percents[1],
        situation_percent=percents[2],
        **shared,
    )
    oracle = {"epsilon": ground[0], "sigma": ground[1], "percents": percents, **shared}
    heights = tuple(float(h) for h in np.exp(rng.uniform(np.log(0.6), np.log(300), 2)))
    return setting, oracle, heights, float(np.exp(rng.uniform(np.log(20), np.log(20000))))


@pytest.mark.parametrize("isa", isas())
def test_profiles_agree_with_plain_python(isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STELLWERK_ISA", isa)
    rng = np.random.default_rng(11)
    compared = 0
    for _ in range(150):
        setting, oracle, ends, f = drawn(rng)
        step = float(rng.choice([30.0, 92.7, 300.0, 1000.0]))
        walk = np.cumsum(rng.normal(0, rng.choice([0, 0.3, 3, 12]), int(rng.integers(3, 600))))
        heights = np.clip(200.0 + walk, 0.0, None)
        try:
            ours = float(itm_p2p_db(heights, step, *ends, f * 1e6, setting=setting))
        except ModelRangeError:
            continue
        path = profile_path([float(h) for h in heights], step, ends, f, setting.n0)
        assert ours == pytest.approx(loss_db(path, **oracle), abs=1e-5)
        compared += 1
    assert compared > 140


@pytest.mark.parametrize("isa", isas())
def test_area_mode_agrees_with_plain_python(isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STELLWERK_ISA", isa)
    rng = np.random.default_rng(12)
    for _ in range(300):
        setting, oracle, ends, f = drawn(rng)
        d, delta_h = float(np.exp(rng.uniform(7, 14.5))), float(rng.choice([0, 10, 90, 500]))
        siting = tuple(int(s) for s in rng.integers(0, 3, 2))
        try:
            ours = itm_area_db(d, delta_h, *ends, f * 1e6, siting=siting, setting=setting)
        except ModelRangeError:
            continue
        path = area_path(d, delta_h, ends, siting, f, setting.n0)
        assert float(ours) == pytest.approx(loss_db(path, **oracle), abs=1e-6)


def profiles(n: int, dtype: type = np.float32) -> tuple:
    rng = np.random.default_rng(5)
    heights = (100 + np.cumsum(rng.normal(0, 3, (n, 120)), axis=1)).astype(dtype)
    one = np.ones(n)
    return heights, 90 * one, 20 * one, 1.5 * one, 800 * one, SETTING


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 15, 16, 17, 333])
def test_any_number_of_threads_gives_the_same_bits(dtype: type, n: int) -> None:
    one, _ = _itm.profiles(*profiles(n, dtype), n_threads=1)
    for n_threads in (2, 3, 7):
        assert np.array_equal(one, _itm.profiles(*profiles(n, dtype), n_threads=n_threads)[0])


def test_out_is_filled_and_returned() -> None:
    out = np.empty(20), np.empty(20, np.uint8)
    assert _itm.profiles(*profiles(20), out=out) is out
    assert np.array_equal(out[0], _itm.profiles(*profiles(20))[0])


def test_read_only_profiles_pass() -> None:
    heights, *rest = profiles(20)
    heights.setflags(write=False)
    assert np.isfinite(_itm.profiles(heights, *rest)[0]).all()


def test_no_profile_gives_no_loss() -> None:
    assert _itm.profiles(*profiles(0))[0].shape == (0,)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e6])
@pytest.mark.parametrize("place", [0, 119, 511, 512, 2399])
def test_a_bad_height_is_named(bad: float, place: int) -> None:
    heights, *rest = profiles(20)
    heights.flat[place] = bad
    with pytest.raises(ValueError, match=f"row {place // 120}, column {place % 120}"):
        _itm.profiles(heights, *rest)


@pytest.mark.parametrize("column", range(1, 5))
@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, -1.0])
def test_a_bad_number_of_a_profile_is_named(column: int, bad: float) -> None:
    inputs = profiles(20)
    inputs[column][13] = bad
    with pytest.raises(ValueError, match="row 13"):
        _itm.profiles(*inputs)


@pytest.mark.parametrize("change", ["dtype", "shape", "strides", "length", "out"])
def test_a_wrong_array_is_refused(change: str) -> None:
    heights, step, *rest = profiles(20)
    out = None
    match change:
        case "dtype":
            heights = heights.astype(np.int32)
        case "shape":
            heights = heights[:, :2].copy()
        case "strides":
            heights = heights[:, ::2]
        case "length":
            step = step[:-1]
        case "out":
            out = np.empty(19), np.empty(20, np.uint8)
    with pytest.raises(ValueError):  # noqa: PT011 - Cython words the layout its own way
        _itm.profiles(heights, step, *rest, out=out)


@pytest.mark.parametrize("place", [(7, 0), (7, 8), (8, 4), (8, 34), (0, np.nan), (3, np.inf)])
def test_a_bad_setting_is_refused(place: tuple[int, float]) -> None:
    setting = list(SETTING)
    setting[place[0]] = place[1]
    with pytest.raises(ValueError, match="setting"):
        _itm.profiles(*profiles(3)[:-1], setting)


def test_a_bad_area_path_is_named() -> None:
    columns = np.ones((5, len(_itm.AREA_COLUMNS)))
    columns[3, 2] = np.nan
    with pytest.raises(ValueError, match="path 3: row 2"):
        _itm.area(columns, SETTING)
    with pytest.raises(ValueError, match="columns"):
        _itm.area(columns[:, :5].copy(), SETTING)
