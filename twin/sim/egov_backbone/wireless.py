"""Fixed wireless broadband: link budgets, rain, adaptive rates, homes served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.city import WirelessCustomer
from twin.model.errors import ModelError
from twin.radio.itu.p525 import free_space_db
from twin.radio.itu.p530 import rain_attenuation_db
from twin.radio.itu.p676 import path_attenuation_db
from twin.radio.link.noise import noise_dbm
from twin.sim.egov_backbone.assumptions import WIRELESS_BANDS, WIRELESS_STEPS, value
from twin.sim.egov_backbone.hub_sharing import slowdown

__all__ = ["STEPS", "Band", "Wireless", "band_of"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Band:
    """Equipment of a band: radiated power, the home's antenna, channel."""

    to_hz: float
    eirp_dbm: float
    gain_dbi: float
    bandwidth_hz: float


_TO_HZ = dict(zip(WIRELESS_BANDS, (10e9, 45e9, 71e9, 100e9), strict=True))

BANDS = tuple(
    Band(
        _TO_HZ[band],
        value(f"wireless_{band}_eirp_dbm"),
        value(f"wireless_{band}_gain_dbi"),
        value(f"wireless_{band}_bandwidth_hz"),
    )
    for band in WIRELESS_BANDS
)
"""Equipment by the highest carrier it is used for."""

STEPS: tuple[tuple[float, float], ...] = tuple(
    (value(f"wireless_{step}_snr_db"), value(f"wireless_{step}_bps_hz")) for step in WIRELESS_STEPS
)
"""Needed SNR [dB] and net spectral efficiency [bit/s/Hz] of each modulation."""

_NEEDED_DB = np.array([needed for needed, _ in STEPS])
_EFFICIENCY = np.array([0.0, *(efficiency for _, efficiency in STEPS)])


def band_of(carrier_hz: float) -> Band:
    """Find the equipment of a carrier. [Hz].

    Raises
    ------
    ModelError
        No equipment is known for the carrier.
    """
    for band in BANDS:
        if 1e9 <= carrier_hz < band.to_hz:
            return band
    raise ModelError(f"no fixed wireless equipment is known for {carrier_hz / 1e9:g} GHz")


