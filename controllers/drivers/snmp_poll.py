"""Reads many SNMP devices again and again: by gufo-snmp where it can, by their drivers elsewhere.

gufo-snmp (extra ``fleet``) encodes and decodes in Rust and only reads; a session, hence a socket,
is kept for each device. What it cannot speak, or does not speak because it is not installed, is
read by the driver of the device.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from controllers.drivers.snmp_access import target_of
from controllers.live import Live, read_live
from controllers.ports import Device, DriverFactory
from controllers.profiles import SnmpObject, profile_of, snmp_objects
from controllers.snmp.exchange import Credentials
from controllers.snmp.usm import password_key
from twin.model.attributes import Value
from twin.model.errors import DeviceError, DeviceRefused, ModelError

if TYPE_CHECKING:
    from gufo.snmp.sync import SnmpSession
    from gufo.snmp.user import User

__all__ = ["FleetPoller", "has_fast_polling"]

log = logging.getLogger(__name__)

_N_AT_ONCE = 32
_N_TRIES = 2
_MOST_OBJECTS = 40


def has_fast_polling() -> bool:
    """Say whether gufo-snmp is installed."""
    return importlib.util.find_spec("gufo") is not None and (
        importlib.util.find_spec("gufo.snmp") is not None
    )


@dataclass(slots=True)
class _Line:
    """One device that gufo-snmp polls; its session is made at the first poll."""

    device: Device
    batches: tuple[dict[str, SnmpObject], ...]
    credentials: Credentials
    timeout_s: float
    session: SnmpSession | None = None


class FleetPoller:
    """Polls devices; a context manager that ends all sessions.

    Parameters
    ----------
    devices : sequence of Device
        SNMP devices.
    make_driver : DriverFactory
        Makes the drivers of those that gufo-snmp cannot read.
    paths : mapping, optional
        Paths by device id; without it everything its profile maps.
    n_at_once : int
        Devices asked together: so many silent ones cost one wait.

    Raises
    ------
    DeviceError
        A device has no usable credentials.
    InputError
        A profile or a path is unknown.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        make_driver: DriverFactory,
        *,
        paths: Mapping[str, Sequence[str]] | None = None,
        n_at_once: int = _N_AT_ONCE,
    ) -> None:
        self._make_driver = make_driver
        self._n_at_once = n_at_once
        self._lines: list[_Line] = []
        self._others: list[Device] = []
        self._paths: dict[str, tuple[str, ...]] = {}
        self._threads: ThreadPoolExecutor | None = None
        for device in devices:
            self._add(device, (paths or {}).get(device.id))

    def _add(self, device: Device, wanted: Sequence[str] | None) -> None:
        profile = profile_of(device)
        known = {o.path: o for o in snmp_objects(profile, device)}
        chosen = tuple(known) if wanted is None else tuple(wanted)
        unknown = [path for path in chosen if path not in known]
        if unknown:
            raise DeviceRefused(
                device.id, f"profile {profile.name} maps no {unknown[0]!r} on this device"
            )
        target = target_of(device)
        self._paths[device.id] = chosen
        if not has_fast_polling() or _user_of(target.credentials) is None:
            self._others.append(device)
            return
        objects = [(".".join(map(str, known[path].oid)), known[path]) for path in chosen]
        batches = tuple(
            dict(objects[at : at + _MOST_OBJECTS]) for at in range(0, len(objects), _MOST_OBJECTS)
        )
        self._lines.append(_Line(device, batches, target.credentials, target.timeout_s))

    @property
    def n_fast(self) -> int:
        """How many devices gufo-snmp reads."""
        return len(self._lines)

    def __enter__(self) -> Self:
        self._threads = ThreadPoolExecutor(self._n_at_once, thread_name_prefix="poll")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for line in self._lines:
            line.session = None  # its socket goes with it
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None

    def poll(self) -> Live:
        """Ask every device once.

        Returns
        -------
        Live
            What they said; a device that refuses or does not answer is listed with the reason,
            and keeps the others from nothing.
        """
        if self._threads is None:
            raise ValueError("use the poller as a context manager")
        values: dict[str, Mapping[str, Value]] = {}
        failed: dict[str, str] = {}
        waiting = _Shared(self._lines)
        workers = [
            self._threads.submit(_work, waiting, values, failed)
            for _ in range(min(self._n_at_once, len(self._lines)))
        ]
        for worker in workers:
            worker.result()
        for device in self._others:
            paths = {device.id: self._paths[device.id]}
            try:
                live = read_live([device], self._make_driver, paths=paths)
            except DeviceError as err:
                failed[device.id] = err.reason
            else:
                values |= live.values
                failed |= live.unreachable
        return Live(values=values, unreachable=failed)


