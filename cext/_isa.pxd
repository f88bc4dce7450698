"""For kernels: the instruction set to use and the threads to start."""

cdef int active_index() except -1
cdef int usable_threads(object n_threads) except -1
