/* Short float32 polynomials that the compiler can vectorise: log2, exp2, atan2.
 *
 * No table, no branch, no call: every select is computed on both sides. Coefficients are minimax fits
 * (Lawson's iteration over 4000 Chebyshev nodes); the error of each fit is stated, float32 rounding
 * comes on top. What the whole kernel loses by it is tested against float64: 0.001 dB.
 * Included several times, once per instruction set: SW_FN(name) gives each copy its own name.
 */
#ifndef SW_VECMATH_CONSTANTS
#define SW_VECMATH_CONSTANTS
#define LOG2_C1 1.442694773e+00f
#define LOG2_C2 -7.213571218e-01f
#define LOG2_C3 4.809393885e-01f
#define LOG2_C4 -3.600881043e-01f
#define LOG2_C5 2.867086247e-01f
#define LOG2_C6 -2.500614401e-01f
#define LOG2_C7 2.368819336e-01f
#define LOG2_C8 -1.457561041e-01f
#define EXP2_C1 6.931469788e-01f
#define EXP2_C2 2.402224236e-01f
#define EXP2_C3 5.550732310e-02f
#define EXP2_C4 9.671499865e-03f
#define EXP2_C5 1.326511670e-03f
#define ATAN_C0 9.999993398e-01f
#define ATAN_C1 -3.332987236e-01f
#define ATAN_C2 1.994667124e-01f
#define ATAN_C3 -1.390907923e-01f
#define ATAN_C4 9.643212049e-02f
#define ATAN_C5 -5.592483140e-02f
#define ATAN_C6 2.187090835e-02f
#define ATAN_C7 -4.056607786e-03f
#endif

/* log2(x) for finite normal x > 0; error of the fit 5e-8. */
static inline float SW_FN(log2)(float x)
{
    int32_t bits, exponent;
    float m;
    memcpy(&bits, &x, 4);
    bits -= 0x3f3504f3; /* sqrt(1/2): the mantissa lands in [0.7071, 1.4142) */
    exponent = bits >> 23;
    bits = (bits & 0x007fffff) + 0x3f3504f3;
    memcpy(&m, &bits, 4);
    m -= 1.0f;
    float p = LOG2_C8;
    p = p * m + LOG2_C7;
    p = p * m + LOG2_C6;
    p = p * m + LOG2_C5;
    p = p * m + LOG2_C4;
    p = p * m + LOG2_C3;
    p = p * m + LOG2_C2;
    p = p * m + LOG2_C1;
    return p * m + (float)exponent;
}

/* 2^x, x clamped to [-126, 126]; relative error of the fit 1e-7. */
static inline float SW_FN(exp2)(float x)
{
    x = x < -126.0f ? -126.0f : x;
    x = x > 126.0f ? 126.0f : x;
    /* floor(x + 1/2) by truncation of a positive number: no rounding-mode dependence */
    int32_t whole = (int32_t)(x + 127.5f) - 127;
    float f = x - (float)whole;
    float p = EXP2_C5;
    p = p * f + EXP2_C4;
    p = p * f + EXP2_C3;
    p = p * f + EXP2_C2;
    p = p * f + EXP2_C1;
    p = p * f + 1.0f;
    int32_t bits = (whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, 4);
    return p * scale;
}

/* atan2(y, x) in radians, atan2(0, 0) = 0; error of the fit 4e-8. */
static inline float SW_FN(atan2)(float y, float x)
{
    float ax = fabsf(x), ay = fabsf(y);
    float hi = ax > ay ? ax : ay;
    float lo = ax > ay ? ay : ax;
    hi = hi > 1e-30f ? hi : 1e-30f;
    float t = lo / hi;
    float s = t * t;
    float p = ATAN_C7;
    p = p * s + ATAN_C6;
    p = p * s + ATAN_C5;
    p = p * s + ATAN_C4;
    p = p * s + ATAN_C3;
    p = p * s + ATAN_C2;
    p = p * s + ATAN_C1;
    p = p * s + ATAN_C0;
    p = p * t;
    p = ay > ax ? 1.57079632679f - p : p;
    p = x < 0.0f ? 3.14159265359f - p : p;
    return y < 0.0f ? -p : p;
}
