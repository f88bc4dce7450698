/* What the Irregular Terrain Model reads from one profile; compiled per type of height and per ISA.
 *
 * Sums, horizons and the resampled irregularity run eight points at a time on vector types of the
 * compiler, which every instruction set can carry out; order of summation is the same on each.
 */

/* Sum of y and of y * (i - first), i = first..last. */
static inline void ITM_SCAN(moments)(const ITM_REAL *restrict y, int first, int last, double *sum, double *weighted)
{
    sw_v8d total = {0}, torque = {0}, at = {0, 1, 2, 3, 4, 5, 6, 7}, value;
    int i = first;
    for (; i + 8 <= last + 1; i += 8) {
        ITM_LOAD(value, y + i);
        total += value;
        torque += value * at;
        at += 8.0;
    }
    double s = 0.0, w = 0.0;
    for (int k = 0; k < 8; k++) {
        s += total[k];
        w += torque[k];
    }
    for (; i <= last; i++) {
        s += y[i];
        w += (double)y[i] * (i - first);
    }
    *sum = s;
    *weighted = w;
}

/* Line of least squares over part of a profile, at both of its ends (zlsq1). */
static inline void ITM_SCAN(fit)(const ITM_REAL *restrict y, int np, double from, double to, double *y0, double *y1)
{
    int a = (int)ITM_MAX(from, 0.0), b = np - (int)ITM_DIM((double)np, to);
    if (b <= a) {
        a = a > 1 ? a - 1 : 0;
        b = np - (np > b + 1 ? np - (b + 1) : 0);
    }
    double length = b - a, sum, weighted;
    ITM_SCAN(moments)(y, a, b, &sum, &weighted);
    double ends = 0.5 * ((double)y[a] + (double)y[b]);
    weighted -= 0.5 * length * sum + 0.25 * length * ((double)y[b] - (double)y[a]);
    sum = (sum - ends) / length;
    weighted *= 12.0 / ((length * length + 2.0) * length);
    double middle = b - 0.5 * length;
    *y0 = sum - weighted * middle;
    *y1 = sum + weighted * (np - middle);
}

/* The k-th greatest of n floats, padded with -infinity to whole sixteens: bisection by counting. */
static inline float ITM_SCAN(select)(const float *restrict v, int n16, int k, float low, float high)
{
    for (;;) {
        float middle = 0.5f * (low + high);
        if (!(middle > low && middle < high))
            break;
        int32_t count = 0;
        for (int i = 0; i < n16; i++)
            count += v[i] > middle;
        if (count == k - 1) {
            high = middle;
            break;
        }
        if (count >= k)
            low = middle;
        else
            high = middle;
    }
    /* fewer than k lie above `high`, so the answer is the greatest at or below it */
    float SW_ALIGNED best[16];
    for (int j = 0; j < 16; j++)
        best[j] = -INFINITY;
    for (int i = 0; i < n16; i += 16)
        for (int j = 0; j < 16; j++) {
            float x = v[i + j], b = best[j];
            x = x <= high ? x : -INFINITY;
            best[j] = x > b ? x : b;
        }
    float top = best[0];
    for (int j = 1; j < 16; j++)
        top = best[j] > top ? best[j] : top;
    return top;
}

