"""What gateways send: answers to devices and multicast, within their own duty cycle."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.model.regulatory.srd868 import OBSERVATION_S
from twin.radio.lora.airtime import time_on_air_s
from twin.radio.lora.eu868 import JOIN_CHANNELS_HZ, RX2_HZ, frame_s, sub_band
from twin.radio.lora.link import DEVICE_SENSITIVITY_DBM
from twin.sim.utilities_iot.assumptions import value

__all__ = ["RX2_BAND", "Downlinks", "Sending", "device_sensitivity_dbm"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

RX2_BAND = 2
MOST_ERP_DBM = 27.0
"""No sub-band allows more (BNetzA Vfg 30/2006). [dBm]"""
_DIPOLE_DB = 2.15  # of ERP to EIRP
_RX2_SF = 12  # RP002-1.0.3, 2.4.7: data rate 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One transmission of a gateway: meanwhile it hears nothing.

    Parameters
    ----------
    gateway : int
        Row of the gateway.
    sf : int
        Spreading factor.
    eirp_dbm : float
        Radiated power. [dBm]
    start_s, end_s : float
        Time on air. [s]
    """

    gateway: int
    sf: int
    eirp_dbm: float = field(metadata={"unit": "dBm"})
    start_s: float = field(metadata={"unit": "s"})
    end_s: float = field(metadata={"unit": "s"})


def device_sensitivity_dbm(sf: int) -> float:
    """Return the power a device needs in a city. [dBm]."""
    return DEVICE_SENSITIVITY_DBM[sf - 7] + value("noise_rise_db")


class Downlinks:
    """The senders of all gateways and what their duty cycles leave.

    Parameters
    ----------
    n_gateways : int
        Gateways.

    Attributes
    ----------
    may_send : ndarray of bool
        Whether each gateway may send in each sub-band; all may unless told otherwise.
    erp_dbm, excess_db : ndarray
        Power each gateway is limited to [dBm], and what its antenna gives beyond what it takes off
        for it [dB].
    """

    def __init__(self, n_gateways: int) -> None:
        join, rx2 = sub_band(JOIN_CHANNELS_HZ[0]), sub_band(RX2_HZ)
        self._duty = (join.duty_cycle or 0.0, value("band_865_duty"), rx2.duty_cycle or 0.0)
        self._eirp_dbm = (
            join.erp_dbm + _DIPOLE_DB,
            join.erp_dbm + _DIPOLE_DB,
            rx2.erp_dbm + _DIPOLE_DB,
        )
        self.may_send = np.ones((n_gateways, 3), dtype=bool)
        self.erp_dbm = np.full(n_gateways, MOST_ERP_DBM)
        self.excess_db = np.zeros(n_gateways)
        self._free_s = np.full((n_gateways, 3), -np.inf)
        self._spent_s = np.zeros((n_gateways, 3))
        self._hour = np.zeros((n_gateways, 3), dtype=np.int64)
        self._busy_s = np.full(n_gateways, -np.inf)
        size = round(value("downlink_bytes"))
        self._answer_s = {
            sf: float(frame_s(size, 12 - sf, is_downlink=True)) for sf in range(7, 13)
        }
        self.kept: list[Sending] = []
        self.air_s = np.zeros(n_gateways)
        self.n_sent = 0
        self.n_blocked = 0
        self.n_violations = 0

    def answer(
        self, end_s: float, sf: int, band: int, gateways: Ints, gain_db: Floats
    ) -> Sending | None:
        """Send an answer to an uplink in the first or the second receive window.

        Parameters
        ----------
        end_s : float
            End of the uplink. [s]
        sf, band : int
            Its spreading factor and sub-band.
        gateways : ndarray
            Who received it, best first.
        gain_db : ndarray
            Gain of these links as measured by the uplink. [dB]

        Returns
        -------
        Sending or None
            What is sent: in the first window if the device should hear it there; None if no
            gateway may.
        """
        for gateway, gain in zip(gateways.tolist(), gain_db.tolist(), strict=True):
            first_s = end_s + value("rx1_delay_s")
            level_dbm = self.eirp_dbm(gateway, band) + gain
            if level_dbm >= device_sensitivity_dbm(sf):
                sending = self.try_to_send(gateway, band, first_s, sf, self._answer_s[sf])
                if sending:
                    return sending
            sending = self.try_to_send(
                gateway, RX2_BAND, first_s + 1.0, _RX2_SF, self._answer_s[_RX2_SF]
            )
            if sending:
                return sending
        self.n_blocked += 1
        return None

    def eirp_dbm(self, gateway: int, band: int) -> float:
        """Return the power a gateway radiates in a sub-band. [dBm]."""
        asked_dbm = float(self.erp_dbm[gateway]) + _DIPOLE_DB
        return min(self._eirp_dbm[band], asked_dbm) + float(self.excess_db[gateway])

    def multicast_s(self, sf: int) -> float:
        """Return the time on air of a group command [s]: no CRC, as any downlink."""
        size = round(value("multicast_bytes"))
        return float(time_on_air_s(size, sf, has_crc=False))

    def free_at_s(self, gateway: int, band: int, air_s: float) -> float:
        """Return from when on a gateway may send, never if it may not at all. [s]."""
        if not self.may_send[gateway, band]:
            return np.inf
        free_s = max(float(self._free_s[gateway, band]), float(self._busy_s[gateway]))
        hour = int(self._hour[gateway, band])
        if self._spent_s[gateway, band] + air_s > self._duty[band] * OBSERVATION_S:
            free_s = max(free_s, (hour + 1) * OBSERVATION_S)
        return free_s

    def try_to_send(
        self, gateway: int, band: int, start_s: float, sf: int, air_s: float
    ) -> Sending | None:
        """Send if the gateway is idle and its duty cycle allows."""
        hour = int(start_s // OBSERVATION_S)
        if hour > self._hour[gateway, band]:
            self._hour[gateway, band] = hour
            self._spent_s[gateway, band] = 0.0
        if start_s < self.free_at_s(gateway, band, air_s):
            return None
        self._busy_s[gateway] = start_s + air_s
        self._free_s[gateway, band] = start_s + air_s / self._duty[band]
        self._spent_s[gateway, band] += air_s
        self.n_violations += int(
            self._spent_s[gateway, band] > self._duty[band] * OBSERVATION_S + 1e-9
        )
        self.air_s[gateway] += air_s
        self.n_sent += 1
        sending = Sending(
            gateway=gateway, sf=sf, eirp_dbm=self.eirp_dbm(gateway, band), start_s=start_s,
            end_s=start_s + air_s,
        )  # fmt: skip
        self.kept.append(sending)
        return sending

    def forget(self, before_s: float) -> None:
        """Forget what ended before a simulated second."""
        self.kept = [sending for sending in self.kept if sending.end_s > before_s]
