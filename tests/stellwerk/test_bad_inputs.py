"""Every mistake of a user is one line that names the place and the remedy, with its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stellwerk.cli import run
from stellwerk.exits import Exit

INVENTORY = """\
devices:
  - id: sw-1
    kind: switch
    profile: poe-switch
    host: 127.0.0.1
    port: 9
    username: stellwerk
    secrets: {auth: "env:NOT_SET_AUTH", priv: "env:NOT_SET_PRIV"}
    instances: {port: ["1", "2"]}
"""
INTENT = """\
version: 1
name: test
changes:
  - name: contact
    select: "kind:switch"
    set: {contact: noc}
"""

Call = Callable[..., tuple[int, str]]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STELLWERK_HOME", str(tmp_path / "home"))
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    (tmp_path / "intent.yaml").write_text(INTENT)
    return tmp_path


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def calling(*words: str) -> tuple[int, str]:
        code = run(words)
        return code, capsys.readouterr().err

    return calling


def _error_line(err: str) -> str:
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, err
    return lines[0]


def test_a_missing_intent_file_is_named(desk: Path, call: Call) -> None:
    code, err = call("plan", "no-such.yaml")
    assert code == Exit.ERROR
    assert "no-such.yaml" in _error_line(err)


def test_broken_yaml_is_named_with_line_and_column(desk: Path, call: Call) -> None:
    (desk / "intent.yaml").write_text("version: 1\nname: [unclosed\nchanges: x\n")
    code, err = call("plan", "intent.yaml")
    assert code == Exit.ERROR
    assert "intent.yaml:" in _error_line(err)


def test_a_yaml_bomb_is_refused(desk: Path, call: Call) -> None:
    bomb = 'a: &a ["x","x","x","x","x","x","x","x","x"]\n' + "".join(
        f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    (desk / "intent.yaml").write_text(bomb)
    code, err = call("plan", "intent.yaml")
    assert code == Exit.ERROR
    assert "intent.yaml" in _error_line(err)


def test_an_unknown_device_is_named_with_a_suggestion(desk: Path, call: Call) -> None:
    (desk / "intent.yaml").write_text(INTENT.replace("kind:switch", "id:sw-l"))
    code, err = call("plan", "intent.yaml")
    assert code == Exit.ERROR
    line = _error_line(err)
    assert "intent.yaml:5:" in line
    assert "sw-1" in line


def test_an_unknown_attribute_is_named(desk: Path, call: Call) -> None:
    (desk / "intent.yaml").write_text(INTENT.replace("contact: noc", "kontakt: noc"))
    code, err = call("plan", "intent.yaml")
    assert code == Exit.ERROR
    assert "kontakt" in _error_line(err)


def test_a_secret_that_is_not_there_names_its_reference_only(desk: Path, call: Call) -> None:
    code, err = call("plan", "intent.yaml")
    assert code == Exit.ERROR
    assert "NOT_SET_" in _error_line(err)


def test_a_missing_inventory_is_named(desk: Path, call: Call) -> None:
    code, err = call("plan", "intent.yaml", "--inventory", "elsewhere.yaml")
    assert code == Exit.ERROR
    assert "elsewhere.yaml" in _error_line(err)


def test_an_unknown_city_is_named(desk: Path, call: Call) -> None:
    code, err = call("city", "show", "atlantis")
    assert code == Exit.ERROR
    assert "atlantis" in _error_line(err)


def test_a_misspelled_option_is_a_usage_error(desk: Path, call: Call) -> None:
    code, err = call("coverage", "--stepp", "25")
    assert code == Exit.USAGE
    assert "Traceback" not in err


def test_an_unknown_setting_in_the_settings_file_is_named(desk: Path, call: Call) -> None:
    (desk / "stellwerk.toml").write_text('citty = "duisburg"\n')
    code, err = call("city", "show")
    assert code == Exit.ERROR
    assert "citty" in _error_line(err)


@pytest.mark.parametrize("command", [("recover",), ("rollback", "x"), ("journal", "verify")])
def test_without_a_journal_there_is_nothing_to_recover(
    desk: Path, call: Call, command: tuple[str, ...]
) -> None:
    code, err = call(*command)
    assert code == Exit.ERROR
    assert "journal" in _error_line(err)
    assert not (desk / "home").exists()


def test_a_plan_of_a_newer_format_is_refused(desk: Path, call: Call) -> None:
    (desk / "plan.json").write_text(json.dumps({"format_version": "2.0"}))
    code, err = call("apply", "plan.json", "--yes")
    assert code == Exit.ERROR
    assert "plan.json" in _error_line(err)


def test_init_never_overwrites(desk: Path, call: Call) -> None:
    code, err = call("init", str(desk))
    assert code == Exit.ERROR
    assert "exists already" in _error_line(err)
    assert (desk / "intent.yaml").read_text() == INTENT


def test_what_init_writes_can_be_read(tmp_path: Path, call: Call) -> None:
    code, _ = call("init", str(tmp_path / "new"))
    assert code == Exit.OK
    code, err = call(
        "plan",
        str(tmp_path / "new/intent.yaml"),
        "--inventory",
        str(tmp_path / "new/inventory.yaml"),
    )
    assert "SW_AUTH" in _error_line(err)


def test_a_start_that_is_no_date_is_refused(desk: Path, call: Call) -> None:
    code, err = call("emulate", "out", "--start", "tomorrow")
    assert code == Exit.ERROR
    assert "tomorrow" in _error_line(err)


def test_a_network_outside_loopback_is_refused(desk: Path, call: Call) -> None:
    code, err = call("emulate", "out", "--network", "10.0.0.0/8", "--select", "site:fws")
    assert code == Exit.ERROR
    assert "loopback" in _error_line(err)


def test_a_broken_intent_ends_the_demo_before_it_begins(desk: Path, call: Call) -> None:
    (desk / "intent.yaml").write_text("version: 1\n")
    code, err = call("demo", "--intent", "intent.yaml", "--out", "out")
    assert code == Exit.ERROR
    assert "intent.yaml" in _error_line(err)
    assert not (desk / "out").exists()
