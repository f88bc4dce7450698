"""How a device of each protocol comes up on its address, goes down and comes up again."""

from __future__ import annotations

from typing import Protocol

from controllers.ports import Device
from controllers.profiles import load_profile
from hil.emulators.cli_server import CliFace
from hil.emulators.device import EmulatedDevice
from hil.emulators.netconf_server import NetconfFace
from hil.emulators.rest_server import RestFace
from hil.emulators.snmp_face import SharedAgents, SharedSnmpFace, SnmpFace
from hil.emulators.ssh_server import SshListener, SshService
from hil.emulators.usm import UsmUser
from twin.model.errors import BenchError
from twin.model.secret import Secret, resolve_secret

__all__ = ["Face", "make_face"]


class Face(Protocol):
    """A device on the wire."""

    device: EmulatedDevice

    async def open(self) -> None:
        """Listen; raises `BenchError` if the address cannot be had."""

    def power_off(self) -> None:
        """Close the socket, cut every session, forget what a restart forgets."""

    def power_on(self, *, has_new_storage: bool) -> None:
        """Begin the next life before listening again."""


def _secret(entry: Device, name: str) -> Secret:
    reference = entry.secrets.get(name)
    if reference is None:
        raise BenchError(f"{entry.id}: the inventory names no secret {name!r} for the emulator")
    return resolve_secret(reference, entry.base)


class _SshFace:
    """A device behind SSH: NETCONF or CLI."""

    def __init__(
        self, device: EmulatedDevice, service: SshService, face: NetconfFace | CliFace
    ) -> None:
        self.device = device
        self._service = service
        self._face = face
        self._listener = SshListener(
            face=face,
            username=device.entry.username,
            password=_secret(device.entry, "password"),
        )

    async def open(self) -> None:
        await self._service.listen(self._listener, self.device.entry.host, self.device.entry.port)

    def power_off(self) -> None:
        # State first: the sessions that are cut below must not revert anything on their way.
        self._face.power_loss()
        self._listener.abort()

    def power_on(self, *, has_new_storage: bool) -> None:
        self._face.power_up(has_new_storage=has_new_storage)


def make_face(device: EmulatedDevice, service: SshService, agents: SharedAgents) -> Face:
    """Make the face that the profile of a device asks for; opens nothing.

    Parameters
    ----------
    device : EmulatedDevice
        The device.
    service : SshService
        For devices behind SSH.
    agents : SharedAgents
        For devices behind the SNMP agent of a controller.

    Raises
    ------
    InputError
        Unknown profile, or a secret that cannot be read.
    BenchError
        A secret the emulator needs is not named.
    """
    entry = device.entry
    profile = load_profile(entry.profile, entry.base / "profiles")
    protocol = profile.protocol
    if protocol == "snmp":
        if entry.options.get("legacy", "").startswith("v2c"):
            return SnmpFace(device, (), _secret(entry, "community").reveal().encode())
        auth, priv = (_secret(entry, name).reveal() for name in ("auth", "priv"))
        users = (UsmUser(entry.username, auth, priv),)
        if profile.is_shared:
            return SharedSnmpFace(device, users, agents)
        return SnmpFace(device, users)
    if protocol == "rest":
        return RestFace(device, _secret(entry, "token"))
    face = NetconfFace(device) if protocol == "netconf" else CliFace(device)
    return _SshFace(device, service, face)
