"""Secrets from the keyring and from Vault: fetched over the wire, shown nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from https_peer import QuietHandler, serving
from keyring.backend import KeyringBackend

from controllers.drivers.options import secret_of
from controllers.drivers.ssh import load_private_key
from controllers.ports import Device
from controllers.secret_sources import fetch_secret
from controllers.vault import Vault, vault_of_environment
from twin.model.errors import DeviceAuthError, InputError
from twin.model.secret import Secret

CANARY = "canary-5e1f"
TOKEN = "hvs.canary-token"


class _MemoryKeyring(KeyringBackend):
    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return CANARY if (service, username) == ("stellwerk", "snmp/auth") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture
def memory_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(_MemoryKeyring())
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("memory_keyring")
def test_a_secret_comes_from_the_keyring(tmp_path: Path) -> None:
    assert fetch_secret("keyring:stellwerk/snmp/auth", tmp_path) == Secret(CANARY)
    with pytest.raises(InputError, match="is not in the keyring; keyring set stellwerk other"):
        fetch_secret("keyring:stellwerk/other", tmp_path)
    with pytest.raises(InputError, match="write keyring:SERVICE/USER"):
        fetch_secret("keyring:stellwerk", tmp_path)


def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "id").write_text(CANARY)
    (tmp_path / "id").chmod(0o644)
    device = Device(
        id="h", kind="host", profile="linux-host", host="h", port=22, username="u",
        secrets={"key": "file:id"}, base=tmp_path,
    )  # fmt: skip
    with pytest.raises(DeviceAuthError, match=r"id is open to others \(mode 0644\); chmod 600"):
        load_private_key(device)


class _VaultHandler(QuietHandler):
    n_asked = 0

    def do_GET(self) -> None:
        type(self).n_asked += 1
        if self.headers["X-Vault-Token"] != TOKEN:
            self.answer(403, b'{"errors": ["permission denied"]}')
        elif self.path == "/v1/secret/data/city/switches":
            data = {"data": {"auth": CANARY, "n": 3}, "metadata": {"version": 4}}
            self.answer(200, json.dumps({"request_id": "1", "data": data}).encode())
        elif self.path == "/v1/secret/data/old":
            self.answer(200, json.dumps({"data": {"auth": CANARY}}).encode())
        elif self.path == "/v1/secret/data/sealed":
            self.answer(503, b'{"errors": ["Vault is sealed"]}')
        else:
            self.answer(404, b'{"errors": []}')


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    _VaultHandler.n_asked = 0
    with serving(_VaultHandler, tmp_path) as (url, certificate):
        yield Vault(url, Secret(TOKEN), ca_file=str(certificate))


def test_vault_is_asked_once_for_all_fields_of_a_secret(vault: Vault, tmp_path: Path) -> None:
    for _ in range(3):
        got = fetch_secret("vault:secret/city/switches#auth", tmp_path, vault=vault)
        assert got == Secret(CANARY)
    assert _VaultHandler.n_asked == 1
    assert CANARY not in repr(vault)
    assert TOKEN not in repr(vault)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("secret/city/switches#other", "has no such field; its fields are auth, n"),
        ("secret/city/switches#n", "has no such field"),
        ("secret/city/switches", "write vault:MOUNT/PATH#FIELD"),
        ("secret/nothing#auth", "there is no such secret"),
        ("secret/sealed#auth", "it is sealed or in maintenance; try later"),
        ("secret/old#auth", "the answer is not that of a KV store of version 2"),
    ],
)
def test_what_vault_refuses_is_said_in_one_line(vault: Vault, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        vault.fetch(name)
    assert "\n" not in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_wrong_token_or_certificate_is_named(vault: Vault) -> None:
    with pytest.raises(InputError, match="the token may not read it") as caught:
        Vault(vault.address, Secret("wrong"), ca_file=vault.ca_file).fetch("secret/x#y")
    assert "wrong" not in str(caught.value)
    with pytest.raises(InputError, match=r"certificate is not trusted .*VAULT_CACERT"):
        Vault(vault.address, Secret(TOKEN)).fetch("secret/x#y")
    with pytest.raises(InputError, match="Vault cannot be asked"):
        Vault("https://127.0.0.1:1", Secret(TOKEN)).fetch("secret/x#y")


def test_the_environment_names_vault_as_for_its_own_command(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    monkeypatch.setenv("VAULT_ADDR", vault.address)
    monkeypatch.setenv("VAULT_CACERT", vault.ca_file)
    monkeypatch.setenv("VAULT_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.delenv("VAULT_TOKEN", raising=False)
    secrets = {"auth": "vault:secret/city/switches#auth", "priv": "vault:secret/nothing#p"}
    device = Device(
        id="sw", kind="switch", profile="poe-switch", host="h", port=161, username="u",
        secrets=secrets, base=tmp_path,
    )  # fmt: skip
    assert secret_of(device, "auth") == Secret(CANARY)
    with pytest.raises(DeviceAuthError, match=r"sw: .*there is no such secret"):
        secret_of(device, "priv")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "VAULT_ADDR is not set"),
        ({"VAULT_ADDR": "http://vault.example:8200", "VAULT_TOKEN": TOKEN}, "is not encrypted"),
        ({"VAULT_ADDR": "vault.example", "VAULT_TOKEN": TOKEN}, "is no address"),
        ({"VAULT_ADDR": "https://u:p@h", "VAULT_TOKEN": TOKEN}, "is no address"),
        ({"VAULT_ADDR": "https://h", "VAULT_TOKEN": f"{TOKEN}\nX-Other: 1"}, "is no token"),
        ({"VAULT_ADDR": "https://h", "VAULT_TOKEN_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_an_environment_that_names_no_vault_is_refused(
    environment: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        vault_of_environment(environment)
    assert TOKEN not in str(caught.value)
