"""Policies: radio law, management paths, floors."""

from __future__ import annotations

import pytest
from planning_memory import boxes, plan_of

from controllers.policies import CityFacts, check_plan
from twin.model.city import AccessPoint, City, Radio


def city(placement="indoor", gain_dbi=3.0, port="1"):
    radio = Radio(
        index="2", channel=36, bandwidth_mhz=20, tx_power_dbm=20, antenna_gain_dbi=gain_dbi
    )
    ap = AccessPoint(
        id="ap-1", site="s", x_m=0, y_m=0, height_m=3, placement=placement, radios=(radio,),
        ssids=(), switch="switch-1", port=port,
    )  # fmt: skip
    return City(
        name="c", title="c", seed=1, timezone="UTC", lat_deg=51, lon_deg=6, outline=(),
        access_points=(ap,),
    )  # fmt: skip


def checked(made, changes, **facts):
    return check_plan(plan_of(made, changes), made.devices, CityFacts(city(**facts)))


def rules(plan, severity="error"):
    return {f.finding.rule for f in plan.findings if f.finding.severity == severity}


def ap_change(**values):
    pairs = ", ".join(f"radio/2/{name}: {value}" for name, value in values.items())
    return f'  - {{name: c, select: "kind:ap", set: {{{pairs}}}}}'


def test_a_lamp_post_must_not_use_channel_40():
    plan = checked(boxes("ap-1"), ap_change(channel=40), placement="outdoor_fixed")
    assert rules(plan)
    assert not plan.applyable


def test_a_lawful_channel_passes():
    plan = checked(boxes("ap-1"), ap_change(channel=100), placement="outdoor_fixed")
    assert not rules(plan)
    assert plan.applyable


def test_antenna_gain_counts():
    assert not rules(checked(boxes("ap-1"), ap_change(channel=40), gain_dbi=3.0))
    assert rules(checked(boxes("ap-1"), ap_change(channel=40), gain_dbi=9.0))


def test_the_radar_check_is_named_when_a_radio_moves_and_not_when_its_power_changes():
    made = boxes("ap-1")
    moved = checked(made, ap_change(channel=100), placement="outdoor_fixed")
    assert "dfs" in rules(moved, "info")
    both = checked(made, ap_change(channel=100, tx_power_dbm=19), placement="outdoor_fixed")
    assert "dfs" in rules(both, "info")
    made["ap-1"].values["radio/2/channel"] = 100
    louder = checked(made, ap_change(tx_power_dbm=19), placement="outdoor_fixed")
    assert "dfs" not in rules(louder, "info")


def test_a_radio_that_is_off_is_not_checked():
    change = ap_change(channel=40, enabled="false")
    assert not rules(checked(boxes("ap-1"), change, placement="outdoor_fixed"))


def test_what_cannot_be_checked_is_a_warning():
    made = boxes("ap-2")
    assert rules(checked(made, ap_change(channel=40)), "warning") == {"radio-unchecked"}


@pytest.mark.parametrize("name", ["ap-1", "ap-2"])
def test_a_channel_without_such_a_block_is_an_error_wherever_it_stands(name):
    made = boxes(name)  # ap-2 is not in the city
    made[name].values["radio/2/bandwidth_mhz"] = 160
    plan = checked(made, ap_change(channel=132))
    assert rules(plan) == {"channel"}
    assert "widths there are 20, 40, 80" in plan.findings[0].finding.message
    assert not plan.applyable


def test_what_could_not_be_read_is_named_and_no_false_remedy():
    made = boxes("ap-1")
    del made["ap-1"].values["radio/2/tx_power_dbm"]
    finding = checked(made, ap_change(channel=40)).findings[0].finding
    assert "tx_power_dbm could not be read" in finding.message
    assert "city file" not in str(finding)


BOTH = """
  - {name: p, select: "kind:switch", set: {port/1/poe_enabled: false}}
  - {name: c, select: "kind:ap", set: {radio/2/channel: 44}}
"""
UPSTREAM = {"ap-1": {"upstream": "switch-1"}}


def test_a_plan_does_not_cut_the_path_of_its_own_member():
    plan = checked(boxes("ap-1", "switch-1", **UPSTREAM), BOTH)
    assert rules(plan) == {"management-path"}


def test_another_port_is_no_matter():
    assert not rules(checked(boxes("ap-1", "switch-1", **UPSTREAM), BOTH, port="2"))


def test_an_unknown_port_may_be_the_one():
    assert rules(checked(boxes("ap-1", "switch-1", **UPSTREAM), BOTH, port=""))


def test_the_path_is_followed_over_several_devices():
    made = boxes(
        "ap-2", "switch-1", "switch-2",
        **{
            "switch-2": {"upstream": "switch-1", "options": {"upstream_port": "1"}},
            "ap-2": {"upstream": "switch-2"},
        },
    )  # fmt: skip
    changes = BOTH.replace('select: "kind:switch"', "devices: [switch-1]")
    assert rules(checked(made, changes)) == {"management-path"}


def test_a_device_outside_the_plan_is_a_warning():
    changes = '  - {name: p, select: "kind:switch", set: {port/1/admin_up: false}}'
    made = boxes("ap-1", "switch-1", **UPSTREAM)
    made["switch-1"].values["port/1/admin_up"] = True
    plan = checked(made, changes)
    assert rules(plan, "warning") == {"management-path"}
    assert plan.applyable


def test_power_of_a_critical_port_stays_on():
    changes = '  - {name: p, select: "kind:switch", set: {port/2/poe_enabled: false}}'
    assert rules(checked(boxes("switch-1"), changes)) == {"management-path"}


def test_a_host_keeps_the_interface_it_is_managed_through():
    options = {"options": {"management_interface": "eth0"}, "instances": {"interface": ("eth0",)}}
    made = boxes("host-1", **{"host-1": options})
    made["host-1"].values["interface/eth0/enabled"] = True
    changes = '  - {name: p, select: "kind:host", set: {interface/eth0/enabled: false}}'
    assert rules(checked(made, changes)) == {"management-path"}


@pytest.mark.parametrize(("level", "is_allowed"), [(0, True), (5, False), (10, True), (40, True)])
def test_lamps_are_off_or_lit(level, is_allowed):
    changes = f'  - {{name: l, select: "kind:lamp_cabinet", set: {{night_level_percent: {level}}}}}'
    assert (rules(checked(boxes("cabinet-1"), changes)) == set()) is is_allowed


def test_a_very_weak_radio_is_a_warning_unless_it_is_off():
    weak = checked(boxes("ap-1"), ap_change(tx_power_dbm=0))
    assert "level" in rules(weak, "warning")
    off = checked(boxes("ap-1"), ap_change(tx_power_dbm=0, enabled="false"))
    assert "level" not in rules(off, "warning")
