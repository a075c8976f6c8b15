/* The hot parts in C: steps of an int8 LSTM, the memory's look-up of next-character counts, and the gate's mixture.
 *
 * Never required: engine.py, lookup.py, features.py and gate.py do the same on numpy, slower. kernel.py builds the structures and decides
 * which path is taken. No state is kept here and no Python is called, so calls run without the GIL, from any thread.
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
#define ABI 3

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

/* --- the LSTM ------------------------------------------------------------------------------------------------------
 * A matrix of int8 weights, its rows padded to 16, its columns to 16: tiles of 16 rows by 4 columns, so that one load
 * of 64 bytes multiplies 4 inputs into 16 sums. True weight = int8 * scale of its row; inputs are h * 127.
 */
#define TILE 16
#define MOST_BATCH 8

typedef struct {
    const int8_t *tiles;   /* (rows / 16, columns / 4, 16, 4) */
    const float *scales;   /* (rows,) with the 1/127 of the inputs */
    const float *biases;   /* (rows,) */
    const int32_t *sums;   /* (rows,) 128 * the sum of the row: what unsigned inputs add too much */
    int32_t rows, columns; /* padded */
} matrix;

typedef struct {
    const float *table;   /* (256, 4 * width): embedding by the first layer's input weights, with its biases */
    const matrix *layers; /* (layers,) of [input, recurrent] weights; the first has the recurrent ones only */
    matrix head;          /* 256 rows */
    int32_t depth, width; /* number of layers, units in each */
} lstm;

/* Each path multiplies one tile row by `batch` inputs: inputs are words of 4 int8, (columns / 4, batch). */

/* Vectors of the compiler's own, which it makes of what there is. A product fits 16 bits, and so does a sum of two. */
typedef int8_t bytes16 __attribute__((vector_size(16)));
typedef int16_t shorts16 __attribute__((vector_size(32)));
typedef int32_t longs16 __attribute__((vector_size(64)));

INLINE void tile_portable(const int8_t *w, const int32_t *x, int words, int batch, const int32_t *sums, int32_t *out) {
    (void)sums;
    for (int b = 0; b < batch; b++)
        for (int row = 0; row < TILE; row += 4) {
            longs16 total = {0};
            for (int k = 0; k < words; k += 2) {
                shorts16 products = {0};
                for (int i = k; i < k + 2; i++) {
                    const int32_t in = x[i * batch + b], four[4] = {in, in, in, in};
                    bytes16 weights, inputs;
                    memcpy(&weights, w + (size_t)i * 64 + row * 4, 16);
                    memcpy(&inputs, four, 16);
                    products += __builtin_convertvector(weights, shorts16) * __builtin_convertvector(inputs, shorts16);
                }
                total += __builtin_convertvector(products, longs16);
            }
            for (int r = 0; r < 4; r++)
                out[b * TILE + row + r] = total[4 * r] + total[4 * r + 1] + total[4 * r + 2] + total[4 * r + 3];
        }
}

#ifdef ON_X86
/* maddubs saturates at 16 bits; |x| * sign(w, x) stays within: 2 * 127 * 127 < 32768. */
__attribute__((target("avx2"))) INLINE void tile_avx2(const int8_t *w, const int32_t *x, int words, int batch,
                                                      const int32_t *sums, int32_t *out) {
    (void)sums;
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i low[MOST_BATCH], high[MOST_BATCH];
    for (int b = 0; b < batch; b++) low[b] = high[b] = _mm256_setzero_si256();
    for (int k = 0; k < words; k++) {
        const __m256i upper = _mm256_loadu_si256((const __m256i *)(w + (size_t)k * 64));
        const __m256i lower = _mm256_loadu_si256((const __m256i *)(w + (size_t)k * 64 + 32));
        for (int b = 0; b < batch; b++) {
            const __m256i in = _mm256_set1_epi32(x[k * batch + b]), size = _mm256_abs_epi8(in);
            const __m256i first = _mm256_maddubs_epi16(size, _mm256_sign_epi8(upper, in));
            const __m256i second = _mm256_maddubs_epi16(size, _mm256_sign_epi8(lower, in));
            low[b] = _mm256_add_epi32(low[b], _mm256_madd_epi16(first, ones));
            high[b] = _mm256_add_epi32(high[b], _mm256_madd_epi16(second, ones));
        }
    }
    for (int b = 0; b < batch; b++) {
        _mm256_storeu_si256((__m256i *)(out + b * TILE), low[b]);
        _mm256_storeu_si256((__m256i *)(out + b * TILE + 8), high[b]);
    }
}

