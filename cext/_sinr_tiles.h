/* A raster against all cells of a layer, tile by tile; compiled once per instruction set.
 *
 * Far from its mast the power of a sector is smooth. A square of 64 x 64 points takes the powers of
 * all sectors that are far enough on a lattice of 4 x 4 Chebyshev nodes, each of its 16 tiles of
 * 16 x 16 points the sum of them and its own less far sectors on a lattice of its own; one bicubic
 * polynomial per carrier then stands for all of them. Sectors near by, those that may be the best
 * server anywhere in the tile, and those whose estimated error does not fit into what the caller
 * allows, are computed at every point.
 */

#define SW_SIDE 4                       /* nodes per side */
#define SW_NODES (SW_SIDE * SW_SIDE)
#define SW_TILE 16                      /* points per side of a tile: SW_BLOCK of them */
#define SW_TILES 4                      /* tiles per side of a square */
#define SW_NEAR 3.0f                    /* closer than this many half edges nothing is smooth */

typedef struct {
    float (*p)[SW_NODES];               /* [n_sectors] power on the nodes [mW] */
    float *low, *high, *error;          /* [n_sectors] over the tile [mW] */
    uint8_t *square, *tile;             /* [n_sectors] 1: stands in the lattice of square or tile */
    int32_t *near, *rest;               /* [n_sites] of one square, of one tile */
} SW_FN(scratch);

typedef struct {
    float x, y, half;                   /* centre and half edge [m] */
} SW_FN(box);

static inline float SW_FN(distance)(const float *site, SW_FN(box) b)
{
    float dx = b.x - site[SITE_X], dy = b.y - site[SITE_Y];
    return sqrtf(dx * dx + dy * dy);
}

/* Chebyshev nodes and the weights of the polynomial through them at t in [-1, 1]. */
static const float SW_FN(node)[SW_SIDE] = {-0.923879533f, -0.382683432f, 0.382683432f, 0.923879533f};

static inline void SW_FN(weights)(float t, float *w)
{
    for (int i = 0; i < SW_SIDE; i++) {
        w[i] = 1.0f;
        for (int j = 0; j < SW_SIDE; j++)
            if (j != i)
                w[i] *= (t - SW_FN(node)[j]) / (SW_FN(node)[i] - SW_FN(node)[j]);
    }
}

static inline void SW_FN(nodes)(SW_FN(box) b, SW_FN(geometry) *g)
{
    for (int i = 0; i < SW_NODES; i++) {
        g->x[i] = b.x + b.half * SW_FN(node)[i % SW_SIDE];
        g->y[i] = b.y + b.half * SW_FN(node)[i / SW_SIDE];
    }
}

/* Relative error by the kinks of the path loss that the box may hold: break point and LOS = NLOS. */
static float SW_FN(site_kinks)(const float *s, float distance, float half)
{
    float reach = 1.42f * half, near = distance - reach, far = distance + reach, rel = 0.0f;
    float slope = near > s[SITE_BREAK] ? s[SITE_FAR_B] : s[SITE_NEAR_B];
    if (near <= s[SITE_BREAK] && s[SITE_BREAK] <= far)
        rel += 2.0f * fabsf(s[SITE_NEAR_B] - s[SITE_FAR_B]);
    float dh2 = s[SITE_DH] * s[SITE_DH], gap[2];
    for (int i = 0; i < 2; i++) {
        float d = i ? far : near, square = d * d + dh2, l = SW_FN(log2)(square);
        float los = d > s[SITE_BREAK] ? s[SITE_FAR_A] + s[SITE_FAR_B] * l
                                      : s[SITE_NEAR_A] + s[SITE_NEAR_B] * l
                                            + s[SITE_NEAR_C] * sqrtf(square);
        gap[i] = s[SITE_NLOS_A] + s[SITE_NLOS_B] * l - los;
    }
    if ((gap[0] > 0.0f) != (gap[1] > 0.0f))
        rel += 2.0f * fabsf(s[SITE_NLOS_B] - slope);
    return 0.3f * rel * half / distance;
}

