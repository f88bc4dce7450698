"""ITU-R P.1812 over many profiles at once, handed over as one array.

Ranges of the Recommendation are checked by `twin.radio.itu.p1812_batch`; here only what could make a
loop go wrong or a NaN pass. Relaxed floating point (see setup.py): checked inputs hold no NaN.
"""

import numpy as np

from cython.parallel cimport prange, threadid
from libc.math cimport fabs, isfinite
from libc.stdint cimport uint8_t

from cext._isa cimport active_index, usable_threads

cdef extern from "_p1812_kernel.h" nogil:
    enum:
        P1812_COLUMNS
        P1812_FREQ_HZ
        P1812_TX_HEIGHT_M
        P1812_RX_HEIGHT_M
        P1812_TIME_PERCENT
        P1812_LATITUDE_DEG
        P1812_DELTA_N

    ctypedef struct sw_p1812:
        const double* distance_m
        const double* ground_m
        const double* clutter_m
        const uint8_t* zone
        const double* links
        Py_ssize_t n_profiles
        Py_ssize_t n_points
        double* loss_db

    void sw_p1812_one(int isa, const sw_p1812* p, Py_ssize_t row, double* work)
    int sw_p1812_bad(int isa, const sw_p1812* p, Py_ssize_t row)

__all__ = ["LINK_COLUMNS", "MIN_POINTS", "loss"]

MIN_POINTS = 4
LINK_COLUMNS = (
    "freq_hz", "tx_height_m", "rx_height_m", "time_percent", "spread_db", "is_vertical",
    "latitude_deg", "delta_n", "n0", "tx_coast_m", "rx_coast_m",
)


cdef int _check_links(const double[:, ::1] links, Py_ssize_t n) except -1:
    cdef Py_ssize_t i, k
    if links.shape[0] != n or links.shape[1] != P1812_COLUMNS:
        raise ValueError(
            f"links: has shape ({links.shape[0]}, {links.shape[1]}), must be ({n}, {P1812_COLUMNS})"
        )
    for i in range(n):
        for k in range(P1812_COLUMNS):
            if not isfinite(links[i, k]):
                raise ValueError(f"links: row {i}: {LINK_COLUMNS[k]} is {links[i, k]}, must be finite")
        for k in (P1812_FREQ_HZ, P1812_TX_HEIGHT_M, P1812_RX_HEIGHT_M, P1812_TIME_PERCENT):
            if links[i, k] <= 0.0:
                raise ValueError(f"links: row {i}: {LINK_COLUMNS[k]} is {links[i, k]}, must be positive")
        if links[i, P1812_TIME_PERCENT] > 50.0:
            raise ValueError(
                f"links: row {i}: time_percent is {links[i, P1812_TIME_PERCENT]}, must be at most 50"
            )
        if fabs(links[i, P1812_LATITUDE_DEG]) > 90.0:
            raise ValueError(f"links: row {i}: latitude_deg is {links[i, P1812_LATITUDE_DEG]}")
        if links[i, P1812_DELTA_N] >= 157.0:
            raise ValueError(
                f"links: row {i}: delta_n is {links[i, P1812_DELTA_N]}, must be below 157"
            )
    return 0


cdef object _bad_row(int reason, Py_ssize_t row):
    return (
        f"distance_m: row {row}: must begin with 0, never fall, and have no point between at an end",
        f"ground_m: row {row}: holds a NaN or what is no height",
        f"clutter_m: row {row}: holds a NaN or a negative height",
        f"zone: row {row}: holds a zone above 2",
    )[reason - 1]


def loss(
    const double[:, ::1] distance_m not None,
    const double[:, ::1] ground_m not None,
    const double[:, ::1] links not None,
    *,
    const double[:, ::1] clutter_m=None,
    const uint8_t[:, ::1] zone=None,
    double[::1] out=None,
    n_threads=1,
):
    cdef Py_ssize_t n = distance_m.shape[0], m = distance_m.shape[1], row
    cdef int isa = active_index(), threads = usable_threads(n_threads)
    cdef sw_p1812 p
    cdef double[::1] result
    cdef double[:, ::1] work
    cdef uint8_t[::1] bad
    if m < MIN_POINTS:
        raise ValueError(f"distance_m: has {m} points, must have {MIN_POINTS} or more")
    if ground_m.shape[0] != n or ground_m.shape[1] != m:
        raise ValueError(
            f"ground_m: has shape ({ground_m.shape[0]}, {ground_m.shape[1]}), must be ({n}, {m})"
        )
    if clutter_m is not None and (clutter_m.shape[0] != n or clutter_m.shape[1] != m):
        raise ValueError(
            f"clutter_m: has shape ({clutter_m.shape[0]}, {clutter_m.shape[1]}), must be ({n}, {m})"
        )
    if zone is not None and (zone.shape[0] != n or zone.shape[1] != m):
        raise ValueError(f"zone: has shape ({zone.shape[0]}, {zone.shape[1]}), must be ({n}, {m})")
    _check_links(links, n)
    result = np.empty(n, np.float64) if out is None else out
    if result.shape[0] != n:
        raise ValueError(f"out: has {result.shape[0]} rows, must have {n}")
    if n == 0:
        return np.asarray(result)
    p.distance_m, p.ground_m, p.links = &distance_m[0, 0], &ground_m[0, 0], &links[0, 0]
    p.clutter_m = &clutter_m[0, 0] if clutter_m is not None else NULL
    p.zone = &zone[0, 0] if zone is not None else NULL
    p.n_profiles, p.n_points, p.loss_db = n, m, &result[0]
    bad = np.empty(n, np.uint8)
    for row in prange(n, nogil=True, schedule="static", num_threads=threads):
        bad[row] = sw_p1812_bad(isa, &p, row)
    for row in range(n):
        if bad[row]:
            raise ValueError(_bad_row(bad[row], row))
    work = np.empty((threads, 2 * m + 16), np.float64)
    for row in prange(n, nogil=True, schedule="static", num_threads=threads):
        sw_p1812_one(isa, &p, row, &work[threadid(), 0])
    return np.asarray(result)
