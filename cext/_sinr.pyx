"""Fused best server, interference and SINR of one layer, and the links of a few points.

The physics (coefficients of path loss, P(LOS), antenna) is handed in as tables by `twin.radio`; the
columns are named in `_sinr_kernel.h` and, for Python, in `SITE_COLUMNS` and `SECTOR_COLUMNS`.

Directives stand in setup.py, not here, so that ``CEXT_DEBUG=1`` can turn all checks on.
Relaxed floating point (no errno, no traps, contraction to FMA): the loops must be free of branches to
vectorise; a NaN or infinity is refused before the loop, so nothing is lost by it.
"""

import numpy as np

from cython.parallel cimport prange
from libc.stdint cimport int32_t, uint8_t

from cext._checks cimport first_bad
from cext._isa cimport active_index, usable_threads

cdef extern from "_sinr_kernel.h" nogil:
    enum:
        SW_BLOCK
        SW_MAX_CARRIERS
        N_SITE "SITE_COLUMNS"
        N_SECTOR "SECTOR_COLUMNS"

    ctypedef struct sw_layer:
        const float* x
        const float* y
        Py_ssize_t n_points
        const float* sites
        Py_ssize_t n_sites
        const float* sectors
        Py_ssize_t n_sectors
        const int32_t* first
        const int32_t* carrier
        const int32_t* column
        const float* mixing
        const float* noise
        Py_ssize_t n_carriers
        float* rsrp
        float* sinr
        int32_t* best

    ctypedef struct sw_raster:
        sw_layer layer
        double x0
        double y0
        double step
        Py_ssize_t n_x
        Py_ssize_t n_y
        const uint8_t* inside
        double share
        const float* curves
        Py_ssize_t n_curve
        float curve_low
        float curve_step
        const int32_t* kind
        const float* free_rate
        float* rsrp
        float* sinr
        float* rate
        int32_t* best

    int sw_square(int isa, const sw_raster* map, Py_ssize_t square)
    void sw_serve(int isa, const sw_layer* layer, Py_ssize_t block)
    void sw_links(int isa, const sw_layer* layer, Py_ssize_t block)

__all__ = ["MAX_CARRIERS", "SECTOR_COLUMNS", "SITE_COLUMNS", "best_server", "links", "raster"]

MAX_CARRIERS = SW_MAX_CARRIERS

SITE_COLUMNS = (
    "x", "y", "dh", "break", "near_a", "near_b", "near_c", "far_a", "far_b", "nlos_a", "nlos_b",
    "los_d0", "los_d1", "los_k", "d_min", "los_c", "los_ck",
)
SECTOR_COLUMNS = ("azimuth", "kh", "tilt", "kv", "sla_v", "a_max", "power", "load", "serves")

cdef int _check_vector(str name, const float[::1] values) except -1:
    cdef Py_ssize_t row = first_bad(&values[0], values.shape[0]) if values.shape[0] else -1
    if row >= 0:
        raise ValueError(f"{name}: row {row} is {values[row]}; NaN and infinity have no position")
    return 0


cdef int _check_table(str name, const float[:, ::1] table, int columns) except -1:
    if table.shape[1] != columns:
        raise ValueError(f"{name}: has {table.shape[1]} columns, must have {columns}")
    if table.shape[0] == 0:
        raise ValueError(f"{name}: has no row")
    cdef Py_ssize_t flat = first_bad(&table[0, 0], table.shape[0] * table.shape[1])
    if flat >= 0:
        raise ValueError(
            f"{name}: row {flat // columns}, column {flat % columns} is "
            f"{table[flat // columns, flat % columns]}; it must be finite"
        )
    return 0


cdef int _check_indices(
    Py_ssize_t n_sites, Py_ssize_t n_sectors, const int32_t[::1] first, const int32_t[::1] column
) except -1:
    cdef Py_ssize_t i
    if first.shape[0] != n_sites + 1 or first[0] != 0 or first[n_sites] != n_sectors:
        raise ValueError("first: must run from 0 to the number of sectors, one entry per site and one")
    for i in range(n_sites):
        if first[i + 1] < first[i]:
            raise ValueError(f"first: row {i + 1} is smaller than the row before")
    if column.shape[0] != n_sectors:
        raise ValueError(f"column: has {column.shape[0]} rows, must have {n_sectors}")
    for i in range(n_sectors):
        if column[i] < 0 or column[i] >= n_sectors:
            raise ValueError(f"column: row {i} is {column[i]}, must be in 0..{n_sectors - 1}")
    return 0


