"""The Linux host behind sshd, asked by OpenSSH's own client."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controllers.ports import Device
from hil.daemons import RunningDevice, start_linux_host
from hil.daemons.programs import find_program

pytestmark = pytest.mark.daemon("openssh-server")


@pytest.fixture
def linux_host(tmp_path: Path) -> Iterator[RunningDevice]:
    with start_linux_host(tmp_path / "host") as running:
        yield running


def _ssh_line(device: Device, *options: str) -> list[str]:
    key = device.secrets["key"].removeprefix("file:")
    return [find_program("ssh"), "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
            "-o", f"UserKnownHostsFile={device.known_hosts}", "-o", "StrictHostKeyChecking=yes",
            *options, "-i", key, "-p", str(device.port),
            f"{device.username}@{device.host}"]  # fmt: skip


def _run(device: Device, *words: str, options: tuple[str, ...] = ()) -> tuple[int, str]:
    done = subprocess.run([*_ssh_line(device, *options), *words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=30, check=False)  # fmt: skip
    return done.returncode, (done.stdout + done.stderr).strip()


def _edit(device: Device, old: str, new: str) -> Path:
    path = Path(device.options["file"])
    path.write_text(path.read_text().replace(old, new))
    return path


def test_a_good_file_becomes_active(linux_host: RunningDevice) -> None:
    device = linux_host.device
    path = _edit(device, "channel=6", "channel=11")
    assert _run(device, device.options["reload"]) == (0, "OK")
    assert (path.parent / "active.conf").read_text() == path.read_text()
    state = (path.parent / "state").read_text()
    assert state.splitlines() == ["state=ENABLED", "reloads=2", "ssid=Stadt", "channel=11"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("channel=6", "channel=14", "channel 14 is not of hw_mode g"),
        ("channel=6", "channel=36", "channel 36 is not of hw_mode g"),
        ("channel=6", "channel=", "channel is not a number"),
        ("channel=6", "channel=6\nchannel=7", "second line for channel"),
        ("ssid=Stadt", "ssid=", "ssid needs 1 to 32 bytes"),
        ("ssid=Stadt", "ssid=" + "x" * 33, "ssid needs 1 to 32 bytes"),
        ("hw_mode=g", "hw_mode=q", "hw_mode must be a or g"),
        ("contact=", "contct=", "unknown key contct"),
        ("contact=", "contact", "not key=value"),
    ],
)
def test_a_bad_file_is_refused_and_the_active_one_stays(
    linux_host: RunningDevice, old: str, new: str, says: str
) -> None:
    device = linux_host.device
    folder = Path(device.options["file"]).parent
    before = (folder / "active.conf").read_text(), (folder / "state").read_text()
    _edit(device, old, new)
    code, answer = _run(device, device.options["reload"])
    assert code == 1
    assert says in answer
    assert ((folder / "active.conf").read_text(), (folder / "state").read_text()) == before


def test_a_value_may_hold_equals_signs_and_quotes(linux_host: RunningDevice) -> None:
    path = _edit(linux_host.device, "contact=", "contact=a='b\"=$HOME")
    assert _run(linux_host.device, linux_host.device.options["reload"]) == (0, "OK")
    assert "contact=a='b\"=$HOME\n" in (path.parent / "active.conf").read_text()


def test_the_configuration_outlives_a_restart(linux_host: RunningDevice) -> None:
    _edit(linux_host.device, "ssid=Stadt", "ssid=Rathaus")
    linux_host.kill()
    linux_host.revive()
    state = Path(linux_host.device.options["file"]).with_name("state").read_text()
    assert "ssid=Rathaus" in state


def test_a_session_has_no_capabilities_and_cannot_gain_any(linux_host: RunningDevice) -> None:
    _, status = _run(linux_host.device, "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status")
    values = dict(line.split(":\t") for line in status.splitlines())
    assert int(values["CapEff"], 16) == 0
    assert values["NoNewPrivs"] == "1"


def test_a_session_sees_nothing_of_the_environment(linux_host: RunningDevice) -> None:
    _, answer = _run(linux_host.device, "env")
    names = {line.partition("=")[0] for line in answer.splitlines()}
    assert names <= {"HOME", "PATH", "LC_ALL", "TERM", "PS1", "PWD", "_", "SHLVL", "OLDPWD"}


def test_forwarding_is_refused(linux_host: RunningDevice) -> None:
    device = linux_host.device
    code, answer = _run(device, options=("-W", f"{device.host}:{device.port}"))
    assert code != 0
    assert "administratively prohibited" in answer


def test_a_password_is_never_accepted(linux_host: RunningDevice) -> None:
    options = ("-o", "PubkeyAuthentication=no")
    code, answer = _run(linux_host.device, "true", options=options)
    assert code != 0
    assert "Permission denied (publickey)" in answer


def test_stop_ends_sessions_that_are_open(
    tmp_path: Path, is_alive: Callable[[int], bool], wait_for: Callable[..., None]
) -> None:
    running = start_linux_host(tmp_path / "host")
    client = subprocess.Popen([*_ssh_line(running.device), "echo here; sleep 600"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        assert client.stdout is not None
        assert client.stdout.readline() == b"here\n"
        pids = running.pids
        assert len(pids) > 2
        running.stop()
        assert not any(is_alive(pid) for pid in pids)
        wait_for(lambda: client.poll() is not None, "the end of the client")
    finally:
        running.stop()
        client.kill()
        client.communicate()
