"""The LoRaWAN devices of a city: meters in cellars, lamps and sensors, each a row of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.geo.rings import district_slugs
from twin.model.city import City
from twin.radio.itu.p2109 import Building, building_entry_db
from twin.sim.utilities_iot.assumptions import value

__all__ = [
    "KINDS",
    "Devices",
    "district_index",
    "entry_loss_db",
    "interval_s",
    "payload_bytes",
    "place_devices",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KINDS = ("water_meter", "heat_meter", "lamp", "sensor", "bin")
_SHORT = ("water", "heat", "lamp", "sensor", "bin")
_CARRIER_HZ = 868e6
_BLOCK_M = 100.0  # a census cell


@dataclass(slots=True, kw_only=True, eq=False)
class Devices:
    """LoRaWAN devices in the order of `KINDS`.

    Parameters
    ----------
    kind : ndarray of shape (N,)
        Index into `KINDS`.
    x_m, y_m, height_m : ndarray of shape (N,)
        Where they are. [m]
    entry_db : ndarray of shape (N,)
        Loss into the building and the cellar. [dB]
    gain_dbi : ndarray of shape (N,)
        Antenna. [dBi]
    is_deep : ndarray of bool
        In a cellar.
    is_confirmed : ndarray of bool
        Its messages ask for an acknowledgement.
    feeder : ndarray of shape (N,)
        Row of the lamp cabinet that feeds it, -1: own battery.
    lamp : ndarray of shape (N,)
        Row of the lamp in the city, -1: no lamp.
    district : ndarray of shape (N,)
        Index into `slugs`, -1 outside.
    slugs : tuple of str
        Districts.
    """

    kind: Ints
    x_m: Floats
    y_m: Floats
    height_m: Floats
    entry_db: Floats
    gain_dbi: Floats
    is_deep: NDArray[np.bool_]
    is_confirmed: NDArray[np.bool_]
    feeder: Ints
    lamp: Ints
    district: Ints
    slugs: tuple[str, ...]

    @property
    def n(self) -> int:
        """How many there are."""
        return self.kind.size


def district_index(city: City, x_m: Floats, y_m: Floats) -> tuple[Ints, tuple[str, ...]]:
    """Return the district of each point as an index, and the slugs.

    Notes
    -----
    Many points share few places: the test is made once for each 100 m square.
    """
    slugs = tuple(d.slug for d in city.districts if d.level == "district")
    found = np.full(x_m.size, -1, dtype=np.int64)
    if not slugs or not x_m.size:
        return found, slugs
    column, row = np.floor(x_m / _BLOCK_M), np.floor(y_m / _BLOCK_M)
    squares, square_of = np.unique(np.stack([column, row]), axis=1, return_inverse=True)
    middle = (squares + 0.5) * _BLOCK_M
    index = {slug: i for i, slug in enumerate(slugs)} | {"": -1}
    names = district_slugs(city.districts, middle[0], middle[1])
    return np.array([index[name] for name in names], dtype=np.int64)[square_of.ravel()], slugs


def entry_loss_db(
    freq_hz: float, is_inside: NDArray[np.bool_], is_deep: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Draw the loss into buildings of both classes of P.2109, and what a cellar adds.

    Parameters
    ----------
    freq_hz : float
        Carrier. [Hz]
    is_inside, is_deep : ndarray of bool
        In a building; in its cellar too.
    rng : Generator
        Source of chance.

    Returns
    -------
    ndarray
        0 outdoors. [dB]

    References
    ----------
    .. [1] ITU-R P.2109-2 (2023), section 3.
    """
    n = is_inside.size
    is_efficient = rng.random(n) < value("efficient_building_share")
    percent = np.clip(100.0 * rng.random(n), 0.1, 99.9)
    extra_db = rng.uniform(value("cellar_min_db"), value("cellar_max_db"), n)
    loss_db = np.zeros(n)
    for building, chosen in (
        (Building.TRADITIONAL, is_inside & ~is_efficient),
        (Building.THERMALLY_EFFICIENT, is_inside & is_efficient),
    ):
        if chosen.any():
            loss_db[chosen] = building_entry_db(freq_hz, building, percent[chosen])
    return np.maximum(loss_db, 0.0) + np.where(is_deep, extra_db, 0.0)


