/* Irregular Terrain Model: closed formulas of ITM_LANES paths side by side, in float64.
 *
 * Every loop over lanes is free of branches and calls, so it vectorises: both sides of a choice are
 * computed and one is selected; what is not selected may be NaN. Equation numbers: G. A. Hufford, "The
 * ITS Irregular Terrain Model, version 1.2.2: the algorithm" (1995).
 */
typedef struct {
    double SW_ALIGNED d[ITM_LANES], f[ITM_LANES], ns[ITM_LANES], gamma[ITM_LANES], delta_h[ITM_LANES];
    double SW_ALIGNED h0[ITM_LANES], h1[ITM_LANES], he0[ITM_LANES], he1[ITM_LANES];
    double SW_ALIGNED dh0[ITM_LANES], dh1[ITM_LANES], th0[ITM_LANES], th1[ITM_LANES];
    double SW_ALIGNED zr[ITM_LANES], zi[ITM_LANES];
    double SW_ALIGNED dsml[ITM_LANES], theta_los[ITM_LANES], xae[ITM_LANES];
    double SW_ALIGNED slope[ITM_LANES], start[ITM_LANES], reference[ITM_LANES];
} SW_FN(paths);

/* ln x of a normal x > 0, by the odd series of (m - 1)/(m + 1); relative error 1e-12. */
static inline __attribute__((always_inline)) double SW_FN(ln)(double x)
{
    uint64_t u, e, k;
    double m, whole;
    memcpy(&u, &x, 8);
    u += 0x3ff0000000000000ULL - 0x3fe6a09e667f3bcdULL; /* the mantissa lands in [0.7071, 1.4142) */
    e = (u >> 52) | 0x4330000000000000ULL;
    k = (u & 0x000fffffffffffffULL) + 0x3fe6a09e667f3bcdULL;
    memcpy(&m, &k, 8);
    memcpy(&whole, &e, 8);
    whole -= 4503599627370496.0 + 1023.0;
    double s = (m - 1.0) / (m + 1.0), t = s * s;
    double p = 2.0 / 13.0;
    p = p * t + 2.0 / 11.0;
    p = p * t + 2.0 / 9.0;
    p = p * t + 2.0 / 7.0;
    p = p * t + 2.0 / 5.0;
    p = p * t + 2.0 / 3.0;
    p = p * t + 2.0;
    return p * s + whole * 0.693147180559945309;
}

static inline __attribute__((always_inline)) double SW_FN(lg)(double x)
{
    return SW_FN(ln)(x) * 0.434294481903251828;
}

/* e^x, x clamped to [-700, 700]; relative error 1e-12. */
static inline __attribute__((always_inline)) double SW_FN(ex)(double x)
{
    x = x > -700.0 ? x : -700.0;
    x = x < 700.0 ? x : 700.0;
    double t = x * 1.44269504088896341 + 6755399441055744.0; /* 1.5 * 2^52: rounds to a whole */
    uint64_t u;
    memcpy(&u, &t, 8);
    double r = x - (t - 6755399441055744.0) * 0.693147180559945309;
    double p = 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    u = (u + 1023) << 52;
    double scale;
    memcpy(&scale, &u, 8);
    return p * scale;
}

static inline __attribute__((always_inline)) double SW_FN(third)(double x)
{
    return SW_FN(ex)(SW_FN(ln)(x) * (1.0 / 3.0));
}

/* Attenuation of a knife edge from v^2 (4.21). */
static inline __attribute__((always_inline)) double SW_FN(edge)(double v2)
{
    double near = 6.02 + 9.11 * sqrt(v2) - 1.27 * v2;
    double far = 12.953 + 10.0 * SW_FN(lg)(v2);
    return v2 < 5.76 ? near : far;
}

