"""Every real device this machine can offer, started together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from controllers.ports import Device
from hil.daemons.linux_host import start_linux_host
from hil.daemons.netconfd import start_netconfd
from hil.daemons.programs import available
from hil.daemons.running import RunningDevice
from hil.daemons.snmpd import start_snmpd
from twin.model.errors import InputError

__all__ = ["RealDevices", "start_real_devices"]

log = logging.getLogger(__name__)

_START: Mapping[str, Callable[[Path], RunningDevice]] = {
    "snmpd": start_snmpd,
    "netconfd": start_netconfd,
    "sshd": start_linux_host,
}


class RealDevices:
    """Started real devices; a context manager that stops them all.

    Parameters
    ----------
    running : tuple of RunningDevice
        The devices.
    missing : mapping
        Daemon to the reason why it is not among them.
    """

    def __init__(self, running: tuple[RunningDevice, ...], missing: Mapping[str, str]) -> None:
        self.running = running
        self.missing = missing

    @property
    def devices(self) -> tuple[Device, ...]:
        """Their inventory entries; all paths in them are absolute."""
        return tuple(running.device for running in self.running)

    def stop(self) -> None:
        """Stop them, the last one first."""
        for running in reversed(self.running):
            running.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_real_devices(folder: Path, *, only: Collection[str] | None = None) -> RealDevices:
    """Start one device of every daemon of the first tour that is installed; not FRR, hostapd.

    Parameters
    ----------
    folder : Path
        Each daemon gets a folder of its name in it.
    only : collection of str or None
        Names of daemons (`available`) to start; None starts all.

    Returns
    -------
    RealDevices
        Up to three devices, and why others are missing.

    Raises
    ------
    InputError
        `only` names an unknown daemon.
    BenchError
        A daemon is installed and does not start; nothing is left running.
    """
    unknown = set(only or ()) - set(_START)
    if unknown:
        raise InputError(
            f"unknown daemon {', '.join(sorted(unknown))}", hint=f"known are {', '.join(_START)}"
        )
    wanted = [name for name in _START if only is None or name in only]
    reasons = available()
    missing = {name: reasons[name] for name in wanted if reasons[name]}
    for reason in missing.values():
        log.warning("a real device is left out: %s", reason)
    with ExitStack() as started:
        running = [
            started.enter_context(_START[name](folder / name))
            for name in wanted
            if name not in missing
        ]
        started.pop_all()
    return RealDevices(tuple(running), missing)
