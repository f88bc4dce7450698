"""Plans over devices in memory."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from memory_devices import Box, Boxes, device

from controllers.intent import parse_intent, resolve
from controllers.live import read_live
from controllers.plan import Plan, make_plan
from controllers.ports import DeviceClass
from controllers.steps import Limits
from twin.model.attributes import KINDS
from twin.model.safe import parse_yaml

FAST = Limits(step_s=5.0, patience_s=0.3, margin_s=1.0, pause_s=0.02)

VALUES = {
    "cell": {"admin_state": "UNLOCKED", "tx_power_dbm": 40.0, "tilt_deg": 2.0,
             "operational_state": "ENABLED"},
    "switch": {"contact": "old@example.org", "location": "old", "port/1/poe_enabled": True,
               "port/1/poe_delivering": True, "port/1/poe_priority": "low",
               "port/2/poe_enabled": True, "port/2/poe_priority": "critical"},
    "ap": {"radio/2/channel": 36, "radio/2/bandwidth_mhz": 20, "radio/2/tx_power_dbm": 20,
           "radio/2/enabled": True, "radio/2/dca": False, "radio/2/dtp": False,
           "radio/2/channel_in_use": 36, "radio/2/tx_power_in_use_dbm": 20},
    "lamp_cabinet": {"normal_level_percent": 100, "night_level_percent": 50},
    "host": {"contact": "old", "location": "old"},
}  # fmt: skip
CLASSES = {"cell": "D", "ap": "D", "switch": "A", "lamp_cabinet": "A", "host": "A"}


def boxes(*entries: str, **fields) -> Boxes:
    """Make devices: ``boxes("cell-1", "switch-1", "cell-2:B")`` by kind and class."""
    made = Boxes()
    for entry in entries:
        name, _, cls = entry.partition(":")
        kind = name.rsplit("-", 1)[0].replace("cabinet", "lamp_cabinet")
        made[name] = Box(
            device(name, kind, **fields.get(name, {})),
            DeviceClass(cls or CLASSES[kind]),
            dict(VALUES[kind]),
        )
    return made


def profile(device):
    """Every attribute is mapped; the class is the usual one of the kind."""
    templates = {attribute.template for attribute in KINDS[device.kind]}
    return SimpleNamespace(device_class=DeviceClass(CLASSES[device.kind]), attributes=templates)


def plan_of(
    made: Boxes, changes: str, *, atomic: str = "network", wave_size=None, rollout="", **options
) -> Plan:
    """Plan the changes of an intent over the live state of the boxes."""
    head = f"version: 1\nname: test\natomic: {atomic}\n"
    head += f"rollout: {rollout}\n" if rollout else ""
    intent = parse_intent(parse_yaml(f"{head}changes:\n{changes}", "intent.yaml"))
    if wave_size:
        intent = replace(intent, rollout=replace(intent.rollout, wave_size=wave_size))
    wants = resolve(intent, made.devices)
    chosen = [d for d in made.devices if d.id in wants]
    live = read_live(chosen, made.make_driver)

    def profile_of(device):
        facts = profile(device)
        facts.device_class = made[device.id].device_class
        return facts

    return make_plan(
        intent, made.devices, live.values, wants, unreachable=live.unreachable,
        profile_of=profile_of, limits=FAST, **options,
    )  # fmt: skip


CELLS = """
  - name: power
    select: "kind:cell"
    set: {tx_power_dbm: 43.0, tilt_deg: 6.0}
"""
CELLS_AND_SWITCHES = (
    CELLS
    + """
  - name: contact
    select: "kind:switch"
    set: {contact: "new@example.org", location: "new"}
"""
)
