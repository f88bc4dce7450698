"""What the electricity of the city takes for granted, with where each figure comes from.

The failure rates are set so that a year's expectation is near the German figures of
interruptions over 3 min: 12.8 min (SAIDI 2023, zfk.de 2024-11) and 0.21 events at a mean of
60 min. Expected here, per customer and year: rings 0.2 x 30.5 min + stations 0.03 x 150 min +
branches 0.015 x 150 min = 12.8 min in 0.245 events, some of them shorter than 3 min.
"""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "figure"]

_K = "general knowledge, unchecked"
_SAIDI = "set so that SAIDI is near the 12.8 min of Germany (2023, zfk.de 2024-11)"


def _a(key: str, value: float, unit: str, mark: str, source: str, used_by: str) -> Assumption:
    return Assumption(
        key=f"dependencies.{key}", value=value, unit=unit, mark=mark, source=source, used_by=used_by
    )


ASSUMPTIONS: tuple[Assumption, ...] = (
    _a(
        "meters_per_dwelling",
        326_000 / 233_516,
        "1",
        "C",
        "326,000 meters (rp-online 7017044) over the dwellings of the census",
        "customers of a station: the dwellings nearest to it",
    ),
    _a(
        "power_per_customer_kw",
        0.45,
        "kW",
        "K",
        "mean of homes and small firms, held all day",
        "energy not supplied",
    ),
    _a("branches", 4, "1", "K", _K, "low-voltage branches of a station"),
    _a("ring_stations", 10, "1", "K", _K, "stations of one medium-voltage ring"),
    _a(
        "infeed_every",
        6,
        "1",
        "K",
        _K,
        "of the ring, one substation in so many hangs on the national grid",
    ),
    _a(
        "switching_min_s",
        60.0,
        "s",
        "K",
        "ring switches in 1 to 60 min, uniform",
        "stations without their feed until they are switched to the other",
    ),
    _a(
        "switching_max_s",
        3600.0,
        "s",
        "K",
        "ring switches in 1 to 60 min, uniform",
        "stations without their feed until they are switched to the other",
    ),
    _a("stagger_s", 2.0, "s", "K", _K, "consumers come back one after another"),
    _a("substation_per_a", 0.01, "1/a", "K", _K, "failures of a substation"),
    _a("ring_per_a", 0.2, "1/a", "C", _SAIDI, "faults of the cables of a ring"),
    _a("station_per_a", 0.03, "1/a", "C", _SAIDI, "failures of a station"),
    _a("branch_per_a", 0.015, "1/a", "C", _SAIDI, "failures of a low-voltage branch"),
    _a("crews", 6, "1", "K", _K, "repair crews on duty"),
    _a("travel_min_s", 1200.0, "s", "K", _K, "a crew's way to the fault, uniform"),
    _a("travel_max_s", 3600.0, "s", "K", _K, "a crew's way to the fault, uniform"),
    _a("work_min_s", 3600.0, "s", "K", "mean repair of 150 min with the way", "station or branch"),
    _a("work_max_s", 9600.0, "s", "K", "mean repair of 150 min with the way", "station or branch"),
    _a("substation_work_factor", 6.0, "1", "K", _K, "a substation takes so many times longer"),
    _a(
        "surge_share",
        0.2,
        "1",
        "K",
        "surges hit lamps of one feeder at once (ottima-tech, sunlecn.com); the share is assumed",
        "faults of rings and stations that send a surge to the lamps behind",
    ),
    _a(
        "counted_s",
        180.0,
        "s",
        "R",
        "only interruptions over 3 min count, zfk.de 2024-11, energie-chronik 231107",
        "SAIDI and SAIFI",
    ),
)

figure = reader_of("dependencies", ASSUMPTIONS)
"""Reads a figure by its key without ``dependencies.``, in the unit given above."""
