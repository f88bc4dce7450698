"""Changes an OpenWrt device through rpcd, which takes an apply back unless it is confirmed.

References
----------
.. [1] OpenWrt rpcd, ``uci.c`` and ``session.c``: the objects ``uci`` and ``session`` on ubus.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from controllers.drivers.cli_session import CliSession
from controllers.drivers.cli_shell import exit_and_output, output_of
from controllers.drivers.uci_text import call_of, documents
from controllers.ports import Device
from twin.model.errors import (
    DeviceConflict,
    DeviceLocked,
    DeviceRefused,
    ModelError,
)

__all__ = ["Rpcd"]

_NO_DATA, _PERMISSION_DENIED = 5, 6
"""Exit codes of the ubus command: the status of the call."""

_SESSION_S = 7200
_TAG = "stellwerk_until"
"""Value of our sessions on rpcd: until which uptime their apply can be pending. [s]"""


class Rpcd:
    """The session on rpcd that stages and applies the changes of one driver.

    Its id is a bearer token of the device's own, worth as much as the login that made it; it is
    kept in memory and never shown.

    Parameters
    ----------
    session : CliSession
        A shell of root.
    """

    def __init__(self, session: CliSession) -> None:
        self._session = session
        self._device: Device = session.device
        self._id = ""
        self.is_armed = False

    def is_there(self) -> bool:
        """Say whether the device has rpcd with both objects."""
        code, output = exit_and_output(self._session, "ask for rpcd", "ubus list")
        return code == 0 and {"session", "uci"} <= set(output.split())

    def stage(self, changes: Mapping[str, str]) -> None:
        """Stage options in a session of rpcd of its own, and read them back.

        Parameters
        ----------
        changes : mapping
            New value by ``package.section.option``; not empty.

        Raises
        ------
        DeviceConflict
            What is staged reads back otherwise.
        DeviceError
            Another leaf that says what failed; nothing is staged then.
        """
        packages = sorted({key.partition(".")[0] for key in changes})
        self._id = str(self._call("session", "create", {"timeout": _SESSION_S})["ubus_rpc_session"])
        rights = [[package, right] for package in packages for right in ("read", "write")]
        self._call("session", "grant", {"scope": "uci", "objects": rights})
        for key, value in changes.items():
            package, section, name = key.split(".")
            self._call(
                "uci", "set", {"config": package, "section": section, "values": {name: value}}
            )
        staged: dict[str, str] = {}
        for package in packages:
            for change in self._call("uci", "changes", {"config": package})["changes"]:
                words = [str(word) for word in change]
                staged[".".join((package, *words[1:-1]))] = words[-1]
        if staged != dict(changes):
            raise DeviceConflict(self._device.id, "what rpcd has staged is not what was sent")

    def apply(self, timeout_s: float) -> None:
        """Apply what is staged; the device takes it back unless it is confirmed in time.

        Raises
        ------
        DeviceLocked
            An apply of somebody else waits for its confirmation.
        DeviceError
            Another leaf that says what failed.
        """
        whole_s = math.ceil(timeout_s)
        self._call("session", "set", {"values": {_TAG: self._uptime_s() + whole_s}})
        arguments = {"rollback": True, "timeout": whole_s}
        code, output = self._try("uci", "apply", arguments)
        if code == _PERMISSION_DENIED:
            raise DeviceLocked(
                self._device.id, "an apply of somebody else waits for its confirmation"
            )
        self._check("uci apply", code, output)
        self.is_armed = True

    def confirm(self) -> None:
        """Keep what was applied.

        Raises
        ------
        DeviceRefused
            Nothing waits for a confirmation: the device has taken it back.
        DeviceError
            Another leaf that says what failed.
        """
        if not self._id:
            raise DeviceRefused(
                self._device.id, "confirm: no apply of ours is pending: the device has reverted"
            )
        code, output = self._try("uci", "confirm", {})
        self.is_armed = False
        if code == _NO_DATA:
            raise DeviceRefused(self._device.id, "confirm: nothing is pending: it has reverted")
        self._check("uci confirm", code, output)
        self.drop()

    def cancel(self) -> None:
        """Take back an apply of ours that is pending, also that of a controller that died.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        if not self.is_armed:
            self.drop()
            self._id = self._pending_id()
        if self._id:
            code, output = self._try("uci", "rollback", {})
            if code != _NO_DATA:
                self._check("uci rollback", code, output)
        self.is_armed = False
        self.drop()

    def drop(self) -> None:
        """End the session on rpcd, and what it has staged with it."""
        if self._id:
            self._try("session", "destroy", {})
        self._id = ""

    def _pending_id(self) -> str:
        """Find the session of a controller of ours whose apply may be pending."""
        now_s = self._uptime_s()
        _, output = exit_and_output(self._session, "list sessions", "ubus call session list")
        for found in self._parsed(output):
            until = found.get("data", {}).get(_TAG)
            if isinstance(until, int) and now_s <= until:
                return str(found["ubus_rpc_session"])
        return ""

    def _uptime_s(self) -> int:
        text = output_of(self._session, "read the uptime", "cut -d. -f1 /proc/uptime")
        try:
            return int(text)
        except ValueError as err:
            raise DeviceRefused(self._device.id, f"its uptime is {text.strip()!r}") from err

    def _call(self, target: str, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        code, output = self._try(target, method, arguments)
        self._check(f"{target} {method}", code, output)
        return next(iter(self._parsed(output)), {})

    def _try(self, target: str, method: str, arguments: Mapping[str, Any]) -> tuple[int, str]:
        with_id = {"ubus_rpc_session": self._id, **arguments} if self._id else arguments
        return exit_and_output(
            self._session, f"{target} {method}", call_of(target, method, with_id)
        )

    def _check(self, what: str, code: int, output: str) -> None:
        if code:
            said = " ".join(output.split())[-200:]
            raise DeviceRefused(self._device.id, f"{what} failed with status {code}: {said}")

    def _parsed(self, output: str) -> list[dict[str, Any]]:
        try:
            return list(documents(output))
        except ModelError as err:
            raise DeviceRefused(self._device.id, str(err)) from err
