"""Waves: how many, who goes first, who goes together, and what is never exceeded."""

from __future__ import annotations

import re
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_memory import CELLS, CELLS_AND_SWITCHES, FAST, boxes, plan_of

from controllers.hold import Operator, Switch
from controllers.intent import parse_intent
from controllers.journal import Journal
from controllers.plan_text import render_plan
from controllers.policies import check_plan
from controllers.runner import apply
from controllers.steps import Limits, Outcome, State
from controllers.windows import needed_s, parse_window
from twin.model.errors import DeviceRefused, InputError
from twin.model.safe import parse_yaml

CHANNEL = '  - {name: c, select: "kind:ap", set: {radio/2/channel: 44}}'
POWER = '  - {name: c, select: "kind:ap", set: {radio/2/tx_power_dbm: 9}}'


def waves(plan):
    found = {}
    for part in plan.devices:
        found.setdefault(part.wave, []).append(part.device)
    assert sorted(found) == list(range(len(found)))
    return [found[i] for i in sorted(found)]


class Harm:
    def __init__(self, **harms):
        self.harms, self.asked = harms, None

    def harm(self, changes):
        self.asked = changes
        return {name.replace("_", "-"): value for name, value in self.harms.items()}


def test_canaries_do_least_harm_and_shares_follow():
    made = boxes(*(f"cell-{i}" for i in range(10, 30)))
    harm = Harm(**{f"cell_{i}": float((i * 7) % 20) for i in range(10, 30)})
    rollout = "{canaries: 2, waves: [10%, 50%, 100%]}"
    plan = plan_of(made, CELLS, rollout=rollout, harm=harm)
    sizes = [len(wave) for wave in waves(plan)]
    assert sizes == [2, 8, 10]  # two of twenty are the ten per cent already
    assert waves(plan)[0] == sorted(sorted(made, key=lambda n: (int(n[5:]) * 7) % 20)[:2])
    assert harm.asked["cell-10"][0].path in ("tilt_deg", "tx_power_dbm")


def test_canaries_are_of_different_kinds_first_and_never_feed_others():
    made = boxes("cell-1", "cell-2", "switch-1", "switch-2", **{"cell-1": {"upstream": "switch-1"}})
    harm = Harm(cell_1=1, cell_2=2, switch_1=0, switch_2=3)
    plan = plan_of(made, CELLS_AND_SWITCHES, rollout="{canaries: 2}", harm=harm)
    assert waves(plan) == [["cell-1", "switch-2"], ["cell-2", "switch-1"]]


def test_numbers_shares_and_the_rest():
    made = boxes(*(f"cell-{i}" for i in range(10, 20)))
    assert [len(w) for w in waves(plan_of(made, CELLS, rollout="{waves: [1, 50%]}"))] == [1, 4, 5]
    assert [len(w) for w in waves(plan_of(made, CELLS, rollout="{wave_size: 4}"))] == [4, 4, 2]


@pytest.mark.parametrize(
    "rollout",
    ["{waves: [50%, 10%]}", "{waves: [0]}", "{waves: [101%]}", "{waves: [half]}",
     "{canaries: -1}", "{on_failure: retry}", "{speed: 3}"],
)  # fmt: skip
def test_a_wrong_rollout_is_named_with_its_place(rollout):
    with pytest.raises(InputError, match=r"intent.yaml:4"):
        plan_of(boxes("cell-1"), CELLS, rollout=rollout)


MESH = {name: {"options": {"mesh": "yard"}} for name in ("ap-1", "ap-2", "ap-4")}


def test_a_mesh_changes_channel_in_one_step_and_no_other_change_ties_it():
    made = boxes("ap-1", "ap-2:B", "ap-3", "ap-4:A", **MESH)
    plan = plan_of(made, CHANNEL)
    steps = {part.device: (part.wave, part.order) for part in plan.devices}
    assert steps["ap-1"] == steps["ap-2"] == steps["ap-4"] > steps["ap-3"]
    assert sum("all in the same instant" in line for line in render_plan(plan)) == 3
    quiet = {p.device: (p.wave, p.order) for p in plan_of(made, POWER).devices}
    assert quiet["ap-1"] < quiet["ap-4"]


