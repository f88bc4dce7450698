/* ITU-R P.1812, one profile at a time, in float64: the scans over its points vectorise, the rest is
 * a few dozen elementary functions. Equation numbers: P.1812-7 (08/2023); sections are those of -8.
 * The readable form is twin/radio/itu/p1812.py and what it imports; tests hold both to 1e-6 dB.
 */
#ifndef SW_P1812_CONSTANTS
#define SW_P1812_CONSTANTS
#define P1812_LIGHT 2.998e8
#define P1812_EARTH 6371e3
#define P1812_EXP10(x) exp(2.302585092994046 * (x)) /* exp10 is no standard C */
#define P1812_MAX(a, b) ((a) > (b) ? (a) : (b))
#define P1812_MIN(a, b) ((a) < (b) ? (a) : (b))

typedef struct {
    double radius_m, up_tx, up_rx, nu; /* steepest slopes from both ends, greatest parameter */
} sw_p1812_hull;

typedef struct {
    const double *d, *h, *c;
    ptrdiff_t n;
    double length, tx, rx, slope, wave;
} sw_p1812_path;
#endif

int SW_FN(p1812_bad)(const sw_p1812 *p, ptrdiff_t row)
{
    const ptrdiff_t n = p->n_points;
    const double *d = p->distance_m + row * n, *h = p->ground_m + row * n;
    int bad = !(d[0] == 0.0) | !(d[1] > 0.0) | !(d[n - 1] > d[n - 2]) | !(d[n - 1] < 1e8);
#pragma omp simd reduction(| : bad)
    for (ptrdiff_t i = 1; i < n; i++)
        bad |= !(d[i] >= d[i - 1]);
    if (bad)
        return 1;
#pragma omp simd reduction(| : bad)
    for (ptrdiff_t i = 0; i < n; i++)
        bad |= !(fabs(h[i]) < 1e5);
    if (bad)
        return 2;
    if (p->clutter_m) {
        const double *c = p->clutter_m + row * n;
#pragma omp simd reduction(| : bad)
        for (ptrdiff_t i = 0; i < n; i++)
            bad |= !(c[i] >= 0.0) | !(c[i] < 1e5);
        if (bad)
            return 3;
    }
    if (p->zone) {
        const uint8_t *z = p->zone + row * n;
        uint8_t most = 0;
        for (ptrdiff_t i = 0; i < n; i++)
            most = z[i] > most ? z[i] : most;
        if (most > 2)
            return 4;
    }
    return 0;
}

/* Inverse complementary normal distribution, eq. (96), (97). */
static double SW_FN(p1812_tail)(double x)
{
    x = P1812_MIN(P1812_MAX(x, 1e-6), 1.0 - 1e-6);
    double y = x <= 0.5 ? x : 1.0 - x, t = sqrt(-2.0 * log(y));
    double above = (0.010328 * t + 0.802853) * t + 2.515516698;
    double below = ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0;
    return x <= 0.5 ? t - above / below : above / below - t;
}

static double SW_FN(p1812_logaddexp)(double a, double b)
{
    return P1812_MAX(a, b) + log1p(exp(-fabs(a - b)));
}

/* Knife edge and Bullington's correction, eq. (12), (21). */
static double SW_FN(p1812_edge)(double nu, double length)
{
    if (!(nu > -0.78))
        return 0.0;
    double v = nu - 0.1, edge = 6.9 + 20.0 * log10(sqrt(v * v + 1.0) + v);
    return edge + (1.0 - exp(-edge / 6.0)) * (10.0 + 2e-5 * length);
}

/* Eq. (13) to (21) from the maxima over the profile; nu must be there where the path is clear. */
static int SW_FN(p1812_is_clear)(const sw_p1812_hull *q, double slope)
{
    return q->up_tx < slope || q->up_tx + q->up_rx <= 0.0;
}

static double SW_FN(p1812_bullington)(
    const sw_p1812_hull *q, const sw_p1812_path *p, double tx, double rx)
{
    double length = p->length;
    if (SW_FN(p1812_is_clear)(q, (rx - tx) / length))
        return SW_FN(p1812_edge)(q->nu, length);
    double point = (rx - tx + q->up_rx * length) / (q->up_tx + q->up_rx);
    point = P1812_MIN(P1812_MAX(point, p->d[1]), p->d[p->n - 2]);
    double rest = length - point;
    double over = tx + q->up_tx * point - (tx * rest + rx * point) / length;
    return SW_FN(p1812_edge)(over * sqrt(2.0 * length / (p->wave * point * rest)), length);
}

