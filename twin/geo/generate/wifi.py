"""Access points at schools, stations, the zoo and the pilot street, with the switches behind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.model.city import AccessPoint, Port, Radio, School, Ssid, Stop, Switch

__all__ = ["NETWORKS", "ApPlace", "generate_wifi", "school_places", "station_places"]

NETWORKS: Mapping[str, tuple[Ssid, ...]] = {
    "city": (Ssid(name="Stadtwerke-WLAN"),),
    "school": (
        Ssid(name="schule", station_isolation=False),
        Ssid(name="gast"),
        Ssid(name="pruefung", enabled=False, hidden=True, station_isolation=False),
    ),
}
"""Sets of networks; Stadtwerke-WLAN is real (rp-online 5537590), the others are made up."""

PUPILS_PER_AP = 71.25
"""About 1,000 access points for 71,250 pupils (WAZ 233987209, 2021)."""

_CONTACT = "network@city.example"
_SWITCH_SIZES = (8, 16, 24, 48)
_CHANNELS_2 = (1, 6, 11)
# 120 to 128 are left out: ten minutes of listening for weather radar (EN 301 893)
_CHANNELS_5_OUTDOOR = (100, 104, 108, 112, 116, 132, 136, 140)
_CHANNELS_5_INDOOR = (36, 40, 44, 48, 52, 56, 60, 64, *_CHANNELS_5_OUTDOOR)
_STICKY = 0.6  # a grown network: most boxes stay where they were first switched on
_MAIN_STATION_WEIGHT = 100_000.0
_TRAM_WEIGHT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApPlace:
    """A group of access points behind one switch.

    Parameters
    ----------
    site : str
        Its id.
    prefix : str
        Start of the ids of its access points.
    networks : str
        Key of `NETWORKS`.
    location : str
        Where it is, for people.
    points : tuple
        x, y, height and placement of each access point. [m]
    """

    site: str
    prefix: str
    networks: str
    location: str
    points: tuple[tuple[float, float, float, str], ...] = field(metadata={"unit": "m"})


def school_places(schools: Sequence[School], rng: np.random.Generator) -> tuple[ApPlace, ...]:
    """Spread access points over the floors of each school.

    Parameters
    ----------
    schools : sequence of School
        Schools.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    tuple of ApPlace
        One per school: an access point per 71 pupils, 12 m apart on three floors (assumed).
    """
    places = []
    for school in schools:
        n = max(1, round(school.pupils / PUPILS_PER_AP))
        n_side = max(1, math.ceil(math.sqrt(math.ceil(n / 3))))
        points = []
        for k, (u, v) in enumerate(rng.random((n, 2)).tolist()):
            floor, i = divmod(k, n_side * n_side) if n > 3 else (0, k)
            row, column = divmod(i, n_side)
            x = school.x_m + 12.0 * (column - (n_side - 1) / 2) + 4.0 * (u - 0.5)
            y = school.y_m + 12.0 * (row - (n_side - 1) / 2) + 4.0 * (v - 0.5)
            points.append((round(x, 1), round(y, 1), 2.8 + 3.5 * floor, "indoor"))
        places.append(
            ApPlace(
                site=f"school-{school.id}",
                prefix=f"ap-school-{school.id}",
                networks="school",
                location=school.name,
                points=tuple(points),
            )
        )
    return tuple(places)


def station_places(
    stops: Sequence[Stop], weight: Mapping[str, float], stations: frozenset[str]
) -> tuple[ApPlace, ...]:
    """Put access points at railway stations and at larger tram and underground stops.

    Parameters
    ----------
    stops : sequence of Stop
        Stops of the city.
    weight : mapping
        Importance of a stop by its id.
    stations : frozenset of str
        Ids of whole stations, as against single platforms.

    Returns
    -------
    tuple of ApPlace
        One per station. Stops of both tram and underground are taken to be tunnel stations.
    """
    places = []
    for stop in stops:
        if stop.id not in stations:
            continue
        n, placement = _station_size(stop, weight[stop.id])
        if n == 0:
            continue
        height_m = 3.0 if placement == "indoor" else 4.0
        points = tuple(
            (round(stop.x_m + 25.0 * (i - (n - 1) / 2), 1), stop.y_m, height_m, placement)
            for i in range(n)
        )
        places.append(
            ApPlace(
                site=f"station-{stop.id}",
                prefix=f"ap-station-{stop.id}",
                networks="city",
                location=stop.name,
                points=points,
            )
        )
    return tuple(places)


def _station_size(stop: Stop, weight: float) -> tuple[int, str]:
    if "rail" in stop.modes:
        return (12, "indoor") if weight > _MAIN_STATION_WEIGHT else (2, "outdoor_fixed")
    if "subway" in stop.modes:
        return (4, "indoor") if "tram" in stop.modes else (1, "outdoor_fixed")
    return (1 if "tram" in stop.modes and weight >= _TRAM_WEIGHT else 0), "outdoor_fixed"


def generate_wifi(
    places: Sequence[ApPlace], rng: np.random.Generator
) -> tuple[tuple[AccessPoint, ...], tuple[Switch, ...]]:
    """Make access points and the switch that feeds them, per place.

    Parameters
    ----------
    places : sequence of ApPlace
        Where.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    access_points : tuple of AccessPoint
        In the order of the places.
    switches : tuple of Switch
        One per place; access point i hangs on port i.
    """
    access_points: list[AccessPoint] = []
    switches: list[Switch] = []
    for place in places:
        switch = f"sw-{place.site}"
        group = [
            AccessPoint(
                id=f"{place.prefix}-{i + 1:02d}",
                site=place.site,
                x_m=x,
                y_m=y,
                height_m=height,
                placement=placement,
                radios=_radios(placement, rng),
                ssids=NETWORKS[place.networks],
                switch=switch,
                port=str(i + 1),
            )
            for i, (x, y, height, placement) in enumerate(place.points)
        ]
        access_points += group
        switches.append(_switch(switch, place, group))
    return tuple(access_points), tuple(switches)


def _switch(id_: str, place: ApPlace, group: Sequence[AccessPoint]) -> Switch:
    n_ports = next((n for n in _SWITCH_SIZES if n > len(group)), len(group) + 1)
    return Switch(
        id=id_,
        site=place.site,
        x_m=group[0].x_m,
        y_m=round(group[0].y_m - 2.0, 1),
        ports=tuple(
            Port(index=str(i + 1), alias=group[i].id if i < len(group) else "")
            for i in range(n_ports)
        ),
        contact=_CONTACT,
        location=place.location,
    )


def _radios(placement: str, rng: np.random.Generator) -> tuple[Radio, ...]:
    """Radios of a box as it was left by whoever mounted it, within the law.

    Outdoors 5470-5725 MHz only, at most 30 dBm EIRP; indoors at most 23 dBm so that every channel
    may be used; at 2.4 GHz at most 20 dBm (general assignments of the Bundesnetzagentur).
    """
    is_outdoor = placement == "outdoor_fixed"
    channels_5 = _CHANNELS_5_OUTDOOR if is_outdoor else _CHANNELS_5_INDOOR
    stay_2, pick_2, stay_5, pick_5 = rng.random(4).tolist()
    return (
        Radio(
            index="1",
            channel=_CHANNELS_2[0 if stay_2 < _STICKY / 2 else int(pick_2 * len(_CHANNELS_2))],
            bandwidth_mhz=20,
            tx_power_dbm=15,
            antenna_gain_dbi=5.0 if is_outdoor else 3.0,
        ),
        Radio(
            index="2",
            channel=channels_5[0 if stay_5 < _STICKY else int(pick_5 * len(channels_5))],
            bandwidth_mhz=20,
            tx_power_dbm=22 if is_outdoor else 18,
            antenna_gain_dbi=7.0 if is_outdoor else 4.0,
        ),
    )
