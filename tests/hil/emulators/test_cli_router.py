"""Emulated routers without SSH: views, candidate, questions, trial runs, locks and power cuts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.ports import Device
from hil.emulators.cli_router import Router
from hil.emulators.cli_server import CliSession
from hil.emulators.cli_vrp import VrpShell
from hil.emulators.cli_vtysh import VtyshShell
from hil.emulators.device import EmulatedDevice
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value

SWITCH: dict[str, Value] = {
    "contact": "it", "location": "school", "name": "HUAWEI", "port/GE1/admin_up": True,
    "port/GE1/alias": "", "port/GE1/oper_up": True, "port/GE1/in_octets": 5,
}  # fmt: skip
ROUTER: dict[str, Value] = {
    "name": "edge", "router_id": "", "forwarding": True, "interface/eth0/description": "",
    "interface/eth0/enabled": True, "interface/eth0/oper_up": True,
}  # fmt: skip


class Timers:
    """Timers that a test lets run out."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, _delay_s: float, call: Callable[[], None]) -> Any:
        self.waiting.append(call)
        return SimpleNamespace(cancel=lambda: self.waiting.remove(call))

    def run_out(self) -> None:
        for call in tuple(self.waiting):
            call()


def router(profile: str, kind: str, values: dict[str, Value]) -> tuple[Router, Timers, MemoryWorld]:
    world = MemoryWorld({"d": kind}, {"d": values})
    entry = Device(
        id="d", kind=kind, profile=profile, host="127.0.0.1", port=1, username="u", base=Path(),
        instances={"port": ("GE1",), "interface": ("eth0",)},
    )  # fmt: skip
    timers = Timers()
    negation = "no" if kind == "router" else "undo"
    return Router(EmulatedDevice(entry, world), negation, timers), timers, world


@pytest.fixture
def vrp8() -> SimpleNamespace:
    made, timers, world = router("huawei-vrp8-switch", "switch", SWITCH)
    shells = [VrpShell(made, name, has_candidate=True) for name in ("anna", "bert")]
    return SimpleNamespace(
        router=made, timers=timers, read=lambda path: world.read("d", path),
        anna=shells[0], bert=shells[1],
    )  # fmt: skip


def typed(shell: Any, *lines: str) -> str:
    return "".join(shell.run(line) or "" for line in lines)


def test_the_prompt_tells_view_and_candidate(vrp8: SimpleNamespace) -> None:
    prompts = [vrp8.anna.prompt]
    for line in ("system-view", "interface GE1", "description x", "quit", "undo description",
                 "interface GE1", "undo description", "quit", "return"):  # fmt: skip
        vrp8.anna.run(line)
        prompts.append(vrp8.anna.prompt)
    assert prompts[:5] == [
        "<HUAWEI>", "[~HUAWEI]", "[~HUAWEI-GE1]", "[*HUAWEI-GE1]", "[*HUAWEI]",
    ]  # fmt: skip
    assert prompts[-3:] == ["[~HUAWEI-GE1]", "[~HUAWEI]", "<HUAWEI>"]


@pytest.mark.parametrize(
    ("answers", "prompt", "contact"),
    [
        (["y"], "<HUAWEI>", "NOC"),
        (["NO"], "<HUAWEI>", "it"),
        (["c"], "[*HUAWEI]", "it"),
        (["what?", "cancel"], "[*HUAWEI]", "it"),
        (["", "yes"], "<HUAWEI>", "NOC"),
    ],
)
def test_leaving_with_uncommitted_lines_is_a_question(
    vrp8: SimpleNamespace, answers: list[str], prompt: str, contact: str
) -> None:
    typed(vrp8.anna, "system-view", "snmp-agent sys-info contact NOC", "return")
    assert vrp8.anna.prompt.endswith("[Y(yes)/N(no)/C(cancel)]:")
    for answer in answers:
        vrp8.anna.run(answer)
    assert vrp8.anna.prompt == prompt
    assert vrp8.read("contact") == contact


def test_a_trial_run_is_taken_back_by_its_timer_by_abort_and_by_the_end_of_its_session(
    vrp8: SimpleNamespace,
) -> None:
    change = ("system-view", "snmp-agent sys-info contact NOC", "commit trial 60")
    endings: tuple[Callable[[], object], ...] = (
        vrp8.timers.run_out,
        lambda: typed(vrp8.anna, "abort trial", "y"),
        vrp8.anna.end,
    )
    for end in endings:
        assert "not confirmed in 60 seconds" in typed(vrp8.anna, *change)
        assert vrp8.read("contact") == "NOC"
        end()
        assert vrp8.read("contact") == "it"
        assert not vrp8.timers.waiting


