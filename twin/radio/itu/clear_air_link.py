"""Holds the inputs of ITU-R P.1812 and P.452 to their ranges and derives the path parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.itu.clear_air import Link
from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals, Zone
from twin.radio.itu.clear_air_path import (
    ducting_time_percent,
    effective_radius_m,
    geometry,
    longest_run_m,
    zone_share,
)
from twin.radio.ranges import need

__all__ = ["Limits", "checked", "derive_link"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Valid ranges of one document.

    Parameters
    ----------
    model : str
        Name in messages.
    freq_hz, length_m, height_m, percent : tuple of float
        Smallest and greatest frequency [Hz], path length [m], antenna height over ground [m] and
        share of time [%].
    """

    model: str
    freq_hz: tuple[float, float]
    length_m: tuple[float, float]
    height_m: tuple[float, float]
    percent: tuple[float, float]


def checked(
    path: Path,
    terminals: Terminals,
    climate: RadioClimate,
    percent: ArrayLike,
    limits: Limits,
    **more: Array,
) -> dict[str, Array]:
    """Check every input and bring all to one shape.

    Parameters
    ----------
    path : Path
        Profiles of shape (..., n).
    terminals : Terminals
        Ends.
    climate : RadioClimate
        Air.
    percent : array_like
        Share of time. [%]
    limits : Limits
        Valid ranges.
    **more : ndarray
        Further inputs, already checked.

    Returns
    -------
    dict of ndarray
        Inputs by name, of the shape of the profiles without their last axis, or what it
        broadcasts to.

    Raises
    ------
    ValueError
        A NaN, shapes that do not fit.
    ModelRangeError
        An input outside its range.
    """

    def hold(values: ArrayLike, quantity: str, low: float, high: float) -> Array:
        return need(values, low, high, model=limits.model, quantity=quantity)

    named = {
        "length_m": hold(path.distance_m[..., -1], "path length [m]", *limits.length_m),
        "freq_hz": hold(terminals.freq_hz, "frequency [Hz]", *limits.freq_hz),
        "tx_height_m": hold(terminals.tx_height_m, "tx height [m]", *limits.height_m),
        "rx_height_m": hold(terminals.rx_height_m, "rx height [m]", *limits.height_m),
        "is_vertical": hold(terminals.is_vertical, "is_vertical", 0.0, 1.0),
        "tx_gain_dbi": hold(terminals.tx_gain_dbi, "tx gain [dBi]", -100.0, 100.0),
        "rx_gain_dbi": hold(terminals.rx_gain_dbi, "rx gain [dBi]", -100.0, 100.0),
        "percent": hold(percent, "share of time [%]", *limits.percent),
        "latitude_deg": hold(climate.latitude_deg, "latitude [deg]", -90.0, 90.0),
        "delta_n": hold(climate.delta_n, "delta N [N-units/km]", 0.0, 150.0),
        "n0": hold(climate.n0, "N0 [N-units]", 200.0, 500.0),
        "tx_coast_m": hold(climate.tx_coast_m, "tx distance to coast [m]", 0.0, 2e7),
        "rx_coast_m": hold(climate.rx_coast_m, "rx distance to coast [m]", 0.0, 2e7),
        **more,
    }
    try:
        arrays = np.broadcast_arrays(*named.values())
    except ValueError as err:
        shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in named.items())
        raise ValueError(f"shapes do not fit: {shapes}") from err
    return dict(zip(named, arrays, strict=True))


def derive_link(path: Path, inputs: dict[str, Array]) -> Link:
    """Derive the parameters of the path.

    Parameters
    ----------
    path : Path
        Profiles of shape (..., n).
    inputs : dict of ndarray
        What `checked` returned.

    Returns
    -------
    Link
        Inputs and path parameters.
    """
    radius = effective_radius_m(inputs["delta_n"])
    zone = np.asarray(path.zone)
    land = longest_run_m(path.distance_m, zone != Zone.SEA)
    inland = longest_run_m(path.distance_m, zone == Zone.INLAND)
    shape = radius.shape
    return Link(
        path=path,
        geometry=geometry(
            path, inputs["tx_height_m"], inputs["rx_height_m"], inputs["freq_hz"], radius
        ),
        freq_hz=inputs["freq_hz"],
        is_vertical=inputs["is_vertical"] > 0.0,
        percent=inputs["percent"],
        ducting_percent=ducting_time_percent(inputs["latitude_deg"], land, inland),
        sea_share=np.broadcast_to(zone_share(path.distance_m, zone == Zone.SEA), shape),
        land_m=np.broadcast_to(land, shape),
        inland_m=np.broadcast_to(inland, shape),
        radius_m=radius,
        tx_coast_m=inputs["tx_coast_m"],
        rx_coast_m=inputs["rx_coast_m"],
    )
