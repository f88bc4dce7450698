/* Levels of all cells at one block of users; compiled once per instruction set. */
#include "_link_variant.h"

/* Value of the frozen field under each user, in log2 of gain: bilinear between four corners. */
static inline void SW_FN(field)(const sw_walk *w, const SW_FN(geometry) *restrict g, float shift_x,
                                float shift_y, float scale, float *restrict out)
{
    float SW_ALIGNED fx[SW_GROUP], fy[SW_GROUP];
    int32_t SW_ALIGNED place[SW_GROUP];
    uint32_t SW_ALIGNED word[SW_GROUP];
    int32_t n = (int32_t)w->n_field, mask = n - 1;
    for (int i = 0; i < SW_GROUP; i++) {
        float u = g->x[i] * w->node_x + shift_x, v = g->y[i] * w->node_y + shift_y;
        int32_t iu = (int32_t)u, iv = (int32_t)v;
        iu -= u < (float)iu;
        iv -= v < (float)iv;
        fx[i] = u - (float)iu;
        fy[i] = v - (float)iv;
        place[i] = (iv & mask) * n + (iu & mask);
    }
    for (int i = 0; i < SW_GROUP; i++)  /* apart: a gather is slower than loads one by one */
        word[i] = w->field[place[i]];
    for (int i = 0; i < SW_GROUP; i++) {
        int32_t k = (int32_t)word[i];
        float a = (float)((int32_t)((uint32_t)k << 24) >> 24);
        float b = (float)((int32_t)((uint32_t)k << 16) >> 24);
        float c = (float)((int32_t)((uint32_t)k << 8) >> 24);
        float d = (float)(k >> 24);
        float low = a + fx[i] * (b - a), high = c + fx[i] * (d - c);
        out[i] = scale * (low + fy[i] * (high - low));
    }
}

/* A well mixed number for each number (the finaliser of C. Wellons' lowbias32). */
static inline uint32_t SW_FN(mix)(uint32_t h)
{
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    return h ^ h >> 16;
}

/* Fresh errors of the measurements of one cell, in log2 of gain: the sum of four bytes is normal
 * enough up to three deviations, and the same on every instruction set. */
static inline void SW_FN(errors)(uint32_t key, const uint32_t *restrict user,
                                 const float *restrict scale, float *restrict out)
{
    for (int i = 0; i < SW_GROUP; i++) {
        uint32_t h = SW_FN(mix)(user[i] + key);
        uint32_t pairs = (h & 0x00ff00ffu) + (h >> 8 & 0x00ff00ffu);
        int32_t sum = (int32_t)((pairs & 0xffffu) + (pairs >> 16));
        out[i] = scale[i] * (float)(sum - 510);
    }
}

/* Offset of the users from a site, by the shortest way round where the plane is a torus. */
static inline void SW_FN(offsets)(const sw_walk *w, const float *site,
                                  const SW_FN(geometry) *restrict at, SW_FN(geometry) *restrict g)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    float inverse_x = w->period_x > 0.0f ? 1.0f / w->period_x : 0.0f;
    float inverse_y = w->period_y > 0.0f ? 1.0f / w->period_y : 0.0f;
    for (int i = 0; i < SW_GROUP; i++) {
        float dx = at->x[i] - site[SITE_X], dy = at->y[i] - site[SITE_Y];
        float turns_x = (dx * inverse_x + round) - round;
        float turns_y = (dy * inverse_y + round) - round;
        g->x[i] = dx - turns_x * w->period_x;
        g->y[i] = dy - turns_y * w->period_y;
    }
}

typedef struct {
    float SW_ALIGNED best[SW_GROUP], own[SW_GROUP], others[SW_GROUP], highest[SW_GROUP];
    int32_t SW_ALIGNED index[SW_GROUP];
} SW_FN(sums);

/* Bits of a float: a choice between two loaded values that stays free of branches. */
static inline float SW_FN(choose)(int32_t mask, float a, float b)
{
    int32_t i, j;
    memcpy(&i, &a, 4);
    memcpy(&j, &b, 4);
    i = (i & mask) | (j & ~mask);
    memcpy(&a, &i, 4);
    return a;
}

