"""Coverage of access points: level, interference that was not silenced, and air time left over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from twin.model.city import AccessPoint, Radio
from twin.model.regulatory import channel_centre_hz
from twin.radio.grid import Grid
from twin.radio.link.noise import WIFI_NOISE_FIGURE_DB, noise_dbm
from twin.radio.wifi import radio as wifi

__all__ = ["MIN_LEVEL_DBM", "RADIUS_M", "Transmitters", "gather", "levels_dbm", "serve_wifi"]

RADIUS_M = 500.0
"""Beyond this an access point is not heard: the mean level is then near the noise. [m]"""
MIN_LEVEL_DBM = -90.0
_STRIP_ROWS = 32
_TABLE_STEP_M = 0.25
"""Below this level no station associates: a point without such a signal has no server. [dBm]"""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmitters:
    """The radios of one band that are on, as columns.

    Parameters
    ----------
    index : ndarray of int
        Place of each one's access point among all that were given.
    x_m, y_m, height_m : ndarray
        Position. [m]
    eirp_dbm : ndarray
        Power of all chains and antenna gain. [dBm]
    centre_hz : ndarray
        Centre of the channel. [Hz]
    width_mhz : ndarray of int
        Width of the channel. [MHz]
    is_indoor : ndarray of bool
        Indoors.
    """

    index: NDArray[np.int64]
    x_m: Array = field(metadata={"unit": "m"})
    y_m: Array = field(metadata={"unit": "m"})
    height_m: Array = field(metadata={"unit": "m"})
    eirp_dbm: Array = field(metadata={"unit": "dBm"})
    centre_hz: Array = field(metadata={"unit": "Hz"})
    width_mhz: NDArray[np.int64]
    is_indoor: NDArray[np.bool_]


def gather(access_points: Sequence[AccessPoint], band: str) -> Transmitters:
    """Pick the radios of a band that are on.

    Parameters
    ----------
    access_points : sequence of AccessPoint
        All access points; those on vehicles have no place on a map and are left out.
    band : str
        ``2.4`` or ``5``.

    Returns
    -------
    Transmitters
        One column per radio on the air.

    Raises
    ------
    ModelError
        A channel or width that does not exist.
    """
    number = wifi.BANDS[band]
    on: list[tuple[int, AccessPoint, Radio]] = [
        (i, ap, radio)
        for i, ap in enumerate(access_points)
        for radio in ap.radios
        if radio.index == number and radio.enabled and ap.placement != "vehicle"
    ]
    return Transmitters(
        index=np.array([i for i, _, _ in on], dtype=np.int64),
        x_m=np.array([ap.x_m for _, ap, _ in on], dtype=np.float64),
        y_m=np.array([ap.y_m for _, ap, _ in on], dtype=np.float64),
        height_m=np.array([ap.height_m for _, ap, _ in on], dtype=np.float64),
        eirp_dbm=np.array([r.tx_power_dbm + r.antenna_gain_dbi for _, _, r in on], np.float64),
        centre_hz=np.array(
            [channel_centre_hz(band, r.channel, r.bandwidth_mhz) for _, _, r in on], np.float64
        ),
        width_mhz=np.array([r.bandwidth_mhz for _, _, r in on], dtype=np.int64),
        is_indoor=np.array([ap.placement == "indoor" for _, ap, _ in on], dtype=np.bool_),
    )


def levels_dbm(
    radios: Transmitters, who: NDArray[np.int64], x_m: Array, y_m: Array, height_m: Array | float
) -> Array:
    """Compute mean levels of given radios at given points, one by one.

    Parameters
    ----------
    radios : Transmitters
        The radios.
    who : ndarray of int, shape (n,)
        Radio of each link.
    x_m, y_m : ndarray of shape (n,)
        Point of each link. [m]
    height_m : ndarray or float
        Height of the points; 1.5 to 22.5. [m]

    Returns
    -------
    ndarray of shape (n,)
        Level over the whole channel. [dBm]
    """
    distance_m = np.hypot(x_m - radios.x_m[who], y_m - radios.y_m[who])
    height = np.broadcast_to(height_m, distance_m.shape)
    gain = np.empty(distance_m.shape)
    for is_indoor in (False, True):
        chosen = np.flatnonzero(radios.is_indoor[who] == is_indoor)
        picked = who[chosen]
        gain[chosen] = wifi.mean_gain_db(
            distance_m[chosen],
            radios.centre_hz[picked],
            radios.height_m[picked],
            h_ut_m=height[chosen],
            is_indoor=is_indoor,
        )
    return radios.eirp_dbm[who] + gain


def _links(
    radios: Transmitters, near: NDArray[np.int64], grid: Grid, inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Pair radios with the cells of the grid within reach: flat cell, radio, distance [m]."""
    x_m, y_m = grid.centres()
    cells, who = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    distances = [np.empty(0, np.float32)]
    for i in near.tolist():
        columns = np.flatnonzero(np.abs(x_m - radios.x_m[i]) <= RADIUS_M)
        rows = np.flatnonzero(np.abs(y_m - radios.y_m[i]) <= RADIUS_M)
        if not (rows.size and columns.size):
            continue
        dx, dy = x_m[columns] - radios.x_m[i], y_m[rows] - radios.y_m[i]
        square = dx[None, :] ** 2 + dy[:, None] ** 2
        reached = square <= RADIUS_M**2
        reached &= inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        r, c = np.nonzero(reached)
        cells.append((rows[0] + r) * grid.n_x + columns[0] + c)
        who.append(np.full(r.size, i, dtype=np.int64))
        distances.append(np.sqrt(square[r, c]).astype(np.float32))
    return np.concatenate(cells), np.concatenate(who), np.concatenate(distances)


