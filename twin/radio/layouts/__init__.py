"""The layouts by which 3GPP companies compared their simulators, and the curves they agreed on."""

from twin.radio.layouts.cases import CASES, CalibrationCase
from twin.radio.layouts.curves import PERCENTILES, CalibrationCurves, run_case
from twin.radio.layouts.efficiency import CellEfficiency, cell_efficiency

__all__ = [
    "CASES",
    "PERCENTILES",
    "CalibrationCase",
    "CalibrationCurves",
    "CellEfficiency",
    "cell_efficiency",
    "run_case",
]
