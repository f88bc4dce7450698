/* Best server and SINR of one layer: data layout and dispatch; the body stands in _sinr_variant.h. */
#ifndef STELLWERK_SINR_KERNEL_H
#define STELLWERK_SINR_KERNEL_H

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

#define SW_BODY "_sinr_variant.h"
#include "_variants.h"

typedef void (*sw_block_fn)(const sw_layer *, ptrdiff_t);

static const sw_block_fn sw_serve_table[] = SW_EACH_ISA(serve);
static const sw_block_fn sw_links_table[] = SW_EACH_ISA(links);

static inline void sw_serve(int isa, const sw_layer *layer, ptrdiff_t block)
{
    sw_serve_table[isa](layer, block);
}

static inline void sw_links(int isa, const sw_layer *layer, ptrdiff_t block)
{
    sw_links_table[isa](layer, block);
}

#endif