def test_a_selection_goes_together_and_a_mesh_is_never_cut_by_a_wave():
    made = boxes(*(f"ap-{i}" for i in range(1, 7)), **MESH)
    rollout = '{wave_size: 4, together: ["id:ap-4 | id:ap-5"]}'
    plan = plan_of(made, CHANNEL, rollout=rollout)
    assert [set(wave) for wave in waves(plan)] == [
        {"ap-3"}, {"ap-1", "ap-2", "ap-4", "ap-5"}, {"ap-6"}
    ]  # fmt: skip
    with pytest.raises(InputError, match="4 devices go together"):
        plan_of(made, CHANNEL, rollout=rollout.replace("size: 4", "size: 3"))


@settings(max_examples=40)
@given(
    n=st.integers(1, 40),
    canaries=st.integers(0, 5),
    wave_size=st.integers(3, 9),
    meshes=st.lists(st.integers(0, 39), max_size=3),
    up=st.lists(st.integers(0, 39), max_size=8),
)
def test_no_wave_is_larger_than_allowed_and_leaves_never_follow_their_feeder(
    n, canaries, wave_size, meshes, up
):
    fields = {}
    for i, mesh in enumerate(meshes):
        for member in (mesh, mesh + 1):
            fields.setdefault(f"ap-{member}", {})["options"] = {"mesh": f"m{i}"}
    for i, feeder in enumerate(up):
        if feeder > i:
            fields.setdefault(f"ap-{i}", {})["upstream"] = f"ap-{feeder}"
    names = [f"ap-{i}" for i in range(n)]
    fields = {name: entry for name, entry in fields.items() if name in names}
    made = boxes(*names, **fields)
    plan = plan_of(made, CHANNEL, rollout=f"{{canaries: {canaries}, wave_size: {wave_size}}}")
    assert sorted(part.device for part in plan.devices) == sorted(names)
    assert max(map(len, waves(plan))) <= wave_size
    wave_of = {part.device: part.wave for part in plan.devices}
    meshed = {name for name, entry in fields.items() if "options" in entry}
    for name, entry in fields.items():
        feeder = entry.get("upstream")
        if feeder in wave_of and not meshed & {name, feeder}:
            assert wave_of[name] <= wave_of[feeder]


@pytest.fixture
def bench(tmp_path):
    made = boxes(*(f"cell-{i}" for i in range(1, 5)))
    with Journal(tmp_path / "journal.db") as journal:
        yield SimpleNamespace(made=made, journal=journal)


