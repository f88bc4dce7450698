"""Which instruction set the kernels use, and how many threads a call may start."""

import os

cdef extern from "_isa.h" nogil:
    int sw_isa_count()
    int sw_isa_runs(int i)
    const char* sw_isa_name(int i)

__all__ = ["active_isa", "isas"]

# A forked child must not enter the thread pool of libgomp that its parent started: it would wait for
# threads that do not exist there. Results do not depend on the number of threads.
cdef object _owner = os.getpid()


def isas():
    return tuple(sw_isa_name(i).decode() for i in range(sw_isa_count()) if sw_isa_runs(i))


def active_isa():
    wanted = os.environ.get("STELLWERK_ISA", "")
    present = isas()
    if not wanted:
        return present[0]
    if wanted not in present:
        raise ValueError(f"STELLWERK_ISA: {wanted!r} does not run here; choose of {', '.join(present)}")
    return wanted


cdef int active_index() except -1:
    wanted = active_isa().encode()
    for i in range(sw_isa_count()):
        if sw_isa_name(i) == wanted:
            return i
    raise ValueError("no variant of the kernels runs on this processor")


cdef int usable_threads(object n_threads) except -1:
    cdef int n = n_threads
    if n < 1:
        raise ValueError(f"n_threads: {n} is less than 1")
    return n if os.getpid() == _owner else 1
