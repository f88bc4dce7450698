/* One block of points against all cells of a layer; compiled once per instruction set.
 *
 * Cells outside, points inside: the inner loops have a constant trip count and no branch, so they
 * vectorise; both sides of every choice are computed and then selected. A block is padded with its
 * last point, hence a point's result does not depend on its neighbours or on the thread.
 */
#include "_link_variant.h"

static inline void SW_FN(load_points)(const sw_layer *layer, ptrdiff_t start, ptrdiff_t n,
                                      SW_FN(geometry) *g)
{
    for (ptrdiff_t i = 0; i < SW_BLOCK; i++) {
        ptrdiff_t k = start + (i < n ? i : n - 1);
        g->x[i] = layer->x[k];
        g->y[i] = layer->y[k];
    }
}

static inline int SW_FN(needs_angles)(const sw_layer *layer, ptrdiff_t site)
{
    for (int32_t j = layer->first[site]; j < layer->first[site + 1]; j++) {
        const float *c = layer->sectors + (ptrdiff_t)j * SECTOR_COLUMNS;
        if (c[SECTOR_KH] != 0.0f || c[SECTOR_KV] != 0.0f)
            return 1;
    }
    return 0;
}

typedef struct {
    float SW_ALIGNED best[SW_BLOCK];       /* strongest power per resource element [mW] */
    float SW_ALIGNED own[SW_BLOCK];        /* the same weighted by its load */
    float SW_ALIGNED others[SW_BLOCK];     /* loaded powers of all the rest: never total minus best */
    int32_t SW_ALIGNED index[SW_BLOCK];
} SW_FN(state);

/* mask ? a : b, with a mask of all ones or zeros: a branch-free choice on every instruction set. */
static inline float SW_FN(pick)(int32_t mask, float a, float b)
{
    int32_t i, j;
    memcpy(&i, &a, 4);
    memcpy(&j, &b, 4);
    i = (i & mask) | (j & ~mask);
    memcpy(&a, &i, 4);
    return a;
}

/* Every load stands before the choices: a load inside one makes gcc keep the branch. */
static inline void SW_FN(accumulate)(float p, float load, float serves, int32_t column,
                                     SW_FN(state) *restrict st, int i)
{
    float bid = p * serves + (serves - 1.0f) * 2.0f; /* -2 of what only interferes: never wins */
    float w = p * load, best = st->best[i], own = st->own[i], others = st->others[i];
    int32_t index = st->index[i];
    int32_t wins = -(int32_t)(bid > best);
    st->others[i] = others + SW_FN(pick)(wins, own, w);
    st->own[i] = SW_FN(pick)(wins, w, own);
    st->index[i] = (column & wins) | (index & ~wins);
    st->best[i] = bid > best ? bid : best;
}

static inline void SW_FN(add_sector)(const float *sector, int32_t column,
                                     const SW_FN(geometry) *restrict g, SW_FN(state) *restrict st)
{
    SW_FN(sector) c = SW_FN(read_sector)(sector);
    float serves = sector[SECTOR_SERVES];
    for (int i = 0; i < SW_BLOCK; i++) {
        float gain = g->gain[i], azimuth = g->azimuth[i], depression = g->depression[i];
        float p = gain * SW_FN(exp2)(SW_FN(eirp)(c, azimuth, depression));
        SW_FN(accumulate)(p, c.load, serves, column, st, i);
    }
}

static inline void SW_FN(add_omni)(const float *sector, int32_t column,
                                   const SW_FN(geometry) *restrict g, SW_FN(state) *restrict st)
{
    float load = sector[SECTOR_LOAD], power = SW_FN(exp2)(sector[SECTOR_POWER]);
    float serves = sector[SECTOR_SERVES];
    for (int i = 0; i < SW_BLOCK; i++)
        SW_FN(accumulate)(g->gain[i] * power, load, serves, column, st, i);
}

