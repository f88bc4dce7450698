"""Street lamps along the lattice and the cabinets that feed them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.geo.generate.streets import Streets
from twin.geo.rings import district_slugs
from twin.model.city import District, Lamp, LampCabinet

__all__ = ["LED_W", "SODIUM_W", "cabinet_groups", "generate_lamps", "make_cabinet"]

LED_W = (56.0, 60.0, 65.0, 70.0)
"""System power of LED luminaires: 56 W is the pilot's limit, the rest assumed. [W]"""

SODIUM_W = ((170.0, 0.12, 10.0), (115.0, 0.26, 8.0), (83.0, 0.62, 6.0))
"""System power, share and mounting height of sodium luminaires, busiest streets first. [W, 1, m]

170 W is the pilot street before its change; 115 W and 83 W are 100 W and 70 W lamps with their
ballast (assumed). The shares are set so that the mean is the 101 W of the bill of 2012.
"""

LED_SHARE = 12_000 / 46_000
_MIN_LAMPS, _MAX_LAMPS = 20, 60
_GAP_M = 150.0
_OFFSET_M = 5.0  # from the middle of the street
_JITTER_M = 1.5
_CONTACT = "lighting@city.example"


def generate_lamps(
    streets: Streets,
    districts: Sequence[District],
    n_lamps: int,
    rng: np.random.Generator,
) -> tuple[tuple[LampCabinet, ...], tuple[Lamp, ...]]:
    """Stand lamps along the streets and group them into cabinets.

    Parameters
    ----------
    streets : Streets
        Where lamps may stand.
    districts : sequence of District
        For the `site` of a cabinet.
    n_lamps : int
        How many; the spacing follows from it.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    cabinets : tuple of LampCabinet
        Numbered so that neighbours have near numbers.
    lamps : tuple of Lamp
        In the order of their cabinets.

    Notes
    -----
    Whole cabinets are LED, 12,000 of 46,000 lamps (rp-online 37862673, 2019); those are dimmed to
    50 % from 22 to 6 h (WAZ 6254903). Sodium cabinets are not dimmed.
    """
    points, i_street = _along(streets, n_lamps, rng)
    sodium_class = _sodium_class(streets, rng)[i_street]
    groups = cabinet_groups(points)
    is_led = _led_groups(groups, rng)
    led_w = np.array(LED_W)[(rng.random(len(groups)) * len(LED_W)).astype(int)]
    centres = np.array([points[group].mean(axis=0) for group in groups])
    slugs = _nearest_slugs(districts, centres)
    cabinets: list[LampCabinet] = []
    lamps: list[Lamp] = []
    for i, group in enumerate(groups):
        cabinets.append(make_cabinet(f"cab-{i + 1:04d}", slugs[i], points[group], is_led=is_led[i]))
        for i_lamp in group:
            power_w, _, height_m = SODIUM_W[sodium_class[i_lamp]]
            lamps.append(
                Lamp(
                    id=f"lamp-{len(lamps) + 1:05d}",
                    cabinet=cabinets[-1].id,
                    x_m=float(points[i_lamp, 0]),
                    y_m=float(points[i_lamp, 1]),
                    height_m=height_m,
                    power_w=float(led_w[i]) if is_led[i] else power_w,
                    kind="led" if is_led[i] else "sodium",
                )
            )
    return tuple(cabinets), tuple(lamps)


def make_cabinet(id_: str, site: str, lamps: NDArray[np.float64], *, is_led: bool) -> LampCabinet:
    """Make a cabinet beside the lamp nearest to the middle of its lamps.

    Parameters
    ----------
    id_, site : str
        Its id and site.
    lamps : ndarray of shape (N, 2)
        Its lamps in the plane. [m]
    is_led : bool
        Dimmed by night.

    Returns
    -------
    LampCabinet
        The cabinet.
    """
    distance = np.hypot(*(lamps - lamps.mean(axis=0)).T)
    x, y = lamps[np.argmin(distance)]
    return LampCabinet(
        id=id_,
        site=site,
        x_m=round(float(x) + 1.5, 1),
        y_m=round(float(y), 1),
        night_level_percent=50 if is_led else 100,
        contact=_CONTACT,
        location=f"{site}, {x:.0f} {y:.0f}",
    )


