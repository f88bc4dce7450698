"""The nouns of a city: frozen records that the twin, the emulators and the plans share.

Coordinates are ETRS89 / UTM zone 32N (EPSG:25832) in metres. `synthetic` is true for every object
that was generated because no open data was to hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "AccessPoint",
    "Assumption",
    "Building",
    "Cell",
    "CensusCell",
    "City",
    "District",
    "FibreLink",
    "FibreNode",
    "Gateway",
    "Lamp",
    "LampCabinet",
    "Office",
    "Port",
    "PowerNode",
    "Provenance",
    "Radio",
    "School",
    "Site",
    "Ssid",
    "Stop",
    "Switch",
    "TrafficSignal",
    "TransitLine",
    "WirelessCustomer",
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
class TransitLine:
    """A line of public transport as the order of its stops; `mode` is ``tram`` or ``bus``."""

    id: str
    mode: str
    stops: tuple[str, ...]
    vehicle_places: int
    headway_peak_s: float = field(metadata=_unit("s"))
    headway_s: float = field(metadata=_unit("s"))
    tunnel_stops: tuple[str, ...] = ()
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSignal:
    """A signal installation; `kind` is ``junction``, ``t_junction`` or ``pedestrian``.

    `computer` names the traffic computer it belongs to; signals with the same `corridor` form a
    green wave in the order of `corridor_m`, empty where it stands alone.
    """

    id: str
    kind: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    computer: str
    corridor: str = ""
    corridor_m: float = field(default=0.0, metadata=_unit("m"))
    flow_veh_h: float = field(default=0.0, metadata=_unit("veh/h"))
    is_led: bool = False
    is_off_at_night: bool = False
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerNode:
    """A node of the electricity grid: ``substation`` or ``station`` (Netzstation).

    `feeds` names the nodes it is fed by, the usual one first; a substation hangs on its ring
    neighbours.
    """

    id: str
    kind: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    feeds: tuple[str, ...] = ()
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A service point of the city: ``citizen_office`` or ``data_centre``."""

    id: str
    name: str
    kind: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    appointments_per_year: int = 0
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FibreNode:
    """A point of presence of the municipal fibre; `site` names what stands there, if anything."""

    id: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    site: str = ""
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FibreLink:
    """A cable between two points of presence."""

    id: str
    a: str
    b: str
    length_m: float = field(metadata=_unit("m"))
    capacity_bps: float = field(metadata=_unit("bit/s"))
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway of a utility network; `technology` is ``lorawan`` or ``lte450``."""

    id: str
    technology: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    height_m: float = field(metadata=_unit("m"))
    antenna_gain_dbi: float = field(metadata=_unit("dBi"))
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WirelessCustomer:
    """A home or firm served by fixed wireless broadband from the site `hub`."""

    id: str
    hub: str
    x_m: float = field(metadata=_unit("m"))
    y_m: float = field(metadata=_unit("m"))
    carrier_hz: float = field(metadata=_unit("Hz"))
    homes: int = 1
    synthetic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """A figure nobody has measured here; `mark` is R read, S secondary, C computed, K unchecked."""

    key: str
    value: float
    unit: str
    mark: str
    source: str
    used_by: str


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
    lines: tuple[TransitLine, ...] = ()
    signals: tuple[TrafficSignal, ...] = ()
    power_nodes: tuple[PowerNode, ...] = ()
    offices: tuple[Office, ...] = ()
    fibre_nodes: tuple[FibreNode, ...] = ()
    fibre_links: tuple[FibreLink, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    wireless_customers: tuple[WirelessCustomer, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    street_km: float = field(default=0.0, metadata=_unit("km"))
    provenance: tuple[Provenance, ...] = ()
