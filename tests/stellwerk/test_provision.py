"""plan, apply, rollback and recover as commands, against emulated devices in another process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.emulators.control import FleetControl
from stellwerk.cli import run
from stellwerk.exits import Exit

ROOT = Path(__file__).resolve().parents[2]
SWITCH, LAMPS, AP = "sw-fws", "cab-0488", "ap-fws-02"

pytestmark = pytest.mark.slow

Stellwerk = Callable[..., dict[str, object]]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, network: str) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("lab")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "stellwerk", "emulate", str(folder), "--json"),
            *("--select", f"id:{SWITCH} | id:{LAMPS} | id:{AP}", "--network", network),
            *("--start", "2026-12-21T07:30:00", "--parent-pid", str(os.getpid())),
        ],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    while (line := process.stdout.readline()) != "}\n":
        assert line, process.communicate()[1]
    yield folder
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)


@pytest.fixture
def control(lab: Path) -> Iterator[FleetControl]:
    with FleetControl(lab / "control.sock") as fleet:
        yield fleet


@pytest.fixture
def stellwerk(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Stellwerk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STELLWERK_INVENTORY", str(lab / "inventory.yaml"))
    monkeypatch.setenv("STELLWERK_JOURNAL", str(tmp_path / "journal.db"))

    def command(*words: str, code: Exit = Exit.OK) -> dict[str, object]:
        got = run([*words, "--json"])
        out, err = capsys.readouterr()
        assert got == code, err
        document = json.loads(out) if out else {}
        return document | {"stderr": err}

    return command


def _intent(folder: Path, **values: object) -> str:
    lines = [
        f"  - {{name: c{n}, select: 'id:{device.replace('_', '-')}', set: {json.dumps(pairs)}}}"
        for n, (device, pairs) in enumerate(values.items())
    ]
    path = folder / "intent.yaml"
    path.write_text("version: 1\nname: test\nchanges:\n" + "\n".join(lines) + "\n")
    return path.name


def test_a_change_is_planned_applied_verified_and_taken_back(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path
) -> None:
    before = control.read(LAMPS)["night_level_percent"]
    intent = _intent(
        tmp_path, cab_0488={"night_level_percent": 35}, sw_fws={"contact": "noc@example.org"}
    )
    plan = stellwerk("plan", intent)
    assert plan["applyable"] is True
    stellwerk("plan", intent, "--detailed-exitcode", code=Exit.CHANGES)
    done = stellwerk("apply", intent, "--yes")
    assert done["outcome"] == "confirmed"
    assert done["replan_empty"] is True
    assert control.read(LAMPS)["night_level_percent"] == 35
    assert stellwerk("apply", intent, "--yes")["no_op"] is True
    back = stellwerk("rollback", str(done["run"]), "--yes")
    assert back["outcome"] == "confirmed"
    assert control.read(LAMPS)["night_level_percent"] == before
    assert stellwerk("journal", "verify")["intact"] is True


def test_a_diff_of_live_devices_fits_their_backup_and_check_writes_nothing(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path
) -> None:
    before = control.read(LAMPS)["night_level_percent"]
    intent = _intent(
        tmp_path,
        cab_0488={"night_level_percent": int(before) - 5},
        sw_fws={"contact": "it@example.org"},
    )
    stellwerk("backup", "--git", "kept")
    shown = stellwerk("diff", intent, "--limit", f"id:{LAMPS}")
    assert shown["devices"] == [LAMPS]
    text = str(shown["diff"]) + "\n"
    subprocess.run(["git", "apply", "-"], input=text, text=True, cwd=tmp_path / "kept", check=True)
    kept = (tmp_path / "kept" / f"{LAMPS}.yaml").read_text()
    assert f"night_level_percent: {int(before) - 5}\n" in kept
    checked = stellwerk("apply", intent, "--check", "--limit", f"id:{LAMPS}")
    assert [part["device"] for part in checked["devices"]] == [LAMPS]
    assert control.read(LAMPS)["night_level_percent"] == before
    assert not (tmp_path / "journal.db").exists()
    done = stellwerk("apply", intent, "--yes", "--no-input", "--limit", f"id:{LAMPS}")
    assert (done["outcome"], done["replan_empty"]) == ("confirmed", True)
    assert control.read("sw-fws")["contact"] != "it@example.org"
    stellwerk("rollback", str(done["run"]), "--yes")


def test_a_saved_plan_is_refused_once_the_device_has_changed(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path
) -> None:
    intent = _intent(tmp_path, cab_0488={"night_level_percent": 45})
    stellwerk("plan", intent, "--out", "plan.json")
    old = control.read(LAMPS)["night_level_percent"]
    control.write_raw(LAMPS, {"night_level_percent": 60})
    stellwerk("apply", "plan.json", "--yes", code=Exit.ERROR)
    assert control.read(LAMPS)["night_level_percent"] == 60
    control.write_raw(LAMPS, {"night_level_percent": old})


def test_a_saved_plan_is_judged_by_what_the_device_is_now(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path
) -> None:
    old = control.read(AP)
    power = int(old["radio/2/tx_power_dbm"]) - 1
    stellwerk(
        "plan", _intent(tmp_path, ap_fws_02={"radio/2/tx_power_dbm": power}), "--out", "p.json"
    )
    # Somebody moves the lamp-post radio to a channel that is for indoor use only.
    control.write_raw(AP, {"radio/2/channel": 36})
    stellwerk("apply", "p.json", "--yes", code=Exit.POLICY)
    assert control.read(AP)["radio/2/tx_power_dbm"] == old["radio/2/tx_power_dbm"]
    control.write_raw(AP, {"radio/2/channel": old["radio/2/channel"]})


def test_an_unlawful_channel_is_refused_before_anything_is_sent(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path
) -> None:
    intent = _intent(tmp_path, ap_fws_02={"radio/2/channel": 36})
    before = control.stats()[AP]
    stellwerk("plan", intent, code=Exit.POLICY)
    stellwerk("apply", intent, "--yes", code=Exit.POLICY)
    assert control.stats()[AP].get("edit-config", 0) == before.get("edit-config", 0)


def test_an_unreachable_device_is_no_device_in_order(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path
) -> None:
    intent = _intent(tmp_path, cab_0488={"night_level_percent": 30})
    control.kill(LAMPS)
    try:
        plan = stellwerk("plan", intent, code=Exit.TRY_LATER)
        assert LAMPS in str(plan["stderr"])
        stellwerk("apply", intent, "--yes", code=Exit.TRY_LATER)
    finally:
        control.revive(LAMPS)


def test_a_device_that_dies_is_indeterminate_until_recover_and_refused_before(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path
) -> None:
    old = control.read(LAMPS)["night_level_percent"]
    intent = _intent(tmp_path, cab_0488={"night_level_percent": 33}, sw_fws={"location": "cellar"})
    control.kill_on(LAMPS, "set")
    result = stellwerk("apply", intent, "--yes", code=Exit.NOT_RESTORED)
    assert result["devices"] == {LAMPS: "indeterminate", SWITCH: "restored"}
    assert "stellwerk recover" in str(result["stderr"])
    control.revive(LAMPS, {"night_level_percent": 33})
    refused = stellwerk("apply", intent, "--yes", code=Exit.ERROR)
    assert "stellwerk recover" in str(refused["stderr"])
    assert f"is still open on {LAMPS}" in str(stellwerk("plan", intent)["stderr"])
    stellwerk("recover")
    assert control.read(LAMPS)["night_level_percent"] == old
    assert control.read(SWITCH)["location"] != "cellar"
    assert stellwerk("recover")["runs"] == []


def test_nobody_is_asked_without_a_terminal(stellwerk: Stellwerk, tmp_path: Path) -> None:
    intent = _intent(tmp_path, cab_0488={"night_level_percent": 31})
    refused = stellwerk("apply", intent, code=Exit.ERROR)
    assert "--yes" in str(refused["stderr"])


def test_a_limit_that_leaves_nothing_is_an_error(stellwerk: Stellwerk, tmp_path: Path) -> None:
    intent = _intent(tmp_path, cab_0488={"night_level_percent": 31})
    refused = stellwerk("plan", intent, "--limit", f"id:{SWITCH}", code=Exit.ERROR)
    assert LAMPS in str(refused["stderr"])


def test_a_reader_that_goes_away_does_not_end_a_run(lab: Path, tmp_path: Path) -> None:
    intent = _intent(tmp_path, cab_0488={"night_level_percent": 38})
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "stellwerk", "apply", intent, "--yes"),
            *("--inventory", str(lab / "inventory.yaml"), "--journal", "journal.db"),
        ],
        cwd=tmp_path, stdout=write_end, stderr=write_end, timeout=100, check=False,
    )  # fmt: skip
    os.close(write_end)
    assert done.returncode == Exit.OK
    with FleetControl(lab / "control.sock") as fleet:
        assert fleet.read(LAMPS)["night_level_percent"] == 38


def test_outside_its_window_nothing_is_sent_and_the_way_back_is_free(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = control.read(SWITCH)["location"]
    intent = _intent(tmp_path, sw_fws={"location": "in its window"})
    monkeypatch.setenv("STELLWERK_WINDOWS", "00:00-23:59 UTC; 23:00-02:00 UTC")
    run = stellwerk("apply", intent, "--yes")["run"]
    monkeypatch.setenv("STELLWERK_WINDOWS", "2020-01-01 00:00 - 2020-01-02 00:00 UTC")
    refused = stellwerk(
        "apply", _intent(tmp_path, sw_fws={"location": "x"}), "--yes", code=Exit.TRY_LATER
    )
    assert "does not come again" in str(refused["stderr"])
    assert control.read(SWITCH)["location"] == "in its window"
    assert stellwerk("rollback", str(run), "--yes")["outcome"] == "confirmed"
    assert control.read(SWITCH)["location"] == old


def test_a_device_that_is_away_is_left_out_by_policy_and_done_later(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path
) -> None:
    old = control.read(SWITCH)["location"], control.read(LAMPS)["location"]
    intent = _intent(tmp_path, sw_fws={"location": "skip"}, cab_0488={"location": "skip"})
    text = (tmp_path / intent).read_text()
    (tmp_path / intent).write_text(
        text.replace("changes:", "rollout: {on_unreachable: skip}\nchanges:")
    )
    control.kill(SWITCH)
    done = stellwerk("apply", intent, "--yes")
    assert (done["outcome"], done["replan_empty"]) == ("confirmed", True)
    assert f"{SWITCH}: was left out" in str(done["stderr"])
    control.revive(SWITCH)
    assert stellwerk("apply", intent, "--yes")["devices"] == {SWITCH: "confirmed"}
    control.write_raw(SWITCH, {"location": old[0]})
    control.write_raw(LAMPS, {"location": old[1]})


def test_four_eyes_want_an_approval_by_somebody_else(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STELLWERK_FOUR_EYES", "yes")
    monkeypatch.setenv("STELLWERK_AUTHOR", "erika")
    intent = _intent(tmp_path, sw_fws={"location": "four eyes"})
    stellwerk("apply", intent, "--yes", code=Exit.POLICY)
    stellwerk("plan", intent, "--out", "plan.json")
    stellwerk("approve", "plan.json", code=Exit.POLICY)
    stellwerk("apply", "plan.json", "--yes", code=Exit.POLICY)
    monkeypatch.setenv("STELLWERK_AUTHOR", "max")
    assert stellwerk("approve", "plan.json")["approved_by"] == "max"
    run = str(stellwerk("apply", "plan.json", "--yes")["run"])
    shown = stellwerk("journal", "show", run)["records"]
    assert isinstance(shown, list)
    begin = shown[0]["payload"]
    assert (begin["plan"]["author"], begin["plan"]["approved_by"], begin["applied_by"]) == (
        "erika",
        "max",
        "max",
    )
    assert stellwerk("rollback", run, "--yes")["outcome"] == "confirmed"


def test_drift_is_found_reconciled_blamed_and_adopted(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STELLWERK_AUTHOR", "erika")
    old = control.read(LAMPS)["night_level_percent"]
    intent = _intent(
        tmp_path, cab_0488={"night_level_percent": 36}, sw_fws={"contact": "desk@example.org"}
    )
    run = stellwerk("apply", intent, "--yes")["run"]
    assert stellwerk("drift", "--detailed-exitcode")["drift"] == []
    control.write_raw(LAMPS, {"night_level_percent": 70})
    control.write_raw(SWITCH, {"contact": "somebody@example.org"})
    for words in ((), (intent,)):  # by the journal alone, and by the intent
        found = stellwerk("drift", *words, "--detailed-exitcode", code=Exit.CHANGES)
        assert sorted((d["device"], d["path"], d["class"]) for d in found["drift"]) == [
            (LAMPS, "night_level_percent", "operator"),
            (SWITCH, "contact", "operator"),
        ]
    claims = stellwerk("blame", LAMPS)["claims"]
    assert [(c["path"], c["run"], c["author"]) for c in claims] == [
        ("night_level_percent", run, "erika")
    ]
    stellwerk("drift", intent, "--limit", f"id:{SWITCH}", "--reconcile", "--yes")
    assert control.read(SWITCH)["contact"] == "desk@example.org"
    stellwerk("drift", intent, "--adopt")
    assert '"night_level_percent": 70' in (tmp_path / intent).read_text()
    assert stellwerk("drift", intent, "--detailed-exitcode")["drift"] == []
    control.write_raw(LAMPS, {"night_level_percent": old})


def test_a_drift_policy_says_what_happens_to_which_drift(
    stellwerk: Stellwerk, control: FleetControl, tmp_path: Path
) -> None:
    old = control.read(SWITCH)
    stellwerk("drift", _intent(tmp_path, sw_fws={"location": "hall"}), "--save-baseline", "b.json")
    control.write_raw(SWITCH, {"contact": "nobody"})
    (tmp_path / "rules.yaml").write_text(
        "version: 1\nrules:\n  - {class: [operator], path: contact, do: ignore}\n"
        "  - {class: [unknown], do: reconcile}\n"
    )
    found = stellwerk(
        "drift", "intent.yaml", "--baseline", "b.json", "--policy", "rules.yaml", "--reconcile",
        "--yes",
    )  # fmt: skip
    assert [(d["path"], d["class"], d["remedy"]) for d in found["drift"]] == [
        ("location", "unknown", "reconcile"),
        ("contact", "operator", "ignore"),
    ]
    after = control.read(SWITCH)
    assert (after["location"], after["contact"]) == ("hall", "nobody")
    control.write_raw(SWITCH, {"location": old["location"], "contact": old["contact"]})


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("drift",), "there is no journal"),
        (("drift", "intent.yaml", "--policy", "rules.yaml"), "rules.yaml:3"),
        (("drift", "intent.yaml", "--baseline", "rules.yaml"), "cannot be read as a baseline"),
        (("drift", "intent.yaml", "--reconcile", "--adopt"), "exclude each other"),
        (("blame", "sw-fws"), "there is no journal"),
    ],
)
def test_what_drift_cannot_do_is_one_line(
    stellwerk: Stellwerk, tmp_path: Path, words: tuple[str, ...], what: str
) -> None:
    _intent(tmp_path, sw_fws={"location": "hall"})
    (tmp_path / "rules.yaml").write_text("version: 1\nrules:\n  - {class: [rust], do: ignore}\n")
    text = str(stellwerk(*words, code=Exit.ERROR)["stderr"])
    assert what in text
    assert len(text.strip().splitlines()) == 1
