"""The keys of a host's configuration file, as its profile maps them."""

from __future__ import annotations

from dataclasses import dataclass

from controllers.ports import Device
from controllers.profiles.codec import Codec
from controllers.profiles.profile import CliMapping, Profile, expand, fill
from twin.model.attributes import Value
from twin.model.errors import InputError

__all__ = ["CliItem", "cli_items"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CliItem:
    """One attribute of one host.

    Parameters
    ----------
    path : str
        Attribute path.
    key : str
        Key of the ``key=value`` file; empty if a command tells the value.
    command : str
        Command whose output is the value; empty if it stands in the file.
    is_writable : bool
        The attribute is configuration.
    codec : Codec
        Value to text and back.
    """

    path: str
    key: str
    command: str
    is_writable: bool
    codec: Codec

    def encode(self, value: Value) -> str:
        """Turn a value into the text behind the equals sign.

        Raises
        ------
        ModelError
            The value has no form in the file.
        """
        return str(self.codec.encode(value))

    def decode(self, text: str) -> Value:
        """Turn the text into a value.

        Raises
        ------
        ModelError
            It means nothing for the attribute.
        """
        return self.codec.decode(text)


def cli_items(profile: Profile, device: Device) -> tuple[CliItem, ...]:
    """List every attribute of a host.

    Parameters
    ----------
    profile : Profile
        A CLI profile.
    device : Device
        The host, with its instances and options.

    Returns
    -------
    tuple of CliItem
        In the order of the profile.

    Raises
    ------
    InputError
        The profile is not of a CLI, or two attributes meet in one key.
    """
    items: list[CliItem] = []
    keys: dict[str, str] = {}
    for template, path, names in expand(profile, device):
        mapping = profile.attributes[template]
        if not isinstance(mapping, CliMapping):
            raise InputError(f"profile {profile.name} is not of a CLI", profile.source)
        key = fill(mapping.key, names)
        if key and key in keys:
            raise InputError(
                f"device {device.id}: {path} and {keys[key]} are the same key {key!r}",
                hint="give a host with several radios one inventory entry and file per radio",
            )
        keys[key] = path
        items.append(
            CliItem(
                path=path,
                key=key,
                command=fill(mapping.command, names),
                is_writable=mapping.codec.attribute.writable,
                codec=mapping.codec,
            )
        )
    return tuple(items)
