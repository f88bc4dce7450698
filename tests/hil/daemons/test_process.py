"""A daemon's process tree ends with us, whatever happens, and a failed start says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hil.daemons.process import Daemon, last_line, wait_healthy
from twin.model.errors import BenchError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="process trees of Linux")
ROOT = Path(__file__).resolve().parents[3]
IsAlive = Callable[[int], bool]
WaitFor = Callable[..., None]

# a daemon that makes a grandchild in a session of its own, as sshd does for each connection
TREE = """
import os, sys, subprocess, time, signal
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""


def _tree(folder: Path, *extra: str, grace_s: float = 3.0) -> Daemon:
    return Daemon(name="tree", command=(sys.executable, "-c", TREE, *extra),
                  log=folder / "tree.log", grace_s=grace_s)  # fmt: skip


def _pids_of(log: Path) -> list[int]:
    return [int(word) for word in log.read_text().split()] if log.exists() else []


def test_stop_ends_the_whole_tree(tmp_path: Path, is_alive: IsAlive, wait_for: WaitFor) -> None:
    daemon = _tree(tmp_path)
    daemon.start()
    wait_for(lambda: _pids_of(daemon.log), "its pids")
    assert set(daemon.pids) == set(_pids_of(daemon.log))
    daemon.stop()
    assert not daemon.is_running
    assert not any(is_alive(pid) for pid in _pids_of(daemon.log))


def test_a_daemon_deaf_to_sigterm_is_killed_after_its_grace_time(
    tmp_path: Path, is_alive: IsAlive, wait_for: WaitFor
) -> None:
    daemon = _tree(tmp_path, "deaf", grace_s=0.2)
    daemon.start()
    wait_for(lambda: _pids_of(daemon.log), "its pids")
    daemon.stop()
    assert not any(is_alive(pid) for pid in _pids_of(daemon.log))


def test_a_killed_daemon_can_be_started_again(tmp_path: Path, wait_for: WaitFor) -> None:
    daemon = _tree(tmp_path)
    daemon.start()
    wait_for(lambda: len(_pids_of(daemon.log)) == 2, "its pids")
    daemon.kill()
    assert not daemon.is_running
    daemon.start()
    wait_for(lambda: len(_pids_of(daemon.log)) == 4, "its second pids")
    daemon.stop()


def test_a_daemon_outlives_the_thread_that_started_it(tmp_path: Path, wait_for: WaitFor) -> None:
    daemon = _tree(tmp_path)
    starter = threading.Thread(target=daemon.start)
    starter.start()
    starter.join()
    wait_for(lambda: _pids_of(daemon.log), "its pids")
    assert not daemon.wait(0.1)
    daemon.stop()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_tree_ends_when_its_starter_is_killed(
    tmp_path: Path, is_alive: IsAlive, wait_for: WaitFor, how: signal.Signals
) -> None:
    log = tmp_path / "tree.log"
    starter = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from hil.daemons.process import Daemon
        command = (sys.executable, "-c", {TREE!r})
        Daemon(name="tree", command=command, log=Path({str(log)!r})).start()
        time.sleep(600)
    """)
    parent = subprocess.Popen([sys.executable, "-c", starter], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: len(_pids_of(log)) == 2, "the tree")
    finally:
        parent.send_signal(how)
        parent.wait()
    wait_for(lambda: not any(is_alive(pid) for pid in _pids_of(log)), "the end of the tree")


def test_the_tree_ends_when_its_keeper_is_killed(
    tmp_path: Path, is_alive: IsAlive, wait_for: WaitFor
) -> None:
    daemon = _tree(tmp_path)
    daemon.start()
    wait_for(lambda: _pids_of(daemon.log), "its pids")
    main, _ = _pids_of(daemon.log)
    keeper = int(Path(f"/proc/{main}/stat").read_text().rpartition(")")[2].split()[1])
    grandchild = _pids_of(daemon.log)[1]
    try:
        os.kill(keeper, signal.SIGKILL)
        wait_for(lambda: not is_alive(main), "the end of the daemon")
    finally:
        daemon.stop()
        os.kill(grandchild, signal.SIGKILL)  # the one thing a killed keeper cannot do


def test_a_failed_start_quotes_the_last_line_of_the_log(tmp_path: Path) -> None:
    script = "echo first; echo 'no such port' >&2; exit 3"
    daemon = Daemon(name="broken", log=tmp_path / "log", command=("/bin/sh", "-c", script))
    daemon.start()
    with pytest.raises(BenchError, match=r"broken ended.*no such port") as caught:
        wait_healthy((daemon,), lambda _: "no answer", 10.0)
    daemon.stop()
    assert "\n" not in str(caught.value)


def test_a_mute_daemon_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    daemon = Daemon(name="mute", log=tmp_path / "log", command=("/bin/sleep", "600"))
    daemon.start()
    with pytest.raises(BenchError, match=r"mute does not answer within 0\.2 s: nobody there"):
        wait_healthy((daemon,), lambda _: "nobody there", 0.2)
    daemon.stop()


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    daemon = Daemon(name="ghost", log=tmp_path / "log", command=("/no/such/program",))
    daemon.start()
    with pytest.raises(BenchError, match=r"/no/such/program: No such file"):
        wait_healthy((daemon,), lambda _: "no answer", 10.0)
    daemon.stop()


def test_a_running_daemon_is_not_started_twice(tmp_path: Path) -> None:
    daemon = Daemon(name="one", log=tmp_path / "log", command=("/bin/sleep", "600"))
    daemon.start()
    try:
        with pytest.raises(BenchError, match="running already"):
            daemon.start()
    finally:
        daemon.stop()


def test_no_environment_of_ours_reaches_a_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STELLWERK_PASSWORD", "canary")
    daemon = Daemon(name="env", log=tmp_path / "log", command=("/usr/bin/env",))
    daemon.start()
    assert daemon.wait(10.0)
    daemon.stop()
    assert "PATH=" in daemon.log.read_text()
    assert "canary" not in daemon.log.read_text()


def test_last_line_of_a_log_that_is_not_there(tmp_path: Path) -> None:
    assert last_line(tmp_path / "none") == "no log"
    (tmp_path / "empty").write_text("\n\n")
    assert last_line(tmp_path / "empty") == "the log is empty"
