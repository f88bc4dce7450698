"""Moving users from one report to the next: levels, filtered levels, handover and lost links.

`twin.sim.mobility` keeps the state and says what it means; this module checks shapes, not physics.
The loop over users is split between threads; nothing of one user depends on another.
"""

import numpy as np

from cython.parallel cimport prange
from libc.math cimport isfinite
from libc.stdint cimport int32_t, uint8_t, uint32_t

from cext._checks cimport first_bad
from cext._isa cimport active_index, usable_threads

cdef extern from "_mobility_kernel.h" nogil:
    enum:
        SW_GROUP
        N_COUNTS "SW_COUNTS"
        N_SITE "SITE_COLUMNS"
        N_SECTOR "SECTOR_COLUMNS"

    ctypedef struct sw_rules:
        double threshold_db
        double trigger_s
        double prepare_s
        double execute_s
        double reconnect_s
        double stay_s
        double soon_s
        double q_out_db
        double q_in_db
        double t310_s

    ctypedef struct sw_walk:
        const float* x
        const float* y
        Py_ssize_t n_users
        const float* sites
        Py_ssize_t n_sites
        const float* sectors
        Py_ssize_t n_cells
        const int32_t* first
        const float* load
        const float* old_load
        float noise
        float period_x
        float period_y
        const uint32_t* field
        Py_ssize_t n_field
        float node_x
        float node_y
        const float* shift
        float own
        float common
        float memory
        float lag
        const float* error
        uint32_t key
        double start_s
        double step_s
        sw_rules rules
        const float* level
        const float* smooth
        float* new_level
        float* new_smooth
        const float* others
        float* new_others
        const int32_t* strongest
        int32_t* new_strongest
        uint8_t* near
        int32_t* serving
        int32_t* target
        int32_t* before
        uint8_t* phase
        double* until
        double* out_since
        double* joined
        double* since
        int32_t* counts
        double* outage
        float* sinr

    void sw_report(int isa, const sw_walk* walk, Py_ssize_t block)

__all__ = ["COUNTS", "ERROR_UNITS", "GROUP", "PHASES", "RULES", "report"]

GROUP = SW_GROUP
ERROR_UNITS = (4 * (256 * 256 - 1) / 12) ** 0.5  # deviation of the sum of four random bytes
COUNTS = ("handovers", "returns", "reports", "failures", "link_losses", "soon_returns")
PHASES = ("connected", "preparing", "executing", "lost")
RULES = (
    "threshold_db", "trigger_s", "prepare_s", "execute_s", "reconnect_s", "stay_s", "soon_s",
    "q_out_db", "q_in_db", "t310_s",
)


cdef int _check_rows(str name, Py_ssize_t rows, Py_ssize_t wanted) except -1:
    if rows != wanted:
        raise ValueError(f"{name}: has {rows} rows, must have {wanted}")
    return 0


cdef int _check_finite(str name, const float* values, Py_ssize_t n) except -1:
    cdef Py_ssize_t row = first_bad(values, n)
    if row >= 0:
        raise ValueError(f"{name}: entry {row} is {values[row]}, must be finite")
    return 0


cdef int _check_cells(str name, const int32_t[::1] values, Py_ssize_t n, int32_t low) except -1:
    cdef Py_ssize_t i
    for i in range(values.shape[0]):
        if not low <= values[i] < n:
            raise ValueError(f"{name}: row {i} is {values[i]}, must be in {low}..{n - 1}")
    return 0


