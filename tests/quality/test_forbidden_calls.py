"""The product never uses what TRUST forbids: one reader per format, no shell, no blind trust."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("stellwerk", "twin", "controllers", "hil", "cext")
SAFE = Path("twin/model/safe")

# what may only be called inside twin/model/safe: "module.attribute" by its last two words
READERS = {
    "yaml.load",
    "yaml.load_all",
    "yaml.safe_load",
    "yaml.safe_load_all",
    "yaml.full_load",
    "yaml.unsafe_load",
    "yaml.parse",
    "yaml.compose",
    "yaml.scan",
    "yaml.dump",
    "yaml.dump_all",
    "yaml.safe_dump",
    "etree.XMLParser",
    "etree.XMLPullParser",
    "etree.HTMLParser",
    "etree.XML",
    "etree.HTML",
    "etree.XMLID",
    "etree.XSLT",
    "etree.fromstring",
    "etree.fromstringlist",
    "etree.parse",
    "etree.iterparse",
    "etree.XInclude",
    "objectify.fromstring",
    "objectify.parse",
}
MODULES = {"pickle", "cPickle", "dill", "shelve", "marshal", "xml", "defusedxml", "telnetlib"}
HARMLESS = {"xml.sax.saxutils"}  # escapes text, parses nothing
NAMES = {"AutoAddPolicy", "WarningPolicy", "to_ele"}
CALLS = {"os.system", "os.popen", "eval", "exec", "compile", "asyncio.create_subprocess_shell"}
ARGUMENTS = {
    ("shell", True),
    ("verify", False),
    ("hostkey_verify", False),
    ("ssh_strict", False),
    ("huge_tree", True),
    ("resolve_entities", True),
    ("known_hosts", None),
    ("allow_pickle", True),
}


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT)


def findings(source: str, *, is_safe_reader: bool = False) -> list[str]:
    """Name every forbidden use in a source text."""
    found = []
    for node in ast.walk(ast.parse(source)):
        for what in _uses(node):
            if not (is_safe_reader and what in READERS):
                found.append(f"line {getattr(node, 'lineno', 0)}: {what}")
    return found


def _uses(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (a.name for a in names if a.name.partition(".")[0] in MODULES)
        case ast.ImportFrom(module=str(module), names=names):
            if module.partition(".")[0] in MODULES and module not in HARMLESS:
                yield module
            yield from _named(module.rpartition(".")[2], *(alias.name for alias in names))
        case ast.Attribute(value=value, attr=attr):
            yield from _named(getattr(value, "attr", getattr(value, "id", "")), attr)
        case ast.Call(func=func, keywords=keywords):
            if isinstance(func, ast.Name) and func.id in CALLS | NAMES:
                yield func.id
            yield from _arguments(keywords)


def _named(owner: str, *names: str) -> Iterator[str]:
    for name in names:
        if f"{owner}.{name}" in READERS | CALLS:
            yield f"{owner}.{name}"
        elif name in NAMES:
            yield name


def _arguments(keywords: list[ast.keyword]) -> Iterator[str]:
    for keyword in keywords:
        if isinstance(keyword.value, ast.Constant):
            for name, value in ARGUMENTS:
                if keyword.arg == name and keyword.value.value is value:
                    yield f"{name}={value}"


@pytest.mark.parametrize("path", list(_sources()), ids=str)
def test_source_uses_nothing_forbidden(path: Path) -> None:
    found = findings(
        (ROOT / path).read_text(encoding="utf-8"), is_safe_reader=SAFE.name in path.parts
    )
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "import yaml\nyaml.safe_load(t)",
        "import yaml\nyaml.safe_dump(t)",
        "import yaml\nread = yaml.load",
        "from yaml import safe_load",
        "from lxml import etree\netree.fromstring(t)",
        "import lxml.etree\nlxml.etree.parse(t)",
        "from lxml.etree import XMLParser",
        "import xml.etree.ElementTree as ET",
        "from xml.dom import minidom",
        "import pickle",
        "from paramiko import AutoAddPolicy",
        "import paramiko\nc.set_missing_host_key_policy(paramiko.AutoAddPolicy())",
        "subprocess.run(c, shell=True)",
        "requests.get(u, verify=False)",
        "manager.connect(hostkey_verify=False)",
        "asyncssh.connect(h, known_hosts=None)",
        "os.system(c)",
        "eval(t)",
        "from os import system",
        "to_ele(t, huge_tree=True)",
    ],
)
def test_forbidden_use_is_found(source: str) -> None:
    assert findings(source)


@pytest.mark.parametrize(
    "source",
    [
        "import yaml\nyaml.YAMLError",
        "from lxml import etree\netree.SubElement(a, 'b')\netree.tostring(a)",
        "subprocess.run([c], shell=False)",
        "re.compile(x)",
        "json.loads(t)",
    ],
)
def test_harmless_use_is_left_alone(source: str) -> None:
    assert not findings(source)


def test_safe_reader_may_use_the_parsers_only() -> None:
    assert not findings("import yaml\nyaml.parse(t)", is_safe_reader=True)
    assert findings("import pickle", is_safe_reader=True)
