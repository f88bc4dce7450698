"""The nouns of a city: frozen records that the twin, the emulators and the plans share.

Coordinates are ETRS89 / UTM zone 32N (EPSG:25832) in metres. `synthetic` is true for every object
that was generated because no open data was to hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "AccessPoint",
    "Building",
    "Cell",
    "CensusCell",
    "City",
    "District",
    "Lamp",
    "LampCabinet",
    "Port",
    "Provenance",
    "Radio",
    "School",
    "Site",
    "Ssid",
    "Stop",
    "Switch",
]

Ring = tuple[tuple[float, float], ...]


def _unit(unit: str, source: str = "") -> dict[str, str]:
    return {"unit": unit, "source": source}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a table of the city file comes from and under which licence."""

    table: str
    source: str
    licence: str
    attribution: str
    changed: bool = True
    synthetic: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """An administrative area; `rings` are outer boundaries and holes by the even-odd rule."""

    code: str
    slug: str
    level: str
    area_km2: float = field(metadata=_unit("km2"))
    rings: tuple[Ring, ...]
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusCell:
    """A 100 m census cell; residents are an estimate spread from 1 km cells by dwellings."""

    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    residents: float
    dwellings: int
    buildings: int
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """A school with its pupils."""

    id: str
    name: str
    form: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    pupils: int
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A public-transport stop; `modes` of bus, tram, subway, rail, ferry."""

    id: str
    name: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    modes: tuple[str, ...]
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """A building by census type: one_family, two_family, flats or other."""

    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    kind: str
    height_m: float = field(metadata=_unit("m"))
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place that carries antennas: a rooftop, a mast, a lamp head."""

    id: str
    operator: str
    kind: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One carrier of one sector; `layer` groups the cells that compete (operator + band)."""

    id: str
    site: str
    operator: str
    technology: str
    band: str
    scenario: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    height_m: float = field(metadata=_unit("m"))
    azimuth_deg: float = field(metadata=_unit("deg"))
    tilt_deg: float = field(metadata=_unit("deg"))
    carrier_hz: float = field(metadata=_unit("Hz"))
    bandwidth_hz: float = field(metadata=_unit("Hz"))
    scs_hz: float = field(metadata=_unit("Hz"))
    tx_power_dbm: float = field(metadata=_unit("dBm"))
    antenna_gain_dbi: float = field(metadata=_unit("dBi"))
    beamwidth_h_deg: float = field(metadata=_unit("deg"))
    beamwidth_v_deg: float = field(metadata=_unit("deg"))
    mimo_layers: int
    load: float
    is_on: bool = True
    synthetic: bool = True

    @property
    def layer(self) -> str:
        """Operator and band, such as ``A/n78``."""
        return f"{self.operator}/{self.band}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio:
    """A radio of an access point; index "1" is 2.4 GHz, "2" is 5 GHz, "3" is 6 GHz."""

    index: str
    channel: int
    bandwidth_mhz: int = field(metadata=_unit("MHz"))
    tx_power_dbm: int = field(metadata=_unit("dBm"))
    antenna_gain_dbi: float = field(metadata=_unit("dBi"))
    dca: bool = False
    dtp: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssid:
    """A Wi-Fi network an access point offers."""

    name: str
    enabled: bool = True
    hidden: bool = False
    station_isolation: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPoint:
    """A Wi-Fi access point; `site` groups APs (a school id, a station, the pilot street).

    `placement` is ``indoor``, ``outdoor_fixed`` or ``vehicle``: the law differs by it.
    `switch` and `port` name the PoE port that feeds it.
    """

    id: str
    site: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    height_m: float = field(metadata=_unit("m"))
    placement: str
    radios: tuple[Radio, ...]
    ssids: tuple[Ssid, ...]
    switch: str = ""
    port: str = ""
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port of a PoE switch."""

    index: str
    alias: str = ""
    poe_enabled: bool = True
    poe_priority: str = "low"
    admin_up: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A PoE switch."""

    id: str
    site: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    ports: tuple[Port, ...]
    contact: str = ""
    location: str = ""
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LampCabinet:
    """A street-light cabinet that feeds and dims 20 to 60 lamps."""

    id: str
    site: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    normal_level_percent: int = field(default=100, metadata=_unit("%"))
    night_level_percent: int = field(default=50, metadata=_unit("%", "WAZ 6254903"))
    night_start_min: int = field(default=22 * 60, metadata=_unit("min"))
    night_end_min: int = field(default=6 * 60, metadata=_unit("min"))
    contact: str = ""
    location: str = ""
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """A street lamp; `kind` is ``led`` or ``sodium``."""

    id: str
    cabinet: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    height_m: float = field(metadata=_unit("m"))
    power_w: float = field(metadata=_unit("W"))
    kind: str
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A whole city; read only, every change makes a new one."""

    name: str
    title: str
    seed: int
    timezone: str
    lat_deg: float = field(metadata=_unit("deg"))
    lon_deg: float = field(metadata=_unit("deg"))
    outline: tuple[Ring, ...]
    districts: tuple[District, ...] = ()
    census: tuple[CensusCell, ...] = ()
    schools: tuple[School, ...] = ()
    stops: tuple[Stop, ...] = ()
    buildings: tuple[Building, ...] = ()
    sites: tuple[Site, ...] = ()
    cells: tuple[Cell, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    switches: tuple[Switch, ...] = ()
    cabinets: tuple[LampCabinet, ...] = ()
    lamps: tuple[Lamp, ...] = ()
    street_km: float = field(default=0.0, metadata=_unit("km"))
    provenance: tuple[Provenance, ...] = ()
