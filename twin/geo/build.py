"""Make the folder of a city from open data and a seed: ``python -m twin.geo.build``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from twin.geo.assumptions import all_assumptions
from twin.geo.generate.buildings import generate_buildings
from twin.geo.generate.cells import generate_cells, generate_small_cells
from twin.geo.generate.fibre import generate_fibre
from twin.geo.generate.gateways import generate_customers, generate_gateways
from twin.geo.generate.lamps import generate_lamps
from twin.geo.generate.offices import generate_offices
from twin.geo.generate.places import PILOT_MASTS, pilot_street, zoo_place
from twin.geo.generate.power import generate_power
from twin.geo.generate.signals import generate_signals
from twin.geo.generate.sites import DensityMap, generate_sites
from twin.geo.generate.streets import street_lattice
from twin.geo.generate.transit import generate_lines
from twin.geo.generate.wifi import NETWORKS, generate_wifi, school_places, station_places
from twin.geo.provenance import DUISBURG_TABLES
from twin.geo.sources import OpenData, read_sources
from twin.geo.writer import city_texts, write_city
from twin.model.city import City
from twin.model.errors import StellwerkError

__all__ = ["build_duisburg", "duisburg_texts", "main"]

OUTLINE = "000"
N_LAMPS = 46_000
N_SMALL_CELLS = 36
SEED = 7
_STREAMS = (
    "lamps",
    "buildings",
    "sites",
    "cells",
    "wifi",
    "small",
    "transit",
    "signals",
    "power",
    "gateways",
    "wireless",
)
"""Subjects with a stream of their own; the place in the list is part of the seed: only append."""
_STATIONS = "_stations.csv"  # drawn from the stops, so under their licence


def build_duisburg(data: OpenData, seed: int) -> City:
    """Generate what is missing and put the city together.

    Parameters
    ----------
    data : OpenData
        The open data.
    seed : int
        Seed; each subject has its own stream, so that one can change without the others.

    Returns
    -------
    City
        The city, without provenance: that is in the file.
    """
    rng = {name: np.random.default_rng([seed, i]) for i, name in enumerate(_STREAMS)}
    outline = next(d.rings for d in data.districts if d.code == OUTLINE)
    streets = street_lattice(data.census)
    n_lattice = N_LAMPS - PILOT_MASTS - 1
    cabinets, lamps = generate_lamps(streets, data.districts, n_lattice, rng["lamps"])
    cabinet, pilot_lamps, pilot = pilot_street(n_lattice + 1, f"cab-{len(cabinets) + 1:04d}")
    lamps += pilot_lamps
    sites = generate_sites(data.census, outline, rng["sites"])
    cells = generate_cells(sites, DensityMap(data.census), rng["cells"])
    middle = pilot_lamps[len(pilot_lamps) // 2]
    small_sites, small_cells = generate_small_cells(
        lamps, (middle.x_m, middle.y_m), N_SMALL_CELLS, rng["small"]
    )
    access_points, switches = generate_wifi(
        (
            pilot,
            zoo_place(),
            *school_places(data.schools, rng["wifi"]),
            *station_places(data.stops, data.stop_weight, data.stations),
        ),
        rng["wifi"],
    )
    buildings = generate_buildings(data.census, rng["buildings"])
    offices = generate_offices(data.census, data.districts)
    fibre_nodes, fibre_links = generate_fibre(offices, data.schools, access_points)
    return City(
        name="duisburg",
        title="Duisburg",
        seed=seed,
        timezone="Europe/Berlin",
        lat_deg=51.43,
        lon_deg=6.76,
        outline=outline,
        districts=data.districts,
        census=data.census.cells(),
        schools=data.schools,
        stops=data.stops,
        buildings=buildings,
        sites=sites + small_sites,
        cells=cells + small_cells,
        access_points=access_points,
        switches=switches,
        cabinets=(*cabinets, cabinet),
        lamps=lamps,
        lines=generate_lines(data.stops, rng["transit"]),
        signals=generate_signals(data.census, rng["signals"]),
        power_nodes=generate_power(data.census, rng["power"]),
        offices=offices,
        fibre_nodes=fibre_nodes,
        fibre_links=fibre_links,
        gateways=generate_gateways(data.census, sites, rng["gateways"]),
        wireless_customers=generate_customers(sites, buildings, rng["wireless"]),
        assumptions=all_assumptions(),
        street_km=round(float(streets.length_m.sum()) / 1000, 1),
    )


def duisburg_texts(source: Path, seed: int) -> dict[str, str]:
    """Make the text of every file of the city folder of Duisburg.

    Parameters
    ----------
    source : Path
        Folder of the open data, see `twin.geo.sources.read_sources`.
    seed : int
        Seed of what is generated.

    Returns
    -------
    dict
        File name to text.

    Raises
    ------
    InputError
        A file is missing or not as expected.
    """
    city = build_duisburg(read_sources(source, "duisburg"), seed)
    return city_texts(
        city,
        DUISBURG_TABLES,
        networks=NETWORKS,
        outline=OUTLINE,
        schema_path="../../geo/city.schema.json",
        stands_in=lambda site, file: site.startswith("station-") == file.endswith(_STATIONS),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str or None
        Arguments; None takes those of the process.

    Returns
    -------
    int
        0 if the folder was written, 1 if the data are not as expected.
    """
    parser = argparse.ArgumentParser(prog="python -m twin.geo.build", description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="folder of the open data")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--seed", type=int, default=SEED, help=f"seed, by default {SEED}")
    arguments = parser.parse_args(argv)
    try:
        texts = duisburg_texts(arguments.source, arguments.seed)
    except StellwerkError as err:
        sys.stderr.write(f"{err}\n")
        return 1
    write_city(arguments.out, texts)
    size_mb = sum(len(text.encode()) for text in texts.values()) / 1e6
    sys.stdout.write(f"{arguments.out}: {len(texts)} files, {size_mb:.1f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
