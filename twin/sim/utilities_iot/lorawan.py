"""The LoRaWAN network: one minute of frames after another, received, answered, rates adapted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.radio.lora.adr import POWERS_DBM
from twin.radio.lora.eu868 import JOIN_CHANNELS_HZ
from twin.radio.lora.link import REQUIRED_SNR_DB
from twin.sim.system import Context
from twin.sim.utilities_iot.assumptions import value
from twin.sim.utilities_iot.coverage import find_links, suburban_gain_db
from twin.sim.utilities_iot.devices import Devices
from twin.sim.utilities_iot.downlinks import Downlinks, Sending, device_sensitivity_dbm
from twin.sim.utilities_iot.masts import Masts
from twin.sim.utilities_iot.rate_control import adapt_many, back_off
from twin.sim.utilities_iot.receptions import (
    OUTCOMES,
    Outcome,
    Receptions,
    judge,
    receive,
    sensitivity_dbm,
)
from twin.sim.utilities_iot.uplinks import Frames, Senders

__all__ = ["WINDOW_S", "Lorawan"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

WINDOW_S = 60.0
_CARRIER_HZ = 868e6
_N_GATEWAYS = 6  # the strongest that are followed for each device
_FLOOR_DBM = -145.5  # 3 dB under the least sensitivity: neither received nor disturbing
_EMPTY = np.zeros(0, dtype=np.int64)


class Lorawan:
    """All LoRaWAN devices and gateways of a city.

    Parameters
    ----------
    context : Context
        Time, chance, trace.
    devices : Devices
        The devices.
    masts : Masts
        The gateways.

    Notes
    -----
    Every frame is drawn with its time, channel, factor and its powers at the strongest gateways of
    its device. Frames still on the air at the end of a window, and what overlaps them, are carried
    into the next, so that no collision depends on where windows begin. Answers are sent in the
    order of the uplinks; a gateway that sends hears nothing.
    """

    def __init__(self, context: Context, devices: Devices, masts: Masts) -> None:
        self._context, self.devices, self.masts = context, devices, masts
        self._fading = context.rng("utilities_iot/fading")
        self._answers = context.rng("utilities_iot/answers")
        extra_db = devices.entry_db - devices.gain_dbi
        extra_db = extra_db - suburban_gain_db(context.city, devices.x_m, devices.y_m, _CARRIER_HZ)
        self.links = find_links(
            devices.x_m, devices.y_m, devices.height_m, extra_db,
            masts.gateways, freq_hz=_CARRIER_HZ, n_best=_N_GATEWAYS,
            floor_db=_FLOOR_DBM - POWERS_DBM[0], rng=context.rng("utilities_iot/shadowing"),
        )  # fmt: skip
        self.senders = Senders(devices, context.rng("utilities_iot/timers"))
        self.downlinks = Downlinks(masts.n)
        n, depth = devices.n, round(value("adr_history"))
        self._snr_db = np.zeros((n, depth), dtype=np.float32)
        self._n_snr = np.zeros(n, dtype=np.int64)
        self._wants_rate = np.zeros(n, dtype=bool)
        self.n_delivered = np.zeros(n, dtype=np.int64)
        self.n_decided = np.zeros(n, dtype=np.int64)
        self.outcomes = np.zeros(len(OUTCOMES), dtype=np.int64)
        self.n_receptions = 0
        self.n_adr_steps = 0
        self.n_backed_off = 0
        self.n_answers_heard = 0
        self.n_unacknowledged = 0
        self.received_by_gateway = np.zeros(masts.n, dtype=np.int64)
        self.collided_by_gateway = np.zeros(masts.n, dtype=np.int64)
        none = np.zeros(0, dtype=np.int64)
        self._frames = Frames(
            device=none, sf=none, power=none, channel=none, tries=none, start_us=none, end_us=none
        )
        self._seen = Receptions(
            frame=none, gateway=none, power_dbm=np.zeros(0), is_refused=np.zeros(0, dtype=bool)
        )
        self._is_decided = np.zeros(0, dtype=bool)
        if n:
            self._settle()

    def _settle(self) -> None:
        """Give every device the rate of a network long at work, with the history behind it."""
        snr_at_0_dbm = self._snr_of(self.links.gain_db[:, 0]) if self.masts.n else None
        if snr_at_0_dbm is None:
            return
        depth = self._snr_db.shape[1]
        fades = value("fading_sigma_db") * self._fading.standard_normal((self.devices.n, depth))
        powers = np.array(POWERS_DBM, dtype=np.float64)
        senders, is_linked = self.senders, self.links.n > 0
        best_db = snr_at_0_dbm + fades.max(axis=1)
        for _ in range(8):
            level_db = best_db + powers[senders.power]
            sf, power = adapt_many(level_db, senders.sf, senders.power)
            senders.sf = np.where(is_linked, sf, 12)
            senders.power = np.where(is_linked, power, 0)
        self._snr_db[:] = (snr_at_0_dbm + powers[senders.power])[:, None] + fades
        self._n_snr[:] = np.where(is_linked, self._fading.integers(0, depth, self.devices.n), 0)

    @staticmethod
    def _snr_of(power_dbm: Floats) -> Floats:
        """Return the SNR a gateway reports: its limits and sensitivities share one noise."""
        floor_dbm = float(sensitivity_dbm(np.array([12]))[0]) - REQUIRED_SNR_DB[-1]
        return np.asarray(power_dbm - floor_dbm)

    @property
    def n_in_flight(self) -> int:
        """Frames on the air whose fate is open."""
        return int((~self._is_decided).sum())

    def change_interval(self, rows: Ints, seconds: float | Floats) -> None:
        """Give devices another interval between messages. [s]."""
        self.senders.set_interval(rows, seconds, self._context.kernel.now_s)

    def run(self, from_s: float, to_s: float) -> None:
        """Let one window of time happen."""
        if not self.devices.n:
            return
        fresh = self.senders.draw(from_s, to_s)
        seen = receive(fresh, self.links, self._fading)
        self._seen = self._seen.join(seen, self._frames.n)
        self._frames = self._frames.join(fresh)
        self._is_decided = np.concatenate([self._is_decided, np.zeros(fresh.n, dtype=bool)])
        frames, seen = self._frames, self._seen
        if frames.n:
            verdict = judge(frames, seen, self.masts)
            is_due = ~self._is_decided & (frames.end_us <= 1e6 * to_s)
            answered = self._answer(frames, seen, verdict, is_due)
            self._settle_frames(frames, seen, verdict, is_due, answered, to_s)
            self._is_decided |= is_due
        self._carry(to_s)

    def _answer(self, frames: Frames, seen: Receptions, verdict: Ints, is_due: Flags) -> Ints:
        """Send what gateways have to say, in order; returns the frames whose device heard it.

        Each transmission marks what its gateway misses in `verdict`.
        """
        first_of = np.searchsorted(seen.frame, np.arange(frames.n + 1))
        start_s, end_s = frames.start_us / 1e6, frames.end_us / 1e6
        seen_start_s, seen_end_s = start_s[seen.frame], end_s[seen.frame]

        def deafen(sending: Sending) -> None:
            missed = (
                (seen.gateway == sending.gateway)
                & (seen_start_s < sending.end_s)
                & (seen_end_s > sending.start_s)
                & (verdict > Outcome.SENDING)
            )
            verdict[missed] = Outcome.SENDING

        for sending in self.downlinks.kept:
            deafen(sending)
        limit = round(value("adr_ack_limit"))
        device = frames.device
        wants = (
            self.devices.is_confirmed[device]
            | self._wants_rate[device]
            | (self.senders.unanswered[device] >= limit)
        )
        waiting = np.flatnonzero(is_due & wants)
        heard = []
        for row in waiting[np.argsort(frames.end_us[waiting], kind="stable")].tolist():
            links = np.arange(first_of[row], first_of[row + 1])
            links = links[verdict[links] == Outcome.DELIVERED]
            if not links.size:
                continue
            links = links[np.argsort(-seen.power_dbm[links], kind="stable")]
            sent_dbm = POWERS_DBM[int(frames.power[row])]
            band = int(frames.channel[row] >= len(JOIN_CHANNELS_HZ))
            answer = self.downlinks.answer(
                float(end_s[row]), int(frames.sf[row]), band, seen.gateway[links],
                seen.power_dbm[links] - sent_dbm,
            )  # fmt: skip
            if answer is None:
                continue
            deafen(answer)
            if self._is_heard(int(frames.device[row]), answer):
                heard.append(row)
        return np.array(heard, dtype=np.int64)

    def _is_heard(self, device: int, sending: Sending) -> bool:
        """Draw whether a device hears an answer; its fading is another than that of the uplink."""
        rank = int((self.links.mast[device] == sending.gateway).argmax())
        fade_db = value("fading_sigma_db") * float(self._answers.standard_normal())
        level_dbm = sending.eirp_dbm + float(self.links.gain_db[device, rank]) + fade_db
        return level_dbm >= device_sensitivity_dbm(sending.sf)

    def _settle_frames(
        self,
        frames: Frames,
        seen: Receptions,
        verdict: Ints,
        is_due: Flags,
        answered: Ints,
        now_s: float,
    ) -> None:
        """Book the fate of frames, adapt rates, and let unanswered devices try again."""
        outcome = np.zeros(frames.n, dtype=np.int64)
        np.maximum.at(outcome, seen.frame, verdict)
        self.outcomes += np.bincount(outcome[is_due], minlength=len(OUTCOMES))
        is_in = is_due & (outcome == Outcome.DELIVERED)
        np.add.at(self.n_decided, frames.device[is_due], 1)
        np.add.at(self.n_delivered, frames.device[is_in], 1)
        of_due = is_due[seen.frame]
        got = of_due & (verdict == Outcome.DELIVERED)
        lost = of_due & (verdict == Outcome.COLLIDED)
        self.n_receptions += int(got.sum())
        n = self.masts.n
        self.received_by_gateway += np.bincount(seen.gateway[got], minlength=n)
        self.collided_by_gateway += np.bincount(seen.gateway[lost], minlength=n)
        self._remember(frames, seen, got, is_in)
        self._hear_answers(frames, answered)
        self._back_off(frames.device[is_due])
        self._repeat(frames, is_due, answered, now_s)

    def _remember(self, frames: Frames, seen: Receptions, got: Flags, is_in: Flags) -> None:
        """Keep the best SNR of each frame, and see which devices should change their rate."""
        best_dbm = np.full(frames.n, -np.inf)
        np.maximum.at(best_dbm, seen.frame[got], seen.power_dbm[got])
        rows = np.flatnonzero(is_in)
        device, depth = frames.device[rows], self._snr_db.shape[1]
        # a device whose rate has changed since does not count the old one
        is_current = (frames.sf[rows] == self.senders.sf[device]) & (
            frames.power[rows] == self.senders.power[device]
        )
        rows, device = rows[is_current], device[is_current]
        self._snr_db[device, self._n_snr[device] % depth] = self._snr_of(best_dbm[rows])
        self._n_snr[device] += 1
        device = np.unique(device[self._n_snr[device] >= depth])
        sf, power = self._next_rate(device)
        self._wants_rate[device] = (sf != self.senders.sf[device]) | (
            power != self.senders.power[device]
        )

    def _next_rate(self, device: Ints) -> tuple[Ints, Ints]:
        best_db = self._snr_db[device].max(axis=1).astype(np.float64)
        return adapt_many(best_db, self.senders.sf[device], self.senders.power[device])

    def _hear_answers(self, frames: Frames, answered: Ints) -> None:
        device = np.unique(frames.device[answered])
        self.n_answers_heard += answered.size
        self.senders.unanswered[device] = 0
        changing = device[self._wants_rate[device]]
        sf, power = self._next_rate(changing)
        self.n_adr_steps += changing.size
        self._set_rate(changing, sf, power)

    def _back_off(self, device: Ints) -> None:
        """Let devices that were never answered become louder, then slower."""
        limit, delay = round(value("adr_ack_limit")), round(value("adr_ack_delay"))
        over = self.senders.unanswered[device] - limit
        device = np.unique(device[(over > 0) & (over % delay == 0)])
        sf, power = back_off(self.senders.sf[device], self.senders.power[device])
        changed = (sf != self.senders.sf[device]) | (power != self.senders.power[device])
        self.n_backed_off += int(changed.sum())
        self._set_rate(device[changed], sf[changed], power[changed])

    def _set_rate(self, device: Ints, sf: Ints, power: Ints) -> None:
        self.senders.sf[device], self.senders.power[device] = sf, power
        self._n_snr[device] = 0
        self._wants_rate[device] = False

    def _repeat(self, frames: Frames, is_due: Flags, answered: Ints, now_s: float) -> None:
        """Send confirmed messages again that nobody acknowledged."""
        is_open = is_due & self.devices.is_confirmed[frames.device]
        is_open[answered] = False
        is_last = is_open & (frames.tries + 1 >= round(value("confirmed_tries")))
        self.n_unacknowledged += int(is_last.sum())
        rows = np.flatnonzero(is_open & ~is_last)
        # RX2 and a random ACK_TIMEOUT of 1 to 3 s (LoRaWAN 1.0.4, 4.3.1.1)
        wait_s = value("rx1_delay_s") + 1.0 + self._answers.uniform(1.0, 3.0, rows.size)
        at_s = np.maximum(frames.end_us[rows] / 1e6 + wait_s, now_s)
        self.senders.send_later(frames.device[rows], at_s, frames.tries[rows] + 1)

    def _carry(self, now_s: float) -> None:
        """Keep the frames still on the air and what overlaps them."""
        frames = self._frames
        open_us = frames.start_us[~self._is_decided]
        horizon_us = min(int(open_us.min()) if open_us.size else 1 << 62, round(now_s * 1e6))
        kept = frames.end_us > horizon_us
        self._seen = self._seen.keep(kept)
        self._frames = frames.take(kept)
        self._is_decided = self._is_decided[kept]
        self.downlinks.forget(horizon_us / 1e6)