class _Shared:
    """Lines that many threads take one by one."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self._lock = threading.Lock()
        self._rest: Iterator[_Line] = iter(lines)

    def next(self) -> _Line | None:
        """Take the next one; None when all are taken."""
        with self._lock:
            return next(self._rest, None)


def _work(waiting: _Shared, values: dict[str, Mapping[str, Value]], failed: dict[str, str]) -> None:
    while (line := waiting.next()) is not None:
        try:
            values[line.device.id] = _asked(line)
        except DeviceError as err:
            failed[line.device.id] = err.reason
        except ModelError as err:
            failed[line.device.id] = str(err)


def _asked(line: _Line) -> dict[str, Value]:
    """Ask one device, in a new session if the old one has failed."""
    from gufo.snmp import SnmpError  # noqa: PLC0415 - an extra

    reason = ""
    for _ in range(_N_TRIES):
        try:
            if line.session is None:
                line.session = _session(line)
            values: dict[str, Value] = {}
            for batch in line.batches:
                values |= _read(line.session, batch)
        except TimeoutError:
            reason = f"no SNMP answer from {line.device.host}:{line.device.port}"
        except (SnmpError, OSError) as err:
            reason = f"SNMP: {' '.join(str(err).split())[:200] or type(err).__name__}"
        else:
            return values
        line.session = None  # it may have come back as another engine
    raise DeviceRefused(line.device.id, reason)


def _session(line: _Line) -> SnmpSession:
    from gufo.snmp.sync import SnmpSession  # noqa: PLC0415 - an extra

    device, credentials = line.device, line.credentials
    if credentials.version == "v2c":
        return SnmpSession(
            device.host, device.port, community=credentials.community, timeout=line.timeout_s
        )
    session = SnmpSession(
        device.host, device.port, user=_user_of(credentials), timeout=line.timeout_s
    )
    session.refresh()
    return session


def _read(session: SnmpSession, batch: Mapping[str, SnmpObject]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for oid, wire in session.get_many(batch).items():
        o = batch.get(oid)
        if o is not None and isinstance(wire, int | bytes):
            values[o.path] = o.decode(wire)
    return values


def _user_of(credentials: Credentials) -> User | None:
    """Make the user that gufo-snmp needs; None if it cannot speak as these credentials ask."""
    from gufo.snmp import user as gufo  # noqa: PLC0415 - an extra

    if credentials.version == "v2c":
        return gufo.User.default()
    kinds = {
        "SHA-224": gufo.Sha224Key,
        "SHA-256": gufo.Sha256Key,
        "SHA-384": gufo.Sha384Key,
        "SHA-512": gufo.Sha512Key,
    }
    kind = kinds.get(credentials.auth_protocol)
    if kind is None or credentials.priv_protocol != "AES-128":
        return None
    # The user's own keys, not the pass phrases: these cost a megabyte of hashing each time.
    auth = password_key(credentials.auth_key, credentials.auth_protocol)
    priv = password_key(credentials.priv_key, credentials.auth_protocol)
    return gufo.User(
        credentials.user,
        auth_key=kind(auth, key_type=gufo.KeyType.Master),
        priv_key=gufo.Aes128Key(priv, key_type=gufo.KeyType.Master),
    )
