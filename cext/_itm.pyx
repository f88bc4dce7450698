"""Irregular Terrain Model over many profiles at once, maps of it over a raster, and lines of sight.

The closed formulas run in float64 on short vectors of paths; heights may be float32 or float64.
Ranges of the model are checked by `twin.radio.terrain`; here only what could make a loop go wrong.
"""

import numpy as np

from cython.parallel cimport prange
from libc.math cimport ceil, fabs, isfinite, sqrt
from libc.stdint cimport uint8_t

from cext._isa cimport active_index, usable_threads

cdef extern from "_itm_kernel.h" nogil:
    enum:
        ITM_LANES
        ITM_MAX_POINTS
        ITM_AREA_COLUMNS

    ctypedef struct sw_itm_setting:
        double n0
        double epsilon
        double sigma
        double z_time
        double z_location
        double z_situation
        int is_vertical
        int climate
        int mdvar
        int is_area

    ctypedef struct sw_itm_profiles:
        const float* single_m
        const double* double_m
        Py_ssize_t n_profiles
        Py_ssize_t n_points
        const double* step_m
        const double* tx_m
        const double* rx_m
        const double* f_mhz
        const double* inverse
        const double* inverse_back
        const sw_itm_setting* setting
        double* loss_db
        uint8_t* status

    ctypedef struct sw_itm_map:
        const float* heights_m
        Py_ssize_t n_y
        Py_ssize_t n_x
        double x0_m
        double y0_m
        double cell_m
        double tx_x_m
        double tx_y_m
        double tx_m
        double rx_m
        double f_mhz
        double step_m
        const double* x_m
        const double* y_m
        Py_ssize_t n_points
        Py_ssize_t n_table
        const double* inverse
        const double* inverse_back
        const sw_itm_setting* setting
        double* loss_db
        uint8_t* status

    ctypedef struct sw_itm_area:
        const double* columns
        Py_ssize_t n_paths
        const sw_itm_setting* setting
        double* loss_db
        uint8_t* status

    ctypedef struct sw_itm_sight:
        const float* heights_m
        Py_ssize_t n_y
        Py_ssize_t n_x
        double x0_m
        double y0_m
        double cell_m
        double step_m
        const double* sites
        const double* points
        Py_ssize_t n_sites
        Py_ssize_t n_points
        double half_curvature
        double clearance
        double wavelength_m
        uint8_t* is_free

    void sw_itm_profiles_block(int isa, const sw_itm_profiles* p, Py_ssize_t block)
    void sw_itm_map_block(int isa, const sw_itm_map* p, Py_ssize_t block)
    void sw_itm_area_block(int isa, const sw_itm_area* p, Py_ssize_t block)
    void sw_itm_sight_row(int isa, const sw_itm_sight* p, Py_ssize_t row)

__all__ = ["AREA_COLUMNS", "MAX_POINTS", "area", "coverage", "profiles", "sight"]

MAX_POINTS = ITM_MAX_POINTS
AREA_COLUMNS = (
    "d_m", "tx_m", "rx_m", "tx_effective_m", "rx_effective_m", "tx_horizon_m", "rx_horizon_m",
    "tx_horizon_rad", "rx_horizon_rad", "delta_h_m", "n_s", "curvature_per_m", "f_mhz",
)

ctypedef fused real:
    float
    double


cdef Py_ssize_t _bad(const real* values, Py_ssize_t n) noexcept nogil:
    """Index of the first NaN, infinity or height no place on Earth has, or -1."""
    cdef Py_ssize_t i, k
    cdef int odd
    for i in range(0, n - 255, 256):
        odd = 0
        for k in range(256):
            odd |= not (fabs(values[i + k]) < 1e5)
        if odd:
            break
    else:
        i = n - n % 256
    for k in range(i, n):
        if not (fabs(values[k]) < 1e5):
            return k
    return -1


cdef int _check_positive(str name, const double[::1] values, Py_ssize_t n) except -1:
    cdef Py_ssize_t i
    if values.shape[0] != n:
        raise ValueError(f"{name}: has {values.shape[0]} rows, must have {n}")
    for i in range(n):
        if not (values[i] > 0.0 and isfinite(values[i])):
            raise ValueError(f"{name}: row {i} is {values[i]}, must be finite and positive")
    return 0


