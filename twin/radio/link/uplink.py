"""Uplink of a cell: power control of the terminal, SINR, rate, and balance with the downlink."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelError, ModelRangeError
from twin.radio.link.bands import n_resource_blocks
from twin.radio.link.lte import lte_efficiency_bps_hz
from twin.radio.link.noise import noise_dbm
from twin.radio.link.throughput import efficiency_bps_hz
from twin.radio.ranges import finite

__all__ = [
    "GNB_NOISE_FIGURE_DB",
    "PRESETS",
    "LinkEnds",
    "balance_db",
    "downlink_margin_db",
    "is_covered",
    "max_coupling_loss_db",
    "power_headroom_db",
    "terminal_power_dbm",
    "uplink_margin_db",
    "uplink_rate_bps",
    "uplink_sinr_db",
]

Array = NDArray[np.float64]

GNB_NOISE_FIGURE_DB = 5.0
"""Noise figure of a base station, as 3GPP TR 36.942 takes it for E-UTRA. [dB]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEnds:
    """Both ends of a link: powers, noise, what each direction needs.

    Parameters
    ----------
    technology : str
        ``nr``, ``lte`` or ``lora``; says how the rate follows from the SINR.
    bandwidth_hz, scs_hz : float
        Channel bandwidth and subcarrier spacing; of LoRa bandwidth and bandwidth. [Hz]
    base_power_dbm : float
        Power of the base station at the antenna port over the whole channel. [dBm]
    terminal_power_dbm : float
        Greatest power of the terminal. [dBm]
    base_noise_figure_db, terminal_noise_figure_db : float
        Noise figures. [dB]
    uplink_sinr_db, downlink_sinr_db : float
        Least SINR of each direction. [dB]
    uplink_blocks : int
        Resource blocks the terminal is given at the cell edge; 0 means the whole channel.
    p0_dbm : float
        Target level per resource block. [dBm]
    alpha : float
        Share of the path loss that is compensated.
    """

    technology: str
    bandwidth_hz: float = field(metadata={"unit": "Hz"})
    scs_hz: float = field(metadata={"unit": "Hz"})
    base_power_dbm: float = field(metadata={"unit": "dBm"})
    terminal_power_dbm: float = field(metadata={"unit": "dBm"})
    base_noise_figure_db: float = field(default=GNB_NOISE_FIGURE_DB, metadata={"unit": "dB"})
    terminal_noise_figure_db: float = field(default=7.0, metadata={"unit": "dB"})
    uplink_sinr_db: float = field(default=-5.0, metadata={"unit": "dB"})
    downlink_sinr_db: float = field(default=-6.0, metadata={"unit": "dB"})
    uplink_blocks: int = 4
    p0_dbm: float = field(default=-80.0, metadata={"unit": "dBm"})
    alpha: float = 0.8


PRESETS: dict[str, LinkEnds] = {
    "nr": LinkEnds(
        technology="nr", bandwidth_hz=100e6, scs_hz=30e3, base_power_dbm=53.0,
        terminal_power_dbm=26.0,
    ),
    "lte": LinkEnds(
        technology="lte", bandwidth_hz=20e6, scs_hz=15e3, base_power_dbm=46.0,
        terminal_power_dbm=23.0,
    ),
    "lte450": LinkEnds(
        technology="lte", bandwidth_hz=3e6, scs_hz=15e3, base_power_dbm=43.0,
        terminal_power_dbm=31.0, uplink_blocks=2,
    ),
    "lora": LinkEnds(
        technology="lora", bandwidth_hz=125e3, scs_hz=125e3, base_power_dbm=14.0,
        terminal_power_dbm=14.0, base_noise_figure_db=6.0, terminal_noise_figure_db=6.0,
        uplink_sinr_db=-20.0, downlink_sinr_db=-20.0, uplink_blocks=0, alpha=0.0,
    ),
}  # fmt: skip
"""Usual ends. Terminals: power class 2 (26 dBm, TS 38.101-1 Table 6.2.1-1), class 3 (23 dBm), in
band 72 class 1 (31 dBm, TS 36.101 Table 6.2.2-1); LoRa 14 dBm (ETSI EN 300 220-2) at SF12. Powers
of base stations, blocks at the edge, P0, alpha and least SINRs are assumed."""


