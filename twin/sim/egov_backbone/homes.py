"""Homes on fixed wireless broadband in simulated time: hubs, rain, and what homes get."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.geo.rings import district_slugs
from twin.model.city import City
from twin.sim.egov_backbone.assumptions import value
from twin.sim.egov_backbone.moments import Moments
from twin.sim.egov_backbone.rain import Rain
from twin.sim.egov_backbone.wireless import Wireless
from twin.sim.kernel import Due
from twin.sim.system import Context, Kpi

__all__ = ["Homes", "home_bps"]

_BUSY_HOURS = range(round(value("home_busy_from_h")), round(value("home_busy_to_h")))
_DAYS_PER_MONTH = 30.4


def home_bps(hour: int) -> float:
    """Compute the mean demand of one home in an hour of the day.

    Parameters
    ----------
    hour : int
        Local hour, 0 to 23.

    Returns
    -------
    float
        Both directions: the busy hours alike, the rest of the day alike. [bit/s]
    """
    busy = value("home_busy_hour_share")
    rest = (1.0 - busy * len(_BUSY_HOURS)) / (24 - len(_BUSY_HOURS))
    day_bits = 8e9 * value("home_gb_month") / _DAYS_PER_MONTH
    return day_bits * (busy if hour in _BUSY_HOURS else rest) / 3600.0


class Homes:
    """The wireless homes of a city.

    Parameters
    ----------
    context : Context
        Shared.
    city : City
        Customers, and the sites and fibre nodes that are their hubs.
    moments : Moments
        Where notable moments go.

    Raises
    ------
    ModelError
        A customer whose hub or carrier makes no sense.
    """

    def __init__(self, context: Context, city: City, moments: Moments) -> None:
        self._moments = moments
        places = {site.id: (site.x_m, site.y_m) for site in city.sites}
        places |= {node.id: (node.x_m, node.y_m) for node in city.fibre_nodes}
        self._context, self._customers = context, city.wireless_customers
        self.wireless = wireless = Wireless(city.wireless_customers, places)
        self.rain = Rain(wireless.hub_x_m, wireless.hub_y_m, context.rng("egov_backbone/rain"))
        self._slugs = np.array(
            district_slugs(
                city.districts,
                [home.x_m for home in self._customers],
                [home.y_m for home in self._customers],
            )
        )
        self._dues: dict[str, Due] = {}
        self._was_served: NDArray[np.bool_] = wireless.served(self.demand_bps())
        self._is_raining = False
        self.spent_s = self.served_s = 0.0
        self.busy_s = self.served_busy_s = 0.0
        self.outage_s = 0.0
        self.rain_outage_s = 0.0
        self.bits = {"offered": 0.0, "carried": 0.0}

    def start(self) -> None:
        """Follow the supply of the hubs."""
        supply = self._context.supply
        supply.watch(self.wireless.hub_ids, self._supplied)
        for hub in self.wireless.hub_ids:
            for kind in ("power", "link"):
                if supply.causes(hub, "power" if kind == "power" else "link"):
                    self._supplied(hub, kind, is_supplied=False)

    def _supplied(self, hub: str, kind: str, is_supplied: bool) -> None:
        """Let a hub run on its battery before it goes dark."""
        if kind == "link":
            self._switch(hub)
            return
        due = self._dues.pop(hub, None)
        if due is not None:
            due.cancel()
        wait_s = value("node_boot_s") if is_supplied else 60.0 * value("hub_battery_min")
        self._dues[hub] = self._context.kernel.after(wait_s, hub, self._switch_power, hub)

    def _switch_power(self, hub: str) -> None:
        del self._dues[hub]
        self._switch(hub)

    def _switch(self, hub: str) -> None:
        supply, wireless = self._context.supply, self.wireless
        row = wireless.hub_ids.index(hub)
        if hub not in self._dues:  # neither on battery nor booting
            wireless.hub_powered[row] = supply.is_supplied(hub, "power")
        is_up = bool(wireless.hub_powered[row]) and supply.is_supplied(hub, "link")
        if is_up != bool(wireless.hub_up[row]):
            wireless.hub_up[row] = is_up
            self._context.note("hub_up" if is_up else "hub_down", hub)

    def demand_bps(self) -> float:
        """Mean demand of one home now. [bit/s]."""
        return home_bps(self._context.clock.local(self._context.kernel.now_s).hour)

    def minute(self, dt_s: float) -> dict[str, float]:
        """Let a minute pass.

        Parameters
        ----------
        dt_s : float
            How long it is. [s]

        Returns
        -------
        dict
            What each hub sends and receives over its link, by id. [bit/s]
        """
        wireless = self.wireless
        self.rain.step(dt_s)
        rates = self.rain.rates_mm_h()
        if bool((rates > 0.0).any()) != self._is_raining:
            self._is_raining = not self._is_raining
            what = "rain_begins" if self._is_raining else "rain_ends"
            self._context.note(what, "wireless hubs", round(10.0 * float(rates.max())))
        wireless.update(rates)
        served, homes = wireless.served(self.demand_bps()), wireless.homes
        if (served != self._was_served).any():
            amount = round(float(homes[served].sum()))
            self._context.note("homes_served", "wireless hubs", amount)
            text = f"{amount} of {homes.sum():.0f} homes get the minimum of their contract"
            cause = f"rain up to {rates.max():.0f} mm/h" if self._is_raining else "no rain"
            self._moments.tell("wireless hubs", f"{text}, {cause}.")
            self._was_served = served
        is_out = wireless.rate_bps == 0.0
        is_dark = ~wireless.hub_up[wireless.hub_of]
        self.spent_s += dt_s * float(homes.sum())
        self.served_s += dt_s * float(homes[served].sum())
        if self._context.clock.local(self._context.kernel.now_s).hour in _BUSY_HOURS:
            self.busy_s += dt_s * float(homes.sum())
            self.served_busy_s += dt_s * float(homes[served].sum())
        self.outage_s += dt_s * float(homes[is_out].sum())
        self.rain_outage_s += dt_s * float(homes[is_out & ~is_dark].sum())
        return self._carry(dt_s)

    def _carry(self, dt_s: float) -> dict[str, float]:
        wireless = self.wireless
        rate_bps = self.demand_bps()
        part = 1.0 / np.maximum(wireless.airtime(rate_bps), 1.0)
        wanted = wireless.homes * rate_bps
        got = wanted * (wireless.rate_bps > 0.0) * part[wireless.hub_of]
        self.bits["offered"] += dt_s * float(wanted.sum())
        self.bits["carried"] += dt_s * float(got.sum())
        by_hub = np.bincount(wireless.hub_of, got, len(wireless.hub_ids))
        return dict(zip(wireless.hub_ids, by_hub.tolist(), strict=True))

    def kpis(self) -> dict[str, Kpi]:
        """Return figures since the start."""
        wireless, homes = self.wireless, float(self.wireless.homes.sum())
        bits, spent_s = self.bits, self.spent_s
        mean_bps = float((wireless.rate_bps * wireless.homes).sum()) / homes
        carried = 100.0 * bits["carried"] / bits["offered"] if bits["offered"] else 100.0
        served = 100.0 * self.served_s / spent_s if spent_s else self.served_percent()
        busy = wireless.served_percent(home_bps(_BUSY_HOURS[0]))
        if self.busy_s:
            busy = 100.0 * self.served_busy_s / self.busy_s
        least = f"link and hub give at least {value('home_minimum_bps') / 1e6:g} Mbit/s"
        return {
            "homes": Kpi(homes, "1"),
            "served_homes_percent": Kpi(served, "%", f"mean; {least}"),
            "served_homes_busy_hour_percent": Kpi(
                busy, "%", "mean of 17 to 23 h; before 17 h as it would be now"
            ),
            "rain_outage_min": Kpi(
                self.rain_outage_s / homes / 60.0, "min", "mean of a home, no modulation left"
            ),
            "home_outage_min": Kpi(
                self.outage_s / homes / 60.0, "min", "mean of a home, any cause"
            ),
            "wireless_rate_mbps": Kpi(mean_bps / 1e6, "Mbit/s", "mean link rate of a home now"),
            "wireless_carried_percent": Kpi(carried, "%", "of the traffic homes want"),
        }

    def served_percent(self) -> float:
        """Share of homes served now. [%]."""
        return self.wireless.served_percent(self.demand_bps())

    def kpis_by_district(self) -> dict[str, dict[str, Kpi]]:
        """Return the share of homes served now by slug of the district."""
        served, found = self.wireless.served(self.demand_bps()), {}
        for slug in sorted(set(self._slugs.tolist()) - {""}):
            homes = self.wireless.homes * (self._slugs == slug)
            share = 100.0 * float(homes[served].sum()) / float(homes.sum())
            found[slug] = {"served_homes_percent": Kpi(share, "%", "now")}
        return found

    def record(self) -> None:
        """Put a row for each hub into the telemetry, if it is wanted."""
        self._context.telemetry.add(
            "wireless_hubs",
            self._context.kernel.now_s,
            {
                "hub": np.array(self.wireless.hub_ids),
                "rain_mm_h": self.rain.rates_mm_h(),
                "is_up": self.wireless.hub_up,
            },
        )

    def points(self, target: str) -> list[int]:
        """Return where it rains on a target: a hub, or ``city`` for all; empty if unknown."""
        return [i for i, hub in enumerate(self.wireless.hub_ids) if target in ("city", hub)]

    def check(self) -> None:
        """Check that bits and home seconds add up."""
        if not 0.0 <= self.bits["carried"] <= self.bits["offered"] * (1.0 + 1e-9):
            raise AssertionError(f"wireless: {self.bits}")
        if self.served_s + self.outage_s > self.spent_s * (1.0 + 1e-9):
            raise AssertionError("wireless: homes are served and out at once")
