"""ITU-R P.1812 over many profiles at once, in the compiled kernel."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cext import _p1812
from twin.radio.itu.clear_air import tail_quantile
from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals
from twin.radio.itu.clear_air_link import checked
from twin.radio.itu.p1812 import LIMITS, LOCATION_PERCENT, MODEL
from twin.radio.ranges import need

__all__ = ["batch_loss_db"]

Array = NDArray[np.float64]


def batch_loss_db(
    path: Path,
    terminals: Terminals,
    climate: RadioClimate,
    *,
    time_percent: ArrayLike = 50.0,
    location_percent: ArrayLike = 50.0,
    location_sigma_db: ArrayLike = 0.0,
    n_threads: int = 1,
) -> Array:
    """Compute what `twin.radio.itu.p1812.transmission_loss` does, without what led to it.

    Parameters
    ----------
    path : Path
        Profiles of shape (n_profiles, n_points).
    terminals : Terminals
        Ends, for all profiles or one value each.
    climate : RadioClimate
        Air, for all profiles or one value each.
    time_percent : array_like
        Share of time. [%]  1 to 50.
    location_percent : array_like
        Share of locations. [%]  1 to 99.
    location_sigma_db : array_like
        Standard deviation over locations. [dB]
    n_threads : int
        Threads; the result does not depend on it.

    Returns
    -------
    ndarray of shape (n_profiles,)
        Basic transmission loss. [dB]

    Raises
    ------
    ValueError
        A NaN, shapes that do not fit: says which element.
    ModelRangeError
        An input outside its range: says which element.

    References
    ----------
    .. [1] ITU-R P.1812-8 (09/2025), Annex 1; see `twin.radio.itu.p1812`.
    """
    if path.distance_m.ndim != 2:
        raise ValueError(f"path: has shape {path.distance_m.shape}, must be (n_profiles, n_points)")
    location = need(
        location_percent, *LOCATION_PERCENT, model=MODEL, quantity="share of locations [%]"
    )
    sigma = need(location_sigma_db, 0.0, 50.0, model=MODEL, quantity="sigma over locations [dB]")
    inputs = checked(path, terminals, climate, time_percent, LIMITS, location=location, sigma=sigma)
    n_profiles = path.distance_m.shape[0]
    if inputs["freq_hz"].shape != (n_profiles,):
        raise ValueError(f"shapes: inputs make {inputs['freq_hz'].shape}, must fit ({n_profiles},)")
    inputs["time_percent"] = inputs["percent"]
    inputs["spread_db"] = tail_quantile(inputs["location"] / 100.0) * inputs["sigma"]
    links = np.stack([inputs[name] for name in _p1812.LINK_COLUMNS], axis=-1)
    clutter, zone = np.asarray(path.clutter_m), np.asarray(path.zone)
    return _p1812.loss(
        np.ascontiguousarray(path.distance_m),
        np.ascontiguousarray(path.ground_m),
        links,
        clutter_m=np.ascontiguousarray(clutter) if clutter.any() else None,
        zone=np.ascontiguousarray(zone) if zone.any() else None,
        n_threads=n_threads,
    )
