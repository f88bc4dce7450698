"""What the lamps' simulation takes for granted, with where each figure comes from."""

from __future__ import annotations

from types import MappingProxyType

from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "figure"]


def _a(key: str, value: float, unit: str, mark: str, source: str, used_by: str) -> Assumption:
    return Assumption(
        key=f"lamps.{key}", value=value, unit=unit, mark=mark, source=source, used_by=used_by
    )


_K = "general knowledge, unchecked"

ASSUMPTIONS: tuple[Assumption, ...] = (
    _a("boot_s", 30.0, "s", "K", _K, "a cabinet's controller after its power is back"),
    _a("fade_s", 1.0, "s", "K", "DALI fade time 2 of IEC 62386-102; the choice is assumed",
       "change of light on command"),
    _a("power_on_percent", 100.0, "%", "K", "DALI power-on level, default 254",
       "light until the controller has booted"),
    _a("restrike_s", 300.0, "s", "K", _K, "hot sodium lamps after a cut of power"),
    _a("surge_share", 0.1, "1", "K",
       "surges hit several lamps of one feeder (ottima-tech, sunlecn.com); the share is assumed",
       "failures that are a surge"),
    _a("surge_lamps", 5.0, "1", "K", _K, "lamps that a surge takes"),
)  # fmt: skip

_VALUES = MappingProxyType({entry.key: entry.value for entry in ASSUMPTIONS})


def figure(key: str) -> float:
    """Return the value of an assumption by its key without ``lamps.``."""
    return _VALUES[f"lamps.{key}"]