class Wireless:
    """Homes that are served by radio from hubs.

    Parameters
    ----------
    customers : sequence of WirelessCustomer
        Homes.
    hubs : mapping
        Position of each hub by its id, (x, y). [m]

    Raises
    ------
    ModelError
        A hub without a position, or a carrier no equipment is known for.
    """

    def __init__(
        self, customers: Sequence[WirelessCustomer], hubs: Mapping[str, tuple[float, float]]
    ) -> None:
        for customer in customers:
            if customer.hub not in hubs:
                raise ModelError(f"{customer.id}: its hub {customer.hub!r} is no site of the city")
        self.hub_ids = tuple(dict.fromkeys(customer.hub for customer in customers))
        index = {name: i for i, name in enumerate(self.hub_ids)}
        self.hub_of = np.array([index[customer.hub] for customer in customers], dtype=np.int64)
        self.hub_x_m = np.array([hubs[name][0] for name in self.hub_ids])
        self.hub_y_m = np.array([hubs[name][1] for name in self.hub_ids])
        self.homes = np.array([customer.homes for customer in customers], dtype=np.float64)
        x, y = (np.array([getattr(c, axis) for c in customers]) for axis in ("x_m", "y_m"))
        away_m = np.hypot(x - self.hub_x_m[self.hub_of], y - self.hub_y_m[self.hub_of])
        self._distance_m = np.maximum(away_m, 1.0)
        self._carrier_hz = np.array([customer.carrier_hz for customer in customers])
        bands = [band_of(customer.carrier_hz) for customer in customers]
        self._bandwidth_hz = np.array([band.bandwidth_hz for band in bands])
        self.hub_up = np.ones(len(self.hub_ids), dtype=bool)
        self.hub_powered = np.ones(len(self.hub_ids), dtype=bool)
        self.snr_dry_db = self._budget(bands) if customers else np.zeros(0)
        self.rate_bps = np.zeros(len(customers))
        self.update(np.zeros(len(self.hub_ids)))

    def _budget(self, bands: Sequence[Band]) -> _Floats:
        """Signal to noise in clear air. [dB]."""
        eirp_dbm = np.array([band.eirp_dbm for band in bands])
        gain_dbi = np.array([band.gain_dbi for band in bands])
        loss_db = free_space_db(self._carrier_hz, self._distance_m)
        loss_db = loss_db + path_attenuation_db(self._carrier_hz, self._distance_m)
        floor_dbm = np.array(
            [noise_dbm(band.bandwidth_hz, value("wireless_noise_figure_db")) for band in bands]
        )
        margin_db = value("wireless_margin_db")
        return np.asarray(eirp_dbm - loss_db + gain_dbi - floor_dbm - margin_db)

    def rain_db(self, hub_rate_mm_h: _Floats) -> _Floats:
        """Attenuation of each link in the rain at its hub.

        Parameters
        ----------
        hub_rate_mm_h : ndarray of shape (n_hubs,)
            Rain rate. [mm/h]

        Returns
        -------
        ndarray of shape (n_customers,)
            Attenuation, vertical polarisation. [dB]

        References
        ----------
        .. [1] ITU-R P.838-3 (2005), eq. (1), over the effective path of ITU-R P.530-18 (2021),
           eq. (32) and (33), with the momentary rate in the place of R0.01: so the attenuation
           exceeded in 0.01 % of the year is that of P.530.
        """
        rate = hub_rate_mm_h[self.hub_of]
        loss_db = np.zeros(rate.size)
        wet = rate > 0.0
        if wet.any():
            loss_db[wet] = rain_attenuation_db(
                self._carrier_hz[wet], self._distance_m[wet], rate[wet], 0.01
            )
        return loss_db

    def update(self, hub_rate_mm_h: _Floats) -> None:
        """Choose the modulation of each link for the rain at its hub. [mm/h]."""
        if not self.homes.size:
            return
        snr_db = self.snr_dry_db - self.rain_db(hub_rate_mm_h)
        step = np.searchsorted(_NEEDED_DB, snr_db, side="right")
        self.rate_bps = self._bandwidth_hz * _EFFICIENCY[step] * self.hub_up[self.hub_of]

    def home_rates_bps(self, home_bps: float) -> _Floats:
        """Rate a home sees while it loads something, with all homes of its hub at their demand.

        Parameters
        ----------
        home_bps : float
            Mean demand of one home. [bit/s]

        Returns
        -------
        ndarray of shape (n_customers,)
            At most the rate it has bought; 0 where the hub has no time left. [bit/s]
        """
        own_bps = np.minimum(self.rate_bps, value("home_sold_bps"))
        lines = np.maximum(self.rate_bps // np.maximum(own_bps, 1.0), 1.0).astype(np.int64)
        return np.asarray(own_bps / slowdown(lines, self.airtime(home_bps)[self.hub_of]))

    def served(self, home_bps: float) -> _Bools:
        """Say which customers get the minimum rate of their contract.

        Parameters
        ----------
        home_bps : float
            Mean demand of one home. [bit/s]

        Returns
        -------
        ndarray of bool, shape (n_customers,)
            Their link gives at least what they have bought, and what they see of it beside the
            other homes of their hub is at least the minimum.
        """
        has_link = self.rate_bps >= value("home_sold_bps")
        return has_link & (self.home_rates_bps(home_bps) >= value("home_minimum_bps"))

    def served_percent(self, home_bps: float) -> float:
        """Share of homes that are served at a mean demand [bit/s]; 100 without any home. [%]."""
        homes = float(self.homes.sum())
        return 100.0 * float(self.homes[self.served(home_bps)].sum()) / homes if homes else 100.0

    def airtime(self, home_bps: float) -> _Floats:
        """Share of its time each hub needs for what its homes want.

        Parameters
        ----------
        home_bps : float
            Demand of one home. [bit/s]

        Returns
        -------
        ndarray of shape (n_hubs,)
            Above 1 the hub is overloaded and homes wait for one another.
        """
        wanted = self.homes * home_bps
        needs = np.divide(wanted, self.rate_bps, out=np.zeros_like(wanted), where=self.rate_bps > 0)
        return np.bincount(self.hub_of, needs, len(self.hub_ids)).astype(np.float64)
