"""What only Duisburg has: the pilot street with its lamps, and the zoo."""

from __future__ import annotations

import numpy as np

from twin.geo.generate.lamps import make_cabinet
from twin.geo.generate.wifi import ApPlace
from twin.geo.projection import wgs84_to_utm
from twin.model.city import Lamp, LampCabinet

__all__ = ["PILOT_MASTS", "pilot_street", "zoo_place"]

PILOT_MASTS = 23
"""Masts of the pilot; one carries two of the 24 luminaires (data of the press)."""

_PILOT_LONLAT = ((6.7735, 51.4317), (6.7640, 51.4305))  # assumed course of the street
_PILOT_APS = 12
_LED_W = 56.0
_MAST_M = 8.0
_AP_M = 8.0
_ZOO_LONLAT = (6.8047, 51.4359)
# east and north of the middle, height and placement; the outline of the zoo is not available
_ZOO_POINTS = (
    (-150.0, -90.0, 4.0, "outdoor_fixed"),
    (-60.0, -20.0, 4.0, "outdoor_fixed"),
    (30.0, 40.0, 4.0, "outdoor_fixed"),
    (120.0, 70.0, 4.0, "outdoor_fixed"),
    (90.0, -80.0, 4.0, "outdoor_fixed"),
    (-140.0, -70.0, 3.0, "indoor"),
    (10.0, 90.0, 3.0, "indoor"),
    (60.0, -30.0, 3.0, "indoor"),
)


def pilot_street(first_lamp: int, cabinet_id: str) -> tuple[LampCabinet, tuple[Lamp, ...], ApPlace]:
    """Make the pilot in Friedrich-Wilhelm-Strasse: masts, luminaires and access points.

    Parameters
    ----------
    first_lamp : int
        Number of its first lamp.
    cabinet_id : str
        Id of its cabinet.

    Returns
    -------
    cabinet : LampCabinet
        Its cabinet.
    lamps : tuple of Lamp
        24 luminaires of at most 56 W.
    place : ApPlace
        12 access points, on every second mast.
    """
    ends = np.stack(wgs84_to_utm(*zip(*_PILOT_LONLAT, strict=True)), axis=1)
    along = (np.arange(PILOT_MASTS) + 0.5)[:, None] / PILOT_MASTS
    masts = (ends[0] + along * (ends[1] - ends[0])).round(1)
    middle = PILOT_MASTS // 2
    luminaires = np.concatenate([masts, masts[middle : middle + 1]])
    cabinet = make_cabinet(cabinet_id, "fws", masts, is_led=True)
    lamps = tuple(
        Lamp(
            id=f"lamp-{first_lamp + i:05d}",
            cabinet=cabinet.id,
            x_m=x,
            y_m=y,
            height_m=_MAST_M,
            power_w=_LED_W,
            kind="led",
        )
        for i, (x, y) in enumerate(luminaires.tolist())
    )
    carriers = masts[::2][:_PILOT_APS].tolist()
    place = ApPlace(
        site="fws",
        prefix="ap-fws",
        networks="city",
        location="Friedrich-Wilhelm-Straße",
        points=tuple((x, y, _AP_M, "outdoor_fixed") for x, y in carriers),
    )
    return cabinet, lamps, place


def zoo_place() -> ApPlace:
    """Put a few access points around the middle of the zoo.

    Returns
    -------
    ApPlace
        Five outdoors, three indoors.
    """
    x, y = (float(value) for value in wgs84_to_utm(*_ZOO_LONLAT))
    return ApPlace(
        site="zoo",
        prefix="ap-zoo",
        networks="city",
        location="Zoo Duisburg",
        points=tuple(
            (round(x + east, 1), round(y + north, 1), height, placement)
            for east, north, height, placement in _ZOO_POINTS
        ),
    )
