"""`stellwerk emulate`: bring devices of the city up on loopback, alive."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from hil.emulators.folder import Placement
from hil.emulators.serve import die_with_parent, serve
from stellwerk.commands.city import CityOption
from stellwerk.demo.devices import choose_devices, profiles_of, sites_of, upstreams_of
from stellwerk.output import JsonOption, notes, print_json
from stellwerk.settings import load_settings
from stellwerk.when import local_start
from twin.geo.cityfile import load_city
from twin.model.errors import InputError
from twin.sim.world import World

__all__ = ["emulate"]


def emulate(
    out: Annotated[
        Path, typer.Argument(help="Folder for inventory, host keys and secrets.")
    ] = Path("out/devices"),
    *,
    city: CityOption = "",
    select: Annotated[
        str, typer.Option("--select", help="Which devices, such as 'site:fws & kind:ap'.")
    ] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the world.")] = 1,
    start: Annotated[
        str, typer.Option("--start", help="Local date and time of the world; now if not given.")
    ] = "",
    network: Annotated[
        str, typer.Option("--network", help="Loopback network, one address a device.")
    ] = "127.77.0.0/16",
    parent_pid: Annotated[
        int, typer.Option("--parent-pid", min=0, help="End when this process ends.")
    ] = 0,
    drill: Annotated[
        bool, typer.Option("--drill", help="Let one device fail and be repaired within minutes.")
    ] = False,
    traps_to: Annotated[
        str, typer.Option("--traps-to", help="HOST:PORT that gets SNMP traps; none without it.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Emulate devices whose state is that of a living world with hidden deviations."""
    receiver = _address(traps_to)
    model = load_city(load_settings(city=city).city)
    devices = choose_devices(model, select)
    begin = local_start(start, model) if start else datetime.now(ZoneInfo(model.timezone))
    world = World(model, seed=seed, start=begin, managed=devices, drill=drill)

    def ready(document: dict[str, object]) -> None:
        if json:
            print_json(document)
        else:
            notes.print(
                f"{len(devices)} devices are up; inventory in {out / 'inventory.yaml'}; "
                "end with ^C",
                markup=False,
            )

    def ended(document: dict[str, object]) -> None:
        if json:
            print_json(document)

    if parent_pid:
        die_with_parent(parent_pid)
    asyncio.run(
        serve(
            world,
            devices,
            out,
            network=network,
            placement=Placement(
                sites=sites_of(model),
                upstreams=upstreams_of(model),
                profiles=profiles_of(model),
                traps_to=receiver,
            ),
            parent_pid=parent_pid or None,
            on_ready=ready,
            on_end=ended,
        )
    )


def _address(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InputError(f"--traps-to is {text!r}", hint="give HOST:PORT, such as 127.0.0.1:10162")
    return host, int(port)
