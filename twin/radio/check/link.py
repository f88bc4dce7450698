"""Reference checks of links: tables of indicators and schemes, LTE adaptation, block errors."""

from __future__ import annotations

from collections.abc import Iterator

from twin.radio.check.table import Excluded, ReferenceCheck, ReferenceTable, Row, compare
from twin.radio.link.bler import sinr_at_10pct_bler_db
from twin.radio.link.cqi import CQI_TABLES, cqi_efficiency_bps_hz, rounded_efficiency
from twin.radio.link.lte import lte_efficiency_bps_hz, lte_mcs
from twin.radio.link.throughput import MCS_TABLES

__all__ = ["CHECKS"]

TS_38214 = "3GPP TS 38.214 V16.2.0 (2020)"
_EFFICIENCY_TOLERANCE = 1e-4
_ROUNDING = 1e-9
_SINR_TOLERANCE_DB = 0.5


def _cqi(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i in range(len(table.rows)):
        number = int(table.number(i, "table"))
        if number not in CQI_TABLES:
            yield Excluded(row=i, reason=f"no CQI table {number}")
            continue
        value = cqi_efficiency_bps_hz(table.number(i, "cqi"), number)
        yield compare(i, float(value), table.number(i, "spectral_efficiency"), _ROUNDING)


def _mcs(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i in range(len(table.rows)):
        schemes = MCS_TABLES[int(table.number(i, "table_5.1.3.1"))]
        order, rate = schemes[int(table.number(i, "mcs"))]
        efficiency = float(rounded_efficiency(order, rate))
        errors = (
            abs(order - table.number(i, "Qm")),
            abs(rate - table.number(i, "code_rate_x1024")),
            abs(efficiency - table.number(i, "spectral_efficiency")),
        )
        yield Row(row=i, error=max(errors), tolerance=_ROUNDING)


def _lte(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i in range(len(table.rows)):
        snr_db = table.number(i, "snr_dB")
        reference = table.number(i, "spectral_efficiency_bps_Hz")
        error = abs(float(lte_efficiency_bps_hz(snr_db)) - reference)
        wrong_by = abs(int(lte_mcs(snr_db)) - table.number(i, "mcs"))  # a step weighs as 1
        yield Row(row=i, error=max(error, wrong_by), tolerance=_EFFICIENCY_TOLERANCE)


def _bler(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i in range(len(table.rows)):
        value = sinr_at_10pct_bler_db(
            int(table.number(i, "mcs")),
            int(table.number(i, "mcs_table")),
            table.number(i, "code_block_bits"),
        )
        reference = table.number(i, "sinr_dB_at_10pct_bler_linear_interp")
        yield compare(i, float(value), reference, _SINR_TOLERANCE_DB)


CHECKS: tuple[ReferenceCheck, ...] = (
    ReferenceCheck(
        columns=("table", "cqi", "spectral_efficiency"),
        model="NR CQI tables",
        edition=TS_38214 + " Tables 5.2.2.1-2 to -4",
        tolerance=_ROUNDING,
        unit="bit/s/Hz",
        run=_cqi,
    ),
    ReferenceCheck(
        columns=("table_5.1.3.1", "mcs", "Qm", "code_rate_x1024", "spectral_efficiency"),
        model="NR MCS tables",
        edition=TS_38214 + " Tables 5.1.3.1-1 to -3",
        tolerance=_ROUNDING,
        unit="bit/s/Hz",
        run=_mcs,
    ),
    ReferenceCheck(
        columns=("snr_dB", "spectral_efficiency_bps_Hz", "mcs"),
        model="LTE link adaptation",
        edition="Piro et al., WNS3 2011; TS 36.213 V8.8.0 Table 7.2.3-1; R1-081483",
        tolerance=_EFFICIENCY_TOLERANCE,
        unit="bit/s/Hz",
        run=_lte,
    ),
    ReferenceCheck(
        columns=("mcs_table", "mcs", "code_block_bits", "sinr_dB_at_10pct_bler_linear_interp"),
        model="NR SINR at 10 % block errors",
        edition="finite-length bound and fitted gap; curves of 5G-LENA nr-eesm-t1.cc, -t2.cc",
        tolerance=_SINR_TOLERANCE_DB,
        unit="dB",
        run=_bler,
        share=0.9,
    ),
)