/* Greatest of (length - x) k - above / x over the points, x counted from one end: that function of x
 * has one top, at sqrt(above / k), so the points beside it decide. */
static double SW_FN(p1812_smooth_slope)(
    const sw_p1812_path *p, double above, double k, int from_rx)
{
    double top = sqrt(above / k), best = -INFINITY;
    double place = from_rx ? p->length - top : top;
    ptrdiff_t low = 1, high = p->n - 2;
    while (low < high) {
        ptrdiff_t middle = (low + high) / 2;
        if (p->d[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    for (ptrdiff_t i = P1812_MAX(low - 2, 1); i <= P1812_MIN(low + 2, p->n - 2); i++) {
        double x = from_rx ? p->length - p->d[i] : p->d[i];
        double value = (p->length - x) * k - above / x;
        best = P1812_MAX(best, value);
    }
    return best;
}

/* Bullington over the smooth path, eq. (37). */
static double SW_FN(p1812_smooth)(const sw_p1812_path *p, double tx, double rx, double radius)
{
    double k = 0.5 / radius, slope = (rx - tx) / p->length;
    sw_p1812_hull q = {radius, SW_FN(p1812_smooth_slope)(p, tx, k, 0),
                       SW_FN(p1812_smooth_slope)(p, rx, k, 1), -INFINITY};
    if (SW_FN(p1812_is_clear)(&q, slope)) {
        double length = p->length, least = INFINITY; /* clear: all points lie below the line */
        const double *d = p->d;
#pragma omp simd reduction(min : least)
        for (ptrdiff_t i = 1; i < p->n - 1; i++) {
            double both = d[i] * (length - d[i]), under = both * k - tx - slope * d[i];
            double value = under * under / both;
            least = value < least ? value : least;
        }
        q.nu = -sqrt(least * 2.0 * length / p->wave);
    }
    return SW_FN(p1812_bullington)(&q, p, tx, rx);
}

/* Height gain, eq. (35). */
static double SW_FN(p1812_gain)(double b, double floor_db)
{
    double gain = b > 2.0 ? 17.6 * sqrt(b - 1.1) - 5.0 * log10(b - 1.1) - 8.0
                          : 20.0 * log10(b + 0.1 * b * b * b);
    return P1812_MAX(gain, floor_db);
}

/* First term over one ground, eq. (29) to (36). */
static double SW_FN(p1812_first_term)(
    double length, double tx, double rx, double radius, double f, int is_vertical, int is_sea)
{
    double epsilon = is_sea ? 80.0 : 22.0, current = 18.0 * (is_sea ? 5.0 : 0.003) / f, a = radius / 1e3;
    current *= current;
    double root = cbrt(a * f), e1 = epsilon - 1.0;
    double k = 0.036 / (root * sqrt(sqrt(e1 * e1 + current)));
    if (is_vertical)
        k *= sqrt(epsilon * epsilon + current);
    double k2 = k * k;
    double beta = (1.0 + 1.6 * k2 + 0.67 * k2 * k2) / (1.0 + 4.5 * k2 + 1.53 * k2 * k2);
    double x = 21.88 * beta * root / a * length / 1e3; /* (f / a^2)^(1/3) = (a f)^(1/3) / a */
    double log_x = log10(x);
    double term = x >= 1.6 ? 11.0 + 10.0 * log_x - 17.6 * x
                           : -20.0 * log_x - 5.6488 * exp(1.425 * 2.302585092994046 * log_x);
    double per_metre = 0.9575 * beta * beta * cbrt(f * f / a), floor_db = 2.0 + 20.0 * log10(k);
    return -term - SW_FN(p1812_gain)(per_metre * tx, floor_db)
           - SW_FN(p1812_gain)(per_metre * rx, floor_db);
}

/* Spherical Earth, eq. (22) to (28). */
static double SW_FN(p1812_sphere)(
    double length, double tx, double rx, double radius, double f, int is_vertical, double sea)
{
    const double roots = sqrt(tx) + sqrt(rx);
    const int is_beyond = length >= sqrt(2.0 * radius) * roots;
    double share = 1.0;
    if (!is_beyond) {
        double both = tx + rx, m = length * length / (4.0 * radius * both), m1 = m + 1.0;
        double turn = 1.5 * (tx - rx) / both * sqrt(3.0 * m / (m1 * m1 * m1));
        double angle = acos(P1812_MIN(P1812_MAX(turn, -1.0), 1.0));
        double b = 2.0 * sqrt(m1 / (3.0 * m)) * cos((3.141592653589793 + angle) / 3.0);
        double d1 = 0.5 * length * (1.0 + b), d2 = length - d1;
        double over = (tx - d1 * d1 / (2.0 * radius)) * d2 + (rx - d2 * d2 / (2.0 * radius)) * d1;
        double clearance = over / length;
        double needed = 17.456 * sqrt(P1812_MAX(d1 * d2, 0.0) * (P1812_LIGHT / 1e9 / f) / length / 1e3);
        if (clearance > needed)
            return 0.0;
        share = needed > 0.0 ? 1.0 - clearance / needed : 1.0 - clearance;
        radius = 0.5 * length * length / (roots * roots);
    }
    double term = 0.0;
    if (sea < 1.0)
        term += (1.0 - sea) * SW_FN(p1812_first_term)(length, tx, rx, radius, f, is_vertical, 0);
    if (sea > 0.0)
        term += sea * SW_FN(p1812_first_term)(length, tx, rx, radius, f, is_vertical, 1);
    return is_beyond ? term : share * P1812_MAX(term, 0.0);
}

/* Site shielding, eq. (48); length in km, angle in mrad. */
static double SW_FN(p1812_shielding)(double elevation, double horizon, double f, double root_f)
{
    double over = elevation - 0.1 * horizon;
    if (!(over > 0.0))
        return 0.0;
    return 20.0 * log10(1.0 + 0.361 * over * sqrt(f * horizon)) + 0.264 * over * root_f;
}

/* Coupling to a duct over the sea, eq. (49). */
static double SW_FN(p1812_coupling)(double coast, double horizon, double height, double sea)
{
    if (sea < 0.75 || coast > 5.0 || coast > horizon)
        return 0.0;
    return -3.0 * exp(-0.25 * coast * coast) * (1.0 + tanh(0.07 * (50.0 - height)));
}

/* Longest stretches over land and inland, and share of sea; borders halfway between points. */
static void SW_FN(p1812_zones)(const uint8_t *z, const sw_p1812_path *p, double *land, double *inland, double *sea)
{
    ptrdiff_t n = p->n;
    int seen = 0;
    *land = *inland = p->length;
    *sea = 0.0;
    if (z == NULL)
        return;
#pragma omp simd reduction(| : seen)
    for (ptrdiff_t i = 0; i < n; i++)
        seen |= z[i];
    if (!seen)
        return;
    double run_land = 0.0, run_inland = 0.0, at_sea = 0.0;
    int is_all_sea = 1;
    *land = *inland = 0.0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double before = i ? p->d[i] - p->d[i - 1] : 0.0, after = i < n - 1 ? p->d[i + 1] - p->d[i] : 0.0;
        double own = 0.5 * (before + after);
        run_land = z[i] != 2 ? run_land + own : 0.0;
        run_inland = z[i] == 0 ? run_inland + own : 0.0;
        at_sea += z[i] == 2 ? own : 0.0;
        is_all_sea &= z[i] == 2;
        *land = P1812_MAX(*land, run_land);
        *inland = P1812_MAX(*inland, run_inland);
    }
    *sea = is_all_sea ? 1.0 : at_sea / p->length;
}

void SW_FN(p1812_one)(const sw_p1812 *batch, ptrdiff_t row, double *work)
{
    const ptrdiff_t n = batch->n_points, last = n - 1;
    const double *link = batch->links + row * P1812_COLUMNS;
    sw_p1812_path p = {batch->distance_m + row * n, batch->ground_m + row * n,
                       batch->clutter_m ? batch->clutter_m + row * n : NULL, n};
    const double *d = p.d, *h = p.h, *c = p.c;
    const double f = link[P1812_FREQ_HZ] / 1e9, percent = link[P1812_TIME_PERCENT];
    const double length = p.length = d[last], km = length / 1e3;
    const double tx = p.tx = h[0] + link[P1812_TX_HEIGHT_M], rx = p.rx = h[last] + link[P1812_RX_HEIGHT_M];
    const double slope = p.slope = (rx - tx) / length;
    p.wave = P1812_LIGHT / link[P1812_FREQ_HZ];
    const double radius = P1812_EARTH * 157.0 / (157.0 - link[P1812_DELTA_N]), radius_b = 3.0 * P1812_EARTH;
    const double ka = 0.5 / radius, kb = 0.5 / radius_b;
    const int is_vertical = link[P1812_IS_VERTICAL] != 0.0;
    double land, inland, sea;
    SW_FN(p1812_zones)(batch->zone ? batch->zone + row * n : NULL, &p, &land, &inland, &sea);

    /* One pass over the points: least squares (85), (86); obstacles (89); horizons (76) to (82); slopes
     * of the surface with clutter for both radii (13), (17). One division serves both ends. */
    double v1 = 0.0, v2 = 0.0, top = -INFINITY, top_tx = -INFINITY, top_rx = -INFINITY;
    double up_tx = -INFINITY, up_rx = -INFINITY, a_tx = -INFINITY, a_rx = -INFINITY, b_tx = -INFINITY, b_rx = -INFINITY;
    double *slope_tx = work, *slope_rx = work + n;
#define P1812_PASS(CLUTTER)                                                                            \
    for (ptrdiff_t i = 1; i < last; i++) {                                                            \
        double x = d[i], r = length - x, q = 1.0 / (x * r), near = q * r, far = q * x;                 \
        double ground = h[i], surface = ground + (CLUTTER), before = d[i - 1], left = h[i - 1];        \
        double step = x - before, over = ground - tx - slope * x;                                      \
        double over_tx = over * near, over_rx = over * far;                                            \
        double see_tx = (ground - tx) * near - x * ka, see_rx = (ground - rx) * far - r * ka;          \
        double s_tx = (surface - tx) * near, s_rx = (surface - rx) * far;                              \
        double sa_tx = s_tx + r * ka, sa_rx = s_rx + x * ka, sb_tx = s_tx + r * kb, sb_rx = s_rx + x * kb; \
        v1 += step * (ground + left);                                                                  \
        v2 += step * (ground * (2.0 * x + before) + left * (x + 2.0 * before));                        \
        slope_tx[i] = see_tx;                                                                          \
        slope_rx[i] = see_rx;                                                                          \
        top = over > top ? over : top;                                                                 \
        top_tx = over_tx > top_tx ? over_tx : top_tx;                                                  \
        top_rx = over_rx > top_rx ? over_rx : top_rx;                                                  \
        up_tx = see_tx > up_tx ? see_tx : up_tx;                                                       \
        up_rx = see_rx > up_rx ? see_rx : up_rx;                                                       \
        a_tx = sa_tx > a_tx ? sa_tx : a_tx;                                                            \
        a_rx = sa_rx > a_rx ? sa_rx : a_rx;                                                            \
        b_tx = sb_tx > b_tx ? sb_tx : b_tx;                                                            \
        b_rx = sb_rx > b_rx ? sb_rx : b_rx;                                                            \
    }
    if (c) {
#pragma omp simd reduction(+ : v1, v2) reduction(max : top, top_tx, top_rx, up_tx, up_rx, a_tx, a_rx, b_tx, b_rx)
        P1812_PASS(c[i])
    } else {
#pragma omp simd reduction(+ : v1, v2) reduction(max : top, top_tx, top_rx, up_tx, up_rx, a_tx, a_rx, b_tx, b_rx)
        P1812_PASS(0.0)
    }
#undef P1812_PASS
    double step = length - d[last - 1];
    v1 += step * (h[last] + h[last - 1]);
    v2 += step * (h[last] * (2.0 * length + d[last - 1]) + h[last - 1] * (length + 2.0 * d[last - 1]));

    /* The second pass only where something is clear: the greatest parameter nu of each (15). All points
     * lie below a clear line, so nu is greatest where the square of depth over root is least: no root
     * per point. What comes out for a line that is not clear is not used. */
    const double direct_tx = slope - length * ka, direct_rx = -slope - length * ka;
    const int is_hidden = up_tx > direct_tx;
    sw_p1812_hull qa = {radius, a_tx, a_rx, -INFINITY}, qb = {radius_b, b_tx, b_rx, -INFINITY};
    ptrdiff_t i_tx = 1, i_rx = last - 1;
    if (!is_hidden || SW_FN(p1812_is_clear)(&qa, slope) || SW_FN(p1812_is_clear)(&qb, slope)) {
        double least = INFINITY, least_a = INFINITY, least_b = INFINITY;
        double *edge = is_hidden ? NULL : slope_tx; /* a clear path needs no slopes */
#define P1812_PASS(CLUTTER, KEEP)                                                                      \
    for (ptrdiff_t i = 1; i < last; i++) {                                                             \
        double x = d[i], both = x * (length - x), q = 1.0 / both, ground = h[i] - tx - slope * x;      \
        double surface = ground + (CLUTTER), over = ground + both * ka;                                \
        double over_a = surface + both * ka, over_b = surface + both * kb;                             \
        over = over * over * q;                                                                        \
        over_a = over_a * over_a * q;                                                                  \
        over_b = over_b * over_b * q;                                                                  \
        KEEP;                                                                                          \
        least = over < least ? over : least;                                                           \
        least_a = over_a < least_a ? over_a : least_a;                                                 \
        least_b = over_b < least_b ? over_b : least_b;                                                 \
    }
        if (edge && c) {
#pragma omp simd reduction(min : least, least_a, least_b)
            P1812_PASS(c[i], edge[i] = over)
        } else if (edge) {
#pragma omp simd reduction(min : least, least_a, least_b)
            P1812_PASS(0.0, edge[i] = over)
        } else if (c) {
#pragma omp simd reduction(min : least, least_a, least_b)
            P1812_PASS(c[i], (void)0)
        } else {
#pragma omp simd reduction(min : least, least_a, least_b)
            P1812_PASS(0.0, (void)0)
        }
#undef P1812_PASS
        double scale = 2.0 * length / p.wave;
        qa.nu = -sqrt(least_a * scale);
        qb.nu = -sqrt(least_b * scale);
        if (!is_hidden) {
            for (i_tx = last - 1; i_tx > 1 && edge[i_tx] != least; i_tx--)
                ;
            i_rx = i_tx;
        }
    }
    if (is_hidden) {
        while (i_tx < last - 1 && slope_tx[i_tx] != up_tx)
            i_tx++;
        while (i_rx > 1 && slope_rx[i_rx] != up_rx)
            i_rx--;
    }
    const double elevation_tx = 1e3 * atan(is_hidden ? up_tx : direct_tx);
    const double elevation_rx = 1e3 * atan(is_hidden ? up_rx : direct_rx);
    const double horizon_tx = d[i_tx] / 1e3, horizon_rx = (length - d[i_rx]) / 1e3;
    const double horizons = horizon_tx + horizon_rx, angle = 1e3 * length / radius + elevation_tx + elevation_rx;

    /* Smooth surface (87) to (95) and roughness. */
    const double smooth_tx = (2.0 * v1 * length - v2) / (length * length), smooth_rx = (v2 - v1 * length) / (length * length);
    double drop = top > 0.0 ? top / (top_tx + top_rx) : 0.0;
    double low_tx = P1812_MIN(top > 0.0 ? smooth_tx - drop * top_tx : smooth_tx, h[0]);
    double low_rx = P1812_MIN(top > 0.0 ? smooth_rx - drop * top_rx : smooth_rx, h[last]);
    double under_tx = P1812_MIN(smooth_tx, h[0]), under_rx = P1812_MIN(smooth_rx, h[last]);
    double tilt = (under_rx - under_tx) / length, rough = -INFINITY;
#pragma omp simd reduction(max : rough)
    for (ptrdiff_t i = i_tx; i <= i_rx; i++) {
        double over = h[i] - under_tx - tilt * d[i];
        rough = over > rough ? over : rough;
    }

    /* beta_0 (2) to (5), line of sight (8) to (11). */
    const double lat = fabs(link[P1812_LATITUDE_DEG]);
    const double tau = 1.0 - exp(-4.12e-4 * pow(inland / 1e3, 2.41));
    double mu1 = P1812_EXP10(-land / 1e3 / (16.0 - 6.6 * tau)) + P1812_EXP10(-5.0 * (0.496 + 0.354 * tau));
    double log_mu1 = P1812_MIN(0.2 * log10(mu1), 0.0);
    const double log_b0 = lat <= 70.0 ? -0.015 * lat + 1.67 + (0.065 + 0.0176 * lat) * log_mu1
                                      : 0.62013605497376 + 1.3 * log_mu1;
    const double b0 = P1812_EXP10(log_b0), log_f = log10(f), root_f = cbrt(f), log_p = log10(percent);
    double slant2 = (length * length + (tx - rx) * (tx - rx)) / 1e6;
    const double free_space = 92.4 + 20.0 * log_f + 10.0 * log10(slant2);
    const double focus = 2.6 * (1.0 - exp(-0.1 * horizons)), log_50 = 1.6989700043360187;
    const double los_p = free_space + focus * (log_p - log_50), los_b = free_space + focus * (log_b0 - log_50);

    /* Diffraction (37) to (43). */
    const double tx_above = tx - low_tx, rx_above = rx - low_rx;
    double bent[2];
    for (int i = 0; i < 2; i++) {
        const sw_p1812_hull *q = i ? &qb : &qa;
        double actual = SW_FN(p1812_bullington)(q, &p, tx, rx);
        double sphere = SW_FN(p1812_sphere)(length, tx_above, rx_above, q->radius_m, f, is_vertical, sea);
        double less = sphere > 0.0 ? sphere - SW_FN(p1812_smooth)(&p, tx_above, rx_above, q->radius_m) : 0.0;
        bent[i] = actual + P1812_MAX(less, 0.0);
        if (percent == 50.0) { /* the loss for beta_0 has no weight then */
            bent[1] = bent[0];
            break;
        }
    }
    double factor = 1.0;
    if (percent > b0)
        factor = SW_FN(p1812_tail)(percent / 100.0) / SW_FN(p1812_tail)(b0 / 100.0);
    const double diffraction = percent == 50.0 ? bent[0] : bent[0] + factor * (bent[1] - bent[0]);

    /* Ducting (46) to (56). */
    double fixed = 102.45 + 20.0 * log_f + 20.0 * log10(horizons);
    fixed += f < 0.5 ? 45.375 - 137.0 * f + 92.5 * f * f : 0.0;
    fixed += SW_FN(p1812_shielding)(elevation_tx, horizon_tx, f, root_f);
    fixed += SW_FN(p1812_shielding)(elevation_rx, horizon_rx, f, root_f);
    fixed += SW_FN(p1812_coupling)(link[P1812_TX_COAST_M] / 1e3, horizon_tx, tx, sea);
    fixed += SW_FN(p1812_coupling)(link[P1812_RX_COAST_M] / 1e3, horizon_rx, rx, sea);
    double bend = 1e6 * km / radius + P1812_MIN(elevation_tx, 0.1 * horizon_tx) + P1812_MIN(elevation_rx, 0.1 * horizon_rx);
    fixed += 5e-8 * radius * root_f * bend;
    double log_km = log10(km), alpha = P1812_MAX(-0.6 - 3.5e-9 * P1812_EXP10(3.1 * log_km) * tau, -3.4);
    double roots = sqrt(tx - under_tx) + sqrt(rx - under_rx);
    double log_beta = log_b0 + P1812_MIN(alpha * log10(5e5 / radius * km * km / (roots * roots)), 0.0);
    if (rough > 10.0)
        log_beta -= 0.4342944819032518 * 4.6e-5 * (rough - 10.0) * (43.0 + 6.0 * P1812_MIN(km - horizons, 40.0));
    double gamma = 1.076 * pow(2.0058 - log_beta, -1.012)
                   * exp(-(9.51 - 4.8 * log_beta + 0.198 * log_beta * log_beta) * 1e-6 * P1812_EXP10(1.13 * log_km));
    double log_ratio = log_p - log_beta;
    const double ducting = fixed - 12.0 + (1.2 + 3.7e-3 * km) * log_ratio + 12.0 * P1812_EXP10(gamma * log_ratio);

    /* Scatter (44), (45); all together (57) to (63), (69). */
    double of_f = log_f - 0.3010299956639812;
    const double scatter = 190.1 + 25.0 * log_f - 2.5 * of_f * of_f + 20.0 * log_km + 0.573 * angle
                           - 0.15 * link[P1812_N0] - 10.125 * pow(P1812_MAX(log_50 - log_p, 0.0), 0.7);
    const double median = free_space + bent[0], of_percent = los_p + diffraction;
    const double floor_db = percent >= b0 ? median + (los_b + (1.0 - sea) * diffraction - median) * factor
                                          : los_p + (1.0 - sea) * diffraction;
    const double enhanced = 2.5 * SW_FN(p1812_logaddexp)(ducting / 2.5, los_p / 2.5);
    const double of_distance = 0.5 * (1.0 - tanh(0.075 * (km - 20.0)));
    const double notional = enhanced > of_percent ? of_percent : enhanced + (of_percent - enhanced) * of_distance;
    const double of_angle = 0.5 * (1.0 - tanh(8.0 * (angle - 0.3)));
    const double modified = notional + (floor_db - notional) * of_angle, scale = -0.46051701859880917;
    double loss = SW_FN(p1812_logaddexp)(scale * scatter, scale * modified) / scale;
    int is_rx_at_sea = batch->zone && batch->zone[row * n + last] == 2;
    loss -= is_rx_at_sea ? 0.0 : link[P1812_SPREAD_DB];
    batch->loss_db[row] = P1812_MAX(los_p, loss);
}
