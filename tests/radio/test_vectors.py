"""The reference vectors are whole, and the models meet them."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from twin.radio.link import throughput
from twin.radio.tr38901 import los
from twin.radio.tr38901.pathloss import pathloss_db

VECTORS = Path(__file__).parent.parent / "data" / "vectors"
SHORT = {"Rma": "RMa", "Uma": "UMa", "UMi-StreetCanyon": "UMi", "InH-Office": "InH",
    "IndoorMixedOffice": "InH", "IndoorOpenOffice": "InH-open",
    "UmiStreetCanyon": "UMi"}  # fmt: skip


def read(name, folder=VECTORS):
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_file_has_the_sum_that_was_carried():
    sums = dict(
        reversed(line.split("  ")) for line in (VECTORS / "SHA256SUMS").read_text().splitlines()
    )
    names = {str(path.relative_to(VECTORS)) for path in VECTORS.rglob("*.csv")}
    assert set(sums) == names
    for name, digest in sums.items():
        assert hashlib.sha256((VECTORS / name).read_bytes()).hexdigest() == digest, name


def test_every_file_has_a_row_with_its_source():
    table = (VECTORS / "README.md").read_text(encoding="utf-8")
    listed = set(
        re.findall(r"^\| (\S+\.csv) \| \d+ \| .+ \| .+ \| .+ \| .+ \|$", table, re.MULTILINE)
    )
    assert listed == {path.name for path in VECTORS.glob("*.csv")}


def check_pathloss(rows):
    assert rows
    for row in rows:
        loss = pathloss_db(
            SHORT.get(row["scenario"], row["scenario"]),
            float(row["d2D_m"]),
            float(row["fc_GHz"]) * 1e9,
            float(row["h_BS_m"]),
            float(row["h_UT_m"]),
            is_los=row["condition"] == "LOS",
        )
        assert loss == pytest.approx(float(row["pathloss_dB"]), abs=0.05), row


def check_los(rows):
    assert rows
    for row in rows:
        d, h_ut = float(row["d2D_m"]), float(row["h_UT_m"])
        scenario = SHORT.get(row["scenario"], row["scenario"])
        p = los.los_probability(scenario, d, h_ut)
        assert p == pytest.approx(float(row["p_LOS"]), abs=0.001), row


def test_path_loss_agrees_within_a_twentieth_of_a_decibel():
    check_pathloss(read("tr38901_pathloss_ns3.csv"))


def test_los_probability_agrees_within_a_thousandth():
    check_los(read("tr38901_los_probability_ns3.csv"))


@pytest.mark.reference
def test_models_agree_with_the_full_reference_files(reference_dir):
    check_pathloss(read("tr38901_pathloss_ns3.csv", reference_dir / "vectors"))
    check_los(read("tr38901_los_probability_ns3.csv", reference_dir / "vectors"))


def test_mcs_tables_are_exact():
    rows = read("ts38214_mcs_tables.csv")
    assert len(rows) == sum(len(table) for table in throughput.MCS_TABLES.values())
    for row in rows:
        order, rate = throughput.MCS_TABLES[int(row["table_5.1.3.1"])][int(row["mcs"])]
        assert (order, rate) == (int(row["Qm"]), float(row["code_rate_x1024"]))
        rounded = float(row["spectral_efficiency"])  # four decimals, halves upward
        assert order * rate / 1024 == pytest.approx(rounded, abs=5.001e-5)


@pytest.mark.parametrize("table", [1, 2])
def test_thresholds_follow_the_simulated_curves(table):
    """Within 0.5 dB for 90 % of the code blocks of 3,000 bits and more; short blocks need more."""
    gaps = []
    for row in read(f"nr_sinr_at_10pct_bler_table{table}_5glena.csv"):
        if int(row["code_block_bits"]) >= 3000:
            threshold = throughput.SINR_AT_10PCT_BLER_DB[table][int(row["mcs"])]
            gaps.append(abs(threshold - float(row["sinr_dB_at_10pct_bler_linear_interp"])))
    assert len(gaps) > 100
    assert np.mean(np.array(gaps) <= 0.5) >= 0.9


def test_thresholds_are_those_of_the_largest_block_listed():
    for table, thresholds in throughput.SINR_AT_10PCT_BLER_DB.items():
        largest = defaultdict(lambda: (0, 0.0))
        for row in read(f"nr_sinr_at_10pct_bler_table{table}_5glena.csv"):
            found = int(row["code_block_bits"]), float(row["sinr_dB_at_10pct_bler_linear_interp"])
            largest[int(row["mcs"])] = max(largest[int(row["mcs"])], found)
        for mcs, (bits, sinr_db) in largest.items():
            if bits > 3000:
                assert thresholds[mcs] == pytest.approx(sinr_db, abs=0.006), (table, mcs)
