"""What surrounds the members of JSON resources, and the TALQ paths against the OpenAPI of TALQ."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.profiles import load_profile
from controllers.profiles.shapes import SHAPES
from twin.model.errors import ModelError

PROGRAM = SHAPES["talq-night-program"]
EVENING = st.integers(721, 1439)
MORNING = st.integers(0, 719)
LEVEL = st.integers(0, 100)


@given(EVENING, MORNING, LEVEL, LEVEL)
def test_a_night_survives_the_control_program(start: int, end: int, night: int, day: int) -> None:
    members = {"id": "p", "normal": day, "night": {"start": start, "end": end, "level": night}}
    body = PROGRAM.write(members)
    times = [entry["startTime"] for entry in body["fixedTimeControls"]]
    assert times == sorted(set(times))
    assert PROGRAM.read(json.loads(json.dumps(body))) == members


@given(st.integers(0, 1439), st.integers(0, 1439))
def test_every_window_is_kept_or_refused(start: int, end: int) -> None:
    members = {"normal": 100, "night": {"start": start, "end": end, "level": 50}}
    try:
        body = PROGRAM.write(members)
    except ModelError:
        return
    assert PROGRAM.read(body) == members


def control(time: str, level: Any) -> dict[str, Any]:
    return {"startTime": time, "command": {"state": {"level": level}}}


@pytest.mark.parametrize(
    "controls",
    [
        [],
        None,
        [control("12:00:00", 100)],
        [control("05:00:00", 100), control("12:00:00", 100)],
        [control("05:00:00", 90), control("12:00:00", 100), control("23:00:00", 50)],
        [control("05:00:00", 100), control("12:00:00", "full"), control("23:00:00", 50)],
        [control("05:00:30", 100), control("12:00:00", 100), control("23:00:00", 50)],
        [control("05:00:00", 100), control("05:00:00", 100), control("12:00:00", 100),
         control("23:00:00", 50)],
        [{"startTime": "05:00:00"}],
        ["05:00:00"],
    ],
)  # fmt: skip
def test_a_program_of_another_shape_is_not_guessed(controls: Any) -> None:
    with pytest.raises(ModelError, match="its control program"):
        PROGRAM.read({"type": "ControlProgramOne", "fixedTimeControls": controls})


def test_attributes_of_a_function_carry_their_type() -> None:
    shape = SHAPES["talq-function"]
    body = shape.write({"id": "basic", "type": "BasicFunction", "contact": "NOC", "watts": 1.5})
    assert body["contact"] == {"type": "AttributeString", "value": "NOC"}
    assert body["watts"] == {"type": "AttributeFloat", "value": 1.5}
    assert shape.read(body)["contact"] == "NOC"


@pytest.mark.reference
def test_the_gateway_is_asked_as_the_openapi_of_talq_says(reference_dir: Path) -> None:
    file = reference_dir / "data" / "formats" / "TALQ_talq-api-gateway-2-7-1-online.json"
    paths = json.loads(file.read_text(encoding="utf-8"))["paths"]
    profile = load_profile("talq-gateway")
    for resource in profile.resources.values():
        here = re.sub(r"\{\w+\}", "x", resource.path)
        known = [p for p in paths if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", p), here)]
        assert known, resource.path
        for method in ("get", resource.method.lower()):
            (operation,) = [paths[p][method] for p in known if method in paths[p]]
            asked = {p["name"]: p for p in operation["parameters"] if p.get("required")}
            given_names = set(profile.headers) | set(profile.query)
            given_names |= set(re.findall(r"\{(\w+)\}", known[0]))
            if method != "get":
                given_names.add(profile.request_id)
            assert set(asked) <= given_names
            assert asked["talq-api-version"]["in"] == "header"
    assert profile.headers["talq-api-version"] == "2.7.1"
