"""Reference tables of TR 38.901: path loss and P(LOS)."""

from __future__ import annotations

from collections.abc import Iterator

from twin.radio.check.table import ReferenceCheck, ReferenceTable, Row, compare
from twin.radio.tr38901.los import los_probability
from twin.radio.tr38901.pathloss import pathloss_db

__all__ = ["CHECKS"]

_EDITION = "3GPP TR 38.901 V17.0.0 (2022)"
_SCENARIO = {"rma": "RMa", "uma": "UMa", "umi": "UMi", "inh": "InH"}


def _pathloss(table: ReferenceTable) -> Iterator[Row]:
    for i, row in enumerate(table.rows):
        loss_db = pathloss_db(
            _SCENARIO[row["scenario"].lower()],
            table.number(i, "d2D_m"),
            table.number(i, "fc_GHz") * 1e9,
            table.number(i, "h_BS_m"),
            table.number(i, "h_UT_m"),
            is_los=row["condition"] == "LOS",
        )
        yield compare(i, float(loss_db), table.number(i, "pathloss_dB"), table.number(i, "tol_dB"))


def _los(table: ReferenceTable) -> Iterator[Row]:
    for i, row in enumerate(table.rows):
        share = los_probability(
            _SCENARIO[row["scenario"].lower()], table.number(i, "d2D_m"), table.number(i, "h_UT_m")
        )
        yield compare(i, float(share), table.number(i, "p_LOS"), 0.001)


CHECKS = (
    ReferenceCheck(
        columns=("scenario", "condition", "fc_GHz", "d2D_m", "h_BS_m", "h_UT_m", "pathloss_dB"),
        model="TR 38.901 path loss",
        edition=_EDITION,
        tolerance=0.05,
        unit="dB",
        run=_pathloss,
    ),
    ReferenceCheck(
        columns=("scenario", "d2D_m", "h_BS_m", "h_UT_m", "p_LOS"),
        model="TR 38.901 P(LOS)",
        edition=_EDITION,
        tolerance=0.001,
        unit="probability",
        run=_los,
    ),
)
