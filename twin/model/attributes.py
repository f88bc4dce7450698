"""The vocabulary of device attributes: what can be set and read on each kind of device.

An attribute path is words joined by ``/``; a template names its instances in braces:
``radio/{radio}/channel`` stands for ``radio/2/channel``. Profiles map these paths to OIDs, YANG
paths and commands; intents, plans, drivers, emulators and the world all speak in them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Literal, TypeAlias

from twin.model.errors import ModelError
from twin.model.quote import quoted

__all__ = ["KINDS", "Attribute", "Value", "attribute_of", "check_value", "same_value"]

Value: TypeAlias = bool | int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of a device kind.

    Parameters
    ----------
    template : str
        Path with instances in braces.
    type : str
        ``bool``, ``int``, ``float``, ``str`` or ``enum``.
    unit : str
        Unit, empty for none.
    writable : bool
        True: configuration. False: operational state, read only.
    minimum, maximum : float or None
        Limits of a number.
    choices : tuple of str
        Values of an ``enum``.
    max_length : int
        Longest ``str``.
    tolerance : float
        Two readings closer than this are the same value (rounding of the device).
    doc : str
        One sentence.
    """

    template: str
    type: Literal["bool", "int", "float", "str", "enum"]
    unit: str = ""
    writable: bool = True
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    max_length: int = 255
    tolerance: float = 0.0
    doc: str = ""


def _rw(template: str, type_: str, **fields: object) -> Attribute:
    return Attribute(template=template, type=type_, **fields)  # type: ignore[arg-type]


def _ro(template: str, type_: str, **fields: object) -> Attribute:
    return Attribute(template=template, type=type_, writable=False, **fields)  # type: ignore[arg-type]


_IDENTITY = (
    _rw("contact", "str", doc="Who answers for the device (sysContact)."),
    _rw("location", "str", doc="Where it stands (sysLocation)."),
    _ro("name", "str", doc="Name the device gives itself (sysName)."),
)

_SOFTWARE = _ro("software_version", "str", doc="Version of the software that runs.")

