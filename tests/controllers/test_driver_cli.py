"""The command-line driver on a real shell behind a real sshd."""

from __future__ import annotations

import dataclasses
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from controllers.drivers.cli_file import FileDriver
from controllers.ports import Device
from controllers.profiles import profile_of
from hil.daemons.linux_host import start_linux_host
from twin.model.errors import DeviceConflict, DeviceRefused, DeviceTimeout, DeviceUnreachable

pytestmark = pytest.mark.daemon("openssh-server")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    with start_linux_host(tmp_path_factory.mktemp("host")) as running:
        yield running.device


def driver_of(device: Device, file: Path, **options: str) -> FileDriver:
    changed = dataclasses.replace(device, options={"file": str(file), "reload": "true", **options})
    return FileDriver(changed, profile_of(changed))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / 'it\'s a "folder" $HOME'
    folder.mkdir()
    path = folder / "ap.conf"
    path.write_text("# city\nssid=Stadt\nchannel=6\ncontact=\n")
    path.chmod(0o640)
    return path


def test_odd_paths_and_values_arrive_as_they_are_and_the_mode_stays(
    host: Device, file: Path
) -> None:
    driver = driver_of(host, file)
    contact = "Bürgerbüro '5'; $(reboot) `id` \\ \"x\" %s E''"
    driver.write({"contact": contact, "location": "2. Stock"})
    assert driver.read(["contact", "location"]) == {"contact": contact, "location": "2. Stock"}
    assert (
        file.read_text() == f"# city\nssid=Stadt\nchannel=6\ncontact={contact}\nlocation=2. Stock\n"
    )
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["ap.conf"]
    driver.close()


def stopped_before(driver: FileDriver, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an upload fail at a step, as a full disk would."""
    run = driver._run

    def fail_at(step: str, command: str) -> str:
        return run(step, "( exit 28 )" if step.startswith(what) else command)

    monkeypatch.setattr(driver, "_run", fail_at)


@pytest.mark.parametrize("mode", [0o600, 0o640])
@pytest.mark.parametrize("umask", ["000", "022"])
def test_nobody_reads_the_parts_who_cannot_read_the_file(
    host: Device, file: Path, monkeypatch: pytest.MonkeyPatch, mode: int, umask: str
) -> None:
    file.chmod(mode)
    driver = driver_of(host, file)
    driver._run("be careless", f"umask {umask}")
    run, seen = driver._run, dict[str, int]()

    def look(step: str, command: str) -> str:
        seen.update({p.name: p.stat().st_mode & 0o777 & ~mode for p in file.parent.iterdir()})
        return run(step, command)

    monkeypatch.setattr(driver, "_run", look)
    driver.write({"radio/1/channel": 11})
    assert seen == {"ap.conf": 0, "ap.conf.stellwerk": 0, "ap.conf.stellwerk.b64": 0}
    assert file.stat().st_mode & 0o777 == mode
    assert run("look", "umask").strip().endswith(umask)
    driver.close()


@pytest.mark.parametrize("what", ["send", "replace"])
def test_an_upload_that_fails_leaves_no_part(
    host: Device, file: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    before = file.read_text()
    driver = driver_of(host, file)
    stopped_before(driver, what, monkeypatch)
    with pytest.raises(DeviceRefused, match="exit code 28"):
        driver.write({"radio/1/channel": 11})
    assert [path.name for path in file.parent.iterdir()] == ["ap.conf"]
    assert file.read_text() == before
    driver.close()


def test_a_session_that_is_lost_while_it_uploads_leaves_no_part(
    host: Device, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = driver_of(host, file)
    run = driver._run

    def cut(step: str, command: str) -> str:
        if step.startswith("replace"):
            assert driver.session.socket is not None
            driver.session.socket.shutdown(socket.SHUT_RDWR)
        return run(step, command)

    monkeypatch.setattr(driver, "_run", cut)
    with pytest.raises(DeviceUnreachable):
        driver.write({"radio/1/channel": 11})
    assert [path.name for path in file.parent.iterdir()] == ["ap.conf"]
    driver.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_of_the_file_stays_or_nothing_is_written(host: Device, file: Path) -> None:
    file.chmod(0o644)
    file.parent.chmod(0o777)
    os.chown(file, 65534, 65534)
    before = file.read_text()
    driver = driver_of(host, file)
    said = ""
    try:
        driver.write({"radio/1/channel": 11})
    except DeviceRefused as err:
        said = str(err)
    # A root without the right to give files away hears it from cp.
    refusal = "owned by somebody else|failed to preserve ownership"
    assert (file.read_text() == before) == bool(re.search(refusal, said))
    assert (file.stat().st_uid, file.stat().st_gid) == (65534, 65534)
    assert [path.name for path in file.parent.iterdir()] == ["ap.conf"]
    driver.close()


def test_a_file_larger_than_a_terminal_line(host: Device, file: Path) -> None:
    lines = "".join(f"# line {i} of a long file\n" for i in range(800))
    file.write_text(lines + "ssid=Stadt\nchannel=6\n")
    driver = driver_of(host, file)
    driver.write({"radio/1/channel": 11})
    assert file.read_text() == lines + "ssid=Stadt\nchannel=11\n"
    driver.close()


def test_a_reload_that_fails_is_told_with_its_exit_code_and_output(
    host: Device, file: Path
) -> None:
    driver = driver_of(host, file, reload="echo no such radio >&2; exit 3")
    with pytest.raises(DeviceRefused, match=r"reload failed with exit code 3: .*no such radio"):
        driver.write({"radio/1/channel": 11})
    assert driver.read(["radio/1/channel"]) == {"radio/1/channel": 11}
    driver.close()


def test_a_file_that_changed_after_it_was_read_is_a_conflict_and_left_alone(
    host: Device, file: Path
) -> None:
    driver = driver_of(host, file)
    text, checksum = driver._read_file()
    file.write_text("ssid=somebody else\n")
    with pytest.raises(DeviceConflict, match="changed by somebody else"):
        driver._replace(text + "channel=1\n", checksum)
    assert file.read_text() == "ssid=somebody else\n"
    assert [path.name for path in file.parent.iterdir()] == ["ap.conf"]
    driver.close()


def test_a_file_that_is_not_there_is_named(host: Device, file: Path) -> None:
    driver = driver_of(host, file.with_name("none.conf"))
    with pytest.raises(DeviceRefused, match=r"none\.conf failed with exit code"):
        driver.read()
    assert driver.read(["name"])
    driver.close()


def test_a_key_that_stands_twice_is_refused(host: Device, file: Path) -> None:
    file.write_text("ssid=a\nssid=b\n")
    driver = driver_of(host, file)
    with pytest.raises(DeviceRefused, match="stands there twice"):
        driver.read()
    driver.close()


def test_a_reload_that_hangs_ends_with_the_deadline_and_the_next_call_works(
    host: Device, file: Path
) -> None:
    driver = driver_of(host, file, reload="sleep 60", timeout_s="1.5")
    with pytest.raises(DeviceTimeout, match="reload"):
        driver.write({"radio/1/channel": 11})
    assert driver.read(["radio/1/channel"]) == {"radio/1/channel": 11}
    driver.close()