/* Power of a sector on the nodes, what it is at least and at most in the box, error of the cubic. */
static void SW_FN(sample)(const float *sector, const float *site, const SW_FN(geometry) *restrict g,
                          float distance, float half, float kinks, float *restrict p,
                          float *low, float *high, float *error)
{
    SW_FN(sector) c = SW_FN(read_sector)(sector);
    float SW_ALIGNED loss[SW_NODES], turn[SW_NODES], upright[SW_NODES];
    for (int i = 0; i < SW_NODES; i++) {
        float phi = g->azimuth[i] - c.azimuth;
        phi = phi > 3.14159265359f ? phi - 6.28318530718f : phi;
        phi = phi < -3.14159265359f ? phi + 6.28318530718f : phi;
        float theta = g->depression[i] - c.tilt;
        turn[i] = phi;
        upright[i] = c.kv * theta * theta;
        loss[i] = c.kh * phi * phi + (upright[i] < c.sla_v ? upright[i] : c.sla_v);
        p[i] = g->gain[i] * SW_FN(exp2)(SW_FN(eirp)(c, g->azimuth[i], g->depression[i]));
    }
    float least = p[0], most = p[0], l0 = loss[0], l1 = loss[0], v0 = upright[0], v1 = upright[0];
    float t0 = turn[0], t1 = turn[0];
    for (int i = 1; i < SW_NODES; i++) {
        least = p[i] < least ? p[i] : least;
        most = p[i] > most ? p[i] : most;
        l0 = loss[i] < l0 ? loss[i] : l0;
        l1 = loss[i] > l1 ? loss[i] : l1;
        v0 = upright[i] < v0 ? upright[i] : v0;
        v1 = upright[i] > v1 ? upright[i] : v1;
        t0 = turn[i] < t0 ? turn[i] : t0;
        t1 = turn[i] > t1 ? turn[i] : t1;
    }
    least = least > 1e-37f ? least : 1e-37f;
    most = most > 1e-37f ? most : 1e-37f;
    const float ln2 = 0.69314718f;
    float q = half / distance;
    float swing = SW_FN(log2)(most / least);
    float qv = q * site[SITE_DH] / distance;
    float bend = c.kh * q * q, nod = c.kv * qv * qv;
    float edge = 0.15f * (l1 - l0), edge_v = 0.15f * (v1 - v0);
    if (l0 - edge < c.a_max && l1 + edge > c.a_max)
        kinks += 0.2f * (l1 - l0) + 0.01f;
    if (v0 - edge_v < c.sla_v && v1 + edge_v > c.sla_v)
        kinks += 0.2f * (v1 - v0) + 0.01f;
    if (t0 < -2.0f && t1 > 2.0f)                       /* behind the antenna */
        kinks += 2.0f * c.kh * q;
    float slope = ln2 * swing / 1.85f + 2.5f * q, rounding = 12.0f * ln2 * ln2;
    float smooth = slope * slope * slope * slope + rounding * (bend * bend + nod * nod);
    float beyond = SW_FN(exp2)(0.15f * swing + 0.3f * (bend + nod) + 0.02f);
    *low = least / beyond;
    *high = most * beyond;
    *error = *high * (1.5f / 192.0f * smooth + kinks);
}

/* Error allowed per carrier [mW]: share of noise and of the interference that is there for sure. */
static void SW_FN(limits)(const sw_layer *layer, const float *sure, double share, float *limit)
{
    ptrdiff_t n = layer->n_carriers;
    for (ptrdiff_t h = 0; h < n; h++)
        limit[h] = 3e38f;
    for (ptrdiff_t s = 0; s < n; s++) {
        const float *mix = layer->mixing + s * n;
        float heard = 0.0f, total = layer->noise[s] + sure[s];
        for (ptrdiff_t h = 0; h < n; h++) {
            heard += h == s || mix[h] > 0.0f ? 1.0f : 0.0f;
            total += h == s ? 0.0f : mix[h] * sure[h];
        }
        for (ptrdiff_t h = 0; h < n; h++) {
            float m = h == s ? 1.0f : mix[h];
            float most = m > 0.0f ? (float)share * total / (heard * m) : 3e38f;
            limit[h] = most < limit[h] ? most : limit[h];
        }
    }
}

