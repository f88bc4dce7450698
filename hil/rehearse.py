"""Rehearse a plan: run it, unchanged, against emulated copies of exactly the planned devices."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from controllers.drivers import make_driver
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import Plan
from controllers.ports import Device, DriverFactory
from controllers.profiles import profile_names, profile_of
from controllers.runner import OnEvent, RunResult, apply
from controllers.steps import Outcome
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.serve import make_room
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value

__all__ = ["RehearsalResult", "rehearse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalResult:
    """What a rehearsal showed.

    Parameters
    ----------
    run : RunResult
        Outcome of the run on the copies.
    seconds : float
        Wall time with starting and stopping the copies. [s]
    """

    run: RunResult
    seconds: float

    @property
    def is_good(self) -> bool:
        """True if every copy confirmed the plan and was read back."""
        return self.run.outcome is Outcome.CONFIRMED


def rehearse(
    plan: Plan,
    devices: Sequence[Device],
    *,
    read_from: DriverFactory = make_driver,
    on_event: OnEvent | None = None,
) -> RehearsalResult:
    """Run a plan on emulated copies that begin with the live state of the devices.

    Parameters
    ----------
    plan : Plan
        The plan, as it would be applied.
    devices : sequence of Device
        The inventory of the real thing; it is only read.
    read_from : DriverFactory
        Makes the drivers that read it.
    on_event : callable, optional
        Told of each step on the copies.

    Returns
    -------
    RehearsalResult
        Whether the copies took the plan.

    Raises
    ------
    DeviceError
        The live state could not be read.
    BenchError
        The copies could not be started, or this process may not open a socket for each.
    """
    begin = perf_counter()
    planned = {part.device for part in plan.devices}
    originals = tuple(device for device in devices if device.id in planned)
    world = _copies(plan, originals, read_from)
    make_room(len(originals))
    with tempfile.TemporaryDirectory(prefix="stellwerk-rehearsal-") as name:
        folder = Path(name)
        entries = _entries(world, originals, folder)
        host_key = write_folder(folder, entries)
        with FleetThread(world, entries, host_key=host_key), Journal(folder / "j.db") as journal:
            run = apply(_strict(plan), entries, make_driver, journal, on_event=on_event)
    return RehearsalResult(run=run, seconds=perf_counter() - begin)


def _strict(plan: Plan) -> Plan:
    """Try a change on copies at any hour; none of them may be left out, and nobody is asked."""
    return replace(plan, windows=(), unreachable={}, on_unreachable="refuse", on_failure="stop")


def _copies(plan: Plan, originals: Sequence[Device], read_from: DriverFactory) -> MemoryWorld:
    """Make a table of what the planned devices say now, operational values included."""
    paths = {part.device: part.observe for part in plan.devices if part.observe}
    asked = [device for device in originals if device.id in paths]
    observed = read_live(asked, read_from, paths=paths).values
    values: dict[str, Mapping[str, Value]] = {
        part.device: {**part.context, **part.undo, **observed.get(part.device, {})}
        for part in plan.devices
    }
    return MemoryWorld({part.device: part.kind for part in plan.devices}, values)


def _network() -> str:
    """Choose a loopback network by chance: rehearsals of two people must not meet."""
    return f"127.{128 + secrets.randbelow(96)}.{16 * secrets.randbelow(16)}.0/20"


def _entries(world: MemoryWorld, originals: Sequence[Device], folder: Path) -> tuple[Device, ...]:
    """List the copies; they stand in the same order of work as their originals."""
    packaged = profile_names()
    return tuple(
        replace(entry, origin="copy")
        for entry in entries_of(
            world,
            [device.id for device in originals],
            folder,
            network=_network(),
            placement=Placement(
                sites={device.id: device.site for device in originals},
                upstreams={device.id: device.upstream for device in originals},
                # A copy must take a change back as its original does, so it has its profile.
                profiles={
                    device.id: device.profile for device in originals if device.profile in packaged
                },
                options={device.id: _options(device) for device in originals},
            ),
        )
    )


def _options(device: Device) -> Mapping[str, str]:
    """Options a copy needs too: names of sections, indexes; how it is reached is its own."""
    profile = profile_of(device)
    if profile.protocol == "cli":
        return device.options
    return {name: text for name, text in device.options.items() if name in profile.options}
