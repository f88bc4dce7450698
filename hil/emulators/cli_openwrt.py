"""An emulated OpenWrt device: files of uci, what is staged, and rpcd's apply with its timer.

References
----------
.. [1] OpenWrt, "UCI (Unified Configuration Interface)".
.. [2] OpenWrt rpcd, ``uci.c`` and ``session.c``: status codes, the timer of an apply.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from controllers.profiles import CliItem, cli_items, load_profile, option
from hil.emulators.cli_lines import shown
from hil.emulators.cli_shell import CommandResult, Shell
from hil.emulators.datastore import Timer
from hil.emulators.device import DeviceDied, EmulatedDevice
from twin.model.attributes import Value, check_value
from twin.model.errors import ModelError

__all__ = ["OpenWrt"]

log = logging.getLogger(__name__)

_STATUS = {2: "Invalid argument", 4: "Not found", 5: "No data", 6: "Permission denied"}
_INVALID, _NOT_FOUND, _NO_DATA, _DENIED = _STATUS
_FOLDER = "/etc/config/"


def _call_later(delay_s: float, call: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(delay_s, call)


class OpenWrt:
    """Files, staged changes and rpcd of one emulated device.

    Parameters
    ----------
    device : EmulatedDevice
        The device; its option ``rpcd: "no"`` leaves rpcd out.
    call_later : callable
        Schedules a call after a delay. [s]
    """

    def __init__(
        self,
        device: EmulatedDevice,
        call_later: Callable[[float, Callable[[], None]], Timer] = _call_later,
    ) -> None:
        self.device = device
        profile = load_profile(device.entry.profile)
        known = set(device.paths())
        items = [item for item in cli_items(profile, device.entry) if item.path in known]
        self._items = {item.key: item for item in items if item.key}
        self._commands: dict[str, list[CliItem]] = {}
        for item in items:
            if item.command:
                self._commands.setdefault(item.command, []).append(item)
        self._reload = option(profile, device.entry, "reload")
        self._has_rpcd = device.entry.options.get("rpcd", "yes") != "no"
        self._call_later = call_later
        self._unapplied: dict[str, str] = {}
        self.staged: dict[str, str] = {}
        self._sessions: dict[str, dict[str, Any]] = {}
        self._backup: dict[str, Value] | None = None
        self._timer: Timer | None = None

    def shell(self) -> Shell:
        """Make the shell of a new session."""
        return Shell(_Files(self), self._own_command)

    def file(self, package: str) -> str | None:
        """Write the committed file of a package; None if there is none."""
        sections: dict[str, list[str]] = {}
        for key, item in self._items.items():
            of, section, name = key.split(".")
            if of == package:
                text = self._unapplied.get(key) or item.encode(self.device.read(item.path))
                lines = sections.setdefault(section, _named(item.path))
                lines.append(f"\toption {name} {_quoted(text)}\n")
        if not sections:
            return None
        return "".join(
            f"\nconfig {_type_of(package, name)} '{name}'\n" + "".join(lines)
            for name, lines in sections.items()
        )

    @property
    def is_pending(self) -> bool:
        """Whether an apply waits for its confirmation."""
        return self._backup is not None

    def power_loss(self) -> None:
        """Lose what lies in memory: staged changes, sessions of rpcd, the way back of an apply."""
        self.staged.clear()
        self._sessions.clear()
        self._disarm()

    def power_up(self, *, has_new_storage: bool) -> None:
        """Start from the files; what was committed and not activated counts now."""
        unapplied, self._unapplied = self._unapplied, {}
        if has_new_storage:
            return
        try:
            self.device.world.write(self.device.id, self._values(unapplied))
        except ModelError as err:
            log.info("%s: starts with its last good values: %s", self.device.id, err)

    # --- commands ------------------------------------------------------------------------------

    def _own_command(self, words: list[str]) -> CommandResult | None:
        line = shlex.join(words)
        if line == self._reload:
            return self._activate()
        for command, items in self._commands.items():
            if words == shlex.split(command):
                self.device.meet("get")
                values = {item.path: self.device.read(item.path) for item in items}
                return CommandResult(shown(items, values))
        if words[0] == "uci":
            return self._uci([word for word in words[1:] if word != "-q"])
        if words[0] == "ubus" and self._has_rpcd:
            return self._ubus(words[1:])
        return None

    def _uci(self, words: list[str]) -> CommandResult:
        verb, argument = (words[0] if words else ""), (words[1] if len(words) > 1 else "")
        if verb == "changes":
            lines = [f"{key}={_quoted(text)}\n" for key, text in self.staged.items()]
            return CommandResult("".join(lines))
        if verb == "set" and "=" in argument:
            key, _, text = argument.partition("=")
            if key not in self._items:
                return CommandResult(status=1, error="uci: Invalid argument\n")
            self.staged[key] = text
            return CommandResult()
        if verb == "revert":
            for key in [key for key in self.staged if key == argument or
                        key.startswith(f"{argument}.")]:  # fmt: skip
                del self.staged[key]
            return CommandResult()
        if verb == "commit":
            return self._uci_commit(argument)
        return CommandResult(status=1, error="Usage: uci [<options>] <command> [<arguments>]\n")

    def _uci_commit(self, package: str) -> CommandResult:
        ours = {key: text for key, text in self.staged.items()
                if not package or key.startswith(f"{package}.")}  # fmt: skip
        try:
            self.device.meet("write")
        except DeviceDied as died:
            if died.when == "after":
                self._unapplied |= ours
            raise
        self._unapplied |= ours
        for key in ours:
            del self.staged[key]
        return CommandResult()

    def _activate(self) -> CommandResult:
        unapplied, self._unapplied = self._unapplied, {}
        try:
            self.device.write("reload", self._values(unapplied))
        except ModelError as err:
            self._unapplied = unapplied
            return CommandResult(status=1, error=f"netifd: {err}\n")
        return CommandResult()

    def _values(self, texts: Mapping[str, str]) -> dict[str, Value]:
        found = {}
        for key, text in texts.items():
            item = self._items[key]
            found[item.path] = check_value(self.device.kind, item.path, item.decode(text))
        return found

    # --- rpcd ----------------------------------------------------------------------------------

    def _ubus(self, words: list[str]) -> CommandResult:
        if words == ["list"]:
            return CommandResult("network\nservice\nsession\nsystem\nuci\n")
        try:
            arguments = json.loads(words[3]) if len(words) > 3 else {}
            status, reply = self._called(words[1], words[2], arguments)
        except (IndexError, ValueError, KeyError, AttributeError):
            status, reply = _INVALID, None
        if status:
            return CommandResult(status=status, error=f"Command failed: {_STATUS[status]}\n")
        replies = reply if isinstance(reply, list) else [reply] if reply is not None else []
        return CommandResult("".join(f"{json.dumps(one, indent=1)}\n" for one in replies))

    def _called(self, target: str, method: str, arguments: dict[str, Any]) -> tuple[int, Any]:
        session = self._sessions.get(arguments.get("ubus_rpc_session", ""))
        if (target, method) == ("session", "create"):
            return 0, self._create()
        if (target, method) == ("session", "list"):
            return 0, [{"ubus_rpc_session": name, "data": one["data"]}
                       for name, one in self._sessions.items()]  # fmt: skip
        if (target, method) == ("uci", "confirm"):
            return self._confirm()
        if session is None:
            return _NOT_FOUND, None
        if target == "session":
            return self._session_call(session, method, arguments)
        return self._uci_call(session, method, arguments)

    def _create(self) -> dict[str, Any]:
        name = secrets.token_hex(16)
        self._sessions[name] = {"id": name, "data": {}, "granted": set(), "staged": {}}
        return {"ubus_rpc_session": name, "timeout": 300, "expires": 299, "data": {}}

    def _session_call(
        self, session: dict[str, Any], method: str, arguments: dict[str, Any]
    ) -> tuple[int, Any]:
        if method == "grant" and arguments["scope"] == "uci":
            session["granted"] |= {tuple(one) for one in arguments["objects"]}
        elif method == "set":
            session["data"].update(arguments["values"])
        elif method == "destroy":
            del self._sessions[session["id"]]
        else:
            return _INVALID, None
        return 0, None

    def _uci_call(
        self, session: dict[str, Any], method: str, arguments: dict[str, Any]
    ) -> tuple[int, Any]:
        staged: dict[str, str] = session["staged"]
        if method == "set":
            package, section = arguments["config"], arguments["section"]
            texts = {f"{package}.{section}.{name}": str(value)
                     for name, value in arguments["values"].items()}  # fmt: skip
            if (package, "write") not in session["granted"]:
                return _DENIED, None
            if set(texts) - set(self._items):
                return _NOT_FOUND, None
            staged.update(texts)
            return 0, None
        if method == "changes":
            changes = [["set", *key.split(".")[1:], text] for key, text in staged.items()
                       if key.startswith(f"{arguments['config']}.")]  # fmt: skip
            return 0, {"changes": changes}
        if method == "apply":
            return self._apply(session, arguments)
        if method == "rollback":
            return self._rollback(session)
        return _INVALID, None

    def _apply(self, session: dict[str, Any], arguments: dict[str, Any]) -> tuple[int, Any]:
        has_rollback = bool(arguments.get("rollback"))
        if self.is_pending:  # without a rollback it is ignored, and says yes
            return (_DENIED if has_rollback else 0), None
        if not session["staged"]:
            return _NO_DATA, None
        try:
            values = self._values(session["staged"])
            backup = {path: self.device.read(path) for path in values}
            self.device.write("commit", values)
        except ModelError as err:
            log.info("%s: the configuration is not taken over: %s", self.device.id, err)
            return 0, None
        session["staged"] = {}
        if has_rollback:
            self._backup = backup
            timeout_s = float(arguments.get("timeout", 60))
            self._timer = self._call_later(timeout_s, lambda: self._take_back("timeout"))
        return 0, None

    def _confirm(self) -> tuple[int, Any]:
        if not self.is_pending:
            return _NO_DATA, None
        self.device.meet("confirm")
        self._disarm()
        return 0, None

    def _rollback(self, session: dict[str, Any]) -> tuple[int, Any]:
        if not self.is_pending:
            return _NO_DATA, None
        self.device.meet("cancel-commit")
        self._take_back(f"rollback by {session['id'][:4]}")
        return 0, None

    def _take_back(self, why: str) -> None:
        backup = self._backup
        self._disarm()
        if backup is not None:
            log.info("%s: apply taken back: %s", self.device.id, why)
            self.device.world.write(self.device.id, backup)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._backup = None


class _Files(MutableMapping[str, str]):
    """Files that can be read: those of uci, and the uptime."""

    def __init__(self, host: OpenWrt) -> None:
        self._host = host

    def __getitem__(self, path: str) -> str:
        if path == "/proc/uptime":
            return f"{self._host.device.uptime_s:.2f} 0.00\n"
        text = self._host.file(path.removeprefix(_FOLDER)) if path.startswith(_FOLDER) else None
        if text is None:
            raise KeyError(path)
        self._host.device.meet("get")
        return text

    def __setitem__(self, path: str, text: str) -> None:
        log.debug("%s is not written", path)

    def __delitem__(self, path: str) -> None:
        raise KeyError(path)

    def __iter__(self) -> Iterator[str]:
        return iter(("/proc/uptime",))

    def __len__(self) -> int:
        return 1


def _named(path: str) -> list[str]:
    """Begin a section: that of a network tells its name, as on every access point."""
    kind, _, rest = path.partition("/")
    name = rest.partition("/")[0]
    return [f"\toption ssid {_quoted(name)}\n"] if kind == "ssid" else []


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _type_of(package: str, section: str) -> str:
    if package == "wireless":
        return "wifi-device" if section.startswith("radio") else "wifi-iface"
    return "interface" if package == "network" else package