/* Put into the lattice what is far, cannot serve and fits the limit. `skip` marks what is done. */
static void SW_FN(classify)(const sw_layer *layer, const int32_t *list, ptrdiff_t n_list,
                            SW_FN(box) b, const uint8_t *skip, float strongest, double share,
                            SW_FN(scratch) *w, uint8_t *in, float (*lattice)[SW_NODES])
{
    SW_FN(geometry) g;
    float sure[SW_MAX_CARRIERS], limit[SW_MAX_CARRIERS], used[SW_MAX_CARRIERS];
    SW_FN(nodes)(b, &g);
    for (ptrdiff_t k = 0; k < n_list; k++) {
        const float *site = layer->sites + (ptrdiff_t)list[k] * SITE_COLUMNS;
        float distance = SW_FN(distance)(site, b);
        SW_FN(site_gain_n)(site, &g, SW_NODES);
        SW_FN(site_angles_n)(site, &g, SW_NODES);
        float kinks = SW_FN(site_kinks)(site, distance, b.half);
        for (int32_t j = layer->first[list[k]]; j < layer->first[list[k] + 1]; j++) {
            const float *sector = layer->sectors + (ptrdiff_t)j * SECTOR_COLUMNS;
            if (skip && skip[j])
                continue;
            SW_FN(sample)(sector, site, &g, distance, b.half, kinks, w->p[j], w->low + j,
                          w->high + j, w->error + j);
            if (sector[SECTOR_SERVES] != 0.0f && w->low[j] > strongest)
                strongest = w->low[j];
        }
    }
    for (ptrdiff_t c = 0; c < layer->n_carriers; c++) {
        float least = lattice[c][0];
        for (int i = 1; i < SW_NODES; i++)
            least = lattice[c][i] < least ? lattice[c][i] : least;
        sure[c] = least > 0.0f ? 0.7f * least : 0.0f;
        used[c] = 0.0f;
    }
    for (ptrdiff_t k = 0; k < n_list; k++)
        for (int32_t j = layer->first[list[k]]; j < layer->first[list[k] + 1]; j++) {
            const float *sector = layer->sectors + (ptrdiff_t)j * SECTOR_COLUMNS;
            if (skip && skip[j])
                continue;
            in[j] = sector[SECTOR_SERVES] == 0.0f || w->high[j] < strongest;
            if (in[j])
                sure[layer->carrier[j]] += sector[SECTOR_LOAD] * w->low[j];
        }
    SW_FN(limits)(layer, sure, share, limit);
    /* The small errors first: no single large one shall use up what many could share. */
    static const float part[3] = {1.0f / 256.0f, 1.0f / 16.0f, 1.0f};
    for (int pass = 0; pass < 3; pass++)
        for (ptrdiff_t k = 0; k < n_list; k++)
            for (int32_t j = layer->first[list[k]]; j < layer->first[list[k] + 1]; j++) {
                int32_t c = layer->carrier[j];
                float load = layer->sectors[(ptrdiff_t)j * SECTOR_COLUMNS + SECTOR_LOAD];
                float error = load * w->error[j];
                if ((skip && skip[j]) || in[j] != 1)
                    continue;
                if (error > part[pass] * limit[c] || used[c] + error > limit[c]) {
                    in[j] = pass == 2 ? 0 : 1;
                    continue;
                }
                used[c] += error;
                in[j] = 2;
                for (int i = 0; i < SW_NODES; i++)
                    lattice[c][i] += load * w->p[j][i];
            }
}

/* Sectors of a site that stand in no lattice, at every point of a tile. */
static void SW_FN(add_site)(const sw_layer *layer, ptrdiff_t s, const SW_FN(scratch) *w, int is_near,
                            SW_FN(geometry) *g, SW_FN(state) *st)
{
    int directed = SW_FN(needs_angles)(layer, s), ready = 0;
    const float *site = layer->sites + s * SITE_COLUMNS;
    for (int32_t j = layer->first[s]; j < layer->first[s + 1]; j++) {
        const float *c = layer->sectors + (ptrdiff_t)j * SECTOR_COLUMNS;
        if (w->square[j] || (!is_near && w->tile[j]))
            continue;
        if (!ready) {
            SW_FN(site_gain)(site, g);
            if (directed)
                SW_FN(site_angles)(site, g);
            ready = 1;
        }
        if (directed)
            SW_FN(add_sector)(c, layer->column[j], g, &st[layer->carrier[j]]);
        else
            SW_FN(add_omni)(c, layer->column[j], g, &st[layer->carrier[j]]);
    }
}

