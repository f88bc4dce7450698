"""The pages about the transaction say what the code says."""

from __future__ import annotations

import re
import shlex

import pytest

from controllers.ports import DeviceClass
from controllers.steps import Outcome, Phase, State
from hil.chaos import invariants
from hil.chaos.edges import EDGES
from hil.chaos.mutants import MUTANTS
from stellwerk import cli
from stellwerk.exits import Exit


@pytest.fixture(scope="module")
def page(project_root):
    return (project_root / "docs/explanation/transaction.md").read_text(encoding="utf-8")


def rows(page, head):
    """Give the rows of the table whose first head cell this is."""
    table = page.split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:]]


def test_phases_lead_where_the_edges_lead(page):
    told = {
        (row[0].strip("`"), following)
        for row in rows(page, "phase")
        for following in re.findall(r"`(\w+)`", row[2])
        if following in set(Phase)
    }
    ways = {edge[1:] for edge in EDGES if edge[0] == "way" and edge[1] != Phase.START}
    assert told == ways


def test_steps_of_a_phase_are_those_of_the_edges(page):
    for row in rows(page, "phase"):
        phase = row[0].strip("`")
        told = set(re.findall(r"`(\w+)`", row[1]))
        reached = {edge[2] for edge in EDGES if edge[:2] == ("result", phase)}
        assert told <= reached, phase
        if phase != Phase.UNDO:  # where steps of other phases come back late
            assert told == reached, phase


def test_every_class_state_and_invariant_is_explained(page):
    assert [row[0] for row in rows(page, "class")] == [str(each) for each in DeviceClass]
    states = {row[0].strip("`") for row in rows(page, "state")}
    assert states == {str(state) for state in State if state is not State.OPEN}
    numbers = [row[0] for row in rows(page, "invariant")]
    assert numbers == re.findall(r"\b(I\d+) ", invariants.__doc__)
    assert all(word in page for word in Outcome.DIVERGENT.value.split("-"))


def test_mutants_are_counted(project_root):
    how_to = (project_root / "docs/how-to/run-chaos.md").read_text(encoding="utf-8")
    assert len(MUTANTS) == 26
    assert "twenty-three more" in how_to


def test_commands_of_the_page_show_what_it_says(project_root, capsys):
    how_to = (project_root / "docs/how-to/run-chaos.md").read_text(encoding="utf-8")
    (failing,) = re.findall(r"^ *stellwerk (chaos .* --schedules 1 --mutant \S+)$", how_to, re.M)
    assert cli.run(shlex.split(failing)) == Exit.ERROR
    (traced,) = re.findall(r"^ *stellwerk (chaos .* --trace 0 --mutant \S+)$", how_to, re.M)
    assert cli.run(shlex.split(traced)) == Exit.OK
    assert "VIOLATION I10" in capsys.readouterr().out.splitlines()[-1]
