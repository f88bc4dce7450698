/* Best server and SINR of one layer: data layout, instruction-set variants and their dispatch.
 *
 * The body stands in _sinr_variant.h and is compiled once per instruction set through
 * `#pragma GCC target`; a function table is filled at run time from what the processor has. This is
 * gcc's target_clones written out: it needs no ifunc (absent in musl), works with any x86-64 gcc, and
 * lets STELLWERK_ISA pin a variant, since results are bitwise equal only within one of them. With clang
 * or on another architecture only the baseline variant exists.
 */
#ifndef STELLWERK_SINR_KERNEL_H
#define STELLWERK_SINR_KERNEL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SW_BLOCK 256        /* points per block: the state of one carrier is 4 kB, all in L1 */
#define SW_MAX_CARRIERS 32  /* 128 kB of stack per thread */

/* Columns of the site table: geometry and the coefficients of TR 38.901 in log2 of linear gain. */
enum {
    SITE_X, SITE_Y, SITE_DH,      /* position, height above the receiver [m] */
    SITE_BREAK,                   /* d2D up to which the near LOS branch holds [m] */
    SITE_NEAR_A, SITE_NEAR_B,     /* near LOS: a + b log2(d3D^2) + c d3D */
    SITE_NEAR_C,
    SITE_FAR_A, SITE_FAR_B,       /* far LOS: a + b log2(d3D^2) */
    SITE_NLOS_A, SITE_NLOS_B,     /* NLOS: min(LOS, a + b log2(d3D^2)) */
    SITE_LOS_D0, SITE_LOS_D1,     /* P(LOS) = s + e (1 - s), s = min(1, d0 / d), */
    SITE_LOS_K,                   /* e = exp2(-k max(d - d1, 0)) */
    SITE_DMIN,                    /* smaller d2D are taken as this [m] */
    SITE_COLUMNS
};

/* Columns of the sector table: the antenna of TR 38.901 Table 7.3-1 in log2 of linear gain. */
enum {
    SECTOR_AZIMUTH,               /* boresight, counter-clockwise from x [rad] */
    SECTOR_KH,                    /* horizontal: kh phi^2, 0 = omnidirectional [1/rad^2] */
    SECTOR_TILT,                  /* below the horizon [rad] */
    SECTOR_KV, SECTOR_SLA_V,      /* vertical: min(kv theta^2, sla) */
    SECTOR_A_MAX,                 /* most the whole pattern takes away */
    SECTOR_POWER,                 /* log2 of EIRP per resource element [mW] */
    SECTOR_LOAD,                  /* share of time and band that is on the air */
    SECTOR_COLUMNS
};

typedef struct {
    const float *x, *y;           /* points [m], relative to an origin near by */
    ptrdiff_t n_points;
    const float *sites;           /* [n_sites][SITE_COLUMNS] */
    ptrdiff_t n_sites;
    const float *sectors;         /* [n_sectors][SECTOR_COLUMNS], those of one site together */
    ptrdiff_t n_sectors;
    const int32_t *first;         /* [n_sites + 1]: sectors of site s are first[s]..first[s+1]-1 */
    const int32_t *carrier;       /* [n_sectors]: carrier of the sector */
    const int32_t *column;        /* [n_sectors]: the number by which the caller knows the sector */
    const float *mixing;          /* [n_carriers][n_carriers]: [server][interferer] */
    const float *noise;           /* [n_carriers]: per resource element [mW] */
    ptrdiff_t n_carriers;
    float *rsrp, *sinr;           /* [n_points] dBm, dB; rsrp is [n_points][n_sectors] for links */
    int32_t *best;                /* [n_points] */
} sw_layer;

#define LOG2_C1 1.442694773e+00f
#define LOG2_C2 -7.213571218e-01f
#define LOG2_C3 4.809393885e-01f
#define LOG2_C4 -3.600881043e-01f
#define LOG2_C5 2.867086247e-01f
#define LOG2_C6 -2.500614401e-01f
#define LOG2_C7 2.368819336e-01f
#define LOG2_C8 -1.457561041e-01f
#define EXP2_C1 6.931469788e-01f
#define EXP2_C2 2.402224236e-01f
#define EXP2_C3 5.550732310e-02f
#define EXP2_C4 9.671499865e-03f
#define EXP2_C5 1.326511670e-03f
#define ATAN_C0 9.999993398e-01f
#define ATAN_C1 -3.332987236e-01f
#define ATAN_C2 1.994667124e-01f
#define ATAN_C3 -1.390907923e-01f
#define ATAN_C4 9.643212049e-02f
#define ATAN_C5 -5.592483140e-02f
#define ATAN_C6 2.187090835e-02f
#define ATAN_C7 -4.056607786e-03f

#define SW_CAT2(a, b) a##b
#define SW_CAT(a, b) SW_CAT2(a, b)
#define SW_FN(name) SW_CAT(SW_CAT(sw_, name), SW_SUFFIX)

#define SW_SUFFIX _baseline
#include "_sinr_variant.h"
#undef SW_SUFFIX

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SW_HAS_VARIANTS 1

#pragma GCC push_options
#pragma GCC target("sse4.2")
#define SW_SUFFIX _sse42
#include "_sinr_variant.h"
#undef SW_SUFFIX
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define SW_SUFFIX _avx2
#include "_sinr_variant.h"
#undef SW_SUFFIX
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,fma,prefer-vector-width=512")
#define SW_SUFFIX _avx512f
#include "_sinr_variant.h"
#undef SW_SUFFIX
#pragma GCC pop_options
#endif

typedef void (*sw_block_fn)(const sw_layer *, ptrdiff_t);

typedef struct {
    const char *name;
    sw_block_fn serve, links;
} sw_variant;

/* From the best to the plainest; the plainest is there on every machine. */
static const sw_variant sw_variants[] = {
#ifdef SW_HAS_VARIANTS
    {"avx512f", sw_serve_avx512f, sw_links_avx512f},
    {"avx2", sw_serve_avx2, sw_links_avx2},
    {"sse4.2", sw_serve_sse42, sw_links_sse42},
#endif
    {"baseline", sw_serve_baseline, sw_links_baseline},
};

static inline int sw_variant_count(void)
{
    return (int)(sizeof sw_variants / sizeof sw_variants[0]);
}

static inline int sw_variant_runs(int i)
{
#ifdef SW_HAS_VARIANTS
    __builtin_cpu_init();
    switch (i) {
    case 0: return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
                && __builtin_cpu_supports("fma");
    case 1: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case 2: return __builtin_cpu_supports("sse4.2");
    }
#endif
    return i >= 0 && i < sw_variant_count();
}

static inline const char *sw_variant_name(int i) { return sw_variants[i].name; }

static inline void sw_serve(int variant, const sw_layer *layer, ptrdiff_t block)
{
    sw_variants[variant].serve(layer, block);
}

static inline void sw_links(int variant, const sw_layer *layer, ptrdiff_t block)
{
    sw_variants[variant].links(layer, block);
}

#endif