/* Height gain over the smooth earth (6.4 to 6.7). */
static inline __attribute__((always_inline)) double SW_FN(height_gain)(double x, double k)
{
    double w = -SW_FN(ln)(k), l = SW_FN(ln)(x);
    double line = 17.372 * l - 117.0;
    double low = x > 1.0 ? line : -117.0;
    double mid = 2.5e-5 * x * x / k - 8.686 * w - 15.0;
    double near = k < 1e-5 ? low : mid;
    near = x * w * w * w > 5495.0 ? low : near;
    double far = 0.05751 * x - 4.343 * l;
    double mix = 0.0134 * x * SW_FN(ex)(-0.005 * x);
    double blend = (1.0 - mix) * far + mix * line;
    far = x < 2000.0 ? blend : far;
    return x < 200.0 ? near : far;
}

/* Transfer impedance of the ground (1.5), real and imaginary part. */
static inline void SW_FN(ground)(const sw_itm_setting *set, SW_FN(paths) *restrict g)
{
    double epsilon = set->epsilon, vertical = set->is_vertical ? 1.0 : 0.0;
    for (int i = 0; i < ITM_LANES; i++) {
        double re = epsilon - 1.0, im = 18000.0 * set->sigma / g->f[i];
        double size = sqrt(re * re + im * im);
        double zr = sqrt(0.5 * (size + re)), zi = 0.5 * im / zr;
        double norm = 1.0 / (epsilon * epsilon + im * im);
        double vr = (zr * epsilon + zi * im) * norm, vi = (zi * epsilon - zr * im) * norm;
        g->zr[i] = vertical != 0.0 ? vr : zr;
        g->zi[i] = vertical != 0.0 ? vi : zi;
    }
}

/* The line of diffraction through two distances far behind the horizons (4.2 to 4.20). */
static inline void SW_FN(diffraction)(const sw_itm_setting *set, SW_FN(paths) *restrict g)
{
    const double low = set->is_area ? 0.0 : 10.0; /* ERL 79-ITS 67, page 3-8: of known paths only */
    for (int i = 0; i < ITM_LANES; i++) {
        double a = 1.0 / g->gamma[i], f = g->f[i], dh0 = g->dh0[i], dh1 = g->dh1[i];
        double he0 = g->he0[i], he1 = g->he1[i], delta_h = g->delta_h[i];
        double dsml = sqrt(2.0 * he0 * a) + sqrt(2.0 * he1 * a), dml = dh0 + dh1;
        double angle = g->th0[i] + g->th1[i], earth = -dml / a;
        double theta_los = -ITM_MAX(angle, earth);
        double cube = SW_FN(third)(a * a / f);
        double behind = dml + 5.0 * cube;
        double d3 = ITM_MAX(dsml, behind), d4 = d3 + 10.0 * cube;

        double f3 = SW_FN(third)(f);
        double per_z = 0.017778 / (f3 * sqrt(g->zr[i] * g->zr[i] + g->zi[i] * g->zi[i]));
        double unit = 4.0 / 3.0 * 6370e3;
        double c1 = SW_FN(third)(unit * 2.0 * he0 / (dh0 * dh0));
        double c2 = SW_FN(third)(unit * 2.0 * he1 / (dh1 * dh1));
        double k1 = per_z * c1, k2 = per_z * c2;
        double x1 = (1.607 - k1) * c1 * c1 * f3 * dh0 * 1e-3;
        double x2 = (1.607 - k2) * c2 * c2 * f3 * dh1 * 1e-3;
        double gain = SW_FN(height_gain)(x1, k1) + SW_FN(height_gain)(x2, k2) + 20.0;

        double rough = delta_h * (1.0 - 0.8 * SW_FN(ex)(-dsml / 50e3));
        double sigma = 0.78 * rough * SW_FN(ex)(-0.5 * sqrt(sqrt(rough)));
        double clutter = 5.0 * SW_FN(lg)(1.0 + 1e-5 * g->h0[i] * g->h1[i] * f * sigma);
        clutter = ITM_MIN(15.0, clutter);
        double product = g->h0[i] * g->h1[i];
        double term = sqrt(1.0 + (he0 * he1 - product) / (product + low));
        double loss[2], at[2] = {d3, d4};
        for (int k = 0; k < 2; k++) {
            double d = at[k], theta = d / a - theta_los, beyond = d - dml;
            double v = 0.0795775 * (f / 47.7) * theta * theta * beyond;
            double knife = SW_FN(edge)(v * dh0 / (beyond + dh0)) + SW_FN(edge)(v * dh1 / (beyond + dh1));
            double c0 = SW_FN(third)(unit * theta / beyond);
            double x0 = (1.607 - per_z * c0) * c0 * c0 * f3 * beyond * 1e-3 + x1 + x2;
            double smooth = 0.05751 * x0 - 10.0 * SW_FN(lg)(x0) - gain;
            smooth = x0 > 0.0 ? smooth : (double)NAN; /* the formula has no answer: said by the status */
            double at_d = delta_h * (1.0 - 0.8 * SW_FN(ex)(-d / 50e3)) * f / 47.7;
            double q = (term + (dml - theta_los * a) / d) * ITM_MIN(at_d, 6283.2);
            double w = 25.1 / (25.1 + sqrt(q));
            loss[k] = w * smooth + (1.0 - w) * knife + clutter;
        }
        double slope = (loss[1] - loss[0]) / (d4 - d3);
        g->dsml[i] = dsml;
        g->theta_los[i] = theta_los;
        g->xae[i] = cube;
        g->slope[i] = slope;
        g->start[i] = loss[0] - slope * d3;
    }
}

