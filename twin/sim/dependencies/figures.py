"""Reliability of the electricity in the figures of its field: SAIDI, SAIFI and their kin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twin.sim.dependencies.assumptions import figure
from twin.sim.dependencies.ledger import Ledger
from twin.sim.dependencies.repairs import Repairs
from twin.sim.dependencies.topology import Grid
from twin.sim.system import Context, Kpi

__all__ = ["Reckoned", "by_district", "figures"]

_OVER_3_MIN = "interruptions over 3 min, per customer, since the start"


class Reckoned(Protocol):
    """What the figures are drawn from."""

    context: Context
    n_switched: int
    n_surges: int
    n_consumer_outages: int
    max_stations_out: int
    max_customers_out: float
    consumer_lost_s: float

    @property
    def grid(self) -> Grid:
        """What hangs on what."""
        ...

    @property
    def ledger(self) -> Ledger:
        """Who was out for how long."""
        ...

    @property
    def repairs(self) -> Repairs:
        """Crews."""
        ...

    def consumers_out(self) -> Mapping[str, float]:
        """Return who is out since when."""
        ...


def figures(system: Reckoned) -> dict[str, Kpi]:
    """Reckon the figures of the whole city.

    Parameters
    ----------
    system : Reckoned
        The system.

    Returns
    -------
    dict
        Name to figure.

    References
    ----------
    .. [1] IEEE 1366-2012, SAIDI, SAIFI, CAIDI and ASAI; the limit of 3 min is that of the
       Bundesnetzagentur.
    """
    now_s = system.context.kernel.now_s
    ledger, n_consumers = system.ledger, len(system.grid.consumers)
    everybody = np.ones(ledger.customers.size, dtype=bool)
    lost_s = float((ledger.lost_s(now_s) * ledger.customers).sum())
    consumer_lost_s = system.consumer_lost_s + sum(
        now_s - since_s for since_s in system.consumers_out().values()
    )
    n_called = system.repairs.n_done + len(system.repairs.open)
    return {
        **_of_units(ledger, everybody, now_s),
        "longest_outage_min": Kpi(ledger.longest_until_s(now_s) / 60.0, "min"),
        "stations_out_max": Kpi(float(system.max_stations_out), "1", "at the same time"),
        "customers_out_max": Kpi(system.max_customers_out, "1", "at the same time"),
        "energy_not_supplied_kwh": Kpi(
            lost_s / 3600.0 * figure("power_per_customer_kw"), "kWh", "at 0.45 kW per customer (K)"
        ),
        "consumer_outages": Kpi(
            float(system.n_consumer_outages), "1", "cells, Wi-Fi sites, cabinets, signals, ..."
        ),
        "consumer_availability": Kpi(
            100.0 * (1.0 - _share(consumer_lost_s, n_consumers * now_s)), "%", "power at the plug"
        ),
        "switchings": Kpi(float(system.n_switched), "1"),
        "surges": Kpi(float(system.n_surges), "1"),
        "crew_wait_min": Kpi(
            _share(system.repairs.wait_s, n_called) / 60.0, "min", "until a crew sets off, mean"
        ),
    }


def by_district(system: Reckoned) -> dict[str, dict[str, Kpi]]:
    """Reckon SAIDI, SAIFI, CAIDI and availability by district."""
    ledger, now_s = system.ledger, system.context.kernel.now_s
    slugs = np.repeat(np.array(system.grid.slugs, dtype=object), int(figure("branches")))
    return {
        slug: _of_units(ledger, slugs == slug, now_s)
        for slug in sorted(set(system.grid.slugs))
        if slug
    }


def _of_units(ledger: Ledger, which: NDArray[np.bool_], now_s: float) -> dict[str, Kpi]:
    customers = ledger.customers[which]
    n = float(customers.sum())
    counted_s = float((ledger.counted_s(now_s)[which] * customers).sum())
    counted = float((ledger.counted(now_s)[which] * customers).sum())
    lost_s = float((ledger.lost_s(now_s)[which] * customers).sum())
    return {
        "saidi_min": Kpi(_share(counted_s, n) / 60.0, "min", _OVER_3_MIN),
        "saifi": Kpi(_share(counted, n), "1", _OVER_3_MIN),
        "caidi_min": Kpi(_share(counted_s, counted) / 60.0, "min", "per interruption over 3 min"),
        "availability": Kpi(100.0 * (1.0 - _share(lost_s, n * now_s)), "%", "over customers"),
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