/* Inputs come with 128 added, as dpbusd wants them unsigned; `sums` takes that off again. Two sums run side by side,
 * because one would wait for itself. */
__attribute__((target("avx512f,avx512bw,avx512vnni"))) INLINE void
tile_vnni(const int8_t *w, const int32_t *x, int words, int batch, const int32_t *sums, int32_t *out) {
    __m512i even[MOST_BATCH], odd[MOST_BATCH];
    const __m512i zero = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_loadu_si512(sums));
    for (int b = 0; b < batch; b++) even[b] = zero, odd[b] = _mm512_setzero_si512();
    for (int k = 0; k < words; k += 2) {
        const __m512i first = _mm512_loadu_si512(w + (size_t)k * 64);
        const __m512i second = _mm512_loadu_si512(w + (size_t)k * 64 + 64);
        for (int b = 0; b < batch; b++) {
            even[b] = _mm512_dpbusd_epi32(even[b], _mm512_set1_epi32(x[k * batch + b]), first);
            odd[b] = _mm512_dpbusd_epi32(odd[b], _mm512_set1_epi32(x[(k + 1) * batch + b]), second);
        }
    }
    for (int b = 0; b < batch; b++) _mm512_storeu_si512(out + b * TILE, _mm512_add_epi32(even[b], odd[b]));
}
#endif

#ifdef ON_ARM
#if defined(__APPLE__)
#define DOT
#else
#define DOT __attribute__((target("arch=armv8.2-a+dotprod")))
#endif
DOT INLINE void tile_neon(const int8_t *w, const int32_t *x, int words, int batch, const int32_t *sums, int32_t *out) {
    (void)sums;
    int32x4_t total[MOST_BATCH][4];
    for (int b = 0; b < batch; b++)
        for (int q = 0; q < 4; q++) total[b][q] = vdupq_n_s32(0);
    for (int k = 0; k < words; k++)
        for (int q = 0; q < 4; q++) {
            const int8x16_t tile = vld1q_s8(w + (size_t)k * 64 + 16 * q);
            for (int b = 0; b < batch; b++)
                total[b][q] = vdotq_s32(total[b][q], tile, vreinterpretq_s8_s32(vdupq_n_s32(x[k * batch + b])));
        }
    for (int b = 0; b < batch; b++)
        for (int q = 0; q < 4; q++) vst1q_s32(out + b * TILE + 4 * q, total[b][q]);
}
#endif

/* Rational approximation of tanh, from -9 to 9; error below 4e-7. (Coefficients as in Eigen's and XNNPACK's: a minimax
 * fit of degree 13 over 6.) Only products, sums and one quotient, so compilers make vectors of it. */
INLINE float tanh_of(float x) {
    x = x < -7.90531110763549805f ? -7.90531110763549805f : x;
    x = x > 7.90531110763549805f ? 7.90531110763549805f : x;
    const float s = x * x;
    float over = -2.76076847742355e-16f;
    over = over * s + 2.00018790482477e-13f;
    over = over * s + -8.60467152213735e-11f;
    over = over * s + 5.12229709037114e-08f;
    over = over * s + 1.48572235717979e-05f;
    over = over * s + 6.37261928875436e-04f;
    over = over * s + 4.89352455891786e-03f;
    float under = 1.19825839466702e-06f;
    under = under * s + 1.18534705686654e-04f;
    under = under * s + 2.26843463243900e-03f;
    under = under * s + 4.89352518554385e-03f;
    return x * over / under;
}

/* Write h, |h| <= 1, as int8 of h * 127 (plus 128 where the path wants it) to words k0.. of input b. */
INLINE void quantize(const float *h, int width, int column, int b, int batch, int flip, int32_t *x) {
    int8_t *bytes = (int8_t *)x;
    for (int j = 0; j < width; j++) {
        const float scaled = h[j] * 127.0f;
        const int8_t q = (int8_t)(int)(scaled + (scaled < 0 ? -0.5f : 0.5f));
        const int at = column + j;
        bytes[((at >> 2) * batch + b) * 4 + (at & 3)] = (int8_t)(q ^ flip);
    }
}

