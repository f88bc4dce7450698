"""Sessions with the same device share one SSH connection, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twin.model.errors import DeviceAuthError, DeviceLocked


@pytest.fixture
def host(make_emulated: Any, tmp_path: Path) -> Iterator[Any]:
    with make_emulated("netconf-host", tmp_path / "host") as subject:
        yield subject
        for driver in subject.opened:
            driver.close()


WANTED = {"interface/eth0/description": "to the core"}


def test_a_second_session_is_a_channel_of_the_first_ones_connection(host: Any) -> None:
    first = host.driver()
    first.lock()
    second = host.driver(lock_patience_s="0.01")
    second.read()
    assert host.logins() == 1
    with pytest.raises(DeviceLocked, match="locked by session 1;"):
        second.lock()


def test_either_session_outlives_the_other(host: Any) -> None:
    first, second = host.driver(), host.driver()
    first.lock()
    second.read()
    second.close()
    first.prepare(WANTED)
    first.commit(confirm_timeout_s=60, persist_id="p-1")
    third = host.driver()
    assert third.read(list(WANTED)) == WANTED
    first.close()
    third.confirm("p-1")
    assert host.logins() == 1
    third.close()
    assert host.read() == {**host.read(), **WANTED}
    assert host.logins() > 1


def test_another_login_has_a_connection_of_its_own(host: Any) -> None:
    host.driver().read()
    (host.folder / "wrong").write_text("wrong")
    (host.folder / "wrong").chmod(0o600)
    stranger = host.driver(replace(host.device, secrets={"password": "file:wrong"}))
    with pytest.raises(DeviceAuthError):
        stranger.read()


def test_a_device_that_allows_one_channel_gets_a_connection_a_session(host: Any) -> None:
    host.driver().read()
    host.driver(sessions="own").read()
    assert host.logins() == 2
