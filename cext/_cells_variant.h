/* Users against cells with a state that edits update; compiled once per instruction set.
 *
 * One function that is never inlined gives the power of one cell at a block of users. Full rows and
 * edits both call it, so that an edit takes away bit for bit what the row had added.
 */
#include "_link_variant.h"

typedef struct {
    float SW_ALIGNED x[SW_USERS], y[SW_USERS], gain[SW_USERS], azimuth[SW_USERS];
    float SW_ALIGNED depression[SW_USERS], power[SW_USERS];
    uint8_t los[SW_USERS];
} SW_FN(users);

/* 32 mixed bits of a lattice node. */
static inline uint32_t SW_FN(mix)(int32_t i, int32_t j, uint32_t key)
{
    uint32_t h = (uint32_t)i * 0x9e3779b1u ^ ((uint32_t)j * 0x85ebca77u + key);
    h = (h ^ (h >> 16)) * 0x7feb352du;
    h = (h ^ (h >> 15)) * 0x846ca68bu;
    h ^= h >> 16;
    h = (h + key) * 0xc2b2ae3du;
    return h ^ (h >> 15);
}

/* Normal quantile of (1 + x) / 2, |x| < 1: M. Giles, GPU Computing Gems (2011), single precision. */
static inline float SW_FN(quantile)(float x)
{
    float w = -0.69314718056f * SW_FN(log2)((1.0f - x) * (1.0f + x));
    float a = w - 2.5f, b = sqrtf(w > 0.0f ? w : 0.0f) - 3.0f;
    float p = 2.81022636e-08f, q = -0.000200214257f;
    p = 3.43273939e-07f + p * a; q = 0.000100950558f + q * b;
    p = -3.5233877e-06f + p * a; q = 0.00134934322f + q * b;
    p = -4.39150654e-06f + p * a; q = -0.00367342844f + q * b;
    p = 0.00021858087f + p * a; q = 0.00573950773f + q * b;
    p = -0.00125372503f + p * a; q = -0.0076224613f + q * b;
    p = -0.00417768164f + p * a; q = 0.00943887047f + q * b;
    p = 0.246640727f + p * a; q = 1.00167406f + q * b;
    p = 1.50140941f + p * a; q = 2.83297682f + q * b;
    return 1.41421356237f * x * (w < 5.0f ? p : q);
}

static inline float SW_FN(node)(int32_t i, int32_t j, uint32_t key)
{
    float u = ((float)(SW_FN(mix)(i, j, key) >> 9) + 0.5f) * (1.0f / 8388608.0f);
    return SW_FN(quantile)(2.0f * u - 1.0f);
}

/* A Gaussian field of variance 1: nodes on a lattice, smooth weights scaled to keep the variance. */
static inline float SW_FN(field)(double x, double y, double per_m, uint32_t key)
{
    double gx = floor(x * per_m), gy = floor(y * per_m);
    float u = (float)(x * per_m - gx), v = (float)(y * per_m - gy);
    int32_t i = (int32_t)gx, j = (int32_t)gy;
    float a = 1.0f - u, b = 1.0f - v;
    float sum = a * b * SW_FN(node)(i, j, key) + u * b * SW_FN(node)(i + 1, j, key)
              + a * v * SW_FN(node)(i, j + 1, key) + u * v * SW_FN(node)(i + 1, j + 1, key);
    return sum / sqrtf((a * a + u * u) * (b * b + v * v));
}

