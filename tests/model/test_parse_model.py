"""A model that does not fit becomes one error with position and remedy."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from twin.model.errors import InputError
from twin.model.safe import parse_model, parse_yaml


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Snmp(_Strict):
    protocol: Literal["snmp"]
    oid: str


class Netconf(_Strict):
    protocol: Literal["netconf"]
    steps: list[str]


class Port(_Strict):
    index: int = Field(ge=1)
    alias: str = ""

    @field_validator("alias")
    @classmethod
    def _short(cls, value: str) -> str:
        if len(value) > 8:
            raise ValueError("alias has at most 8 characters")
        return value


class Box(_Strict):
    name: str
    from_: int | None = Field(default=None, alias="from")
    ports: dict[str, list[Port]] = {}
    mapping: Annotated[Snmp | Netconf, Field(discriminator="protocol")] | None = None


def _error(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_model(Box, parse_yaml(text, "box.yaml"))
    return str(caught.value)


def test_good_document_becomes_the_model() -> None:
    box = parse_model(Box, parse_yaml("name: a\nports:\n  x:\n  - index: 3\n", "f"))
    assert box.ports["x"][0].index == 3


def test_unknown_key_names_the_near_one_at_its_place() -> None:
    text = "name: a\nports:\n  x:\n  - index: 1\n    aleas: b\n"
    assert _error(text) == "box.yaml:5:5: unknown key 'aleas'; did you mean 'alias'?"


def test_unknown_key_without_a_near_one_lists_the_known() -> None:
    assert _error("name: a\nzzz: 1\n") == (
        "box.yaml:2:1: unknown key 'zzz'; known keys are from, mapping, name, ports"
    )


def test_wrong_value_points_at_the_value() -> None:
    assert _error("name: a\nports: {x: [{index: 0}]}\n").startswith(
        "box.yaml:2:21: ports.x.0.index: should be greater than or equal to 1"
    )


def test_missing_key_points_at_its_container() -> None:
    assert _error("name: a\nports: {x: [{alias: b}]}\n") == (
        "box.yaml:2:13: key 'index' is missing in ports.x.0; add index: ..."
    )


def test_own_rule_speaks_its_own_words() -> None:
    assert _error("name: a\nports: {x: [{index: 1, alias: far-too-long}]}\n") == (
        "box.yaml:2:31: ports.x.0.alias: alias has at most 8 characters"
    )


def test_first_mistake_in_the_file_is_named_and_the_others_counted() -> None:
    assert _error("zzz: 1\nname: 5\n").startswith("box.yaml:1:1: unknown key 'zzz' (and 1 more)")


def test_union_member_is_no_part_of_the_path() -> None:
    text = "name: a\nmapping:\n  protocol: snmp\n  oid: [1]\n"
    assert _error(text) == "box.yaml:4:8: mapping.oid: should be a valid string"


@pytest.mark.parametrize(
    ("text", "what"), [("", "is empty"), ("- a", "must be a mapping"), ("a", "must be a mapping")]
)
def test_document_that_is_no_mapping_is_refused(text: str, what: str) -> None:
    assert what in _error(text)