def test_a_trial_run_that_is_committed_or_has_a_persist_id_outlives_its_session(
    vrp8: SimpleNamespace,
) -> None:
    change = ("system-view", "snmp-agent sys-info contact NOC")
    typed(vrp8.anna, *change, "commit trial 60 persist id1")
    vrp8.anna.end()
    assert vrp8.read("contact") == "NOC"
    assert "refused" in typed(vrp8.bert, "system-view", "commit")
    vrp8.timers.run_out()
    assert vrp8.read("contact") == "it"
    typed(vrp8.bert, *change, "commit trial", "commit")
    vrp8.bert.end()
    assert vrp8.read("contact") == "NOC"
    assert not vrp8.timers.waiting


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("commit trial 59", "Wrong parameter"),
        ("commit trial 65536", "Wrong parameter"),
        ("commit trial 60", "no configuration to be committed"),
        ("abort trial", "does not exist"),
        ("interface GE9", "Wrong parameter"),
        ("bogus", "Unrecognized command"),
        ("undo configuration exclusive", "not locked by you"),
        ("display configuration-occupied user", "not locked"),
    ],
)
def test_what_cannot_be_is_an_error(vrp8: SimpleNamespace, line: str, says: str) -> None:
    assert says in typed(vrp8.anna, "system-view", line)


def test_a_lock_keeps_others_from_changing_and_goes_with_its_session(vrp8: SimpleNamespace) -> None:
    assert typed(vrp8.anna, "configuration exclusive") == ""
    change = ("system-view", "snmp-agent sys-info contact NOC")
    assert "locked by other user" in typed(vrp8.bert, *change)
    assert "locked by other user" in typed(vrp8.bert, "commit")
    assert "anna" in typed(vrp8.bert, "display configuration-occupied user")
    vrp8.anna.end()
    typed(vrp8.bert, *change, "commit")
    assert vrp8.read("contact") == "NOC"


def test_a_power_cut_brings_back_what_was_saved(vrp8: SimpleNamespace) -> None:
    change = ("system-view", "snmp-agent sys-info contact NOC", "commit", "return")
    typed(vrp8.anna, *change)
    vrp8.router.power_loss()
    vrp8.router.power_up(has_new_storage=False)
    assert vrp8.read("contact") == "it"
    vrp8.router.has_file = False
    typed(vrp8.bert, *change, "save", "n", "save", "y", "vrpcfg.zip")
    vrp8.router.power_loss()
    vrp8.router.power_up(has_new_storage=False)
    assert vrp8.read("contact") == "NOC"


def test_candidate_saved_and_running_are_shown(vrp8: SimpleNamespace) -> None:
    typed(vrp8.anna, "system-view", "interface GE1", "shutdown")
    line = " shutdown\n"
    assert line in typed(vrp8.anna, "display configuration candidate merge")
    assert line not in typed(vrp8.anna, "display current-configuration")
    typed(vrp8.anna, "commit")
    assert line in typed(vrp8.bert, "display current-configuration")
    assert line not in typed(vrp8.bert, "display saved-configuration")
    assert vrp8.bert.run("quit") is None


def test_vtysh_counts_at_once_and_forgets_what_was_not_written() -> None:
    made, _, world = router("frr-router", "router", ROUTER)
    shell = VtyshShell(made)
    typed(shell, "configure terminal", "interface eth0")
    assert shell.prompt == "edge(config-if)# "
    assert typed(shell, "description core", "no ip forwarding", "ip router-id 192.0.2.1") == ""
    assert world.read("d", "forwarding") is False
    assert typed(shell, "descr") == "% Unknown command: descr\n"
    shown = typed(shell, "end", "show running-config")
    assert "interface eth0\n description core\nexit\n!\n" in shown
    made.power_loss()
    made.power_up(has_new_storage=False)
    assert world.read("d", "interface/eth0/description") == ""
    typed(shell, "configure terminal", "no ip router-id 192.0.2.1", "exit", "write memory")
    assert shell.run("exit") is None


@pytest.mark.parametrize("profile", ["huawei-vrp8-switch", "frr-router"])
@given(lines=st.lists(st.text(max_size=40), max_size=8))
def test_any_line_is_survived(profile: str, lines: list[str]) -> None:
    kind, values = ("router", ROUTER) if profile == "frr-router" else ("switch", SWITCH)
    made, _, _ = router(profile, kind, values)
    shell: Any = VtyshShell(made) if kind == "router" else VrpShell(made, "u", has_candidate=True)
    for line in ("system-view", "configure terminal", *lines):
        assert isinstance(shell.run(line), str | None)
        assert shell.prompt


class Channel:
    """What a terminal writes to."""

    def __init__(self) -> None:
        self.text = ""
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.text += data.decode()

    def is_closing(self) -> bool:
        return self.is_closed

    def exit(self, _status: int) -> None:
        self.is_closed = True


def test_pages_wait_for_a_key_and_q_ends_them(vrp8: SimpleNamespace) -> None:
    channel: Any = Channel()
    session = CliSession(vrp8.anna)
    session.connection_made(channel)
    session.pty_requested("vt100", (80, 24, 0, 0), {})
    session.session_started()
    session.data_received(b"screen-length 3 temporary\n", None)
    channel.text = ""
    session.data_received(b"display current-configuration\n", None)
    assert channel.text.endswith("---- More ----")
    first = channel.text
    session.data_received(b" ", None)
    assert channel.text[len(first) :].startswith("\x1b[42D" + " " * 42 + "\x1b[42D")
    assert channel.text.endswith("---- More ----")
    session.data_received(b"q", None)
    assert channel.text.endswith("<HUAWEI>")
    session.data_received(b"quit\n", None)
    assert channel.is_closed