static inline __attribute__((always_inline)) void
SW_FN(gain_drawn)(const sw_cells *t, const float *restrict s, const float *restrict d, uint32_t key,
                  SW_FN(users) *restrict g, const int given)
{
    for (int i = 0; i < SW_USERS; i++) {
        float dx = g->x[i] - s[SITE_X], dy = g->y[i] - s[SITE_Y], dh = s[SITE_DH];
        float d2 = sqrtf(dx * dx + dy * dy);
        d2 = d2 > s[SITE_DMIN] ? d2 : s[SITE_DMIN];
        float square = d2 * d2 + dh * dh;
        float l = SW_FN(log2)(square);
        float near = s[SITE_NEAR_A] + s[SITE_NEAR_B] * l + s[SITE_NEAR_C] * sqrtf(square);
        float far = s[SITE_FAR_A] + s[SITE_FAR_B] * l;
        float los = d2 > s[SITE_BREAK] ? far : near;
        float nlos = s[SITE_NLOS_A] + s[SITE_NLOS_B] * l;
        nlos = nlos < los ? nlos : los;
        int is_los = g->los[i];
        float shadow = 0.0f;
        if (!given) {
            float share = s[SITE_LOS_D0] / d2;
            share = share < 1.0f ? share : 1.0f;
            float beyond = d2 - s[SITE_LOS_D1];
            beyond = beyond > 0.0f ? beyond : 0.0f;
            float p = share + SW_FN(exp2)(-s[SITE_LOS_K] * beyond) * (1.0f - share);
            float more = s[SITE_LOS_C] * d2 * d2 * d2 * SW_FN(exp2)(-s[SITE_LOS_CK] * d2);
            p = p * (1.0f + (share < 1.0f ? more : 0.0f));
            float q = p < 0.999999f ? 2.0f * p - 1.0f : 0.999998f;
            q = q > -0.999998f ? q : -0.999998f;
            double x = t->x0 + (double)g->x[i], y = t->y0 + (double)g->y[i];
            is_los = p >= 1.0f
                     || SW_FN(field)(x, y, d[DRAW_STATE], key ^ 0x51ed270bu) < SW_FN(quantile)(q);
            float sigma = is_los ? (d2 > s[SITE_BREAK] ? d[DRAW_FAR] : d[DRAW_NEAR]) : d[DRAW_NLOS];
            double per_m = is_los ? d[DRAW_PER_M_LOS] : d[DRAW_PER_M_NLOS];
            uint32_t state = is_los ? 0x2545f491u : 0x68e31da4u;
            shadow = sigma * 0.70710678f
                   * (SW_FN(field)(x, y, per_m, t->seed ^ state)
                      + SW_FN(field)(x, y, per_m, key ^ state));
        }
        g->gain[i] = SW_FN(exp2)((is_los ? los : nlos) + shadow);
    }
}

/* Power per resource element of cell j at the block [mW]; `last` is the cell whose angles g holds. */
static __attribute__((noinline)) void
SW_FN(cell_power)(const sw_cells *t, ptrdiff_t j, ptrdiff_t last, SW_FN(users) *g,
                  SW_FN(geometry) *geo)
{
    const float *s = t->sites + j * SITE_COLUMNS, *c = t->sectors + j * SECTOR_COLUMNS;
    const float *was = last < 0 ? s : t->sites + last * SITE_COLUMNS;
    int same = last >= 0 && !memcmp(s, was, SITE_COLUMNS * sizeof(float))
               && t->key[j] == t->key[last];
    if (!same && t->mode == 0)
        SW_FN(site_gain_n)(s, geo, SW_USERS);
    if (t->mode == 1 && !same) {
        SW_FN(gain_drawn)(t, s, t->draw + j * DRAW_COLUMNS, t->key[j], g, 0);
        memcpy(geo->gain, g->gain, sizeof g->gain);
    }
    if (t->mode == 2 && !same) {
        SW_FN(gain_drawn)(t, s, t->draw + j * DRAW_COLUMNS, t->key[j], g, 1);
        memcpy(geo->gain, g->gain, sizeof g->gain);
    }
    if (!same)
        SW_FN(site_angles_n)(s, geo, SW_USERS);
    SW_FN(sector) r = SW_FN(read_sector)(c);
    for (int i = 0; i < SW_USERS; i++)
        g->power[i] = geo->gain[i] * SW_FN(exp2)(SW_FN(eirp)(r, geo->azimuth[i], geo->depression[i]));
}

static void SW_FN(gather)(const sw_cells *t, ptrdiff_t start, ptrdiff_t n, SW_FN(users) *g,
                          SW_FN(geometry) *geo, int32_t *op)
{
    for (ptrdiff_t i = 0; i < SW_USERS; i++) {
        ptrdiff_t u = t->chosen[start + (i < n ? i : n - 1)];
        g->x[i] = geo->x[i] = t->x[u];
        g->y[i] = geo->y[i] = t->y[u];
        op[i] = t->user_operator[u];
        g->los[i] = 0;
    }
}

