/* Compiles SW_BODY once per instruction set; no include guard, see _isa.h. */
#define SW_SUFFIX _baseline
#include SW_BODY
#undef SW_SUFFIX

#ifdef SW_HAS_VARIANTS
#pragma GCC push_options
#pragma GCC target("sse4.2")
#define SW_SUFFIX _sse42
#include SW_BODY
#undef SW_SUFFIX
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define SW_SUFFIX _avx2
#include SW_BODY
#undef SW_SUFFIX
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,fma,prefer-vector-width=512")
#define SW_SUFFIX _avx512f
#include SW_BODY
#undef SW_SUFFIX
#pragma GCC pop_options
#endif

#undef SW_BODY
