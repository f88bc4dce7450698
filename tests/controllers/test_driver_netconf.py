"""What the NETCONF driver sends, and what it concludes, against servers of every class."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ssh_peers import HOST, PASSWORD, USER, Loop, ssh_peer

from controllers.drivers import make_driver, netconf_session
from controllers.ports import Device, DeviceClass, Driver
from twin.model.errors import (
    DeviceConflict,
    DeviceLocked,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
    EvidenceMismatch,
)

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
CAPABILITY = "urn:ietf:params:netconf:capability:"
ALL = ("candidate:1.0", "validate:1.1", "confirmed-commit:1.1", "rollback-on-error:1.0")
OPERATION = re.compile(rb"<nc:rpc[^>]*message-id=\"([^\"]+)\"[^>]*>(.*)</nc:rpc>", re.DOTALL)


class Server:
    """A NETCONF server that notes what it is told and answers by a script."""

    def __init__(self, capabilities: tuple[str, ...], peers: Loop) -> None:
        self.capabilities = capabilities
        self.told: list[str] = []
        self.answers: dict[str, str] = {}
        self.hangs_up_after = ""
        self.running = self.candidate = ""
        self.denies_dirty = self.forgets_edits = False
        self.denials = -1
        self.port, self.key = ssh_peer(peers, self.talk)

    async def talk(self, process: Any) -> None:
        uris = "".join(f"<capability>{CAPABILITY}{name}</capability>" for name in self.capabilities)
        process.stdout.write(
            f'<hello xmlns="{BASE}"><capabilities>{uris}</capabilities>'
            "<session-id>4</session-id></hello>]]>]]>".encode()
        )
        await process.stdin.readuntil(b"]]>]]>")
        while True:
            message = await process.stdin.readuntil(b"]]>]]>")
            found = OPERATION.search(message)
            assert found is not None
            operation = found[2].decode().replace("nc:", "")
            self.told.append(operation)
            answer = next((a for part, a in self.answers.items() if part in operation), "<ok/>")
            if "lock-denied" in answer:
                self.denials -= 1
                if self.denials == 0:
                    self.answers.clear()
            is_dirty = self.candidate != self.running
            if self.denies_dirty and is_dirty and operation.startswith("<lock><target><candidate"):
                answer = error("lock-denied", info="<session-id>0</session-id>")
            if "get-config" in operation and answer == "<ok/>":
                answer = f"<data>{self.shown(operation)}</data>"
            elif answer == "<ok/>" or ">warning<" in answer:
                self.follow(operation)
            process.stdout.write(
                f'<rpc-reply xmlns="{BASE}" message-id="{found[1].decode()}">{answer}'
                "</rpc-reply>]]>]]>".encode()
            )
            if self.hangs_up_after and self.hangs_up_after in operation:
                return

    def shown(self, operation: str) -> str:
        return self.candidate if "<source><candidate/>" in operation else self.running

    def follow(self, operation: str) -> None:
        edited = re.search(r"<config>(.*)</config>", operation, re.DOTALL)
        if operation.startswith("<edit-config") and edited and not self.forgets_edits:
            self.candidate = edited[1]
        elif operation.startswith("<commit"):
            self.running = self.candidate
        elif operation.startswith("<discard-changes"):
            self.candidate = self.running

    def verbs(self) -> list[str]:
        found = [re.match(r"<([\w-]+)", operation) for operation in self.told]
        return [verb[1] for verb in found if verb]


def error(tag: str, message: str = "no", info: str = "") -> str:
    return (
        f"<rpc-error><error-type>protocol</error-type><error-tag>{tag}</error-tag>"
        f"<error-severity>error</error-severity><error-message>{message}</error-message>"
        f"<error-info>{info}</error-info></rpc-error>"
    )


@pytest.fixture
def peers() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def driver_of(tmp_path: Path) -> Iterator[Any]:
    made: list[Driver] = []

    def make(server: Server, **options: str) -> Driver:
        (tmp_path / "known_hosts").write_text(f"[{HOST}]:{server.port} {server.key}\n")
        (tmp_path / "password").write_text(PASSWORD)
        device = Device(
            id="ap-1", kind="ap", profile="openconfig-ap", host=HOST, port=server.port,
            username=USER, secrets={"password": "file:password"}, known_hosts="known_hosts",
            instances={"radio": ("1",)}, base=tmp_path,
            options={"timeout_s": "5", "connect_timeout_s": "10", **options},
        )  # fmt: skip
        made.append(make_driver(device))
        return made[-1]

    yield make
    for driver in made:
        driver.close()


CHANGE = {"radio/1/channel": 11}


def test_connects_are_capped_and_wait_for_their_turn_no_longer_than_they_may(
    peers: Loop, driver_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = threading.BoundedSemaphore(1)
    monkeypatch.setattr(netconf_session, "_CONNECTS", turns)
    server = Server(ALL, peers)
    driver = driver_of(server, connect_timeout_s="0.2")
    with turns, pytest.raises(DeviceTimeout, match="other connects took longer"):
        driver.read()
    assert driver_of(server).read() == {}
    assert turns.acquire(blocking=False)


def test_the_sequence_of_a_confirmed_commit(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    driver = driver_of(server)
    driver.lock()
    driver.prepare(CHANGE)
    driver.commit(confirm_timeout_s=90.2, persist_id="token-1")
    driver.confirm("token-1")
    driver.unlock()
    driver.close()
    assert server.verbs() == [
        "lock", "lock", "get-config", "get-config", "edit-config", "validate", "get-config",
        "commit", "commit", "unlock", "unlock", "close-session",
    ]  # fmt: skip
    edit, armed, confirmed = server.told[4], server.told[7], server.told[8]
    assert "<source><candidate/>" in server.told[6]
    assert "<test-option>test-then-set</test-option>" in edit
    assert "<error-option>rollback-on-error</error-option>" in edit
    assert "<channel>11</channel>" in edit
    assert "FREQ_2GHZ" in edit
    assert "<confirm-timeout>91</confirm-timeout>" in armed
    assert "<persist>token-1</persist>" in armed
    assert "<confirmed/>" in armed
    assert "<persist-id>token-1</persist-id>" in confirmed
    assert "<confirmed" not in confirmed
    assert driver.device_class is DeviceClass.D


def test_without_persist_ids_the_commit_hangs_on_its_session(peers: Loop, driver_of: Any) -> None:
    server = Server(("candidate:1.0", "validate:1.0", "confirmed-commit:1.0"), peers)
    driver = driver_of(server)
    driver.prepare(CHANGE)
    assert driver.device_class is DeviceClass.C
    driver.commit(confirm_timeout_s=60, persist_id="token-1")
    driver.confirm("token-1")
    commits = [operation for operation in server.told if operation.startswith("<commit")]
    assert "persist" not in "".join(commits)
    assert commits[1] in ("<commit/>", "<commit></commit>")
    with pytest.raises(DeviceRefused, match="session of the commit is gone"):
        driver_of(server).confirm("token-1")


def test_a_follow_up_names_the_persist_id_and_no_new_one(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    driver = driver_of(server)
    driver.lock()
    driver.prepare(CHANGE)
    driver.commit(confirm_timeout_s=60, persist_id="token-1")
    driver.commit(confirm_timeout_s=90.2, persist_id="token-1")
    follow_up = server.told[-1]
    assert "<confirmed/>" in follow_up
    assert "<confirm-timeout>91</confirm-timeout>" in follow_up
    assert "<persist-id>token-1</persist-id>" in follow_up
    assert "<persist>" not in follow_up


def test_a_follow_up_without_persist_ids_needs_the_session_that_armed(
    peers: Loop, driver_of: Any
) -> None:
    server = Server(("candidate:1.0", "validate:1.0", "confirmed-commit:1.0"), peers)
    driver = driver_of(server)
    driver.prepare(CHANGE)
    driver.commit(confirm_timeout_s=60, persist_id=None)
    driver.commit(confirm_timeout_s=90, persist_id=None)
    commits = [operation for operation in server.told if operation.startswith("<commit")]
    assert "<confirm-timeout>90</confirm-timeout>" in commits[1]
    assert "persist" not in "".join(commits)
    driver.confirm("")
    heir = driver_of(server)
    with pytest.raises(DeviceRefused, match="no commit of this session is armed"):
        heir.commit(confirm_timeout_s=90, persist_id="token-1")


def test_a_follow_up_of_another_session_never_commits_a_foreign_candidate(
    peers: Loop, driver_of: Any
) -> None:
    server = Server(ALL, peers)
    server.answers["<source><candidate/>"] = '<data><a xmlns="urn:x">1</a></data>'
    with pytest.raises(DeviceConflict):
        driver_of(server).commit(confirm_timeout_s=60, persist_id="token-1")
    assert "commit" not in server.verbs()


def test_without_cancel_commit_the_end_of_the_session_cancels(peers: Loop, driver_of: Any) -> None:
    server = Server(("candidate:1.0", "confirmed-commit:1.0"), peers)
    driver = driver_of(server)
    driver.prepare(CHANGE)
    driver.commit(confirm_timeout_s=60, persist_id="token-1")
    driver.cancel("token-1")
    assert server.verbs()[-1] == "close-session"


def test_a_server_without_confirmed_commit_is_of_class_b(peers: Loop, driver_of: Any) -> None:
    server = Server(("candidate:1.0",), peers)
    driver = driver_of(server)
    driver.prepare(CHANGE)
    assert driver.device_class is DeviceClass.B
    assert "validate" not in server.verbs()
    with pytest.raises(DeviceRefused, match="no confirmed commit"):
        driver.commit(confirm_timeout_s=60, persist_id="token-1")
    driver.commit(confirm_timeout_s=None, persist_id=None)
    assert server.verbs()[-1] == "commit"


def test_a_server_without_a_candidate_is_written_at_once(peers: Loop, driver_of: Any) -> None:
    server = Server(("writable-running:1.0", "rollback-on-error:1.0"), peers)
    driver = driver_of(server)
    driver.write(CHANGE)
    assert driver.device_class is DeviceClass.A
    assert "<running/>" in server.told[-1]
    assert "rollback-on-error" in server.told[-1]
    with pytest.raises(DeviceRefused, match="no candidate"):
        driver.prepare(CHANGE)


def test_a_server_with_a_candidate_is_not_written_at_once(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    with pytest.raises(DeviceRefused, match="use prepare and commit"):
        driver_of(server).write(CHANGE)
    assert server.told == []


@pytest.mark.parametrize("lost_after", ["<validate", "<edit-config"])
def test_a_commit_never_follows_on_a_session_that_was_lost(
    peers: Loop, driver_of: Any, lost_after: str
) -> None:
    server = Server(ALL, peers)
    server.hangs_up_after = lost_after
    driver = driver_of(server)
    with pytest.raises(DeviceUnreachable):
        driver.prepare(CHANGE)
    with pytest.raises(DeviceUnreachable):
        driver.commit(confirm_timeout_s=60, persist_id="token-1")
    assert "commit" not in server.verbs()


def test_a_refused_validation_is_discarded_and_told(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    server.answers["<validate"] = error("operation-failed", "channel 11 is not allowed here")
    with pytest.raises(DeviceRefused, match="channel 11 is not allowed here"):
        driver_of(server).prepare(CHANGE)
    assert server.verbs()[-1] == "discard-changes"


def test_a_dirty_candidate_is_a_conflict_and_nothing_is_edited(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    server.answers["<source><candidate/>"] = '<data><a xmlns="urn:x">1</a></data>'
    with pytest.raises(DeviceConflict):
        driver_of(server).prepare(CHANGE)
    assert set(server.verbs()) == {"get-config"}


def test_what_somebody_left_in_the_candidate_is_discarded_where_the_policy_says_so(
    peers: Loop, driver_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(ALL, peers)
    server.candidate = '<a xmlns="urn:x">1</a>'
    driver = driver_of(server, foreign_candidate="discard")
    driver.lock()
    driver.prepare(CHANGE)
    assert "urn:x" not in server.candidate
    assert server.verbs().index("discard-changes") < server.verbs().index("edit-config")
    assert "foreign changes in the candidate are discarded" in caplog.text


def test_a_lock_that_foreign_changes_deny_is_taken_after_they_are_discarded(
    peers: Loop, driver_of: Any
) -> None:
    server = Server(ALL, peers)
    server.candidate = '<a xmlns="urn:x">1</a>'
    server.denies_dirty = True
    with pytest.raises(DeviceConflict, match="foreign_candidate"):
        driver_of(server).lock()
    assert "discard-changes" not in server.verbs()
    driver_of(server, foreign_candidate="discard").lock()
    assert server.verbs()[-4:] == ["get-config", "discard-changes", "lock", "lock"]


def test_a_policy_nobody_knows_is_refused(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    server.candidate = '<a xmlns="urn:x">1</a>'
    with pytest.raises(DeviceRefused, match="it may be refuse or discard"):
        driver_of(server, foreign_candidate="keep").prepare(CHANGE)


def test_an_edit_that_was_answered_and_not_carried_out_is_found_in_the_candidate(
    peers: Loop, driver_of: Any
) -> None:
    server = Server(ALL, peers)
    server.forgets_edits = True
    with pytest.raises(EvidenceMismatch, match="radio/1/channel = None, not 11"):
        driver_of(server).prepare(CHANGE)
    assert server.verbs()[-1] == "discard-changes"
    assert "commit" not in server.verbs()


def test_under_its_own_lock_the_candidate_is_looked_through_once(
    peers: Loop, driver_of: Any
) -> None:
    server = Server(ALL, peers)
    driver = driver_of(server)
    driver.lock()
    for channel in (1, 6, 11):
        driver.prepare({"radio/1/channel": channel})
        driver.commit(confirm_timeout_s=None, persist_id=None)
    unfiltered = [told for told in server.told if "get-config" in told and "<filter" not in told]
    assert len(unfiltered) == 2
    driver.unlock()
    driver.prepare(CHANGE)
    driver.discard()
    driver.prepare(CHANGE)
    unfiltered = [told for told in server.told if "get-config" in told and "<filter" not in told]
    assert len(unfiltered) == 6


def test_a_second_lock_that_fails_gives_the_first_one_back(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    server.answers["<lock><target><running/>"] = error(
        "lock-denied", info="<session-id>9</session-id>"
    )
    with pytest.raises(DeviceLocked, match="session 9"):
        driver_of(server, lock_patience_s="0.01").lock()
    assert server.verbs() == ["lock", "lock", "unlock"]
    assert "<candidate/>" in server.told[-1]


def test_a_lock_that_is_given_back_soon_is_waited_for(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    denied = error("lock-denied", info="<session-id>9</session-id>")
    server.answers["<lock><target><running/>"] = denied
    server.denials = 2
    driver_of(server).lock()
    assert server.verbs() == ["lock", "lock", "unlock"] * 2 + ["lock", "lock"]


@pytest.mark.parametrize(
    "answer",
    [
        error("invalid-value"),
        error("operation-failed", "There is no pending confirmed commit."),
        error("operation-failed", "persistent confirmed commit not active"),
    ],
)
def test_cancel_with_nothing_armed_is_no_error(peers: Loop, driver_of: Any, answer: str) -> None:
    server = Server(ALL, peers)
    server.answers["<cancel-commit"] = answer
    driver_of(server).cancel("token-1")
    assert "<persist-id>token-1</persist-id>" in server.told[-1]


def test_a_cancel_that_fails_is_told(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    server.answers["<cancel-commit"] = error("operation-failed", "rollback of port 3 failed")
    with pytest.raises(DeviceRefused, match="rollback of port 3 failed"):
        driver_of(server).cancel("token-1")


def test_a_warning_is_no_refusal(
    peers: Loop, driver_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(ALL, peers)
    server.answers["<edit-config"] = error("partial-operation", "reboot to use it").replace(
        "<error-severity>error", "<error-severity>warning"
    )
    driver_of(server).prepare(CHANGE)
    assert "reboot to use it" in caplog.text


def test_what_the_device_does_not_show_is_left_out_or_the_default(
    peers: Loop, driver_of: Any
) -> None:
    server = Server(ALL, peers)
    driver = driver_of(server)
    assert driver.read() == {}
    server.answers["<get-config"] = (
        '<data><access-points xmlns="http://openconfig.net/yang/wifi/access-points"><access-point>'
        "<hostname>ap-1</hostname><radios><radio><id>1</id>"
        '<operating-frequency xmlns:t="http://openconfig.net/yang/wifi/wifi-types">t:FREQ_2GHZ'
        "</operating-frequency><config><channel>6</channel></config></radio></radios>"
        "</access-point></access-points></data>"
    )
    assert driver.read() == {
        "radio/1/channel": 6,
        "radio/1/enabled": True,
        "radio/1/tx_power_dbm": 9,
        "radio/1/dca": True,
        "radio/1/dtp": True,
    }


def test_a_value_the_device_cannot_mean_is_refused(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    server.answers["<get-config"] = (
        '<data><access-points xmlns="http://openconfig.net/yang/wifi/access-points"><access-point>'
        "<hostname>ap-1</hostname><radios><radio><id>1</id>"
        "<operating-frequency>FREQ_2GHZ</operating-frequency>"
        "<config><channel>six</channel></config></radio></radios></access-point></access-points>"
        "</data>"
    )
    with pytest.raises(DeviceRefused, match="'six' is not a number"):
        driver_of(server).read(["radio/1/channel"])


def test_nothing_is_sent_for_a_path_the_profile_does_not_map(peers: Loop, driver_of: Any) -> None:
    server = Server(ALL, peers)
    driver = driver_of(server)
    for path in ("radio/9/channel", "channel"):
        with pytest.raises(DeviceRefused, match="maps no"):
            driver.read([path])
    with pytest.raises(DeviceRefused, match="operational state"):
        driver.prepare({"radio/1/channel_in_use": 6})
    assert "edit-config" not in server.verbs()
