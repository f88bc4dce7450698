"""Emulated devices that are served tell unasked what happens in their world."""

import asyncio
import socket

import pytest

from controllers.inventory import load_inventory
from controllers.traps import TrapReceiver
from hil.emulators.folder import Placement
from hil.emulators.serve import serve
from stellwerk.commands.lab import emulate
from twin.model.errors import InputError


def test_a_fleet_that_is_served_sends_traps_to_whom_it_is_told(world, tmp_path, new_address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        place = new_address.placement()
        place = Placement(snmp=place.snmp, traps_to=sock.getsockname())
        asyncio.run(
            serve(
                world, ["cab-1", "sw-1"], tmp_path, network=new_address.network(),
                placement=place, hold_s=0.3,
            )
        )  # fmt: skip
        trap, (host, _) = sock.recvfrom(4096)
    devices = load_inventory(tmp_path / "inventory.yaml")
    assert host == devices[0].host
    receiver = TrapReceiver(devices, port=0)
    receiver.take(trap, host)
    event = receiver.next_event(0)
    assert event is not None
    assert (event.device, event.values["lamps_failed"]) == ("cab-1", 1)


@pytest.mark.parametrize("text", ["nowhere", ":162", "host:", "host:0", "host:65536", "host:²"])
def test_an_address_for_traps_that_is_none_is_said_before_anything_is_made(text, tmp_path):
    with pytest.raises(InputError, match="give HOST:PORT"):
        emulate(tmp_path / "devices", traps_to=text)
    assert not (tmp_path / "devices").exists()
