"""What drivers refuse by policy, and the exceptions an inventory may name in words."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ncclient.transport.errors import SessionCloseError

from controllers.drivers import make_driver
from controllers.drivers.snmp_access import credentials_of
from controllers.drivers.ssh import (
    disabled_algorithms,
    host_keys_of,
    load_private_key,
    plain_words,
    ssh_error,
)
from controllers.ports import Device
from twin.model.errors import DeviceAuthError, DeviceError, DeviceHostKeyError, DeviceRefused

PHRASE = "canary-phrase-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "auth").write_text(f"{PHRASE}\n")
    (tmp_path / "priv").write_text("canary-phrase-2\n")
    (tmp_path / "short").write_text("short\n")
    return tmp_path


def snmp_host(folder: Path, **fields: object) -> Device:
    given: dict[str, object] = {
        "id": "h-1", "kind": "host", "profile": "snmp-host", "host": "127.0.0.1", "port": 1,
        "username": "stellwerk", "secrets": {"auth": "file:auth", "priv": "file:priv"},
        "base": folder,
    }  # fmt: skip
    return Device(**(given | fields))  # type: ignore[arg-type]


def ssh_host(folder: Path, **fields: object) -> Device:
    given: dict[str, object] = {
        "id": "h-2", "kind": "host", "profile": "netconf-host", "host": "127.0.0.1", "port": 1,
        "username": "stellwerk", "secrets": {"password": "file:auth"}, "base": folder,
    }  # fmt: skip
    return Device(**(given | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"auth_protocol": "MD5"}, "auth_protocol 'MD5' is not allowed"),
        ({"auth_protocol": "none"}, "always authenticates"),
        ({"auth_protocol": "SHA-1"}, "is not allowed"),
        ({"priv_protocol": "DES"}, "priv_protocol 'DES' is not allowed"),
        ({"priv_protocol": "none"}, "always authenticates and encrypts"),
        ({"priv_protocol": "AES-256"}, "AES-256-reeder"),
        ({"legacy": "v2c"}, "the reason in words"),
        ({"legacy": "noAuth: lab"}, "the reason in words"),
        ({"legacy": "MD5: old"}, "the reason in words"),
    ],
)
def test_snmp_that_is_not_secure_is_refused(
    folder: Path, options: dict[str, str], message: str
) -> None:
    with pytest.raises(DeviceRefused, match=message):
        credentials_of(snmp_host(folder, options=options))


@pytest.mark.parametrize("auth", ["SHA-224", "SHA-256", "SHA-384", "SHA-512"])
def test_the_sha_2_family_is_accepted(folder: Path, auth: str) -> None:
    found = credentials_of(snmp_host(folder, options={"auth_protocol": auth}))
    assert found.version == "v3"
    assert found.auth_protocol
    assert found.priv_protocol


def test_a_legacy_device_is_named_with_its_reason_in_the_log(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    device = snmp_host(
        folder, options={"legacy": "v2c: switch of 2009"}, secrets={"community": "file:auth"}
    )
    with caplog.at_level(logging.WARNING):
        assert credentials_of(device).version == "v2c"
    assert "v2c: switch of 2009" in caplog.text
    assert PHRASE not in caplog.text


def test_short_or_missing_keys_are_refused(folder: Path) -> None:
    with pytest.raises(DeviceAuthError, match=r"'auth' \(file:short\) is shorter than 8.*RFC 3414"):
        credentials_of(snmp_host(folder, secrets={"auth": "file:short", "priv": "file:priv"}))
    with pytest.raises(DeviceAuthError, match="names no secret 'priv'"):
        credentials_of(snmp_host(folder, secrets={"auth": "file:auth"}))
    with pytest.raises(DeviceAuthError, match="username has 0 octets"):
        credentials_of(snmp_host(folder, username=""))


@pytest.mark.parametrize("text", ["x" * 200_000, "a secret with \x07", "€" * 100])
@pytest.mark.parametrize("options", [{}, {"legacy": "v2c: switch of 2009"}])
def test_a_secret_no_agent_can_take_is_one_line_that_names_its_reference(
    folder: Path, text: str, options: dict[str, str]
) -> None:
    (folder / "odd").write_text(text)
    secrets = dict.fromkeys(("auth", "priv", "community"), "file:odd")
    with pytest.raises(DeviceAuthError, match="file:odd") as caught:
        make_driver(snmp_host(folder, secrets=secrets, options=options)).read()
    assert len(str(caught.value)) < 300
    assert text[:3] not in str(caught.value)


def test_a_user_no_agent_can_have_is_named(folder: Path) -> None:
    with pytest.raises(DeviceAuthError, match="username has 33 octets"):
        make_driver(snmp_host(folder, username="u" * 33)).read()


@pytest.mark.parametrize("profile", ["netconf-host", "linux-host", "snmp-host"])
@pytest.mark.parametrize("reference", ["file:absent", "env:STELLWERK_TEST_ABSENT", "canary"])
def test_a_secret_that_cannot_be_read_is_told_in_plain_words(
    folder: Path, profile: str, reference: str
) -> None:
    (folder / "known").write_text("")
    secrets = dict.fromkeys(("password", "auth", "priv"), reference)
    device = ssh_host(
        folder, profile=profile, secrets=secrets, known_hosts="known", options={"file": "/x"}
    )
    with pytest.raises(DeviceError, match="secret") as caught:
        make_driver(device).read()
    assert "InputError" not in str(caught.value)
    assert "canary" not in str(caught.value)


def known(folder: Path, line: str) -> Device:
    (folder / "known").write_text(f"# accepted\n\n{line}\n")
    return ssh_host(folder, known_hosts="known")


KEY = Ed25519PrivateKey.generate().public_key()
ED25519 = KEY.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
LINE = f"[127.0.0.1]:1 {ED25519.decode()}"


@pytest.mark.parametrize("profile", ["netconf-host", "linux-host"])
@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        "host ssh-ed25519",
        "host ssh-ed25519 AAA",
        "host ssh-ed25519 AAAA",
        "host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAQ==",
        "host ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB",
        f"|1|AAAA|AAAA {ED25519.decode()}",
        f"@revoked * {ED25519.decode()}",
        f"|1|x {ED25519.decode()}",
        "\xff\xfe\x00",
    ],
    ids=range(10),  # the key is a new one in every process
)
def test_a_broken_line_of_known_hosts_is_named_with_its_number(
    folder: Path, profile: str, line: str
) -> None:
    device = known(folder, line)
    with pytest.raises(DeviceHostKeyError, match="known:3: this line names no host key") as caught:
        make_driver(dataclasses.replace(device, profile=profile, options={"file": "/x"})).read()
    assert "\n" not in str(caught.value)
    assert "remove it, or write '[127.0.0.1]:1 KEYTYPE KEY'" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        f"{paramiko.HostKeys.hash_host('[127.0.0.1]:1')} {ED25519.decode()} a comment",
        f"ssh-dss,other ssh-dss AAAA\n{LINE}",
    ],
    ids=["plain", "hashed", "unknown-type"],
)
def test_plain_and_hashed_names_are_found_and_unknown_key_types_ignored(
    folder: Path, line: str
) -> None:
    found = host_keys_of(known(folder, line)).lookup("[127.0.0.1]:1")
    assert found is not None
    assert list(found) == ["ssh-ed25519"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (paramiko.SSHException(), "the peer has ended the connection"),
        (EOFError(), "the peer has ended the connection"),
        (TimeoutError(), "no answer in time"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
        (paramiko.SSHException("Error reading\nbanner"), "Error reading banner"),
        (SessionCloseError(b""), "Unexpected session close"),
    ],
)
def test_an_error_of_a_library_is_told_without_the_name_of_its_class(
    folder: Path, error: Exception, words: str
) -> None:
    assert plain_words(error) == words
    said = str(ssh_error(ssh_host(folder), error))
    assert said == f"h-2: SSH to 127.0.0.1:1 failed: {words}"


def test_credentials_do_not_show_themselves(folder: Path) -> None:
    shown = repr(credentials_of(snmp_host(folder)))
    assert "***" in shown
    assert "canary" not in shown


def test_weak_ssh_algorithms_are_switched_off(folder: Path) -> None:
    disabled = disabled_algorithms(ssh_host(folder))
    offered = paramiko.Transport._preferred_ciphers + paramiko.Transport._preferred_macs
    left = set(offered) - set(disabled["ciphers"]) - set(disabled["macs"])
    assert left
    assert not [n for n in left if "cbc" in n or "md5" in n or "sha1" in n or "chacha" in n]


def test_one_weak_algorithm_can_be_allowed_in_words(folder: Path) -> None:
    device = ssh_host(folder, options={"ssh_exception": "aes256-cbc: switch of 2014"})
    disabled = disabled_algorithms(device)["ciphers"]
    assert "aes256-cbc" not in disabled
    assert "aes128-cbc" in disabled
    with pytest.raises(DeviceRefused, match="the reason in words"):
        disabled_algorithms(ssh_host(folder, options={"ssh_exception": "aes256-cbc"}))


def test_without_known_hosts_nothing_is_dialled(folder: Path) -> None:
    driver = make_driver(ssh_host(folder))
    with pytest.raises(DeviceHostKeyError, match="names no known_hosts"):
        driver.read()


def test_an_encrypted_private_key_needs_its_passphrase(folder: Path) -> None:
    key = Ed25519PrivateKey.generate()
    (folder / "key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.BestAvailableEncryption(PHRASE.encode()),
        )
    )
    with pytest.raises(DeviceAuthError, match=r"private key .* cannot be read"):
        load_private_key(ssh_host(folder, secrets={"key": "file:key"}))
    loaded = load_private_key(
        ssh_host(folder, secrets={"key": "file:key", "passphrase": "file:auth"})
    )
    assert loaded is not None
    assert loaded.get_name() == "ssh-ed25519"


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "1e9"])
def test_a_duration_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "known").write_text("")
    device = ssh_host(folder, known_hosts="known", options={"connect_timeout_s": text})
    with pytest.raises(DeviceRefused, match="option connect_timeout_s"):
        make_driver(device).read()