/* Two-ray field within the horizon, mixed with extended diffraction (4.38 to 4.50). */
static inline __attribute__((always_inline)) double
SW_FN(two_ray)(double d, const SW_FN(paths) *restrict g, int i)
{
    double zr = g->zr[i], zi = g->zi[i], he0 = g->he0[i], he1 = g->he1[i], wn = g->f[i] / 47.7;
    double delta_h = g->delta_h[i], dsml = g->dsml[i];
    double rough = delta_h * (1.0 - 0.8 * SW_FN(ex)(-d / 50e3));
    double sigma = 0.78 * rough * SW_FN(ex)(-0.5 * sqrt(sqrt(rough)));
    double h = he0 + he1, sine = h / sqrt(d * d + h * h);
    double damp = wn * sigma * sine;
    double size = SW_FN(ex)(-ITM_MIN(10.0, damp));
    double per = size / ((sine + zr) * (sine + zr) + zi * zi);
    double re = (sine * sine - zr * zr - zi * zi) * per, im = -2.0 * sine * zi * per;
    double q = re * re + im * im, least = ITM_MAX(0.25, sine);
    double scale = sqrt(sine / q);
    scale = q < least ? scale : 1.0;
    double phi = wn * 2.0 * he0 * he1 / d;
    double folded = 3.14159265358979324 - 2.46740110027233966 / phi;
    phi = phi > 1.57079632679489662 ? folded : phi;
    double y = phi - 1.57079632679489662, t = y * y; /* |y| <= pi/2: cos phi = -sin y */
    double s = -1.0 / 1307674368000.0, c = 1.0 / 20922789888000.0;
    s = s * t + 1.0 / 6227020800.0;
    s = s * t - 1.0 / 39916800.0;
    s = s * t + 1.0 / 362880.0;
    s = s * t - 1.0 / 5040.0;
    s = s * t + 1.0 / 120.0;
    s = s * t - 1.0 / 6.0;
    s = (s * t + 1.0) * y;
    c = c * t - 1.0 / 87178291200.0;
    c = c * t + 1.0 / 479001600.0;
    c = c * t - 1.0 / 3628800.0;
    c = c * t + 1.0 / 40320.0;
    c = c * t - 1.0 / 720.0;
    c = c * t + 1.0 / 24.0;
    c = c * t - 0.5;
    c = c * t + 1.0;
    re = re * scale - s;
    im = im * scale - c;
    double rays = -10.0 * SW_FN(lg)(re * re + im * im);
    double beyond = g->slope[i] * d + g->start[i];
    double w = 1.0 / (1.0 + g->f[i] * delta_h / ITM_MAX(10e3, dsml));
    return w * rays + (1.0 - w) * beyond;
}

