"""What every test runs under: no outside network, named prerequisites, honest tiers and skips."""

from __future__ import annotations

import collections
import ipaddress
import os
import shutil
import socket
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
MAX_UNMARKED_S = 60.0
# sessions over the wire, living worlds, files broken at every place, commands as processes:
# together minutes, each a few seconds
SLOW_PLACES = {
    "city",
    "contract",
    "test_access_points_in_the_world.py",
    "test_bad_inputs.py",
    "test_broken_outlines.py",
    "test_broken_tables.py",
    "test_calibration_cases.py",
    "test_cells_in_the_world.py",
    "test_cli_host.py",
    "test_driver_cli_uci.py",
    "test_driver_cli_vrp.py",
    "test_driver_peers.py",
    "test_emulate.py",
    "test_fleet.py",
    "test_gtfs_bombs.py",
    "test_habits.py",
    "test_lamps_in_the_world.py",
    "test_netconf_server.py",
    "test_rules_of_the_suite.py",
    "test_runner_over_the_wire.py",
    "test_simulate_ends.py",
    "test_simulate_pace.py",
    "test_take_over.py",
    "test_top.py",
    "test_world.py",
}
LONGEST = "test_every_driver.py"
LONG_TIMEOUT_S = 900
_SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_EXECUTABLES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "frr": ("vtysh",),
    "hostapd": ("hostapd",),
    "netconfd": ("netconfd",),
    "openssh-server": ("sshd",),
    "postgresql": ("initdb", "pg_ctlcluster"),
    "snmp": ("snmpget",),
    "snmpd": ("snmpd",),
}

# a shared machine makes single examples slow now and then: no deadline per example
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile("soak", deadline=None, print_blob=True, max_examples=20_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow-share",
        type=float,
        default=1.0,
        help="share of the slow tests to run, 0 to 1; always the same ones",
    )


@pytest.hookimpl(trylast=True)  # after pytest-randomly has shuffled
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if SLOW_PLACES & set(item.path.parts):
            item.add_marker("slow")
    share = config.getoption("--slow-share")
    dropped = [item for item in items if item.get_closest_marker("slow") and _rank(item) >= share]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in set(dropped)]
    for item in items:
        is_patient = item.get_closest_marker("long") or item.get_closest_marker("soak")
        if is_patient and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONG_TIMEOUT_S))
    # Files with the longest tests first, or one worker would end with them alone.
    patient = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: (item.path.name != LONGEST, item.path not in patient))


def _rank(item: pytest.Item) -> float:
    """Place an item in [0, 1) by its name, so that a sample is the same every time."""
    return zlib.crc32(item.nodeid.encode()) / 2**32


def reference_folder() -> Path:
    return Path(os.environ.get("STELLWERK_REFERENCE", ROOT.parent / "shared"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("daemon"):
        if not marker.args:
            raise pytest.UsageError(f"{item.nodeid}: name the package, daemon('snmpd')")
        for package in marker.args:
            _require(package)
    if item.get_closest_marker("chromium"):
        _require("chromium")
    if item.get_closest_marker("reference") and not reference_folder().is_dir():
        pytest.skip("no reference files: set STELLWERK_REFERENCE=DIR")


def _require(package: str) -> None:
    """Skip, or in CI fail, if the package is missing."""
    if package not in _EXECUTABLES:
        raise pytest.UsageError(f"tests/conftest.py knows no executable of package {package!r}")
    if any(shutil.which(name, path=_SEARCH) for name in _EXECUTABLES[package]):
        return
    reason = f"missing Debian package {package}: apt-get install {package}"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


_seconds: dict[str, float] = collections.defaultdict(float)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _seconds[item.nodeid] += call.duration
    seconds = _seconds[item.nodeid]
    is_marked = item.get_closest_marker("long") or item.get_closest_marker("soak")
    if report.when == "teardown" and seconds > MAX_UNMARKED_S and not is_marked:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} took {seconds:.0f} s: mark it long, or make it faster"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons: collections.Counter[str] = collections.Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    terminalreporter.write_line(f"{sum(reasons.values())} skipped")
    for reason, n_tests in sorted(reasons.items()):
        terminalreporter.write_line(f"  {n_tests} x {reason}")


@pytest.fixture
def reference_dir() -> Path:
    """Folder of the full reference files; mark the test `reference`."""
    folder = reference_folder()
    if not folder.is_dir():
        pytest.skip("no reference files: set STELLWERK_REFERENCE=DIR")
    return folder


@pytest.fixture(scope="session")
def project_root() -> Path:
    return ROOT


class NetworkForbiddenError(RuntimeError):
    """A test tried to leave this machine."""


_attempts: list[str] = []


def _check_address(family: int, address: object) -> None:
    if family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return
    host = str(address[0])
    if host in ("", "localhost"):
        return
    try:
        is_local = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        is_local = False
    if not is_local:
        _attempts.append(host)
        raise NetworkForbiddenError(f"a test may only connect to loopback, not to {host}")


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """Replace the methods on the class itself: libraries hold references to `socket.socket`."""
    plain = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}

    def connect(self: socket.socket, address: object) -> None:
        _check_address(self.family, address)
        plain["connect"](self, address)

    def connect_ex(self: socket.socket, address: object) -> int:
        _check_address(self.family, address)
        return plain["connect_ex"](self, address)

    def sendto(self: socket.socket, data: bytes, *args: object) -> int:
        _check_address(self.family, args[-1])
        return plain["sendto"](self, data, *args)

    guarded = {"connect": connect, "connect_ex": connect_ex, "sendto": sendto}
    for name, method in guarded.items():
        setattr(socket.socket, name, method)
    yield
    for name, method in plain.items():
        setattr(socket.socket, name, method)


@pytest.fixture(autouse=True)
def _no_attempt_is_hidden() -> Iterator[None]:
    """Fail the test even if a library swallowed the refusal."""
    _attempts.clear()
    yield
    if _attempts:
        pytest.fail(f"tried to connect to {', '.join(sorted(set(_attempts)))}", pytrace=False)
