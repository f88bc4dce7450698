"""What people who use command lines take for granted."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.completion import get_completion_script

from controllers.backup import backup_text
from controllers.inventory import load_inventory
from controllers.plan import DevicePlan, Plan, touched_hash
from controllers.plan_file import plan_data, plan_digest, save_plan
from controllers.ports import Change, DeviceClass
from stellwerk.cli import run
from stellwerk.completion import answer
from stellwerk.exits import Exit
from stellwerk.settings import load_settings
from stellwerk.terminal import forbid_questions, may_ask

ROOT = Path(__file__).resolve().parents[2]
ESCAPE = "\x1b["
INVENTORY = """\
defaults:
  {kind: switch, profile: poe-switch, host: 127.0.0.1, username: u,
   secrets: {auth: "env:A", priv: "env:B"}, instances: {port: ["1"]}}
devices:
  - {id: sw-1, port: 1, site: zoo}
  - {id: sw-2, port: 2, site: fws}
"""

Desk = Callable[..., tuple[int, str, str]]


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    """A folder with an inventory, no variables of ours, and a way to run a command there."""
    monkeypatch.chdir(tmp_path)
    names = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM", "PAGER")
    for name in [*names, *(v for v in os.environ if v.startswith("STELLWERK_"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STELLWERK_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "inventory.yaml").write_text(INVENTORY)

    def command(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    return command


def _plan(**more: object) -> Plan:
    part = DevicePlan(
        device="sw-1", kind="switch", site="zoo", origin="emulated", device_class=DeviceClass.A,
        changes=(Change(device="sw-1", path="contact", before="a", after="b"),),
        context={"location": "x"},
    )  # fmt: skip
    live = touched_hash((part,), {"sw-1": part.undo})
    return Plan(name="contact", author="ann", devices=(part,), live_hash=live, **more)


# --- settings: flag > variable > project file > user file > default


def test_a_flag_beats_a_variable_beats_the_projects_file_beats_the_users(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().city == "duisburg"
    Path("home/stellwerk.toml").write_text('city = "of-user"\nauthor = "of-user"\n')
    assert load_settings().city == "of-user"
    Path("stellwerk.toml").write_text('city = "of-project"\n')
    assert load_settings().city == "of-project"
    assert load_settings().author == "of-user"
    monkeypatch.setenv("STELLWERK_CITY", "of-variable")
    assert load_settings().city == "of-variable"
    assert load_settings(city="of-flag").city == "of-flag"


def test_every_option_can_stand_in_the_environment_and_in_both_files(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def devices(*words: str) -> list[str]:
        code, out, err = desk("inventory", "show", "--json", *words)
        assert code == Exit.OK, err
        return [device["id"] for device in json.loads(out)["devices"]]

    assert devices() == ["sw-1", "sw-2"]
    Path("home/stellwerk.toml").write_text('[inventory.show]\nlimit = "site:zoo"\n')
    assert devices() == ["sw-1"]
    Path("stellwerk.toml").write_text('[options]\nlimit = "site:fws"\n')
    assert devices() == ["sw-2"], "the whole file of the project is stronger"
    monkeypatch.setenv("STELLWERK_LIMIT", "id:sw-1")
    assert devices() == ["sw-1"]
    monkeypatch.setenv("STELLWERK_INVENTORY_SHOW_LIMIT", "id:sw-2")
    assert devices() == ["sw-2"]
    assert devices("--limit", "id:sw-1") == ["sw-1"]


def test_settings_say_where_each_value_comes_from_and_hide_passwords(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("stellwerk.toml").write_text('city = "a"\n[plan]\ndetailed-exitcode = true\n')
    monkeypatch.setenv("STELLWERK_JOURNAL", "postgresql://me:very-secret@host/db")
    monkeypatch.setenv("STELLWERK_LIMTI", "x")
    code, out, err = desk("settings")
    assert code == Exit.OK
    assert re.search(r"^ *city +a +stellwerk.toml$", out, re.M)
    assert re.search(r"^ *journal .*STELLWERK_JOURNAL$", out, re.M)
    assert re.search(r"^ *four_eyes +no +default$", out, re.M)
    assert re.search(r"^ *plan --detailed-exitcode +True +stellwerk.toml$", out, re.M)
    assert "very-secret" not in out + err
    assert "did you mean STELLWERK_LIMIT?" in err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[plna]\nlimit = "x"', "did you mean [plan]?"),
        ('[plan]\nlimti = "x"', "did you mean limit?"),
        ("[options]\nyes = true", "--yes cannot be set in a file"),
        ('[plan]\ncity = "x"', "write it above all tables"),
        ('inventroy = "x"', "did you mean inventory?"),
        ("[plan]\ncheck = 3", "--check is true or false"),
        ("[plan", "not valid TOML"),
        ("options = 3", "setting 'options' is not known"),
    ],
)
def test_a_wrong_settings_file_is_one_line_with_a_remedy(desk: Desk, text: str, words: str) -> None:
    Path("stellwerk.toml").write_text(text + "\n")
    code, out, err = desk("inventory", "show")
    assert (code, out, err.count("\n")) == (Exit.ERROR, "", 1)
    assert words in err
    assert "stellwerk.toml" in err


def test_a_wrong_value_from_elsewhere_is_refused_by_the_place_it_comes_from(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("stellwerk.toml").write_text('[chaos]\nschedules = "many"\n')
    code, _, err = desk("chaos")
    assert code == Exit.USAGE
    assert "(from stellwerk.toml)" in err
    monkeypatch.setenv("STELLWERK_SCHEDULES", "more")
    assert "(from STELLWERK_SCHEDULES)" in desk("chaos")[2]


# --- saved plans


def test_a_saved_plan_is_shown_as_text_as_json_and_as_a_diff(desk: Desk) -> None:
    save_plan(_plan(), Path("p.json"))
    code, out, _ = desk("show", "p.json")
    assert code == Exit.OK
    assert '~ contact: "a" -> "b"' in out
    data = json.loads(desk("show", "p.json", "--json")[1])
    assert (data["applyable"], data["no_op"], data["format_version"][:2]) == (True, False, "1.")
    out = desk("show", "p.json", "--diff")[1]
    assert out.startswith("diff --git a/sw-1.yaml b/sw-1.yaml\n--- a/sw-1.yaml\n+++ b/sw-1.yaml\n")
    assert "\n-  contact: a\n+  contact: b\n" in out


def test_a_plan_of_a_newer_minor_version_is_read_and_of_another_major_refused(desk: Desk) -> None:
    data = plan_data(_plan(format_version="1.9"))
    data["weather"] = "fine"
    data["plan_sha256"] = plan_digest(data)
    Path("p.json").write_text(json.dumps(data))
    assert desk("show", "p.json")[0] == Exit.OK
    Path("p.json").write_text(json.dumps(plan_data(_plan(format_version="2.0"))))
    code, out, err = desk("show", "p.json")
    assert (code, out, err.count("\n")) == (Exit.ERROR, "", 1)
    assert "plan format 2.0" in err


def test_a_saved_plan_without_changes_can_be_recognised(desk: Desk) -> None:
    save_plan(Plan(name="idle", devices=(), live_hash=touched_hash((), {})), Path("p.json"))
    data = json.loads(desk("show", "p.json", "--json")[1])
    assert (data["applyable"], data["no_op"]) == (False, True)
    assert desk("diff", "p.json")[:2] == (Exit.OK, "")


def test_a_diff_is_taken_by_git(desk: Desk, tmp_path: Path) -> None:
    save_plan(_plan(), Path("p.json"))
    code, out, _ = desk("diff", "p.json", "--detailed-exitcode")
    assert code == Exit.CHANGES
    kept = tmp_path / "kept"
    kept.mkdir()
    device = load_inventory(Path("inventory.yaml"))[0]
    (kept / "sw-1.yaml").write_text(backup_text(device, {"contact": "a", "location": "x"}))
    subprocess.run(["git", "init", "-q"], cwd=kept, check=True)
    subprocess.run(["git", "apply", "-"], input=out, text=True, cwd=kept, check=True)
    assert "contact: b" in (kept / "sw-1.yaml").read_text()


# --- terminals


def _piped(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stellwerk", *words], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )  # fmt: skip


def _on_terminal(*words: str, **env: str) -> tuple[int, str]:
    """Run a command with a pseudo terminal for all three streams."""

    def command() -> int:
        os.environ.update({"TERM": "xterm", **env})
        return run(list(words))

    return _forked(command)


def _forked(command: Callable[[], int]) -> tuple[int, str]:
    """Call something in a child on a terminal; loading everything anew would take seconds."""
    pid, terminal = pty.fork()
    if pid == 0:
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, closefd=False) for number, mode in enumerate("rww")
        )
        code = 99
        try:
            code = command()
            sys.stdout.flush()
        finally:
            os._exit(code)
    seen = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


def test_colour_is_for_terminals_and_only_repeats_the_sign(desk: Desk) -> None:
    save_plan(_plan(), Path("p.json"))
    code, seen = _on_terminal("show", "p.json")
    assert code == Exit.OK
    assert f'{ESCAPE}33m  ~ contact: "a" -> "b"' in seen
    assert ESCAPE not in _on_terminal("show", "p.json", NO_COLOR="1", FORCE_COLOR="1")[1]
    assert ESCAPE not in _on_terminal("show", "p.json", TERM="dumb")[1]


@pytest.mark.parametrize(
    ("words", "env", "is_coloured"),
    [
        ((), {}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"CLICOLOR_FORCE": "1"}, True),
        ((), {"CLICOLOR_FORCE": "0"}, False),
        ((), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        (("--color=always",), {"TERM": "dumb"}, True),
    ],
)
@pytest.mark.parametrize("is_behind", [False, True])
def test_flag_then_no_color_then_force_color_decide(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    env: dict[str, str],
    is_coloured: bool,
    is_behind: bool,
) -> None:
    save_plan(_plan(), Path("p.json"))
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    line = ("show", "p.json", *words) if is_behind else (*words, "show", "p.json")
    code, out, _ = desk(*line)
    assert code == Exit.OK
    assert (ESCAPE in out) == is_coloured
    assert {name: os.environ.get(name) for name in env} == env, "nothing is left behind"


def test_json_and_a_diff_in_a_pipe_have_no_colour(desk: Desk) -> None:
    save_plan(_plan(), Path("p.json"))
    assert ESCAPE not in desk("show", "p.json", "--json", "--color", "always")[1]
    assert ESCAPE not in desk("diff", "p.json")[1]


def test_a_diff_goes_through_the_pager_on_a_terminal_only(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_plan(_plan(), Path("p.json"))
    pager = tmp_path / "pager"
    pager.write_text('#!/bin/sh\necho "PAGED $LESS"\ncat\n')
    pager.chmod(0o755)
    code, seen = _on_terminal("diff", "p.json", PAGER=str(pager))
    assert code == Exit.OK
    assert seen.startswith("PAGED FRX")
    assert f"{ESCAPE}31m-  contact: a" in seen
    assert "PAGED" not in _on_terminal("diff", "p.json", PAGER="cat")[1]
    assert "contact: b" in _on_terminal("diff", "p.json", PAGER="/no/such/pager")[1]
    monkeypatch.setenv("PAGER", str(pager))
    assert desk("diff", "p.json")[1].startswith("diff --git")


@pytest.mark.parametrize(
    ("env", "is_moving"), [({}, True), ({"TERM": "dumb"}, False), ({"FORCE_COLOR": "1"}, True)]
)
def test_a_bar_moves_only_where_somebody_watches(env: dict[str, str], is_moving: bool) -> None:
    script = (
        "from stellwerk.output import progress, waiting\n"
        "with progress('working') as show: show(0.5)\n"
        "with waiting('thinking'): pass\n"
    )
    words = [sys.executable, "-c", script]
    env = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT), **env}
    piped = subprocess.run(words, env=env, capture_output=True, check=True)
    assert (piped.stdout, piped.stderr) == (b"", b"")

    def program() -> int:
        os.execve(sys.executable, words, env)

    code, seen = _forked(program)
    assert code == 0
    assert [word in seen for word in ("working", "thinking")] == [is_moving] * 2


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [
        (("plna",), "plan"),
        (("journal", "shw"), "show"),
        (("plan", "--limt", "x"), "--limit"),
        (("inventory", "chck"), "check"),
        (("settings", "--jsn"), "--json"),
    ],
)
def test_a_word_mistyped_is_suggested(desk: Desk, words: tuple[str, ...], suggestion: str) -> None:
    code, out, err = desk(*words)
    assert (code, out) == (Exit.USAGE, "")
    assert suggestion in err.splitlines()[0]


def test_no_input_asks_nothing_even_on_a_terminal(desk: Desk) -> None:
    def command() -> int:
        assert may_ask()
        forbid_questions()
        return int(may_ask())

    assert _forked(command) == (0, "")
    assert not may_ask(), "nobody sits before the tests"


# --- completion


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("stellwerk rec", ["recover"]),
        ("stellwerk journal ver", ["verify"]),
        ("stellwerk plan --lim", ["--limit"]),
        ("stellwerk blame sw", ["sw-1", "sw-2"]),
        ("stellwerk plan --limit si", ["site:"]),
        ("stellwerk plan --limit site :", ["fws", "zoo"]),
        ("stellwerk plan --limit site : z", ["zoo"]),
        ("stellwerk chaos --mutant = skips", ["skips-fsync"]),
        ("stellwerk inventory import x --profile poe", ["poe-switch"]),
        ("stellwerk --color a", ["auto", "always"]),
        ("stellwerk plan --color never --lim", ["--limit"]),
        ("stellwerk rollback run-", ["run-b", "run-a"]),
        ("stellwerk journal show --journal none.db run-", []),
        ("stellwerk plan inv", []),
    ],
)
def test_names_are_completed_from_files(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, expected: list[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "home").mkdir(exist_ok=True)
    with sqlite3.connect(tmp_path / "home" / "journal.db") as book:
        book.execute("CREATE TABLE records (seq INTEGER PRIMARY KEY, run TEXT)")
        book.executemany("INSERT INTO records VALUES (?, ?)", [(1, "run-a"), (2, "run-b")])
    book.close()
    words = line.split(" ")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    got: list[str] = []
    monkeypatch.setattr(sys.stdout, "write", got.append)
    assert answer("complete_bash") == 0
    assert "".join(got).split() == expected


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ("zsh", '_arguments \'*: :(("sw-1"\n"sw-2"))\'\n'),
        ("fish", "sw-1\nsw-2\n"),
        ("powershell", "sw-1::: \nsw-2::: \n"),
    ],
)
def test_each_shell_is_answered_in_its_own_words(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shell: str,
    said: str,
) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "stellwerk blame sw")
    monkeypatch.setenv("_TYPER_COMPLETE_WORD_TO_COMPLETE", "sw")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    assert answer(f"complete_{shell}") == 0
    assert capsys.readouterr() == (said, "")


def test_fish_completes_files_where_we_know_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "is-args")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "stellwerk plan inv")
    assert answer("complete_fish") == 1
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "stellwerk blame s")
    assert answer("complete_fish") == 0


@pytest.mark.parametrize("file", ["inventory.yaml", "stellwerk.toml", "home/journal.db"])
def test_a_broken_file_is_no_noise_in_a_completion(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    file: str,
) -> None:
    Path(file).write_text("[[[ no such thing")
    for line in ("stellwerk blame s", "stellwerk rollback r"):
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", "2")
        assert answer("complete_bash") == 0
    assert capsys.readouterr().err == ""


def test_a_completion_loads_nothing_large_once_the_cache_is_there(desk: Desk) -> None:
    script = (
        "import sys; from stellwerk.completion import answer; answer('complete_bash');"
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'numpy', 'typer', 'rich', 'pydantic', 'sqlalchemy', 'hil', 'yaml', 'socket'}))"
    )
    env = {"COMP_WORDS": "stellwerk blame sw", "COMP_CWORD": "2", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", script]
    seen = [
        subprocess.run(
            words, env=os.environ | env, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert seen[0][:2] == seen[1][:2] == ["sw-1", "sw-2"]
    assert "'typer'," in seen[0]
    assert seen[1][2:] == ["[]"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_name_that_a_shell_would_carry_out_is_not_offered(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shell: str,
) -> None:
    bad = r"  - {id: sw-3, port: 3, site: 'z\$(touch x)`touch x`;\'}"
    Path("inventory.yaml").write_text(f"{INVENTORY}{bad}\n")
    assert desk("inventory", "show")[0] == Exit.OK, "such a site is allowed"
    line = "stellwerk plan --limit site:"
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", "3")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    answer(f"complete_{shell}")
    out = capsys.readouterr().out
    assert "zoo" in out
    assert "touch" not in out


def test_names_are_read_anew_when_the_inventory_has_changed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMP_WORDS", "stellwerk blame sw")
    monkeypatch.setenv("COMP_CWORD", "2")
    answer("complete_bash")
    Path("inventory.yaml").write_text(INVENTORY + "  - {id: sw-3, port: 3, site: fws}\n")
    answer("complete_bash")
    assert capsys.readouterr().out.split() == ["sw-1", "sw-2", "sw-1", "sw-2", "sw-3"]


def test_the_program_answers_a_shell_and_shows_the_script_that_asks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = _piped(_STELLWERK_COMPLETE="complete_bash", COMP_WORDS="stellwerk rec", COMP_CWORD="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "recover\n", "")
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: "bash")
    with pytest.raises(SystemExit):
        desk("--show-completion")
    assert "_STELLWERK_COMPLETE=complete_bash" in capsys.readouterr().out


def test_tab_in_a_real_bash_completes_words_that_bash_breaks(desk: Desk, tmp_path: Path) -> None:
    launcher = tmp_path / "bin" / "stellwerk"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -m stellwerk "$@"\n')
    launcher.chmod(0o755)
    script = get_completion_script(
        prog_name="stellwerk", complete_var="_STELLWERK_COMPLETE", shell="bash"
    )
    (tmp_path / "complete.sh").write_text(script + "\nPS1='ready> '\n")
    env = os.environ | {
        "PATH": f"{launcher.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TERM": "dumb",
    }
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], env)

    def after(typed: str, expected: str) -> str:
        """Type something, and read until what is expected has come; a timeout fails the test."""
        os.write(terminal, typed.encode())
        seen = ""
        while expected not in seen:
            seen += os.read(terminal, 4096).decode()
        return seen

    try:
        after("source complete.sh\n", "ready> ")
        for typed, end in (
            ("stellwerk reco\t", "recover "),
            ("stellwerk plan --limit site:z\t", "site:zoo "),
            ("stellwerk plan --limit 'kind:switch & site:f\t", "site:fws' "),
        ):
            after(typed, end)
            after("\x15echo next\n", "next\r\nready> ")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


# --- ^C


def test_ctrl_c_says_that_nothing_is_half_written(desk: Desk, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "intent.yaml")  # the command waits for its intent
    process = subprocess.Popen(
        [sys.executable, "-m", "stellwerk", "plan", "intent.yaml"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    with (tmp_path / "intent.yaml").open("w"):  # opens once the command reads
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == Exit.INTERRUPTED
    assert out == ""
    assert err == "interrupted: no device was being written to\n"


@pytest.mark.parametrize("words", [("--help",), ("plan", "--help"), ("settings",)])
def test_a_reader_that_leaves_early_is_no_fault(words: tuple[str, ...], tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "stellwerk", *words],
            stdout=write_end, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    finally:
        os.close(write_end)
    assert "Traceback" not in done.stderr
    assert done.returncode in (Exit.OK, Exit.ERROR)  # rich ends a table nobody reads with 1
