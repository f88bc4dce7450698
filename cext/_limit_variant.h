/* One log2 and one exp2 for each link and nothing else; compiled once per instruction set. */
#include "_vecmath.h"

static void SW_FN(limit)(const float *x, float *out, ptrdiff_t n, ptrdiff_t n_rounds)
{
    float SW_ALIGNED at[SW_LIMIT_BLOCK], sum[SW_LIMIT_BLOCK];
    for (int i = 0; i < SW_LIMIT_BLOCK; i++) {
        at[i] = x[i < n ? i : n - 1];
        sum[i] = 0.0f;
    }
    for (ptrdiff_t r = 0; r < n_rounds; r++) {
        float shift = (float)r; /* another argument each round: no log2 is used twice */
        for (int i = 0; i < SW_LIMIT_BLOCK; i++)
            sum[i] += SW_FN(exp2)(-2.0f * SW_FN(log2)(at[i] + shift));
    }
    for (ptrdiff_t i = 0; i < n; i++)
        out[i] = sum[i];
}
