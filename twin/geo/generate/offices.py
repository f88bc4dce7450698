"""The citizen offices of the city and its data centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.geo.generate.buildings import apportion
from twin.geo.rings import district_slugs
from twin.geo.sources import CensusGrid
from twin.model.city import Assumption, District, Office

__all__ = ["APPOINTMENTS_PER_YEAR", "ASSUMPTIONS", "generate_offices"]

APPOINTMENTS_PER_YEAR = 281_790

_OFFICES: Mapping[str, tuple[str, str, float, float]] = {
    "office-walsum": ("Walsum", "walsum", 343_420.0, 5_710_850.0),
    "office-hamborn": ("Hamborn", "hamborn", 345_430.0, 5_707_180.0),
    "office-meiderich": ("Meiderich", "meiderich-beeck", 345_700.0, 5_704_300.0),
    "office-homberg": ("Homberg", "homberg-ruhrort-baerl", 340_100.0, 5_702_500.0),
    "office-mitte": ("Mitte", "duisburg-mitte", 344_550.0, 5_700_300.0),
    "office-rheinhausen": ("Rheinhausen", "rheinhausen", 341_350.0, 5_697_280.0),
    "office-sued": ("Süd", "duisburg-sued", 344_100.0, 5_694_050.0),
}
"""Id, name, slug of the district and assumed place of each office. [m]"""

_DATA_CENTRE = ("data-centre-wedau", "Rechenzentrum Wedau", 346_200.0, 5_697_000.0)

ASSUMPTIONS = (
    Assumption(
        key="geo.offices.appointments",
        value=APPOINTMENTS_PER_YEAR,
        unit="1/a",
        mark="R",
        source="all stations, bochumer-zeitung 87302575; split by residents of the district (K)",
        used_by="offices.csv",
    ),
)


def generate_offices(census: CensusGrid, districts: Sequence[District]) -> tuple[Office, ...]:
    """Put the seven offices near the middle of their districts, and the data centre.

    Parameters
    ----------
    census : CensusGrid
        Census cells; appointments are split by residents.
    districts : sequence of District
        Districts of the city.

    Returns
    -------
    tuple of Office
        Offices from north to south, then the data centre.
    """
    slugs = np.array(district_slugs(districts, census.x_m, census.y_m))
    residents = [census.residents[slugs == slug].sum() for _, slug, _, _ in _OFFICES.values()]
    counts = apportion(
        np.round(np.array([residents])).astype(np.int64), np.array([APPOINTMENTS_PER_YEAR])
    )[0]
    offices = tuple(
        Office(
            id=id_,
            name=f"Bürger-Service {name}",
            kind="citizen_office",
            x_m=x,
            y_m=y,
            appointments_per_year=int(n),
            synthetic=True,
        )
        for (id_, (name, _, x, y)), n in zip(_OFFICES.items(), counts, strict=True)
    )
    id_, name, x, y = _DATA_CENTRE
    return (*offices, Office(id=id_, name=name, kind="data_centre", x_m=x, y_m=y, synthetic=True))