cdef int _check_carriers(
    Py_ssize_t n_sectors, const int32_t[::1] carrier, const float[:, ::1] mixing, const float[::1] noise
) except -1:
    cdef Py_ssize_t i, n = noise.shape[0]
    if not 1 <= n <= SW_MAX_CARRIERS:
        raise ValueError(f"noise_mw: has {n} rows, must have 1 to {SW_MAX_CARRIERS}")
    if mixing.shape[0] != n:
        raise ValueError(f"mixing: has {mixing.shape[0]} rows, must have {n}")
    _check_table("mixing", mixing, <int>n)
    _check_vector("noise_mw", noise)
    for i in range(n):
        if noise[i] <= 0:
            raise ValueError(f"noise_mw: row {i} is {noise[i]}, must be positive")
    if carrier.shape[0] != n_sectors:
        raise ValueError(f"carrier: has {carrier.shape[0]} rows, must have {n_sectors}")
    for i in range(n_sectors):
        if carrier[i] < 0 or carrier[i] >= n:
            raise ValueError(f"carrier: row {i} is {carrier[i]}, must be in 0..{n - 1}")
    return 0


cdef int _check_points(const float[::1] x_m, const float[::1] y_m) except -1:
    if x_m.shape[0] != y_m.shape[0]:
        raise ValueError(f"y_m: has {y_m.shape[0]} rows, x_m has {x_m.shape[0]}")
    _check_vector("x_m", x_m)
    _check_vector("y_m", y_m)
    return 0


cdef int _check_serves(const float[:, ::1] sectors) except -1:
    cdef Py_ssize_t i, n = sectors.shape[0], serving = 0
    for i in range(n):
        if sectors[i, N_SECTOR - 1] != 0 and sectors[i, N_SECTOR - 1] != 1:
            raise ValueError(f"sectors: row {i}: serves is {sectors[i, N_SECTOR - 1]}, must be 0 or 1")
        if sectors[i, N_SECTOR - 2] < 0:
            raise ValueError(f"sectors: row {i}: load is {sectors[i, N_SECTOR - 2]}, must not be negative")
        serving += sectors[i, N_SECTOR - 1] == 1
    if serving == 0:
        raise ValueError("sectors: no row serves")
    return 0


def best_server(
    const float[::1] x_m not None,
    const float[::1] y_m not None,
    const float[:, ::1] sites not None,
    const float[:, ::1] sectors not None,
    const int32_t[::1] first not None,
    const int32_t[::1] carrier not None,
    const int32_t[::1] column not None,
    const float[:, ::1] mixing not None,
    const float[::1] noise_mw not None,
    *,
    out=None,
    n_threads=1,
):
    cdef Py_ssize_t n = x_m.shape[0], n_blocks = (n + SW_BLOCK - 1) // SW_BLOCK, block
    cdef int isa = active_index(), threads = usable_threads(n_threads)
    cdef float[::1] rsrp, sinr
    cdef int32_t[::1] best
    cdef sw_layer layer
    _check_points(x_m, y_m)
    _check_table("sites", sites, N_SITE)
    _check_table("sectors", sectors, N_SECTOR)
    _check_indices(sites.shape[0], sectors.shape[0], first, column)
    _check_carriers(sectors.shape[0], carrier, mixing, noise_mw)
    _check_serves(sectors)
    if out is None:
        out = (np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.int32))
    rsrp, sinr, best = out
    if rsrp.shape[0] != n or sinr.shape[0] != n or best.shape[0] != n:
        raise ValueError(f"out: must be three vectors of {n} rows: float32, float32, int32")
    if n == 0:
        return out
    layer.x, layer.y, layer.n_points = &x_m[0], &y_m[0], n
    layer.sites, layer.n_sites = &sites[0, 0], sites.shape[0]
    layer.sectors, layer.n_sectors = &sectors[0, 0], sectors.shape[0]
    layer.first, layer.carrier, layer.column = &first[0], &carrier[0], &column[0]
    layer.mixing, layer.noise, layer.n_carriers = &mixing[0, 0], &noise_mw[0], noise_mw.shape[0]
    layer.rsrp, layer.sinr, layer.best = &rsrp[0], &sinr[0], &best[0]
    for block in prange(n_blocks, nogil=True, schedule="static", num_threads=threads):
        sw_serve(isa, &layer, block)
    return out


def links(
    const float[::1] x_m not None,
    const float[::1] y_m not None,
    const float[:, ::1] sites not None,
    const float[:, ::1] sectors not None,
    const int32_t[::1] first not None,
    const int32_t[::1] column not None,
    *,
    out=None,
    n_threads=1,
):
    cdef Py_ssize_t n = x_m.shape[0], n_blocks = (n + SW_BLOCK - 1) // SW_BLOCK, block
    cdef int isa = active_index(), threads = usable_threads(n_threads)
    cdef float[:, ::1] rsrp
    cdef sw_layer layer
    _check_points(x_m, y_m)
    _check_table("sites", sites, N_SITE)
    _check_table("sectors", sectors, N_SECTOR)
    _check_indices(sites.shape[0], sectors.shape[0], first, column)
    if out is None:
        out = np.empty((n, sectors.shape[0]), np.float32)
    rsrp = out
    if rsrp.shape[0] != n or rsrp.shape[1] != sectors.shape[0]:
        raise ValueError(f"out: must be float32 of shape ({n}, {sectors.shape[0]})")
    if n == 0:
        return out
    layer.x, layer.y, layer.n_points = &x_m[0], &y_m[0], n
    layer.sites, layer.n_sites = &sites[0, 0], sites.shape[0]
    layer.sectors, layer.n_sectors = &sectors[0, 0], sectors.shape[0]
    layer.first, layer.column = &first[0], &column[0]
    layer.rsrp = &rsrp[0, 0]
    for block in prange(n_blocks, nogil=True, schedule="static", num_threads=threads):
        sw_links(isa, &layer, block)
    return out


