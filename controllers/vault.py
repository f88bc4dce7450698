"""Fetches secrets from HashiCorp Vault, or OpenBao: the HTTP interface of the KV store, version 2.

References
----------
.. [1] Vault HTTP API, KV secrets engine version 2, "Read secret version".
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from twin.model.errors import InputError
from twin.model.quote import quoted
from twin.model.secret import Secret, resolve_secret

__all__ = ["Vault", "vault_of_environment"]

_NAME = re.compile(r"([^/#]+)/([^#]+)#([^#]+)")
_TIMEOUT_S = 5.0
_KEPT_S = 60.0
_MAX_BYTES = 1_000_000
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PORTS = {"https": 8200, "http": 8200}
_REASONS = {
    400: "it does not understand the request; is the mount a KV store of version 2?",
    403: "the token may not read it; check its policy, and whether it has expired",
    404: "there is no such secret",
    503: "it is sealed or in maintenance; try later",
}


@dataclass(slots=True)
class Vault:
    """One Vault; `fetch` asks it at most once in a minute for each secret.

    Parameters
    ----------
    address : str
        ``https://HOST[:PORT]``; ``http`` is for the same machine only.
    token : Secret
        Who we are.
    namespace : str
        Namespace of Vault Enterprise; empty for none.
    ca_file : str
        Certificates of those who may vouch for it; empty for those of the system.
    """

    address: str
    token: Secret
    namespace: str = ""
    ca_file: str = ""
    _kept: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fetch(self, name: str) -> Secret:
        """Fetch one field of a secret.

        Parameters
        ----------
        name : str
            ``MOUNT/PATH#FIELD``.

        Returns
        -------
        Secret
            The masked value.

        Raises
        ------
        InputError
            Not that form, Vault cannot be reached or refuses, or there is no such field.
        """
        match = _NAME.fullmatch(name)
        shown = quoted(f"vault:{name}")[1:-1]
        if match is None:
            raise InputError(f"secret {shown} names no field", hint="write vault:MOUNT/PATH#FIELD")
        mount, path, key = match.groups()
        with self._lock:
            values = self._values(f"/v1/{quote(mount)}/data/{quote(path)}", shown)
        value = values.get(key)
        if not isinstance(value, str):
            known = ", ".join(sorted(values)[:8]) or "none"
            raise InputError(f"secret {shown} has no such field", hint=f"its fields are {known}")
        return Secret(value)

    def _values(self, path: str, shown: str) -> dict[str, Any]:
        kept = self._kept.get(path)
        if kept and time.monotonic() - kept[0] < _KEPT_S:
            return kept[1]
        status, body = self._asked(path, shown)
        if status != http.client.OK:
            reason = _REASONS.get(status, f"it answers with status {status}")
            raise InputError(f"secret {shown}: {reason}", self.address)
        try:
            values = json.loads(body)["data"]["data"]
        except (ValueError, KeyError, TypeError, RecursionError):
            values = None
        if not isinstance(values, dict):
            # No cause: it would quote what Vault has sent.
            raise InputError(
                f"secret {shown}: the answer is not that of a KV store of version 2", self.address
            ) from None
        self._kept[path] = (time.monotonic(), values)
        return values

    def _asked(self, path: str, shown: str) -> tuple[int, bytes]:
        headers = {"X-Vault-Token": self.token.reveal(), "X-Vault-Request": "true"}
        if self.namespace:
            headers["X-Vault-Namespace"] = self.namespace
        connection = self._connection()
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read(_MAX_BYTES)
        except ssl.SSLCertVerificationError as err:
            raise InputError(
                f"secret {shown}: the certificate is not trusted ({err.verify_message})",
                self.address,
                hint="name the certificate of its issuer by VAULT_CACERT",
            ) from err
        except (OSError, http.client.HTTPException) as err:
            raise InputError(
                f"secret {shown}: Vault cannot be asked ({err.__class__.__name__})",
                self.address,
                hint="is it up, and is VAULT_ADDR right?",
            ) from err
        finally:
            connection.close()
        return answer.status, body

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.address)
        host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as err:
            raise InputError(
                "holds no certificates", self.ca_file, hint="name a PEM file by VAULT_CACERT"
            ) from err
        return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)


_vaults: dict[tuple[str, str, str, int], Vault] = {}
_vaults_lock = threading.Lock()


def vault_of_environment(environment: Mapping[str, str]) -> Vault:
    """Find the Vault that the environment names, as Vault's own command does.

    Parameters
    ----------
    environment : mapping
        ``VAULT_ADDR``; ``VAULT_TOKEN``, or ``VAULT_TOKEN_FILE`` (``~/.vault-token`` by default);
        ``VAULT_NAMESPACE``; ``VAULT_CACERT``.

    Returns
    -------
    Vault
        One for each address and token.

    Raises
    ------
    InputError
        No address or token, an address without encryption elsewhere, or a token file that others
        may read.
    """
    address = environment.get("VAULT_ADDR", "").rstrip("/")
    if not address:
        raise InputError("VAULT_ADDR is not set", hint="export VAULT_ADDR=https://...:8200")
    _check_address(address)
    token = _token(environment)
    namespace = environment.get("VAULT_NAMESPACE", "")
    ca_file = environment.get("VAULT_CACERT", "")
    key = (address, namespace, ca_file, hash(token))
    with _vaults_lock:
        if key not in _vaults:
            _vaults[key] = Vault(address, token, namespace, ca_file)
        return _vaults[key]


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in _PORTS and bool(parts.hostname) and not parts.username
        _ = parts.port
    except ValueError:
        is_good = False
    if not is_good:
        raise InputError("VAULT_ADDR is no address", hint="export VAULT_ADDR=https://...:8200")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InputError(
            f"VAULT_ADDR {quoted(address)} is not encrypted", hint="use https, with VAULT_CACERT"
        )


def _token(environment: Mapping[str, str]) -> Secret:
    value = environment.get("VAULT_TOKEN", "")
    token = Secret(value)
    if not value:
        file = environment.get("VAULT_TOKEN_FILE") or str(Path.home() / ".vault-token")
        token = resolve_secret(f"file:{file}", Path())
    # A header with a line break is refused by an error that quotes it.
    if not re.fullmatch(r"[!-~]{1,4096}", token.reveal()):
        raise InputError("the token of Vault is no token", hint="look at VAULT_TOKEN")
    return token
