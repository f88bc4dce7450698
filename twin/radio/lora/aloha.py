"""How many LoRa frames get through when devices send whenever they like: ALOHA and capture."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need

__all__ = ["LORASIM_EXPONENT", "delivery", "delivery_with_capture", "load", "simulate_delivery"]

Array = NDArray[np.float64]

DOCUMENT = "pure ALOHA"
LORASIM_EXPONENT = 2.08 * math.log(10.0)
"""LoRaSim's exponent of 2.08 with its natural logarithm, in decades."""


def load(n_devices: ArrayLike, air_s: ArrayLike, period_s: ArrayLike, n_channels: int = 1) -> Array:
    """Load of one channel and spreading factor.

    Parameters
    ----------
    n_devices : array_like
        Devices that hear, or are heard, together.
    air_s : array_like
        Time on air of a frame. [s]
    period_s : array_like
        Mean time between two frames of a device. [s]
    n_channels : int
        Channels among which each frame is drawn.

    Returns
    -------
    ndarray
        G, frames per time on air. [erlang]

    Raises
    ------
    ModelRangeError
        A negative number, a period of zero, no channel.
    """
    n = need(n_devices, 0, 1e9, model=DOCUMENT, quantity="devices")
    air = need(air_s, 0, 1e4, model=DOCUMENT, quantity="time on air [s]")
    period = need(period_s, 1e-6, 1e12, model=DOCUMENT, quantity="period [s]")
    channels = need(n_channels, 1, 1e4, model=DOCUMENT, quantity="channels")
    return np.asarray(n * air / (period * channels))


def delivery(load_erlang: ArrayLike, vulnerable_airtimes: float = 2.0) -> Array:
    """Share of frames that no other overlaps.

    Parameters
    ----------
    load_erlang : array_like
        G. [erlang]
    vulnerable_airtimes : float
        Length of the time in which the start of another frame destroys, in times on air.

    Returns
    -------
    ndarray
        exp(-2 G) in pure ALOHA.

    Raises
    ------
    ModelRangeError
        A negative load.

    References
    ----------
    .. [1] N. Abramson, "The ALOHA system", AFIPS Fall Joint Computer Conference 37, 1970.
    """
    g = need(load_erlang, 0, 1e9, model=DOCUMENT, quantity="load [erlang]")
    return np.exp(-vulnerable_airtimes * g)


def _reach(capture_db: float, exponent: float) -> float:
    """Ratio of areas that makes the capture threshold under distance to the power `exponent`."""
    return float(10.0 ** (capture_db / (5.0 * exponent)))


def delivery_with_capture(
    load_erlang: ArrayLike,
    *,
    capture_db: float = 6.0,
    exponent: float = 3.5,
    vulnerable_airtimes: float = 2.0,
) -> Array:
    """Share of frames that get through where the stronger of two survives.

    Parameters
    ----------
    load_erlang : array_like
        G. [erlang]
    capture_db : float
        A frame survives another that is so much weaker. [dB]
    exponent : float
        Power loss with distance: 10 x exponent dB per decade.
    vulnerable_airtimes : float
        As `delivery`.

    Returns
    -------
    ndarray
        Mean over devices spread evenly over a disc around the gateway.

    Raises
    ------
    ModelRangeError
        A negative load, an exponent under 1.

    Notes
    -----
    The share u of the disc that is nearer than a device is uniform. Another device at u'
    destroys its frame unless 10 exponent log10(r'/r) reaches the threshold, that is if
    u' < k u with k = 10^(capture / 5 exponent). Interferers are Poisson, so a device at u
    delivers exp(-V G min(1, k u)); the mean over u has a closed form. Interferers are compared
    one by one, as in [1]_; no fading.

    References
    ----------
    .. [1] M. Bor, U. Roedig, T. Voigt, J. Alonso, "Do LoRa low-power wide-area networks
       scale?", MSWiM 2016 (collision rule).
    """
    n = need(exponent, 1, 20, model=DOCUMENT, quantity="exponent")
    g = vulnerable_airtimes * need(load_erlang, 0, 1e9, model=DOCUMENT, quantity="load [erlang]")
    near = 1.0 / _reach(capture_db, float(n))
    mean = np.where(g > 1e-9, -np.expm1(-g) / np.maximum(g, 1e-9), 1.0)
    return np.asarray(near * mean + (1.0 - near) * np.exp(-g))


def simulate_delivery(
    n_devices: int,
    air_s: float,
    period_s: float,
    *,
    n_periods: float,
    rng: np.random.Generator,
    capture_db: float = 6.0,
    exponent: float = 3.5,
) -> float:
    """Draw frames of devices on a disc and count those that get through.

    Parameters
    ----------
    n_devices : int
        Devices on the channel.
    air_s : float
        Time on air. [s]
    period_s : float
        Mean time between frames of a device. [s]
    n_periods : float
        Length of the run, in periods.
    rng : Generator
        Source of chance.
    capture_db, exponent : float
        As `delivery_with_capture`; an infinite capture turns it off.

    Returns
    -------
    float
        Delivered over sent.

    Raises
    ------
    ModelRangeError
        A number out of range.
    ValueError
        No frame was drawn.
    """
    g = float(load(n_devices, air_s, period_s))
    n_frames = int(rng.poisson(g * period_s / air_s * n_periods))
    if n_frames == 0:
        raise ValueError("n_periods: is so short that no frame was drawn")
    start = np.sort(rng.uniform(0.0, n_periods * period_s, n_frames))
    share = rng.uniform(size=n_devices)[rng.integers(n_devices, size=n_frames)]
    level_db = -5.0 * exponent * np.log10(np.maximum(share, 1e-300))
    is_lost = np.zeros(n_frames, dtype=bool)
    for step in range(1, n_frames):
        together = start[step:] - start[:-step] < air_s
        if not together.any():
            break
        gain = level_db[step:] - level_db[:-step]
        is_lost[step:] |= together & (gain < capture_db)
        is_lost[:-step] |= together & (-gain < capture_db)
    return float(1.0 - is_lost.mean())