def raster(
    double x0_m,
    double y0_m,
    double step_m,
    const uint8_t[:, ::1] inside not None,
    const float[:, ::1] sites not None,
    const float[:, ::1] sectors not None,
    const int32_t[::1] first not None,
    const int32_t[::1] carrier not None,
    const int32_t[::1] column not None,
    const float[:, ::1] mixing not None,
    const float[::1] noise_mw not None,
    const float[:, ::1] curves not None,
    const int32_t[::1] kind not None,
    const float[::1] free_rate not None,
    *,
    float curve_low_db,
    float curve_step_db,
    double error_share,
    out,
    n_threads=1,
):
    cdef Py_ssize_t n_y = inside.shape[0], n_x = inside.shape[1]
    cdef Py_ssize_t n_squares = ((n_x + 63) // 64) * ((n_y + 63) // 64), square, i
    cdef int isa = active_index(), threads = usable_threads(n_threads), lost = 0
    cdef float[:, ::1] rsrp, sinr, rate
    cdef int32_t[:, ::1] best
    cdef sw_raster map
    if not (abs(x0_m) < 1e9 and abs(y0_m) < 1e9):
        raise ValueError(f"x0_m, y0_m: {x0_m}, {y0_m} is no place")
    if not 0 < step_m < 1e6:
        raise ValueError(f"step_m: {step_m} must be positive and below 1e6")
    if not 0 <= error_share <= 1:
        raise ValueError(f"error_share: {error_share} must be in 0..1")
    if not curve_step_db > 0 or not -1e6 < curve_low_db < 1e6:
        raise ValueError(f"curve_low_db, curve_step_db: {curve_low_db}, {curve_step_db} is no scale")
    _check_table("sites", sites, N_SITE)
    _check_table("sectors", sectors, N_SECTOR)
    _check_indices(sites.shape[0], sectors.shape[0], first, column)
    _check_carriers(sectors.shape[0], carrier, mixing, noise_mw)
    _check_serves(sectors)
    if curves.shape[1] == 0:
        raise ValueError("curves: has no column")
    _check_table("curves", curves, <int>curves.shape[1])
    if kind.shape[0] != sectors.shape[0] or free_rate.shape[0] != sectors.shape[0]:
        raise ValueError(
            f"kind, free_rate: have {kind.shape[0]} and {free_rate.shape[0]} rows, "
            f"must have {sectors.shape[0]}"
        )
    _check_vector("free_rate", free_rate)
    for i in range(kind.shape[0]):
        if kind[i] < 0 or kind[i] >= curves.shape[0]:
            raise ValueError(f"kind: row {i} is {kind[i]}, must be in 0..{curves.shape[0] - 1}")
    rsrp, sinr, rate, best = out
    if {np.shape(part) for part in out} != {(n_y, n_x)}:
        raise ValueError(
            f"out: must be four arrays of shape ({n_y}, {n_x}): three float32 and one int32"
        )
    if n_squares == 0:
        return out
    map.layer.x, map.layer.y, map.layer.n_points = NULL, NULL, 0
    map.layer.sites, map.layer.n_sites = &sites[0, 0], sites.shape[0]
    map.layer.sectors, map.layer.n_sectors = &sectors[0, 0], sectors.shape[0]
    map.layer.first, map.layer.carrier, map.layer.column = &first[0], &carrier[0], &column[0]
    map.layer.mixing, map.layer.noise = &mixing[0, 0], &noise_mw[0]
    map.layer.n_carriers = noise_mw.shape[0]
    map.layer.rsrp, map.layer.sinr, map.layer.best = NULL, NULL, NULL
    map.x0, map.y0, map.step, map.n_x, map.n_y = x0_m, y0_m, step_m, n_x, n_y
    map.inside, map.share = &inside[0, 0], error_share
    map.curves, map.n_curve = &curves[0, 0], curves.shape[1]
    map.curve_low, map.curve_step = curve_low_db, curve_step_db
    map.kind, map.free_rate = &kind[0], &free_rate[0]
    map.rsrp, map.sinr, map.rate, map.best = &rsrp[0, 0], &sinr[0, 0], &rate[0, 0], &best[0, 0]
    for square in prange(n_squares, nogil=True, schedule="dynamic", num_threads=threads):
        lost += 1 - sw_square(isa, &map, square)
    if lost:
        raise MemoryError(f"no memory for {lost} squares of the raster")
    return out
