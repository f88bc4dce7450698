"""Reads devices from NetBox: over its REST interface, or from what it has exported as JSON.

References
----------
.. [1] NetBox REST API, ``/api/dcim/devices/`` and ``/api/dcim/interfaces/`` (NetBox 4).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from controllers.inventory_file import MAX_BYTES
from controllers.sources.rows import Row, address_of, variables_among
from twin.model.attributes import Value
from twin.model.errors import InputError
from twin.model.quote import quoted
from twin.model.safe.text import checked_text, read_bytes
from twin.model.secret import Secret

__all__ = ["fetch_netbox", "read_netbox_json", "rows_of"]

_PAGE = 1000
_TIMEOUT_S = 30.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def fetch_netbox(url: str, token: Secret, *, ca_file: str = "", site: str = "") -> list[Row]:
    """Fetch devices from a running NetBox.

    Parameters
    ----------
    url : str
        Its address, ``https://...``.
    token : Secret
        Token of its REST interface; reading is enough.
    ca_file : str
        Certificates of those who may vouch for it; empty for those of the system.
    site : str
        Slug of the one site to fetch; empty for all.

    Returns
    -------
    list of Row
        Active devices, with their SSIDs where wireless interfaces name some.

    Raises
    ------
    InputError
        pynetbox is not installed, the address is not encrypted, or NetBox cannot be asked.
    """
    try:
        import pynetbox  # noqa: PLC0415 - an extra
        import requests  # noqa: PLC0415 - comes with it
        from requests.adapters import HTTPAdapter  # noqa: PLC0415
        from urllib3.util import Retry  # noqa: PLC0415
    except ImportError as err:
        raise InputError(
            "NetBox is read by pynetbox", url, hint="pip install 'stellwerk[netbox]'"
        ) from err
    _check_url(url)
    _check_token(token)

    class _Bounded(HTTPAdapter):
        """Gives every request a deadline: pynetbox sets none."""

        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            kwargs["timeout"] = _TIMEOUT_S
            return super().send(request, *args, **kwargs)

    with requests.Session() as session:
        session.verify = ca_file or True
        session.trust_env = False  # neither a netrc nor a proxy of the environment sees the token
        session.max_redirects = 0
        # Links to next pages come from the server: the token goes to no other address.
        session.adapters.clear()
        session.mount(url, _Bounded(max_retries=Retry(2, backoff_factor=0.2)))
        api = pynetbox.api(url, token=token.reveal())
        api.http_session = session
        narrowed = {"site": site} if site else {}
        try:
            devices = api.dcim.devices.filter(status="active", limit=_PAGE, **narrowed)
            found = [dict(device) for device in devices]
            wireless = api.dcim.interfaces.filter(kind="wireless", limit=_PAGE, **narrowed)
            ssids = _ssids(dict(interface) for interface in wireless)
        except requests.exceptions.SSLError as err:
            raise InputError(
                "the certificate is not trusted", url, hint="name that of its issuer by --ca-file"
            ) from err
        except (requests.RequestException, pynetbox.RequestError, OSError) as err:
            raise InputError(_why(err), url, hint="are address and token right?") from None
    return list(rows_of(found, ssids, url))


def _why(err: BaseException) -> str:
    status = getattr(getattr(err, "req", None), "status_code", None)
    if status in (401, 403):
        return f"NetBox refuses the token (status {status})"
    return f"NetBox cannot be asked ({f'status {status}' if status else err.__class__.__name__})"


def _check_url(url: str) -> None:
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2].partition(":")[0]
    if scheme not in ("http", "https") or not host or "@" in rest:
        raise InputError(f"{quoted(url)} is no address", hint="write https://netbox.example")
    if scheme == "http" and host not in _LOOPBACK:
        raise InputError(f"{quoted(url)} is not encrypted", hint="use https, with --ca-file")


def _check_token(token: Secret) -> None:
    text = token.reveal()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise InputError("the token of NetBox is no token", hint="look at what --token-from names")


def read_netbox_json(path: Path) -> list[Row]:
    """Read devices that the REST interface has given earlier.

    Parameters
    ----------
    path : Path
        A list of devices, or a page with ``results``.

    Returns
    -------
    list of Row
        The active ones.

    Raises
    ------
    InputError
        Not such a file.
    """
    text = checked_text(read_bytes(path, max_bytes=MAX_BYTES), str(path), max_bytes=MAX_BYTES)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as err:
        line, column = getattr(err, "lineno", 0), getattr(err, "colno", 0)
        raise InputError("not JSON", str(path), line, column) from err
    found = data.get("results") if isinstance(data, dict) else data
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InputError(
            "holds no list of devices", str(path), hint="save what /api/dcim/devices/ gives"
        )
    return list(rows_of(found, {}, str(path)))


def rows_of(
    devices: Iterable[Mapping[str, Any]], ssids: Mapping[str, tuple[str, ...]], source: str
) -> Iterator[Row]:
    """Make rows of devices as the REST interface shows them.

    Parameters
    ----------
    devices : iterable of mapping
        Objects of ``/api/dcim/devices/``.
    ssids : mapping
        SSIDs by name of the device.
    source : str
        Where they come from.

    Yields
    ------
    Row
        One for each active device; custom fields that are plain become variables, tags groups.
    """
    for device in devices:
        if _slug(device.get("status"), "value") not in ("active", ""):
            continue
        name = str(device.get("name") or "")
        custom = device.get("custom_fields")
        custom = custom if isinstance(custom, dict) else {}
        address = device.get("primary_ip") or device.get("primary_ip4") or {}
        port = custom.get("stellwerk_port")
        yield Row(
            name=name,
            host=address_of(str(address.get("address", ""))) if isinstance(address, dict) else "",
            platforms=(
                str(custom.get("stellwerk_profile") or ""),
                _slug(device.get("platform")),
                _slug(device.get("device_type")),
                _slug(device.get("role") or device.get("device_role")),
            ),
            port=port if isinstance(port, int) and 0 < port < 65536 else 0,
            site=_slug(device.get("site")),
            role=_slug(device.get("role") or device.get("device_role")),
            groups=tuple(filter(None, (_slug(tag) for tag in device.get("tags") or ()))),
            vars={**_position(device), **variables_among(custom)},
            instances={"ssid": ssids[name]} if name in ssids else {},
            where=f"{source}: {quoted(name)}",
        )


def _slug(value: object, key: str = "slug") -> str:
    if isinstance(value, str):
        return value
    return str(value.get(key) or "") if isinstance(value, Mapping) else ""


def _position(device: Mapping[str, Any]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name in ("latitude", "longitude"):
        value = device.get(name)
        if isinstance(value, int | float):
            found[name] = float(value)
    return found


def _ssids(interfaces: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for interface in interfaces:
        name = _slug(interface.get("device"), "name")
        for lan in interface.get("wireless_lans") or ():
            ssid = _slug(lan, "ssid")
            if name and ssid:
                found.setdefault(name, {})[ssid] = None
    return {name: tuple(ssids) for name, ssids in found.items()}
