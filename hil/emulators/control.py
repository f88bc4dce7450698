"""Control of a running fleet from another process: JSON lines over a Unix socket.

A request is ``{"command": "kill", "device": "ap-1"}``, the answer ``{"ok": true, "result": ...}``
or ``{"ok": false, "error": "..."}``; one line each.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hil.emulators.device import When
from hil.emulators.fleet import Fleet
from twin.model.attributes import Value
from twin.model.errors import BenchError, StellwerkError

__all__ = ["ControlServer", "FleetControl"]

log = logging.getLogger(__name__)

_MAX_LINE_BYTES = 4 * 1024 * 1024
_TIMEOUT_S = 30.0
_END_S = 2.0

Answer = dict[str, Any]


class ControlServer:
    """Answers requests about a fleet, in the fleet's event loop.

    Parameters
    ----------
    fleet : Fleet
        The fleet.
    path : Path
        Unix socket to listen on; only its owner can connect.
    on_stop : callable
        Called when a client asks the fleet to stop.
    report : callable, optional
        Says how the fleet is doing, in plain values.
    """

    def __init__(
        self,
        fleet: Fleet,
        path: Path,
        on_stop: Callable[[], None],
        report: Callable[[], Mapping[str, object]] | None = None,
    ) -> None:
        self._fleet = fleet
        self._report = report
        self._path = path
        self._on_stop = on_stop
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self) -> None:
        """Listen.

        Raises
        ------
        BenchError
            The path cannot be had.
        """
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(
                self._serve, path=self._path, limit=_MAX_LINE_BYTES
            )
        except OSError as err:
            raise BenchError(
                f"control socket {self._path} cannot be made ({err.strerror or err}); "
                "choose a shorter path in a folder you can write"
            ) from err
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Stop listening and end the clients."""
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._clients):
                writer.close()
            await self._server.wait_closed()
            tasks = [task for task in self._clients.values() if task is not None]
            if tasks:
                # A client cut off by the end of the loop instead would be told as an error.
                await asyncio.wait(tasks, timeout=_END_S)
            self._server = None
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients[writer] = asyncio.current_task()
        try:
            while line := await reader.readline():
                answer = await self._answer(line)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError) as err:
            log.debug("control client gone: %s", err)
        finally:
            self._clients.pop(writer, None)
            writer.close()

    async def _answer(self, line: bytes) -> Answer:
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise BenchError("a request is a JSON object")
            return {"ok": True, "result": await self._run(request)}
        except (StellwerkError, ValueError, RecursionError) as err:
            return {"ok": False, "error": str(err)}
        except (KeyError, TypeError, AttributeError) as err:
            return {"ok": False, "error": f"the request lacks or mistypes {err}"}

    async def _run(self, request: Mapping[str, Any]) -> object:
        command = request.get("command")
        fleet = self._fleet
        if command == "list":
            return self._list()
        if command == "read":
            return self._read(request["device"], request.get("paths"))
        if command == "stats":
            return fleet.stats()
        if command == "report":
            return self._report() if self._report else {}
        if command == "write-raw":
            fleet.world.write(request["device"], dict(request["values"]))
        elif command == "kill":
            fleet.kill(request["device"])
        elif command == "revive":
            await fleet.revive(request["device"], request.get("values"))
        elif command == "kill-on":
            when = request.get("when", "before")
            fleet.kill_on(request["device"], request["operation"], when)
        elif command == "stop":
            asyncio.get_running_loop().call_soon(self._on_stop)
        else:
            raise BenchError(f"no control command {command!r}")
        return None

    def _list(self) -> list[dict[str, object]]:
        return [
            {
                "id": entry.id,
                "kind": entry.kind,
                "profile": entry.profile,
                "host": entry.host,
                "port": entry.port,
                "alive": self._fleet.is_alive(entry.id),
            }
            for entry in self._fleet.entries
        ]

    def _read(self, device: str, paths: list[str] | None) -> dict[str, Value]:
        world = self._fleet.world
        return {path: world.read(device, path) for path in paths or world.paths(device)}


class FleetControl:
    """Client of a fleet's control socket; blocking, a context manager.

    Parameters
    ----------
    path : Path
        The Unix socket.
    timeout_s : float
        Deadline of each request. [s]
    """

    def __init__(self, path: Path, timeout_s: float = _TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._pending = b""

    def open(self) -> None:
        """Connect.

        Raises
        ------
        BenchError
            Nobody listens there.
        """
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(self._timeout_s)
        try:
            sock.connect(str(self._path))
        except OSError as err:
            sock.close()
            raise BenchError(
                f"no fleet answers at {self._path} ({err.strerror or err}); start one first: "
                "stellwerk emulate"
            ) from err
        self._socket = sock

    def close(self) -> None:
        """End the connection; never raises."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._pending = b""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def devices(self) -> list[dict[str, Any]]:
        """Return id, kind, profile, host, port and ``alive`` of every device."""
        result: list[dict[str, Any]] = self._ask("list")
        return result

    def read(self, device: str, paths: list[str] | None = None) -> dict[str, Value]:
        """Read the truth of the world, past all protocols; None reads every attribute."""
        result: dict[str, Value] = self._ask("read", device=device, paths=paths)
        return result

    def write_raw(self, device: str, values: Mapping[str, Value]) -> None:
        """Change the world past all protocols, as somebody at the device would."""
        self._ask("write-raw", device=device, values=dict(values))

    def kill(self, device: str) -> None:
        """As `Fleet.kill`."""
        self._ask("kill", device=device)

    def revive(self, device: str, values: Mapping[str, Value] | None = None) -> None:
        """As `Fleet.revive`."""
        given = None if values is None else dict(values)
        self._ask("revive", device=device, values=given)

    def kill_on(self, device: str, operation: str, when: When = "before") -> None:
        """As `Fleet.kill_on`."""
        self._ask("kill-on", device=device, operation=operation, when=when)

    def stats(self) -> dict[str, dict[str, int]]:
        """As `Fleet.stats`."""
        result: dict[str, dict[str, int]] = self._ask("stats")
        return result

    def report(self) -> dict[str, Any]:
        """Return devices, operations met, and ``pace``: how well real time is kept."""
        result: dict[str, Any] = self._ask("report")
        return result

    def stop(self) -> None:
        """Ask the fleet to stop."""
        self._ask("stop")

    def _ask(self, command: str, **fields: object) -> Any:  # noqa: ANN401 - JSON
        if self._socket is None:
            self.open()
        line = json.dumps({"command": command, **fields}).encode() + b"\n"
        try:
            answer = json.loads(self._exchange(line))
        except (OSError, ValueError) as err:
            self.close()
            raise BenchError(f"the fleet at {self._path} does not answer {command}: {err}") from err
        if not answer.get("ok"):
            raise BenchError(f"fleet: {answer.get('error', 'no reason given')}")
        return answer.get("result")

    def _exchange(self, line: bytes) -> bytes:
        sock = self._socket
        if sock is None:
            raise ConnectionError("not connected")
        sock.sendall(line)
        while b"\n" not in self._pending:
            part = sock.recv(65536)
            if not part:
                raise ConnectionError("it closed the connection")
            self._pending += part
        answer, _, self._pending = self._pending.partition(b"\n")
        return answer
