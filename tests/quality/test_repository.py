"""What is in the repository belongs to nobody's machine, and its texts hold together."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

# written in two pieces, so that this file does not find itself
MACHINE = re.compile(
    "|".join(["/" + "work/", "/" + r"root/(?!\w*\))", "/" + r"home/\w+/", r"C:\\" + "Users"])
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
TERMS = (
    "intent",
    "live",
    "plan",
    "run",
    "rehearsal",
    "apply",
    "verify",
    "confirm",
    "undo",
    "journal",
    "world",
    "twin",
    "city",
    "profile",
    "wave",
    "indeterminate",
    "divergent",
    "synthetic",
    "predicted",
    "observed",
    "assumed",
    "finding",
    "device class",
    "system",
    "action",
    "tick",
    "trace",
    "branch",
    "statistical",
    "A3, TTT",
    "CAC",
    "DFS",
    "EARTH",
    "SF, ADR",
    "class C",
    "DALI",
    "CLO",
    "SAIDI",
    "Webster",
)


def _tracked(root: Path) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [root / name for name in done.stdout.split("\0") if name and (root / name).is_file()]


def _texts(root: Path) -> Iterator[tuple[Path, str]]:
    for path in _tracked(root):
        try:
            yield path.relative_to(root), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_no_file_names_a_machine(project_root: Path) -> None:
    found = [
        f"{path}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group()}"
        for path, text in _texts(project_root)
        for hit in MACHINE.finditer(text)
    ]
    assert not found


def test_no_file_is_a_build_product_or_huge(project_root: Path) -> None:
    for path in _tracked(project_root):
        assert path.suffix not in {".so", ".pyc", ".o", ".whl", ".sqlite"}, path
        assert path.stat().st_size < 5_000_000, path


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_links_between_pages_lead_somewhere(project_root: Path) -> None:
    broken = []
    for path, text in _texts(project_root):
        if path.suffix != ".md":
            continue
        for groups in LINK.findall(text):
            target, _, anchor = (groups[0] or groups[1]).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            there = (project_root / path.parent / target) if target else project_root / path
            if not there.exists():
                broken.append(f"{path}: {target}")
            elif anchor and anchor not in _anchors(there.read_text(encoding="utf-8")):
                broken.append(f"{path}: {target}#{anchor}")
    assert not broken


def test_glossary_explains_the_words_we_use(project_root: Path) -> None:
    text = (project_root / "docs" / "glossary.md").read_text(encoding="utf-8")
    missing = [term for term in TERMS if not re.search(rf"^\*\*{term}\b", text, re.MULTILINE)]
    assert not missing


def test_documentation_has_its_four_folders_each_with_pages(project_root: Path) -> None:
    for folder in ("tutorials", "how-to", "reference", "explanation", "adr"):
        pages = list((project_root / "docs" / folder).glob("*.md"))
        assert pages, folder
        for page in pages:
            assert page.read_text(encoding="utf-8").startswith("# "), page


@pytest.mark.parametrize(
    "name", ["LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"]
)
def test_file_every_project_has_is_there(name: str, project_root: Path) -> None:
    assert (project_root / name).stat().st_size > 200
