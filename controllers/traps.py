"""Receives SNMPv3 traps of the devices of an inventory and turns them into events, within limits.

A trap is a hint that something has happened: read the device before you act on it. What does not
come from the address of a known device is dropped unread; what comes too often, is too long, not
encrypted, of another user or engine, or old is dropped and counted.
"""

from __future__ import annotations

import logging
import queue
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from controllers.drivers.snmp_access import credentials_of
from controllers.ports import Device
from controllers.profiles import SnmpObject, profile_of, snmp_objects
from controllers.snmp.ber import BerError
from controllers.snmp.notification import Notification, TrapSource
from twin.model.attributes import Value
from twin.model.errors import DeviceRefused, InputError, ModelError

__all__ = ["TrapEvent", "TrapLimits", "TrapReceiver"]

log = logging.getLogger(__name__)

_POLL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class TrapEvent:
    """What a device has told.

    Parameters
    ----------
    device : str
        Its id.
    name : str
        ``MODULE::notification`` of its profile.
    values : mapping
        Attributes it came with, by path.
    at : datetime
        When it was received.
    """

    device: str
    name: str
    values: Mapping[str, Value]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrapLimits:
    """How much is taken.

    Parameters
    ----------
    n_bytes : int
        Longest datagram. [octets]
    per_device_s, per_device_burst
        Traps of one device, in the long run and at once.
    total_s, total_burst
        Traps of all devices, in the long run and at once.
    n_waiting : int
        Events that wait to be fetched; further ones are dropped.
    """

    n_bytes: int = 1472
    per_device_s: float = field(default=2.0, metadata={"unit": "1/s"})
    per_device_burst: int = 10
    total_s: float = field(default=500.0, metadata={"unit": "1/s"})
    total_burst: int = 2000
    n_waiting: int = 10_000


class _Bucket:
    """Tokens that come back with time: one is taken by each trap."""

    __slots__ = ("_burst", "_rate_s", "_since_s", "_tokens")

    def __init__(self, rate_s: float, burst: int) -> None:
        self._rate_s, self._burst = rate_s, burst
        self._tokens = float(burst)
        self._since_s = 0.0

    def take(self, now_s: float) -> bool:
        """Take a token; False if there is none."""
        fresh = (now_s - self._since_s) * self._rate_s
        self._tokens = min(float(self._burst), self._tokens + fresh)
        self._since_s = now_s
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class _Known:
    """One device traps are taken from."""

    def __init__(self, device: Device, limits: TrapLimits) -> None:
        profile = profile_of(device)
        credentials = credentials_of(device)
        if credentials.version != "v3":
            raise DeviceRefused(device.id, "traps are taken over SNMPv3 only; leave legacy out")
        self.device = device
        self.source = TrapSource(credentials)
        self.bucket = _Bucket(limits.per_device_s, limits.per_device_burst)
        self.names = {oid: name for name, oid in profile.notifications.items()}
        self._objects: dict[tuple[int, ...], SnmpObject] = {
            o.oid: o for o in snmp_objects(profile, device)
        }

    def event_of(self, notification: Notification) -> TrapEvent:
        """Put a notification into the words of the model."""
        name = self.names.get(notification.oid)
        if name is None:
            raise BerError("its profile has no such notification")
        values: dict[str, Value] = {}
        for variable in notification.variables:
            o = self._objects.get(variable.oid)
            if o is not None and isinstance(variable.value, int | bytes):
                values[o.path] = o.decode(variable.value)
        return TrapEvent(device=self.device.id, name=name, values=values, at=datetime.now(UTC))


class TrapReceiver:
    """Listens for traps in a thread of its own; a context manager.

    Parameters
    ----------
    devices : sequence of Device
        Whose traps are taken; those whose profile has no notifications are left out.
    host, port
        Where to listen; port 0 takes a free one, see `port`.
    limits : TrapLimits
        How much is taken.
    clock : callable
        Monotonic clock. [s]

    Raises
    ------
    InputError
        Two devices have one address: who sent a trap could not be told.
    DeviceAuthError, DeviceRefused
        A device has no usable SNMPv3 user.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        *,
        host: str = "127.0.0.1",
        port: int = 10162,
        limits: TrapLimits = TrapLimits(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.port = port
        self.counts: Counter[str] = Counter()
        self._host = host
        self._limits = limits
        self._clock = clock
        self._total = _Bucket(limits.total_s, limits.total_burst)
        self._known: dict[str, _Known] = {}
        for device in devices:
            if not profile_of(device).notifications:
                continue
            if device.host in self._known:
                raise InputError(
                    f"{device.id} and {self._known[device.host].device.id} have the address "
                    f"{device.host}; a trap would not say which of them sent it",
                    hint="receive the traps of one of them only",
                )
            self._known[device.host] = _Known(device, limits)
        self._events: queue.Queue[TrapEvent] = queue.Queue(limits.n_waiting)
        self._stop = threading.Event()
        self._sock: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.bind((self._host, self.port))
        except OSError as err:
            sock.close()
            raise InputError(
                f"cannot listen for traps on {self._host}:{self.port} ({err.strerror})",
                hint="choose another port, or stop what listens there",
            ) from err
        sock.settimeout(_POLL_S)
        self.port = sock.getsockname()[1]
        self._sock = sock
        self._stop.clear()
        self._thread = threading.Thread(
            target=self._listen, args=(sock,), name="traps", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5 * _POLL_S)
        if self._sock is not None:
            self._sock.close()
        self._sock = self._thread = None

    def next_event(self, timeout_s: float | None = None) -> TrapEvent | None:
        """Wait for the next event.

        Parameters
        ----------
        timeout_s : float, optional
            Longest wait [s]; without it until one comes.

        Returns
        -------
        TrapEvent or None
            None when the time is over.
        """
        try:
            return self._events.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def forget(self, device: str) -> None:
        """Take another engine id from a device from now on: it was exchanged."""
        for known in self._known.values():
            if known.device.id == device:
                known.source.forget()

    def _listen(self, sock: socket.socket) -> None:
        while not self._stop.is_set():
            try:
                # One octet more than allowed shows what is too long.
                datagram, peer = sock.recvfrom(self._limits.n_bytes + 1)
            except TimeoutError:
                continue
            except OSError as err:
                if not self._stop.is_set():
                    log.warning("no traps are received any more: %s", err.strerror or err)
                return
            self.take(datagram, peer[0])

    def take(self, datagram: bytes, host: str) -> None:
        """Judge one datagram; an event is queued if it passes.

        Parameters
        ----------
        datagram : bytes
            What came.
        host : str
            Address it came from.
        """
        self.counts["received"] += 1
        known = self._known.get(host)
        now_s = self._clock()
        if known is None:
            self.counts["unknown"] += 1
        elif len(datagram) > self._limits.n_bytes:
            self.counts["too long"] += 1
        elif not (known.bucket.take(now_s) and self._total.take(now_s)):
            self.counts["too often"] += 1
        else:
            self._open(known, datagram)

    def _open(self, known: _Known, datagram: bytes) -> None:
        try:
            event = known.event_of(known.source.open(datagram))
        except (BerError, ModelError) as err:
            self.counts["refused"] += 1
            log.info("a trap from %s was dropped: %s", known.device.id, err)
            return
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self.counts["overflow"] += 1
        else:
            self.counts["events"] += 1
