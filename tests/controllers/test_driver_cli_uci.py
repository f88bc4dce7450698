"""The driver of OpenWrt on an emulated device: staging, foreign changes, the timer of rpcd."""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.drivers import make_driver
from controllers.drivers.cli_shell import output_of
from controllers.drivers.cli_uci import UciDriver
from controllers.drivers.uci_text import documents, options_of, staged_of
from controllers.ports import DeviceClass
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceConflict,
    DeviceLocked,
    DeviceRefused,
    DeviceUnreachable,
    EvidenceMismatch,
    ModelError,
)

AP: dict[str, Value] = {
    "radio/1/enabled": True, "radio/1/channel": 36, "radio/1/bandwidth_mhz": 20,
    "radio/1/tx_power_dbm": 15, "radio/1/channel_in_use": 36, "radio/1/tx_power_in_use_dbm": 15,
    "radio/1/noise_floor_dbm": -95,
}  # fmt: skip
WANTED: dict[str, Value] = {"radio/1/channel": 100, "radio/1/bandwidth_mhz": 80}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[SimpleNamespace]:
    world = MemoryWorld({"ap": "ap"}, {"ap": AP})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    placement = Placement(cli=port, profiles={"ap": "openwrt-ap"})
    network = f"127.{160 + secrets.randbelow(40)}.{secrets.randbelow(250)}.0/24"
    entries = entries_of(world, ["ap"], tmp_path, network=network, placement=placement)
    key = write_folder(tmp_path, entries)
    opened: list[UciDriver] = []

    def driver(**options: str) -> UciDriver:
        made = make_driver(replace(entries[0], options={**entries[0].options, **options}))
        assert isinstance(made, UciDriver)
        opened.append(made)
        return made

    with FleetThread(world, entries, host_key=key) as fleet:
        yield SimpleNamespace(
            fleet=fleet, driver=driver,
            read=lambda path: fleet.call(lambda: world.read("ap", path)),
        )  # fmt: skip
        for one in opened:
            one.close()


def say(driver: UciDriver, line: str) -> str:
    """Type a line at the device as somebody else would."""
    return output_of(driver.session, "somebody", line).strip()


def settled(read: Callable[[], object], wanted: object) -> None:
    end_s = time.monotonic() + 8
    while read() != wanted:
        assert time.monotonic() < end_s
        time.sleep(0.05)


@pytest.mark.long
def test_an_apply_that_is_not_confirmed_is_taken_back_by_the_device(bench: Any) -> None:
    driver = bench.driver()
    driver.prepare(WANTED)
    assert bench.read("radio/1/channel") == 36, "staged is not applied"
    driver.commit(confirm_timeout_s=1, persist_id=None)
    assert driver.device_class is DeviceClass.C
    assert bench.driver().read(list(WANTED)) == WANTED
    settled(lambda: bench.read("radio/1/channel"), 36)
    with pytest.raises(EvidenceMismatch, match="read back otherwise"):
        driver.confirm("any")


@pytest.mark.long
def test_one_that_is_confirmed_stays_and_is_confirmed_from_a_new_session_too(bench: Any) -> None:
    driver = bench.driver()
    driver.prepare(WANTED)
    driver.commit(confirm_timeout_s=60, persist_id=None)
    driver.close()
    driver.confirm("any")
    assert "stellwerk" not in say(driver, "ubus call session list"), "no session is left on rpcd"
    assert bench.driver().read(list(WANTED)) == WANTED
    driver.cancel("any")  # nothing is pending any more
    assert bench.driver().read(list(WANTED)) == WANTED


@pytest.mark.long
def test_the_apply_of_a_controller_that_died_is_cancelled_by_another(bench: Any) -> None:
    dead = bench.driver()
    dead.prepare(WANTED)
    dead.commit(confirm_timeout_s=60, persist_id=None)
    dead.close()
    other = bench.driver()
    other.cancel("any")
    assert other.read(list(WANTED)) == {path: AP[path] for path in WANTED}
    assert "stellwerk" not in say(other, "ubus call session list")


@pytest.mark.long
def test_an_apply_of_somebody_else_that_is_pending_is_left_alone(bench: Any) -> None:
    first, second = bench.driver(), bench.driver()
    first.prepare({"radio/1/tx_power_dbm": 12})
    first.commit(confirm_timeout_s=60, persist_id=None)
    second.prepare(WANTED)
    with pytest.raises(DeviceLocked, match="waits for its confirmation"):
        second.commit(confirm_timeout_s=60, persist_id=None)
    second.discard()
    first.confirm("any")
    assert first.read(["radio/1/tx_power_dbm", "radio/1/channel"]) == {
        "radio/1/tx_power_dbm": 12, "radio/1/channel": 36,
    }  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("rpcd", ["yes", "no"])
