"""Runs the demo: loads, computes, starts the lab, tells the story, writes the report."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from controllers.drivers import make_driver
from controllers.intent import load_intent
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import DevicePlan, Plan
from controllers.plan_text import render_plan
from controllers.ports import Device
from hil.effects import TwinPredictor
from hil.predictions import OBSERVED, residuals_of
from hil.residuals import ResidualSummary, summarise
from stellwerk.demo.lab import Lab
from stellwerk.demo.report import Findings, write_report, write_summary
from stellwerk.demo.story import Story, Timer, WorldWatch, first_act, second_act
from stellwerk.exits import Exit
from stellwerk.output import notes, progress, table, waiting
from stellwerk.workflow import Desk
from twin.geo.cityfile import load_city
from twin.geo.counts import city_counts
from twin.model.attributes import KINDS
from twin.model.city import City
from twin.model.errors import InputError
from twin.radio.coverage import CityCoverage, compute
from twin.radio.kpi import coverage_share

__all__ = ["run_demo"]

_WATCHED = {
    "ap": ("clients", "tx_octets"),
    "cell": ("users", "prb_load_percent", "dl_octets"),
    "switch": ("poe_power_w", "in_octets"),
    "lamp_cabinet": ("energy_wh", "power_w"),
}
_WATCHED_PER_KIND = 3


def _say(line: str) -> None:
    notes.print(line, markup=False)


def run_demo(
    *,
    city_ref: str,
    intent: Path,
    folder: Path,
    world_seed: int,
    hold: bool,
    on_summary: Callable[[dict[str, object]], None] | None,
) -> int:
    """Run the whole demo.

    Parameters
    ----------
    city_ref : str
        City in the box or folder.
    intent : Path
        Intent file.
    folder : Path
        Gets report, summary, journal, inventory, logs.
    world_seed : int
        Seed of the world behind the emulated devices.
    hold : bool
        Keep the devices up until ^C.
    on_summary : callable or None
        Gets the summary, for JSON output.

    Returns
    -------
    int
        Exit code: 0 if everything ended as it must.
    """
    timer = Timer()
    load_intent(intent)  # a broken intent must not cost the user half a minute
    with timer.step("load_city"):
        city = load_city(city_ref)
    if on_summary is None:
        table(city.title, city_counts(city))
    with timer.step("coverage"), progress("coverage of the city") as show:
        coverage = compute(city, progress=show)
    _make(folder)
    with timer.step("start_devices"), waiting("starting devices"):
        lab = Lab(folder, city=city_ref, world_seed=world_seed)
        lab.__enter__()
    try:
        findings = _tell(lab, city, coverage, intent, timer, folder, world_seed)
        with timer.step("report"), waiting("report"):
            report = write_report(folder, findings, timer.seconds)
        summary = {**findings.summary, "seconds": _rounded(timer.seconds)}
        write_summary(folder, summary)
        if on_summary:
            on_summary(summary)
        else:
            _say(f"report: {report}")
        if hold:
            _hold(lab)
    finally:
        lab.__exit__(None, None, None)
    return Exit.OK if all(act.ok for act in findings.acts) else Exit.ERROR


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in seconds.items()}


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in ("journal.db", "journal.db-wal", "journal.db-shm", "journal.db.reserve"):
            (folder / old).unlink(missing_ok=True)
    except OSError as err:
        raise InputError("cannot be written", str(folder), hint=str(err.strerror)) from err


def _tell(
    lab: Lab,
    city: City,
    coverage: CityCoverage,
    intent: Path,
    timer: Timer,
    folder: Path,
    world_seed: int,
) -> Findings:
    with timer.step("watch_world"), waiting("reading devices"):
        watch = WorldWatch(lab.devices, _watched(lab.devices))
        residuals = _residuals(lab.devices, city, coverage)
    with timer.step("plan"):
        predictor = TwinPredictor(city, lambda: coverage)
        desk = Desk(city=city, devices=lab.devices, predictor=predictor)
        plan = desk.plan(load_intent(intent))
    _say("\n".join(render_plan(plan)))
    plan.require_applyable()
    if plan.no_op:
        raise InputError("the intent changes nothing", str(intent))
    what_if = predictor.what_if(plan.changes)
    with timer.step("watch_world"), waiting("watching the world move"):
        moved, apart_s = watch.moved()
    with Journal(folder / "journal.db") as journal, lab.control as control:
        story = Story(
            desk=desk, intent=intent, journal=journal, control=control, timer=timer, say=_say
        )
        states = first_act(story, plan)
        is_clean = [
            second_act(story, plan, victim, operation, half=half)
            for victim, operation, half in _victims(plan)
        ]
        chain = journal.verify()
    _say(f"journal: {chain.n_records} records, chain intact")
    summary: dict[str, object] = {
        "city": city.name,
        "cells": len(city.cells),
        "access_points": len(city.access_points),
        "lamps": len(city.lamps),
        "schools": len(city.schools),
        "devices_emulated": sum(d.origin == "emulated" for d in lab.devices),
        "devices_real": sum(d.origin == "real" for d in lab.devices),
        "devices_missing": dict(lab.missing),
        "changes_planned": len(plan.changes),
        "changes_applied": _applied(plan, states),
        "replan_empty": story.replan_empty,
        "rollback_clean": bool(is_clean) and all(is_clean),
        **_shares(city, coverage, what_if.coverage_after, plan),
        "residuals": [asdict(residual) for residual in residuals],
        "acts": [asdict(act) for act in story.acts],
    }
    return Findings(
        summary=summary,
        city=city,
        plan=plan,
        what_if=what_if,
        acts=story.acts,
        states=states,
        devices=lab.devices,
        moved=moved,
        moved_after_s=apart_s,
        residuals=residuals,
        world_seed=world_seed,
    )


def _applied(plan: Plan, states: dict[str, str]) -> int:
    """Count the changes that were read back on a confirmed device."""
    return sum(len(part.changes) for part in plan.devices if states[part.device] == "confirmed")


def _shares(
    city: City, before: CityCoverage, after: CityCoverage | None, plan: Plan
) -> dict[str, object]:
    """Coverage share of the operator whose cell changes; of the first one if none does."""
    changed = {part.device for part in plan.devices}
    concerned = [cell.operator for cell in city.cells if cell.id in changed]
    operator = (concerned or sorted({cell.operator for cell in city.cells}))[0]
    return {
        "coverage_operator": operator,
        "coverage_share_before": coverage_share(before, city, operator),
        "coverage_share_after": coverage_share(after or before, city, operator),
    }


def _watched(devices: Sequence[Device]) -> dict[str, tuple[str, ...]]:
    """Choose a few values of a few devices of each kind to read twice."""
    chosen: dict[str, tuple[str, ...]] = {}
    for kind, names in _WATCHED.items():
        of_kind = [d for d in devices if d.kind == kind and d.origin == "emulated"]
        for device in of_kind[:_WATCHED_PER_KIND]:
            templates = [a.template for a in KINDS[kind] if a.template.split("/")[-1] in names]
            chosen[device.id] = tuple(
                template.format(**{key: values[0] for key, values in device.instances.items()})
                for template in templates
            )
    return chosen


def _residuals(
    devices: Sequence[Device], city: City, coverage: CityCoverage
) -> tuple[ResidualSummary, ...]:
    paths = {d.id: OBSERVED[d.kind] for d in devices if d.kind in OBSERVED}
    asked = [device for device in devices if device.id in paths]
    observed = read_live(asked, make_driver, paths=paths).values
    return summarise(residuals_of(city, coverage, observed))


def _victims(plan: Plan) -> tuple[tuple[DevicePlan, str, bool], ...]:
    """Choose who dies: an access point at its commit, a lamp cabinet half-way through its SET."""
    emulated = [part for part in plan.devices if part.origin == "emulated"]
    armed = [part for part in emulated if part.kind == "ap"]
    plain = [part for part in emulated if part.kind == "lamp_cabinet" and len(part.changes) > 1]
    if not armed or not plain:
        raise InputError(
            "the intent changes no access point or no lamp cabinet", hint="see examples/"
        )
    return ((armed[0], "commit", False), (plain[0], "set", True))


def _hold(lab: Lab) -> None:
    """Keep the devices up until ^C or SIGTERM, and say how to look at them."""
    example = next(d for d in lab.devices if d.kind == "lamp_cabinet")
    secrets = example.base / "secrets"
    _say(f"{len(lab.devices)} devices stay up; inventory in {lab.inventory}; end with ^C")
    _say(
        f"snmpwalk -v3 -l authPriv -u {example.username} "
        f'-a SHA-256 -A "$(cat {secrets}/snmp-auth)" '
        f'-x AES -X "$(cat {secrets}/snmp-priv)" {example.host}:{example.port} 1.3.6.1'
    )
    cell = next(d for d in lab.devices if d.kind == "cell")
    _say(
        f"NETCONF: ssh -p {cell.port} -o UserKnownHostsFile={cell.base / cell.known_hosts} "
        f"{cell.username}@{cell.host} -s netconf   (password in {secrets}/ssh-password)"
    )
    with contextlib.suppress(KeyboardInterrupt):
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
