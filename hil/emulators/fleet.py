"""A fleet of emulated devices in one event loop: start, kill, revive, strike, stop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import asyncssh

from controllers.ports import Device
from hil.emulators.device import EmulatedDevice, Strike, When
from hil.emulators.faces import Face, make_face
from hil.emulators.lldp import all_neighbours
from hil.emulators.snmp_face import SharedAgents, SnmpFace
from hil.emulators.ssh_server import SshService
from hil.emulators.world_port import DeviceWorld
from twin.model.attributes import Value
from twin.model.errors import BenchError

__all__ = ["Fleet", "FleetThread"]

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 10.0


class Fleet:
    """Emulated devices over one world; every method runs in the fleet's event loop.

    Parameters
    ----------
    world : DeviceWorld
        The state of all devices.
    devices : sequence of Device
        Inventory entries: address, profile, user, secrets.
    host_key : asyncssh.SSHKey, optional
        SSH host key all devices show; a new one by default.
    boots : int
        snmpEngineBoots the devices begin with; must grow from run to run at the same addresses.
    on_boots : callable, optional
        Gets the highest snmpEngineBoots whenever it grows, before the device answers again.

    Raises
    ------
    BenchError
        The world does not have a device, or has it as another kind.
    """

    def __init__(
        self,
        world: DeviceWorld,
        devices: Sequence[Device],
        *,
        host_key: asyncssh.SSHKey | None = None,
        boots: int = 1,
        on_boots: Callable[[int], None] | None = None,
    ) -> None:
        kinds = world.devices()
        for entry in devices:
            if kinds.get(entry.id) != entry.kind:
                raise BenchError(
                    f"{entry.id}: the world has {kinds.get(entry.id, 'no such device')!r}, "
                    f"the inventory says {entry.kind!r}"
                )
        self.world = world
        self.entries = tuple(devices)
        self._ssh = SshService(host_key or asyncssh.generate_private_key("ssh-ed25519"))
        self._agents = SharedAgents()
        self._faces: dict[str, Face] = {}
        self._alive: set[str] = set()
        self._boots = boots
        self._on_boots = on_boots

    async def start(self) -> None:
        """Bring every device up; on failure none is left listening.

        Raises
        ------
        BenchError
            An address is in use.
        InputError
            A profile or a secret cannot be read.
        """
        neighbours = all_neighbours(self.entries)
        try:
            for entry in self.entries:
                device = EmulatedDevice(entry, self.world, boots=self._boots)
                device.on_death = self._died
                device.neighbours = neighbours[entry.id]
                face = self._faces[entry.id] = make_face(device, self._ssh, self._agents)
                await face.open()
                self._alive.add(entry.id)
        except BaseException:
            await self.stop()
            raise
        log.info("%d emulated devices are up", len(self._faces))

    async def stop(self) -> None:
        """Take every device down; a second call does nothing."""
        for device in tuple(self._alive):
            self.kill(device)
        await self._ssh.close()

    def is_alive(self, device: str) -> bool:
        """Say whether a device is up.

        Raises
        ------
        BenchError
            Unknown device.
        """
        self._face(device)
        return device in self._alive

    def kill(self, device: str) -> None:
        """Cut the power of a device: sessions drop at once, nothing listens any more.

        Raises
        ------
        BenchError
            Unknown device.
        """
        face = self._face(device)
        if device in self._alive:
            self._alive.discard(device)
            face.power_off()
            log.info("%s is down", device)

    async def revive(self, device: str, values: Mapping[str, Value] | None = None) -> None:
        """Give a device its power back.

        Parameters
        ----------
        device : str
            Device id; one that is up is restarted.
        values : mapping, optional
            Configuration it comes back with, by attribute path. None leaves what was stored; a
            confirmed commit that was pending is then taken back, as RFC 6241 section 8.4.1 asks.

        Raises
        ------
        BenchError
            Unknown device, its address is taken, or its boots cannot be kept.
        ModelError
            The world refuses the values.
        """
        self.kill(device)
        face = self._face(device)
        if values:
            self.world.write(device, values)
        face.device.reboot()
        self._keep_boots(face.device.boots)
        face.power_on(has_new_storage=values is not None)
        await face.open()
        self._alive.add(device)
        log.info("%s is up again, boot %d", device, face.device.boots)

    def kill_on(self, device: str, operation: str, when: When = "before") -> None:
        """Let a device die when an operation arrives.

        Parameters
        ----------
        device : str
            Device id.
        operation : str
            One of `hil.emulators.device.OPERATIONS`; empty takes the order back.
        when : str
            ``before`` it is applied, with ``half`` of it applied, or ``after`` it is applied
            but before it is answered.

        Raises
        ------
        BenchError
            Unknown device, operation or moment.
        """
        strike = Strike(operation=operation, when=when) if operation else None
        self._face(device).device.strike = strike

    def send_traps(self, receiver: tuple[str, int]) -> int:
        """Let every device that is up tell what has happened since the last time.

        Parameters
        ----------
        receiver : tuple of str and int
            Host and port the traps go to.

        Returns
        -------
        int
            Traps sent.
        """
        faces = (face for face in self._faces.values() if isinstance(face, SnmpFace))
        return sum(face.send_traps(receiver) for face in faces)

    def stats(self) -> dict[str, dict[str, int]]:
        """Count the operations each device has met, by name."""
        return {name: dict(face.device.stats) for name, face in self._faces.items()}

    def _face(self, device: str) -> Face:
        if device not in self._faces:
            raise BenchError(f"no emulated device {device!r}; list shows the {len(self._faces)}")
        return self._faces[device]

    def _keep_boots(self, boots: int) -> None:
        if boots > self._boots:
            self._boots = boots
            if self._on_boots:
                self._on_boots(boots)

    def _died(self, device: EmulatedDevice) -> None:
        self.kill(device.id)


class FleetThread:
    """A fleet in a thread of its own, for tests and rehearsals; a context manager.

    Parameters
    ----------
    world, devices, host_key, boots, on_boots
        As `Fleet`.
    """

    def __init__(
        self,
        world: DeviceWorld,
        devices: Sequence[Device],
        *,
        host_key: asyncssh.SSHKey | None = None,
        boots: int = 1,
        on_boots: Callable[[int], None] | None = None,
    ) -> None:
        self.fleet = Fleet(world, devices, host_key=host_key, boots=boots, on_boots=on_boots)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the loop and bring every device up.

        Raises
        ------
        BenchError
            An address is in use.
        """
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="fleet", daemon=True)
        self._thread.start()
        try:
            self._run(self.fleet.start(), _START_LIMIT_S)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Take every device down and end the thread; a second call does nothing."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        try:
            self._run(self.fleet.stop(), _STOP_LIMIT_S)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_STOP_LIMIT_S)
            self._loop = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def kill(self, device: str) -> None:
        """As `Fleet.kill`."""
        self.call(lambda: self.fleet.kill(device))

    def revive(self, device: str, values: Mapping[str, Value] | None = None) -> None:
        """As `Fleet.revive`."""
        self._run(self.fleet.revive(device, values), _START_LIMIT_S)

    def kill_on(self, device: str, operation: str, when: When = "before") -> None:
        """As `Fleet.kill_on`."""
        self.call(lambda: self.fleet.kill_on(device, operation, when))

    def send_traps(self, receiver: tuple[str, int]) -> int:
        """As `Fleet.send_traps`."""
        return self.call(lambda: self.fleet.send_traps(receiver))

    def is_alive(self, device: str) -> bool:
        """As `Fleet.is_alive`."""
        return self.call(lambda: self.fleet.is_alive(device))

    def stats(self) -> dict[str, dict[str, int]]:
        """As `Fleet.stats`."""
        return self.call(self.fleet.stats)

    def call(self, function: Callable[[], _T]) -> _T:
        """Run a function in the fleet's loop, where the world may be touched.

        Parameters
        ----------
        function : callable
            Must not block.
        """

        async def run() -> _T:
            return function()

        return self._run(run(), _STOP_LIMIT_S)

    def _run(self, coroutine: Coroutine[Any, Any, _T], limit_s: float) -> _T:
        loop = self._loop
        if loop is None:
            coroutine.close()
            raise BenchError("the fleet is not running: call start() first")
        future: Future[_T] = asyncio.run_coroutine_threadsafe(coroutine, loop)
        try:
            return future.result(limit_s)
        except TimeoutError as err:
            if future.done():
                raise
            future.cancel()
            raise BenchError(f"the fleet did not answer within {limit_s:g} s") from err

    def _serve(self) -> None:
        loop = self._loop
        if loop is None:
            return
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(_drained())
            loop.close()


async def _drained() -> None:
    """Let cancelled tasks and closed transports finish before the loop closes."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
