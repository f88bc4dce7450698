"""The rules of RFC 6241, section 8.4, cell by cell, asked with plain ncclient.

The emulator must keep all of them, or what runs against it proves nothing; netconfd shows which
rules a server in the field breaks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree
from ncclient.operations import RPCError

from controllers.profiles import graft, load_profile, netconf_nodes

NS = "urn:ietf:params:xml:ns:netconf:base:1.0"
PATH = "interface/eth0/description"
NEW, NEWER = "confirmed-commit", "follow-up"


class Cell:
    """One server, one observer, and sessions that commit."""

    def __init__(self, subject: Any, connect: Callable[[Any], Any], *, has_persist: bool) -> None:
        self.subject = subject
        self.connect = lambda: connect(subject.device)
        self.persist = "token-1" if has_persist else None
        self.session = self.connect()

    def edit(self, session: Any, text: str) -> None:
        (node,) = (
            n
            for n in netconf_nodes(load_profile(self.subject.device.profile), self.subject.device)
            if n.path == PATH
        )
        config = etree.Element(f"{{{NS}}}config", nsmap={"nc": NS})
        graft(config, node.steps, text)
        session.edit_config(config, target="candidate")

    def arm(self, timeout_s: int) -> None:
        self.edit(self.session, NEW)
        self.session.commit(confirmed=True, timeout=str(timeout_s), persist=self.persist)
        assert self.value() == NEW

    def value(self) -> str:
        return str(self.subject.read()[PATH])

    def becomes(self, text: str, deadline_s: float = 15.0) -> bool:
        """Look every 1.3 s: the timers of netconfd want a second of silence."""
        end_s = time.monotonic() + deadline_s
        while self.value() != text:
            if time.monotonic() > end_s:
                return False
            time.sleep(1.3)
        return True

    def stays(self, text: str, for_s: float) -> bool:
        return not self.leaves(text, for_s)

    def leaves(self, text: str, within_s: float) -> bool:
        end_s = time.monotonic() + within_s
        while time.monotonic() < end_s:
            if self.value() != text:
                return True
            time.sleep(1.3)
        return False


def _confirm_in_the_same_session(cell: Cell) -> None:
    cell.arm(1)
    cell.session.commit(persist_id=cell.persist)
    assert cell.stays(NEW, 2.5)


def _confirm_in_another_session(cell: Cell) -> None:
    cell.arm(60)
    other = cell.connect()
    if cell.persist:
        cell.session.close_session()
        other.commit(persist_id=cell.persist)
        assert cell.value() == NEW
        return
    # "any follow-up commit and the confirming commit MUST be issued on the same session"
    with pytest.raises(RPCError):
        other.commit(persist_id="token-1")
    assert cell.value() == NEW


def _cancel_in_the_same_session(cell: Cell) -> None:
    cell.arm(60)
    cell.session.cancel_commit(persist_id=cell.persist)
    assert cell.value() == ""


def _cancel_in_another_session(cell: Cell) -> None:
    cell.arm(60)
    other = cell.connect()
    if cell.persist:
        other.cancel_commit(persist_id=cell.persist)
        assert cell.value() == ""
        return
    with pytest.raises(RPCError):
        other.cancel_commit()
    assert cell.value() == NEW


def _confirm_with_a_wrong_id(cell: Cell) -> None:
    cell.arm(60)
    with pytest.raises(RPCError):
        cell.session.commit(persist_id="token-2")
    assert cell.value() == NEW


def _cancel_with_a_wrong_id(cell: Cell) -> None:
    cell.arm(60)
    with pytest.raises(RPCError):
        cell.session.cancel_commit(persist_id="token-2")
    assert cell.value() == NEW


def _session_closes(cell: Cell) -> None:
    cell.arm(60)
    cell.session.close_session()
    if cell.persist:
        assert cell.stays(NEW, 1.5)
    else:
        assert cell.becomes("")


def _session_is_cut(cell: Cell) -> None:
    cell.arm(60)
    cell.session._session._transport.sock.shutdown(2)
    if cell.persist:
        assert cell.stays(NEW, 1.5)
    else:
        assert cell.becomes("")


def _time_runs_out(cell: Cell) -> None:
    cell.arm(1)
    assert cell.becomes("")
    with pytest.raises(RPCError):
        cell.session.cancel_commit(persist_id=cell.persist)


def _follow_up_extends_the_time(cell: Cell) -> None:
    cell.arm(3)
    again = {"persist_id": cell.persist} if cell.persist else {}
    cell.session.commit(confirmed=True, timeout="60", **again)
    assert cell.stays(NEW, 4.5)
    cell.session.commit(**again)


def _follow_up_keeps_the_first_backup(cell: Cell) -> None:
    cell.arm(60)
    cell.edit(cell.session, NEWER)
    again = {"persist_id": cell.persist} if cell.persist else {}
    cell.session.commit(confirmed=True, timeout="1", **again)
    assert cell.value() == NEWER
    assert cell.becomes("")


def _server_restarts(cell: Cell) -> None:
    cell.arm(60)
    cell.subject.kill()
    cell.subject.revive()
    assert cell.value() == ""


RULES = {
    rule.__name__.strip("_"): rule
    for rule in (
        _confirm_in_the_same_session, _confirm_in_another_session, _cancel_in_the_same_session,
        _cancel_in_another_session, _confirm_with_a_wrong_id, _cancel_with_a_wrong_id,
        _session_closes, _session_is_cut, _time_runs_out, _follow_up_extends_the_time,
        _follow_up_keeps_the_first_backup, _server_restarts,
    )
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("has_persist", [True, False], ids=["persist", "session"])
@pytest.mark.parametrize("rule", list(RULES))
def test_rule_of_confirmed_commit(
    rules_subject: Any, foreign: Any, request: pytest.FixtureRequest, rule: str, has_persist: bool
) -> None:
    RULES[rule](Cell(rules_subject, foreign, has_persist=has_persist))
