"""Gateways of the utility networks and the customers of fixed wireless broadband."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.geo.generate.tours import weighted_centres
from twin.geo.sources import CensusGrid
from twin.model.city import Assumption, Building, Gateway, Site, WirelessCustomer

__all__ = ["ASSUMPTIONS", "generate_customers", "generate_gateways"]

N_LORAWAN, N_LTE450 = 25, 3
_LORAWAN_M, _LTE450_M = 30.0, 40.0
_LORAWAN_DBI, _LTE450_DBI = 6.0, 9.0
N_HUBS, _PER_HUB = 10, 24
_REACH_M = (150.0, 2500.0)
_CARRIER_HZ = 26e9
_HOMES = {"one_family": 1, "two_family": 2, "flats": 12, "other": 1}

ASSUMPTIONS = (
    Assumption(
        key="geo.gateways.lorawan",
        value=N_LORAWAN,
        unit="",
        mark="K",
        source="the number in Duisburg was not found",
        used_by="gateways.csv",
    ),
    Assumption(
        key="geo.gateways.lte450",
        value=N_LTE450,
        unit="",
        mark="K",
        source="cells of 5 to 10 km over 233 km2",
        used_by="gateways.csv",
    ),
    Assumption(
        key="geo.gateways.lorawan-gain",
        value=_LORAWAN_DBI,
        unit="dBi",
        mark="K",
        source="collinear antenna on a roof at 30 m",
        used_by="gateways.csv",
    ),
    Assumption(
        key="geo.gateways.lte450-gain",
        value=_LTE450_DBI,
        unit="dBi",
        mark="K",
        source="sector antenna on a mast at 40 m",
        used_by="gateways.csv",
    ),
    Assumption(
        key="geo.wireless.hubs",
        value=N_HUBS,
        unit="",
        mark="K",
        source="no fixed wireless network of the city is known; made up to show rain",
        used_by="wireless_customers.csv",
    ),
    Assumption(
        key="geo.wireless.customers-per-hub",
        value=_PER_HUB,
        unit="",
        mark="K",
        source="general knowledge",
        used_by="wireless_customers.csv",
    ),
    Assumption(
        key="geo.wireless.carrier",
        value=_CARRIER_HZ / 1e9,
        unit="GHz",
        mark="K",
        source="point to multipoint band of 26 GHz",
        used_by="wireless_customers.csv",
    ),
    Assumption(
        key="geo.wireless.reach",
        value=_REACH_M[1],
        unit="m",
        mark="K",
        source="general knowledge",
        used_by="wireless_customers.csv",
    ),
)


def generate_gateways(
    census: CensusGrid, sites: Sequence[Site], rng: np.random.Generator
) -> tuple[Gateway, ...]:
    """Put gateways on roofs and masts of the mobile networks, spread by residents.

    Parameters
    ----------
    census : CensusGrid
        Census cells.
    sites : sequence of Site
        Sites; lamp heads are too low and left out.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    tuple of Gateway
        LoRaWAN, then LTE 450.
    """
    points = np.stack([census.x_m, census.y_m], axis=1)
    weight = census.residents + 1.0
    high = [site for site in sites if site.kind != "lamp_head"]
    roofs = np.array([(site.x_m, site.y_m) for site in high])
    masts = np.array([(site.x_m, site.y_m) for site in high if site.kind == "mast"])
    lorawan = _nearest(roofs, weighted_centres(points, weight, N_LORAWAN, rng))
    lte450 = _nearest(masts, weighted_centres(points, weight, N_LTE450, rng))
    return tuple(
        Gateway(
            id=f"{prefix}-{k + 1:02d}",
            technology=technology,
            x_m=x,
            y_m=y,
            height_m=height_m,
            antenna_gain_dbi=gain_dbi,
        )
        for prefix, technology, places, height_m, gain_dbi in (
            ("gw-lora", "lorawan", lorawan, _LORAWAN_M, _LORAWAN_DBI),
            ("gw-450", "lte450", lte450, _LTE450_M, _LTE450_DBI),
        )
        for k, (x, y) in enumerate(places.tolist())
    )


def generate_customers(
    sites: Sequence[Site], buildings: Sequence[Building], rng: np.random.Generator
) -> tuple[WirelessCustomer, ...]:
    """Give some rooftop sites customers in buildings around them.

    Parameters
    ----------
    sites : sequence of Site
        Rooftop sites are drawn as hubs.
    buildings : sequence of Building
        Customers, drawn within reach of their hub.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    tuple of WirelessCustomer
        By hub; a house of flats is one customer with twelve homes.
    """
    roofs = [site for site in sites if site.kind == "rooftop"]
    hubs = [roofs[i] for i in np.sort(rng.permutation(len(roofs))[:N_HUBS])]
    xy = np.array([(building.x_m, building.y_m) for building in buildings])
    customers: list[WirelessCustomer] = []
    low, high = _REACH_M
    for hub in hubs:
        away = np.hypot(*(xy - (hub.x_m, hub.y_m)).T)
        near = np.flatnonzero((low <= away) & (away <= high))
        for i in np.sort(rng.permutation(near)[:_PER_HUB]).tolist():
            customers.append(
                WirelessCustomer(
                    id=f"fwa-{len(customers) + 1:03d}",
                    hub=hub.id,
                    x_m=buildings[i].x_m,
                    y_m=buildings[i].y_m,
                    carrier_hz=_CARRIER_HZ,
                    homes=_HOMES[buildings[i].kind],
                )
            )
    return tuple(customers)


def _nearest(places: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take for every point wanted the nearest place that is not taken."""
    left = np.ones(len(places), dtype=bool)
    taken = []
    for point in wanted:
        away = np.where(left, np.hypot(*(places - point).T), np.inf)
        taken.append(int(away.argmin()))
        left &= np.any(places != places[taken[-1]], axis=1)
    return places[taken]
