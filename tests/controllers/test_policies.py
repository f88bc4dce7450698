"""Policies: radio law, management paths, floors."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from planning_memory import boxes, plan_of

from controllers.plan import DevicePlan, Plan
from controllers.policies import (
    CellsDown,
    CityFacts,
    PolicySettings,
    check_plan,
    load_policy_settings,
)
from controllers.ports import Change, DeviceClass, Effect, EffectRow, Exposure
from twin.model.city import AccessPoint, Cell, City, Radio
from twin.model.errors import InputError


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


MESH = {
    "ap-1": {"upstream": "ap-2", "options": {"backhaul_radio": "2", "mesh": "yard"}},
    "ap-2": {"options": {"mesh": "yard"}},
}


def test_both_ends_of_a_radio_link_change_channel_in_one_step_or_not_at_all():
    together = checked(boxes("ap-1", "ap-2", **MESH), ap_change(channel=44))
    assert "management-path" not in rules(together)
    alone = "  - {name: c, devices: [ap-1], set: {radio/2/channel: 44}}"
    assert "management-path" in rules(checked(boxes("ap-1", "ap-2", **MESH), alone))
    apart = {**MESH, "ap-2": {}}
    assert "management-path" in rules(
        checked(boxes("ap-1", "ap-2:A", **apart), ap_change(channel=44))
    )
    unlike = "  - {name: c, select: 'kind:ap', cycle: {radio/2/channel: [40, 44]}}"
    assert "management-path" in rules(checked(boxes("ap-1", "ap-2", **MESH), unlike))
    off = "  - {name: c, devices: [ap-2], set: {radio/2/enabled: false}}"
    assert "management-path" in rules(checked(boxes("ap-1", "ap-2", **MESH), off))


def cell(i, *, x_m=0.0, site="mast", is_on=True):
    return Cell(
        id=f"cell-{i}", site=site, operator="A", technology="nr", band="n78", scenario="UMa",
        x_m=x_m, y_m=0.0, height_m=25.0, azimuth_deg=0.0, tilt_deg=6.0, carrier_hz=3.6e9,
        bandwidth_hz=90e6, scs_hz=30e3, tx_power_dbm=46.0, antenna_gain_dbi=17.0,
        beamwidth_h_deg=65.0, beamwidth_v_deg=8.0, mimo_layers=4, load=0.5, is_on=is_on,
    )  # fmt: skip


OFF = '  - {name: off, select: "kind:cell", set: {admin_state: LOCKED}}'


@pytest.mark.parametrize(
    ("cells", "limits", "found"),
    [
        ([cell(1), cell(2), cell(3)], {}, []),
        ([cell(1), cell(2), cell(3)], {"per_site": 2}, ["at site mast"]),
        ([cell(1), cell(2), cell(9, is_on=False)], {"per_site": 2}, ["at site mast"]),
        ([cell(1, site="a"), cell(2, site="b", x_m=400.0), cell(3, site="c", x_m=5000.0)],
         {"per_neighbourhood": 1}, ["within 1000 m of cell-1"]),
        ([cell(1, site="a"), cell(2, site="b", x_m=400.0)],
         {"per_neighbourhood": 1, "neighbourhood_m": 300.0}, []),
    ],
)  # fmt: skip
def test_not_too_many_cells_are_off_at_once(cells, limits, found):
    made = boxes(*(c.id for c in cells if c.is_on))
    town = replace(city(), cells=tuple(cells))
    plan = check_plan(
        plan_of(made, OFF), made.devices, CityFacts(town),
        settings=PolicySettings(cells_down=CellsDown(**limits)),
    )  # fmt: skip
    texts = [f.finding.message for f in plan.findings if f.finding.rule == "cells-down"]
    assert [text.split("once ")[1].split(" (")[0] for text in texts] == found
    assert plan.applyable is (not found)


def row(before, after, name="coverage share (x)", scope="operator A, district ruhrort"):
    return EffectRow(name=name, scope=scope, unit="", before=before, after=after)


@pytest.mark.parametrize(
    ("figures", "found"),
    [
        (row(0.99, 0.96), "it may lose 0.02"),
        (row(0.955, 0.945), "the floor is 0.95"),
        (row(0.90, 0.89), "the floor is 0.95"),
        (row(0.90, 0.91), ""),
        (row(0.99, 0.98), ""),
        (row(-100.0, float("nan"), "RSRP outdoors, best layer", "operator A, school X"), "-110"),
        (row(-100.0, -111.0, "RSRP outdoors, best layer", "operator A, school X"), "-110"),
        (row(-100.0, -111.0, "mean RSRP by residents", "layer"), ""),
        (row(1.0, 0.8, "points served, of those served before or after", "Wi-Fi"), "0.1"),
    ],
)
def test_schools_and_districts_keep_their_floors(figures, found):
    made = boxes("cell-1")
    plan = replace(plan_of(made, OFF), effect=Effect(rows=(figures,)))
    plan = check_plan(plan, made.devices, CityFacts(city()))
    texts = [f.finding.message for f in plan.findings if f.finding.rule == "effect-floor"]
    assert [found in text for text in texts] == ([True] if found else [])


class Fields:
    def __init__(self, **values):
        self.values = values

    def exposure(self, changes):
        usual = {"share_before": 0.1, "share_after": 0.1, "eirp_w_before": 99, "eirp_w_after": 99}
        return [Exposure(site="mast", devices=("cell-1",), **(usual | self.values))]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, set()),
        ({"share_after": 0.6}, {("emf", "warning")}),
        ({"share_before": 0.7, "share_after": 0.6}, set()),
        ({"share_before": 1.2, "share_after": 1.1}, {("emf", "error")}),
        ({"eirp_w_after": 150}, {("site-certificate", "warning")}),
        ({"eirp_w_before": 1, "eirp_w_after": 2}, set()),
    ],
)
def test_fields_keep_to_the_ordinance(values, found):
    made = boxes("cell-1")
    plan = check_plan(
        plan_of(made, OFF), made.devices, CityFacts(city()), exposure=Fields(**values)
    )
    got = {(f.finding.rule, f.finding.severity) for f in plan.findings}
    assert got == found
    assert all("26. BImSchV" in str(f.finding) or "BEMFV" in str(f.finding) for f in plan.findings)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, set()),
        ({"secrets": {"community": "env:C"}}, {("snmp-version", "error")}),
        ({"secrets": {"community": "env:C"}, "options": {"legacy": "v2c: old"}},
         {("snmp-version", "warning")}),
        ({"options": {"ssh_exception": "aes256-cbc: old"}}, {("cipher", "warning")}),
        ({"profile": "3gpp-nr-cell"}, {("host-key", "error")}),
        ({"profile": "3gpp-nr-cell", "known_hosts": "hosts"}, set()),
        ({"secrets": {"auth": "file:open"}}, {("secret-mode", "error")}),
        ({"secrets": {"auth": "file:closed", "priv": "file:absent"}}, set()),
    ],
)  # fmt: skip
def test_devices_are_reached_by_means_that_nobody_else_can_use(fields, found, tmp_path):
    for name, mode in (("open", 0o640), ("closed", 0o600)):
        (tmp_path / name).write_text("secret\n")
        (tmp_path / name).chmod(mode)
    plan = checked(boxes("cell-1", **{"cell-1": {"base": tmp_path, **fields}}), OFF)
    assert {(f.finding.rule, f.finding.severity) for f in plan.findings} == found
    assert "secret\n" not in str(plan.findings)


def settings_of(tmp_path, text):
    (tmp_path / "policies.yaml").write_text("version: 1\n" + text)
    return load_policy_settings(tmp_path / "policies.yaml")


def test_the_policy_file_sets_severities_and_numbers(tmp_path):
    settings = settings_of(
        tmp_path,
        "severities: {level: error, cells-down: info}\n"
        "cells_down: {per_site: 0}\n"
        "effect_floors:\n  - {figure: 'mean*', most_loss: 1, severity: error}\n",
    )
    made = boxes("ap-1", "cell-1")
    changes = ap_change(tx_power_dbm=1) + "\n" + OFF
    town = replace(city(), cells=(cell(1),))
    plan = replace(plan_of(made, changes), effect=Effect(rows=(row(9.0, 5.0, "mean SINR"),)))
    plan = check_plan(plan, made.devices, CityFacts(town), settings=settings)
    got = {(f.finding.rule, f.finding.severity) for f in plan.findings}
    assert got >= {("level", "error"), ("cells-down", "info"), ("effect-floor", "error")}


def test_the_law_may_be_made_stricter_and_never_milder(tmp_path):
    with pytest.raises(InputError, match=r"policies.yaml:2.*rule of law"):
        settings_of(tmp_path, "severities: {placement: warning}\n")
    assert settings_of(tmp_path, "severities: {dfs: error}\n").severity("dfs", "info") == "error"
    assert PolicySettings(severities={"emf": "info"}).severity("emf", "error") == "error"


@pytest.mark.parametrize(
    "text",
    ["effect_floors: [{figure: x}]\n", "severities: {level: fatal}\n", "cells_down: {n: 1}\n"],
)
def test_a_wrong_policy_file_is_named_with_its_place(tmp_path, text):
    with pytest.raises(InputError, match=r"policies.yaml:2"):
        settings_of(tmp_path, text)


PLUGIN = """
from controllers.plan import PlanFinding
from twin.model.regulatory import Finding


