"""`stellwerk inventory`: what is shown, what is checked, what is imported."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stellwerk.cli import run
from stellwerk.exits import Exit

Call = Callable[..., tuple[int, str, str]]
TEXT = """\
roles:
  sw: {kind: switch, profile: poe-switch, port: 161, username: u, instances: {port: ["1"]}}
devices:
  - {id: sw-1, role: sw, host: h1, secrets: {auth: "env:CANARY_A", priv: "env:CANARY_A"}}
  - {id: sw-2, role: sw, host: h2}
"""


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CANARY_A", "canary-value")
    (tmp_path / "inventory.yaml").write_text(TEXT)

    def calling(*words: str) -> tuple[int, str, str]:
        code = run(["inventory", *words])
        told = capsys.readouterr()
        assert "canary-value" not in told.out + told.err
        return code, told.out, told.err

    return calling


def test_show_says_what_layers_add(call: Call) -> None:
    code, out, _ = call("show", "--limit", "sw-1", "--json")
    (device,) = json.loads(out)["devices"]
    assert (code, device["port"], device["role"]) == (Exit.OK, 161, "sw")
    assert device["secrets"]["auth"] == "env:CANARY_A"
    assert "sw-2" in call("show")[1]


def test_check_finds_what_would_fail_on_the_way(call: Call, tmp_path: Path) -> None:
    assert call("check")[0] == Exit.OK
    text = TEXT.replace('"env:CANARY_A"}', '"env:CANARY_B"}').replace(
        "host: h2", "host: h2, port: 0"
    )
    (tmp_path / "inventory.yaml").write_text(text)
    code, _, err = call("check")
    assert (code, "inventory.yaml:5" in err) == (Exit.ERROR, True)
    (tmp_path / "inventory.yaml").write_text(text.replace(", port: 0", ""))
    code, out, _ = call("check", "--json")
    assert code == Exit.ERROR
    assert json.loads(out)["problems"] == [
        {"device": "sw-1", "what": "secret env:CANARY_B is not set; export CANARY_B=..."}
    ]


def test_import_writes_an_inventory_and_never_over_one(call: Call, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("name,ip,platform\na,h1,linux\nb,h2,ios\n")
    code, _, err = call("import", "csv:d.csv", "--out", "i.yaml")
    assert (code, "wrote 1 devices to i.yaml" in err) == (Exit.OK, True)
    assert "left out: d.csv:3: no profile for 'ios'; say --profile PLATFORM=PROFILE" in err
    code, _, err = call("import", "csv:d.csv", "--out", "i.yaml")
    assert (code, "i.yaml: exists already" in err) == (Exit.ERROR, True)
    code, out, _ = call(
        "import", "csv:d.csv", "-o", "i.yaml", "--force", "--profile", "ios=frr-router", "--json"
    )
    assert json.loads(out)["kinds"] == {"host": 1, "router": 1}
    code, out, _ = call("show", "-i", "i.yaml", "--json")
    assert [d["id"] for d in json.loads(out)["devices"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("ldap:x",), "is no inventory we can read"),
        (("csv:none.csv",), "no such file"),
        (("csv:d.csv", "--profile", "x"), "'x' is no pair; write NAME=VALUE"),
        (("netbox:https://h", "--token-from", "env:NO_TOKEN"), "secret env:NO_TOKEN is not set"),
        (("netbox:https://h", "--token-from", "canary-value"), "a secret is given by reference"),
    ],
)
def test_what_cannot_be_imported_is_one_line(
    call: Call, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "d.csv").write_text("name,ip,platform\n")
    code, _, err = call("import", *words, "--out", "i.yaml")
    assert (code, message in err) == (Exit.ERROR, True), err
    assert not (tmp_path / "i.yaml").exists()
