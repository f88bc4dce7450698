"""`stellwerk top`: what the journal says, as rows and on a screen that only reads."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.widgets import DataTable, Static, TabbedContent

from controllers.history import plan_record
from controllers.journal import Journal
from controllers.plan import DevicePlan, Plan, touched_hash
from controllers.ports import Change, Device, DeviceClass
from controllers.steps import Limits, Note
from stellwerk.cli import run
from stellwerk.exits import Exit
from stellwerk.lookout import Lookout
from stellwerk.top_screen import Top

DEVICES = tuple(
    Device(id=name, kind="switch", profile="poe-switch", host="x", port=1, username="u", site=site)
    for name, site in (("sw-1", "zoo"), ("sw-2", "fws"))
)


def _plan(name: str, device: str) -> Plan:
    change = Change(device=device, path="contact", before="a", after="b")
    part = DevicePlan(
        device=device, kind="switch", site="zoo", origin="emulated",
        device_class=DeviceClass.D, changes=(change,),
    )  # fmt: skip
    live = touched_hash((part,), {device: part.undo})
    return Plan(name=name, author="ann", devices=(part,), live_hash=live)


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A journal with a run that is confirmed, and one that has armed sw-2 and goes on."""
    place = str(tmp_path / "journal.db")
    limits = Limits()
    with Journal(place) as book:
        done = Note("settled", "sw-1", {"state": "confirmed"})
        end = Note("end", "", {"outcome": "confirmed"})
        begin = plan_record(_plan("first", "sw-1"), "t", limits)
        book.append("run-a", [Note("begin", "", begin), done, end])
        begin = plan_record(_plan("second [/b]\x1b[2J", "sw-2"), "t", limits)
        book.append("run-b", [Note("begin", "", begin)])
        book.append("run-b", [Note("send", "sw-2", {"op": "commit", "confirm_timeout_s": 120.0})])
    return place


def _end(place: str) -> None:
    with Journal(place) as book:
        book.append("run-b", [Note("send", "sw-2", {"op": "confirm"})])
        book.append("run-b", [Note("settled", "sw-2", {"state": "confirmed"})])
        book.append("run-b", [Note("end", "", {"outcome": "confirmed"})])


def test_runs_devices_and_timers_are_what_the_journal_says(place: str) -> None:
    lookout = Lookout(place, DEVICES)
    now = datetime.now(UTC)
    view = lookout.look(now)
    assert [(row[0], row[1], row[3]) for row in view.runs] == [
        ("~", "run-b", "second [/b]\x1b[2J"), ("+", "run-a", "first"),
    ]  # fmt: skip
    assert [(row[0], row[1], row[4], row[5]) for row in view.devices] == [
        ("+", "sw-1", "run-a", "confirmed"), ("~", "sw-2", "run-b", "open"),
    ]  # fmt: skip
    ((sign, device, of_run, _, left),) = view.timers
    assert (sign, device, of_run) == ("~", "sw-2", "run-b")
    longest_s = 120.0 + Limits().step_s
    assert 0.0 < float(left.removesuffix(" s")) <= longest_s
    late = lookout.look(now + timedelta(seconds=longest_s + 1))
    assert [(row[0], row[4]) for row in late.timers] == [("!", "ran out")]
    _end(place)
    after = lookout.look(now)
    assert [row[0] for row in after.runs] == ["+", "+"]
    assert after.timers == ()


def test_without_a_journal_the_inventory_is_shown(tmp_path: Path) -> None:
    view = Lookout(str(tmp_path / "none.db"), DEVICES).look(datetime.now(UTC))
    assert [row[1] for row in view.devices] == ["sw-1", "sw-2"]
    assert view.runs == ()
    assert not (tmp_path / "none.db").exists()


def test_the_screen_shows_filters_helps_and_follows(place: str) -> None:
    async def use() -> None:
        app = Top(Lookout(place, DEVICES), every_s=3600.0)
        async with app.run_test() as pilot:

            async def until(n_rows: int, table: str) -> None:
                rows = app.query_one(f"#{table}-table", DataTable)
                while rows.row_count != n_rows:
                    await pilot.pause()

            def state() -> str:
                return str(app.query_one("#state", Static).render())

            await until(2, "runs")
            assert state() == "2 runs, 1 open, 1 timers armed"
            first = app.query_one("#runs-table", DataTable).get_row_at(0)
            assert str(first[3]) == "second [/b]?[2J"
            await pilot.press("2")
            assert app.query_one(TabbedContent).active == "devices"
            await pilot.press("slash", *"zoo", "enter")
            await until(1, "devices")
            assert "filter 'zoo'" in state()
            await pilot.press("escape")
            await until(2, "devices")
            await pilot.press("question_mark")
            assert len(app.screen_stack) == 2
            await pilot.press("escape")
            assert len(app.screen_stack) == 1
            _end(place)
            await pilot.press("r")
            await until(0, "timers")
            assert state() == "2 runs, 0 open, 0 timers armed"
            await pilot.press("q")
        assert app.return_code == 0

    asyncio.run(use())


def test_a_damaged_journal_is_told_on_the_screen_and_does_not_end_it(place: str) -> None:
    async def use() -> None:
        app = Top(Lookout(place, DEVICES), every_s=3600.0)
        async with app.run_test() as pilot:
            while app.query_one("#runs-table", DataTable).row_count != 2:
                await pilot.pause()
            Path(place).write_bytes(b"no journal at all" * 100)
            await pilot.press("r")
            while not str(app.query_one("#state", Static).render()).startswith("! "):
                await pilot.pause()
            assert app.query_one("#runs-table", DataTable).row_count == 2

    asyncio.run(use())


def test_without_a_terminal_top_is_json_or_refused(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["top", "--journal", place]) == Exit.ERROR
    assert capsys.readouterr().err.count("\n") == 1
    assert run(["top", "--journal", place, "--json"]) == Exit.OK
    assert [row[1] for row in json.loads(capsys.readouterr().out)["runs"]] == ["run-b", "run-a"]
