/* Gain of a site and radiated power of a sector towards a block of points; compiled once per ISA.
 *
 * Points are the inner loops: constant trip count, no branch, so they vectorise; both sides of every
 * choice are computed and then selected.
 */
#include "_vecmath.h"

typedef struct {
    float SW_ALIGNED x[SW_BLOCK], y[SW_BLOCK];
    float SW_ALIGNED gain[SW_BLOCK];               /* mean over LOS and NLOS, linear */
    float SW_ALIGNED azimuth[SW_BLOCK], depression[SW_BLOCK];
} SW_FN(geometry);

/* E[gain] = P(LOS) g_LOS + (1 - P(LOS)) g_NLOS: TR 38.901 Tables 7.4.1-1 and 7.4.2-1.
 * `linear`, `high` and `n` are constants where this is inlined: only RMa has a term in d3D, only UMa
 * with terminals over 13 m the last factor of P(LOS); the others save a root or a power. */
static inline __attribute__((always_inline)) void
SW_FN(site_gain_of)(const float *restrict s, SW_FN(geometry) *restrict g, const int linear,
                    const int high, const int n)
{
    for (int i = 0; i < n; i++) {
        float dx = g->x[i] - s[SITE_X], dy = g->y[i] - s[SITE_Y], dh = s[SITE_DH];
        float d2 = sqrtf(dx * dx + dy * dy);
        d2 = d2 > s[SITE_DMIN] ? d2 : s[SITE_DMIN];
        float square = d2 * d2 + dh * dh;
        float l = SW_FN(log2)(square);
        float near = s[SITE_NEAR_A] + s[SITE_NEAR_B] * l;
        if (linear)
            near += s[SITE_NEAR_C] * sqrtf(square);
        float far = s[SITE_FAR_A] + s[SITE_FAR_B] * l;
        float los = d2 > s[SITE_BREAK] ? far : near;
        float nlos = s[SITE_NLOS_A] + s[SITE_NLOS_B] * l;
        nlos = nlos < los ? nlos : los;
        float share = s[SITE_LOS_D0] / d2;
        share = share < 1.0f ? share : 1.0f;
        float beyond = d2 - s[SITE_LOS_D1];
        beyond = beyond > 0.0f ? beyond : 0.0f;
        float p_los = share + SW_FN(exp2)(-s[SITE_LOS_K] * beyond) * (1.0f - share);
        if (high) {
            float more = s[SITE_LOS_C] * d2 * d2 * d2 * SW_FN(exp2)(-s[SITE_LOS_CK] * d2);
            p_los = p_los * (1.0f + (share < 1.0f ? more : 0.0f));
            p_los = p_los < 1.0f ? p_los : 1.0f;
        }
        g->gain[i] = p_los * SW_FN(exp2)(los) + (1.0f - p_los) * SW_FN(exp2)(nlos);
    }
}

/* The same where P(LOS) is zero at every distance: one power instead of three, no root. */
static inline __attribute__((always_inline)) void
SW_FN(site_gain_nlos)(const float *restrict s, SW_FN(geometry) *restrict g, const int n)
{
    float least = s[SITE_DMIN] * s[SITE_DMIN], turn = s[SITE_BREAK] * s[SITE_BREAK];
    float dh2 = s[SITE_DH] * s[SITE_DH];
    for (int i = 0; i < n; i++) {
        float dx = g->x[i] - s[SITE_X], dy = g->y[i] - s[SITE_Y];
        float flat = dx * dx + dy * dy;
        flat = flat > least ? flat : least;
        float l = SW_FN(log2)(flat + dh2);
        float near = s[SITE_NEAR_A] + s[SITE_NEAR_B] * l;
        float far = s[SITE_FAR_A] + s[SITE_FAR_B] * l;
        float los = flat > turn ? far : near;
        float nlos = s[SITE_NLOS_A] + s[SITE_NLOS_B] * l;
        g->gain[i] = SW_FN(exp2)(nlos < los ? nlos : los);
    }
}

static inline int SW_FN(never_los)(const float *s)
{
    return s[SITE_LOS_D0] == 0.0f && s[SITE_NEAR_C] == 0.0f
           && s[SITE_LOS_K] * (s[SITE_DMIN] - s[SITE_LOS_D1]) > 126.0f;
}

static inline __attribute__((always_inline)) void
SW_FN(site_gain_n)(const float *restrict s, SW_FN(geometry) *restrict g, const int n)
{
    if (SW_FN(never_los)(s))
        SW_FN(site_gain_nlos)(s, g, n);
    else if (s[SITE_LOS_C] != 0.0f)
        SW_FN(site_gain_of)(s, g, 0, 1, n);
    else if (s[SITE_NEAR_C] != 0.0f)
        SW_FN(site_gain_of)(s, g, 1, 0, n);
    else
        SW_FN(site_gain_of)(s, g, 0, 0, n);
}

static inline void SW_FN(site_gain)(const float *restrict s, SW_FN(geometry) *restrict g)
{
    SW_FN(site_gain_n)(s, g, SW_BLOCK);
}

static inline __attribute__((always_inline)) void
SW_FN(site_angles_n)(const float *restrict s, SW_FN(geometry) *restrict g, const int n)
{
    for (int i = 0; i < n; i++) {
        float dx = g->x[i] - s[SITE_X], dy = g->y[i] - s[SITE_Y];
        float d2 = sqrtf(dx * dx + dy * dy);
        d2 = d2 > s[SITE_DMIN] ? d2 : s[SITE_DMIN];
        g->azimuth[i] = SW_FN(atan2)(dy, dx);
        g->depression[i] = SW_FN(atan2)(s[SITE_DH], d2);
    }
}

static inline void SW_FN(site_angles)(const float *restrict s, SW_FN(geometry) *restrict g)
{
    SW_FN(site_angles_n)(s, g, SW_BLOCK);
}

typedef struct {
    float azimuth, kh, tilt, kv, sla_v, a_max, power, load;
} SW_FN(sector);

static inline SW_FN(sector) SW_FN(read_sector)(const float *c)
{
    SW_FN(sector) r = {c[SECTOR_AZIMUTH], c[SECTOR_KH],    c[SECTOR_TILT],  c[SECTOR_KV],
                       c[SECTOR_SLA_V],   c[SECTOR_A_MAX], c[SECTOR_POWER], c[SECTOR_LOAD]};
    return r;
}

/* log2 of EIRP after the pattern of TR 38.901 Table 7.3-1. */
static inline float SW_FN(eirp)(SW_FN(sector) c, float azimuth, float depression)
{
    const float turn = 6.28318530718f;
    float phi = azimuth - c.azimuth;
    phi = phi > 0.5f * turn ? phi - turn : phi;
    phi = phi < -0.5f * turn ? phi + turn : phi;
    float theta = depression - c.tilt;
    float vertical = c.kv * theta * theta;
    vertical = vertical < c.sla_v ? vertical : c.sla_v;
    float loss = c.kh * phi * phi + vertical;
    loss = loss < c.a_max ? loss : c.a_max;
    return c.power - loss;
}