cdef int _check_finite(str name, const double[::1] values, Py_ssize_t n) except -1:
    cdef Py_ssize_t i
    if values.shape[0] != n:
        raise ValueError(f"{name}: has {values.shape[0]} rows, must have {n}")
    for i in range(n):
        if not isfinite(values[i]):
            raise ValueError(f"{name}: row {i} is {values[i]}, must be finite")
    return 0


cdef int _check_raster(const float[:, ::1] heights_m, double x0_m, double y0_m, double cell_m) except -1:
    cdef Py_ssize_t flat, n_x = heights_m.shape[1]
    if heights_m.shape[0] < 2 or n_x < 2:
        raise ValueError(f"heights_m: has shape ({heights_m.shape[0]}, {n_x}), must be at least (2, 2)")
    if heights_m.shape[0] * n_x > 2**31 - 1:
        raise ValueError(f"heights_m: has {heights_m.shape[0] * n_x} cells, must have less than 2**31")
    if not (isfinite(x0_m) and isfinite(y0_m) and cell_m > 0.0 and isfinite(cell_m)):
        raise ValueError(f"raster: begins at ({x0_m}, {y0_m}) with cells of {cell_m} m")
    flat = _bad(&heights_m[0, 0], heights_m.shape[0] * n_x)
    if flat >= 0:
        raise ValueError(
            f"heights_m: row {flat // n_x}, column {flat % n_x} is "
            f"{heights_m[flat // n_x, flat % n_x]}; it must be a height"
        )
    return 0


cdef int _check_inside(
    str name, Py_ssize_t row, double x, double y, const float[:, ::1] heights_m, double x0, double y0, double cell
) except -1:
    cdef double u = (x - x0) / cell, v = (y - y0) / cell, slack = 1e-6
    if not (-slack <= u <= heights_m.shape[1] - 1 + slack and -slack <= v <= heights_m.shape[0] - 1 + slack):
        raise ValueError(f"{name}: row {row} at ({x}, {y}) is not on the raster")
    return 0


cdef int _setting(object setting, sw_itm_setting* out) except -1:
    (out.n0, out.epsilon, out.sigma, out.z_time, out.z_location, out.z_situation) = setting[:6]
    (out.is_vertical, out.climate, out.mdvar) = setting[6:]
    if not 1 <= out.climate <= 7:
        raise ValueError(f"setting: climate is {out.climate}, must be 1 to 7")
    if not (0 <= out.mdvar <= 33 and out.mdvar % 10 <= 3):
        raise ValueError(f"setting: mdvar is {out.mdvar}, must be 0 to 3, plus 10, 20 or 30")
    for value in setting:
        if not isfinite(value):
            raise ValueError(f"setting: holds {value}, must be finite")
    out.is_area = 0
    return 0


cdef object _outputs(object out, Py_ssize_t n):
    if out is None:
        return np.empty(n, np.float64), np.empty(n, np.uint8)
    loss, status = out
    if loss.shape != (n,) or status.shape != (n,):
        raise ValueError(f"out: must be two vectors of {n} rows: float64, uint8")
    return out


