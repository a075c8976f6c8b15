/* The hot parts in C: steps of an int8 LSTM, the memory's look-up of next-character counts, and the gate's mixture.
 *
 * Never required: engine.py, adaptation.py, lookup.py, features.py and gate.py do the same on numpy, slower. kernel.py
 * has the structures and decides which path is taken. A file for each job, and all compiled as one. No state is kept
 * here and no Python is called, so calls run without the GIL, from any thread.
 *
 * Every path (AVX-512 VNNI, AVX2, NEON with dot products, portable C) gives the same bits: the sums are of integers,
 * and the float code around them is one text, compiled without contraction (-ffp-contract=off).
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define ON_X86 1
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#define ON_ARM 1
#endif

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

/* Raised whenever a structure or a function changes; kernel.py refuses a library of another number. */
#define ABI 4

enum { PORTABLE, AVX2, VNNI, NEON };

EXPORT int charwise_abi(void) { return ABI; }

/* Whether this processor can run a path. */
EXPORT int charwise_can_run(int path) {
    switch (path) {
    case PORTABLE:
        return 1;
#ifdef ON_X86
    case AVX2:
        return __builtin_cpu_supports("avx2");
    case VNNI:
        return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw");
#endif
#ifdef ON_ARM
    case NEON:
#if defined(__APPLE__)
        return 1; /* every Apple processor of this kind has dot products */
#elif defined(__linux__)
        return (getauxval(AT_HWCAP) & (1 << 20)) != 0; /* HWCAP_ASIMDDP */
#endif
#endif
    default:
        return 0;
    }
}

#include "kernel_lstm.h"
#include "kernel_memory.h"
#include "kernel_gate.h"
#include "kernel_position.h"
