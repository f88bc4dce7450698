"""Every reference table is recognised by its header, and its model is within tolerance."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from stellwerk.cli import run
from stellwerk.exits import Exit
from twin.model.errors import InputError
from twin.radio.check.registry import CHECKS, check_table, find_check
from twin.radio.check.table import ReferenceTable, read_table

VECTORS = Path(__file__).parents[2] / "data" / "vectors"
TABLES = sorted(path.name for path in VECTORS.glob("*.csv") if path.name != "itm_pfls_ntia.csv")


def table_of(path: Path) -> ReferenceTable:
    table = read_table(path)
    assert table is not None
    return table


@pytest.mark.parametrize("name", TABLES)
def test_the_models_are_within_tolerance_of_every_reference_table(name: str) -> None:
    table = table_of(VECTORS / name)
    check = find_check(table)
    assert check is not None, "no model knows this header"
    result = check_table(check, table)
    assert result.is_within, result
    assert result.rows + len(result.excluded) >= len(table.rows) - 1  # a second header line
    assert math.isfinite(result.worst_error)


@pytest.mark.parametrize("name", TABLES)
def test_a_wrong_reference_value_is_seen(name: str) -> None:
    """A check that cannot fail is worth nothing: shift every value that the model computes."""
    table = table_of(VECTORS / name)
    check = find_check(table)
    assert check is not None
    shifted = []
    for row in table.rows:
        shifted.append({key: _shift(key, value) for key, value in row.items()})
    wrong = ReferenceTable(path=table.path, header=table.header, rows=tuple(shifted))
    assert not check_table(check, wrong).is_within


RESULTS = {
    "A__db", "Lb", "Lb (dB)", "E_reference_dBuV_per_m_or_as_source", "airtime_us", "duration_ns",
    "building entry loss (dB)", "gamma_r", "gamma0 (dB/km)", "loss_dB", "p_LOS",
    "pathloss_dB", "payload_symbols", "sinr_dB_at_10pct_bler_linear_interp",
    "spectral_efficiency", "spectral_efficiency_bps_Hz", "throughput_Mbps",
}  # fmt: skip


def _shift(column: str, value: str) -> str:
    if column not in RESULTS or not value:
        return value
    try:
        return str(float(value) * 1.5 + 1.0)
    except ValueError:
        return value  # the line of units


def test_no_two_checks_claim_one_table() -> None:
    for name in TABLES:
        table = table_of(VECTORS / name)
        known = [check for check in CHECKS if set(check.columns) <= set(table.header)]
        longest = max(len(check.columns) for check in known)
        assert sum(len(check.columns) == longest for check in known) == 1, name


def test_json_has_the_documented_shape(capsys: pytest.CaptureFixture[str]) -> None:
    path = VECTORS / "tr38901_pathloss_ns3.csv"
    assert run(["radio", "check", str(path), "--json"]) == Exit.OK
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert set(entry) == {
        "file", "model", "edition", "rows", "within", "excluded", "worst_error", "tolerance",
        "unit",
    }  # fmt: skip
    assert (entry["rows"], entry["within"], entry["unit"]) == (16, 16, "dB")


def test_a_table_out_of_tolerance_ends_with_its_own_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "scenario,condition,fc_GHz,d2D_m,h_BS_m,h_UT_m,pathloss_dB,tol_dB\n"
        "RMa,LOS,5.0,10.0,35,1.5,87.3784,0.05\n"
    )
    assert run(["radio", "check", str(path)]) == Exit.LIMIT_FAILED
    assert "10" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no reference table"),
        ("a,b\n1,2\n", "holds no reference table"),
        ("\x00\x01\x02", "holds no reference table"),
        ("scenario,condition,fc_GHz,d2D_m,h_BS_m,h_UT_m,pathloss_dB,tol_dB\n"
         "RMa,LOS,five,10.0,35,1.5,87.3784,0.05\n", ":2: column 'fc_GHz' holds 'five'"),
        ("scenario,condition,fc_GHz,d2D_m,h_BS_m,h_UT_m,pathloss_dB,tol_dB\n"
         "XMa,LOS,5,10.0,35,1.5,87.3784,0.05\n", "does not know 'XMa'"),
    ],
    ids=["empty", "another", "binary", "word", "scenario"],
)  # fmt: skip
def test_a_bad_table_is_one_line(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    assert run(["radio", "check", str(path)]) == Exit.ERROR
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_table_that_cannot_be_run_does_not_hold_up_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = VECTORS / "ts38214_mcs_tables.csv"
    bad = tmp_path / "bad.csv"
    bad.write_text(
        "scenario,condition,fc_GHz,d2D_m,h_BS_m,h_UT_m,pathloss_dB,tol_dB\n"
        "XMa,LOS,5,10.0,35,1.5,87.3784,0.05\n"
    )
    assert run(["radio", "check", str(bad), str(good), "--json"]) == Exit.ERROR
    captured = capsys.readouterr()
    assert [Path(item["file"]).name for item in json.loads(captured.out)["files"]] == [good.name]
    assert "bad.csv" in captured.err


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        read_table(path)
