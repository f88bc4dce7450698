"""The SNMP driver against a real snmpd, by the own manager and by pysnmp: the same to a user."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import hil.daemons.snmpd
from controllers.drivers import close_snmp, make_driver, snmp_link
from controllers.drivers.snmp import SnmpDriver
from controllers.drivers.snmp_link import exchange
from controllers.ports import Device
from controllers.profiles import profile_of
from controllers.snmp.ber import NULL, OCTET_STRING
from controllers.snmp.exchange import Variable
from hil.daemons.snmpd import start_snmpd
from twin.model.errors import DeviceAuthError, DeviceRefused

pytestmark = pytest.mark.daemon("snmpd")


@pytest.fixture(autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What speaks SNMP; pysnmp can do all that the own manager does."""
    name: str = getattr(request, "param", "own")
    if name == "pysnmp":
        monkeypatch.setattr(snmp_link.manager, "speaks", lambda _credentials: False)
    yield name
    close_snmp()


both_engines = pytest.mark.parametrize("engine", ["own", "pysnmp"], indirect=True)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    with start_snmpd(tmp_path_factory.mktemp("snmpd")) as running:
        yield running.device


@both_engines
def test_values_with_umlauts_are_set_and_read(host: Device) -> None:
    driver = make_driver(host)
    driver.write({"contact": "Bürgerbüro", "location": "Königstraße 1"})
    assert driver.read() == {"contact": "Bürgerbüro", "location": "Königstraße 1"}


def test_an_undo_puts_latin_1_back_octet_by_octet(host: Device) -> None:
    driver = SnmpDriver(host, profile_of(host))
    held = "Königstraße".encode("latin-1")
    o = driver._objects["location"]
    put = Variable(o.oid, OCTET_STRING, held)
    assert not exchange(driver._opened(), "set", [put]).failure
    before = driver.read(["location"])
    assert before == {"location": "latin-1:Königstraße"}
    driver.write({"location": "Rathaus"})
    driver.write(before)
    answer = exchange(driver._opened(), "get", [Variable(o.oid, NULL, None)])
    assert answer.variables[0].value == held


def test_state_moves_and_absent_objects_are_left_out(host: Device) -> None:
    values = make_driver(host).read(["uptime_s", "name"])
    assert values["name"]
    assert int(values["uptime_s"]) >= 0
    switch = dataclasses.replace(
        host, kind="switch", profile="poe-switch", instances={"port": ("1",)}
    )
    assert set(make_driver(switch).read(["contact", "port/1/poe_enabled"])) == {"contact"}


@both_engines
def test_a_refused_set_is_an_error_that_names_the_attribute(host: Device) -> None:
    switch = dataclasses.replace(
        host, kind="switch", profile="poe-switch", instances={"port": ("1",)}
    )
    with pytest.raises(DeviceRefused, match=r"SET refused: \w+ at port/1/poe_enabled"):
        make_driver(switch).write({"contact": "NOC", "port/1/poe_enabled": False})
    assert make_driver(host).read(["contact"])["contact"] != "NOC"


@both_engines
def test_a_wrong_key_does_not_spoil_the_right_one_nor_profit_from_it(
    host: Device, tmp_path: Path
) -> None:
    good = make_driver(host)
    assert good.read()
    (tmp_path / "wrong").write_text("a-wrong-pass-phrase")
    for name in ("auth", "priv"):
        secrets = {**host.secrets, name: f"file:{tmp_path / 'wrong'}"}
        with pytest.raises(DeviceAuthError):
            make_driver(dataclasses.replace(host, secrets=secrets)).read()
    assert good.read()


def test_an_agent_that_comes_back_with_another_engine_id_is_known_again(tmp_path: Path) -> None:
    with start_snmpd(tmp_path / "one") as first:
        device = first.device
        driver = make_driver(device)
        assert driver.read()
    for name in ("auth", "priv"):
        secret = tmp_path / "two" / "secrets" / name
        secret.parent.mkdir(parents=True, exist_ok=True)
        secret.write_text((tmp_path / "one" / "secrets" / name).read_text())
    with start_snmpd(tmp_path / "two", host=device.host, port=device.port) as second:
        # Whatever secrets the second one has, they are those of its own folder.
        again = dataclasses.replace(device, secrets=second.device.secrets, base=second.device.base)
        assert make_driver(again).read()
        start_s = time.monotonic()
        assert make_driver(again).read()
        assert time.monotonic() - start_s < 2.0


@both_engines
def test_closing_leaves_no_thread_and_no_socket_and_it_starts_again(
    host: Device, engine: str
) -> None:
    close_snmp()
    before = threading.active_count(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(3):
        assert make_driver(host).read()
        assert (threading.active_count() > before[0]) == (engine == "pysnmp")
        close_snmp()
        assert threading.active_count() <= before[0]
        assert len(os.listdir("/proc/self/fd")) <= before[1]  # noqa: PTH208


@both_engines
def test_many_threads_ask_at_once(host: Device, engine: str) -> None:
    answers: list[int] = []

    def read_some() -> None:
        driver = make_driver(host)
        answers.extend(len(driver.read()) for _ in range(10))

    threads = [threading.Thread(target=read_some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [2] * 80
    loops = sum(thread.name == "snmp-loop" for thread in threading.enumerate())
    assert loops == (engine == "pysnmp")


@both_engines
@pytest.mark.parametrize("auth", ["SHA-224", "SHA-384", "SHA-512"])
def test_every_digest_of_the_sha_2_family_is_that_of_net_snmp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: str, engine: str
) -> None:
    config = hil.daemons.snmpd._CONFIG.replace(" SHA-256 ", f" {auth} ")
    monkeypatch.setattr(hil.daemons.snmpd, "_CONFIG", config)
    # The daemon is waited for by a SHA-256 user, who is refused: that it answers is enough.
    with start_snmpd(tmp_path) as running:
        device = dataclasses.replace(running.device, options={"auth_protocol": auth})
        driver = make_driver(device)
        driver.write({"contact": auth})
        assert driver.read(["contact"]) == {"contact": auth}
