"""Rows of users over cells, and edits of single cells in the sums of all rows.

The tables of sites and sectors are those of `_sinr`, one row per cell. `twin.radio.engine` keeps the
state and decides what to compute; this module checks shapes and indices, not physics.
"""

from cython.parallel cimport prange
from libc.stdint cimport int32_t, uint8_t, uint32_t

from cext._checks cimport first_bad
from cext._isa cimport active_index, usable_threads

cdef extern from "_cells_kernel.h" nogil:
    enum:
        SW_USERS
        SW_MAX_KINDS
        N_SITE "SITE_COLUMNS"
        N_SECTOR "SECTOR_COLUMNS"
        N_DRAW "DRAW_COLUMNS"

    ctypedef struct sw_cells:
        const float* x
        const float* y
        double x0
        double y0
        Py_ssize_t n_users
        const int32_t* user_operator
        const int32_t* chosen
        Py_ssize_t n_chosen
        const float* sites
        const float* sectors
        const int32_t* kind
        const int32_t* cell_operator
        const uint8_t* on
        const float* draw
        const uint32_t* key
        const int32_t* los_column
        Py_ssize_t n_cells
        Py_ssize_t n_kinds
        const uint8_t* los
        Py_ssize_t n_los
        int mode
        uint32_t seed
        float* best
        float* own
        double* others
        double* slack
        int32_t* index
        double sign
        double floor
        int32_t number
        uint8_t* redo

    void sw_rows(int isa, const sw_cells* t, Py_ssize_t block)
    void sw_shift(int isa, const sw_cells* t, Py_ssize_t block)

__all__ = ["DRAW_COLUMNS", "MAX_KINDS", "update"]

MAX_KINDS = SW_MAX_KINDS
DRAW_COLUMNS = ("state", "per_m_los", "per_m_nlos", "near", "far", "nlos")


def update(users, chosen, cells, state, *, mode=0, seed=0, sign=0.0, floor_mw=0.0, number=-1,
           redo=None, n_threads=1):
    cdef const float[::1] x, y
    cdef const int32_t[::1] user_operator, kind, cell_operator, los_column, who = chosen
    cdef const uint8_t[:, ::1] los
    cdef const float[:, ::1] sites, sectors, draw
    cdef const uint8_t[::1] on
    cdef const uint32_t[::1] key
    cdef float[:, ::1] best, own
    cdef double[:, ::1] others, slack
    cdef int32_t[:, ::1] index
    cdef uint8_t[::1] marks
    cdef sw_cells t
    cdef int isa = active_index(), threads = usable_threads(n_threads)
    cdef Py_ssize_t i, n, m, block, n_blocks
    x, y, t.x0, t.y0, user_operator, los = users
    sites, sectors, kind, cell_operator, on, draw, key, los_column = cells
    best, own, others, slack, index = state
    n, m = x.shape[0], sites.shape[0]
    if y.shape[0] != n or user_operator.shape[0] != n:
        raise ValueError(f"users: x, y and operator have {n}, {y.shape[0]} and "
                         f"{user_operator.shape[0]} rows")
    for part in cells[1:]:
        if len(part) != m:
            raise ValueError(f"cells: a table has {len(part)} rows, sites have {m}")
    if (sites.shape[1], sectors.shape[1], draw.shape[1]) != (N_SITE, N_SECTOR, N_DRAW):
        raise ValueError("cells: wrong number of columns")
    t.n_kinds = best.shape[0]
    if not 1 <= t.n_kinds <= SW_MAX_KINDS:
        raise ValueError(f"state: has {t.n_kinds} carriers, must have 1 to {SW_MAX_KINDS}")
    for part in state:
        if part.shape != (t.n_kinds, n):
            raise ValueError(f"state: must have the shape ({t.n_kinds}, {n})")
    if not 0 <= mode <= 2:
        raise ValueError(f"mode: {mode} is not 0, 1 or 2")
    if mode == 2 and los.shape[0] != n:
        raise ValueError(f"los: has {los.shape[0]} rows, must have {n}")
    for i in range(m):
        if not 0 <= kind[i] < t.n_kinds:
            raise ValueError(f"kind: row {i} is {kind[i]}, must be in 0..{t.n_kinds - 1}")
        if mode == 2 and not 0 <= los_column[i] < los.shape[1]:
            raise ValueError(f"los_column: row {i} is {los_column[i]}, must be in the matrix")
    for i in range(who.shape[0]):
        if not 0 <= who[i] < n:
            raise ValueError(f"chosen: row {i} is {who[i]}, must be in 0..{n - 1}")
    if m == 0 and sign != 0:
        raise ValueError("cells: an edit needs one row")
    if n == 0 or who.shape[0] == 0:
        return
    if m:
        i = first_bad(&sites[0, 0], m * N_SITE)
        if i < 0:
            i = first_bad(&sectors[0, 0], m * N_SECTOR)
        if i >= 0:
            raise ValueError("cells: a table holds a value that is not finite")
        t.sites, t.sectors, t.draw = &sites[0, 0], &sectors[0, 0], &draw[0, 0]
        t.kind, t.cell_operator, t.on = &kind[0], &cell_operator[0], &on[0]
        t.key, t.los_column = &key[0], &los_column[0]
    if first_bad(&x[0], n) >= 0 or first_bad(&y[0], n) >= 0:
        raise ValueError("users: a position is not finite")
    t.x, t.y, t.n_users, t.user_operator = &x[0], &y[0], n, &user_operator[0]
    t.los, t.n_los = NULL, los.shape[1]
    if mode == 2:
        t.los = &los[0, 0]
    t.chosen, t.n_chosen, t.n_cells = &who[0], who.shape[0], m
    t.mode, t.seed, t.sign, t.floor, t.number = mode, seed, sign, floor_mw, number
    t.best, t.own, t.others, t.slack = &best[0, 0], &own[0, 0], &others[0, 0], &slack[0, 0]
    t.index = &index[0, 0]
    n_blocks = (who.shape[0] + SW_USERS - 1) // SW_USERS
    if sign == 0:
        for block in prange(n_blocks, nogil=True, schedule="dynamic", num_threads=threads):
            sw_rows(isa, &t, block)
        return
    marks = redo
    if marks.shape[0] != n:
        raise ValueError(f"redo: has {marks.shape[0]} rows, must have {n}")
    t.redo = &marks[0]
    for block in prange(n_blocks, nogil=True, schedule="dynamic", num_threads=threads):
        sw_shift(isa, &t, block)
