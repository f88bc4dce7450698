"""What gateways receive of the frames on the air: noise, demodulators, interference, diversity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.radio.lora.adr import POWERS_DBM
from twin.radio.lora.airtime import symbol_s
from twin.radio.lora.link import GATEWAY_SENSITIVITY_DBM, REJECTION_DB
from twin.sim.utilities_iot.assumptions import value
from twin.sim.utilities_iot.coverage import Links
from twin.sim.utilities_iot.demodulators import find_paths
from twin.sim.utilities_iot.masts import Masts
from twin.sim.utilities_iot.overlaps import interference_mw
from twin.sim.utilities_iot.uplinks import Frames

__all__ = ["OUTCOMES", "Outcome", "Receptions", "judge", "receive", "sensitivity_dbm"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

OUTCOMES = (
    "below_sensitivity",
    "gateway_off",
    "gateway_sending",
    "no_demodulator",
    "collided",
    "delivered",
)
"""What can become of a frame; the best of what its gateways say counts."""


class Outcome:
    """Index into `OUTCOMES`."""

    WEAK, OFF, SENDING, NO_PATH, COLLIDED, DELIVERED = range(6)


@dataclass(slots=True, kw_only=True, eq=False)
class Receptions:
    """Frames as gateways see them, in the order of the frames.

    Parameters
    ----------
    frame : ndarray of shape (M,)
        Row of the frame.
    gateway : ndarray of shape (M,)
        Row of the gateway.
    power_dbm : ndarray of shape (M,)
        At the antenna port. [dBm]
    is_refused : ndarray of bool
        No demodulator was free.
    """

    frame: Ints
    gateway: Ints
    power_dbm: Floats
    is_refused: Flags

    def keep(self, frames: Flags) -> Receptions:
        """Return those of some frames, counted anew."""
        rows = frames[self.frame]
        renumbered = np.cumsum(frames) - 1
        return Receptions(
            frame=renumbered[self.frame[rows]],
            gateway=self.gateway[rows],
            power_dbm=self.power_dbm[rows],
            is_refused=self.is_refused[rows],
        )

    def join(self, other: Receptions, n_frames: int) -> Receptions:
        """Return these and others, whose frames come after the `n_frames` of these."""
        return Receptions(
            frame=np.concatenate([self.frame, other.frame + n_frames]),
            gateway=np.concatenate([self.gateway, other.gateway]),
            power_dbm=np.concatenate([self.power_dbm, other.power_dbm]),
            is_refused=np.concatenate([self.is_refused, other.is_refused]),
        )


def sensitivity_dbm(sf: Ints) -> Floats:
    """Return the power a gateway needs in a city without further interference. [dBm]."""
    return np.array(GATEWAY_SENSITIVITY_DBM)[sf - 7] + value("noise_rise_db")


def receive(frames: Frames, links: Links, rng: np.random.Generator) -> Receptions:
    """Draw the powers with which gateways receive frames."""
    counts = links.n[frames.device]
    frame = np.repeat(np.arange(frames.n), counts)
    rank = np.arange(frame.size) - np.repeat(np.cumsum(counts) - counts, counts)
    device = frames.device[frame]
    sent_dbm = np.array(POWERS_DBM, dtype=np.float64)[frames.power[frame]]
    fading_db = value("fading_sigma_db") * rng.standard_normal(frame.size)
    return Receptions(
        frame=frame,
        gateway=links.mast[device, rank],
        power_dbm=sent_dbm + links.gain_db[device, rank] + fading_db,
        is_refused=np.zeros(frame.size, dtype=bool),
    )


def judge(frames: Frames, seen: Receptions, masts: Masts) -> Ints:
    """Say what each gateway makes of each frame; marks those without a demodulator in `seen`.

    Parameters
    ----------
    frames : Frames
        All that overlap the frames in question.
    seen : Receptions
        Of these frames.
    masts : Masts
        The gateways.

    Returns
    -------
    ndarray of shape (M,)
        An `Outcome` for each reception, as if the gateway did not send itself.
    """
    if not seen.frame.size:
        return np.zeros(0, dtype=np.int64)
    base_us = int(frames.start_us.min())
    start_us = frames.start_us[seen.frame] - base_us
    end_us = frames.end_us[seen.frame] - base_us
    sf, at = frames.sf[seen.frame], seen.gateway
    is_strong = seen.power_dbm >= sensitivity_dbm(sf) + masts.rise_db[at]
    is_on = (frames.start_us[seen.frame] >= 1e6 * masts.up_from_s[at]) & (
        frames.end_us[seen.frame] <= 1e6 * masts.down_from_s[at]
    )
    heard = np.flatnonzero(is_strong & is_on)
    has_path = find_paths(
        at[heard], start_us[heard], end_us[heard], seen.is_refused[heard],
        round(value("demodulators")),
    )  # fmt: skip
    seen.is_refused[heard[~has_path]] = True
    spare = value("spare_preamble_symbols") * symbol_s(np.arange(7, 13)) * 1e6
    power_mw = 10.0 ** (seen.power_dbm / 10.0)
    others_mw = interference_mw(
        at * round(value("channels")) + frames.channel[seen.frame], start_us, end_us, sf - 7,
        power_mw, spare_us=np.rint(spare).astype(np.int64)[sf - 7],
    )  # fmt: skip
    needed = 10.0 ** (np.array(REJECTION_DB) / 10.0)[sf - 7]
    survives = (others_mw * needed <= power_mw[:, None]).all(axis=1)
    outcome = np.where(survives, Outcome.DELIVERED, Outcome.COLLIDED)
    outcome[seen.is_refused] = Outcome.NO_PATH
    outcome[~is_on] = Outcome.OFF
    outcome[~is_strong] = Outcome.WEAK
    return outcome