/* Reference attenuation within the smooth earth's horizon (4.28 to 4.37). */
static inline void SW_FN(line_of_sight)(SW_FN(paths) *restrict g)
{
    for (int i = 0; i < ITM_LANES; i++) {
        double slope = g->slope[i], start = g->start[i], ds = g->dsml[i], d = g->d[i];
        double dml = g->dh0[i] + g->dh1[i];
        double as = ds * slope + start;
        double d0 = 0.04 * g->f[i] * g->he0[i] * g->he1[i];
        double half = 0.5 * dml, quarter = 0.25 * dml;
        double d0_near = ITM_MIN(d0, half);
        d0 = start >= 0.0 ? d0_near : d0;
        double d1_near = d0 + 0.25 * (dml - d0), zero = -start / slope;
        double d1_far = ITM_MAX(zero, quarter);
        double d1 = start >= 0.0 ? d1_near : d1_far;
        double a1 = SW_FN(two_ray)(d1, g, i), a0 = SW_FN(two_ray)(d0, g, i);
        double q = SW_FN(ln)(ds / d0);
        double k2 = ((ds - d0) * (a1 - a0) - (d1 - d0) * (as - a0))
                    / ((ds - d0) * SW_FN(ln)(d1 / d0) - (d1 - d0) * q);
        k2 = k2 > 0.0 ? k2 : 0.0;
        double k1 = (as - a0 - k2 * q) / (ds - d0);
        double k2_only = ITM_DIM(as, a0) / q, k1_only = k2_only == 0.0 ? slope : 0.0;
        double k2_two = k1 < 0.0 ? k2_only : k2, k1_two = k1 < 0.0 ? k1_only : k1;
        double k1_one = ITM_DIM(as, a1) / (ds - d1);
        k1_one = k1_one == 0.0 ? slope : k1_one;
        double most = ITM_MAX(start, k2);
        most = d0 < d1 ? most : 0.0; /* > 0: the fit through three points */
        k1 = most > 0.0 ? k1_two : k1_one;
        k2 = most > 0.0 ? k2_two : 0.0;
        double loss = as + k1 * (d - ds) + k2 * SW_FN(ln)(d / ds);
        g->reference[i] = loss;
    }
}

/* Frequency gain of scatter (6.10 to 6.14). */
static inline double SW_FN(gain_curve)(int j, double r)
{
    static const double a[] = {25.0, 80.0, 177.0, 395.0, 705.0};
    static const double b[] = {24.0, 45.0, 68.0, 80.0, 105.0};
    double t = 1.0 / (r * r);
    return 10.0 * SW_FN(lg)(1.0 + (a[j] * t + b[j]) * t);
}

static inline double SW_FN(frequency_gain)(double r, double eta)
{
    eta = ITM_MIN(ITM_MAX(eta, 1.0), 5.0);
    int j = (int)eta;
    double q = eta - j, gain = SW_FN(gain_curve)(j - 1, r);
    return q != 0.0 ? (1.0 - q) * gain + q * SW_FN(gain_curve)(j, r) : gain;
}

