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
    const float *table;           /* (256, 4 * width): embedding by the first layer's input weights, with its biases */
    const matrix *below, *across; /* (depth,) input and recurrent weights, of the same scales; below[0] is the table */
    matrix head;                  /* 256 rows */
    int32_t depth, width;         /* number of layers, units in each */
} lstm;

/* Room for what a step computes with: inputs and sums of each layer's recurrent weights, and of one's input weights. */
typedef struct {
    int32_t *x, *sums; /* (depth + 1, inputs) words of 4 int8, (depth + 1, outputs) */
    float *z;          /* (outputs,) */
    int inputs, outputs;
} scratch;

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

/* Write h, |h| <= 1, as int8 of h * 127 (plus 128 where the path wants it) to the words of input b. */
INLINE void quantize(const float *h, int width, int b, int batch, int flip, int32_t *x) {
    int8_t *bytes = (int8_t *)x;
    for (int j = 0; j < width; j++) {
        const float scaled = h[j] * 127.0f;
        const int8_t q = (int8_t)(int)(scaled + (scaled < 0 ? -0.5f : 0.5f));
        bytes[((j >> 2) * batch + b) * 4 + (j & 3)] = (int8_t)(q ^ flip);
    }
}

typedef void multiply(const int8_t *, const int32_t *, int, int, const int32_t *, int32_t *);

/* sums (rows / 16, batch, 16) = matrix @ inputs, the rows from either end */
INLINE void product(const matrix *m, const int32_t *x, int batch, int back, multiply tile, int32_t *sums) {
    for (int row = 0; row < m->rows; row += TILE) {
        const int at = back ? m->rows - TILE - row : row;
        tile(m->tiles + (size_t)at * m->columns, x, m->columns / 4, batch, m->sums + at, sums + at * batch);
    }
}

/* out (batch, rows) = what sums stand for, of one product or of two of the same rows, and the biases */
INLINE void scaled(const matrix *m, const int32_t *sums, const int32_t *others, int batch, float *out) {
    for (int row = 0; row < m->rows; row += TILE)
        for (int b = 0; b < batch; b++)
            for (int r = 0; r < TILE; r++) {
                const int at = row * batch + b * TILE + r;
                const int32_t sum = others ? sums[at] + others[at] : sums[at];
                out[(size_t)b * m->rows + row + r] = (float)sum * m->scales[row + r] + m->biases[row + r];
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

/* x of one layer = h of each state */
INLINE void inputs(const lstm *m, const float *states, int layer, int columns, int batch, int flip, int32_t *x) {
    memset(x, flip, (size_t)columns * batch);
    for (int b = 0; b < batch; b++)
        quantize(states + (size_t)(b * m->depth + layer) * 2 * m->width, m->width, b, batch, flip, x);
}

/* states and after: (batch, depth, 2, width), may be in place. At every other turn the weights are read from the end
 * towards the beginning, as far as one layer does not wait for another: where they are larger than the nearer caches,
 * those still have what was read last, and a step takes a quarter less. The sums are the same. */
INLINE void step_with(const lstm *m, const float *states, const uint8_t *characters, int batch, int turn, multiply tile,
                      int flip, const scratch *s, float *after) {
    const int width = m->width, back = turn & 1;
    for (int layer = 0; layer < m->depth; layer++)
        inputs(m, states, layer, m->across[layer].columns, batch, flip, s->x + layer * s->inputs);
    for (int layer = m->depth - 1; layer > 0 && !back; layer--)
        product(&m->across[layer], s->x + layer * s->inputs, batch, back, tile, s->sums + layer * s->outputs);
    for (int layer = 0; layer < m->depth; layer++) {
        int32_t *x = s->x + m->depth * s->inputs, *sums = s->sums + layer * s->outputs;
        int32_t *others = layer ? s->sums + m->depth * s->outputs : NULL;
        if (layer) {
            inputs(m, after, layer - 1, m->below[layer].columns, batch, flip, x);
            product(&m->below[layer], x, batch, back, tile, others);
        }
        if (!layer || back) product(&m->across[layer], s->x + layer * s->inputs, batch, back, tile, sums);
        scaled(&m->across[layer], sums, others, batch, s->z);
        for (int b = 0; b < batch; b++) {
            const size_t at = (size_t)(b * m->depth + layer) * 2 * width;
            float *row = s->z + (size_t)b * m->across[layer].rows;
            const float *entry = m->table + (size_t)characters[b] * 4 * width;
            if (!layer)
                for (int j = 0; j < 4 * width; j++) row[j] += entry[j];
            gates(row, width, states + at + width, after + at, after + at + width);
        }
    }
}

INLINE void head_with(const lstm *m, const float *states, int batch, multiply tile, int flip, const scratch *s,
                      float *logits) {
    inputs(m, states, m->depth - 1, m->head.columns, batch, flip, s->x);
    product(&m->head, s->x, batch, 0, tile, s->sums);
    scaled(&m->head, s->sums, NULL, batch, logits);
}

/* What is asked of a path, see charwise_lstm. Each batch size is compiled for itself. */
#define PATH(name, attributes, tile, flip)                                                                             \
    attributes static void name##_run(const lstm *m, const float *states, const uint8_t *characters, int length,       \
                                      int batch, int turn, const scratch *s, float *after, float *logits) {            \
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
            step_with(m, t ? after : states, characters + t * n, n, turn + t, tile, flip, s, after);                   \
        if (logits) head_with(m, length ? after : states, n, tile, flip, s, logits);                                   \
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
 * width)); then, where they are wanted, write the scores of the next one and the shares, (batch, 256). `turn`: how many
 * characters were read just before, as far as that is known.
 * Return 0, or -1 where no memory could be had. */
EXPORT int charwise_lstm(const lstm *m, int path, int turn, const float *states, const uint8_t *characters, int length,
                         int batch, float *after, float *logits, double *shares) {
    const int parts = m->depth + 1, rows = m->across[0].rows; /* as all layers have */
    scratch s = {.inputs = batch * m->head.columns / 4, .outputs = batch * (rows > m->head.rows ? rows : m->head.rows)};
    s.x = malloc(((size_t)parts * (s.inputs + s.outputs) + s.outputs) * sizeof(int32_t));
    if (!s.x) return -1;
    s.sums = s.x + (size_t)parts * s.inputs;
    s.z = (float *)(s.sums + (size_t)parts * s.outputs);
    switch (path) {
#ifdef ON_X86
    case AVX2:
        avx2_run(m, states, characters, length, batch, turn, &s, after, logits);
        break;
    case VNNI:
        vnni_run(m, states, characters, length, batch, turn, &s, after, logits);
        break;
#endif
#ifdef ON_ARM
    case NEON:
        neon_run(m, states, characters, length, batch, turn, &s, after, logits);
        break;
#endif
    default:
        portable_run(m, states, characters, length, batch, turn, &s, after, logits);
    }
    if (shares) softmax(logits, batch, m->head.rows, shares);
    free(s.x);
    return 0;
}
