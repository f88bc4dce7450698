"""The door to cities: load, count and validate one by its name or its folder."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from twin.geo.counts import city_counts
from twin.geo.reader import city_folder, read_city
from twin.geo.validate import CityFinding, validate_city
from twin.model.city import City

__all__ = ["CityFinding", "city_counts", "load_city", "validate_city"]

log = logging.getLogger(__name__)


def load_city(ref: str | Path) -> City:
    """Load a city; the same files give the same city.

    Parameters
    ----------
    ref : str or Path
        Name of a city in the box, such as ``duisburg``, or a folder with a `city.yaml`.

    Returns
    -------
    City
        The city.

    Raises
    ------
    InputError
        There is no such city, or a file of it is wrong: says which, where and what to do.
    """
    folder = city_folder(ref)
    start_s = time.perf_counter()
    city = read_city(folder)
    log.info("city %s loaded in %.2f s", city.name, time.perf_counter() - start_s)
    return city