/* Terrain irregularity: interdecile range of heights over the fitted line (dlthx). */
static inline double ITM_SCAN(irregularity)(const ITM_REAL *restrict y, int np, double step, double from, double to)
{
    double start = from / step, width = to / step - start;
    if (width < 2.0)
        return 0.0;
    int tenth = (int)(0.1 * (width + 8.0));
    tenth = tenth < 4 ? 4 : tenth > 25 ? 25 : tenth;
    int n = 10 * tenth - 5, n16 = (n + 15) & ~15;
    ITM_REAL SW_ALIGNED s[256];
    float SW_ALIGNED rest[256];
    double stride = width / (n - 1);
    for (int j = 0; j < n16; j++) {
        double at = start + stride * j;
        int i = (int)at;
        i = i < np - 1 ? i : np - 1;
        ITM_REAL share = (ITM_REAL)(at - i), a = y[i], b = y[i + 1];
        s[j] = a + (b - a) * share;
    }
    double y0, y1;
    ITM_SCAN(fit)(s, n - 1, 0.0, n - 1, &y0, &y1);
    double slope = (y1 - y0) / (n - 1);
    float SW_ALIGNED top[16], bottom[16];
    for (int k = 0; k < 16; k++) {
        top[k] = -INFINITY;
        bottom[k] = INFINITY;
    }
    for (int j = 0; j < n16; j += 16)
        for (int k = 0; k < 16; k++) {
            float r = (float)((double)s[j + k] - (y0 + slope * (j + k))), t = top[k], b = bottom[k];
            float low = j + k < n ? r : -INFINITY, high = j + k < n ? r : INFINITY;
            rest[j + k] = low;
            top[k] = low > t ? low : t;
            bottom[k] = high < b ? high : b;
        }
    float most = top[0], least = bottom[0];
    for (int k = 1; k < 16; k++) {
        most = top[k] > most ? top[k] : most;
        least = bottom[k] < least ? bottom[k] : least;
    }
    double q10 = ITM_SCAN(select)(rest, n16, tenth, least, most);
    double q90 = ITM_SCAN(select)(rest, n16, n - tenth + 1, least, most);
    return (q10 - q90) / (1.0 - 0.8 * SW_FN(ex)(-(to - from) / 50e3));
}

/* Horizons of both ends (hzns): greatest elevation angle of a point, and how far it is. */
static inline void ITM_SCAN(horizons)(const ITM_REAL *restrict y, int np, double step, const double *restrict inverse,
                                      const double *restrict back, SW_FN(paths) *g, int lane)
{
    double half = 0.5 * g->gamma[lane], d = np * step, per = 1.0 / step, bulge = half * step;
    double z0 = (double)y[0] + g->h0[lane], z1 = (double)y[np] + g->h1[lane];
    double t0 = (z1 - z0) / d - d * half, t1 = (z0 - z1) / d - d * half;
    double at0 = np, at1 = 0.0;
    sw_v8d best0 = {0}, best1 = {0}, where0 = {0}, where1 = {0}, at = {1, 2, 3, 4, 5, 6, 7, 8}, value, r0, r1;
    best0 += t0;
    best1 += t1;
    where0 += at0;
    where1 += at1;
    int i = 1;
    for (; i + 8 <= np; i += 8) {
        ITM_LOAD(value, y + i);
        memcpy(&r0, inverse + i, 64);
        memcpy(&r1, back + i, 64);
        sw_v8d a0 = (value - z0) * (r0 * per) - at * bulge;
        sw_v8d a1 = (value - z1) * (r1 * per) - ((double)np - at) * bulge;
        sw_v8l m0 = a0 > best0, m1 = a1 > best1;
        best0 = (sw_v8d)((m0 & (sw_v8l)a0) | (~m0 & (sw_v8l)best0));
        best1 = (sw_v8d)((m1 & (sw_v8l)a1) | (~m1 & (sw_v8l)best1));
        where0 = (sw_v8d)((m0 & (sw_v8l)at) | (~m0 & (sw_v8l)where0));
        where1 = (sw_v8d)((m1 & (sw_v8l)at) | (~m1 & (sw_v8l)where1));
        at += 8.0;
    }
    for (int k = 0; k < 8; k++) {
        if (best0[k] > t0 || (best0[k] == t0 && where0[k] < at0)) {
            t0 = best0[k];
            at0 = where0[k];
        }
        if (best1[k] > t1 || (best1[k] == t1 && where1[k] < at1)) {
            t1 = best1[k];
            at1 = where1[k];
        }
    }
    for (; i < np; i++) {
        double a0 = ((double)y[i] - z0) * (inverse[i] * per) - i * bulge;
        double a1 = ((double)y[i] - z1) * (back[i] * per) - (np - i) * bulge;
        if (a0 > t0) {
            t0 = a0;
            at0 = i;
        }
        if (a1 > t1) {
            t1 = a1;
            at1 = i;
        }
    }
    g->th0[lane] = t0;
    g->th1[lane] = t1;
    /* 0.9 and 0.1 of these are cut to whole points later: where that is a tie, the reference's way of
     * adding up steps decides, so add up as it does */
    int i0 = (int)at0, i1 = np - (int)at1;
    double far0 = i0 * step, far1 = i1 * step;
    if (i0 % 10 == 0 || i1 % 10 == 0 || (i0 + i1) % 10 == 0) {
        far0 = 0.0;
        far1 = d;
        for (int k = 0; k < i0; k++)
            far0 += step;
        for (int k = i1; k < np; k++)
            far1 -= step;
        far0 = i0 == np ? d : far0;
    }
    g->dh0[lane] = far0;
    g->dh1[lane] = far1;
}

