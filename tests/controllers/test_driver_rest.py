"""What the REST driver sends, whom it trusts, and what it concludes from each answer."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from controllers.drivers import make_driver
from controllers.drivers.rest import RestDriver
from controllers.ports import Device
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.tls import certificate_for, fresh_key
from hil.emulators.world_port import MemoryWorld
from twin.model.errors import (
    DeviceAuthError,
    DeviceConflict,
    DeviceError,
    DeviceHostKeyError,
    DeviceLocked,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
)

HOST = "127.0.0.1"
TOKEN = "a-token-nobody-may-see"


class Api:
    """A JSON API that answers by a script and notes what it was asked."""

    def __init__(self, folder: Path, hosts: tuple[str, ...] = (HOST,)) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.config: dict[str, Any] = {
            "gateway_conf": {"description": "old", "servers": ["one"]},
            "SX130x_conf": {"antenna_gain": 6, "radio_0": {"enable": True, "tx_enable": True}},
        }
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.accepts_later = 0
        self.dribbles = False
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                api.take(self)

            do_PUT = do_PATCH = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((HOST, 0), Handler)
        self.server.daemon_threads = True
        key = fresh_key()
        (folder / "key").write_bytes(key)
        (folder / "ca.pem").write_bytes(certificate_for(key, hosts))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "ca.pem", folder / "key")
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def take(self, handler: Any) -> None:
        length = int(handler.headers.get("Content-Length", "0"))
        body = json.loads(handler.rfile.read(length)) if length else None
        self.asked.append((handler.command, handler.path, body))
        self.headers.append({k.lower(): v for k, v in handler.headers.items()})
        status, data = self.answers.get(handler.command, (200, b""))
        if handler.command != "GET" and status in (200, 202):
            if status == 202 and self.accepts_later:
                threading.Timer(0.3, self.config.update, (body,)).start()
            else:
                self.config.update(body)
        if not data and status == 200:
            data = json.dumps(self.config).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data) + 4 * self.dribbles))
        handler.send_header("ETag", '"v1"')
        handler.end_headers()
        handler.wfile.write(data)
        for _ in range(20 * self.dribbles):
            time.sleep(0.1)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    server = Api(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def driver(api: Api, tmp_path: Path) -> Iterator[RestDriver]:
    made = driver_of(api, tmp_path)
    yield made
    made.close()


def driver_of(api: Api, folder: Path, **options: str) -> RestDriver:
    (folder / "token").write_text(TOKEN)
    (folder / "token").chmod(0o600)
    device = Device(
        id="gw-1", kind="lorawan_gateway", profile="lorawan-gateway", host=HOST,
        port=api.server.server_port, username="", secrets={"token": "file:token"}, base=folder,
        options={"ca": "ca.pem", "timeout_s": "5", "config": "conf", **options},
    )  # fmt: skip
    made = make_driver(device)
    assert isinstance(made, RestDriver)
    return made


def test_a_whole_resource_keeps_what_it_was_not_told_to_change(
    api: Api, driver: RestDriver
) -> None:
    driver.write({"description": "Rathaus", "tx_min_khz": 868_000})
    assert [(verb, path) for verb, path, _ in api.asked] == [("GET", "/conf"), ("PUT", "/conf")]
    assert api.asked[1][2] == {
        "gateway_conf": {"description": "Rathaus", "servers": ["one"]},
        "SX130x_conf": {
            "antenna_gain": 6,
            "radio_0": {"enable": True, "tx_enable": True, "tx_freq_min": 868_000_000},
        },
    }
    assert api.headers[1]["if-match"] == '"v1"'
    assert api.headers[1]["authorization"] == f"Bearer {TOKEN}"
    assert driver.read(["description", "tx_min_khz", "tx_power_erp_dbm"]) == {
        "description": "Rathaus",
        "tx_min_khz": 868_000,
    }


def test_a_change_that_was_only_accepted_is_waited_for(api: Api, driver: RestDriver) -> None:
    api.answers["PUT"] = (202, b"")
    api.accepts_later = 1
    driver.write({"description": "Rathaus"})
    assert api.config["gateway_conf"]["description"] == "Rathaus"
    assert len([verb for verb, _, _ in api.asked if verb == "GET"]) > 2


@pytest.mark.parametrize(
    ("status", "leaf"),
    [
        (401, DeviceAuthError),
        (403, DeviceAuthError),
        (404, DeviceRefused),
        (409, DeviceConflict),
        (412, DeviceConflict),
        (422, DeviceRefused),
        (423, DeviceLocked),
        (429, DeviceLocked),
        (503, DeviceUnreachable),
    ],
)
def test_each_refusal_is_named_with_what_the_device_says(
    api: Api, driver: RestDriver, status: int, leaf: type[DeviceError]
) -> None:
    said = [{"key": "payloadError", "description": "no\tsuch level\x1b[31m"}]
    api.answers["PUT"] = (status, json.dumps(said).encode())
    with pytest.raises(leaf, match=rf"PUT /conf: {status} payloadError no such level") as caught:
        driver.write({"description": "Rathaus"})
    assert "\x1b" not in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("answer", [b"[" * 100_000, b"{", b"NaN", b'{"a": NaN}', b"\xff"])
def test_an_answer_that_is_no_json_is_refused(api: Api, driver: RestDriver, answer: bytes) -> None:
    api.answers["GET"] = (200, answer)
    with pytest.raises(DeviceRefused, match="is no JSON"):
        driver.read(["description"])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"[]", "sent list where a JSON object is due"),
        (b'{"gateway_conf": {"description": 3}}', "says 3, which is no string"),
        (b'{"SX130x_conf": {"radio_0": {"enable": 1}}}', "says 1, which is no boolean"),
        (b'{"SX130x_conf": {"antenna_gain": true}}', "says True, which is no number"),
    ],
)
def test_json_of_another_shape_is_refused(
    api: Api, driver: RestDriver, answer: bytes, message: str
) -> None:
    api.answers["GET"] = (200, answer)
    with pytest.raises(DeviceRefused, match=message):
        driver.read()


def test_an_endless_answer_is_refused(api: Api, driver: RestDriver) -> None:
    api.answers["GET"] = (200, b'"' + b"x" * 5_000_000 + b'"')
    with pytest.raises(DeviceRefused, match="more than"):
        driver.read(["description"])


def test_an_answer_that_never_ends_times_out(api: Api, tmp_path: Path) -> None:
    api.dribbles = True
    driver = driver_of(api, tmp_path, timeout_s="0.3")
    with pytest.raises(DeviceTimeout, match=r"no answer within 0\.3 s"):
        driver.read(["description"])


def test_an_unknown_certificate_is_not_trusted(api: Api, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(certificate_for(fresh_key(), [HOST]))
    for options in ({"ca": "other.pem"}, {"ca": ""}):
        with pytest.raises(DeviceHostKeyError, match="is not trusted"):
            driver_of(api, tmp_path, **options).read()
    with pytest.raises(DeviceHostKeyError, match="cannot be read as certificates"):
        driver_of(api, tmp_path, ca="nowhere.pem").read()
    assert api.asked == []


def test_the_certificate_of_another_host_is_not_trusted(tmp_path: Path) -> None:
    other = Api(tmp_path, ("127.0.0.2",))
    try:
        with pytest.raises(DeviceHostKeyError, match="is not trusted"):
            driver_of(other, tmp_path).read()
        assert other.asked == []
    finally:
        other.stop()


def test_a_conflict_is_told_when_somebody_changed_the_program_meanwhile(
    make_cabinet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet, driver = make_cabinet
    fetch = driver._fetch

    def fetch_and_be_late(resource: Any) -> Any:
        found = fetch(resource)
        fleet.call(lambda: fleet.fleet.world.write("cab-1", {"night_level_percent": 33}))
        return found

    monkeypatch.setattr(driver, "_fetch", fetch_and_be_late)
    with pytest.raises(DeviceConflict, match="resourceConflict"):
        driver.write({"night_start_min": 1300})
    monkeypatch.undo()
    assert driver.read(["night_start_min", "night_level_percent"]) == {
        "night_start_min": 1380,
        "night_level_percent": 33,
    }


def test_a_night_that_holds_noon_is_refused_before_anything_is_sent(make_cabinet: Any) -> None:
    _, driver = make_cabinet
    before = driver.read()
    with pytest.raises(DeviceRefused, match="needs a night that begins after noon"):
        driver.write({"night_start_min": 600, "night_end_min": 800})
    assert driver.read() == before


@pytest.fixture
def make_cabinet(tmp_path: Path) -> Iterator[Any]:
    values = {"normal_level_percent": 100, "night_level_percent": 60, "night_start_min": 1380,
              "night_end_min": 300}  # fmt: skip
    world = MemoryWorld({"cab-1": "lamp_cabinet"}, {"cab-1": values})
    place = Placement(rest=18443, profiles={"cab-1": "talq-gateway"})
    entries = entries_of(world, ["cab-1"], tmp_path, network="127.93.41.0/30", placement=place)
    key = write_folder(tmp_path, entries)
    with FleetThread(world, entries, host_key=key) as fleet:
        driver = make_driver(entries[0])
        yield fleet, driver
        driver.close()
