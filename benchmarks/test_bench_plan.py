"""Plans of a large fleet: time without and with changes, waves, and memory of the inventory."""

from __future__ import annotations

import tracemalloc

import pytest

from controllers.intent import parse_intent, resolve
from controllers.inventory import dump_inventory, load_inventory
from controllers.plan import make_plan
from controllers.ports import Device
from twin.model.safe import parse_yaml

N_APS = 1000
SSIDS = tuple(f"net{i}" for i in range(13))
VALUES = {
    **{f"radio/1/{k}": v for k, v in (("enabled", True), ("channel", 1), ("bandwidth_mhz", 20))},
    **{f"radio/2/{k}": v for k, v in (("enabled", True), ("channel", 36), ("bandwidth_mhz", 20))},
    **{f"radio/{r}/{k}": v for r in "12" for k, v in (("tx_power_dbm", 15), ("dca", False))},
    **{f"ssid/{n}/{k}": k != "hidden" for n in SSIDS
       for k in ("enabled", "hidden", "station_isolation")},
    "radio/1/dtp": False,
}  # fmt: skip


def fleet(n):
    return [
        Device(
            id=f"ap-{i:05d}", kind="ap", profile="openconfig-ap", host=f"10.0.{i >> 8}.{i & 255}",
            port=830, username="stellwerk", instances={"radio": ("1", "2"), "ssid": SSIDS},
            secrets={"password": "file:secrets/ssh"}, known_hosts="known_hosts",
            site=f"site-{i % 50}", upstream=f"ap-{i + 1:05d}" if i % 4 and i + 1 < n else "",
        )
        for i in range(n)
    ]  # fmt: skip


def intent_of(values, rollout=""):
    wanted = ", ".join(f"{path}: {str(value).lower()}" for path, value in values.items())
    text = f"version: 1\nname: bench\n{rollout}changes:\n"
    text += f"  - {{name: c, select: 'kind:ap', set: {{{wanted}}}}}\n"
    return parse_intent(parse_yaml(text, "intent.yaml"))


@pytest.mark.benchmark(group="plan of 50,000 attributes")
@pytest.mark.parametrize("changed", [False, True], ids=["unchanged", "changed"])
def test_plan_of_fifty_thousand_attributes(benchmark, changed):
    devices = fleet(N_APS)
    assert len(VALUES) == 50
    live = {device.id: dict(VALUES) for device in devices}
    wanted = {p: not v if isinstance(v, bool) else v for p, v in VALUES.items()}
    rollout = "rollout: {canaries: 2, waves: [10%, 50%, 100%]}\n"
    intent = intent_of(wanted if changed else VALUES, rollout)

    def plan():
        return make_plan(intent, devices, live, resolve(intent, devices))

    made = benchmark.pedantic(plan, rounds=5, warmup_rounds=1)
    assert made.no_op is not changed
    benchmark.extra_info["attributes"] = N_APS * len(VALUES)


@pytest.mark.benchmark(group="memory of the inventory")
def test_memory_of_an_inventory_entry_without_a_session(benchmark, tmp_path):
    dump_inventory(fleet(N_APS), tmp_path / "inventory.yaml")

    def load():
        tracemalloc.start()
        devices = load_inventory(tmp_path / "inventory.yaml")
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return used / len(devices)

    benchmark.extra_info["bytes_per_entry"] = round(benchmark.pedantic(load, rounds=1))
    assert benchmark.extra_info["bytes_per_entry"] <= 50_000
