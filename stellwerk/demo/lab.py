"""The lab of the demo: emulated devices in another process, real daemons beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Self

from controllers.inventory import dump_inventory, load_inventory
from controllers.ports import Device
from hil.daemons import start_real_devices
from hil.emulators.control import FleetControl
from twin.model.errors import BenchError

__all__ = ["WORLD_START", "Lab"]

# The shortest day, half a minute before the first lesson: lamps still burn, trams are full.
WORLD_START = "2026-12-21T07:59:30"
_READY_S = 60.0


class Lab:
    """Devices on loopback; a context manager that leaves nothing running.

    Parameters
    ----------
    folder : Path
        Inventory, keys, logs and control socket go here.
    city : str
        City in the box or folder of a city.
    world_seed : int
        Seed of the world behind the emulated devices.
    """

    def __init__(self, folder: Path, *, city: str, world_seed: int) -> None:
        self._folder = folder
        self._city = city
        self._world_seed = world_seed
        self._stack = ExitStack()
        self.devices: tuple[Device, ...] = ()
        self.missing: Mapping[str, str] = {}

    @property
    def inventory(self) -> Path:
        """Inventory of emulated and real devices."""
        return self._folder / "inventory.yaml"

    @property
    def control(self) -> FleetControl:
        """Control of the emulated devices: kill and revive them."""
        return FleetControl(self._folder / "emulated" / "control.sock")

    def __enter__(self) -> Self:
        with self._stack as stack:
            process = self._emulate()
            stack.callback(_end, process)
            real = stack.enter_context(start_real_devices(self._folder / "real"))
            self._wait(process)
            self.missing = real.missing
            emulated = load_inventory(self._folder / "emulated" / "inventory.yaml")
            self.devices = (*emulated, *real.devices)
            dump_inventory(self.devices, self.inventory)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _emulate(self) -> subprocess.Popen[bytes]:
        folder = self._folder / "emulated"
        folder.mkdir(parents=True, exist_ok=True)
        words = [
            *(sys.executable, "-m", "stellwerk", "emulate", str(folder), "--json"),
            *("--city", self._city, "--seed", str(self._world_seed), "--start", WORLD_START),
            *("--parent-pid", str(os.getpid()), "--drill"),
        ]
        (folder / "ready.json").unlink(missing_ok=True)
        with (folder / "emulate.log").open("wb") as log, (folder / "ready.json").open("wb") as out:
            # A session of its own: ^C in the terminal ends the demo first, then the lab.
            return subprocess.Popen(words, stdout=out, stderr=log, start_new_session=True)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the emulated devices say they are up."""
        until_s = monotonic() + _READY_S
        folder = self._folder / "emulated"
        while not (folder / "ready.json").read_bytes().rstrip().endswith(b"}"):
            if process.poll() is not None or monotonic() > until_s:
                lines = (folder / "emulate.log").read_text(errors="replace").strip().splitlines()
                raise BenchError(
                    f"the emulated devices did not start: {lines[-1] if lines else 'no word'}"
                )
            sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