def test_what_somebody_else_has_staged_is_refused_and_stays_staged(bench: Any, rpcd: str) -> None:
    driver = bench.driver(rpcd=rpcd)
    say(driver, "uci set wireless.radio0.channel=1")
    assert driver.read(["radio/1/channel"]) == {"radio/1/channel": 36}, "staged is not committed"
    with pytest.raises(DeviceConflict, match=r"staged 1 changes \(wireless.radio0.channel"):
        driver.prepare(WANTED)
    assert say(driver, "uci changes") == "wireless.radio0.channel='1'"


def test_without_rpcd_the_class_is_b_and_a_time_is_refused(bench: Any) -> None:
    driver = bench.driver(rpcd="no")
    driver.prepare(WANTED)
    assert driver.device_class is DeviceClass.B
    with pytest.raises(DeviceRefused, match="cannot take a commit back by itself: no rpcd"):
        driver.commit(confirm_timeout_s=60, persist_id=None)
    driver.discard()
    assert say(driver, "uci changes") == ""
    driver.prepare(WANTED)
    driver.commit(confirm_timeout_s=None, persist_id=None)
    assert bench.driver(rpcd="no").read(list(WANTED)) == WANTED


@pytest.mark.long
def test_what_somebody_stages_between_staging_and_commit_is_not_committed(bench: Any) -> None:
    driver = bench.driver(rpcd="no")
    driver.prepare(WANTED)
    say(driver, "uci set wireless.radio0.txpower=1")
    with pytest.raises(DeviceConflict, match="meanwhile; nothing was committed"):
        driver.commit(confirm_timeout_s=None, persist_id=None)
    assert say(driver, "uci changes") == "wireless.radio0.txpower='1'", "ours is gone, theirs not"
    assert driver.read(list(WANTED)) == {path: AP[path] for path in WANTED}


@pytest.mark.parametrize("rpcd", ["yes", "no"])
def test_one_wrong_option_never_leaves_the_device_half_configured(bench: Any, rpcd: str) -> None:
    driver = bench.driver(rpcd=rpcd, **{"iface/city": "gone"})
    driver = make_gone(driver)
    before = driver.read(list(AP)[:4])
    with pytest.raises(DeviceRefused, match="failed with"):
        driver.prepare({**WANTED, "ssid/city/hidden": True})
    assert say(driver, "uci changes") == ""
    assert driver.read(list(AP)[:4]) == before


def make_gone(driver: UciDriver) -> UciDriver:
    """The same device in an inventory that names a network it does not have."""
    made = make_driver(replace(driver.device, instances={"radio": ("1",), "ssid": ("city",)}))
    assert isinstance(made, UciDriver)
    return made


@pytest.mark.long
def test_a_session_that_is_lost_before_the_commit_commits_nothing(bench: Any) -> None:
    driver = bench.driver()
    driver.prepare(WANTED)
    driver.close()
    with pytest.raises(DeviceUnreachable, match="prepare again"):
        driver.commit(confirm_timeout_s=60, persist_id=None)
    assert bench.driver().read(list(WANTED)) == {path: AP[path] for path in WANTED}


def test_neither_the_password_nor_the_token_of_rpcd_is_told_to_a_log(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        driver = bench.driver()
        driver.prepare(WANTED)
        driver.commit(confirm_timeout_s=60, persist_id=None)
        token = driver._rpcd._id
        driver.confirm("any")
        driver.close()
    password = (driver.device.base / "secrets" / "ssh-password").read_text().strip()
    assert len(token) == 32
    for secret in (password, token):
        assert secret not in caplog.text
        assert secret not in repr(driver.__dict__)


def test_an_apply_cannot_be_prolonged(bench: Any) -> None:
    driver = bench.driver()
    driver.prepare(WANTED)
    driver.commit(confirm_timeout_s=60, persist_id=None)
    with pytest.raises(DeviceRefused, match="cannot be prolonged"):
        driver.commit(confirm_timeout_s=60, persist_id=None)
    driver.cancel("any")
    assert bench.read("radio/1/channel") == 36


FILE = """
config wifi-device 'radio0'
\toption channel '36'  # five GHz
\toption path "platform/soc"
\tlist supported 'a b'

config wifi-iface
\toption ssid 'without a name'

config wifi-iface 'guest'
\toption ssid 'it'\\''s open'
"""


def test_a_file_of_uci_is_read() -> None:
    assert options_of("wireless", FILE) == {
        "wireless.radio0.channel": "36",
        "wireless.radio0.path": "platform/soc",
        "wireless.guest.ssid": "it's open",
    }
    with pytest.raises(ModelError, match="wireless:1: 'optoin' is no word of uci"):
        options_of("wireless", "optoin channel '1'")


def test_staged_changes_are_read_and_others_than_options_are_not_ours() -> None:
    text = "wireless.radio0.channel='11'\n-wireless.guest\nwireless.x.y='it'\\''s'\n"
    assert staged_of(text) == {
        "wireless.radio0.channel": "11", "-wireless.guest": "", "wireless.x.y": "it's",
    }  # fmt: skip


@given(st.text(max_size=80))
def test_any_text_is_survived(text: str) -> None:
    staged_of(text)
    for read in (lambda: options_of("p", text), lambda: list(documents(text))):
        with contextlib.suppress(ModelError):
            read()
