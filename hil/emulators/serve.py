"""Runs a fleet as a process of its own: folder, control socket, pace of the world, clean end."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import resource
import signal
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from pathlib import Path

from hil.emulators.control import ControlServer
from hil.emulators.fleet import Fleet
from hil.emulators.folder import (
    DEFAULT_NETWORK,
    Placement,
    entries_of,
    keep_boots,
    next_boots,
    write_folder,
)
from hil.emulators.pacer import Pacer
from hil.emulators.world_port import DeviceWorld, MovingWorld, PoweredWorld
from twin.model.errors import BenchError

__all__ = ["die_with_parent", "follow_power", "make_room", "serve"]

log = logging.getLogger(__name__)

_PARENT_POLL_S = 0.5
_POWER_POLL_S = 0.5
_TRAPS_POLL_S = 1.0
_PR_SET_PDEATHSIG = 1
_FILES_PER_DEVICE = 4  # its socket, and sessions
_OTHER_FILES = 256


async def serve(
    world: DeviceWorld,
    device_ids: Sequence[str],
    folder: Path,
    *,
    network: str = DEFAULT_NETWORK,
    placement: Placement = Placement(),  # noqa: B008 - frozen
    control_path: Path | None = None,
    on_ready: Callable[[dict[str, object]], None] | None = None,
    on_end: Callable[[dict[str, object]], None] | None = None,
    hold_s: float | None = None,
    parent_pid: int | None = None,
) -> None:
    """Run emulated devices until told to stop.

    Parameters
    ----------
    world : DeviceWorld
        The state of all devices; touched from this loop only. A `MovingWorld` is moved every
        100 ms, and a warning says when it cannot keep up; in a `PoweredWorld` a device without
        power or that has failed falls silent on the wire, and comes back when the world says so.
    device_ids : sequence of str
        Devices to emulate.
    folder : Path
        Gets ``inventory.yaml``, ``known_hosts`` and ``secrets/``.
    network : str
        Loopback network of the addresses.
    placement : Placement
        Ports by protocol, sites and upstream devices for the inventory; who gets traps.
    control_path : Path, optional
        Unix socket of the control; ``control.sock`` in the folder by default.
    on_ready : callable, optional
        Gets ``{"ready": true, ...}`` once every device listens.
    on_end : callable, optional
        Gets ``{"ready": false, "operations": ..., "pace": ...}`` when told to stop: how often
        each operation was met, and how well a moving world kept real time.
    hold_s : float, optional
        Stop after this time [s]; None runs until SIGTERM, SIGINT or the control's stop.
    parent_pid : int, optional
        Stop when this process is no longer the parent.

    Raises
    ------
    BenchError
        An address is in use, the folder cannot be written, its count of boots is broken, or this
        process may not open a socket for every device.
    """
    make_room(len(device_ids))
    base = folder.absolute()
    entries = entries_of(world, device_ids, base, network=network, placement=placement)
    key = write_folder(base, entries)
    keep = partial(keep_boots, base)
    fleet = Fleet(world, entries, host_key=key, boots=next_boots(base), on_boots=keep)
    stop = asyncio.Event()
    pacer = Pacer(world.advance) if isinstance(world, MovingWorld) else None
    report = partial(_report, fleet, pacer)
    control = ControlServer(fleet, control_path or base / "control.sock", stop.set, report)
    with _stopping_on_signals(stop):
        try:
            await fleet.start()
            await control.start()
            # Collecting what never goes away again is the longest pause there is.
            gc.collect()
            gc.freeze()
            if on_ready is not None:
                on_ready(_ready(fleet, base, control_path or base / "control.sock"))
            work = [pacer.run()] if pacer else []
            if isinstance(world, PoweredWorld):
                work.append(follow_power(fleet, world.is_reachable))
            if placement.traps_to is not None:
                work.append(_tell(fleet, placement.traps_to))
            await _until_stopped(stop, work, hold_s, parent_pid)
            if on_end is not None:
                on_end({"ready": False, "pid": os.getpid(), **report()})
        finally:
            await control.stop()
            await fleet.stop()
            gc.unfreeze()


async def _tell(fleet: Fleet, receiver: tuple[str, int]) -> None:
    """Let devices send their traps, again and again."""
    while True:
        fleet.send_traps(receiver)
        await asyncio.sleep(_TRAPS_POLL_S)


def make_room(n_devices: int) -> None:
    """Raise the limit of open files of this process to what so many devices need.

    Parameters
    ----------
    n_devices : int
        Devices, each with a socket of its own.

    Raises
    ------
    BenchError
        The system does not let this process have so many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return
    needed, wanted = n_devices + _OTHER_FILES, _FILES_PER_DEVICE * n_devices + _OTHER_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if allowed < needed:
        raise BenchError(
            f"{n_devices} devices need {needed} open files, the limit is {hard}; "
            f"raise it (ulimit -Hn {needed}) or emulate fewer"
        )
    if allowed > soft:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _ready(fleet: Fleet, folder: Path, control_path: Path) -> dict[str, object]:
    return {
        "ready": True,
        "pid": os.getpid(),
        "devices": len(fleet.entries),
        "folder": str(folder),
        "inventory": str(folder / "inventory.yaml"),
        "control": str(control_path),
    }