static inline void SW_FN(finish)(const sw_layer *layer, const SW_FN(state) *restrict st,
                                 float *restrict rsrp, float *restrict sinr, int32_t *restrict best)
{
    const float db = 3.01029995664f; /* 10 log10(2) */
    ptrdiff_t n_c = layer->n_carriers;
    float SW_ALIGNED power[SW_BLOCK];
    for (int i = 0; i < SW_BLOCK; i++) {
        power[i] = -1.0f;
        best[i] = -1;
    }
    for (ptrdiff_t s = 0; s < n_c; s++) {
        float SW_ALIGNED disturbance[SW_BLOCK];
        for (int i = 0; i < SW_BLOCK; i++)
            disturbance[i] = layer->noise[s] + st[s].others[i];
        for (ptrdiff_t h = 0; h < n_c; h++) {
            float mix = layer->mixing[s * n_c + h];
            if (h == s || mix == 0.0f)
                continue;
            for (int i = 0; i < SW_BLOCK; i++)
                disturbance[i] += mix * (st[h].others[i] + st[h].own[i]);
        }
        for (int i = 0; i < SW_BLOCK; i++) {
            float p = st[s].best[i], floor = p > 1e-37f ? p : 1e-37f;
            float was = power[i], old_rsrp = rsrp[i], old_sinr = sinr[i];
            int32_t old_best = best[i], index = st[s].index[i];
            int32_t wins = -(int32_t)(p > was);
            float level = db * SW_FN(log2)(floor);
            float ratio = level - db * SW_FN(log2)(disturbance[i]);
            power[i] = p > was ? p : was;
            rsrp[i] = SW_FN(pick)(wins, level, old_rsrp);
            sinr[i] = SW_FN(pick)(wins, ratio, old_sinr);
            best[i] = (index & wins) | (old_best & ~wins);
        }
    }
}

static inline void SW_FN(clear)(const sw_layer *layer, SW_FN(state) *st)
{
    memset(st, 0, (size_t)layer->n_carriers * sizeof st[0]);
    for (ptrdiff_t c = 0; c < layer->n_carriers; c++) {
        memset(st[c].index, 0xff, sizeof st[c].index);
        for (int i = 0; i < SW_BLOCK; i++)
            st[c].best[i] = -1.0f; /* so that a power which underflows to 0 still serves */
    }
}

static void SW_FN(serve)(const sw_layer *layer, ptrdiff_t block)
{
    ptrdiff_t start = block * SW_BLOCK;
    ptrdiff_t n = layer->n_points - start < SW_BLOCK ? layer->n_points - start : SW_BLOCK;
    SW_FN(geometry) g;
    SW_FN(state) st[SW_MAX_CARRIERS];
    float SW_ALIGNED rsrp[SW_BLOCK], sinr[SW_BLOCK];
    int32_t SW_ALIGNED best[SW_BLOCK];

    SW_FN(load_points)(layer, start, n, &g);
    SW_FN(clear)(layer, st);
    memset(rsrp, 0, sizeof rsrp);
    memset(sinr, 0, sizeof sinr);
    for (ptrdiff_t s = 0; s < layer->n_sites; s++) {
        const float *site = layer->sites + s * SITE_COLUMNS;
        int directed = SW_FN(needs_angles)(layer, s);
        SW_FN(site_gain)(site, &g);
        if (directed)
            SW_FN(site_angles)(site, &g);
        for (int32_t j = layer->first[s]; j < layer->first[s + 1]; j++) {
            const float *c = layer->sectors + (ptrdiff_t)j * SECTOR_COLUMNS;
            if (directed)
                SW_FN(add_sector)(c, layer->column[j], &g, &st[layer->carrier[j]]);
            else
                SW_FN(add_omni)(c, layer->column[j], &g, &st[layer->carrier[j]]);
        }
    }
    SW_FN(finish)(layer, st, rsrp, sinr, best);
    memcpy(layer->rsrp + start, rsrp, (size_t)n * sizeof(float));
    memcpy(layer->sinr + start, sinr, (size_t)n * sizeof(float));
    memcpy(layer->best + start, best, (size_t)n * sizeof(int32_t));
}

static void SW_FN(links)(const sw_layer *layer, ptrdiff_t block)
{
    const float db = 3.01029995664f;
    ptrdiff_t start = block * SW_BLOCK;
    ptrdiff_t n = layer->n_points - start < SW_BLOCK ? layer->n_points - start : SW_BLOCK;
    SW_FN(geometry) g;
    float SW_ALIGNED level[SW_BLOCK];

    SW_FN(load_points)(layer, start, n, &g);
    for (ptrdiff_t s = 0; s < layer->n_sites; s++) {
        const float *site = layer->sites + s * SITE_COLUMNS;
        SW_FN(site_gain)(site, &g);
        SW_FN(site_angles)(site, &g);
        for (int32_t j = layer->first[s]; j < layer->first[s + 1]; j++) {
            const float *sector = layer->sectors + (ptrdiff_t)j * SECTOR_COLUMNS;
            SW_FN(sector) c = SW_FN(read_sector)(sector);
            for (int i = 0; i < SW_BLOCK; i++)
                level[i] = db * (SW_FN(log2)(g.gain[i])
                                 + SW_FN(eirp)(c, g.azimuth[i], g.depression[i]));
            for (ptrdiff_t i = 0; i < n; i++)
                layer->rsrp[(start + i) * layer->n_sectors + layer->column[j]] = level[i];
        }
    }
}

#include "_sinr_tiles.h"