typedef void multiply(const int8_t *, const int32_t *, int, int, const int32_t *, int32_t *);

/* out (batch, rows) = matrix @ inputs + biases */
INLINE void product(const matrix *m, const int32_t *x, int batch, multiply tile, float *out) {
    const int words = m->columns / 4;
    int32_t sums[MOST_BATCH * TILE];
    for (int row = 0; row < m->rows; row += TILE) {
        tile(m->tiles + (size_t)row * m->columns, x, words, batch, m->sums + row, sums);
        for (int b = 0; b < batch; b++)
            for (int r = 0; r < TILE; r++)
                out[(size_t)b * m->rows + row + r] = (float)sums[b * TILE + r] * m->scales[row + r] + m->biases[row + r];
    }
}

/* One layer: z (rows,) holds i, f, g, o before their tanh, i, f and o halved, as sigmoid(z) = (1 + tanh(z / 2)) / 2. */
INLINE void gates(float *z, int width, const float *c_before, float *h, float *c) {
    for (int j = 0; j < 4 * width; j++) z[j] = tanh_of(z[j]);
    for (int j = 0; j < width; j++) {
        c[j] = 0.5f * ((1 + z[width + j]) * c_before[j] + (1 + z[j]) * z[2 * width + j]);
        h[j] = tanh_of(c[j]) * 0.5f * (1 + z[3 * width + j]);
    }
}

/* states and after: (batch, depth, 2, width); scratch: x for the inputs, z for the products. May be in place. */
INLINE void step_with(const lstm *m, const float *states, const uint8_t *characters, int batch, multiply tile, int flip,
                      int32_t *x, float *z, float *after) {
    const int width = m->width, size = m->depth * 2 * width;
    for (int layer = 0; layer < m->depth; layer++) {
        const matrix *weights = &m->layers[layer];
        memset(x, flip, (size_t)weights->columns * batch);
        for (int b = 0; b < batch; b++) {
            const float *h = states + b * size + layer * 2 * width, *below = after + b * size + (layer - 1) * 2 * width;
            if (layer) quantize(below, width, 0, b, batch, flip, x);
            quantize(h, width, layer ? width : 0, b, batch, flip, x);
        }
        product(weights, x, batch, tile, z);
        for (int b = 0; b < batch; b++) {
            float *row = z + (size_t)b * weights->rows, *h = after + b * size + layer * 2 * width;
            const float *entry = m->table + (size_t)characters[b] * 4 * width;
            if (!layer)
                for (int j = 0; j < 4 * width; j++) row[j] += entry[j];
            gates(row, width, states + b * size + (layer * 2 + 1) * width, h, h + width);
        }
    }
}

INLINE void head_with(const lstm *m, const float *states, int batch, multiply tile, int flip, int32_t *x, float *logits) {
    const int width = m->width, size = m->depth * 2 * width;
    memset(x, flip, (size_t)m->head.columns * batch);
    for (int b = 0; b < batch; b++) quantize(states + b * size + (m->depth - 1) * 2 * width, width, 0, b, batch, flip, x);
    product(&m->head, x, batch, tile, logits);
}

/* What is asked of a path, see charwise_lstm. Each batch size is compiled for itself. */
#define PATH(name, attributes, tile, flip)                                                                             \
    attributes static void name##_run(const lstm *m, const float *states, const uint8_t *characters, int length,       \
                                      int batch, int32_t *x, float *z, float *after, float *logits) {                  \
        switch (batch) {                                                                                               \
            CASE(1, tile, flip)                                                                                        \
            CASE(2, tile, flip)                                                                                        \
            CASE(3, tile, flip)                                                                                        \
            CASE(4, tile, flip)                                                                                        \
            CASE(5, tile, flip)                                                                                        \
            CASE(6, tile, flip)                                                                                        \
            CASE(7, tile, flip)                                                                                        \
            CASE(8, tile, flip)                                                                                        \
        }                                                                                                              \
    }