class Judge:
    """A gate that says in turn what does not agree."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def judge(self, plan, observed):
        return self.answers.pop(0) if self.answers else ()


def held_run(bench, rollout, gate, decide, *, limits=FAST, before=None, atomic="wave"):
    switch = Switch("ada")
    plan = plan_of(bench.made, CELLS, atomic=atomic, rollout=rollout)
    if before:
        before()

    def person():
        assert switch.wait_asked(30)
        decide(switch)

    asked = threading.Thread(target=person)
    asked.start()
    result = apply(
        plan, bench.made.devices, bench.made.make_driver, bench.journal, limits=limits, gate=gate,
        operator=Operator(name="ada", hold=switch),
    )  # fmt: skip
    asked.join()
    return result, switch


HOLD = "{canaries: 1, on_failure: hold}"


def tilts(bench):
    return {name: box.values["tilt_deg"] for name, box in bench.made.items()}


def test_a_failure_holds_the_next_wave_until_a_person_says_go(bench):
    def decide(switch):
        assert sorted(tilts(bench).values()) == [2.0, 2.0, 2.0, 6.0]
        switch.go()

    result, switch = held_run(bench, HOLD, Judge(("tilt is odd",)), decide)
    assert switch.reasons == ("tilt is odd",)
    assert result.outcome is Outcome.CONFIRMED
    kinds = [record.kind for record in bench.journal.records(result.run)]
    assert kinds.index("held") < kinds.index("go") < kinds.index("decision")


def test_a_person_who_says_stop_gets_everything_back(bench):
    result, _ = held_run(bench, HOLD, Judge(("odd",)), lambda switch: switch.stop())
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert "stopped by ada" in result.reason
    assert set(tilts(bench).values()) == {2.0}
    bench.made.assert_clean()


def test_timers_are_kept_running_while_a_run_is_held(bench):
    limits = Limits(step_s=0.4, patience_s=0.3, margin_s=0.1, pause_s=0.02)

    def n_commits():
        return sum(box.calls.count("commit") for box in bench.made.values())

    plan = plan_of(bench.made, CELLS, rollout="{on_failure: hold}")
    quick = replace(plan, confirm_timeout_s=1.0)
    switch = Switch("ada")

    def person():
        assert switch.wait_asked(30)
        until_s = time.monotonic() + 30
        while n_commits() < 12 and time.monotonic() < until_s:
            time.sleep(0.01)
        switch.go()

    asked = threading.Thread(target=person)
    asked.start()
    result = apply(
        quick, bench.made.devices, bench.made.make_driver, bench.journal, limits=limits,
        gate=Judge(("odd",)), operator=Operator(hold=switch),
    )  # fmt: skip
    asked.join()
    assert n_commits() >= 12  # four commits, and each timer was started anew twice at least
    assert result.outcome is Outcome.CONFIRMED
    assert set(tilts(bench).values()) == {6.0}


def test_a_device_that_is_lost_is_left_out_and_the_run_is_held_before_the_confirm(bench):
    rollout = "{on_unreachable: hold}"
    result, switch = held_run(
        bench, rollout, None, lambda s: s.go(), before=bench.made["cell-3"].die, atomic="network"
    )
    assert result.outcome is Outcome.CONFIRMED
    assert result.devices["cell-3"] is State.SKIPPED
    assert switch.reasons[0].startswith("cell-3 was left out: ")


def test_without_anybody_to_ask_hold_is_stop(bench):
    plan = plan_of(bench.made, CELLS, rollout=HOLD)
    result = apply(
        plan, bench.made.devices, bench.made.make_driver, bench.journal, limits=FAST,
        gate=Judge(("odd",)),
    )  # fmt: skip
    assert result.outcome is Outcome.RESTORED


def test_without_anybody_to_ask_no_device_is_left_out_in_silence(bench):
    plan, go = applied(bench, "{on_unreachable: hold}")
    bench.made["cell-3"].die()
    result = go()
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert "cell-3 was left out" in result.reason
    assert {box.values["tilt_deg"] for box in bench.made.values()} == {2.0}
    assert any("held before the confirm" in line for line in plan.atomicity)


def test_the_gate_is_asked_about_devices_that_have_changed_and_no_others(bench):
    class Gate:
        def __init__(self):
            self.asked = []

        def judge(self, plan, observed):
            self.asked.append([part.device for part in plan.devices])
            return ()

    made, gate = bench.made, Gate()
    plan = plan_of(made, CELLS, atomic="wave", rollout="{waves: [1, 1], on_unreachable: skip}")
    made["cell-3"].die()
    result = apply(plan, made.devices, made.make_driver, bench.journal, limits=FAST, gate=gate)
    assert result.outcome is Outcome.CONFIRMED
    assert gate.asked == [["cell-1"], ["cell-1", "cell-2"], ["cell-1", "cell-2", "cell-4"]]


def test_an_interrupt_ends_a_held_run(bench):
    class Impatient(Switch):
        def ask(self, run, reasons):
            super().ask(run, reasons)
            signal.raise_signal(signal.SIGINT)

    plan = plan_of(bench.made, CELLS, rollout=HOLD)
    result = apply(
        plan, bench.made.devices, bench.made.make_driver, bench.journal, limits=FAST,
        gate=Judge(("odd",)), operator=Operator(hold=Impatient()),
    )  # fmt: skip
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 130)
    bench.made.assert_clean()


def test_a_held_run_is_taken_back_before_its_window_ends(bench):
    limits = Limits(step_s=0.2, patience_s=0.2, margin_s=0.1, pause_s=0.02)
    rollout = "{on_failure: hold, windows: ['01:00-05:00 UTC']}"
    plan = plan_of(bench.made, CELLS, rollout=rollout)
    plan = replace(plan, devices=tuple(replace(part, settle_s=0.2) for part in plan.devices))
    now = datetime(2026, 3, 25, 5, tzinfo=UTC) - timedelta(seconds=needed_s(plan, limits, 16) + 0.1)
    result = apply(
        plan, bench.made.devices, bench.made.make_driver, bench.journal, limits=limits,
        gate=Judge(("odd",)), operator=Operator(hold=Switch(), clock=lambda: now),
    )  # fmt: skip
    assert (result.outcome, result.exit_code) == (Outcome.RESTORED, 4)
    assert "maintenance window" in result.reason
    assert set(tilts(bench).values()) == {2.0}


def test_a_refusal_in_a_later_wave_still_takes_the_canary_back(bench):
    bench.made["cell-4"].faults["commit"] = [DeviceRefused("cell-4", "no")]
    plan = plan_of(bench.made, CELLS, atomic="wave", rollout="{canaries: 1}")
    result = apply(plan, bench.made.devices, bench.made.make_driver, bench.journal, limits=FAST)
    assert result.outcome is Outcome.RESTORED
    assert set(tilts(bench).values()) == {2.0}


def test_all_devices_of_a_mesh_are_under_way_at_once(tmp_path):
    names = [f"ap-{i}" for i in range(20)]
    made = boxes(*names, **{name: {"options": {"mesh": "yard"}} for name in names})
    meeting = threading.Barrier(len(names), timeout=30)

    def meet(box):
        meeting.wait()
        box.values["radio/2/channel_in_use"] = 44

    for box in made.values():
        box.faults["commit"] = [meet]
    with Journal(tmp_path / "journal.db") as journal:
        result = apply(
            plan_of(made, CHANNEL), made.devices, made.make_driver, journal, limits=Limits(),
            n_threads=2,
        )  # fmt: skip
    assert not meeting.broken
    assert result.outcome is Outcome.CONFIRMED


@pytest.mark.parametrize("page", ["roll-out-in-waves", "plan-a-change"])
def test_the_intents_on_the_pages_are_good_ones(page):
    text = (Path(__file__).resolve().parents[2] / f"docs/how-to/{page}.md").read_text()
    for indent, body in re.findall(r"^( *)```yaml\n(.*?)^ *```$", text, re.M | re.S):
        parse_intent(parse_yaml(re.sub(rf"^{indent}", "", body, flags=re.M), page))
    for line in re.findall(r'^windows = "(.*)"$', text, re.M):
        assert all(parse_window(one) for one in line.split(";"))


def applied(bench, rollout, **options):
    plan = plan_of(bench.made, CELLS, rollout=rollout, **options)
    made = bench.made
    return plan, lambda: apply(plan, made.devices, made.make_driver, bench.journal, limits=FAST)


def test_a_device_that_refuses_leaves_before_the_first_commit(bench):
    for name in ("cell-2", "cell-4"):
        bench.made[name].faults["prepare"] = [DeviceRefused(name, "no such leaf")] * 3
    _, go = applied(bench, "{on_failure: skip}")
    result = go()
    assert (result.outcome, result.exit_code) == (Outcome.CONFIRMED, 0)
    assert [n for n, state in result.devices.items() if state is State.SKIPPED] == [
        "cell-2",
        "cell-4",
    ]
    assert result.reasons["cell-2"] == "no such leaf"
    assert list(tilts(bench).values()) == [6.0, 2.0, 6.0, 2.0]
    assert len(bench.journal.runs()) == 3
    bench.made.assert_clean()


def test_a_failure_after_the_first_commit_is_never_skipped(bench):
    bench.made["cell-2"].faults["commit"] = [DeviceRefused("cell-2", "no")]
    _, go = applied(bench, "{on_failure: skip}")
    assert go().outcome is Outcome.RESTORED
    assert set(tilts(bench).values()) == {2.0}


def test_a_device_that_dies_in_between_is_left_to_a_person_and_the_others_go_on(bench):
    bench.made["cell-2"].faults["prepare"] = ["die"]
    _, go = applied(bench, "{on_unreachable: skip}")
    result = go()
    assert result.devices["cell-2"] is State.INDETERMINATE
    assert (result.outcome, result.exit_code) == (Outcome.CONFIRMED, 5)
    assert bench.made["cell-1"].values["tilt_deg"] == 6.0


def test_when_all_refuse_nothing_is_done(bench):
    for name, box in bench.made.items():
        box.faults["prepare"] = [DeviceRefused(name, "no")] * 9
    _, go = applied(bench, "{on_failure: skip}")
    assert go().exit_code == 4
    assert set(tilts(bench).values()) == {2.0}


def test_no_device_of_a_mesh_is_left_behind(tmp_path):
    made = boxes("ap-1", "ap-2", "ap-3", **{n: MESH["ap-1"] for n in ("ap-1", "ap-2")})
    rollout = "{on_unreachable: skip, on_failure: skip}"
    plan = plan_of(made, CHANNEL, rollout=rollout)
    made["ap-2"].die()
    with Journal(tmp_path / "journal.db") as journal:
        result = apply(plan, made.devices, made.make_driver, journal, limits=FAST)
    assert result.outcome is Outcome.RESTORED
    late = check_plan(plan_of(made, CHANNEL, rollout=rollout), made.devices, NoFacts())
    assert any("move away from ap-2" in f.finding.message for f in late.blockers)


class NoFacts:
    def placement(self, device):
        return ""

    def antenna_gain_dbi(self, device, radio):
        return None

    def feed_port(self, device):
        return ""

    def cells(self):
        return {}