/* Scatter at one distance (4.60 to 4.67); `h0` carries the gain from the far distance to the near. */
static inline double SW_FN(scatter_at)(double d, const SW_FN(paths) *g, int i, double *h0)
{
    double wn = g->f[i] / 47.7, a = 1.0 / g->gamma[i], gain = *h0;
    if (!(*h0 > 15.0)) {
        double ad = g->dh0[i] - g->dh1[i], rr = g->he1[i] / g->he0[i];
        if (ad < 0.0) {
            ad = -ad;
            rr = 1.0 / rr;
        }
        double theta = g->th0[i] + g->th1[i] + d / a;
        double r1 = 2.0 * wn * theta * g->he0[i], r2 = 2.0 * wn * theta * g->he1[i];
        if (r1 < 0.2 && r2 < 0.2)
            return 1001.0;
        double s = (d - ad) / (d + ad);
        double q = ITM_MIN(ITM_MAX(0.1, rr / s), 10.0);
        s = ITM_MAX(0.1, s);
        double cross = (d - ad) * (d + ad) * theta * 0.25 / d;
        double x = ITM_MIN(1.7, cross / 8.0e3), x6 = x * x * x * x * x * x;
        double ns = g->ns[i];
        double eta = cross / 1.7556e3 * (1.0 + (0.031 - ns * 2.32e-3 + ns * ns * 5.67e-6) * SW_FN(ex)(-x6));
        double mean = 0.5 * (SW_FN(frequency_gain)(r1, eta) + SW_FN(frequency_gain)(r2, eta));
        double more = 6.0 * (0.6 - SW_FN(lg)(ITM_MAX(eta, 1.0))) * SW_FN(lg)(s) * SW_FN(lg)(q);
        gain = mean + ITM_MIN(mean, more);
        gain = ITM_MAX(gain, 0.0);
        if (eta < 1.0) {
            const double root = 1.41421356237309505;
            double t = (1.0 + root / r1) * (1.0 + root / r2);
            double flat = 10.0 * SW_FN(lg)(t * t * (r1 + r2) / (r1 + r2 + 2.0 * root));
            gain = eta * gain + (1.0 - eta) * flat;
        }
        if (gain > 15.0 && *h0 >= 0.0)
            gain = *h0;
    }
    *h0 = gain;
    double th = d / a - g->theta_los[i], td = th * d;
    double f0 = td <= 10e3 ? 133.4 + 0.332e-3 * td - 10.0 * SW_FN(lg)(td)
                : td <= 70e3 ? 104.6 + 0.212e-3 * td - 2.5 * SW_FN(lg)(td)
                             : 71.8 + 0.157e-3 * td + 5.0 * SW_FN(lg)(td);
    return f0 + 10.0 * SW_FN(lg)(wn * 47.7 * th * th * th * th)
           - 0.1 * (g->ns[i] - 301.0) * SW_FN(ex)(-td / 40e3) + gain;
}

/* Beyond the horizon: the lower of diffraction and scatter (4.52 to 4.57). */
static inline double SW_FN(beyond)(const SW_FN(paths) *g, int i)
{
    double dml = g->dh0[i] + g->dh1[i], d = g->d[i], slope = g->slope[i], start = g->start[i];
    double h0 = -1.0, d5 = dml + 200e3;
    double a6 = SW_FN(scatter_at)(dml + 400e3, g, i, &h0), a5 = SW_FN(scatter_at)(d5, g, i, &h0);
    if (!(a5 < 1000.0))
        return slope * d + start;
    double ms = (a6 - a5) / 200e3;
    double dx = ITM_MAX(g->dsml[i], dml + 1.088 * g->xae[i] * SW_FN(ln)(g->f[i]));
    double meet = (a5 - start - ms * d5) / (slope - ms);
    dx = ITM_MAX(dx, meet);
    return d > dx ? ms * d + (slope - ms) * dx + start : slope * d + start;
}

static inline __attribute__((always_inline)) double
SW_FN(curve)(const double table[5][7], int climate, double d)
{
    double u = (d - table[3][climate]) / table[4][climate], v = d / table[2][climate];
    v *= v;
    return (table[0][climate] + table[1][climate] / (1.0 + u * u)) * v / (1.0 + v);
}