#define CASE(n, tile, flip)                                                                                            \
    case n:                                                                                                            \
        for (int t = 0; t < length; t++)                                                                               \
            step_with(m, t ? after : states, characters + t * n, n, tile, flip, x, z, after);                          \
        if (logits) head_with(m, length ? after : states, n, tile, flip, x, logits);                                   \
        break;

PATH(portable, , tile_portable, 0)
#ifdef ON_X86
PATH(avx2, __attribute__((target("avx2"))), tile_avx2, 0)
PATH(vnni, __attribute__((target("avx512f,avx512bw,avx512vnni"))), tile_vnni, 0x80)
#endif
#ifdef ON_ARM
PATH(neon, DOT, tile_neon, 0)
#endif

/* shares (batch, 256) from logits (batch, rows of the head) */
static void softmax(const float *logits, int batch, int rows, double *shares) {
    for (int b = 0; b < batch; b++, logits += rows, shares += 256) {
        float highest = logits[0];
        double total = 0;
        for (int c = 1; c < 256; c++) highest = logits[c] > highest ? logits[c] : highest;
        for (int c = 0; c < 256; c++) total += shares[c] = exp((double)logits[c] - highest);
        for (int c = 0; c < 256; c++) shares[c] /= total;
    }
}

/* Read `length` characters for each of `batch` states (characters: (length, batch); states and after: (batch, depth, 2,
 * width)); then, where they are wanted, write the scores of the next one and the shares, (batch, 256).
 * Return 0, or -1 where no memory could be had. */
EXPORT int charwise_lstm(const lstm *m, int path, const float *states, const uint8_t *characters, int length, int batch,
                         float *after, float *logits, double *shares) {
    int rows = m->head.rows, columns = m->head.columns;
    for (int layer = 0; layer < m->depth; layer++) {
        if (m->layers[layer].rows > rows) rows = m->layers[layer].rows;
        if (m->layers[layer].columns > columns) columns = m->layers[layer].columns;
    }
    int32_t *x = malloc((size_t)batch * (columns + rows * sizeof(float)));
    if (!x) return -1;
    float *z = (float *)(x + (size_t)batch * columns / 4);
    switch (path) {
#ifdef ON_X86
    case AVX2:
        avx2_run(m, states, characters, length, batch, x, z, after, logits);
        break;
    case VNNI:
        vnni_run(m, states, characters, length, batch, x, z, after, logits);
        break;
#endif
#ifdef ON_ARM
    case NEON:
        neon_run(m, states, characters, length, batch, x, z, after, logits);
        break;
#endif
    default:
        portable_run(m, states, characters, length, batch, x, z, after, logits);
    }
    if (shares) softmax(logits, batch, m->head.rows, shares);
    free(x);
    return 0;
}

/* --- the memory ----------------------------------------------------------------------------------------------------
 * See lookup.py, which does the same, for what is counted and why.
 */
#define ORDERS 25 /* 0 to MAX_ORDER */
#define MAX_ORDER (ORDERS - 1)
#define HABITS 2    /* the longest context of what is habitual, see shard.py */
#define GAP 0       /* the character after a text's end; no match reaches across it */
#define FEW 256     /* occurrences that are quicker counted one by one than by their borders */
#define SAMPLES 200 /* of many occurrences, where a sample will do */
#define FEATURES 7  /* of an order, see escape.py */
#define HIDDEN 16

typedef struct {
    const uint8_t *text;       /* size + 1 characters, the last a gap */
    const int32_t *suffixes;   /* (size,) */
    const int64_t *histogram;  /* (256,) of the text, or NULL where a sample will do */
    const uint8_t *alive;      /* (size + 1,) or NULL for all */
    int32_t size;
} shard;

typedef struct {
    const uint8_t *text;      /* size characters */
    const int64_t *histogram; /* (256,) of the places that count */
    int32_t size, first;      /* places [first, size) count */
    int32_t places;           /* how many of those have a character after them, so that order 0 counts them */
    int32_t weight;           /* 1, or -1 to take off what a shard has too much */
} strip;

typedef struct { /* of escape.py */
    double w1[HIDDEN][FEATURES], b1[HIDDEN], w2[HIDDEN], b2;
} escape;

typedef struct {
    const shard *shards;
    const strip *strips;
    const escape *escape;
    const uint8_t *after; /* what follows the context where it is being written: not counted */
    int32_t shard_count, strip_count, after_size;
} memory;

