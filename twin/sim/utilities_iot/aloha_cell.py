"""One LoRa cell frame by frame: devices that send whenever they like, with and without capture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twin.radio.lora.airtime import symbol_s, time_on_air_s
from twin.radio.lora.aloha import LORASIM_EXPONENT
from twin.sim.streams import stream
from twin.sim.utilities_iot.assumptions import value
from twin.sim.utilities_iot.overlaps import interference_mw, overlapping_pairs

__all__ = ["CellOutcome", "Convention", "simulate_cell"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Convention = Literal["physical", "lorasim"]

_BLOCK = 2_000_000
_EXPONENT = 3.5
_FRAMES = 200_000
_LONGEST_S = 1e7


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOutcome:
    """What became of the frames of one cell.

    Parameters
    ----------
    sent, delivered, collided : int
        Frames; the first is the sum of the others.
    air_s : float
        Time on air of one frame. [s]
    load_erlang : float
        G = nodes x air / (gap x channels): frames per time on air and channel.
    """

    sent: int
    delivered: int
    collided: int
    air_s: float = field(metadata={"unit": "s"})
    load_erlang: float

    @property
    def delivery_ratio(self) -> float:
        """Delivered over sent."""
        return self.delivered / self.sent

    @property
    def aloha(self) -> float:
        """Delivery of pure ALOHA at this load: exp(-2 G)."""
        return math.exp(-2.0 * self.load_erlang)


def simulate_cell(
    n_nodes: int,
    *,
    sf: int = 12,
    coding_rate: int = 4,
    payload_bytes: int = 20,
    mean_gap_s: float = 1000.0,
    n_channels: int = 1,
    capture_db: float | None = 6.0,
    convention: Convention = "physical",
    duration_s: float | None = None,
    seed: int = 1,
) -> CellOutcome:
    """Simulate one gateway and devices spread evenly over a disc around it, at 125 kHz.

    Parameters
    ----------
    n_nodes : int
        Devices, all within reach.
    sf : int
        Spreading factor of all, 7 to 12.
    coding_rate : int
        1 to 4 for 4/5 to 4/8.
    payload_bytes : int
        PHY payload. [byte]
    mean_gap_s : float
        Mean of the exponential pause between two frames of a device. [s]
    n_channels : int
        Channels; each frame takes one by chance (``lorasim``: each device, once).
    capture_db : float or None
        A frame survives what is so much weaker; None: whatever overlaps is lost. [dB]
    convention : {"physical", "lorasim"}
        Rule of capture. ``physical``: against the sum of all that overlap, whoever came first,
        loss exponent 3.5. ``lorasim``: as LoRaSim counts, see *Notes*.
    duration_s : float or None
        Simulated time, up to 1e7; None: long enough for 200,000 frames. [s]
    seed : int
        Seed.

    Returns
    -------
    CellOutcome
        Counts.

    Raises
    ------
    ModelRangeError
        A factor, rate or payload no transceiver has.
    ValueError
        Another number out of range, or no frame was sent.

    Notes
    -----
    LoRaSim's capture has two peculiarities, which its published curves contain: an arriving frame
    is never marked as lost to those already on the air, because its mark is overwritten, so only
    later frames destroy earlier ones; and its path loss has a natural logarithm, so powers spread
    as with exponent 2.08 ln 10. Both conventions spare a frame what ends within its first three
    symbols, and without capture both are pure ALOHA.

    References
    ----------
    .. [1] M. Bor, U. Roedig, T. Voigt, J. Alonso, "Do LoRa low-power wide-area networks scale?",
       MSWiM 2016; loraDir.py of LoRaSim.
    """
    _check(n_nodes, n_channels, mean_gap_s, duration_s, capture_db, convention)
    span_s = min(_FRAMES * mean_gap_s / n_nodes, _LONGEST_S) if duration_s is None else duration_s
    air_s = float(time_on_air_s(payload_bytes, sf, coding_rate=coding_rate))
    rng = stream(seed, "utilities_iot/cell")
    node, start_us = _draw_frames(n_nodes, mean_gap_s, air_s, span_s, rng)
    if node.size == 0:
        raise ValueError(f"duration_s is {span_s:g}, so short that no frame was sent")
    if convention == "lorasim":
        channel = rng.integers(n_channels, size=n_nodes)[node]
        exponent = LORASIM_EXPONENT
    else:
        channel = rng.integers(n_channels, size=node.size)
        exponent = _EXPONENT
    # the share u of the disc nearer than a device is uniform; r ~ sqrt(u)
    level_db = -5.0 * exponent * np.log10(1.0 - rng.random(n_nodes))[node]
    order = np.lexsort((start_us, channel))
    channel, start_us, level_db = channel[order], start_us[order], level_db[order]
    end_us = start_us + round(air_s * 1e6)
    spare_us = round(value("spare_preamble_symbols") * float(symbol_s(sf)) * 1e6)
    if capture_db is None:
        is_lost = _any_overlap(channel, start_us, end_us)
    elif convention == "lorasim":
        is_lost = _lorasim(channel, start_us, end_us, level_db, capture_db, spare_us)
    else:
        is_lost = _summed(channel, start_us, end_us, level_db, capture_db, spare_us)
    lost = int(is_lost.sum())
    return CellOutcome(
        sent=node.size,
        delivered=node.size - lost,
        collided=lost,
        air_s=air_s,
        load_erlang=n_nodes * air_s / (mean_gap_s * n_channels),
    )


def _check(
    n_nodes: int,
    n_channels: int,
    mean_gap_s: float,
    duration_s: float | None,
    capture_db: float | None,
    convention: str,
) -> None:
    if n_nodes < 1 or n_channels < 1:
        raise ValueError(f"n_nodes is {n_nodes}, n_channels is {n_channels}, must be 1 or more")
    if not 0.0 < mean_gap_s < math.inf:
        raise ValueError(f"mean_gap_s is {mean_gap_s}, must be over 0 and finite")
    if duration_s is not None and not 0.0 < duration_s <= _LONGEST_S:
        raise ValueError(f"duration_s is {duration_s}, must be over 0 and up to {_LONGEST_S:g}")
    if capture_db is not None and not 0.0 <= capture_db <= 200.0:
        raise ValueError(f"capture_db is {capture_db}, must be 0 to 200, or None")
    if convention not in ("physical", "lorasim"):
        raise ValueError(f"convention: {convention!r} is neither physical nor lorasim")


def _draw_frames(
    n_nodes: int, gap_s: float, air_s: float, duration_s: float, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Draw who sends when [us]: pauses are exponential and a device never overlaps itself."""
    cycles = duration_s / (gap_s + air_s)
    width = int(cycles + 8.0 * math.sqrt(cycles) + 10.0)
    per_block = max(_BLOCK // width, 1)
    nodes, starts = [], []
    for low in range(0, n_nodes, per_block):
        rows = min(per_block, n_nodes - low)
        pauses_s = rng.exponential(gap_s, (rows, width))
        pauses_s[:, 1:] += air_s
        start_s = np.cumsum(pauses_s, axis=1)
        row, column = np.nonzero(start_s < duration_s)
        nodes.append(row.astype(np.int64) + low)
        starts.append((start_s[row, column] * 1e6).astype(np.int64))
    return np.concatenate(nodes), np.concatenate(starts)


def _any_overlap(channel: Ints, start_us: Ints, end_us: Ints) -> NDArray[np.bool_]:
    """Lose both frames of each pair; of equal lengths, neighbours in time overlap first."""
    is_hit = (channel[1:] == channel[:-1]) & (start_us[1:] < end_us[:-1])
    is_lost = np.zeros(channel.size, dtype=bool)
    is_lost[1:] = is_hit
    is_lost[:-1] |= is_hit
    return is_lost


def _lorasim(
    channel: Ints,
    start_us: Ints,
    end_us: Ints,
    level_db: Floats,
    capture_db: float,
    spare_us: int,
) -> NDArray[np.bool_]:
    is_lost = np.zeros(channel.size, dtype=bool)
    for first, second in overlapping_pairs(channel, start_us, end_us):
        is_timed = start_us[second] + spare_us < end_us[first]
        is_weak = level_db[first] - level_db[second] < capture_db
        is_lost[first[is_timed & is_weak]] = True
    return is_lost


def _summed(
    channel: Ints,
    start_us: Ints,
    end_us: Ints,
    level_db: Floats,
    capture_db: float,
    spare_us: int,
) -> NDArray[np.bool_]:
    # near devices would dwarf the sums: 80 dB over the cell edge saturates any receiver
    power = 10.0 ** (np.minimum(level_db, 80.0) / 10.0)
    total = interference_mw(
        channel, start_us, end_us, np.zeros_like(channel), power,
        spare_us=np.full_like(channel, spare_us),
    )[:, 0]  # fmt: skip
    return np.asarray(total * 10.0 ** (capture_db / 10.0) > power)
