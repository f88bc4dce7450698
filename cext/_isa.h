/* Instruction sets of the kernels: one body compiled per set, the best one picked at run time.
 *
 * A kernel writes its body once, in a header whose functions are named SW_FN(name), then says
 *
 *     #define SW_BODY "_thing_variant.h"
 *     #include "_variants.h"
 *     static const sw_thing_fn sw_thing_table[] = SW_EACH_ISA(thing);
 *
 * and calls sw_thing_table[i] with the i that cext/_isa.pyx gives. This is gcc's target_clones written
 * out: it needs no ifunc (absent in musl), works with any x86-64 gcc, and lets STELLWERK_ISA pin a
 * variant, since results are bitwise equal only within one of them. With clang or on another
 * architecture only the baseline exists.
 */
#ifndef STELLWERK_ISA_H
#define STELLWERK_ISA_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SW_CAT2(a, b) a##b
#define SW_CAT(a, b) SW_CAT2(a, b)
#define SW_FN(name) SW_CAT(SW_CAT(sw_, name), SW_SUFFIX)
#define SW_ALIGNED __attribute__((aligned(64)))

/* From the best to the plainest; the plainest is there on every machine. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SW_HAS_VARIANTS 1
#define SW_ISA_NAMES {"avx512f", "avx2", "sse4.2", "baseline"}
#define SW_EACH_ISA(name) {sw_##name##_avx512f, sw_##name##_avx2, sw_##name##_sse42, sw_##name##_baseline}
#else
#define SW_ISA_NAMES {"baseline"}
#define SW_EACH_ISA(name) {sw_##name##_baseline}
#endif

static const char *const sw_isa_names[] = SW_ISA_NAMES;

static inline int sw_isa_count(void)
{
    return (int)(sizeof sw_isa_names / sizeof sw_isa_names[0]);
}

static inline const char *sw_isa_name(int i) { return sw_isa_names[i]; }

static inline int sw_isa_runs(int i)
{
#ifdef SW_HAS_VARIANTS
    __builtin_cpu_init();
    switch (i) {
    case 0: return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
                && __builtin_cpu_supports("fma");
    case 1: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case 2: return __builtin_cpu_supports("sse4.2");
    }
#endif
    return i >= 0 && i < sw_isa_count();
}

#endif
