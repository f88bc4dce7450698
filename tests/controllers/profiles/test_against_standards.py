"""Each profile against the MIB and YANG modules it names: an OID or path cannot be invented."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pyang import error, syntax
from pyang.context import Context
from pyang.repository import FileRepository
from pysmi.codegen import JsonCodeGen
from pysmi.compiler import MibCompiler
from pysmi.parser import SmiV2Parser
from pysmi.reader import CallbackReader, FileReader
from pysmi.writer import CallbackWriter

from controllers.profiles import Profile, load_profile
from controllers.profiles.profile import NetconfMapping, SnmpMapping

ROOT = Path(__file__).parents[3]
PACKAGE = Path(str(resources.files("controllers.profiles")))
OWN_MEASUREMENTS = "urn:stellwerk:yang:measurements"

# Just the names that the own MIB imports; pysmi knows the macros by itself.
SMI = {
    "SNMPv2-SMI": """
SNMPv2-SMI DEFINITIONS ::= BEGIN
org OBJECT IDENTIFIER ::= { iso 3 }
dod OBJECT IDENTIFIER ::= { org 6 }
internet OBJECT IDENTIFIER ::= { dod 1 }
private OBJECT IDENTIFIER ::= { internet 4 }
enterprises OBJECT IDENTIFIER ::= { private 1 }
END
""",
    "SNMPv2-CONF": "SNMPv2-CONF DEFINITIONS ::= BEGIN\nEND\n",
    "SNMPv2-TC": "SNMPv2-TC DEFINITIONS ::= BEGIN\nEND\n",
}

# What ENTITY-MIB imports from modules that are not among the reference files.
ENTITY_TC = {
    "IANA-ENTITY-MIB": """
IANA-ENTITY-MIB DEFINITIONS ::= BEGIN
IMPORTS TEXTUAL-CONVENTION FROM SNMPv2-TC;
IANAPhysicalClass ::= TEXTUAL-CONVENTION
    STATUS current
    DESCRIPTION "RFC 6933"
    SYNTAX INTEGER { other(1), unknown(2), chassis(3) }
END
""",
    "UUID-TC-MIB": """
UUID-TC-MIB DEFINITIONS ::= BEGIN
IMPORTS TEXTUAL-CONVENTION FROM SNMPv2-TC;
UUIDorZero ::= TEXTUAL-CONVENTION
    STATUS current
    DESCRIPTION "RFC 6933"
    SYNTAX OCTET STRING (SIZE (0|16))
END
""",
}


def compiled(sources: list[Any], *modules: str) -> dict[str, dict[str, Any]]:
    """Compile MIB modules to pysmi's JSON, by module name."""
    results: dict[str, dict[str, Any]] = {}

    def keep(name: str, text: str, _context: object) -> None:
        results[name] = json.loads(text)

    compiler = MibCompiler(SmiV2Parser(), JsonCodeGen(), CallbackWriter(keep))
    compiler.add_sources(*sources)
    status = compiler.compile(*modules)
    assert {str(status[name]) for name in modules} == {"compiled"}, status
    return results


def check_object(mibs: dict[str, dict[str, Any]], template: str, mapping: SnmpMapping) -> None:
    """Compare one mapping with its definition."""
    module, _, name = mapping.object.partition("::")
    found = mibs[module][name]
    assert found["oid"] == ".".join(str(part) for part in mapping.oid), name
    assert found["syntax"]["type"] == mapping.syntax, name
    attribute = mapping.codec.attribute
    assert found["maxaccess"] == "read-write" or not attribute.writable, template
    assert found["nodetype"] == ("scalar" if mapping.index == "0" else "column"), template
    limits = found["syntax"].get("constraints", {}).get("range", [])
    if limits and attribute.maximum is not None:
        assert (limits[0]["min"], limits[0]["max"]) == (attribute.minimum, attribute.maximum)
    named = found["syntax"].get("constraints", {}).get("enumeration", {})
    if named:
        assert {int(wire) for wire in mapping.codec.values.values()} <= set(named.values())
    if attribute.type == "enum":
        assert {choice: int(wire) for choice, wire in mapping.codec.values.items()} == {
            choice: named[choice] for choice in attribute.choices
        }


