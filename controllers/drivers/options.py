"""Reads what drivers need from an inventory entry: secrets, deadlines and named exceptions."""

from __future__ import annotations

from controllers.ports import Device
from twin.model.errors import InputError
from twin.model.secret import Secret, resolve_secret

__all__ = ["seconds", "secret_of"]

_LONGEST_S = 3600.0


def secret_of(device: Device, name: str) -> Secret:
    """Fetch a secret of a device by its name.

    Parameters
    ----------
    device : Device
        The device.
    name : str
        ``password``, ``auth``, ``priv``, ``community`` or ``passphrase``.

    Returns
    -------
    Secret
        The masked value.

    Raises
    ------
    InputError
        The device names no such secret, or it cannot be read.
    """
    reference = device.secrets.get(name)
    if reference is None:
        raise InputError(
            f"device {device.id} names no secret {name!r}",
            hint=f"add secrets: {{{name}: file:secrets/...}} or env:... to its inventory entry",
        )
    return resolve_secret(reference, device.base)


def seconds(device: Device, name: str, default_s: float) -> float:
    """Read a duration from the options of a device.

    Parameters
    ----------
    device : Device
        The device.
    name : str
        Name of the option, such as ``timeout_s``.
    default_s : float
        Value if it is not set. [s]

    Returns
    -------
    float
        The duration. [s]

    Raises
    ------
    InputError
        Not a positive number of at most an hour.
    """
    text = device.options.get(name)
    if text is None:
        return default_s
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _LONGEST_S:
        raise InputError(
            f"device {device.id}: option {name} is {text!r}",
            hint=f"give seconds, above 0 and at most {_LONGEST_S:g}",
        )
    return value
