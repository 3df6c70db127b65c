/*
 * dispatch.h: one loop, compiled for several vector widths.
 *
 * ML_DISPATCH(storage, name, (parameters), (arguments)) defines `void name parameters`
 * from a function `name_body` that the file has defined as ML_BODY.  The
 * widest variant that this processor runs is taken at each call; a call is
 * long, so the look costs nothing.  No variant contracts or reorders floating
 * point, so all give the same bits.
 */
#ifndef ML_DISPATCH_H
#define ML_DISPATCH_H

/* Before a loop: no pass of it writes what another one reads. */
#if defined(__clang__)
#define ML_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define ML_INDEPENDENT _Pragma("GCC ivdep")
#else
#define ML_INDEPENDENT
#endif

#define ML_BODY static inline __attribute__((always_inline)) void

#if defined(__x86_64__) && defined(__GNUC__)

/* gcc would use half of the registers otherwise; clang does not know the word */
#ifdef __clang__
#define ML_AVX512 "avx512f,avx512dq,avx512vl,avx512bw"
#else
#define ML_AVX512 "avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512"
#endif

#define ML_DISPATCH(STORAGE, NAME, PARAMETERS, ARGUMENTS) \
static __attribute__((target("avx2"))) void \
NAME##_avx2 PARAMETERS \
{ \
	NAME##_body ARGUMENTS; \
} \
static __attribute__((target(ML_AVX512))) void \
NAME##_avx512 PARAMETERS \
{ \
	NAME##_body ARGUMENTS; \
} \
STORAGE void \
NAME PARAMETERS \
{ \
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && \
		__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) \
		NAME##_avx512 ARGUMENTS; \
	else if (__builtin_cpu_supports("avx2")) \
		NAME##_avx2 ARGUMENTS; \
	else \
		NAME##_body ARGUMENTS; \
}

#else

#define ML_DISPATCH(STORAGE, NAME, PARAMETERS, ARGUMENTS) \
STORAGE void \
NAME PARAMETERS \
{ \
	NAME##_body ARGUMENTS; \
}

#endif

#endif
