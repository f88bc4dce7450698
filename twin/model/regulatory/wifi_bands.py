"""The bands Wi-Fi may use in Germany, in the order of the general assignments."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["WIFI_BANDS", "WifiBand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WifiBand:
    """Limits of one range of frequencies.

    Parameters
    ----------
    low_hz, high_hz : float
        Edges. [Hz]
    eirp_dbm : float
        Largest mean EIRP, antenna gain and all chains included. [dBm]
    eirp_without_tpc_dbm : float
        The same for a device without transmit power control. [dBm]
    density_dbm_per_mhz : float or None
        Largest mean EIRP density; with TPC where that matters. [dBm/MHz]
    placements : frozenset of str
        Where it may be used: ``indoor``, ``outdoor_fixed``, ``vehicle``.
    needs_dfs : bool
        Radar detection before and while transmitting.
    reference : str
        The general assignment.
    note : str
        What a person should know.
    """

    low_hz: float = field(metadata={"unit": "Hz"})
    high_hz: float = field(metadata={"unit": "Hz"})
    eirp_dbm: float = field(metadata={"unit": "dBm"})
    eirp_without_tpc_dbm: float = field(metadata={"unit": "dBm"})
    density_dbm_per_mhz: float | None = field(metadata={"unit": "dBm/MHz"})
    placements: frozenset[str]
    needs_dfs: bool = False
    reference: str
    note: str = ""

    @property
    def name(self) -> str:
        """Its edges in MHz, such as ``5470-5725 MHz``."""
        return f"{self.low_hz / 1e6:g}-{self.high_hz / 1e6:g} MHz"


_ANYWHERE = frozenset({"indoor", "outdoor_fixed", "vehicle"})
_INDOOR = frozenset({"indoor"})
_RLAN = "BNetzA Vfg 136/2022 i.d.F. 49/2023; (EU) 2022/179"

# Drawn from the public reading of the orders and the wireless regulatory database of 2026-05-30;
# the orders themselves are the law. BFWA (5755-5875 MHz, Vfg 34/2017) is for commercial public
# fixed broadband only and so is no band of a city access point.
WIFI_BANDS: tuple[WifiBand, ...] = (
    WifiBand(
        low_hz=2400e6,
        high_hz=2483.5e6,
        eirp_dbm=20,
        eirp_without_tpc_dbm=20,
        density_dbm_per_mhz=10,
        placements=_ANYWHERE,
        reference="BNetzA Vfg 128/2023",
    ),
    WifiBand(
        low_hz=5150e6,
        high_hz=5250e6,
        eirp_dbm=23,
        eirp_without_tpc_dbm=23,
        density_dbm_per_mhz=10,
        placements=frozenset({"indoor", "vehicle"}),
        reference=_RLAN,
        note="outdoors not on a fixed antenna, so not on a lamp post; lower limits may hold in "
        "vehicles; whether DFS is asked for here is read differently by two sources",
    ),
    WifiBand(
        low_hz=5250e6,
        high_hz=5350e6,
        eirp_dbm=23,
        eirp_without_tpc_dbm=20,
        density_dbm_per_mhz=10,
        placements=_INDOOR,
        needs_dfs=True,
        reference=_RLAN,
    ),
    WifiBand(
        low_hz=5470e6,
        high_hz=5725e6,
        eirp_dbm=30,
        eirp_without_tpc_dbm=27,
        density_dbm_per_mhz=17,
        placements=_ANYWHERE,
        needs_dfs=True,
        reference=_RLAN,
    ),
    WifiBand(
        low_hz=5725e6,
        high_hz=5875e6,
        eirp_dbm=14,
        eirp_without_tpc_dbm=14,
        density_dbm_per_mhz=None,
        placements=_ANYWHERE,
        reference="general assignment of short range devices, 5725-5875 MHz",
    ),
    WifiBand(
        low_hz=5945e6,
        high_hz=6425e6,
        eirp_dbm=23,
        eirp_without_tpc_dbm=23,
        density_dbm_per_mhz=10,
        placements=_INDOOR,
        reference="BNetzA Vfg 76/2025",
        note="low power indoor with integrated antenna on mains; very low power (14 dBm) is for "
        "portable devices",
    ),
)