# fmt: off
KINDS: Mapping[str, tuple[Attribute, ...]] = MappingProxyType(
    {
        "ap": (
            _rw("radio/{radio}/enabled", "bool", doc="Radio transmits."),
            _rw("radio/{radio}/channel", "int", minimum=1, maximum=233, doc="Primary channel."),
            _rw("radio/{radio}/bandwidth_mhz", "int", unit="MHz", minimum=20, maximum=320),
            _rw("radio/{radio}/tx_power_dbm", "int", unit="dBm", minimum=-10, maximum=36,
                doc="Conducted transmit power, sum of all chains."),
            _rw("radio/{radio}/dca", "bool", doc="Dynamic channel assignment by the AP itself."),
            _rw("radio/{radio}/dtp", "bool", doc="Dynamic transmit power by the AP itself."),
            _ro("radio/{radio}/channel_in_use", "int", doc="Channel on the air."),
            _ro("radio/{radio}/channel_change_reason", "enum",
                choices=("NONE", "DFS", "NOISE", "ERRORS", "BETTER_CHANNEL"),
                doc="Why the radio left the channel it was given (openconfig-wifi-types "
                    "CHANGE_REASON_TYPE; DFS is radar)."),
            _ro("radio/{radio}/tx_power_in_use_dbm", "int", unit="dBm"),
            _ro("radio/{radio}/utilization_percent", "int", unit="%", minimum=0, maximum=100),
            _ro("radio/{radio}/noise_floor_dbm", "int", unit="dBm"),
            _rw("ssid/{ssid}/enabled", "bool", doc="Network is on the air."),
            _rw("ssid/{ssid}/hidden", "bool", doc="Name is not in the beacon."),
            _rw("ssid/{ssid}/station_isolation", "bool", doc="Stations cannot talk to each other."),
            _ro("ssid/{ssid}/clients", "int", minimum=0, doc="Stations associated now."),
            _ro("ssid/{ssid}/client_rssi_dbm", "int", unit="dBm", doc="Mean signal of stations."),
            _ro("ssid/{ssid}/rx_octets", "int", unit="octets"),
            _ro("ssid/{ssid}/tx_octets", "int", unit="octets"),
            _SOFTWARE,
        ),
        "cell": (
            _rw("admin_state", "enum", choices=("LOCKED", "UNLOCKED", "SHUTTING_DOWN"),
                doc="administrativeState of TS 28.541 NRCellDU."),
            _rw("tx_power_dbm", "float", unit="dBm", minimum=0, maximum=60, tolerance=0.05,
                doc="configuredMaxTxPower of the sector carrier."),
            _rw("tilt_deg", "float", unit="deg", minimum=-15, maximum=15, tolerance=0.05,
                doc="Electrical downtilt, positive is down."),
            _ro("operational_state", "enum", choices=("ENABLED", "DISABLED")),
            _ro("users", "float", doc="Mean RRC connections (TS 28.552 RRC.ConnMean)."),
            _ro("prb_load_percent", "float", unit="%", minimum=0, maximum=100,
                doc="Downlink PRB use (TS 28.552 RRU.PrbTotDl)."),
            _ro("dl_octets", "int", unit="octets", doc="Downlink volume since start."),
            _ro("mean_rsrp_dbm", "float", unit="dBm", doc="Mean RSRP of connected users."),
            _ro("power_w", "float", unit="W", doc="Electrical power of the cell."),
            _SOFTWARE,
        ),
        "switch": (
            *_IDENTITY,
            _rw("port/{port}/poe_enabled", "bool", doc="Port may deliver power."),
            _rw("port/{port}/poe_priority", "enum", choices=("critical", "high", "low")),
            _rw("port/{port}/admin_up", "bool", doc="ifAdminStatus is up."),
            _rw("port/{port}/alias", "str", max_length=64, doc="ifAlias."),
            _ro("port/{port}/poe_delivering", "bool", doc="Power really flows."),
            _ro("port/{port}/oper_up", "bool", doc="ifOperStatus is up."),
            _ro("port/{port}/in_octets", "int", unit="octets"),
            _ro("poe_power_w", "int", unit="W", doc="Power delivered by all ports."),
            _SOFTWARE,
        ),
        "lamp_cabinet": (
            *_IDENTITY,
            _rw("normal_level_percent", "int", unit="%", minimum=0, maximum=100,
                doc="Light level from dusk to dawn outside the night window."),
            _rw("night_level_percent", "int", unit="%", minimum=0, maximum=100,
                doc="Light level inside the night window."),
            _rw("night_start_min", "int", unit="min", minimum=0, maximum=1439,
                doc="Start of the night window, minutes after local midnight."),
            _rw("night_end_min", "int", unit="min", minimum=0, maximum=1439,
                doc="End of the night window, minutes after local midnight."),
            _ro("level_now_percent", "int", unit="%", minimum=0, maximum=100),
            _ro("power_w", "int", unit="W", doc="Active power of all lamps now."),
            _ro("energy_wh", "int", unit="Wh", doc="Active energy since start."),
            _ro("lamps_total", "int"),
            _ro("lamps_failed", "int"),
            _SOFTWARE,
        ),
        "signal": (
            _rw("pattern", "int", minimum=0, maximum=255,
                doc="Programme asked for (NTCIP 1202 systemPatternControl): 0 as the time table "
                    "says, 1 night, 2 day, 3 inbound, 4 outbound, 255 flash."),
            _ro("pattern_in_effect", "int", minimum=0, maximum=255,
                doc="Programme (coordPatternStatus): 0 off, 254 alone, 255 flashing."),
            _ro("operational_state", "enum",
                choices=("RUNNING", "OFF", "FLASH", "DARK", "STARTUP", "ALL_RED")),
            _ro("is_coordinated", "bool", doc="In step with its traffic computer."),
            _ro("cycle_s", "int", unit="s", doc="Length of the running cycle."),
            _ro("cycle_timer_s", "int", unit="s", doc="Since the cycle began."),
            _ro("offset_s", "int", unit="s", doc="Begin of the main green in the programme."),
            _ro("main_green_s", "int", unit="s", doc="Effective green of the main road."),
            _ro("side_green_s", "int", unit="s", doc="Effective green of the side or of walkers."),
            _ro("inbound_volume", "int", unit="veh", doc="Detector, last minute."),
            _ro("inbound_occupancy_percent", "float", unit="%", minimum=0, maximum=100),
            _ro("outbound_volume", "int", unit="veh", doc="Detector, last minute."),
            _ro("outbound_occupancy_percent", "float", unit="%", minimum=0, maximum=100),
            _ro("queue_veh", "float", unit="veh", doc="Vehicles waiting at all stop lines."),
            _ro("mean_delay_s", "float", unit="s", doc="Mean of the last quarter of an hour."),
            _ro("lamps_failed", "int"),
            _ro("energy_wh", "int", unit="Wh", doc="Active energy since start."),
        ),
        "lorawan_gateway": (
            _rw("description", "str", doc="What people call it."),
            _rw("radio_enabled", "bool", doc="The concentrator receives, and may send."),
            _rw("tx_enabled", "bool", doc="The gateway may send answers."),
            _rw("tx_power_erp_dbm", "float", unit="dBm", minimum=0, maximum=27, tolerance=0.05,
                doc="Most power it radiates, over a dipole (ERP)."),
            _rw("antenna_gain_dbi", "float", unit="dBi", minimum=0, maximum=15, tolerance=0.05,
                doc="Gain that the gateway takes off its conducted power."),
            _rw("tx_min_khz", "int", unit="kHz", minimum=863_000, maximum=870_000,
                doc="Lowest frequency it sends at: with the next it says which sub-band, and so "
                    "which duty cycle, answers have."),
            _rw("tx_max_khz", "int", unit="kHz", minimum=863_000, maximum=870_000,
                doc="Highest frequency it sends at."),
            _ro("operational_state", "enum", choices=("ENABLED", "DISABLED")),
            _ro("rx_frames", "int", doc="Frames received since start."),
            _ro("tx_air_s", "float", unit="s", doc="Time on the air since start."),
            _SOFTWARE,
        ),
        "host": (
            *_IDENTITY,
            _rw("interface/{interface}/description", "str", max_length=64),
            _rw("interface/{interface}/enabled", "bool"),
            _rw("radio/{radio}/ssid", "str", max_length=32),
            _rw("radio/{radio}/channel", "int", minimum=1, maximum=233),
            _ro("uptime_s", "int", unit="s"),
            _SOFTWARE,
        ),
        "vehicle_router": (
            _rw("lte/enabled", "bool", doc="The cellular interface comes up."),
            _rw("lte/apn", "str", max_length=100, doc="Access point name of the cellular network."),
            _rw("lte/roaming", "bool", doc="May use the network of another operator."),
            _rw("radio/{radio}/enabled", "bool", doc="Radio of the vehicle's Wi-Fi transmits."),
            _rw("radio/{radio}/ssid", "str", max_length=32),
            _rw("radio/{radio}/channel", "int", minimum=1, maximum=233),
            _rw("radio/{radio}/tx_power_dbm", "int", unit="dBm", minimum=-10, maximum=36),
            _ro("lte/rsrp_dbm", "int", unit="dBm", doc="Reference signal of the serving cell."),
            _ro("radio/{radio}/channel_in_use", "int", doc="Channel on the air."),
            _SOFTWARE,
        ),
        "router": (
            _rw("router_id", "str", max_length=15, doc="Router id, an IPv4 address."),
            _rw("forwarding", "bool", doc="Forwards IPv4 packets."),
            _rw("interface/{interface}/description", "str", max_length=64),
            _rw("interface/{interface}/enabled", "bool", doc="Not shut down."),
            _ro("interface/{interface}/oper_up", "bool", doc="Line protocol is up."),
            _ro("name", "str", doc="Name the router gives itself."),
            _SOFTWARE,
        ),
    }
)
# fmt: on


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def attribute_of(kind: str, path: str) -> tuple[Attribute, dict[str, str]]:
    """Find the attribute that a path names.

    Parameters
    ----------
    kind : str
        Device kind, a key of `KINDS`.
    path : str
        Attribute path such as ``radio/2/channel``.

    Returns
    -------
    attribute : Attribute
        Its definition.
    instances : dict
        Instance names by placeholder, ``{"radio": "2"}``.

    Raises
    ------
    ModelError
        Unknown kind or path.
    """
    attribute, instances = _found(kind, path)
    return attribute, dict(instances)