static void SW_FN(gather_los)(const sw_cells *t, ptrdiff_t j, ptrdiff_t start, ptrdiff_t n,
                              SW_FN(users) *g)
{
    if (t->mode != 2)
        return;
    for (ptrdiff_t i = 0; i < SW_USERS; i++) {
        ptrdiff_t u = t->chosen[start + (i < n ? i : n - 1)];
        g->los[i] = t->los[u * t->n_los + t->los_column[j]];
    }
}

static void SW_FN(rows)(const sw_cells *t, ptrdiff_t block)
{
    ptrdiff_t start = block * SW_USERS, N = t->n_users, last = -1;
    ptrdiff_t n = t->n_chosen - start < SW_USERS ? t->n_chosen - start : SW_USERS;
    SW_FN(users) g;
    SW_FN(geometry) geo;
    int32_t SW_ALIGNED op[SW_USERS];
    float SW_ALIGNED best[SW_MAX_KINDS][SW_USERS], own[SW_MAX_KINDS][SW_USERS];
    double SW_ALIGNED others[SW_MAX_KINDS][SW_USERS];
    int32_t SW_ALIGNED index[SW_MAX_KINDS][SW_USERS];

    SW_FN(gather)(t, start, n, &g, &geo, op);
    for (ptrdiff_t k = 0; k < t->n_kinds; k++)
        for (int i = 0; i < SW_USERS; i++) {
            best[k][i] = -1.0f;
            own[k][i] = 0.0f;
            others[k][i] = 0.0;
            index[k][i] = -1;
        }
    for (ptrdiff_t j = 0; j < t->n_cells; j++) {
        if (!t->on[j])
            continue;
        SW_FN(gather_los)(t, j, start, n, &g);
        SW_FN(cell_power)(t, j, last, &g, &geo);
        last = j;
        float load = t->sectors[j * SECTOR_COLUMNS + SECTOR_LOAD];
        int32_t mine = t->cell_operator[j], number = (int32_t)j;
        float *restrict b = best[t->kind[j]], *restrict o = own[t->kind[j]];
        double *restrict rest = others[t->kind[j]];
        int32_t *restrict at = index[t->kind[j]];
        for (int i = 0; i < SW_USERS; i++) {
            float p = g.power[i], w = p * load, bo = o[i], bb = b[i];
            int32_t ba = at[i];
            int wins = (p > bb) & (op[i] == mine);
            rest[i] += (double)(wins ? bo : w);
            o[i] = wins ? w : bo;
            b[i] = wins ? p : bb;
            at[i] = wins ? number : ba;
        }
    }
    for (ptrdiff_t k = 0; k < t->n_kinds; k++)
        for (ptrdiff_t i = 0; i < n; i++) {
            ptrdiff_t at = k * N + t->chosen[start + i];
            t->best[at] = best[k][i];
            t->own[at] = own[k][i];
            t->others[at] = others[k][i];
            t->slack[at] = 0.0;
            t->index[at] = index[k][i];
        }
}

/* Takes the only cell of the table out of the sums (sign -1) or puts it in (+1); marks the users
 * whose row must be computed anew: served by it, won by it, or with too few digits left. */
static void SW_FN(shift)(const sw_cells *t, ptrdiff_t block)
{
    ptrdiff_t start = block * SW_USERS;
    ptrdiff_t n = t->n_chosen - start < SW_USERS ? t->n_chosen - start : SW_USERS;
    SW_FN(users) g;
    SW_FN(geometry) geo;
    int32_t SW_ALIGNED op[SW_USERS];
    SW_FN(gather)(t, start, n, &g, &geo, op);
    SW_FN(gather_los)(t, 0, start, n, &g);
    SW_FN(cell_power)(t, 0, -1, &g, &geo);
    float load = t->sectors[SECTOR_LOAD];
    ptrdiff_t base = (ptrdiff_t)t->kind[0] * t->n_users;
    for (ptrdiff_t i = 0; i < n; i++) {
        ptrdiff_t u = t->chosen[start + i], at = base + u;
        float p = g.power[i];
        double w = (double)(p * load), was = t->others[at], now = was + t->sign * w;
        double top = was > now ? was : now;
        int redo = t->sign < 0 ? t->index[at] == t->number
                               : (op[i] == t->cell_operator[0]) & (p >= t->best[at]);
        t->others[at] = now;
        t->slack[at] += 2.3e-16 * top;
        t->redo[u] |= (uint8_t)(redo | (t->slack[at] > 1e-7 * (now + t->floor)));
    }
}
