"""Draws the reference pages of the simulated city: scenarios, figures, assumptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from twin.geo.assumptions import all_assumptions
from twin.geo.cityfile import load_city
from twin.geo.reader import CITIES
from twin.sim.run import DEFAULT_START
from twin.sim.simulation import Simulation

__all__ = ["pages_of_simulation"]

SCENARIOS = """# Scenario files

What happens to the city from outside, as a YAML file for `stellwerk simulate --scenario`. The whole
file is checked against the city before anything moves; a mistake is one line with file and line. Two
files to begin with: [`feeder-cut.yaml`](../../examples/scenarios/feeder-cut.yaml) and
[`exam-day.yaml`](../../examples/scenarios/exam-day.yaml). This page is written by `python
tools/write_reference.py` from the systems themselves.

```yaml
scenario: rain-and-a-rebuilt-access-point
comment: Heavy rain for half an hour, and a channel changed in it.
events:
  - at: "08:10"
    system: egov_backbone
    do: rain
    target: city
    for: 30 min
    with: {rate_mm_h: 40}
  - at: "08:20"
    device: ap-fws-01
    set: {radio/1/channel: 6}
```

| key | meaning |
|---|---|
| `scenario` | its name, needed |
| `comment` | for people |
| `events` | one or more; each is either an action of a system or a change of a device |
| `at` | local time of day `"08:10"` (the first one at or after the start), a local date and time `2026-01-13T08:10`, or `+90 min` after the start |
| `system`, `do`, `target` | which system does what to whom: the tables below |
| `for` | how long, in `s`, `min`, `h` or `d`; only where the action ends. Without it, what was done stays until it is repaired or the run ends |
| `with` | parameters of the action |
| `device`, `set` | [attributes](attributes.md) of a device, as a controller would set them; a device that is off or not reachable at that moment ends the run with one line |

`at` wants quotation marks where YAML would see a number. Ids are those of the
[city file](city-file.md).
"""  # noqa: E501  # rows of a table

FIGURES = """# Figures of the simulated city

What `stellwerk simulate` prints, writes to `kpis.csv`, and has under `systems` in its JSON. Figures
count from the start of the run; where one is of now, its note says so. A unit of 1 is a number.
The curves (`curves.csv`) have one value each five minutes. This page is written by `python
tools/write_reference.py` from the systems themselves.
"""

ASSUMPTIONS = """# Table of assumptions

Every figure that somebody had to decide on, as the code reads it from
`twin/geo/generate/assumptions.py` and `twin/sim/*/assumptions.py`. **R** was read in the named
source, **S** stands in a secondary one, **C** was computed from such figures, **K** is general
knowledge that nobody has checked for this city. What that means, and which of them matter:
[what is measured, what is assumed](../explanation/measured-and-assumed.md). This page is written by
`python tools/write_reference.py`.

## How many of each