@lru_cache(maxsize=4096)
def _found(kind: str, path: str) -> tuple[Attribute, tuple[tuple[str, str], ...]]:
    """Find an attribute; a fleet asks for the same few paths again and again."""
    if kind not in KINDS:
        raise ModelError(f"unknown device kind {quoted(kind)}; known are {', '.join(KINDS)}")
    for attribute in KINDS[kind]:
        match = _pattern(attribute.template).fullmatch(path)
        if match:
            return attribute, tuple(match.groupdict().items())
    known = ", ".join(a.template for a in KINDS[kind] if a.writable)
    raise ModelError(f"a {kind} has no attribute {quoted(path)}; writable are {known}")


def check_value(kind: str, path: str, value: object) -> Value:
    """Check and normalise a value for an attribute.

    Parameters
    ----------
    kind, path : str
        Device kind and attribute path.
    value : object
        What the user or the device gave.

    Returns
    -------
    Value
        The value in the attribute's own type.

    Raises
    ------
    ModelError
        Unknown attribute, wrong type or out of range.
    """
    attribute, _ = attribute_of(kind, path)
    where = f"{quoted(path)[1:-1]} = {quoted(value)}"
    if attribute.type == "bool":
        if not isinstance(value, bool):
            raise ModelError(f"{where}: must be true or false")
        return value
    if attribute.type in ("str", "enum"):
        return _check_text(attribute, where, value)
    return _check_number(attribute, where, value)


