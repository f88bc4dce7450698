"""Which band a radio of a device is in, and whether a channel and a width exist there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from twin.model.attributes import Value
from twin.model.errors import ModelError
from twin.model.regulatory import channel_block_hz

__all__ = ["band_of", "require_channel", "require_width"]

_AP_BANDS: Mapping[str, str] = MappingProxyType({"1": "2.4", "2": "5", "3": "6"})
_ANY_CHANNEL: Mapping[str, int] = MappingProxyType({"2.4": 1, "5": 36, "6": 1})
_WIDTHS_MHZ = (20, 40, 80, 160, 320)


def band_of(kind: str, radio: str, channel: Value | None = None) -> str:
    """Find the band of a radio.

    Parameters
    ----------
    kind : str
        Device kind. The number of a radio of an access point names its band; the radio of a host
        is where its channel is.
    radio : str
        Instance name of the radio.
    channel : int, optional
        Its channel.

    Returns
    -------
    str
        ``2.4``, ``5`` or ``6``; empty if not known.
    """
    if kind == "ap":
        return _AP_BANDS.get(radio, "")
    if kind == "host" and isinstance(channel, int):
        return "2.4" if channel <= 14 else "5"
    return ""


def require_channel(kind: str, radio: str, channel: Value) -> None:
    """Refuse a channel that does not exist.

    Parameters
    ----------
    kind, radio : str
        Device kind and instance name of the radio.
    channel : int
        The channel.

    Raises
    ------
    ModelError
        The band of the radio has no such channel, and which it has.
    """
    band = band_of(kind, radio, channel)
    if band:
        channel_block_hz(band, int(channel))


def require_width(kind: str, radio: str, channel: Value | None, bandwidth_mhz: Value) -> None:
    """Refuse a width that does not exist, in the band or at a channel.

    Parameters
    ----------
    kind, radio : str
        Device kind and instance name of the radio.
    channel : int or None
        The channel, if it is known.
    bandwidth_mhz : int
        The width. [MHz]

    Raises
    ------
    ModelError
        There is no such width, and which there are.
    """
    band = band_of(kind, radio, channel)
    if not band:
        return
    number = _ANY_CHANNEL[band] if channel is None else int(channel)
    try:
        channel_block_hz(band, number, int(bandwidth_mhz))
    except ModelError as err:
        widths = [str(width) for width in _WIDTHS_MHZ if _exists(band, number, width)]
        if ";" in str(err) or not widths:
            raise
        raise ModelError(f"{err}; widths there are {', '.join(widths)}") from err


def _exists(band: str, channel: int, bandwidth_mhz: int) -> bool:
    try:
        channel_block_hz(band, channel, bandwidth_mhz)
    except ModelError:
        return False
    return True