def place_devices(city: City, rng: np.random.Generator) -> Devices:
    """Place the devices of a city.

    Parameters
    ----------
    city : City
        City with buildings, census and lamps; what it lacks gets no devices.
    rng : Generator
        Source of chance.

    Returns
    -------
    Devices
        Meters in buildings, sensors and bins where people live, controllers on lamps.
    """
    places = (
        _pick(rng, [(b.x_m, b.y_m) for b in city.buildings], value("water_meters_per_building")),
        _pick(rng, [(b.x_m, b.y_m) for b in city.buildings], value("heat_meters_per_building")),
        _on_lamps(rng, city),
        _among_people(rng, city, value("sensors_per_1000_residents")),
        _among_people(rng, city, value("bins_per_1000_residents")),
    )
    sizes = [rows.size for rows, _ in places]
    kind = np.repeat(np.arange(len(KINDS)), sizes)
    x, y = np.concatenate([where for _, where in places], axis=1)
    inside = kind <= 1
    deep_share = np.array([value("water_cellar_share"), value("heat_cellar_share"), 0, 0, 0])
    is_deep = rng.random(kind.size) < deep_share[kind]
    height = np.full(kind.size, value("meter_height_m"))
    feeder = np.full(kind.size, -1, dtype=np.int64)
    lamps = places[2][0]
    cabinets = {cabinet.id: i for i, cabinet in enumerate(city.cabinets)}
    height[kind == 2] = [max(city.lamps[i].height_m, 1.0) for i in lamps]
    feeder[kind == 2] = [cabinets.get(city.lamps[i].cabinet, -1) for i in lamps]
    lamp = np.full(kind.size, -1, dtype=np.int64)
    lamp[kind == 2] = lamps
    district, slugs = district_index(city, x, y)
    confirmed = np.array(
        [0.0, 0.0, value("lamp_confirmed_share"), 0.0, value("bin_confirmed_share")]
    )
    return Devices(
        kind=kind,
        x_m=x,
        y_m=y,
        height_m=np.minimum(height, 10.0),  # Hata's range
        entry_db=entry_loss_db(_CARRIER_HZ, inside, is_deep, rng),
        gain_dbi=np.where(kind == 2, 0.0, value("meter_antenna_dbi")),
        is_deep=is_deep,
        is_confirmed=rng.random(kind.size) < confirmed[kind],
        feeder=feeder,
        lamp=lamp,
        district=district,
        slugs=slugs,
    )


def _pick(
    rng: np.random.Generator, points: Sequence[tuple[float, float]], share: float
) -> tuple[Ints, Floats]:
    """Pick a share of points; return their rows in order and their coordinates."""
    where = np.array(points, dtype=np.float64).reshape(-1, 2).T
    n = round(share * where.shape[1])
    rows = np.sort(rng.permutation(where.shape[1])[:n])
    return rows, where[:, rows]


def _on_lamps(rng: np.random.Generator, city: City) -> tuple[Ints, Floats]:
    """Pick the lamps that carry a controller: LED luminaires, which have the socket for it."""
    led = np.array([i for i, lamp in enumerate(city.lamps) if lamp.kind == "led"], dtype=np.int64)
    n = min(round(value("lamp_share_lora") * len(city.lamps)), led.size)
    rows = np.sort(rng.permutation(led)[:n])
    where = np.array([(city.lamps[i].x_m, city.lamps[i].y_m) for i in rows]).reshape(-1, 2)
    return rows, where.T


def _among_people(rng: np.random.Generator, city: City, per_1000: float) -> tuple[Ints, Floats]:
    """Draw places where people live."""
    residents = np.array([cell.residents for cell in city.census])
    total = float(residents.sum())
    n = round(per_1000 * total / 1000.0)
    if not n:
        return np.zeros(0, dtype=np.int64), np.zeros((2, 0))
    rows = np.sort(rng.choice(residents.size, n, p=residents / total))
    where = np.array([(city.census[i].x_m, city.census[i].y_m) for i in rows]).T
    return rows, where + rng.uniform(-_BLOCK_M / 2, _BLOCK_M / 2, where.shape)


def payload_bytes() -> Ints:
    """Return the application payload of each kind. [byte]."""
    return np.array([round(value(f"{name}_payload_bytes")) for name in _SHORT])


def interval_s() -> Floats:
    """Return the mean time between the messages of each kind. [s]."""
    return np.array([value(f"{name}_interval_s") for name in _SHORT])
