/* Moving users under a layer of cells: what is measured at a report, and what follows from it.
 *
 * `sw_report` takes one block of users from one report to the next: levels of all cells (the physics
 * of _link_variant.h plus a frozen field of shadowing), filtered levels with the errors of their
 * measurement, SINR; then the events of those users for whom anything can happen
 * (_mobility_events.h).
 */
#ifndef STELLWERK_MOBILITY_KERNEL_H
#define STELLWERK_MOBILITY_KERNEL_H

#include "_link_tables.h"

#define SW_GROUP 128        /* users per block */

enum { SW_CONNECTED, SW_PREPARING, SW_EXECUTING, SW_LOST };
enum { SW_HANDOVERS, SW_RETURNS, SW_REPORTS, SW_FAILURES, SW_LINK_LOSSES, SW_SOON, SW_COUNTS };

typedef struct {
    double threshold_db, trigger_s, prepare_s, execute_s, reconnect_s, stay_s, soon_s;
    double q_out_db, q_in_db, t310_s;
} sw_rules;

typedef struct {
    const float *x, *y;           /* [n_users] positions at the end of the step [m] */
    ptrdiff_t n_users;
    const float *sites;           /* as in _sinr_kernel.h */
    ptrdiff_t n_sites;
    const float *sectors;
    ptrdiff_t n_cells;
    const int32_t *first;
    const float *load;            /* [n_cells] share of time and band on the air until the end */
    const float *old_load;        /* [n_cells] the same when the step before ended */
    float noise;                  /* per resource element [mW] */
    float period_x, period_y;     /* the plane is a torus of this size; 0 = it is not [m] */
    const uint32_t *field;        /* [n_field][n_field] four corners of a square, a signed byte each */
    ptrdiff_t n_field;            /* a power of two */
    float node_x, node_y;         /* nodes of the field per metre */
    const float *shift;           /* [n_sites + 1][2] where a site reads the field; the last: all sites */
    float own, common;            /* log2 of gain per unit of the field */
    float memory, lag;            /* smooth' = l' + memory (smooth - l) - lag (l' - l) + error */
    const float *error;           /* [n_padded] log2 of gain per unit of the sum of four random
                                     bytes; NULL = no errors */
    uint32_t key;                 /* of the errors of this report */
    double start_s, step_s;
    sw_rules rules;
    const float *level, *smooth;  /* [n_blocks][n_cells][SW_GROUP] log2 of mW at the start */
    float *new_level, *new_smooth;/* the same at the end */
    const float *others;          /* [2][n_padded] all powers but the strongest, and the strongest */
    float *new_others;
    const int32_t *strongest;     /* [n_padded] */
    int32_t *new_strongest;
    uint8_t *near;                /* [n_padded] some neighbour stood above the threshold */
    int32_t *serving, *target, *before;
    uint8_t *phase;
    double *until, *out_since, *joined;
    double *since;                /* [n_users][n_cells] when a neighbour rose above the threshold */
    int32_t *counts;              /* [n_users][SW_COUNTS] */
    double *outage;               /* [n_users] seconds without service since the start */
    float *sinr;                  /* [n_users] of the serving cell at the end [dB] */
} sw_walk;

static inline ptrdiff_t sw_at(ptrdiff_t n_cells, ptrdiff_t user, ptrdiff_t cell)
{
    return ((user / SW_GROUP) * n_cells + cell) * SW_GROUP + user % SW_GROUP;
}

#include "_mobility_events.h"

#define SW_BODY "_mobility_variant.h"
#include "_variants.h"

typedef void (*sw_report_fn)(const sw_walk *, ptrdiff_t);

static const sw_report_fn sw_report_table[] = SW_EACH_ISA(report);

static inline void sw_report(int isa, const sw_walk *walk, ptrdiff_t block)
{
    sw_report_table[isa](walk, block);
    sw_events(walk, block);
}

#endif
