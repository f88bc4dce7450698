"""The guide to emulated devices does what it says: its commands run as they are printed."""

import json
import os
import re
import secrets
import subprocess
import sys
import textwrap
from itertools import takewhile

import pytest

GUIDE = "docs/how-to/look-at-emulated-devices.md"


def commands_of(text):
    """The blocks of commands of a guide, in their order."""
    blocks = re.findall(r"^ *```\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block).strip() for block in blocks]


@pytest.fixture
def guide(project_root, tmp_path):
    """The commands with the fleet of the first one up, on a network of this test."""
    text = (project_root / GUIDE).read_text(encoding="utf-8")
    network = f"127.{secrets.choice(range(80, 250))}.0."
    emulate, *others = commands_of(text.replace("127.77.0.", network))
    words = emulate.removesuffix("&").replace("stellwerk", f"exec {sys.executable} -m stellwerk", 1)
    process = subprocess.Popen(
        f"{words} --json --network {network}0/16",
        shell=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(project_root)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            ready = "".join(takewhile(lambda line: line != "}\n", process.stdout))
            assert json.loads(ready + "}")["ready"] is True
            yield others
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.fixture
def run(tmp_path):
    """Run a command of the guide; a question for the password gets the one it points to."""
    asker = tmp_path / "asker"
    asker.write_text("#!/bin/sh\ncat out/devices/secrets/ssh-password\n", encoding="utf-8")
    asker.chmod(0o700)
    env = {"SSH_ASKPASS": str(asker), "SSH_ASKPASS_REQUIRE": "force", "MIBS": ""}

    def run(command):
        done = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env={**os.environ, **env, "SNMP_PERSISTENT_DIR": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.daemon("snmp")
@pytest.mark.daemon("openssh-server")
def test_every_command_of_the_guide_shows_what_the_guide_says(guide, run):
    grep, snmpwalk, ssh = guide
    entry = run(grep)
    host = re.search(r"host: (\S+)", entry)[1]
    assert f" {host}:1161 " in snmpwalk
    assert "secrets/snmp-auth" in entry
    assert "4.1.32473.1.1.1.1.0 = INTEGER: " in run(snmpwalk)
    assert "urn:ietf:params:netconf:base:1.1" in run(ssh)
