"""What the pages tell a reader to type exists, and the files they show are good ones."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from controllers.intent import load_intent
from controllers.profiles import load_profile
from stellwerk.cli import app
from twin.model.safe import parse_yaml
from twin.sim.scenario import load_scenario, parse_scenario

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def _blocks(language: str = "") -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for indent, word, body in re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.M | re.S):
            if word == language:
                yield page, re.sub(rf"^{indent}", "", body, flags=re.M)


def _commands() -> list[tuple[str, list[str]]]:
    found = []
    for page, body in _blocks():
        for line in body.replace("\\\n", " ").splitlines():
            if re.match(r"stellwerk \S", line):
                words = shlex.split(line.removesuffix("&"), comments=True)
                found.append((page.name, words[1:]))
    return found


@pytest.mark.parametrize(("page", "words"), _commands(), ids=lambda x: str(x)[:60])
def test_command_on_a_page_exists(page: str, words: list[str]) -> None:
    if words == ["--version"]:
        return
    command = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), f"{page}: no such command"
    known = {option for parameter in command.params for option in parameter.opts}
    used = {word for word in words if re.match(r"--?[a-z]", word)}
    assert used <= known, page


@pytest.mark.parametrize(
    ("page", "body"), list(_blocks("yaml")), ids=lambda x: getattr(x, "name", "")
)
def test_yaml_on_a_page_is_good(page: Path, body: str, tmp_path: Path) -> None:
    data = parse_yaml(body, page.name).data
    if "profile" in data:
        (tmp_path / f"{data['profile']}.yaml").write_text(body, encoding="utf-8")
        assert load_profile(data["profile"], tmp_path).name == data["profile"]


def test_pages_show_commands_and_files_at_all() -> None:
    assert len(_commands()) > 10
    assert list(_blocks("yaml"))


def test_targets_of_make_named_on_a_page_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for page in PAGES:
        named = re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8"))
        assert set(named) <= targets, page


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda p: p.name)
def test_example_intent_is_a_good_one(path: Path) -> None:
    assert load_intent(path).changes


SNIPPETS = [
    (page.name, body) for page, body in _blocks("python") if page.parent.name == "tutorials"
]


@pytest.mark.long
@pytest.mark.parametrize(("page", "body"), SNIPPETS, ids=lambda x: str(x)[:30])
def test_a_snippet_of_a_tutorial_runs_and_prints(page: str, body: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = subprocess.run(
        [sys.executable, "-c", body], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=600, env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()


def _shortened(words: list[str], hours: float) -> list[str]:
    """Let a command simulate minutes only, and at no pace."""
    words = list(words)
    words[words.index("--hours") + 1] = str(hours)
    if "--speed" in words:
        at = words.index("--speed")
        del words[at : at + 2]
    return words


@pytest.mark.long
def test_days_of_the_tutorial_run_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    commands = [words for page, words in _commands() if page == "a-day-in-duisburg.md"]
    plain = [words for words in commands if "--scenario" not in words]
    assert len(plain) >= 5
    for i, words in enumerate(plain, start=1):  # later ones may go on where earlier ones stopped
        done = CliRunner().invoke(app, _shortened(words, i / 100))
        assert done.exit_code == 0, (words, done.output[-2000:])
    for words in commands:
        if "--out" in words and words in plain:
            assert (tmp_path / words[words.index("--out") + 1] / "report.html").is_file()


def test_scenarios_of_the_tutorial_are_good_ones() -> None:
    paths = [
        words[words.index("--scenario") + 1]
        for _, words in _commands()
        if "--scenario" in words and words[words.index("--scenario") + 1].startswith("examples")
    ]
    assert {load_scenario(ROOT / path).name for path in paths} == {"feeder-cut", "exam-day"}


def test_scenario_on_a_page_is_a_good_one() -> None:
    pages = [(page, body) for page, body in _blocks("yaml") if body.startswith("scenario:")]
    assert pages
    for page, body in pages:
        assert parse_scenario(parse_yaml(body, page.name)).events
