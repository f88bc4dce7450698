"""Which software devices run: asked of all whose profile can tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from controllers.ports import Device, Driver
from controllers.profiles import profile_of
from twin.model.errors import DeviceError

__all__ = ["PATH", "Versions", "read_versions"]

PATH = "software_version"
_N_THREADS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What devices said of their software.

    Parameters
    ----------
    known : mapping
        Version by device id; empty where a device answered and did not tell.
    failed : mapping
        Why a device could not be asked, by its id.
    unmapped : tuple of str
        Devices whose profile has no way to ask.
    """

    known: Mapping[str, str]
    failed: Mapping[str, DeviceError]
    unmapped: tuple[str, ...]


def read_versions(
    devices: Sequence[Device],
    make_driver: Callable[[Device], Driver],
    *,
    n_threads: int = _N_THREADS,
) -> Versions:
    """Ask devices which software they run.

    Parameters
    ----------
    devices : sequence of Device
        Whom to ask.
    make_driver : callable
        Makes their drivers.
    n_threads : int
        Devices asked together.

    Returns
    -------
    Versions
        What they said; a device that does not answer stops nobody.
    """
    asked = [device for device in devices if PATH in profile_of(device).attributes]

    def ask(device: Device) -> str | DeviceError:
        driver = make_driver(device)
        try:
            return str(driver.read([PATH]).get(PATH, ""))
        except DeviceError as err:
            return err
        finally:
            driver.close()

    with ThreadPoolExecutor(max(1, min(n_threads, len(asked)))) as pool:
        said = dict(zip((d.id for d in asked), pool.map(ask, asked), strict=True))
    names = {device.id for device in asked}
    return Versions(
        known={name: one for name, one in said.items() if isinstance(one, str)},
        failed={name: one for name, one in said.items() if isinstance(one, DeviceError)},
        unmapped=tuple(device.id for device in devices if device.id not in names),
    )