def _check_text(attribute: Attribute, where: str, value: object) -> str:
    if not isinstance(value, str):
        raise ModelError(f"{where}: must be text")
    if attribute.type == "enum" and value not in attribute.choices:
        raise ModelError(f"{where}: must be one of {', '.join(attribute.choices)}")
    if not value.isprintable() or len(value.encode()) > attribute.max_length:
        raise ModelError(f"{where}: at most {attribute.max_length} printable bytes")
    return value


def _check_number(attribute: Attribute, where: str, value: object) -> int | float:
    unit = f" in {attribute.unit}" if attribute.unit else ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(f"{where}: must be a number{unit}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ModelError(f"{where}: must be a finite number{unit}")
    low, high = attribute.minimum, attribute.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        raise ModelError(f"{where}: must be {_range(low, high)} {attribute.unit}".rstrip())
    if attribute.type == "float":
        try:
            return float(value)
        except OverflowError as err:
            raise ModelError(f"{where}: must be a finite number{unit}") from err
    if value != int(value):
        raise ModelError(f"{where}: must be a whole number")
    return int(value)


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"from {low:g} to {high:g}"


def same_value(kind: str, path: str, left: Value, right: Value) -> bool:
    """Say whether two readings of an attribute are the same value within its tolerance."""
    attribute, _ = attribute_of(kind, path)
    if attribute.tolerance and isinstance(left, int | float) and isinstance(right, int | float):
        return abs(left - right) <= attribute.tolerance
    return left == right
