"""The layouts by which 3GPP companies compared their simulators, and the curves they agreed on."""

from twin.radio.layouts.cases import CASES, CalibrationCase
from twin.radio.layouts.curves import PERCENTILES, CalibrationCurves, run_case

__all__ = ["CASES", "PERCENTILES", "CalibrationCase", "CalibrationCurves", "run_case"]