def test_the_lamp_mib_compiles_and_is_what_the_profile_says() -> None:
    sources = [
        FileReader(str(PACKAGE / "mibs")),
        CallbackReader(lambda name, _c: SMI.get(name, "")),
    ]
    mibs = compiled(sources, "STELLWERK-LAMP-MIB")
    profile = load_profile("lamp-cabinet")
    own = {
        template: mapping
        for template, mapping in profile.attributes.items()
        if isinstance(mapping, SnmpMapping) and mapping.object.startswith("STELLWERK")
    }
    assert len(own) == 9
    for template, mapping in own.items():
        check_object(mibs, template, mapping)
    objects = {n for n, e in mibs["STELLWERK-LAMP-MIB"].items() if e.get("class") == "objecttype"}
    assert objects == {mapping.object.partition("::")[2] for mapping in own.values()}
    told = {
        f"STELLWERK-LAMP-MIB::{name}": entry["oid"]
        for name, entry in mibs["STELLWERK-LAMP-MIB"].items()
        if entry.get("class") == "notificationtype"
    }
    assert told == {name: ".".join(map(str, oid)) for name, oid in profile.notifications.items()}
    assert len(told) == 2
    page = (ROOT / "docs" / "reference" / "lamp-mib.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", page, re.M))
    assert rows == {
        mapping.object.partition("::")[2]: ".".join(map(str, mapping.oid))
        for mapping in own.values()
    } | {name.partition("::")[2]: oid for name, oid in told.items()}
    assert all(f"`{template}` |" in page for template in own)
    for name in told:
        carried = mibs["STELLWERK-LAMP-MIB"][name.partition("::")[2]]["objects"]
        assert {entry["object"] for entry in carried} == {"lampFailedCount", "lampCount"}


@pytest.mark.reference
@pytest.mark.parametrize("name", ["poe-switch", "lamp-cabinet", "snmp-host"])
def test_every_object_has_the_oid_syntax_and_access_of_its_mib(
    name: str, reference_dir: Path
) -> None:
    folders = (PACKAGE / "mibs", reference_dir / "data" / "formats" / "mib")
    profile = load_profile(name)
    mappings = {t: m for t, m in profile.attributes.items() if isinstance(m, SnmpMapping)}
    modules = {mapping.object.partition("::")[0] for mapping in mappings.values()}
    readers = [FileReader(str(folder)) for folder in folders]
    stubs = CallbackReader(lambda name, _c: ENTITY_TC.get(name, ""))
    mibs = compiled([*readers, stubs], *sorted(modules))
    for template, mapping in mappings.items():
        check_object(mibs, template, mapping)


# --- YANG ----------------------------------------------------------------------------------------


def _module(path: Path) -> str:
    return path.stem.partition("@")[0]


def modules_of(folders: list[Path], *names: str) -> dict[str, Any]:
    """Load YANG modules with pyang, by namespace; any error fails."""
    context = Context(FileRepository(":".join(str(folder) for folder in folders)))
    for name in names:
        path = next(p for f in folders for p in sorted(f.glob("*.yang")) if _module(p) == name)
        context.add_module(path.name, path.read_text(encoding="utf-8"))
    context.validate()
    wrong = [
        error.err_to_str(tag, args)
        for _, tag, args in context.errors
        if error.is_error(error.err_level(tag))
    ]
    assert not wrong
    return {
        module.search_one("namespace").arg: module
        for module in context.modules.values()
        if module.keyword == "module"
    }


def node_of(modules: dict[str, Any], mapping: NetconfMapping) -> Any:
    """Walk the schema along a path, comparing names, namespaces and keys."""
    here = modules[mapping.steps[0].namespace]
    for step in mapping.steps:
        children = [child for child in here.i_children if child.arg == step.name]
        assert children, f"{here.arg} has no child {step.name}"
        (here,) = children
        assert here.i_module.search_one("namespace").arg == step.namespace, step.name
        keys = tuple(key.arg for key in getattr(here, "i_key", None) or ())
        assert tuple(leaf for leaf, _, _ in step.keys) == keys, step.name
    return here