def profiles(
    heights_m not None,
    const double[::1] step_m not None,
    const double[::1] tx_m not None,
    const double[::1] rx_m not None,
    const double[::1] f_mhz not None,
    setting not None,
    *,
    out=None,
    n_threads=1,
):
    cdef const float[:, ::1] single
    cdef const double[:, ::1] double_
    cdef sw_itm_profiles p
    cdef sw_itm_setting set_
    cdef Py_ssize_t n, m, flat, block, n_blocks
    cdef int isa = active_index(), threads = usable_threads(n_threads)
    cdef double[::1] inverse, back, loss
    cdef uint8_t[::1] status
    if heights_m.ndim != 2 or heights_m.shape[1] < 3:
        raise ValueError(f"heights_m: has shape {heights_m.shape}, must be (n_profiles, 3 or more points)")
    n, m = heights_m.shape
    _setting(setting, &set_)
    _check_positive("step_m", step_m, n)
    _check_positive("tx_m", tx_m, n)
    _check_positive("rx_m", rx_m, n)
    _check_positive("f_mhz", f_mhz, n)
    out = _outputs(out, n)
    loss, status = out
    if n == 0:
        return out
    p.single_m, p.double_m = NULL, NULL
    if heights_m.dtype == np.float32:
        single = heights_m
        p.single_m = &single[0, 0]
        flat = _bad(p.single_m, n * m)
    else:
        double_ = heights_m
        p.double_m = &double_[0, 0]
        flat = _bad(p.double_m, n * m)
    if flat >= 0:
        raise ValueError(
            f"heights_m: row {flat // m}, column {flat % m} is {heights_m[flat // m, flat % m]}; "
            "it must be a height"
        )
    inverse = np.concatenate([[0.0], 1.0 / np.arange(1, m + 8)])
    back = np.concatenate([1.0 / np.arange(m - 1, 0, -1), np.zeros(8)])
    p.n_profiles, p.n_points = n, m
    p.step_m, p.tx_m, p.rx_m, p.f_mhz = &step_m[0], &tx_m[0], &rx_m[0], &f_mhz[0]
    p.inverse, p.inverse_back, p.setting = &inverse[0], &back[0], &set_
    p.loss_db, p.status = &loss[0], &status[0]
    n_blocks = (n + ITM_LANES - 1) // ITM_LANES
    for block in prange(n_blocks, nogil=True, schedule="static", num_threads=threads):
        sw_itm_profiles_block(isa, &p, block)
    return out


def area(const double[:, ::1] columns not None, setting not None, *, out=None, n_threads=1):
    cdef sw_itm_area p
    cdef sw_itm_setting set_
    cdef Py_ssize_t n = columns.shape[0], block, n_blocks, i
    cdef int isa = active_index(), threads = usable_threads(n_threads)
    cdef double[::1] loss
    cdef uint8_t[::1] status
    if columns.shape[1] != ITM_AREA_COLUMNS:
        raise ValueError(f"columns: has {columns.shape[1]} columns, must have {ITM_AREA_COLUMNS}")
    _setting(setting, &set_)
    set_.is_area = 1
    for i in range(n):
        _check_finite(f"columns: path {i}", columns[i], ITM_AREA_COLUMNS)
    out = _outputs(out, n)
    loss, status = out
    if n == 0:
        return out
    p.columns, p.n_paths, p.setting = &columns[0, 0], n, &set_
    p.loss_db, p.status = &loss[0], &status[0]
    n_blocks = (n + ITM_LANES - 1) // ITM_LANES
    for block in prange(n_blocks, nogil=True, schedule="static", num_threads=threads):
        sw_itm_area_block(isa, &p, block)
    return out


