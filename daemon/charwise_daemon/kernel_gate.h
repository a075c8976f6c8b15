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
