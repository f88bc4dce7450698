/* ITU-R P.1812 over many profiles: what the kernel is handed, and its variants. */
#ifndef STELLWERK_P1812_KERNEL_H
#define STELLWERK_P1812_KERNEL_H

#include "_isa.h"

enum {
    P1812_FREQ_HZ,
    P1812_TX_HEIGHT_M,
    P1812_RX_HEIGHT_M,
    P1812_TIME_PERCENT,
    P1812_SPREAD_DB,
    P1812_IS_VERTICAL,
    P1812_LATITUDE_DEG,
    P1812_DELTA_N,
    P1812_N0,
    P1812_TX_COAST_M,
    P1812_RX_COAST_M,
    P1812_COLUMNS
};

typedef struct {
    const double *distance_m; /* n_profiles x n_points */
    const double *ground_m;
    const double *clutter_m; /* or NULL: none */
    const uint8_t *zone;     /* or NULL: inland; 0 inland, 1 coastal, 2 sea */
    const double *links;     /* n_profiles x P1812_COLUMNS */
    ptrdiff_t n_profiles;
    ptrdiff_t n_points;
    double *loss_db;
} sw_p1812;

typedef void (*sw_p1812_one_fn)(const sw_p1812 *, ptrdiff_t, double *);
typedef int (*sw_p1812_bad_fn)(const sw_p1812 *, ptrdiff_t);

#define SW_BODY "_p1812_variant.h"
#include "_variants.h"

static const sw_p1812_one_fn sw_p1812_one_table[] = SW_EACH_ISA(p1812_one);
static const sw_p1812_bad_fn sw_p1812_bad_table[] = SW_EACH_ISA(p1812_bad);

/* Writes loss_db[row]; `work` holds 2 n_points doubles of this thread. */
static inline void sw_p1812_one(int isa, const sw_p1812 *p, ptrdiff_t row, double *work)
{
    sw_p1812_one_table[isa](p, row, work);
}

/* 0 if the profile may be computed, else which array is wrong: 1 distance, 2 ground, 3 clutter, 4 zone. */
static inline int sw_p1812_bad(int isa, const sw_p1812 *p, ptrdiff_t row)
{
    return sw_p1812_bad_table[isa](p, row);
}

#endif