def base_type(leaf: Any) -> str:
    """Type of a leaf, through typedefs."""
    statement = leaf.search_one("type")
    while (typedef := getattr(statement, "i_typedef", None)) is not None:
        statement = typedef.search_one("type")
    return str(statement.arg.rpartition(":")[2])


def check_leaf(modules: dict[str, Any], template: str, mapping: NetconfMapping) -> None:
    leaf = node_of(modules, mapping)
    assert leaf.keyword == "leaf", template
    attribute = mapping.codec.attribute
    assert leaf.i_config is attribute.writable, template
    assert base_type(leaf) == mapping.type, template
    default = leaf.search_one("default")
    if default is not None and attribute.writable:
        assert mapping.default is not None, f"{template} has the default {default.arg}"
        assert mapping.codec.decode(default.arg) == mapping.default, template


def leaves(profile: Profile) -> Iterator[tuple[str, NetconfMapping]]:
    for template, mapping in profile.attributes.items():
        assert isinstance(mapping, NetconfMapping)
        yield template, mapping


def test_the_measurements_module_is_valid_and_is_what_the_profile_says() -> None:
    modules = modules_of([PACKAGE / "yang"], "stellwerk-measurements")
    own = [
        (template, mapping)
        for template, mapping in leaves(load_profile("3gpp-nr-cell"))
        if mapping.steps[0].namespace == OWN_MEASUREMENTS
    ]
    assert len(own) == 5
    for template, mapping in own:
        check_leaf(modules, template, mapping)


def test_every_path_of_the_lte_cell_is_in_the_own_modules() -> None:
    modules = modules_of([PACKAGE / "yang"], "stellwerk-measurements", "stellwerk-eutran-nrm")
    found = list(leaves(load_profile("3gpp-lte-cell")))
    assert len(found) == 10
    for template, mapping in found:
        check_leaf(modules, template, mapping)


@pytest.mark.parametrize("module", ["stellwerk-measurements", "stellwerk-eutran-nrm"])
def test_the_own_modules_are_written_as_pyang_would_write_them(module: str) -> None:
    text = (PACKAGE / "yang" / f"{module}.yang").read_text(encoding="utf-8")
    assert "\t" not in text
    assert all(len(line) <= 72 for line in text.splitlines())
    assert syntax.re_identifier.match(module)


@pytest.mark.reference
def test_every_path_of_the_access_point_is_in_openconfig(reference_dir: Path) -> None:
    folder = reference_dir / "data" / "formats" / "yang"
    modules = modules_of([folder], "openconfig-access-points", "openconfig-ap-manager")
    profile = load_profile("openconfig-ap")
    for template, mapping in leaves(profile):
        check_leaf(modules, template, mapping)
    types = modules[profile.namespaces["oc-wifi-types"]]
    for value in profile.maps["band"].values.values():
        prefix, _, name = value.partition(":")
        assert prefix == "oc-wifi-types"
        assert name in types.i_identities


@pytest.mark.reference
def test_interfaces_of_the_netconf_host_are_in_rfc_8343(reference_dir: Path) -> None:
    modules = modules_of([reference_dir / "data" / "formats" / "yang"], "ietf-interfaces")
    interface = {t: m for t, m in leaves(load_profile("netconf-host")) if t.startswith("interface")}
    assert len(interface) == 2
    for template, mapping in interface.items():
        check_leaf(modules, template, mapping)


@pytest.mark.parametrize("name", ["netconf-host", "ietf-interfaces-switch"])
def test_host_and_switch_are_in_the_ietf_modules_that_pyang_carries(name: str) -> None:
    folder = Path(sys.prefix) / "share" / "yang" / "modules" / "ietf"
    if not folder.is_dir():
        pytest.skip("pyang came without its IETF modules")
    modules = modules_of([folder, folder.parent / "iana"], "ietf-interfaces", "ietf-system")
    for template, mapping in leaves(load_profile(name)):
        check_leaf(modules, template, mapping)


def test_paths_of_the_cell_that_no_test_compiles_say_so() -> None:
    assert "not compiled in the tests" in load_profile("3gpp-nr-cell").note
    assert "no YANG of it is public" in load_profile("3gpp-lte-cell").note
