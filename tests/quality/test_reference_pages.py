"""Reference pages say what the code says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from stellwerk.exits import Exit


def test_generated_pages_are_current(project_root: Path) -> None:
    writer = runpy.run_path(str(project_root / "tools" / "write_reference.py"))
    for path, text in writer["pages"]().items():
        assert path.read_text(encoding="utf-8") == text, "run python tools/write_reference.py"


def test_page_of_exit_codes_has_every_code(project_root: Path) -> None:
    page = (project_root / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", page, re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(e.value, e.name) for e in Exit]


def test_every_decision_is_listed(project_root: Path) -> None:
    folder = project_root / "docs" / "adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in folder.glob("0*.md")}
    assert set(re.findall(r"\((0\d+-[\w-]+\.md)\)", index)) == pages
    for page in pages:
        text = (folder / page).read_text(encoding="utf-8")
        assert "**Decided.**" in text
        assert "**Why.**" in text
        assert "**Price.**" in text
