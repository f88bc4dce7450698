"""Reference tables of TR 38.901: path loss and P(LOS)."""

from __future__ import annotations

from collections.abc import Iterator

from twin.radio.check.table import ReferenceCheck, ReferenceTable, Row, compare
from twin.radio.tr38901.los import los_probability
from twin.radio.tr38901.pathloss import pathloss_db

__all__ = ["CHECKS"]

_EDITION = "3GPP TR 38.901 V17.0.0 (2022)"
_SCENARIO = {
    "rma": "RMa",
    "uma": "UMa",
    "umi": "UMi",
    "umistreetcanyon": "UMi",
    "inh": "InH",
    "inhoffice": "InH",
    "inhofficemixed": "InH-mixed",
    "inhofficeopen": "InH-open",
    "inhmixed": "InH-mixed",
    "inhopen": "InH-open",
    "indooroffice": "InH",
    "indoormixedoffice": "InH-mixed",
    "indooropenoffice": "InH-open",
    "infsl": "InF-SL",
    "infdl": "InF-DL",
    "infsh": "InF-SH",
    "infdh": "InF-DH",
    "infhh": "InF-HH",
}
_IS_LOS = {"LOS": True, "NLOS": False}


def _scenario(name: str) -> str:
    """Our name of a scenario; KeyError (reported with the file) if there is none."""
    short = "".join(letter for letter in name.lower() if letter.isalnum())
    if short not in _SCENARIO:
        raise KeyError(name)
    return _SCENARIO[short]


def _pathloss(table: ReferenceTable) -> Iterator[Row]:
    for i, row in enumerate(table.rows):
        scenario = _scenario(row["scenario"])
        loss_db = pathloss_db(
            "InH" if scenario.startswith("InH") else scenario,
            table.number(i, "d2D_m"),
            table.number(i, "fc_GHz") * 1e9,
            table.number(i, "h_BS_m"),
            table.number(i, "h_UT_m"),
            is_los=_IS_LOS[row["condition"].upper()],
        )
        yield compare(i, float(loss_db), table.number(i, "pathloss_dB"), table.number(i, "tol_dB"))


def _los(table: ReferenceTable) -> Iterator[Row]:
    for i, row in enumerate(table.rows):
        share = los_probability(
            _scenario(row["scenario"]),
            table.number(i, "d2D_m"),
            table.number(i, "h_UT_m"),
            h_bs_m=table.number(i, "h_BS_m"),
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
