/* State of users under edits of cells: data layout and dispatch; the body is in _cells_variant.h. */
#ifndef STELLWERK_CELLS_KERNEL_H
#define STELLWERK_CELLS_KERNEL_H

#include "_link_tables.h"

#define SW_USERS 64         /* users per block: a hundred that moved fill two */
#define SW_MAX_KINDS 64     /* carriers; 82 kB of stack per thread */

/* Columns of the table of draws: reciprocal lattice steps [1/m], sigma as log2 of gain. */
enum {
    DRAW_STATE, DRAW_PER_M_LOS, DRAW_PER_M_NLOS, DRAW_NEAR, DRAW_FAR, DRAW_NLOS, DRAW_COLUMNS
};

typedef struct {
    const float *x, *y;           /* [n_users], relative to x0, y0 [m] */
    double x0, y0;
    ptrdiff_t n_users;
    const int32_t *user_operator;
    const int32_t *chosen;        /* users to work on, each once */
    ptrdiff_t n_chosen;
    const float *sites, *sectors; /* [n_cells][SITE_COLUMNS], [n_cells][SECTOR_COLUMNS] */
    const int32_t *kind, *cell_operator; /* [n_cells] carrier, operator */
    const uint8_t *on;
    const float *draw;            /* [n_cells][DRAW_COLUMNS] */
    const uint32_t *key;          /* [n_cells] hash of seed and site */
    const int32_t *los_column;    /* [n_cells] */
    ptrdiff_t n_cells, n_kinds;
    const uint8_t *los;           /* [n_users][n_los] for mode 2 */
    ptrdiff_t n_los;
    int mode;                     /* 0 expectation, 1 draw, 2 given */
    uint32_t seed;
    float *best, *own;            /* [n_kinds][n_users] */
    double *others, *slack;       /* sum of the rest; bound of the error that edits left in it */
    int32_t *index;
    double sign, floor;           /* of an edit; the least noise [mW] */
    int32_t number;
    uint8_t *redo;                /* [n_users] */
} sw_cells;

#define SW_BODY "_cells_variant.h"
#include "_variants.h"

typedef void (*sw_cells_fn)(const sw_cells *, ptrdiff_t);

static const sw_cells_fn sw_rows_table[] = SW_EACH_ISA(rows);
static const sw_cells_fn sw_shift_table[] = SW_EACH_ISA(shift);

static inline void sw_rows(int isa, const sw_cells *t, ptrdiff_t block) { sw_rows_table[isa](t, block); }
static inline void sw_shift(int isa, const sw_cells *t, ptrdiff_t block) { sw_shift_table[isa](t, block); }

#endif
