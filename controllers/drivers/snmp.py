"""Drives a device over SNMP: version 3 with authentication and encryption unless said otherwise."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from controllers.drivers.plain import PlainDriver
from controllers.drivers.snmp_access import SHORTEST_ROOM_BYTES, room_bytes_of, target_of
from controllers.drivers.snmp_link import exchange
from controllers.drivers.snmp_serial import SERIAL_OID, SerialPage, serial_books, test_of
from controllers.drivers.snmp_steps import ABSENT, Assignment, packed, set_steps, split
from controllers.drivers.snmp_wire import ERROR_STATUS
from controllers.ports import Device
from controllers.profiles import BaseType, Profile, SnmpObject, SnmpRow, snmp_objects
from controllers.snmp.ber import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    NULL,
    OCTET_STRING,
    TIME_TICKS,
)
from controllers.snmp.exchange import Answer, Operation, Target, Variable
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceAuthError,
    DeviceConflict,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
    ModelError,
)

__all__ = ["SnmpDriver"]

log = logging.getLogger(__name__)

_BATCH = 40
"""Variables per GET; an agent that cannot answer so many says tooBig, and gets half of them."""
_TOO_BIG, _WRONG_VALUE, _INCONSISTENT_VALUE = 1, 10, 12
_SERIAL_MOVED = (_WRONG_VALUE, _INCONSISTENT_VALUE)
"""Statuses by which an agent says that the number is another one; by all others that nobody may
set it, or that it cannot: net-snmp 5.9 shows the number and answers each SET with wrongLength."""
_GONE = (NO_SUCH_OBJECT, NO_SUCH_INSTANCE)

_TAGS: Mapping[BaseType, int] = {
    "integer": INTEGER,
    "octets": OCTET_STRING,
    "gauge32": GAUGE32,
    "counter32": COUNTER32,
    "counter64": COUNTER64,
    "timeticks": TIME_TICKS,
}

_AUTH_FAILURES = frozenset(
    {
        "WrongDigest", "UnknownUserName", "UnknownSecurityName", "AuthenticationFailure",
        "AuthenticationError", "DecryptionError", "UnsupportedSecurityLevel",
        "UnsupportedAuthProtocol", "UnsupportedPrivProtocol", "UnknownCommunityName",
    }
)  # fmt: skip


class SnmpDriver(PlainDriver):
    """One device over SNMP; without a transaction, so it is of class A.

    Parameters
    ----------
    device : Device
        The inventory entry; option ``timeout_s`` bounds each exchange (8 s by default),
        ``max_message_bytes`` each of our messages (1400 by default).
    profile : Profile
        An SNMP profile.

    Notes
    -----
    All values of a device go in one SET, which the agent checks before it applies any; in several
    where the profile orders them, where rows must be made or taken out of service, or where one
    would be too long. Where the agent offers snmpSetSerialNo, a SET is refused if another manager
    has set something since the lock.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        super().__init__(device)
        self._objects = {o.path: o for o in snmp_objects(profile, device)}
        self._is_shared = profile.is_shared
        self._target: Target | None = None
        self._room = 0
        self._page: SerialPage = serial_books.page(device.host, device.port)
        self._has_serial = True
        self._wants_serial = False
        self._base: int | None = None

    def lock(self) -> None:
        """Remember to note the agent's snmpSetSerialNo at the next read."""
        self._wants_serial = True
        self._base = None

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes; one the agent does not have is left out.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        if paths is None:
            wanted = [o for o in self._objects.values() if o.is_writable]
        else:
            wanted = [self._object(path) for path in paths]
        with_serial = [SERIAL_OID] if self._wants_serial and self._has_serial else []
        told = self._get([*with_serial, *(o.oid for o in wanted)])
        if with_serial:
            self._wants_serial = False
            self._note_serial(told[SERIAL_OID])
        values: dict[str, Value] = {}
        for o in wanted:
            variable = told[o.oid]
            if variable.tag not in _GONE:
                values[o.path] = self._decoded(o, variable)
            elif o.row is not None and o.absent is not None and variable.tag == NO_SUCH_INSTANCE:
                values[o.path] = o.absent
        if self._is_shared and wanted and not values:
            raise DeviceUnreachable(
                self.device.id,
                f"the controller at {self.device.host}:{self.device.port} does not show it; has it "
                "joined, and by this name?",
            )
        return values

    def write(self, changes: Mapping[str, Value]) -> None:
        """Set values, in one request where they fit: the agent checks all before it applies any.

        Raises
        ------
        DeviceError
            A leaf that says what failed. After an error of a real agent some values may be set
            all the same: read back.
        """
        objects = [self._object(path) for path in changes]
        assigned = [(o, changes[o.path], self._assignment(o, changes[o.path])) for o in objects]
        if assigned:
            with self._page.lock:
                self._set_all(assigned)
            log.info("set %d values", len(assigned), extra={"device": self.device.id})

    def close(self) -> None:
        """Forget the credentials; SNMP has no session."""
        self._target = None

    def _opened(self) -> Target:
        if self._target is None:
            self._target = target_of(self.device)
            self._room = room_bytes_of(self.device)
        return self._target

    # ---------------------------------------------------------------- SET

    def _set_all(self, assigned: Sequence[tuple[SnmpObject, Value, Assignment]]) -> None:
        status_of = self._status_of({o.row for o, _, _ in assigned if o.row is not None})
        doomed = [row for row in status_of if self._is_doomed(row, assigned)]
        try:
            steps = set_steps(assigned, status_of, doomed)
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err
        self._opened()
        done: list[Assignment] = []
        for step in steps:
            for pack in packed(step, self._room):
                self._send(pack, done)

    def _status_of(self, rows: Collection[SnmpRow]) -> dict[SnmpRow, int]:
        if not rows:
            return {}
        told = self._get([row.oid for row in rows])
        return {
            row: ABSENT if told[row.oid].tag in _GONE else self._number(row.name, told[row.oid])
            for row in rows
        }

    def _is_doomed(
        self, row: SnmpRow, assigned: Sequence[tuple[SnmpObject, Value, Assignment]]
    ) -> bool:
        """Say whether nothing would be left in a row: then an undo takes away what it made."""
        new = {o.path: value for o, value, _ in assigned if o.row == row}
        others = [o for o in self._objects.values() if o.row == row and o.is_writable]
        if any(o.absent is None or new.get(o.path, o.absent) != o.absent for o in others):
            return False
        kept = self.read([o.path for o in others if o.path not in new])
        return all(value == self._objects[path].absent for path, value in kept.items())

    def _send(self, pack: Sequence[Assignment], done: list[Assignment]) -> None:
        serial = self._expected_serial()
        test = [] if serial is None else [test_of(serial)]
        answer = self._exchange("set", [*test, *(a.variable for a in pack)])
        if answer.failure:
            self._base = None  # nobody knows whether it was carried out
            self._wants_serial = True
        elif answer.status == _TOO_BIG and len(pack) > 1:
            for half in split(pack):
                self._send(half, done)
            return
        elif serial is not None and answer.status and answer.index == 1:
            self._serial_refused(answer, serial, pack, done)
            return
        paths = [*([""] * len(test)), *(a.path for a in pack)]
        self._check(answer, "SET", paths, [a.path for a in done])
        if serial is not None:
            self._page.n_own += 1
        done.extend(pack)

    def _serial_refused(
        self, answer: Answer, serial: int, pack: Sequence[Assignment], done: list[Assignment]
    ) -> None:
        if answer.status not in _SERIAL_MOVED:
            log.debug("%s: sets without snmpSetSerialNo", self.device.id)
            self._has_serial = False
            self._send(pack, done)
            return
        told = self._get([SERIAL_OID, *(a.variable.oid for a in pack)])
        now = self._number("snmpSetSerialNo", told[SERIAL_OID])
        ours = all(told[a.variable.oid] == a.variable for a in pack)
        if answer.n_sent > 1 and ours and now == (serial + 1) % 2**31:
            # The first of our sends was carried out and its answer lost; this refused the second.
            self._page.n_own += 1
            done.extend(pack)
            return
        self._base = None
        raise DeviceConflict(
            self.device.id,
            f"another manager has set something on it meanwhile (snmpSetSerialNo is {now}, not "
            f"{serial}); plan again",
        )

    def _expected_serial(self) -> int | None:
        if not self._has_serial:
            return None
        if self._base is None:
            self._note_serial(self._get([SERIAL_OID])[SERIAL_OID])
        return None if self._base is None else self._page.expected(self._base)

    def _note_serial(self, variable: Variable) -> None:
        self._has_serial = variable.tag == INTEGER
        if self._has_serial:
            self._base = self._page.base_of(self._number("snmpSetSerialNo", variable))

    # ---------------------------------------------------------------- GET

    def _get(self, oids: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], Variable]:
        told: dict[tuple[int, ...], Variable] = {}
        waiting = list(_batches(oids))
        while waiting:
            batch = waiting.pop(0)
            answer = self._exchange("get", [Variable(oid, NULL, None) for oid in batch])
            if answer.status == _TOO_BIG and len(batch) > 1:
                middle = len(batch) // 2
                waiting[:0] = [batch[:middle], batch[middle:]]
                continue
            self._check(answer, "GET", [self._name_of(oid) for oid in batch])
            told |= {variable.oid: variable for variable in answer.variables}
            for oid in batch:
                if oid not in told:
                    raise DeviceRefused(
                        self.device.id, f"GET: the answer lacks {self._name_of(oid)}"
                    )
        return told

    def _name_of(self, oid: tuple[int, ...]) -> str:
        path = next((o.path for o in self._objects.values() if o.oid == oid), "")
        return path or ".".join(map(str, oid))

    # ---------------------------------------------------------------- both

    def _exchange(self, operation: Operation, variables: Sequence[Variable]) -> Answer:
        answer = exchange(self._opened(), operation, variables)
        if answer.max_bytes:
            self._room = min(self._room, max(answer.max_bytes, SHORTEST_ROOM_BYTES))
        return answer

    def _check(
        self, answer: Answer, verb: str, paths: Sequence[str], done: Sequence[str] = ()
    ) -> None:
        place = f"{self.device.host}:{self.device.port}"
        if answer.failure == "RequestTimedOut":
            raise DeviceTimeout(
                self.device.id,
                f"no SNMP answer from {place} to {verb} in {answer.took_s:.1f} s; "
                "is it up, and does it accept us from here?",
            )
        if answer.failure == "ConnectionRefused":
            raise DeviceUnreachable(
                self.device.id, f"nobody answers SNMP at {place}; is the agent up?"
            )
        if answer.failure in _AUTH_FAILURES:
            raise DeviceAuthError(
                self.device.id,
                f"{place} refuses our SNMP user or keys ({answer.failure_text}); check username "
                "and the secrets auth and priv",
            )
        if answer.failure:
            raise DeviceUnreachable(self.device.id, f"SNMP {verb}: {answer.failure_text}")
        if answer.status:
            known = answer.status < len(ERROR_STATUS)
            name = ERROR_STATUS[answer.status] if known else str(answer.status)
            where = paths[answer.index - 1] if 0 < answer.index <= len(paths) else "all"
            rest = f"; {len(done)} values before it are set" if done else ""
            raise DeviceRefused(self.device.id, f"SNMP {verb} refused: {name} at {where}{rest}")

    def _object(self, path: str) -> SnmpObject:
        if path not in self._objects:
            raise DeviceRefused(
                self.device.id, f"profile {self.device.profile} maps no {path!r} on this device"
            )
        return self._objects[path]

    def _assignment(self, o: SnmpObject, value: Value) -> Assignment:
        if not o.is_writable:
            raise DeviceRefused(self.device.id, f"{o.path} is operational state and cannot be set")
        try:
            return Assignment(o.path, Variable(o.oid, _TAGS[o.base], o.encode(value)))
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err

    def _decoded(self, o: SnmpObject, variable: Variable) -> Value:
        value = variable.value
        is_text = variable.tag == OCTET_STRING
        if is_text != (o.base == "octets") or not isinstance(value, int | bytes):
            raise DeviceRefused(
                self.device.id, f"GET of {o.path}: {o.name} came as type {variable.tag:#04x}"
            )
        try:
            return o.decode(value)
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err

    def _number(self, name: str, variable: Variable) -> int:
        if not isinstance(variable.value, int):
            raise DeviceRefused(
                self.device.id, f"GET of {name}: it came as type {variable.tag:#04x}"
            )
        return variable.value


def _batches(oids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(oids), _BATCH):
        yield oids[start : start + _BATCH]