def _report(fleet: Fleet, pacer: Pacer | None) -> dict[str, object]:
    operations: Counter[str] = Counter()
    for counts in fleet.stats().values():
        operations.update(counts)
    return {
        "devices": len(fleet.entries),
        "operations": dict(sorted(operations.items())),
        "pace": pacer.report().as_dict() if pacer else None,
    }


async def _until_stopped(
    stop: asyncio.Event,
    work: Sequence[Coroutine[object, object, None]],
    hold_s: float | None,
    parent_pid: int | None,
) -> None:
    tasks: list[asyncio.Task[bool]] = [asyncio.create_task(_as_bool(stop.wait()))]
    tasks += [asyncio.create_task(_as_bool(item)) for item in work]
    if hold_s is not None:
        tasks.append(asyncio.create_task(_as_bool(asyncio.sleep(hold_s))))
    if parent_pid is not None:
        tasks.append(asyncio.create_task(_as_bool(_parent_gone(parent_pid))))
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


async def _as_bool(work: Coroutine[object, object, object]) -> bool:
    await work
    return True


async def follow_power(
    fleet: Fleet, is_reachable: Callable[[str], bool], step_s: float = _POWER_POLL_S
) -> None:
    """Let devices fall silent and come back as the world says, until cancelled.

    Parameters
    ----------
    fleet : Fleet
        The devices.
    is_reachable : callable
        Says whether a device would answer.
    step_s : float
        Time between two looks. [s]

    Notes
    -----
    A device that somebody else killed stays dead: only those silenced here are revived here.
    """
    dark: set[str] = set()
    while True:
        for entry in fleet.entries:
            name = entry.id
            answers = is_reachable(name)
            if not answers and name not in dark and fleet.is_alive(name):
                dark.add(name)
                fleet.kill(name)
            elif answers and name in dark:
                dark.discard(name)
                if not fleet.is_alive(name):
                    await fleet.revive(name)
        await asyncio.sleep(step_s)


async def _parent_gone(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        await asyncio.sleep(_PARENT_POLL_S)
    log.info("the parent process %d is gone", parent_pid)


@contextlib.contextmanager
def _stopping_on_signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    installed = []
    for number in (signal.SIGTERM, signal.SIGINT):
        # Only the main thread may take signals; elsewhere the caller stops us by the control.
        with contextlib.suppress(ValueError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
            installed.append(number)
    try:
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)


def die_with_parent(parent_pid: int) -> None:
    """Ask Linux to end this process when its parent dies, however it dies.

    Parameters
    ----------
    parent_pid : int
        Whom this process was started by.

    Raises
    ------
    BenchError
        That process is no longer the parent.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_pid:
        raise BenchError(f"process {parent_pid} is not the parent of this one; check --parent-pid")
