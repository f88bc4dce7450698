"""Plans: difference, order, windows, hashes and files."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning_memory import CELLS, CELLS_AND_SWITCHES, boxes, plan_of, profile

from controllers.intent import parse_intent, resolve
from controllers.plan import PlanFinding, make_plan, members_of, reverse_plan, touched_hash
from controllers.plan_file import load_plan, parse_plan, plan_data, plan_digest, save_plan
from controllers.plan_text import render_plan, summary_line
from controllers.policies.levels import level_policy
from controllers.ports import Effect, EffectRow
from twin.model.errors import DeviceUnreachable, InputError, PolicyRefused
from twin.model.regulatory import Finding
from twin.model.safe import parse_yaml


def channel_plan(channel, width=20):
    made = boxes("ap-1")
    return plan_of(
        made,
        f'  - {{name: c, select: "kind:ap",'
        f" set: {{radio/2/channel: {channel}, radio/2/bandwidth_mhz: {width}}}}}",
    )


def test_only_differences_are_planned_with_their_undo():
    made = boxes("cell-1", "switch-1")
    made["cell-1"].values["tilt_deg"] = 6.02  # within the tolerance of the attribute
    plan = plan_of(made, CELLS_AND_SWITCHES)
    cell = next(part for part in plan.devices if part.device == "cell-1")
    assert cell.target == {"tx_power_dbm": 43.0}
    assert cell.undo == {"tx_power_dbm": 40.0}
    assert cell.state_after()["tilt_deg"] == 6.02


def test_an_empty_difference_is_a_no_op():
    made = boxes("cell-1")
    made["cell-1"].values.update(tx_power_dbm=43.0, tilt_deg=6.0)
    plan = plan_of(made, CELLS)
    assert (plan.no_op, plan.is_settled, plan.applyable) == (True, True, False)
    assert summary_line(plan) == (
        "Plan: nothing to change, every device is as the intent wants it."
    )


def test_when_leaves_out_devices_that_are_otherwise():
    made = boxes("cell-1", "cell-2")
    made["cell-2"].values["admin_state"] = "LOCKED"
    changes = (
        '  - {name: c, select: "kind:cell", set: {tilt_deg: 6.0}, when: {admin_state: UNLOCKED}}'
    )
    assert [part.device for part in plan_of(made, changes).devices] == ["cell-1"]


def conditional_plan(live):
    made = boxes("ap-1")
    wish = parse_intent(
        parse_yaml(
            'version: 1\nname: n\nchanges:\n  - {name: c, select: "kind:ap",\n'
            "     set: {radio/2/tx_power_dbm: 17}, when: {radio/2/channel_in_use: 36}}",
            "i.yaml",
        )
    )
    wants = resolve(wish, made.devices)
    return make_plan(wish, made.devices, {"ap-1": live}, wants, profile_of=profile)


def test_a_condition_on_operational_state_counts():
    live = {"radio/2/tx_power_dbm": 20, "radio/2/channel_in_use": 36}
    assert conditional_plan(live).devices[0].target == {"radio/2/tx_power_dbm": 17}
    assert conditional_plan(live | {"radio/2/channel_in_use": 40}).no_op


def test_a_condition_that_was_not_read_is_an_error_with_its_place():
    with pytest.raises(InputError, match="radio/2/channel_in_use") as caught:
        conditional_plan({"radio/2/tx_power_dbm": 20})
    assert (caught.value.source, caught.value.line) == ("i.yaml", 5)


def test_class_a_comes_last_and_leaves_before_their_feeders():
    made = boxes(
        "switch-1", "switch-2", "cell-1", "cell-2:B",
        **{"switch-2": {"upstream": "switch-1"}},
    )  # fmt: skip
    order = [part.device for part in plan_of(made, CELLS_AND_SWITCHES).devices]
    assert order == ["cell-1", "cell-2", "switch-2", "switch-1"]
    orders = {part.device: part.order for part in plan_of(made, CELLS_AND_SWITCHES).devices}
    assert orders["cell-1"] < orders["cell-2"] < orders["switch-2"] < orders["switch-1"]


def test_a_loop_of_feeders_ends():
    made = boxes("switch-1", "switch-2", **{
        "switch-1": {"upstream": "switch-2"}, "switch-2": {"upstream": "switch-1"},
    })  # fmt: skip
    plan = plan_of(made, CELLS_AND_SWITCHES[len(CELLS) :])
    assert len(plan.devices) == 2


@pytest.mark.parametrize(
    ("channel", "width", "cac_s"), [(40, 20, 0), (100, 20, 60), (120, 20, 600), (116, 80, 600)]
)
def test_the_confirm_window_outlasts_the_radar_check(channel, width, cac_s):
    plan = channel_plan(channel, width)
    assert plan.confirm_timeout_s >= cac_s + 60
    assert members_of(plan)[0].settle_s >= cac_s


def test_the_way_back_to_a_radar_channel_waits_too():
    made = boxes("ap-1")
    made["ap-1"].values.update({"radio/2/channel": 120, "radio/2/channel_in_use": 120})
    there = plan_of(made, '  - {name: c, select: "kind:ap", set: {radio/2/channel: 36}}')
    assert there.confirm_timeout_s < 600
    back = reverse_plan(there)
    assert back.confirm_timeout_s > 600
    assert back.devices[0].target == {"radio/2/channel": 120}
    assert reverse_plan(back).devices == there.devices


def test_waves_are_cut_leaf_first():
    made = boxes(*(f"cell-{i}" for i in range(20)))
    plan = plan_of(made, CELLS, atomic="wave")
    assert [sum(p.wave == w for p in plan.devices) for w in range(3)] == [8, 8, 4]
    assert any("each of 3 waves alone" in line for line in plan.atomicity)
    assert len({p.wave for p in plan_of(made, CELLS).devices}) == 1


def test_unreachable_devices_are_refused_by_default():
    made = boxes("cell-1", "cell-2")
    made["cell-2"].die()
    plan = plan_of(made, CELLS)
    assert not plan.applyable
    with pytest.raises(DeviceUnreachable, match=r"cell-2: .*--limit '!id:cell-2'"):
        plan.require_applyable()
    assert plan_of(made, CELLS, on_unreachable="skip").applyable


@pytest.mark.parametrize("on_unreachable", ["refuse", "skip"])
def test_devices_that_were_not_reached_are_never_said_to_be_in_order(on_unreachable):
    made = boxes("cell-1", "cell-2", "cell-3")
    made["cell-3"].die()
    some = plan_of(made, CELLS, on_unreachable=on_unreachable)
    assert summary_line(some).endswith("on 2 devices; 1 device was not reached.")
    for name in ("cell-1", "cell-2"):
        made[name].values.update(tx_power_dbm=43.0, tilt_deg=6.0)
    plan = plan_of(made, CELLS, on_unreachable=on_unreachable)
    assert (plan.no_op, plan.is_settled) == (True, False)
    assert summary_line(plan) == (
        "Plan: nothing to change on devices that were read; 1 device was not reached."
    )
    made["cell-2"].die()
    text = "\n".join(render_plan(plan_of(made, CELLS, on_unreachable=on_unreachable)))
    assert "2 devices were not reached" in text
    assert "every device" not in text


def test_a_finding_of_severity_error_refuses_the_plan():
    made = boxes("cabinet-1")
    plan = plan_of(
        made, '  - {name: l, select: "kind:lamp_cabinet", set: {night_level_percent: 4}}'
    )
    plan = replace(plan, findings=level_policy(plan))
    assert not plan.applyable
    with pytest.raises(PolicyRefused, match="cabinet-1"):
        plan.require_applyable()


def found(severity, rule, *devices):
    finding = Finding(
        rule=rule, severity=severity, message=f"{rule} is wrong", reference="an order"
    )
    return tuple(PlanFinding(device=device, finding=finding) for device in devices)


def refused_plan():
    names = tuple(f"cell-{i:02d}" for i in range(12))
    plan = plan_of(boxes(*names), CELLS)
    findings = (
        *found("info", "dfs", "cell-00"),
        *found("warning", "level", "cell-01", "cell-02"),
        *(f for name in names for rule in ("eirp", "density", "eirp2") for f in
          found("error", rule, name)),
    )  # fmt: skip
    return replace(plan, findings=findings)


def test_a_refused_plan_ends_with_how_much_is_wrong():
    plan = refused_plan()
    assert summary_line(plan) == (
        "Plan: 0 to add, 24 to change, 0 to destroy on 12 devices. REFUSED: 36 errors on 12 devices"
    )
    assert render_plan(plan)[-1] == summary_line(plan)
    one = replace(plan, findings=found("error", "eirp", "cell-00"))
    assert summary_line(one).endswith("REFUSED: 1 error on 1 device")
    with pytest.raises(PolicyRefused, match=r"^36 errors on 12 devices, the first: cell-00: eirp"):
        plan.require_applyable()


def test_findings_are_grouped_by_rule_and_told_apart_by_severity():
    lines = [line for line in render_plan(refused_plan()) if "(an order)" in line]
    assert lines == [
        "! error: eirp: eirp is wrong (an order) on 12 devices: "
        "cell-00, cell-01, cell-02 and 9 more",
        "! error: density: density is wrong (an order) on 12 devices: "
        "cell-00, cell-01, cell-02 and 9 more",
        "! error: eirp2: eirp2 is wrong (an order) on 12 devices: "
        "cell-00, cell-01, cell-02 and 9 more",
        "? warning: level: level is wrong (an order) on 2 devices: cell-01, cell-02",
        "i info: dfs: dfs is wrong (an order) on 1 device: cell-00",
    ]


def wishes(names):
    """Changes for the kinds of some devices only: a selection without a match is an error."""
    kinds = {name.split("-")[0] for name in names}
    switches = CELLS_AND_SWITCHES[len(CELLS) :]
    return (CELLS if "cell" in kinds else "") + (switches if "switch" in kinds else "")


@pytest.mark.parametrize(
    ("names", "atomic", "words", "wrong"),
    [
        (("switch-1",), "network", "all changes of 1 device or none", "revert by themselves"),
        (("switch-1", "cell-1:B"), "network", "all 2 devices or none", "revert by themselves"),
        (("cell-1",), "network", "all changes of 1 device or none", "all 1 devices"),
        (("cell-1",), "network", "it reverts by itself after 120 s", "stored values"),
        (("cell-1", "switch-1"), "network", "the armed device reverts by itself", "none: if"),
        (("cell-1", "cell-2"), "network", "armed devices revert by themselves", "stored"),
        (("cell-1", "cell-2"), "wave", "all 2 devices or none", "each of 1"),
    ],
)
def test_the_words_on_atomicity_are_true(names, atomic, words, wrong):
    text = "\n".join(plan_of(boxes(*names), wishes(names), atomic=atomic).atomicity)
    assert words in text
    assert wrong not in text


def test_what_the_twin_cannot_predict_is_said():
    plan = plan_of(boxes("switch-1"), wishes(["switch-1"]))
    lines = render_plan(replace(plan, effect=Effect(rows=(), assumptions=("dry weather",))))
    assert lines[-3:-1] == (
        "Predicted effect: none that the twin can predict",
        "  assumed: dry weather",
    )


def test_the_remedy_for_a_lost_device_is_one_that_works():
    made = boxes("cell-1", "cell-2", "cell-3")
    there = plan_of(made, CELLS)
    made["cell-2"].die()
    made["cell-3"].die()
    with pytest.raises(
        DeviceUnreachable, match=r"--limit '!id:cell-2 & !id:cell-3' --out"
    ) as caught:
        plan_of(made, CELLS).require_applyable()
    assert caught.value.device == "cell-2"
    # A plan made earlier, or the reverse of a run, cannot be narrowed.
    again = replace(reverse_plan(there), unreachable={"cell-2": "does not answer"})
    with pytest.raises(DeviceUnreachable, match="bring it back") as caught:
        again.require_applyable()
    assert "--limit" not in str(caught.value)
    made["cell-1"].die()  # nothing would be left
    with pytest.raises(DeviceUnreachable, match="bring them back") as caught:
        plan_of(made, CELLS).require_applyable()
    assert "--limit" not in str(caught.value)


def test_the_hash_is_bound_to_live_state_and_wish():
    made = boxes("cell-1", "switch-1")
    plan = plan_of(made, CELLS_AND_SWITCHES)
    assert plan.live_hash == touched_hash(plan.devices, made.state())
    made["cell-1"].values["tilt_deg"] = 2.04  # the same within tolerance
    assert plan.live_hash == touched_hash(plan.devices, made.state())
    made["cell-1"].values["tilt_deg"] = 2.5
    assert plan.live_hash != touched_hash(plan.devices, made.state())


def test_a_plan_survives_its_file(tmp_path):
    plan = plan_of(boxes("cell-1", "switch-1"), CELLS_AND_SWITCHES)
    effect = Effect(
        rows=(EffectRow(name="SINR", scope="A", unit="dB", before=float("nan"), after=4.0),),
        assumptions=("luminaires",),
    )
    save_plan(replace(plan, effect=effect), tmp_path / "p.json")
    back = load_plan(tmp_path / "p.json")
    assert replace(back, effect=None) == plan
    assert back.effect.rows[0].after == 4.0
    data = json.loads((tmp_path / "p.json").read_text())
    assert (data["format_version"], data["no_op"], data["applyable"]) == ("1.2", False, True)
    assert data["devices"][0]["undo"] == {"tx_power_dbm": 40.0, "tilt_deg": 2.0}
    assert data["effect"]["rows"][0]["before"] is None


def test_minor_versions_are_read_and_major_ones_refused():
    data = plan_data(plan_of(boxes("cell-1"), CELLS))
    newer = data | {"format_version": "1.7", "colour": "green"}
    newer["plan_sha256"] = plan_digest(newer)
    assert parse_plan(json.dumps(newer), "p.json").name == "test"
    with pytest.raises(InputError, match=r"plan format 2\.0"):
        parse_plan(json.dumps(data | {"format_version": "2.0"}), "p.json")


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "null", "[" * 100_000, '{"format_version": 1}',
        '{"format_version": "1.0"}',
        '{"format_version": "1.0", "effect": [1]}',
        '{"format_version": "1.0", "effect": {"rows": 1}}',
        '{"format_version": "1.0", "effect": {"rows": [1]}}',
    ],
)  # fmt: skip
def test_what_is_not_a_plan_is_refused(text):
    with pytest.raises(InputError, match="plan"):
        parse_plan(text, "p.json")


def test_an_edited_plan_is_refused(tmp_path):
    data = plan_data(plan_of(boxes("cell-1"), CELLS))
    data["devices"][0]["changes"][0]["after"] = 46.0
    with pytest.raises(InputError, match="edited"):
        parse_plan(json.dumps(data), "p.json")
    del data["devices"][0]["changes"]
    with pytest.raises(InputError, match="not a valid plan"):
        parse_plan(json.dumps(data), "p.json")
    with pytest.raises(InputError, match="cannot be read"):
        load_plan(tmp_path / "none.json")


def full_plan():
    made = boxes("cabinet-1", "cell-1")
    made["cell-1"].die()
    night = '  - {name: l, select: "kind:lamp_cabinet", set: {night_level_percent: 4}}'
    plan = plan_of(made, f"{CELLS}\n{night}")
    effect = Effect(rows=(EffectRow(name="SINR", scope="A", unit="dB", before=3.0, after=4.0),))
    return replace(plan, findings=level_policy(plan), effect=effect)


@pytest.mark.parametrize(
    "edit",
    [
        {"findings": []},
        {"unreachable": {}},
        {"on_unreachable": "skip"},
        {"atomic": "wave"},
        {"confirm_timeout_s": 999.0},
        {"applyable": True},
        {"plan_sha256": ""},
        {"plan_sha256": None},
    ],
    ids=str,
)
def test_every_field_of_a_saved_plan_but_the_effect_is_protected(edit):
    data = plan_data(full_plan())
    assert data["findings"]
    assert data["unreachable"]
    with pytest.raises(InputError, match="edited"):
        parse_plan(json.dumps(data | edit), "p.json")
    del data["plan_sha256"]
    with pytest.raises(InputError, match="edited"):
        parse_plan(json.dumps(data), "p.json")


@pytest.mark.parametrize("edit", [{"observe": []}, {"settle_s": 0.0}, {"context": {}}], ids=str)
def test_every_field_of_a_device_of_a_saved_plan_is_protected(edit):
    data = plan_data(channel_plan(100))
    data["devices"][0] |= edit
    with pytest.raises(InputError, match="edited"):
        parse_plan(json.dumps(data), "p.json")


def test_the_effect_of_a_saved_plan_may_be_left_out():
    plan = full_plan()
    data = plan_data(plan) | {"effect": None}
    assert parse_plan(json.dumps(data), "p.json") == replace(plan, effect=None)


def places(data, keys=()):
    """Every place of a document."""
    yield keys
    if isinstance(data, dict | list):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield from places(data[key], (*keys, key))


@given(st.data())
def test_a_spoilt_plan_file_is_one_input_error(draw):
    data = json.loads(json.dumps(plan_data(full_plan())))
    keys = draw.draw(st.sampled_from([keys for keys in places(data) if keys]))
    other = draw.draw(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([])
        | st.just([1]) | st.just({}) | st.just({"rows": [1]})
    )  # fmt: skip
    part = data
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = other
    for seal in (False, True):
        if seal and keys != ("plan_sha256",):
            data["plan_sha256"] = plan_digest(data)
        with contextlib.suppress(InputError):  # anything else is a bug
            parse_plan(json.dumps(data), "p.json")


def test_the_text_shows_signs_undo_order_atomicity_and_summary():
    made = boxes("cell-1", "switch-1")
    made["switch-1"].values["contact"] = ""
    plan = plan_of(made, CELLS_AND_SWITCHES)
    effect = Effect(rows=(EffectRow(name="SINR", scope="A", unit="dB", before=3.0, after=4.0),))
    lines = render_plan(replace(plan, effect=effect))
    text = "\n".join(lines)
    assert '  + contact: "" -> "new@example.org"' in text
    assert "  ~ tilt_deg: 2 -> 6 deg" in text
    assert 'undo: contact = "", location = "old"' in text
    assert "all 2 devices or none" in text
    assert "switch-1: taken back by stored values only" in text
    assert "SINR (A): 3 -> 4 dB (+1, predicted)" in text
    assert lines[-1] == "Plan: 1 to add, 3 to change, 0 to destroy on 2 devices."


@given(
    st.fixed_dictionaries(
        {
            "tx_power_dbm": st.floats(0, 60),
            "tilt_deg": st.floats(-15, 15),
            "admin_state": st.sampled_from(["LOCKED", "UNLOCKED"]),
        }
    )
)
def test_applying_a_plan_makes_the_next_one_empty(values):
    made = boxes("cell-1")
    changes = f'  - {{name: c, select: "kind:cell", set: {json.dumps(values)}}}'
    plan = plan_of(made, changes)
    for part in plan.devices:
        made[part.device].values.update(part.target)
    assert plan_of(made, changes).no_op
    for part in reverse_plan(plan).devices:
        made[part.device].values.update(part.target)
    assert plan_of(made, changes).live_hash == plan.live_hash


def test_devices_that_change_alike_are_shown_together():
    made = boxes("cell-1", "cell-2", "cell-3")
    made["cell-3"].values["tilt_deg"] = 3.0
    lines = render_plan(plan_of(made, CELLS))
    heads = [line for line in lines if "class D" in line]
    assert heads[0].startswith("cell-1, cell-2 (2 devices, cell,")
    assert heads[1].startswith("cell-3 (cell,")
    assert all("step 1 of 1" in head for head in heads)