static inline void SW_FN(measure)(const sw_walk *w, int32_t cell, const SW_FN(geometry) *restrict g,
                                  const float *restrict gain, const float *restrict was,
                                  const float *restrict before, const float *restrict error,
                                  float *restrict level, float *restrict smooth,
                                  SW_FN(sums) *restrict st)
{
    SW_FN(sector) c = SW_FN(read_sector)(w->sectors + (ptrdiff_t)cell * SECTOR_COLUMNS);
    float load = w->load[cell], memory = w->memory, lag = w->lag;
    for (int i = 0; i < SW_GROUP; i++) {
        float l = gain[i] + SW_FN(eirp)(c, g->azimuth[i], g->depression[i]);
        float s = l + memory * (before[i] - was[i]) - lag * (l - was[i]) + error[i];
        float p = SW_FN(exp2)(l), carried = p * load;
        float best = st->best[i], own = st->own[i], others = st->others[i], high = st->highest[i];
        int32_t index = st->index[i];
        int32_t wins = -(int32_t)(p > best);
        level[i] = l;
        smooth[i] = s;
        st->others[i] = others + SW_FN(choose)(wins, own, carried);
        st->own[i] = SW_FN(choose)(wins, carried, own);
        st->index[i] = (cell & wins) | (index & ~wins);
        st->best[i] = p > best ? p : best;
        st->highest[i] = s > high ? s : high;
    }
}

static void SW_FN(report)(const sw_walk *w, ptrdiff_t block)
{
    ptrdiff_t start = block * SW_GROUP, n = w->n_users - start, base = start * w->n_cells;
    SW_FN(geometry) at, g;
    SW_FN(sums) st;
    float SW_ALIGNED common[SW_GROUP], own[SW_GROUP], gain[SW_GROUP], error[SW_GROUP] = {0.0f};
    uint32_t SW_ALIGNED user[SW_GROUP];

    n = n < SW_GROUP ? n : SW_GROUP;
    for (ptrdiff_t i = 0; i < SW_GROUP; i++) {
        ptrdiff_t k = start + (i < n ? i : n - 1);
        at.x[i] = w->x[k];
        at.y[i] = w->y[k];
        user[i] = SW_FN(mix)((uint32_t)k);
        st.best[i] = 0.0f;
        st.own[i] = st.others[i] = 0.0f;
        st.index[i] = 0;
        st.highest[i] = -1e30f;
    }
    const float *all = w->shift + 2 * w->n_sites;
    SW_FN(field)(w, &at, all[0], all[1], w->common, common);
    for (ptrdiff_t s = 0; s < w->n_sites; s++) {
        float place[SITE_COLUMNS];
        memcpy(place, w->sites + s * SITE_COLUMNS, sizeof place);
        SW_FN(offsets)(w, place, &at, &g);
        place[SITE_X] = place[SITE_Y] = 0.0f;
        SW_FN(site_gain_n)(place, &g, SW_GROUP);
        SW_FN(site_angles_n)(place, &g, SW_GROUP);
        SW_FN(field)(w, &at, w->shift[2 * s], w->shift[2 * s + 1], w->own, own);
        for (int i = 0; i < SW_GROUP; i++)
            gain[i] = SW_FN(log2)(g.gain[i]) + common[i] + own[i];
        for (int32_t j = w->first[s]; j < w->first[s + 1]; j++) {
            ptrdiff_t row = base + (ptrdiff_t)j * SW_GROUP;
            if (w->error)
                SW_FN(errors)(SW_FN(mix)(w->key ^ SW_FN(mix)((uint32_t)j)), user, w->error + start,
                              error);
            SW_FN(measure)(w, j, &g, gain, w->level + row, w->smooth + row, error,
                           w->new_level + row, w->new_smooth + row, &st);
        }
    }
    ptrdiff_t padded = (w->n_users + SW_GROUP - 1) / SW_GROUP * SW_GROUP;
    memcpy(w->new_others + start, st.others, sizeof st.others);
    memcpy(w->new_others + padded + start, st.best, sizeof st.best);
    memcpy(w->new_strongest + start, st.index, sizeof st.index);
    for (ptrdiff_t i = 0; i < n; i++) { /* is any neighbour above the threshold now? */
        float serving = w->new_smooth[sw_at(w->n_cells, start + i, w->serving[start + i])];
        double margin = 3.01029995663981 * ((double)st.highest[i] - (double)serving);
        w->near[start + i] = (uint8_t)((w->near[start + i] << 1) | (margin > w->rules.threshold_db));
    }
}
