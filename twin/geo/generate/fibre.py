"""The municipal fibre: a ring of points of presence and spurs to schools and Wi-Fi sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.geo.generate.tours import closed_tour
from twin.model.city import AccessPoint, Assumption, FibreLink, FibreNode, Office, School

__all__ = ["ASSUMPTIONS", "generate_fibre"]

_MORE_POPS: Mapping[str, tuple[float, float]] = {
    "pop-ruhrort": (342_700.0, 5_703_000.0),
    "pop-neudorf": (347_000.0, 5_700_200.0),
    "pop-hochfeld": (343_800.0, 5_698_300.0),
    "pop-marxloh": (344_300.0, 5_708_100.0),
}
"""Points of presence that are no office, and their assumed place. [m]"""

_DETOUR = 1.3
_RING_BPS, _SPUR_BPS = 100e9, 10e9

ASSUMPTIONS = (
    Assumption(
        key="geo.fibre.detour",
        value=_DETOUR,
        unit="1",
        mark="K",
        source="route along streets over the straight line; the sum is near the ~200 km of the "
        "DCC network (WAZ 406617864)",
        used_by="fibre_links.csv",
    ),
    Assumption(
        key="geo.fibre.ring-capacity",
        value=_RING_BPS / 1e9,
        unit="Gbit/s",
        mark="K",
        source="general knowledge",
        used_by="fibre_links.csv",
    ),
    Assumption(
        key="geo.fibre.spur-capacity",
        value=_SPUR_BPS / 1e9,
        unit="Gbit/s",
        mark="K",
        source="general knowledge; a spur carries all schools behind it, and all are planned "
        "on the fibre (WAZ 230193392)",
        used_by="fibre_links.csv",
    ),
)


def generate_fibre(
    offices: Sequence[Office], schools: Sequence[School], access_points: Sequence[AccessPoint]
) -> tuple[tuple[FibreNode, ...], tuple[FibreLink, ...]]:
    """Lay a ring through the offices and the data centre, and spurs from it.

    Parameters
    ----------
    offices : sequence of Office
        On the ring.
    schools : sequence of School
        On spurs; the node carries the id of the school.
    access_points : sequence of AccessPoint
        Sites that are no school are on spurs; the node carries the id of the site.

    Returns
    -------
    nodes : tuple of FibreNode
        The ring in its order, then spurs.
    links : tuple of FibreLink
        The ring, then spurs: each place joins the nearest place that has fibre already, nearest
        first, which is how a net grows.
    """
    pops = [(f"pop-{o.id.removeprefix('office-')}", o.id, o.x_m, o.y_m) for o in offices]
    pops += [(id_, "", x, y) for id_, (x, y) in _MORE_POPS.items()]
    tour = closed_tour(np.array([(x, y) for _, _, x, y in pops]))
    ring = [pops[i] for i in tour]
    sites: dict[str, tuple[float, float]] = {s.id: (s.x_m, s.y_m) for s in schools}
    for ap in access_points:
        if not ap.site.startswith("school-"):
            sites.setdefault(ap.site, (ap.x_m, ap.y_m))
    spurs = [(f"fibre-{site}", site, x, y) for site, (x, y) in sites.items()]
    places = ring + spurs
    points = np.array([(x, y) for _, _, x, y in places])
    ends = [(k, (k + 1) % len(ring)) for k in range(len(ring))] + _grow(points, len(ring))
    length_m = np.hypot(*(points[[a for a, _ in ends]] - points[[b for _, b in ends]]).T) * _DETOUR
    nodes = tuple(FibreNode(id=id_, x_m=x, y_m=y, site=site) for id_, site, x, y in places)
    links = tuple(
        FibreLink(
            id=f"ring-{k + 1:02d}" if k < len(ring) else f"spur-{k + 1 - len(ring):03d}",
            a=nodes[a].id,
            b=nodes[b].id,
            length_m=round(float(length_m[k])),
            capacity_bps=_RING_BPS if k < len(ring) else _SPUR_BPS,
        )
        for k, (a, b) in enumerate(ends)
    )
    return nodes, links


def _grow(points: NDArray[np.float64], n_ring: int) -> list[tuple[int, int]]:
    """Join every point to the net that begins with the ring (Prim)."""
    away = np.full(len(points), np.inf)
    parent = np.zeros(len(points), dtype=np.int64)
    is_in = np.zeros(len(points), dtype=bool)
    new = list(range(n_ring))
    links: list[tuple[int, int]] = []
    while new:
        for i in new:
            is_in[i] = True
            reach = np.hypot(*(points - points[i]).T)
            closer = reach < away
            away[closer], parent[closer] = reach[closer], i
        outside = np.where(is_in, np.inf, away)
        nearest = int(outside.argmin())
        new = [] if is_in.all() else [nearest]
        links += [(int(parent[i]), i) for i in new]
    return links