/* Value of the polynomial through a lattice at the points of a tile, added to the interference. */
static void SW_FN(spread)(float (*restrict lattice)[SW_NODES], SW_FN(state) *restrict st)
{
    float SW_ALIGNED w[SW_SIDE][SW_TILE];
    for (int i = 0; i < SW_TILE; i++) {
        float at[SW_SIDE];
        SW_FN(weights)((float)(2 * i - SW_TILE + 1) / (float)(SW_TILE - 1), at);
        for (int k = 0; k < SW_SIDE; k++)
            w[k][i] = at[k];
    }
    for (int r = 0; r < SW_TILE; r++) {
        float row[SW_SIDE];
        for (int k = 0; k < SW_SIDE; k++)
            row[k] = w[0][r] * lattice[0][k] + w[1][r] * lattice[0][SW_SIDE + k]
                     + w[2][r] * lattice[0][2 * SW_SIDE + k] + w[3][r] * lattice[0][3 * SW_SIDE + k];
        float *others = st->others + r * SW_TILE;
        for (int i = 0; i < SW_TILE; i++) {
            float v = row[0] * w[0][i] + row[1] * w[1][i] + row[2] * w[2][i] + row[3] * w[3][i];
            others[i] += v > 0.0f ? v : 0.0f;
        }
    }
}

static void SW_FN(store)(const sw_raster *map, ptrdiff_t row0, ptrdiff_t column0, const float *rsrp,
                         const float *sinr, const int32_t *best)
{
    for (int r = 0; r < SW_TILE && row0 + r < map->n_y; r++)
        for (int i = 0; i < SW_TILE && column0 + i < map->n_x; i++) {
            ptrdiff_t k = (row0 + r) * map->n_x + column0 + i;
            int from = r * SW_TILE + i;
            int32_t server = best[from];
            if (!map->inside[k])
                continue;
            map->rsrp[k] = rsrp[from];
            map->sinr[k] = sinr[from];
            map->best[k] = server;
            float place = (sinr[from] - map->curve_low) / map->curve_step;
            place = place > 0.0f ? place : 0.0f;
            float end = (float)(map->n_curve - 1);
            place = place < end ? place : end;
            map->rate[k] = map->curves[map->kind[server] * map->n_curve + (ptrdiff_t)place]
                           * map->free_rate[server];
        }
}

static int SW_FN(is_empty)(const sw_raster *map, ptrdiff_t row0, ptrdiff_t column0, int side)
{
    for (int r = 0; r < side && row0 + r < map->n_y; r++)
        for (int i = 0; i < side && column0 + i < map->n_x; i++)
            if (map->inside[(row0 + r) * map->n_x + column0 + i])
                return 0;
    return 1;
}

static void SW_FN(tile)(const sw_raster *map, ptrdiff_t row0, ptrdiff_t column0, SW_FN(box) b,
                        ptrdiff_t n_near, SW_FN(scratch) *w, float (*lattice)[SW_NODES])
{
    const sw_layer *layer = &map->layer;
    SW_FN(geometry) g;
    SW_FN(state) st[SW_MAX_CARRIERS];
    float SW_ALIGNED rsrp[SW_BLOCK], sinr[SW_BLOCK];
    int32_t SW_ALIGNED best[SW_BLOCK];
    ptrdiff_t n_rest = 0;
    for (int i = 0; i < SW_BLOCK; i++) {
        g.x[i] = (float)(map->x0 + map->step * (double)(column0 + i % SW_TILE));
        g.y[i] = (float)(map->y0 + map->step * (double)(row0 + i / SW_TILE));
    }
    SW_FN(clear)(layer, st);
    for (ptrdiff_t k = 0; k < n_near; k++) {
        const float *site = layer->sites + (ptrdiff_t)w->near[k] * SITE_COLUMNS;
        if (SW_FN(distance)(site, b) < SW_NEAR * b.half + 40.0f)
            SW_FN(add_site)(layer, w->near[k], w, 1, &g, st);
        else
            w->rest[n_rest++] = w->near[k];
    }
    float strongest = 3e38f;
    for (int i = 0; i < SW_BLOCK; i++) {
        float top = 0.0f;
        for (ptrdiff_t c = 0; c < layer->n_carriers; c++)
            top = st[c].best[i] > top ? st[c].best[i] : top;
        strongest = top < strongest ? top : strongest;
    }
    SW_FN(classify)(layer, w->rest, n_rest, b, w->square, strongest, 0.5 * map->share, w, w->tile,
                    lattice);
    for (ptrdiff_t k = 0; k < n_rest; k++)
        SW_FN(add_site)(layer, w->rest[k], w, 0, &g, st);
    for (ptrdiff_t c = 0; c < layer->n_carriers; c++)
        SW_FN(spread)(lattice + c, st + c);
    memset(rsrp, 0, sizeof rsrp);
    memset(sinr, 0, sizeof sinr);
    SW_FN(finish)(layer, st, rsrp, sinr, best);
    SW_FN(store)(map, row0, column0, rsrp, sinr, best);
}