def terminal_power_dbm(coupling_loss_db: ArrayLike, ends: LinkEnds) -> Array:
    """Power a terminal sends with.

    Parameters
    ----------
    coupling_loss_db : array_like
        Loss between the antenna ports, gains included. [dB]
    ends : LinkEnds
        The link.

    Returns
    -------
    ndarray
        The lesser of the greatest power and P0 + 10 log10(2^mu M) + alpha x loss; without power
        control (alpha 0 of LoRa) the greatest. [dBm]

    Raises
    ------
    ModelRangeError
        An alpha outside 0 to 1.
    ValueError
        A loss that is no number.

    Notes
    -----
    Open loop: the closed-loop and MCS corrections of the formula are zero.

    References
    ----------
    .. [1] 3GPP TS 38.213 V16.2.0, 7.1.1; TS 36.213 V16, 5.1.1.1.
    """
    return np.asarray(np.minimum(_wanted_dbm(coupling_loss_db, ends), ends.terminal_power_dbm))


def power_headroom_db(coupling_loss_db: ArrayLike, ends: LinkEnds) -> Array:
    """Power a terminal has left.

    Parameters
    ----------
    coupling_loss_db : array_like
        Loss between the antenna ports. [dB]
    ends : LinkEnds
        The link.

    Returns
    -------
    ndarray
        Greatest power less the wanted one; negative where the terminal is at its limit. [dB]

    References
    ----------
    .. [1] 3GPP TS 38.213 V16.2.0, 7.7.1.
    """
    return np.asarray(ends.terminal_power_dbm - _wanted_dbm(coupling_loss_db, ends))


def uplink_sinr_db(
    coupling_loss_db: ArrayLike, ends: LinkEnds, noise_rise_db: ArrayLike = 0.0
) -> Array:
    """SINR of the uplink in the resource blocks of the terminal.

    Parameters
    ----------
    coupling_loss_db : array_like
        Loss between the antenna ports. [dB]
    ends : LinkEnds
        The link.
    noise_rise_db : array_like
        Interference and noise over noise at the base station. [dB]

    Returns
    -------
    ndarray
        SINR. [dB]

    Raises
    ------
    ValueError
        An input that is no number.
    """
    loss_db = finite(coupling_loss_db, "coupling loss [dB]")
    floor_dbm = noise_dbm(_uplink_hz(ends), ends.base_noise_figure_db)
    rise_db = finite(noise_rise_db, "noise rise [dB]")
    return np.asarray(terminal_power_dbm(loss_db, ends) - loss_db - floor_dbm - rise_db)


def uplink_rate_bps(
    coupling_loss_db: ArrayLike,
    ends: LinkEnds,
    noise_rise_db: ArrayLike = 0.0,
    overhead: float = 0.08,
) -> Array:
    """Rate of the uplink in the resource blocks of the terminal.

    Parameters
    ----------
    coupling_loss_db : array_like
        Loss between the antenna ports. [dB]
    ends : LinkEnds
        The link, LTE or NR.
    noise_rise_db : array_like
        Interference and noise over noise. [dB]
    overhead : float
        Share of resource elements without data; 0.08 is FR1 uplink.

    Returns
    -------
    ndarray
        Rate while the blocks are the terminal's, one layer. [bit/s]

    Raises
    ------
    ModelError
        LoRa: its rate is that of its spreading factor.

    References
    ----------
    .. [1] 3GPP TS 38.306 V16, 4.1.2 (overhead).
    """
    sinr_db = uplink_sinr_db(coupling_loss_db, ends, noise_rise_db)
    if ends.technology == "nr":
        efficiency = efficiency_bps_hz(sinr_db, 2)
    elif ends.technology == "lte":
        efficiency = np.minimum(lte_efficiency_bps_hz(sinr_db), 5.55)
    else:
        raise ModelError(f"uplink rate: {ends.technology!r} has none here; choose of lte, nr")
    # 14 symbols a slot of 1 ms at 15 kHz: 14/15 of the width carries symbols
    return np.asarray(efficiency * _uplink_hz(ends) * 14.0 / 15.0 * (1.0 - overhead))


def uplink_margin_db(
    coupling_loss_db: ArrayLike, ends: LinkEnds, noise_rise_db: ArrayLike = 0.0
) -> Array:
    """Margin of the uplink at full power.

    Parameters
    ----------
    coupling_loss_db : array_like
        Loss between the antenna ports. [dB]
    ends : LinkEnds
        The link.
    noise_rise_db : array_like
        Interference and noise over noise. [dB]

    Returns
    -------
    ndarray
        SINR at greatest power less the least one. [dB]
    """
    loss_db = finite(coupling_loss_db, "coupling loss [dB]")
    floor_dbm = noise_dbm(_uplink_hz(ends), ends.base_noise_figure_db)
    sinr_db = (
        ends.terminal_power_dbm - loss_db - floor_dbm - finite(noise_rise_db, "noise rise [dB]")
    )
    return np.asarray(sinr_db - ends.uplink_sinr_db)