typedef struct { /* per shard: how many orders are found, and their intervals of the suffix array */
    int32_t found, low[ORDERS], high[ORDERS];
} intervals;

typedef struct {
    double probabilities[256], habits[256]; /* by all orders; by those up to HABITS */
    int32_t order, count, own; /* own: how long an end of the context stands where it is being written */
} prediction;

INLINE int32_t lower(const shard *s, int32_t low, int32_t high, int order, int character) {
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (s->text[s->suffixes[middle] + order] < character) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void extend(const shard *s, const intervals *from, int character, intervals *to) {
    to->low[0] = 0, to->high[0] = s->size, to->found = 1;
    for (int order = 0; character != GAP && order < from->found && order < MAX_ORDER; order++) {
        const int32_t low = lower(s, from->low[order], from->high[order], order, character);
        const int32_t high = lower(s, low, from->high[order], order, character + 1);
        if (low == high) break;
        to->low[order + 1] = low, to->high[order + 1] = high, to->found = order + 2;
    }
}

/* Compare the suffix at a place with a pattern, as far as the pattern goes; the text's end comes first. */
INLINE int compare(const shard *s, int32_t place, const uint8_t *pattern, int length) {
    const int32_t rest = s->size - place;
    const int order = memcmp(s->text + place, pattern, rest < length ? rest : length);
    return order ? order : rest < length ? -1 : 0;
}

/* The intervals of all ends of the context, up to the longest one that occurs. */
static void find(const shard *s, const uint8_t *context, int length, intervals *to) {
    to->low[0] = 0, to->high[0] = s->size, to->found = 1;
    for (int order = 1; order <= length && order <= MAX_ORDER; order++) {
        const uint8_t *pattern = context + length - order;
        int32_t bounds[2];
        for (int upper = 0; upper < 2; upper++) {
            int32_t low = upper ? bounds[0] : 0, high = s->size;
            while (low < high) {
                const int32_t middle = low + (high - low) / 2;
                if (compare(s, s->suffixes[middle], pattern, order) < upper) low = middle + 1;
                else high = middle;
            }
            bounds[upper] = low;
        }
        if (bounds[0] == bounds[1]) break;
        to->low[order] = bounds[0], to->high[order] = bounds[1], to->found = order + 1;
    }
}

/* How long an end of the context stands before each place of the strip. */
static void measure(const strip *s, const uint8_t *context, int length, uint8_t *lengths) {
    for (int32_t place = 0; place < s->size; place++) {
        int32_t most = length < MAX_ORDER ? length : MAX_ORDER, n = 0;
        if (place < most) most = place;
        while (n < most && s->text[place - 1 - n] == context[length - 1 - n]) n++;
        lengths[place] = (uint8_t)n;
    }
}

static void lengthen(const strip *s, const uint8_t *from, int character, uint8_t *to) {
    to[0] = 0;
    for (int32_t place = 0; place + 1 < s->size; place++) {
        const uint8_t longer = from[place] < MAX_ORDER ? (uint8_t)(from[place] + 1) : MAX_ORDER;
        to[place + 1] = character != GAP && s->text[place] == character ? longer : 0;
    }
}

typedef int32_t table[ORDERS][256];

/* Borders between different next characters are searched for in growing steps: most characters are rare. */
static void count_borders(const shard *s, int32_t low, int32_t high, int order, int32_t *counts) {
    while (low < high) {
        const int character = s->text[s->suffixes[low] + order];
        int32_t known = low, step = 1; /* `known` is of this character */
        while (known + step < high && s->text[s->suffixes[known + step] + order] == character) known += step, step *= 2;
        const int32_t end = lower(s, known, known + step < high ? known + step : high, order, character + 1);
        counts[character] += end - low;
        low = end;
    }
}

static void count_samples(const shard *s, int32_t low, int32_t high, int order, int32_t *counts) {
    const int32_t step = (high - low) / SAMPLES > 1 ? (high - low) / SAMPLES : 1;
    for (int32_t at = low; at < high; at += step) {
        const int32_t place = s->suffixes[at] + order;
        if (!s->alive || s->alive[place]) counts[s->text[place]]++;
    }
}

static void count_shard(const shard *s, const intervals *found, const uint8_t *orders, table counts) {
    for (int order = 0; order < found->found; order++) {
        if (!orders[order]) continue;
        const int32_t low = found->low[order], high = found->high[order];
        if (!s->histogram)
            count_samples(s, low, high, order, counts[order]);
        else if (order == 0)
            for (int c = 0; c < 256; c++) counts[0][c] += (int32_t)s->histogram[c];
        else if (high - low <= FEW)
            for (int32_t at = low; at < high; at++) counts[order][s->text[s->suffixes[at] + order]]++;
        else
            count_borders(s, low, high, order, counts[order]);
    }
}

static void count_strip(const strip *s, const uint8_t *lengths, table counts, int32_t *sizes) {
    for (int c = 0; c < 256; c++) counts[0][c] += s->weight * (int32_t)s->histogram[c];
    sizes[0] += s->weight * s->places;
    for (int32_t place = s->first; place < s->size; place++)
        for (int order = lengths[place]; order > 0; order--) {
            sizes[order] += s->weight;
            counts[order][s->text[place]] += s->weight;
        }
}

/* Orders that say no more than the next longer one are left out; the shortest never. */
static int choose(const int32_t *sizes, uint8_t *orders) {
    int longest = 0;
    for (int order = 0; order < ORDERS; order++)
        if (sizes[order] > 0) longest = order;
    for (int order = 0; order <= longest; order++)
        orders[order] = order <= 2 || order == longest || sizes[order] != sizes[order + 1];
    return longest;
}

/* What part of its probability an order leaves to the shorter ones. */
static double escaping(const escape *e, const double *features) {
    double sum = e->b2;
    for (int unit = 0; unit < HIDDEN; unit++) {
        double input = e->b1[unit];
        for (int i = 0; i < FEATURES; i++) input += e->w1[unit][i] * features[i];
        if (input > 0) sum += e->w2[unit] * input;
    }
    return 1 / (1 + exp(-sum));
}

/* What followed the ends of the context, of one length each. */
typedef struct {
    int32_t total, distinct, most;
} followers;

static followers count_followers(const int32_t *counts) {
    followers f = {0, 0, 0};
    for (int c = 0; c < 256; c++) {
        f.total += counts[c], f.distinct += counts[c] > 0;
        if (counts[c] > f.most) f.most = counts[c];
    }
    return f;
}

/* From the shortest order to the longest: each keeps its share and escapes with the rest to the shorter one. */
static void blend(const escape *e, table counts, const uint8_t *orders, int longest, const int32_t *sizes,
                  prediction *p) {
    followers found[ORDERS] = {{0}};
    int is_long = 0;
    for (int c = 0; c < 256; c++) p->probabilities[c] = 1.0 / 256;
    p->order = p->count = 0;
    for (int order = 0; order <= longest; order++) {
        if (!orders[order]) continue;
        counts[order][GAP] = 0; /* where a text ends, nothing followed */
        found[order] = count_followers(counts[order]);
        if (found[order].total > 0) p->order = order, p->count = sizes[order];
    }
    for (int order = 0; order <= p->order; order++) {
        const followers f = found[order];
        if (f.total <= 0) continue;
        const double features[FEATURES] = {(double)order / MAX_ORDER,
                                           log1p(f.total),
                                           log1p(f.distinct),
                                           (double)f.distinct / f.total,
                                           (double)f.most / f.total,
                                           (double)(p->order - order) / MAX_ORDER,
                                           f.distinct == 1};
        const double rest = escaping(e, features), share = (1 - rest) / f.total;
        if (order > HABITS && !is_long++) memcpy(p->habits, p->probabilities, sizeof p->habits);
        for (int c = 0; c < 256; c++) p->probabilities[c] = p->probabilities[c] * rest + share * counts[order][c];
    }
    if (!is_long) memcpy(p->habits, p->probabilities, sizeof p->habits);
}

/* lengths: of all strips, one after the other. */
static void predict(const memory *m, const intervals *found, const uint8_t *lengths, int32_t shift, prediction *p) {
    table counts = {{0}};
    int32_t sizes[ORDERS + 1] = {0};
    uint8_t orders[ORDERS] = {0};
    for (int i = 0; i < m->strip_count; lengths += m->strips[i++].size)
        count_strip(&m->strips[i], lengths, counts, sizes);
    for (int i = 0; i < m->shard_count; i++)
        for (int order = 0; order < found[i].found; order++) sizes[order] += found[i].high[order] - found[i].low[order];
    const int longest = choose(sizes, orders);
    for (int i = 0; i < m->shard_count; i++) count_shard(&m->shards[i], &found[i], orders, counts);
    if (shift < m->after_size)
        for (int order = 0; order <= p->own; order++)
            if (counts[order][m->after[shift]] > 0) counts[order][m->after[shift]]--;
    blend(m->escape, counts, orders, longest, sizes, p);
}

/* Find the end of a context, in which there is no gap, and what followed it. */
EXPORT void charwise_match(const memory *m, const uint8_t *context, int length, intervals *found, uint8_t *lengths,
                           prediction *p) {
    uint8_t *at = lengths;
    for (int i = 0; i < m->shard_count; i++) find(&m->shards[i], context, length, &found[i]);
    for (int i = 0; i < m->strip_count; at += m->strips[i++].size) measure(&m->strips[i], context, length, at);
    p->own = length < MAX_ORDER ? length : MAX_ORDER;
    predict(m, found, lengths, 0, p);
}

/* The same after one more character; `shift` is how many came since charwise_match, this one included, and `own` the
 * own length before it. */
EXPORT void charwise_advance(const memory *m, const intervals *from, const uint8_t *lengths_from, int32_t shift,
                             int32_t own, int character, intervals *to, uint8_t *lengths_to, prediction *p) {
    uint8_t *at = lengths_to;
    for (int i = 0; i < m->shard_count; i++) extend(&m->shards[i], &from[i], character, &to[i]);
    for (int i = 0; i < m->strip_count; lengths_from += m->strips[i].size, at += m->strips[i++].size)
        lengthen(&m->strips[i], lengths_from, character, at);
    const int goes_on = character != GAP && shift <= m->after_size && m->after[shift - 1] == character;
    p->own = !goes_on ? 0 : own < MAX_ORDER ? own + 1 : MAX_ORDER;
    predict(m, to, lengths_to, shift, p);
}

/* --- the gate ------------------------------------------------------------------------------------------------------
 * See gate.py and features.py, which do the same, for what it is.
 */
#define MOST_SOURCES 8
#define MOST_UNITS 64
#define KINDS 9
#define LANES 8
#define ROOT_OF_HALF 0x3f3504f3 /* as a float's bits */

typedef struct {
    const double *w1, *b1; /* (features, units), (units,): the hidden layer, standardising folded in */
    const double *w2, *b2; /* (sources, units), (sources,) */
    const double *w3, *b3; /* (sources + 1, units), (sources + 1,) */
    const double *counts;  /* (sources + 1,) 1, or 0 for what takes no part */
    int32_t features, units, sources;
} gate;

/* logs (256,) of shares + 1e-6, in single precision: a mantissa in [sqrt(1/2), sqrt(2)) by a polynomial (Cephes logf),
 * and the exponent. Without branches, so that compilers make vectors of it. */
static void logarithms(const double *shares, float *logs) {
    float values[256];
    int32_t bits[256];
    for (int c = 0; c < 256; c++) values[c] = (float)(shares[c] + 1e-6);
    memcpy(bits, values, sizeof bits);
    for (int c = 0; c < 256; c++) {
        const int32_t above = bits[c] - ROOT_OF_HALF;
        logs[c] = (float)(above >> 23);
        bits[c] = (above & 0x7fffff) + ROOT_OF_HALF;
    }
    memcpy(values, bits, sizeof bits);
    for (int c = 0; c < 256; c++) {
        const float m = values[c] - 1, z = m * m, e = logs[c];
        float y = 7.0376836292e-2f;
        y = y * m - 1.1514610310e-1f;
        y = y * m + 1.1676998740e-1f;
        y = y * m - 1.2420140846e-1f;
        y = y * m + 1.4249322787e-1f;
        y = y * m - 1.6668057665e-1f;
        y = y * m + 2.0000714765e-1f;
        y = y * m - 2.4999993993e-1f;
        y = y * m + 3.3333331174e-1f;
        y = y * m * z - 2.12194440e-4f * e - 0.5f * z;
        logs[c] = m + y + 0.693359375f * e;
    }
}

/* The first of the largest. In lanes, as the rest here: one after the other, each would wait for the one before. */
static int favourite(const double *shares) {
    double most[LANES] = {0}, highest = 0;
    int c = 0;
    for (; c < 256; c += LANES)
        for (int i = 0; i < LANES; i++) most[i] = shares[c + i] > most[i] ? shares[c + i] : most[i];
    for (int i = 0; i < LANES; i++) highest = most[i] > highest ? most[i] : highest;
    for (c = 0; shares[c] < highest; c++) {}
    return c;
}

static double sum_of_products(const double *shares, const float *logs) {
    double sums[LANES] = {0}, sum = 0;
    for (int c = 0; c < 256; c += LANES)
        for (int i = 0; i < LANES; i++) sums[i] += shares[c + i] * logs[c + i];
    for (int i = 0; i < LANES; i++) sum += sums[i];
    return sum;
}

/* What a gate looks at: of each source, (sources, 256), its entropy in bits; what each gives to the favourite of each;
 * of each memory the order and the count of what it found; the kind of the character before. */
EXPORT void charwise_features(const double *distributions, int sources, const int32_t *found, int memories, int kind,
                              double *features) {
    float logs[MOST_SOURCES][256];
    int favourites[MOST_SOURCES];
    for (int k = 0; k < sources; k++) {
        const double *shares = distributions + 256 * k;
        logarithms(shares, logs[k]);
        favourites[k] = favourite(shares);
        *features++ = -sum_of_products(shares, logs[k]) / 0.69314718055994530942;
    }
    for (int k = 0; k < sources; k++)
        for (int i = 0; i < sources; i++) *features++ = logs[k][favourites[i]];
    for (int i = 0; i < memories; i++, found += 2) {
        *features++ = log1p(found[0]);
        *features++ = log1p(found[1]);
        *features++ = (double)found[0] / MAX_ORDER;
    }
    for (int i = 0; i < KINDS; i++) *features++ = i == kind;
}

static double row_by(const double *row, const double *x, int size) {
    double sum = 0;
    for (int i = 0; i < size; i++) sum += row[i] * x[i];
    return sum;
}

/* The distribution of the next character, mixed (256,), from those of the sources, (sources, 256). */
EXPORT void charwise_mix(const gate *g, const double *features, const double *distributions, double *mixed) {
    double inner[MOST_UNITS], weights[MOST_SOURCES], linear[256] = {0}, total = 0, highest = -1e300;
    float logs[256];
    memcpy(inner, g->b1, sizeof(double) * g->units);
    for (int i = 0; i < g->features; i++)
        for (int u = 0; u < g->units; u++) inner[u] += features[i] * g->w1[(size_t)i * g->units + u];
    for (int u = 0; u < g->units; u++) inner[u] = tanh(inner[u]);
    for (int k = 0; k < g->sources; k++) {
        weights[k] = row_by(g->w2 + (size_t)k * g->units, inner, g->units) + g->b2[k];
        if (weights[k] > highest) highest = weights[k];
    }
    for (int k = 0; k < g->sources; k++) total += weights[k] = exp(weights[k] - highest);
    for (int k = 0; k < g->sources; k++) {
        const double weight = weights[k] / total;
        for (int c = 0; c < 256; c++) linear[c] += weight * distributions[256 * k + c];
    }
    for (int c = 0; c < 256; c++) mixed[c] = 0;
    for (int k = 0; k <= g->sources; k++) {
        if (g->counts[k] == 0) continue;
        const double power = row_by(g->w3 + (size_t)k * g->units, inner, g->units) + g->b3[k];
        logarithms(k < g->sources ? distributions + 256 * k : linear, logs);
        for (int c = 0; c < 256; c++) mixed[c] += power * logs[c];
    }
    highest = mixed[0], total = 0;
    for (int c = 1; c < 256; c++) highest = mixed[c] > highest ? mixed[c] : highest;
    for (int c = 0; c < 256; c++) total += mixed[c] = exp(mixed[c] - highest);
    for (int c = 0; c < 256; c++) mixed[c] /= total;
}