def no_friday(context):
    for part in context.plan.devices:
        finding = Finding(rule="friday", severity="error", message="wait", reference="house rule")
        yield PlanFinding(device=part.device, finding=finding)


def broken(context):
    raise ZeroDivisionError


number = 7
"""


def install(folder, monkeypatch, *lines):
    (folder / "house_policy.py").write_text(PLUGIN)
    info = folder / "house-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[stellwerk.policies]\n" + "\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(folder)


def test_an_installed_package_adds_a_policy(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, "friday = house_policy:no_friday")
    plan = checked(boxes("cell-1"), OFF)
    assert rules(plan) == {"friday"}
    assert not plan.applyable


def test_a_policy_that_fails_does_not_agree(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, "sums = house_policy:broken")
    plan = checked(boxes("cell-1"), OFF)
    assert rules(plan) == {"sums"}
    assert "ZeroDivisionError" in plan.findings[0].finding.message


@pytest.mark.parametrize(
    "target", ["house_policy:absent", "no_such_module:f", "house_policy:number"]
)
def test_a_policy_that_cannot_be_loaded_is_an_error(tmp_path, monkeypatch, target):
    install(tmp_path, monkeypatch, f"house = {target}")
    with pytest.raises(InputError, match="policy house"):
        checked(boxes("cell-1"), OFF)


PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/write-a-policy.md"


def block(language):
    return re.search(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)[1]


def test_the_policy_file_on_the_page_is_a_good_one(tmp_path):
    settings = settings_of(tmp_path, block("yaml").removeprefix("version: 1\n"))
    assert settings.cells_down.per_site == 2
    assert len(settings.effect_floors) == 2


def test_the_policy_on_the_page_does_what_it_says(tmp_path, monkeypatch):
    (tmp_path / "school_policies.py").write_text(block("python"))
    line = block("toml").splitlines()[1].replace('"', "")
    install(tmp_path, monkeypatch, line)
    made = boxes("ap-1", "ap-2", **{"ap-2": {"site": "fws"}})
    plan = checked(made, ap_change(tx_power_dbm=19))
    assert {f.device for f in plan.findings if f.finding.rule == "exam-rooms"} == {"ap-2"}


LORA = {
    "radio_enabled": True, "tx_enabled": True, "tx_power_erp_dbm": 14.0, "antenna_gain_dbi": 2.0,
    "tx_min_khz": 869_525, "tx_max_khz": 869_525,
}  # fmt: skip


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"tx_power_erp_dbm": 27.0}, set()),
        ({"tx_min_khz": 868_100, "tx_max_khz": 868_500}, {("duty-cycle", "warning")}),
        ({"tx_min_khz": 868_100, "tx_max_khz": 868_500, "tx_power_erp_dbm": 20.0},
         {("duty-cycle", "warning"), ("erp", "error")}),
        ({"tx_min_khz": 868_100}, {("sub-band", "error")}),
        ({"tx_min_khz": 868_100, "tx_enabled": False}, set()),
    ],
)  # fmt: skip
def test_a_gateway_sends_within_one_sub_band_its_power_and_its_time(values, found):
    changes = tuple(
        Change(device="g", path=path, before=LORA[path], after=value)
        for path, value in values.items()
    )
    part = DevicePlan(
        device="g", kind="lorawan_gateway", site="s", origin="real", device_class=DeviceClass.A,
        changes=changes, context={p: v for p, v in LORA.items() if p not in values},
    )  # fmt: skip
    plan = check_plan(Plan(name="lora", devices=(part,)), (), CityFacts(city()))
    assert {(f.finding.rule, f.finding.severity) for f in plan.findings} == found
    assert all("Vfg" in f.finding.reference or "EN 300" in f.finding.reference
               or "ERC" in f.finding.reference for f in plan.findings)  # fmt: skip
