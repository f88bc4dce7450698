"""From a Wi-Fi channel number and width to the frequencies it occupies."""

from __future__ import annotations

from twin.model.errors import ModelError

__all__ = ["channel_block_hz", "channel_centre_hz"]

# IEEE Std 802.11-2020, Annex E, table E-4: lowest 20 MHz channel, its centre in MHz and the number
# of 20 MHz channels, for each run of adjacent channels.
_RUNS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "5": ((36, 5180, 8), (100, 5500, 12), (149, 5745, 8)),
    "6": ((1, 5955, 24),),
}
_WIDTHS_MHZ: dict[str, tuple[int, ...]] = {
    "2.4": (20, 40),
    "5": (20, 40, 80, 160),
    "6": (20, 40, 80, 160, 320),
}


def channel_block_hz(band: str, channel: int, bandwidth_mhz: int = 20) -> tuple[float, float]:
    """Find the frequencies that a channel occupies.

    Parameters
    ----------
    band : str
        ``2.4``, ``5`` or ``6``.
    channel : int
        Number of the primary 20 MHz channel.
    bandwidth_mhz : int
        Width. [MHz]

    Returns
    -------
    low_hz, high_hz : float
        Edges of the bonded block the primary channel belongs to. [Hz]

    Raises
    ------
    ModelError
        No such band, channel, width, or no block of that width at this channel.

    References
    ----------
    .. [1] IEEE Std 802.11-2020, Annex E, table E-4. At 2.4 GHz a 40 MHz block takes its secondary
       channel above up to primary 7, below from 8 on (table E-4 leaves the choice open).
    """
    if band not in _WIDTHS_MHZ:
        raise ModelError(f"unknown Wi-Fi band {band!r}; known are 2.4, 5 and 6")
    if bandwidth_mhz not in _WIDTHS_MHZ[band]:
        widths = ", ".join(str(width) for width in _WIDTHS_MHZ[band])
        raise ModelError(f"{bandwidth_mhz} MHz is no width at {band} GHz; widths are {widths}")
    centre_mhz = (
        _centre_2_4(channel, bandwidth_mhz)
        if band == "2.4"
        else _centre_bonded(band, channel, bandwidth_mhz)
    )
    return (centre_mhz - bandwidth_mhz / 2) * 1e6, (centre_mhz + bandwidth_mhz / 2) * 1e6


def channel_centre_hz(band: str, channel: int, bandwidth_mhz: int = 20) -> float:
    """Find the centre of the block that a channel occupies.

    Parameters
    ----------
    band : str
        ``2.4``, ``5`` or ``6``.
    channel : int
        Number of the primary 20 MHz channel.
    bandwidth_mhz : int
        Width. [MHz]

    Returns
    -------
    float
        Centre frequency. [Hz]

    Raises
    ------
    ModelError
        As `channel_block_hz`.
    """
    low_hz, high_hz = channel_block_hz(band, channel, bandwidth_mhz)
    return (low_hz + high_hz) / 2


def _centre_2_4(channel: int, bandwidth_mhz: int) -> float:
    if not 1 <= channel <= 13:
        raise ModelError(f"{channel} is no channel at 2.4 GHz; channels are 1 to 13")
    primary_mhz = 2407 + 5 * channel
    if bandwidth_mhz == 20:
        return primary_mhz
    return primary_mhz + (10 if channel <= 7 else -10)


def _centre_bonded(band: str, channel: int, bandwidth_mhz: int) -> float:
    n_bonded = bandwidth_mhz // 20
    for first, first_mhz, n_channels in _RUNS[band]:
        i_channel, rest = divmod(channel - first, 4)
        if rest or not 0 <= i_channel < n_channels:
            continue
        i_block = i_channel // n_bonded * n_bonded
        if i_block + n_bonded <= n_channels:
            return first_mhz + 20 * i_block + 10 * (n_bonded - 1)
        raise ModelError(f"channel {channel} at {band} GHz has no block of {bandwidth_mhz} MHz")
    runs = ", ".join(f"{first} to {first + 4 * (n - 1)}" for first, _, n in _RUNS[band])
    raise ModelError(f"{channel} is no channel at {band} GHz; channels are {runs} in steps of 4")
