"""Yardstick of the benchmarks: one log2 and one exp2 per link, and nothing else.

A path loss in dB made linear takes one logarithm and one power per link. `log2_exp2` does these two
with the functions of `_vecmath.h`, on blocks that stay in the first-level cache, so its rate is what
the kernels could reach if geometry, choice of the server and sums were free.
"""

from cython.parallel cimport prange

from cext._checks cimport first_bad
from cext._isa cimport active_index, usable_threads

cdef extern from "_limit_kernel.h" nogil:
    enum:
        SW_LIMIT_BLOCK
    void sw_limit(int isa, const float* x, float* out, Py_ssize_t n, Py_ssize_t n_rounds)

__all__ = ["log2_exp2"]


def log2_exp2(
    const float[::1] x not None,
    float[::1] out not None,
    *,
    Py_ssize_t n_rounds=1,
    n_threads=1,
):
    cdef Py_ssize_t n = x.shape[0], n_blocks = (n + SW_LIMIT_BLOCK - 1) // SW_LIMIT_BLOCK, block, at, i
    cdef int isa = active_index(), threads = usable_threads(n_threads)
    if out.shape[0] != n:
        raise ValueError(f"out: has {out.shape[0]} rows, must have {n}")
    if n_rounds < 1:
        raise ValueError(f"n_rounds: {n_rounds} is less than 1")
    if n == 0:
        return
    i = first_bad(&x[0], n)
    if i >= 0:
        raise ValueError(f"x: row {i} is {x[i]}; it must be finite")
    for i in range(n):
        if x[i] < 1:
            raise ValueError(f"x: row {i} is {x[i]}, must be at least 1")
    for block in prange(n_blocks, nogil=True, schedule="static", num_threads=threads):
        at = block * SW_LIMIT_BLOCK
        sw_limit(isa, &x[at], &out[at], min(n - at, <Py_ssize_t>SW_LIMIT_BLOCK), n_rounds)