def report(places, network, field, now, state, *, start_s, step_s, rules, smoothing,
           error=None, n_threads=1):
    cdef const float[::1] x, y, load, old_load, scale
    cdef const float[:, ::1] sites, sectors, shift
    cdef const int32_t[::1] first
    cdef const uint32_t[:, ::1] squares
    cdef const float[:, :, ::1] level, smooth
    cdef float[:, :, ::1] new_level, new_smooth
    cdef const float[:, ::1] others
    cdef float[:, ::1] new_others
    cdef const int32_t[::1] strongest
    cdef int32_t[::1] new_strongest, serving, target, before
    cdef uint8_t[::1] near, phase
    cdef double[::1] until, out_since, joined, outage
    cdef double[:, ::1] since
    cdef int32_t[:, ::1] counts
    cdef float[::1] sinr
    cdef sw_walk w
    cdef int isa = active_index(), threads = usable_threads(n_threads)
    cdef Py_ssize_t n, n_blocks, block, i

    x, y = places
    sites, sectors, first, load, old_load, w.noise, w.period_x, w.period_y = network
    squares, shift, w.node_x, w.node_y, w.own, w.common = field
    level, smooth, others, strongest, new_level, new_smooth, new_others, new_strongest = now
    (near, serving, target, before, phase, until, out_since, joined, since, counts, outage,
     sinr) = state
    n = x.shape[0]
    n_blocks = (n + SW_GROUP - 1) // SW_GROUP
    w.n_users, w.n_sites, w.n_cells = n, sites.shape[0], sectors.shape[0]
    if w.n_sites == 0 or w.n_cells == 0:
        raise ValueError("network: has no cell")
    if sites.shape[1] != N_SITE or sectors.shape[1] != N_SECTOR:
        raise ValueError("network: wrong number of columns")
    _check_rows("first", first.shape[0], w.n_sites + 1)
    if first[0] != 0 or first[w.n_sites] != w.n_cells:
        raise ValueError("first: must run from 0 to the number of cells")
    for i in range(w.n_sites):
        if first[i + 1] < first[i]:
            raise ValueError(f"first: row {i + 1} is smaller than the row before")
    _check_rows("load", load.shape[0], w.n_cells)
    _check_rows("old_load", old_load.shape[0], w.n_cells)
    _check_rows("y_m", y.shape[0], n)
    w.n_field = squares.shape[0]
    if squares.shape[1] != w.n_field or w.n_field & (w.n_field - 1) or w.n_field == 0:
        raise ValueError(f"field: has the shape {np.shape(field[0])}, must be square, a power of 2")
    if shift.shape[0] != w.n_sites + 1 or shift.shape[1] != 2:
        raise ValueError(f"shift: must have the shape ({w.n_sites + 1}, 2)")
    for name, part in (("level", level), ("smooth", smooth), ("new_level", new_level),
                       ("new_smooth", new_smooth)):
        if part.shape[0] != n_blocks or part.shape[1] != w.n_cells or part.shape[2] != SW_GROUP:
            raise ValueError(f"{name}: must have the shape ({n_blocks}, {w.n_cells}, {SW_GROUP})")
    for name, part in (("others", others), ("new_others", new_others)):
        if part.shape[0] != 2 or part.shape[1] != n_blocks * SW_GROUP:
            raise ValueError(f"{name}: must have the shape (2, {n_blocks * SW_GROUP})")
    for name, part in (("strongest", strongest), ("new_strongest", new_strongest), ("near", near)):
        _check_rows(name, part.shape[0], n_blocks * SW_GROUP)
    for name, part in (("serving", serving), ("target", target), ("before", before),
                       ("phase", phase), ("until", until), ("out_since", out_since),
                       ("joined", joined), ("since", since), ("counts", counts),
                       ("outage", outage), ("sinr", sinr)):
        _check_rows(name, part.shape[0], n)
    if since.shape[1] != w.n_cells or counts.shape[1] != N_COUNTS:
        raise ValueError("since, counts: wrong number of columns")
    w.start_s, w.step_s = start_s, step_s
    w.memory, w.lag = smoothing
    w.error, w.key = NULL, 0
    if error is not None:
        scale, w.key = error
        _check_rows("error", scale.shape[0], n_blocks * SW_GROUP)
        if n:
            _check_finite("error", &scale[0], n)
            w.error = &scale[0]
    if not (isfinite(w.start_s) and 0.0 <= w.step_s < 1e9):
        raise ValueError(f"start_s {start_s}, step_s {step_s}: must be finite and not negative")
    if not (0.0 <= w.memory <= 1.0 and 0.0 <= w.lag <= 1.0):
        raise ValueError(f"smoothing: is {smoothing}, both must be in 0..1")
    (w.rules.threshold_db, w.rules.trigger_s, w.rules.prepare_s, w.rules.execute_s,
     w.rules.reconnect_s, w.rules.stay_s, w.rules.soon_s, w.rules.q_out_db, w.rules.q_in_db,
     w.rules.t310_s) = rules
    if not (w.rules.threshold_db >= 0 and w.rules.prepare_s + w.rules.execute_s > 0):
        raise ValueError("rules: a threshold below 0 dB or a handover in no time never ends")
    if n == 0:
        return
    _check_finite("x_m", &x[0], n)
    _check_finite("y_m", &y[0], n)
    for i in range(n):
        if not (abs(x[i] * w.node_x) < 1e9 and abs(y[i] * w.node_y) < 1e9):
            raise ValueError(f"x_m, y_m: row {i} is {x[i]}, {y[i]}, beyond the field of shadowing")
    _check_finite("sites", &sites[0, 0], w.n_sites * N_SITE)
    _check_finite("sectors", &sectors[0, 0], w.n_cells * N_SECTOR)
    _check_finite("load", &load[0], w.n_cells)
    _check_finite("shift", &shift[0, 0], 2 * (w.n_sites + 1))
    _check_cells("serving", serving, w.n_cells, 0)
    _check_cells("target", target, w.n_cells, 0)
    w.x, w.y, w.sites, w.sectors, w.first = &x[0], &y[0], &sites[0, 0], &sectors[0, 0], &first[0]
    w.load, w.old_load = &load[0], &old_load[0]
    w.field, w.shift = &squares[0, 0], &shift[0, 0]
    w.level, w.smooth, w.others = &level[0, 0, 0], &smooth[0, 0, 0], &others[0, 0]
    w.new_level, w.new_smooth = &new_level[0, 0, 0], &new_smooth[0, 0, 0]
    w.new_others = &new_others[0, 0]
    w.strongest, w.new_strongest, w.near = &strongest[0], &new_strongest[0], &near[0]
    w.serving, w.target, w.before, w.phase = &serving[0], &target[0], &before[0], &phase[0]
    w.until, w.out_since, w.joined = &until[0], &out_since[0], &joined[0]
    w.since, w.counts, w.outage, w.sinr = &since[0, 0], &counts[0, 0], &outage[0], &sinr[0]
    for block in prange(n_blocks, nogil=True, schedule="dynamic", num_threads=threads):
        sw_report(isa, &w, block)
