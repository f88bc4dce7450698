/* Best server and SINR of one layer: data layout and dispatch; the body stands in _sinr_variant.h. */
#ifndef STELLWERK_SINR_KERNEL_H
#define STELLWERK_SINR_KERNEL_H

#include <stdlib.h>

#include "_link_tables.h"

#define SW_MAX_CARRIERS 32  /* 128 kB of stack per thread */

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

typedef struct {
    sw_layer layer;               /* without points and results */
    double x0, y0, step;          /* centre of cell [0, 0] in the coordinates of the sites [m] */
    ptrdiff_t n_x, n_y;
    const uint8_t *inside;        /* [n_y][n_x] where to compute */
    double share;                 /* error of noise and interference that is allowed */
    const float *curves;          /* [n_kinds][n_curve] rate over SINR */
    ptrdiff_t n_curve;
    float curve_low, curve_step;  /* SINR of the first entry, between entries [dB] */
    const int32_t *kind;          /* [n_sectors] curve of a column */
    const float *free_rate;       /* [n_sectors] factor of a column */
    float *rsrp, *sinr, *rate;    /* [n_y][n_x], written where inside */
    int32_t *best;
} sw_raster;

#define SW_BODY "_sinr_variant.h"
#include "_variants.h"

typedef void (*sw_block_fn)(const sw_layer *, ptrdiff_t);

static const sw_block_fn sw_serve_table[] = SW_EACH_ISA(serve);
static const sw_block_fn sw_links_table[] = SW_EACH_ISA(links);

typedef int (*sw_square_fn)(const sw_raster *, ptrdiff_t);
static const sw_square_fn sw_square_table[] = SW_EACH_ISA(square);

static inline int sw_square(int isa, const sw_raster *map, ptrdiff_t square)
{
    return sw_square_table[isa](map, square);
}

static inline void sw_serve(int isa, const sw_layer *layer, ptrdiff_t block)
{
    sw_serve_table[isa](layer, block);
}

static inline void sw_links(int isa, const sw_layer *layer, ptrdiff_t block)
{
    sw_links_table[isa](layer, block);
}

#endif