def coverage(
    const float[:, ::1] heights_m not None,
    raster not None,
    transmitter not None,
    const double[::1] x_m not None,
    const double[::1] y_m not None,
    setting not None,
    *,
    out=None,
    n_threads=1,
):
    cdef sw_itm_map p
    cdef sw_itm_setting set_
    cdef Py_ssize_t n = x_m.shape[0], block, n_blocks, i, most
    cdef int isa = active_index(), threads = usable_threads(n_threads)
    cdef double far = 0.0, dx, dy
    cdef double[::1] inverse, back, loss
    cdef uint8_t[::1] status
    p.x0_m, p.y0_m, p.cell_m = raster
    p.tx_x_m, p.tx_y_m, p.tx_m, p.rx_m, p.f_mhz, p.step_m = transmitter
    _setting(setting, &set_)
    _check_raster(heights_m, p.x0_m, p.y0_m, p.cell_m)
    for value in (p.tx_m, p.rx_m, p.f_mhz, p.step_m):
        if not (isfinite(value) and value > 0.0):
            raise ValueError(f"transmitter: holds {value}, must be finite and positive")
    _check_finite("x_m", x_m, n)
    _check_finite("y_m", y_m, n)
    _check_inside("transmitter", 0, p.tx_x_m, p.tx_y_m, heights_m, p.x0_m, p.y0_m, p.cell_m)
    for i in range(n):
        _check_inside("x_m, y_m", i, x_m[i], y_m[i], heights_m, p.x0_m, p.y0_m, p.cell_m)
        dx, dy = x_m[i] - p.tx_x_m, y_m[i] - p.tx_y_m
        if dx * dx + dy * dy > far:
            far = dx * dx + dy * dy
    far = sqrt(far)
    if not far / p.step_m <= ITM_MAX_POINTS - 2:
        raise ValueError(
            f"transmitter: a profile of {far:g} m in steps of {p.step_m:g} m has more than "
            f"{ITM_MAX_POINTS - 1} points"
        )
    most = <Py_ssize_t>ceil(far / p.step_m) + 3
    out = _outputs(out, n)
    loss, status = out
    if n == 0:
        return out
    inverse = np.concatenate([[0.0], 1.0 / np.arange(1, most + 8)])
    back = np.concatenate([1.0 / np.arange(most, 0, -1), np.zeros(8)])
    p.heights_m, p.n_y, p.n_x = &heights_m[0, 0], heights_m.shape[0], heights_m.shape[1]
    p.x_m, p.y_m, p.n_points, p.n_table = &x_m[0], &y_m[0], n, most
    p.inverse, p.inverse_back, p.setting = &inverse[0], &back[0], &set_
    p.loss_db, p.status = &loss[0], &status[0]
    n_blocks = (n + ITM_LANES - 1) // ITM_LANES
    for block in prange(n_blocks, nogil=True, schedule="static", num_threads=threads):
        sw_itm_map_block(isa, &p, block)
    return out


def sight(
    const float[:, ::1] heights_m not None,
    raster not None,
    const double[:, ::1] sites not None,
    const double[:, ::1] points not None,
    *,
    step_m,
    curvature_per_m=0.0,
    clearance=0.0,
    wavelength_m=0.0,
    out=None,
    n_threads=1,
):
    cdef sw_itm_sight p
    cdef Py_ssize_t n = points.shape[0], n_sites = sites.shape[0], row
    cdef int isa = active_index(), threads = usable_threads(n_threads)
    cdef uint8_t[:, ::1] is_free
    p.x0_m, p.y0_m, p.cell_m = raster
    _check_raster(heights_m, p.x0_m, p.y0_m, p.cell_m)
    p.step_m, p.half_curvature = step_m, 0.5 * curvature_per_m
    p.clearance, p.wavelength_m = clearance, wavelength_m
    if not (p.step_m > 0.0 and isfinite(p.step_m)):
        raise ValueError(f"step_m: is {step_m}, must be finite and positive")
    for name, value in (
        ("curvature_per_m", p.half_curvature), ("clearance", p.clearance), ("wavelength_m", p.wavelength_m)
    ):
        if not (value >= 0.0 and isfinite(value)):
            raise ValueError(f"{name}: is {value}, must be finite and not negative")
    for name, table in (("sites", sites), ("points", points)):
        if table.shape[1] != 3:
            raise ValueError(f"{name}: has {table.shape[1]} columns, must have 3: x, y, height")
        for row in range(table.shape[0]):
            _check_finite(f"{name}: row {row}", table[row], 3)
            _check_inside(name, row, table[row, 0], table[row, 1], heights_m, p.x0_m, p.y0_m, p.cell_m)
    if out is None:
        out = np.empty((n, n_sites), np.uint8)
    is_free = out
    if is_free.shape[0] != n or is_free.shape[1] != n_sites:
        raise ValueError(f"out: must be uint8 of shape ({n}, {n_sites})")
    if n == 0 or n_sites == 0:
        return out
    p.heights_m, p.n_y, p.n_x = &heights_m[0, 0], heights_m.shape[0], heights_m.shape[1]
    p.sites, p.points, p.n_sites, p.n_points = &sites[0, 0], &points[0, 0], n_sites, n
    p.is_free = &is_free[0, 0]
    for row in prange(n, nogil=True, schedule="static", num_threads=threads):
        sw_itm_sight_row(isa, &p, row)
    return out