"""

_MARKS = ("R", "S", "C", "K")
_WHOSE = {"geo": "the generated city", "wifi": "Wi-Fi of all systems"}

_TARGETS: Mapping[tuple[str, str], tuple[str, str, Mapping[str, object]]] = {
    ("dependencies", "cut"): ("substation, station, or who hangs on one", "ns-1734", {}),
    ("dependencies", "fail"): ("substation or station", "sub-01", {"repair_h": 2.0}),
    ("dependencies", "repair"): ("substation or station", "sub-01", {}),
    ("dependencies", "surge"): ("substation or station", "ns-1734", {}),
    ("egov_backbone", "close_office"): ("citizen office", "office-mitte", {}),
    ("egov_backbone", "cut_fibre"): ("fibre link, or a place (its spur)", "ring-01", {}),
    ("egov_backbone", "fail_data_centre"): ("data centre", "data-centre-wedau", {}),
    ("egov_backbone", "rain"): ("wireless hub, or `city`", "city", {"rate_mm_h": 40.0}),
    ("cellular", "allow_sleep"): ("name of the city", "duisburg", {}),
    ("cellular", "demand"): ("district, or name of the city", "duisburg", {"factor": 2.0}),
    ("cellular", "fail"): ("cell or site", "site-a-001", {}),
    ("cellular", "forbid_sleep"): ("name of the city", "duisburg", {}),
    ("cellular", "repair"): ("cell or site", "cell-a-001-1-b20", {}),
    ("city_wifi", "crowd"): ("site with public access points", "fws", {"people": 2000}),
    ("city_wifi", "demand"): ("such a site, or `city`", "city", {"factor": 2.0}),
    ("city_wifi", "fail"): ("public access point", "ap-fws-01", {}),
    ("city_wifi", "radar"): ("public access point", "ap-fws-01", {}),
    ("transit_wifi", "demand"): ("`all`", "all", {"factor": 1.5}),
    ("transit_wifi", "disrupt"): ("line, or `all`", "901", {}),
    ("transit_wifi", "fail"): ("tram or bus", "tram-001", {}),
    ("transit_wifi", "repeaters"): ("`all`", "all", {}),
    ("classrooms", "exam"): ("school", "158719", {"pupils": 50, "protected": True}),
    ("signals", "computer_outage"): ("traffic computer", "stadthaus", {}),
    ("signals", "fail"): ("signal, corridor, computer, or `all`", "signal-001", {}),
    ("signals", "flow"): ("signal, corridor, computer, or `all`", "muelheimer", {"factor": 1.5}),
    ("signals", "pattern"): (
        "signal, corridor, computer, or `all`", "muelheimer", {"pattern": "inbound"},
    ),
    ("signals", "repair"): ("signal, corridor, computer, or `all`", "all", {}),
    ("lamps", "constant_light"): ("district, or `city`", "walsum", {}),
    ("lamps", "dim"): ("district, cabinet, or `city`", "city", {"level_percent": 50}),
    ("lamps", "fail"): ("lamp", "lamp-00001", {}),
    ("lamps", "fail_cabinet"): ("cabinet", "cab-0001", {}),
    ("lamps", "follow_motion"): ("corridor or cabinet", "kolonie", {"hold_s": 60}),
    ("lamps", "ignore_motion"): ("corridor or cabinet", "kolonie", {}),
    ("lamps", "repair"): ("lamp", "lamp-00001", {}),
    ("lamps", "repair_cabinet"): ("cabinet", "cab-0001", {}),
    ("lamps", "surge"): ("cabinet", "cab-0001", {"lamps": 8}),
    ("lamps", "switch_later"): ("district, or `city`", "city", {"sun_deg": -4.5}),
    ("utilities_iot", "dim"): ("district, or `all`", "walsum", {"level_percent": 30}),
    ("utilities_iot", "fail"): ("LoRaWAN gateway or mast of LTE 450", "gw-lora-01", {}),
    ("utilities_iot", "firmware"): ("mast of LTE 450, or `all`", "all", {"share_percent": 10}),
    ("utilities_iot", "interference"): (
        "LoRaWAN gateway, or `all`", "gw-lora-01", {"noise_db": 10},
    ),
    ("utilities_iot", "repair"): ("LoRaWAN gateway or mast of LTE 450", "gw-lora-01", {}),
    ("utilities_iot", "uplink_interval"): (
        "kind of device, or `all`", "water_meter", {"interval_s": 3600},
    ),
}  # fmt: skip
"""Per action: what its target may be, and an example that the city in the box must accept."""


def pages_of_simulation() -> dict[str, str]:
    """Draw the pages that follow from the simulated systems.

    Returns
    -------
    dict of str to str
        Text by name of the page.

    Raises
    ------
    ValueError
        An action has no target in the table here.
    ModelError
        An example of the table is not accepted by its action.
    """
    simulation = Simulation(load_city(CITIES / "duisburg"), seed=1, start=DEFAULT_START)
    return {
        "scenarios.md": _scenarios(simulation),
        "kpis.md": _figures(simulation),
        "assumptions.md": _assumptions(),
    }


def _scenarios(simulation: Simulation) -> str:
    parts = [SCENARIOS]
    for name, system in simulation.systems.items():
        parts.append(f"\n## {name}\n\n")
        rows = []
        for verb, action in system.actions().items():
            if (name, verb) not in _TARGETS:
                raise ValueError(f"{name} {verb}: say in {__file__} what its target may be")
            words, example, parameters = _TARGETS[name, verb]
            if example:
                action.check(example, parameters)
                words += f", such as `{example}`" if example not in words else ""
            takes = "; ".join(f"`{k}`: {what}" for k, what in action.parameters.items())
            rows.append((f"`{verb}`", words, "yes" if action.end else "", takes, action.what))
        parts.append(_table(("do", "target", "`for`", "`with`", "what it does"), rows))
    return "".join(parts)


def _figures(simulation: Simulation) -> str:
    parts = [FIGURES]
    for name, system in simulation.systems.items():
        rows = [(f"`{kpi}`", found.unit, found.note) for kpi, found in system.kpis().items()]
        parts += [f"\n## {name}\n\n", _table(("figure", "unit", "note"), rows)]
        by_district = next(iter(system.kpis_by_district().values()), {})
        for word, names in (("By district", by_district), ("Curves", system.gauges())):
            if names:
                parts.append(f"\n{word}: {', '.join(f'`{one}`' for one in names)}.\n")
    return "".join(parts)


def _assumptions() -> str:
    assumptions = all_assumptions()
    counts: dict[str, Counter[str]] = {}
    for a in assumptions:
        counts.setdefault(a.key.split(".")[0], Counter())[a.mark] += 1
    counts["all"] = Counter(a.mark for a in assumptions)
    parts = [ASSUMPTIONS]
    parts.append(
        _table(
            ("figures of", *_MARKS, "sum"),
            (
                (_WHOSE.get(name, name), *(str(found[m]) for m in _MARKS), str(found.total()))
                for name, found in counts.items()
            ),
        )
    )
    for name in counts:
        rows = [
            (f"`{a.key}`", _number(a.value), a.unit, a.mark, a.source, a.used_by)
            for a in assumptions
            if a.key.startswith(f"{name}.")
        ]
        if rows:
            parts.append(f"\n## {_WHOSE.get(name, name)}\n\n")
            parts.append(_table(("figure", "value", "unit", "is", "source", "used by"), rows))
    return "".join(parts)


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.6g}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