/* Free space plus what time, location and situation add (5.1 to 5.12). */
static inline void SW_FN(variability)(const sw_itm_setting *set, const SW_FN(paths) *restrict g,
                                      double *restrict loss_db)
{
    const int c = set->climate - 1, mode = set->mdvar % 10;
    const int no_situation = set->mdvar >= 20, no_location = set->mdvar / 10 % 2;
    const double zs = set->z_situation;
    const double zt = mode == 0 ? zs : set->z_time;
    const double zl = mode == 0 || mode == 1 ? zs : mode == 2 ? zt : set->z_location;
    const double zd = itm_zd[c], cd = itm_cd[c];
    for (int i = 0; i < ITM_LANES; i++) {
        double f = g->f[i], wn = f / 47.7, d = g->d[i];
        double dex = sqrt(18e6 * g->he0[i]) + sqrt(18e6 * g->he1[i]) + SW_FN(third)(575.7e12 / wn);
        double near = 130e3 * d / dex, far = 130e3 + d - dex;
        double de = d < dex ? near : far;
        double sigma_s = no_situation ? 0.0 : 5.0 + 3.0 * SW_FN(ex)(-de / 100e3);
        double rough = wn * g->delta_h[i] * (1.0 - 0.8 * SW_FN(ex)(-d / 50e3));
        double sigma_l = no_location ? 0.0 : 10.0 * rough / (rough + 13.0);
        double q = SW_FN(ln)(0.133 * wn);
        double qm = itm_gain_minus[2][c] * q, qp = itm_gain_plus[2][c] * q;
        double minus = SW_FN(curve)(itm_minus, c, de)
                       * (itm_gain_minus[0][c] + itm_gain_minus[1][c] / (qm * qm + 1.0));
        double plus = SW_FN(curve)(itm_plus, c, de)
                      * (itm_gain_plus[0][c] + itm_gain_plus[1][c] / (qp * qp + 1.0));
        double tail = cd * plus + (plus - cd * plus) * zd / zt;
        double upper = zt <= zd ? plus : tail;
        double sigma_t = zt < 0.0 ? minus : upper;
        double yt = sigma_t * zt, yl = sigma_l * zl;
        double var = sigma_s * sigma_s + yt * yt / (7.8 + zs * zs) + yl * yl / (24.0 + zs * zs);
        double both = sigma_t * sigma_t + sigma_l * sigma_l;
        double yr = mode == 0 ? 0.0 : mode == 1 ? yt : mode == 2 ? sqrt(both) * zt : yt + yl;
        double more = mode == 0 ? both : mode == 1 ? sigma_l * sigma_l : 0.0;
        double loss = g->reference[i] - SW_FN(curve)(itm_median, c, de) - yr - sqrt(var + more) * zs;
        double soft = loss * (29.0 - loss) / (29.0 - 10.0 * loss);
        loss = loss < 0.0 ? soft : loss;
        loss_db[i] = loss + 32.45 + 20.0 * SW_FN(lg)(f * d * 1e-3);
    }
}

static inline void SW_FN(longley_rice)(const sw_itm_setting *set, SW_FN(paths) *restrict g, ptrdiff_t n,
                                       double *restrict loss_db, uint8_t *restrict status)
{
    double SW_ALIGNED loss[ITM_LANES];
    SW_FN(ground)(set, g);
    SW_FN(diffraction)(set, g);
    SW_FN(line_of_sight)(g);
    for (ptrdiff_t i = 0; i < n; i++)
        if (!(g->d[i] < g->dsml[i]))
            g->reference[i] = SW_FN(beyond)(g, (int)i);
    for (int i = 0; i < ITM_LANES; i++) {
        double a = g->reference[i];
        g->reference[i] = a < 0.0 ? 0.0 : a;
    }
    SW_FN(variability)(set, g, loss);
    for (ptrdiff_t i = 0; i < n; i++) {
        loss_db[i] = loss[i];
        status[i] = g->ns[i] < 150.0 || g->ns[i] > 400.0 ? ITM_REFRACTIVITY
                    : g->gamma[i] > 1.0 / 4000000.0 || g->gamma[i] < 1.0 / 13333333.0 ? ITM_EARTH
                    : g->zr[i] <= fabs(g->zi[i]) ? ITM_GROUND
                    : isfinite(loss[i]) ? ITM_OK : ITM_NOT_FINITE;
    }
}