def _mixing(radios: Transmitters) -> Array:
    """Overlap of the channels of all pairs, [receiver, transmitter]."""
    tuned = np.column_stack([radios.centre_hz, radios.width_mhz.astype(np.float64)])
    kinds, kind = np.unique(tuned, axis=0, return_inverse=True)
    table = [[wifi.overlap(a[0], int(a[1]), b[0], int(b[1])) for b in kinds] for a in kinds]
    kind = kind.reshape(-1)
    return np.array(table, dtype=np.float64)[kind[:, None], kind[None, :]]


def _air(radios: Transmitters) -> tuple[Array, Array]:
    """Weight of interference [server, other] and the share of air time each radio finds free.

    Radios that hear each other take turns: they cost time and do not interfere. The rest transmit
    at any time: the part of their power that falls into the channel counts by their load.
    """
    n = len(radios.index)
    mixing = _mixing(radios)
    server, other = np.nonzero(
        np.hypot(radios.x_m[:, None] - radios.x_m, radios.y_m[:, None] - radios.y_m) <= RADIUS_M
    )
    level = np.full((n, n), -np.inf)
    level[server, other] = levels_dbm(
        radios, other, radios.x_m[server], radios.y_m[server], 1.5
    ) - np.where(radios.is_indoor[server], wifi.entry_loss_db(radios.centre_hz[server]), 0.0)
    heard = (level >= wifi.CCA_DBM) & (mixing >= 0.5)
    np.fill_diagonal(heard, val=False)
    weight = np.where(heard, 0.0, mixing * wifi.LOAD)
    np.fill_diagonal(weight, 0.0)
    share = (1.0 - wifi.LOAD) / (1.0 + wifi.LOAD * heard.sum(axis=1))
    return weight, share