/* One square of 64 x 64 points; returns 0 without memory. */
static int SW_FN(square)(const sw_raster *map, ptrdiff_t number)
{
    const sw_layer *layer = &map->layer;
    const int side = SW_TILES * SW_TILE;
    ptrdiff_t across = (map->n_x + side - 1) / side;
    ptrdiff_t row0 = number / across * side, column0 = number % across * side;
    if (SW_FN(is_empty)(map, row0, column0, side))
        return 1;
    size_t n = (size_t)layer->n_sectors, n_sites = (size_t)layer->n_sites;
    size_t bytes = n * (SW_NODES * 4 + 3 * 4 + 2) + 2 * n_sites * sizeof(int32_t);
    char *memory = malloc(bytes);
    if (!memory)
        return 0;
    SW_FN(scratch) w;
    w.p = (float (*)[SW_NODES])memory;
    w.low = (float *)(w.p + n);
    w.high = w.low + n;
    w.error = w.high + n;
    w.near = (int32_t *)(w.error + n);
    w.rest = w.near + n_sites;
    w.square = (uint8_t *)(w.rest + n_sites);
    w.tile = w.square + n;
    memset(w.square, 0, 2 * n);

    float half = 0.5f * (float)(map->step * (side - 1));
    SW_FN(box) b = {(float)(map->x0 + map->step * (double)column0) + half,
                    (float)(map->y0 + map->step * (double)row0) + half, half};
    ptrdiff_t n_far = 0, n_near = 0;
    for (ptrdiff_t s = 0; s < layer->n_sites; s++)
        if (SW_FN(distance)(layer->sites + s * SITE_COLUMNS, b) >= SW_NEAR * half + 40.0f)
            w.rest[n_far++] = (int32_t)s;
    float SW_ALIGNED far[SW_MAX_CARRIERS][SW_NODES], own[SW_MAX_CARRIERS][SW_NODES];
    memset(far, 0, (size_t)layer->n_carriers * sizeof far[0]);
    SW_FN(classify)(layer, w.rest, n_far, b, NULL, 0.0f, 0.5 * map->share, &w, w.square, far);
    for (ptrdiff_t s = 0; s < layer->n_sites; s++) {
        int all = 1;
        for (int32_t j = layer->first[s]; j < layer->first[s + 1]; j++)
            all = all && w.square[j];
        if (!all)
            w.near[n_near++] = (int32_t)s;
    }
    float step = half * 2.0f / (float)(side - 1);
    for (int t = 0; t < SW_TILES * SW_TILES; t++) {
        ptrdiff_t row = row0 + t / SW_TILES * SW_TILE, column = column0 + t % SW_TILES * SW_TILE;
        if (SW_FN(is_empty)(map, row, column, SW_TILE))
            continue;
        float tile_half = 0.5f * step * (float)(SW_TILE - 1);
        SW_FN(box) at = {b.x - half + step * (float)(column - column0) + tile_half,
                         b.y - half + step * (float)(row - row0) + tile_half, tile_half};
        float wx[SW_SIDE][SW_SIDE], wy[SW_SIDE][SW_SIDE];
        for (int i = 0; i < SW_SIDE; i++) {
            SW_FN(weights)((at.x - b.x + tile_half * SW_FN(node)[i]) / half, wx[i]);
            SW_FN(weights)((at.y - b.y + tile_half * SW_FN(node)[i]) / half, wy[i]);
        }
        for (ptrdiff_t c = 0; c < layer->n_carriers; c++)
            for (int i = 0; i < SW_NODES; i++) {
                float v = 0.0f;
                for (int k = 0; k < SW_NODES; k++)
                    v += far[c][k] * wy[i / SW_SIDE][k / SW_SIDE] * wx[i % SW_SIDE][k % SW_SIDE];
                own[c][i] = v;
            }
        SW_FN(tile)(map, row, column, at, n_near, &w, own);
    }
    free(memory);
    return 1;
}

#undef SW_SIDE
#undef SW_NODES
#undef SW_TILE
#undef SW_TILES
#undef SW_NEAR