/* Horizon of a terminal over terrain of this irregularity (3.3). */
static inline double ITM_SCAN(typical)(double he, double gamma, double delta_h)
{
    return sqrt(2.0 * he / gamma) * SW_FN(ex)(-0.07 * sqrt(delta_h / ITM_MAX(he, 5.0)));
}

/* From heights to the parameters of a path (qlrpfl). */
static void ITM_SCAN(scan)(const ITM_REAL *restrict y, int np, double step, double n0, const double *inverse,
                           const double *back, SW_FN(paths) *g, int lane)
{
    int edge = (int)(0.1 * np);
    double sum, unused, mean, d = g->d[lane], h0 = g->h0[lane], h1 = g->h1[lane];
    ITM_SCAN(moments)(y, edge, np - edge, &sum, &unused);
    mean = sum / (np - 2 * edge + 1);
    double ns = n0 * SW_FN(ex)(-mean / 9460.0);
    double gamma = 157e-9 * (1.0 - 0.04665 * SW_FN(ex)(ns / 179.3));
    g->ns[lane] = ns;
    g->gamma[lane] = gamma;
    ITM_SCAN(horizons)(y, np, step, inverse, back, g, lane);
    double far0 = 15.0 * h0, far1 = 15.0 * h1, near0 = 0.1 * g->dh0[lane], near1 = 0.1 * g->dh1[lane];
    double from = ITM_MIN(far0, near0), to = d - ITM_MIN(far1, near1);
    double delta_h = ITM_SCAN(irregularity)(y, np, step, from, to);
    double fit0, fit1, he0, he1;
    g->delta_h[lane] = delta_h;
    if (g->dh0[lane] + g->dh1[lane] > 1.5 * d) {
        ITM_SCAN(fit)(y, np, from / step, to / step, &fit0, &fit1);
        he0 = h0 + ITM_DIM((double)y[0], fit0);
        he1 = h1 + ITM_DIM((double)y[np], fit1);
        double r0 = ITM_SCAN(typical)(he0, gamma, delta_h), r1 = ITM_SCAN(typical)(he1, gamma, delta_h);
        if (r0 + r1 <= d) {
            double q = d / (r0 + r1) * (d / (r0 + r1));
            he0 *= q;
            he1 *= q;
            r0 = ITM_SCAN(typical)(he0, gamma, delta_h);
            r1 = ITM_SCAN(typical)(he1, gamma, delta_h);
        }
        double s0 = sqrt(2.0 * he0 / gamma), s1 = sqrt(2.0 * he1 / gamma);
        g->th0[lane] = (0.65 * delta_h * (s0 / r0 - 1.0) - 2.0 * he0) / s0;
        g->th1[lane] = (0.65 * delta_h * (s1 / r1 - 1.0) - 2.0 * he1) / s1;
        g->dh0[lane] = r0;
        g->dh1[lane] = r1;
    } else {
        double most0 = 0.9 * g->dh0[lane], most1 = 0.9 * g->dh1[lane];
        __asm__("" : "+m"(most1)); /* no fused multiply-add: it would cut ties to another point */
        ITM_SCAN(fit)(y, np, from / step, most0 / step, &fit0, &unused);
        ITM_SCAN(fit)(y, np, (d - most1) / step, to / step, &unused, &fit1);
        he0 = h0 + ITM_DIM((double)y[0], fit0);
        he1 = h1 + ITM_DIM((double)y[np], fit1);
    }
    g->he0[lane] = he0;
    g->he1[lane] = he1;
}