def serve_wifi(
    radios: Transmitters, grid: Grid, inside: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
    """Compute the rasters of one band.

    Parameters
    ----------
    radios : Transmitters
        The radios of the band.
    grid : Grid
        The raster.
    inside : ndarray of bool, shape (n_y, n_x)
        Where to compute.

    Returns
    -------
    level_dbm, sinr_db, throughput_bps : ndarray of float32, shape (n_y, n_x)
        NaN where no access point is strong enough; there the throughput is 0. [dBm], [dB], [bit/s]
    best : ndarray of int32, shape (n_y, n_x)
        Place of the server among all access points, -1 for none.
    """
    level_map = np.full(grid.shape, np.nan, np.float32)
    sinr_map = np.full(grid.shape, np.nan, np.float32)
    best_map = np.full(grid.shape, -1, np.int32)
    rate_map = np.where(inside, np.float32(0.0), np.float32(np.nan))
    if len(radios.index):
        air = _air(radios)
        gains = _gain_table(radios)
        for first in range(0, grid.n_y, _STRIP_ROWS):
            strip = slice(first, min(first + _STRIP_ROWS, grid.n_y))
            near = np.flatnonzero(
                np.abs(radios.y_m - (grid.y0_m + (first + strip.stop - 1) / 2 * grid.step_m))
                <= RADIUS_M + _STRIP_ROWS / 2 * grid.step_m
            )
            part = replace(grid, y0_m=grid.y0_m + first * grid.step_m, n_y=strip.stop - first)
            maps = level_map[strip], sinr_map[strip], rate_map[strip], best_map[strip]
            _serve_strip(radios, near, gains, air, part, inside[strip], maps)
    return level_map, sinr_map, rate_map, best_map


def _serve_strip(
    radios: Transmitters,
    near: NDArray[np.int64],
    gains: tuple[NDArray[np.float32], NDArray[np.int64]],
    air: tuple[Array, Array],
    grid: Grid,
    inside: NDArray[np.bool_],
    maps: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]],
) -> None:
    """Compute some rows, so that the links of a whole city never stand in memory together."""
    cells, who, distance_m = _links(radios, near, grid, inside)
    if not cells.size:
        return
    n = grid.n_x * grid.n_y
    level = radios.eirp_dbm[who] + _gain_db(gains, who, distance_m, radios.is_indoor[who])
    order = np.argsort(level, kind="stable")
    server = np.full(n, -1, dtype=np.int64)
    server[cells[order]] = who[order]  # the strongest is written last
    weight, share = air
    own = server[cells] == who
    disturbance = np.bincount(cells, 10.0 ** (level / 10.0) * weight[server[cells], who], n)
    served = own & (level >= MIN_LEVEL_DBM)
    at, by, strongest = cells[served], who[served], level[served]
    noise = np.array([noise_dbm(w * 1e6, WIFI_NOISE_FIGURE_DB) for w in radios.width_mhz])
    sinr = strongest - 10.0 * np.log10(disturbance[at] + 10.0 ** (noise[by] / 10.0))
    rate = wifi.rate_bps(sinr, radios.width_mhz[by]) * wifi.MAC_EFFICIENCY * share[by]
    rows, columns = np.divmod(at, grid.n_x)
    for target, values in zip(maps, (strongest, sinr, rate, radios.index[by]), strict=True):
        target[rows, columns] = values


def _gain_table(radios: Transmitters) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Mean gain over distance by kind of radio, and the kind of each."""
    tuned = np.column_stack([radios.centre_hz, radios.height_m, radios.is_indoor])
    kinds, kind = np.unique(tuned, axis=0, return_inverse=True)
    n_steps = int(RADIUS_M / _TABLE_STEP_M) + 1
    distance_m = np.linspace(0.0, n_steps * _TABLE_STEP_M, n_steps + 1)
    rows = [
        wifi.mean_gain_db(
            distance_m,
            np.full(len(distance_m), centre_hz),
            np.full(len(distance_m), height_m),
            h_ut_m=np.full(len(distance_m), 1.5),
            is_indoor=bool(is_indoor),
        )
        for centre_hz, height_m, is_indoor in kinds.tolist()
    ]
    return np.array(rows, dtype=np.float32), kind.reshape(-1)


def _gain_db(
    gains: tuple[NDArray[np.float32], NDArray[np.int64]],
    who: NDArray[np.int64],
    distance_m: NDArray[np.float32],
    is_indoor: NDArray[np.bool_],
) -> Array:
    """Read the table between its entries: within 0.02 dB, in the step behind the wall 0.1 dB."""
    table, kind = gains
    place = distance_m / np.float32(_TABLE_STEP_M)
    below = place.astype(np.int64)
    wall = int(wifi.INDOOR_RADIUS_M / _TABLE_STEP_M)  # loss jumps there: never read across it
    below += is_indoor & (below == wall) & (place > wall)
    flat = kind[who] * table.shape[1] + below
    low = table.ravel()[flat]
    return np.asarray(low + (table.ravel()[flat + 1] - low) * (place - below), np.float64)
