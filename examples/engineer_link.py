"""Engineer: one link over real heights, seen by several models, down to the margin.

Usage: python examples/engineer_link.py [--freq 868e6] [--distance 1500]

Cuts a profile out of a surface of the city in the box (census buildings on flat ground, assumed)
and asks what each model says; models that are not meant for such a link say so.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from twin.geo.cityfile import load_city
from twin.model.errors import ModelRangeError
from twin.radio.empirical.hata import CitySize, hata_db
from twin.radio.grid import Grid
from twin.radio.itu.p525 import free_space_db
from twin.radio.itu.p2109 import Building, building_entry_db
from twin.radio.terrain.itm import itm_p2p_db
from twin.radio.terrain.profile import is_line_of_sight, profile_between
from twin.radio.terrain.surface import flat_ground, surface_from_census
from twin.radio.tr38901.pathloss import pathloss_db

TX_POWER_DBM, TX_GAIN_DBI, RX_GAIN_DBI, SENSITIVITY_DBM = 14.0, 2.15, 5.0, -137.0
H_GATEWAY_M, H_METER_M = 25.0, 1.5


def main() -> None:
    """Compare the models over one link of a LoRa meter."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--freq", type=float, default=868e6)
    parser.add_argument("--distance", type=float, default=1500.0)
    options = parser.parse_args()

    city = load_city("duisburg")
    grid = Grid.over(city.outline, 10.0)
    surface = surface_from_census(city.buildings, flat_ground(grid, 30.0))
    site = next(site for site in city.sites if site.kind == "rooftop")
    start, end = (site.x_m, site.y_m), (site.x_m + options.distance, site.y_m)
    heights_m, step_m = profile_between(surface, start, end)
    sees = is_line_of_sight(surface, [[*start, H_GATEWAY_M]], [[*end, H_METER_M]])[0, 0]
    print(f"{options.distance:g} m east of {site.id}, {options.freq / 1e6:g} MHz")
    print(f"  {surface.source}")
    print(f"  line of sight over the surface: {'yes' if sees else 'no'}")

    d, f = options.distance, options.freq
    models: dict[str, Callable[[], object]] = {
        "free space, P.525": lambda: free_space_db(f, d),
        "Hata, small city": lambda: hata_db(
            f, d, H_GATEWAY_M + 5.0, H_METER_M, city=CitySize.SMALL_MEDIUM
        ),
        "TR 38.901 UMa, NLOS": lambda: pathloss_db(
            "UMa", d, f, H_GATEWAY_M, H_METER_M, is_los=False
        ),
        "ITM over the profile": lambda: itm_p2p_db(heights_m, step_m, H_GATEWAY_M, H_METER_M, f),
    }
    entry_db = float(building_entry_db(f, Building.TRADITIONAL))
    budget_db = TX_POWER_DBM + TX_GAIN_DBI + RX_GAIN_DBI - SENSITIVITY_DBM
    print(
        f"  budget {budget_db:.1f} dB, into a traditional building {entry_db:.1f} dB more (P.2109)"
    )
    for name, model in models.items():
        try:
            loss_db = float(np.asarray(model()).item())
        except ModelRangeError as err:
            print(f"    {name:22} {err}")
            continue
        outdoors, inside = budget_db - loss_db, budget_db - loss_db - entry_db
        print(
            f"    {name:22} {loss_db:6.1f} dB   margin {outdoors:5.1f} dB, inside {inside:5.1f} dB"
        )


if __name__ == "__main__":
    main()
