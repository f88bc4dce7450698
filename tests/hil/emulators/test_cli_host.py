"""The emulated Linux host: its shell, its file, its reload, and the real driver over SSH."""

import contextlib
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.drivers import make_driver
from hil.emulators.cli_shell import CommandResult, Shell, cksum
from hil.emulators.cli_syntax import ShellSyntaxError, parse_line
from twin.model.errors import DeviceError, DeviceRefused, DeviceUnreachable

FILE = "/etc/hostapd/hostapd.conf"


@pytest.fixture
def shell():
    files = {"/f": "ssid=a b\nchannel=6\n"}
    shell = Shell(files, lambda words: CommandResult("own\n") if words == ["own", "x y"] else None)
    shell.files = files
    return shell


LINES = [
    "echo a  b 'c  d' \"e  f\"",
    "echo -n a; echo b",
    "false && echo no; echo yes",
    "false || echo yes",
    "true || echo no; echo $?",
    "( exit 7 ); echo $?",
    "(echo in; false) || echo out",
    "if true; then echo a; else echo b; fi",
    "if false; then echo a; else echo b; fi; echo c",
    "if [ a = a ]; then echo same; fi",
    "[ a != a ]; echo $?",
    'echo "x $(echo y; echo z) $?"',
    "echo 'one $? (two)' \\$? \\'",
    "printf '%s-%s\\n' a b c d",
    "printf %s text; printf '100%%\\n'",
    "echo abc | base64 | base64 -d",
    "printf 'a:b:c\\nd:e\\n' | cut -d: -f2",
    "echo hidden > /dev/null; echo shown",
    "printf '%b' 'a\\nb\\n'",
    "echo B''x1 # comment",
    ": && echo E''-$?",
    "printf 'a\\nb\\n' | cksum",
    "echo a;echo b",
    "( umask 077; echo a )",
    "if [ -O /nowhere ]; then echo ours; fi; echo $?",
]


@pytest.mark.parametrize("line", LINES)
def test_the_shell_agrees_with_a_real_one(line):
    real = subprocess.run(
        ["/bin/bash", "--posix", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    assert Shell({}, lambda _words: None).run(line) == real.stdout


@given(st.text(max_size=2000))
def test_checksum_agrees_with_posix_by_its_length(text):
    crc, size = cksum(text).split()
    assert int(size) == len(text.encode())
    assert 0 <= int(crc) < 2**32


def test_checksum_agrees_with_the_utility():
    text = "ssid=Stadt WLAN\nchannel=11\n"
    real = subprocess.run(["cksum"], input=text, capture_output=True, text=True, check=True)
    assert cksum(text).split() == real.stdout.split()


def test_redirections_change_files(shell):
    shell.run("echo new > /g; echo more >> /g; cp -p /g /h && mv -f /h /i; rm -f /absent")
    assert shell.files["/i"] == "new\nmore\n"
    assert "/h" not in shell.files


def test_errors_are_shown_and_can_be_silenced(shell):
    assert "No such file" in shell.run("cat /absent")
    assert shell.run("cat /absent 2>/dev/null; echo $?") == "1\n"
    assert "command not found" in shell.run("wget evil")
    assert "cannot open" in shell.run("cksum < /absent")


def test_the_hosts_own_commands_come_first(shell):
    assert shell.run("( own 'x y' ); echo $?") == "own\n0\n"


@pytest.mark.parametrize(
    "line", ["echo 'open", 'echo "open', "echo $(open", "(", "if true", "a >", ")", "&& a"]
)
def test_bad_syntax_is_status_2(shell, line):
    assert "syntax error" in shell.run(line)
    assert shell.run("echo $?") == "2\n"


@given(st.text(alphabet="abe'\"$()?;&|<>\\ \tif then fi[]#12/", max_size=80))
def test_any_line_is_survived(line):
    shell = Shell({"/f": "x"}, lambda _words: None)
    assert isinstance(shell.run(line), str)


@given(st.text(max_size=60))
def test_the_parser_raises_nothing_but_its_error(line):
    with contextlib.suppress(ShellSyntaxError):
        parse_line(line)


def test_deep_nesting_is_refused():
    shell = Shell({}, lambda _words: None)
    assert "nested" in shell.run("(" * 40 + "true" + ")" * 40)
    assert "nested" in shell.run("echo " + "$(echo " * 40 + ")" * 40)


# --- over SSH, with the driver of the controllers ---


@pytest.fixture
def driver(bench):
    entry = bench.entry["host-1"]
    # netmiko notices a lost connection only at its deadline.
    driver = make_driver(replace(entry, options={**entry.options, "timeout_s": "2"}))
    yield driver
    driver.close()


def test_the_driver_reads_file_and_commands(driver, bench):
    values = driver.read(["radio/1/ssid", "radio/1/channel", "contact", "name", "uptime_s"])
    assert values == {
        "radio/1/ssid": "Stadt WLAN",
        "radio/1/channel": 6,
        "contact": "c",
        "name": "host-1",
        "uptime_s": 5,
    }


def test_the_driver_writes_and_the_world_follows(driver, bench):
    driver.write({"radio/1/ssid": "Gäste $(rm) 'x' \"y\"", "radio/1/channel": 11})
    assert bench.read("host-1", "radio/1/ssid") == "Gäste $(rm) 'x' \"y\""
    assert driver.read(["radio/1/channel"]) == {"radio/1/channel": 11}


def test_a_change_in_the_world_shows_in_the_file(driver, bench):
    bench.fleet.call(lambda: bench.world.write("host-1", {"radio/1/channel": 13}))
    assert driver.read(["radio/1/channel"]) == {"radio/1/channel": 13}


def test_a_file_the_daemon_refuses_fails_the_reload(driver, bench):
    with pytest.raises(DeviceRefused, match="reload"):
        driver.write({"radio/1/channel": 999})
    assert bench.read("host-1", "radio/1/channel") == 6


@pytest.mark.parametrize("operation", ["write", "reload", "login"])
def test_a_host_can_die_at_an_operation(driver, bench, operation):
    bench.fleet.kill_on("host-1", operation)
    with pytest.raises(DeviceError):
        driver.write({"radio/1/channel": 11})
    assert not bench.fleet.is_alive("host-1")
    assert bench.read("host-1", "radio/1/channel") == 6
    with pytest.raises(DeviceUnreachable):
        driver.read(["contact"])


def test_a_written_file_is_read_at_the_next_start(driver, bench):
    bench.fleet.kill_on("host-1", "reload")
    with pytest.raises(DeviceError):
        driver.write({"radio/1/channel": 11})
    bench.fleet.revive("host-1")
    assert bench.read("host-1", "radio/1/channel") == 11


def test_exchanged_storage_wins_over_the_written_file(driver, bench):
    bench.fleet.kill_on("host-1", "reload")
    with pytest.raises(DeviceError):
        driver.write({"radio/1/channel": 11})
    bench.fleet.revive("host-1", {"radio/1/channel": 3})
    assert driver.read(["radio/1/channel"]) == {"radio/1/channel": 3}