/* Fill the lanes after the last path with copies of it. */
static inline void SW_FN(pad)(SW_FN(paths) *g, ptrdiff_t n)
{
    double *columns[] = {g->d, g->f, g->ns, g->gamma, g->delta_h, g->h0, g->h1, g->he0, g->he1,
                         g->dh0, g->dh1, g->th0, g->th1};
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
        for (ptrdiff_t i = n; i < ITM_LANES; i++)
            columns[c][i] = columns[c][n - 1];
}

#define ITM_REAL float
#define ITM_LOAD(v, p) do { sw_v8f w_; memcpy(&w_, p, 32); v = __builtin_convertvector(w_, sw_v8d); } while (0)
#define ITM_SCAN(name) SW_FN(name##_f)
#include "_itm_scan.h"
#undef ITM_REAL
#undef ITM_LOAD
#undef ITM_SCAN
#define ITM_REAL double
#define ITM_LOAD(v, p) memcpy(&v, p, 64)
#define ITM_SCAN(name) SW_FN(name##_d)
#include "_itm_scan.h"
#undef ITM_REAL
#undef ITM_LOAD
#undef ITM_SCAN

static void SW_FN(itm_profiles)(const sw_itm_profiles *p, ptrdiff_t block)
{
    ptrdiff_t first = block * ITM_LANES;
    ptrdiff_t n = p->n_profiles - first < ITM_LANES ? p->n_profiles - first : ITM_LANES;
    int np = (int)p->n_points - 1;
    SW_FN(paths) g;
    for (int i = 0; i < n; i++) {
        ptrdiff_t k = first + i;
        g.d[i] = np * p->step_m[k];
        g.f[i] = p->f_mhz[k];
        g.h0[i] = p->tx_m[k];
        g.h1[i] = p->rx_m[k];
        if (p->single_m)
            SW_FN(scan_f)(p->single_m + k * p->n_points, np, p->step_m[k], p->setting->n0, p->inverse,
                          p->inverse_back, &g, i);
        else
            SW_FN(scan_d)(p->double_m + k * p->n_points, np, p->step_m[k], p->setting->n0, p->inverse,
                          p->inverse_back, &g, i);
    }
    SW_FN(pad)(&g, n);
    SW_FN(longley_rice)(p->setting, &g, n, p->loss_db + first, p->status + first);
}

static void SW_FN(itm_area)(const sw_itm_area *p, ptrdiff_t block)
{
    ptrdiff_t first = block * ITM_LANES;
    ptrdiff_t n = p->n_paths - first < ITM_LANES ? p->n_paths - first : ITM_LANES;
    SW_FN(paths) g;
    for (int i = 0; i < n; i++) {
        const double *c = p->columns + (first + i) * ITM_AREA_COLUMNS;
        g.d[i] = c[AREA_D];
        g.f[i] = c[AREA_F];
        g.ns[i] = c[AREA_NS];
        g.gamma[i] = c[AREA_CURVATURE];
        g.delta_h[i] = c[AREA_DELTA_H];
        g.h0[i] = c[AREA_TX];
        g.h1[i] = c[AREA_RX];
        g.he0[i] = c[AREA_TX_EFFECTIVE];
        g.he1[i] = c[AREA_RX_EFFECTIVE];
        g.dh0[i] = c[AREA_TX_HORIZON];
        g.dh1[i] = c[AREA_RX_HORIZON];
        g.th0[i] = c[AREA_TX_ANGLE];
        g.th1[i] = c[AREA_RX_ANGLE];
    }
    SW_FN(pad)(&g, n);
    SW_FN(longley_rice)(p->setting, &g, n, p->loss_db + first, p->status + first);
}

