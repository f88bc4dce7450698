"""Input checks that every kernel shares: a cheap pass over the vectors before any loop."""

from libc.math cimport isfinite


cdef inline Py_ssize_t first_bad(const float* values, Py_ssize_t n) noexcept nogil:
    """Index of the first NaN or infinity, or -1."""
    cdef Py_ssize_t i
    for i in range(n):
        if not isfinite(values[i]):
            return i
    return -1
