/* What log2 and exp2 cost by themselves: dispatch; the body stands in _limit_variant.h. */
#ifndef STELLWERK_LIMIT_KERNEL_H
#define STELLWERK_LIMIT_KERNEL_H

#include "_isa.h"

#define SW_LIMIT_BLOCK 256  /* as in the kernels of links: arguments and sums are 2 kB */

#define SW_BODY "_limit_variant.h"
#include "_variants.h"

typedef void (*sw_limit_fn)(const float *, float *, ptrdiff_t, ptrdiff_t);

static const sw_limit_fn sw_limit_table[] = SW_EACH_ISA(limit);

static inline void sw_limit(int isa, const float *x, float *out, ptrdiff_t n, ptrdiff_t n_rounds)
{
    sw_limit_table[isa](x, out, n, n_rounds);
}

#endif
