"""Puts the simulation of devices on the path of the controllers' tests."""

from __future__ import annotations

import sys
from pathlib import Path

_FOLDER = str(Path(__file__).parent / "simulation")
if _FOLDER not in sys.path:
    sys.path.insert(0, _FOLDER)