def cabinet_groups(points: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Split lamps into compact groups of 20 to 60.

    Parameters
    ----------
    points : ndarray of shape (N, 2)
        Lamps; at least 20. [m]

    Returns
    -------
    list of ndarray
        Row numbers of `points` by group.

    Notes
    -----
    Recursive bisection. A gap wider than a block, such as a river or a railway, parts groups
    first; without one the cut is in the middle of the longer side.
    """
    done: list[NDArray[np.int64]] = []
    todo = [np.arange(len(points))]
    while todo:
        group = todo.pop()
        if len(group) <= _MAX_LAMPS:
            done.append(group)
            continue
        order, cut = _cut(points, group)
        todo += [order[cut:], order[:cut]]
    return done


def _cut(points: NDArray[np.float64], group: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Order a group along an axis and say before which lamp to part it."""
    orders = [group[np.argsort(points[group, axis], kind="stable")] for axis in (0, 1)]
    inner = slice(_MIN_LAMPS - 1, len(group) - _MIN_LAMPS)
    gaps = [np.diff(points[order, axis])[inner] for axis, order in enumerate(orders)]
    axis = int(np.argmax([gap.max() for gap in gaps]))
    if gaps[axis].max() > _GAP_M:
        return orders[axis], int(np.argmax(gaps[axis])) + _MIN_LAMPS
    axis = int(np.argmax(np.ptp(points[group], axis=0)))
    return orders[axis], len(group) // 2


def _along(
    streets: Streets, n_lamps: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Evenly spaced points along all streets joined end to end, sides in turn."""
    length_m = streets.length_m
    ends = np.cumsum(length_m)
    spacing_m = ends[-1] / n_lamps
    along = (np.arange(n_lamps) + 0.5) * spacing_m
    i_street = np.searchsorted(ends, along, side="right").clip(max=len(ends) - 1)
    done_m = along - (ends[i_street] - length_m[i_street])
    done_m += (rng.random(n_lamps) * 2 - 1) * _JITTER_M
    direction = (streets.end - streets.start) / length_m[:, None]
    unit = direction[i_street]
    side = np.where(np.arange(n_lamps) % 2, _OFFSET_M, -_OFFSET_M)
    normal = np.stack([-unit[:, 1], unit[:, 0]], axis=1)
    points = streets.start[i_street] + unit * done_m[:, None] + normal * side[:, None]
    return points.round(1), i_street


def _sodium_class(streets: Streets, rng: np.random.Generator) -> NDArray[np.int64]:
    """Stronger lamps where more people live, with chance mixed in."""
    n = len(streets.residents)
    rank = np.argsort(np.argsort(streets.residents, kind="stable"), kind="stable") / n
    busiest_first = np.argsort(-(rank + rng.random(n)), kind="stable")
    bounds = np.cumsum([share for _, share, _ in SODIUM_W]) * n
    result = np.empty(n, dtype=np.int64)
    result[busiest_first] = np.searchsorted(bounds, np.arange(n), side="right").clip(max=2)
    return result


def _led_groups(groups: Sequence[NDArray[np.int64]], rng: np.random.Generator) -> list[bool]:
    """Choose whole cabinets until the share of LED lamps is reached."""
    n_left = round(LED_SHARE * sum(map(len, groups)))
    is_led = [False] * len(groups)
    for i in np.argsort(rng.random(len(groups)), kind="stable"):
        if n_left < len(groups[i]) / 2:
            break
        is_led[i] = True
        n_left -= len(groups[i])
    return is_led


def _nearest_slugs(districts: Sequence[District], points: NDArray[np.float64]) -> tuple[str, ...]:
    """District of each point; that of the nearest corner where a point lies in none."""
    slugs = list(district_slugs(districts, points[:, 0], points[:, 1]))
    corners = [
        (district.slug, np.array([p for ring in district.rings for p in ring]))
        for district in districts
        if district.level == "district"
    ]
    for i, slug in enumerate(slugs):
        if not slug and corners:
            slugs[i] = min(corners, key=lambda c: float(np.hypot(*(c[1] - points[i]).T).min()))[0]
    return tuple(slug or "city" for slug in slugs)
