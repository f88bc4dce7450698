"""Every error Stellwerk raises, so that one edge can turn each into one line and one exit code."""

from __future__ import annotations

__all__ = [
    "BenchError",
    "DeviceAuthError",
    "DeviceConflict",
    "DeviceError",
    "DeviceHostKeyError",
    "DeviceLocked",
    "DeviceRefused",
    "DeviceTimeout",
    "DeviceUnreachable",
    "EvidenceMismatch",
    "InputError",
    "JournalBusy",
    "JournalDamaged",
    "JournalError",
    "ModelError",
    "ModelRangeError",
    "OutsideWindow",
    "PolicyRefused",
    "StellwerkError",
]


class StellwerkError(Exception):
    """Base of every error of ours; SimPy re-creates errors from `args`, so keep them positional."""


class ModelError(StellwerkError):
    """The model of the city is asked for something it cannot hold."""


class ModelRangeError(ModelError, ValueError):
    """A physical model is used outside the range its document states.

    Parameters
    ----------
    model : str
        Name of the model and its document.
    quantity : str
        What is out of range, with its unit.
    value : float
        The offending value.
    valid : str
        The valid range, in words.
    """

    def __init__(self, model: str, quantity: str, value: float, valid: str) -> None:
        super().__init__(model, quantity, value, valid)
        self.model = model
        self.quantity = quantity
        self.value = value
        self.valid = valid

    def __str__(self) -> str:
        return f"{self.model}: {self.quantity} is {self.value:g}, valid is {self.valid}"


class InputError(StellwerkError, ValueError):
    """A file or an argument of the user is wrong: says what, where and what to do.

    Parameters
    ----------
    what : str
        What is wrong.
    source : str
        File (or the argument) it stands in; empty if there is none.
    line, column : int
        Position from 1; 0 if unknown.
    hint : str
        What to do about it.
    """

    def __init__(
        self, what: str, source: str = "", line: int = 0, column: int = 0, hint: str = ""
    ) -> None:
        super().__init__(what, source, line, column, hint)
        self.what = what
        self.source = source
        self.line = line
        self.column = column
        self.hint = hint

    def __str__(self) -> str:
        place = self.source
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        text = f"{place}: {self.what}" if place else self.what
        return f"{text}; {self.hint}" if self.hint else text


class DeviceError(StellwerkError):
    """A device did not do what was asked.

    Parameters
    ----------
    device : str
        Id of the device.
    reason : str
        What happened and, where one is known, what to do.
    """

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(device, reason)
        self.device = device
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.device}: {self.reason}"


class DeviceUnreachable(DeviceError, ConnectionError):
    """No connection, or the connection was lost; the outcome of a write is then unknown."""


class DeviceTimeout(DeviceUnreachable, TimeoutError):
    """No answer within the deadline; the outcome of a write is unknown."""


class DeviceAuthError(DeviceError):
    """The device refused our credentials, or we could not verify its answer."""


class DeviceHostKeyError(DeviceAuthError):
    """The SSH host key is unknown or has changed; nothing was sent."""


class DeviceLocked(DeviceError):
    """Somebody else holds the lock; nothing was written, try later."""


class DeviceConflict(DeviceError):
    """The device holds foreign uncommitted changes, or its state is not the planned one."""


class DeviceRefused(DeviceError):
    """The device answered with an error: the change is not applied as asked."""


class EvidenceMismatch(DeviceError):
    """The device said yes and reads back something else."""


class PolicyRefused(StellwerkError):
    """A policy or a legal limit forbids the plan."""


class OutsideWindow(StellwerkError):
    """No maintenance window is open, or it closes too soon; nothing was sent, try later."""


class JournalError(StellwerkError):
    """The journal cannot be written or read; without it nothing is applied."""


class JournalBusy(JournalError):
    """Another controller holds the lease of the journal; nothing was sent, try later."""


class JournalDamaged(JournalError):
    """The hash chain of the journal is broken at a record."""


class BenchError(StellwerkError):
    """An emulator, a daemon or a bench could not be started or has died."""