def downlink_margin_db(
    coupling_loss_db: ArrayLike, ends: LinkEnds, noise_rise_db: ArrayLike = 0.0
) -> Array:
    """Margin of the downlink.

    Parameters
    ----------
    coupling_loss_db : array_like
        Loss between the antenna ports. [dB]
    ends : LinkEnds
        The link.
    noise_rise_db : array_like
        Interference and noise over noise at the terminal. [dB]

    Returns
    -------
    ndarray
        SINR less the least one. [dB]
    """
    loss_db = finite(coupling_loss_db, "coupling loss [dB]")
    floor_dbm = noise_dbm(_channel_hz(ends), ends.terminal_noise_figure_db)
    sinr_db = ends.base_power_dbm - loss_db - floor_dbm - finite(noise_rise_db, "noise rise [dB]")
    return np.asarray(sinr_db - ends.downlink_sinr_db)


def balance_db(
    ends: LinkEnds, uplink_rise_db: ArrayLike = 0.0, downlink_rise_db: ArrayLike = 0.0
) -> Array:
    """Balance of the directions.

    Parameters
    ----------
    ends : LinkEnds
        The link.
    uplink_rise_db, downlink_rise_db : array_like
        Interference and noise over noise. [dB]

    Returns
    -------
    ndarray
        Margin of the uplink less that of the downlink, the same at every loss: negative where the
        uplink ends first. [dB]
    """
    up_db = uplink_margin_db(0.0, ends, uplink_rise_db)
    return np.asarray(up_db - downlink_margin_db(0.0, ends, downlink_rise_db))


def max_coupling_loss_db(
    ends: LinkEnds, uplink_rise_db: ArrayLike = 0.0, downlink_rise_db: ArrayLike = 0.0
) -> tuple[Array, Array]:
    """Greatest coupling loss each direction bears.

    Parameters
    ----------
    ends : LinkEnds
        The link.
    uplink_rise_db, downlink_rise_db : array_like
        Interference and noise over noise. [dB]

    Returns
    -------
    uplink_db, downlink_db : ndarray
        Loss between the antenna ports at which the margin is zero; a place is covered up to the
        lesser of both. [dB]

    References
    ----------
    .. [1] 3GPP TR 36.824 V11, template of link budgets: power of the transmitter less noise,
       noise figure, interference margin and required SINR.
    """
    return (
        uplink_margin_db(0.0, ends, uplink_rise_db),
        downlink_margin_db(0.0, ends, downlink_rise_db),
    )


def is_covered(
    coupling_loss_db: ArrayLike,
    ends: LinkEnds,
    uplink_rise_db: ArrayLike = 0.0,
    downlink_rise_db: ArrayLike = 0.0,
) -> NDArray[np.bool_]:
    """Say where both directions hold.

    Parameters
    ----------
    coupling_loss_db : array_like
        Loss between the antenna ports. [dB]
    ends : LinkEnds
        The link.
    uplink_rise_db, downlink_rise_db : array_like
        Interference and noise over noise. [dB]

    Returns
    -------
    ndarray of bool
        True where neither margin is negative.
    """
    up_db = uplink_margin_db(coupling_loss_db, ends, uplink_rise_db)
    down_db = downlink_margin_db(coupling_loss_db, ends, downlink_rise_db)
    return np.asarray(np.minimum(up_db, down_db) >= 0.0)


def _wanted_dbm(coupling_loss_db: ArrayLike, ends: LinkEnds) -> Array:
    loss_db = finite(coupling_loss_db, "coupling loss [dB]")
    if not 0.0 <= ends.alpha <= 1.0:
        raise ModelRangeError("TS 38.213 7.1.1", "alpha", ends.alpha, "0 to 1")
    if ends.technology == "lora":
        return np.full(loss_db.shape, ends.terminal_power_dbm)
    blocks_of_15_khz = _uplink_hz(ends) / (12.0 * 15e3)  # 2^mu M
    return np.asarray(ends.p0_dbm + 10.0 * np.log10(blocks_of_15_khz) + ends.alpha * loss_db)


def _channel_hz(ends: LinkEnds) -> float:
    if ends.technology == "lora":
        return ends.bandwidth_hz
    return 12.0 * ends.scs_hz * n_resource_blocks(ends.technology, ends.bandwidth_hz, ends.scs_hz)


def _uplink_hz(ends: LinkEnds) -> float:
    channel_hz = _channel_hz(ends)
    if ends.uplink_blocks == 0:
        return channel_hz
    wanted_hz = 12.0 * ends.scs_hz * ends.uplink_blocks
    if not 0.0 < wanted_hz <= channel_hz:
        n = round(channel_hz / (12.0 * ends.scs_hz))
        raise ModelRangeError("uplink", "resource blocks", ends.uplink_blocks, f"0 to {n}")
    return wanted_hz
