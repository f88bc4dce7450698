"""The software that devices of the city run: one release for each kind, until somebody upgrades."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["SOFTWARE", "SOFTWARE_PATH"]

SOFTWARE_PATH = "software_version"

SOFTWARE: Mapping[str, str] = MappingProxyType(
    {
        "ap": "8.4.1",
        "cell": "23.2",
        "switch": "5.170",
        "lamp_cabinet": "2.0.3",
        "lorawan_gateway": "2.1.0",
    }
)
"""Made-up releases by kind of device."""