/* Heights at even steps from (x, y), in cells, by bilinear interpolation; the border is its own. */
static inline void SW_FN(sample)(const float *restrict heights, int n_y, int n_x, double x, double y,
                                 double dx, double dy, int first, int n, float *restrict out)
{
    const int right = n_x - 2, top = n_y - 2;
    for (int i = 0; i < n; i++) {
        float u = (float)(x + dx * (first + i)), v = (float)(y + dy * (first + i));
        int iu = (int)u, iv = (int)v;
        iu = iu < right ? iu : right;
        iv = iv < top ? iv : top;
        float a = u - (float)iu, b = v - (float)iv;
        const int k = iv * n_x + iu;
        float h00 = heights[k], h01 = heights[k + 1], h10 = heights[k + n_x], h11 = heights[k + n_x + 1];
        float low = h00 + (h01 - h00) * a, high = h10 + (h11 - h10) * a;
        out[i] = low + (high - low) * b;
    }
}

static void SW_FN(itm_map)(const sw_itm_map *p, ptrdiff_t block)
{
    ptrdiff_t first = block * ITM_LANES;
    ptrdiff_t n = p->n_points - first < ITM_LANES ? p->n_points - first : ITM_LANES;
    double per = 1.0 / p->cell_m, x = (p->tx_x_m - p->x0_m) * per, y = (p->tx_y_m - p->y0_m) * per;
    float SW_ALIGNED h[ITM_MAX_POINTS];
    SW_FN(paths) g;
    for (int i = 0; i < n; i++) {
        double dx = p->x_m[first + i] - p->tx_x_m, dy = p->y_m[first + i] - p->tx_y_m;
        double d = sqrt(dx * dx + dy * dy);
        int np = (int)ceil(d / p->step_m - 1e-9);
        np = np < 2 ? 2 : np;
        SW_FN(sample)(p->heights_m, (int)p->n_y, (int)p->n_x, x, y, dx * per / np, dy * per / np, 0, np + 1, h);
        d = d < p->step_m ? p->step_m : d;
        g.d[i] = d;
        g.f[i] = p->f_mhz;
        g.h0[i] = p->tx_m;
        g.h1[i] = p->rx_m;
        SW_FN(scan_f)(h, np, d / np, p->setting->n0, p->inverse, p->inverse_back + (p->n_table - np), &g, i);
    }
    SW_FN(pad)(&g, n);
    SW_FN(longley_rice)(p->setting, &g, n, p->loss_db + first, p->status + first);
}

/* One point against all sites: the surface under the line, in pieces, until one rises above it. */
static void SW_FN(itm_sight)(const sw_itm_sight *p, ptrdiff_t row)
{
    enum { PIECE = 64 };
    double per = 1.0 / p->cell_m;
    const double *q = p->points + 3 * row;
    float SW_ALIGNED h[PIECE];
    for (ptrdiff_t s = 0; s < p->n_sites; s++) {
        const double *o = p->sites + 3 * s;
        double x = (o[0] - p->x0_m) * per, y = (o[1] - p->y0_m) * per;
        double dx = q[0] - o[0], dy = q[1] - o[1], d = sqrt(dx * dx + dy * dy);
        int np = (int)ceil(d / p->step_m - 1e-9);
        np = np < 1 ? 1 : np;
        dx *= per / np;
        dy *= per / np;
        float ends[2];
        SW_FN(sample)(p->heights_m, (int)p->n_y, (int)p->n_x, x, y, dx * np, dy * np, 0, 2, ends);
        double from = ends[0] + o[2], rise = ends[1] + q[2] - from;
        int is_free = 1;
        for (int k = 1; k < np && is_free; k += PIECE) {
            int m = np - k < PIECE ? np - k : PIECE, blocked = 0;
            SW_FN(sample)(p->heights_m, (int)p->n_y, (int)p->n_x, x, y, dx, dy, k, m, h);
            for (int i = 0; i < m; i++) {
                float t = (float)(k + i) / (float)np, both = t * (1.0f - t) * (float)d;
                float room = (float)p->clearance * sqrtf((float)p->wavelength_m * both);
                float line = (float)from + (float)rise * t - both * (float)(d * p->half_curvature) - room;
                blocked |= h[i] > line;
            }
            is_free = !blocked;
        }
        p->is_free[row * p->n_sites + s] = (uint8_t)is_free;
    }
}
