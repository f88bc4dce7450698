"""No dependency older than its last known hole, none with a licence nobody has read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

# package: (oldest allowed, why)
FLOORS = {
    "pyasn1": ("0.6.3", "CVE-2026-23490, CVE-2026-30922: denial of service by BER"),
    "paramiko": ("3.4", "CVE-2023-48795: Terrapin"),
    "asyncssh": ("2.23.1", "CVE-2023-46445, CVE-2023-46446, Terrapin, SCP path traversal"),
    "lxml": ("6.1.0", "CVE-2026-41066: external entities in iterparse"),
    "pyyaml": ("5.4", "CVE-2020-14343: code execution by full_load"),
    "nicegui": ("3.10", "CVE-2026-27156, CVE-2026-39844 and before"),
    "starlette": ("1.3.1", "CVE-2025-62727 and later fixes"),
    "fastapi": ("0.109.1", "CVE-2024-24762: form parsing"),
    "distributed": ("2021.10", "CVE-2021-42343: listens outside"),
    "jinja2": ("3.1.6", "CVE-2025-27516: sandbox"),
    "pynetbox": ("7.4", "the first that knows NetBox 4"),
    "requests": ("2.32.4", "CVE-2024-35195, CVE-2024-47081: verify=False sticks, netrc leak"),
    "textual": ("8.2", "the first whose screens the tests have seen"),
    "keyring": ("25.2", "older ones are not typed"),
}
# no licence in their metadata: read in the licence file they ship
READ_BY_US = {"pysnmp": "BSD-2-Clause"}
LICENCES = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Zlib|HPND|Unlicense|0BSD|CNRI|MIT-CMU"
    r"|LGPL|Lesser General Public|MPL|Mozilla Public|EPL|Eclipse Public)",
    re.IGNORECASE,
)


def _project(root: Path) -> dict[str, object]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _requirements(root: Path, *extras: str) -> Iterator[Requirement]:
    project = _project(root)
    texts = [*project["dependencies"]]
    for extra in extras:
        texts += project["optional-dependencies"][extra]
    for text in texts:
        requirement = Requirement(text)
        if canonicalize_name(requirement.name) == "stellwerk":
            yield from _requirements(root, *requirement.extras)
        else:
            yield requirement


@pytest.mark.parametrize("package", FLOORS)
def test_installed_version_has_no_known_hole(package: str) -> None:
    floor, why = FLOORS[package]
    try:
        installed = metadata.version(package)
    except metadata.PackageNotFoundError:
        return  # not a dependency yet: nothing to attack
    assert Version(installed) >= Version(floor), why


def test_metadata_asks_for_no_version_with_a_known_hole(project_root: Path) -> None:
    extras = _project(project_root)["optional-dependencies"]
    for requirement in _requirements(project_root, *extras):
        floor, why = FLOORS.get(canonicalize_name(requirement.name), ("0", ""))
        lowest = [s.version for s in requirement.specifier if s.operator in (">=", "==", "~=")]
        assert floor == "0" or (lowest and Version(lowest[0]) >= Version(floor)), (
            f"{requirement}: {why}"
        )


def test_floor_of_every_direct_dependency_is_installed(project_root: Path) -> None:
    for requirement in _requirements(project_root, "demo", "test"):
        installed = metadata.version(requirement.name)
        assert requirement.specifier.contains(installed, prereleases=True), str(requirement)


def _closure(root: Path) -> set[str]:
    """Names of everything that an installation with the extra `demo` brings."""
    seen: set[str] = set()
    waiting = [(r.name, frozenset(r.extras)) for r in _requirements(root, "demo")]
    while waiting:
        name, extras = waiting.pop()
        if canonicalize_name(name) in seen:
            continue
        seen.add(canonicalize_name(name))
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            environments = [{"extra": extra} for extra in extras or {""}]
            if requirement.marker is None or any(map(requirement.marker.evaluate, environments)):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return seen


def test_every_dependency_has_a_licence_we_know(project_root: Path) -> None:
    unknown = {}
    for name in sorted(_closure(project_root)):
        meta = metadata.metadata(name)
        words = [
            READ_BY_US.get(name, ""),
            meta.get("License-Expression") or "",
            (meta.get("License") or "")[:200],
        ]
        words += [c for c in meta.get_all("Classifier") or () if c.startswith("License ::")]
        if not LICENCES.search(" ".join(words)):
            unknown[name] = words
    assert not unknown
