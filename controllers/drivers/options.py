"""Reads what drivers need from an inventory entry: secrets, deadlines and named exceptions."""

from __future__ import annotations

from controllers.inventory_file import SECRET_SCHEMES
from controllers.ports import Device
from controllers.secret_sources import fetch_secret
from twin.model.errors import DeviceAuthError, DeviceRefused, InputError
from twin.model.secret import Secret

__all__ = ["choice", "reference_of", "seconds", "secret_of"]

_LONGEST_S = 3600.0


def reference_of(device: Device, name: str) -> str:
    """Say where a secret of a device is, for messages.

    Parameters
    ----------
    device : Device
        The device.
    name : str
        Name of the secret.

    Returns
    -------
    str
        Its reference; what is none may be the secret itself and is not repeated.
    """
    reference = device.secrets.get(name, "")
    return reference if reference.partition(":")[0] in SECRET_SCHEMES else "***"


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
    DeviceAuthError
        The device names no such secret, or it cannot be read; nothing was sent.
    """
    reference = device.secrets.get(name)
    if reference is None:
        raise DeviceAuthError(
            device.id,
            f"names no secret {name!r}; add secrets: {{{name}: file:secrets/...}} or env:... to "
            "its inventory entry",
        )
    try:
        return fetch_secret(reference, device.base)
    except InputError as err:
        raise DeviceAuthError(device.id, str(err)) from err


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
    DeviceRefused
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
        raise DeviceRefused(
            device.id,
            f"option {name} is {text!r}; give seconds, above 0 and at most {_LONGEST_S:g}",
        )
    return value


def choice(device: Device, name: str, allowed: tuple[str, ...]) -> str:
    """Read one of a few words from the options of a device.

    Parameters
    ----------
    device : Device
        The device.
    name : str
        Name of the option.
    allowed : tuple of str
        What it may be; the first is taken if it is not set.

    Returns
    -------
    str
        The word.

    Raises
    ------
    DeviceRefused
        It is set to something else.
    """
    text = device.options.get(name, allowed[0])
    if text not in allowed:
        raise DeviceRefused(
            device.id, f"option {name} is {text!r}; it may be {' or '.join(allowed)}"
        )
    return text
