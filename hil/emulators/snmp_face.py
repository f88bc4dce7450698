"""How devices with an SNMP agent come up on their address: one agent each, or one for many."""

from __future__ import annotations

from dataclasses import replace

from controllers.profiles import load_profile
from hil.emulators.db_transaction import TransactionBuffer
from hil.emulators.device import EmulatedDevice
from hil.emulators.snmp_agent import SnmpAgent
from hil.emulators.snmp_objects import profile_nodes
from hil.emulators.snmp_rows import RowBook
from hil.emulators.snmp_traps import TrapWatch
from hil.emulators.udp import UdpResponder, open_responder
from hil.emulators.usm import UsmEngine, UsmUser, engine_id_of

__all__ = ["SharedAgents", "SharedSnmpFace", "SnmpFace"]


class SnmpFace:
    """An SNMP agent on its UDP socket; the agent is made when the first datagram comes.

    Parameters
    ----------
    device : EmulatedDevice
        The device.
    users : tuple of UsmUser
        Who may speak.
    community : bytes
        For an old device that speaks SNMPv2c too; empty for none.
    """

    def __init__(
        self, device: EmulatedDevice, users: tuple[UsmUser, ...], community: bytes = b""
    ) -> None:
        self.device = device
        self._users = users
        self._community = community
        rule = load_profile(device.entry.profile, device.entry.base / "profiles").transaction
        self._buffer = None if rule is None else TransactionBuffer(device, rule)
        self._rows = RowBook()
        self._watch = TrapWatch(device)
        self._agent: SnmpAgent | None = None
        self._responder: UdpResponder | None = None

    async def open(self) -> None:
        """Listen.

        Raises
        ------
        BenchError
            The address cannot be had.
        """
        entry = self.device.entry
        self._responder = open_responder(entry.host, entry.port, self._answer)

    def _answer(self, datagram: bytes) -> bytes | None:
        return self._made().answer(datagram)

    def _made(self) -> SnmpAgent:
        if self._agent is None:
            nodes = profile_nodes(self.device, self._rows)
            self._agent = SnmpAgent(
                self.device, self._users, nodes, buffer=self._buffer, community=self._community
            )
        return self._agent

    def send_traps(self, receiver: tuple[str, int]) -> int:
        """Tell a receiver what has happened since the last time; a dead device tells nothing.

        Parameters
        ----------
        receiver : tuple of str and int
            Host and port of the receiver.

        Returns
        -------
        int
            Traps sent.
        """
        if self._responder is None:
            return 0
        due = self._watch.due() if self._users else []
        for oid, objects in due:
            user = self._users[0].name.encode()
            self._responder.send(self._made().trap(user, oid, objects), receiver)
        return len(due)

    def power_off(self) -> None:
        """Close the socket; what a restart keeps is kept."""
        if self._responder is not None:
            self._responder.close()
        self._responder = self._agent = None

    def power_on(self, *, has_new_storage: bool) -> None:
        """Begin the next life."""
        self._agent = None
        if has_new_storage:
            self._rows = RowBook()
            if self._buffer is not None:
                self._buffer.clear()


class _SharedAgent:
    """The agent of a controller that shows all devices behind it that are up."""

    def __init__(self, first: EmulatedDevice, users: tuple[UsmUser, ...]) -> None:
        entry = replace(first.entry, id=f"controller at {first.entry.host}")
        self._device = EmulatedDevice(entry, first.world, boots=first.boots, clock=first.clock)
        self._users = users
        self._usm = UsmEngine(engine_id_of(entry.id), users, boots=first.boots, clock=first.clock)
        self._rows = RowBook()
        self._up: dict[str, EmulatedDevice] = {}
        self._agent: SnmpAgent | None = None
        self._responder: UdpResponder | None = None

    def join(self, device: EmulatedDevice) -> None:
        """Show a device; the first one opens the socket."""
        if self._responder is None:
            entry = device.entry
            self._responder = open_responder(entry.host, entry.port, self._answer)
        self._up[device.id] = device
        self._agent = None

    def leave(self, device: EmulatedDevice) -> None:
        """Show a device no more; the last one closes the socket."""
        self._up.pop(device.id, None)
        self._agent = None
        if not self._up and self._responder is not None:
            self._responder.close()
            self._responder = None

    def _answer(self, datagram: bytes) -> bytes | None:
        if self._agent is None:
            nodes = [n for device in self._up.values() for n in profile_nodes(device, self._rows)]
            self._agent = SnmpAgent(self._device, self._users, nodes, usm=self._usm)
        return self._agent.answer(datagram)


class SharedAgents:
    """The controllers of a fleet, by address."""

    def __init__(self) -> None:
        self._agents: dict[tuple[str, int], _SharedAgent] = {}

    def of(self, device: EmulatedDevice, users: tuple[UsmUser, ...]) -> _SharedAgent:
        """Return the controller of a device; made at its first use."""
        address = (device.entry.host, device.entry.port)
        if address not in self._agents:
            self._agents[address] = _SharedAgent(device, users)
        return self._agents[address]


class SharedSnmpFace:
    """A device behind the agent of its controller.

    Parameters
    ----------
    device : EmulatedDevice
        The device.
    users : tuple of UsmUser
        Who may speak to the controller.
    agents : SharedAgents
        The controllers.
    """

    def __init__(
        self, device: EmulatedDevice, users: tuple[UsmUser, ...], agents: SharedAgents
    ) -> None:
        self.device = device
        self._agent = agents.of(device, users)

    async def open(self) -> None:
        """Join the controller.

        Raises
        ------
        BenchError
            The address of the controller cannot be had.
        """
        self._agent.join(self.device)

    def power_off(self) -> None:
        """Leave the controller: it shows the device no more."""
        self._agent.leave(self.device)

    def power_on(self, *, has_new_storage: bool) -> None:
        """Begin the next life; the configuration is in the controller."""
