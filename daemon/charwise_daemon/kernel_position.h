/* --- a position ----------------------------------------------------------------------------------------------------
 * One step of everything in one call, see predictor.py: between two of them Python's own memory has left the nearer
 * caches, which the weights fill, so that each call costs more than its arithmetic.
 */
#define MEMORIES 3

typedef struct {
    const float *weights;   /* (256, width) what is added to the scores' weights, see adaptation.py */
    const uint8_t *touched; /* (256,) 0 where a row is of zeros */
    const double *scale;    /* of the weights */
    float limit;            /* of what is added to a score */
} correction;

typedef struct { /* what positions that follow one another share, and where in a position's bytes each part begins */
    const lstm *model;            /* or NULL for none */
    const correction *correction; /* or NULL for none */
    const memory *memories[MEMORIES];
    const gate *gate;
    int32_t path, state, features, mixed; /* the distributions, (2 + MEMORIES, 256), begin at 0 */
    int32_t told;                         /* order, count and own length of each memory's match */
    int32_t intervals[MEMORIES], lengths[MEMORIES];
} course;

static float dot(const float *one, const float *other, int size) {
    float sums[16] = {0}, sum = 0;
    int j = 0;
    for (; j + 16 <= size; j += 16)
        for (int i = 0; i < 16; i++) sums[i] += one[j + i] * other[j + i];
    for (; j < size; j++) sum += one[j] * other[j];
    for (int i = 0; i < 16; i++) sum += sums[i];
    return sum;
}

/* Correct the shares (256,) of the next character by what was learned since the training. */
static void correct(const correction *c, const float *h, int width, double *shares) {
    double total = 0;
    for (int i = 0; i < 256; i++) {
        if (c->touched[i]) {
            const float moved = dot(c->weights + (size_t)i * width, h, width) * (float)*c->scale;
            shares[i] *= expf(moved < -c->limit ? -c->limit : moved > c->limit ? c->limit : moved);
        }
        total += shares[i];
    }
    for (int i = 0; i < 256; i++) shares[i] /= total;
}

/* What is known after one more character, of a kind; `shift` is how many came since the course began, this one included.
 * Return 0, or -1 where no memory could be had. */
EXPORT int charwise_step(const course *s, int character, int kind, int32_t shift, const uint8_t *before,
                         uint8_t *after) {
    double *distributions = (double *)after, *features = (double *)(after + s->features);
    const int32_t *told_before = (const int32_t *)(before + s->told);
    int32_t *told = (int32_t *)(after + s->told), found[2 * MEMORIES];
    memset(distributions, 0, 256 * sizeof(double));
    if (s->model) {
        const uint8_t read = (uint8_t)character;
        const int width = s->model->width;
        float scores[256], *state = (float *)(after + s->state);
        const float *state_before = (const float *)(before + s->state);
        if (charwise_lstm(s->model, s->path, shift, state_before, &read, 1, 1, state, scores, distributions)) return -1;
        if (s->correction) correct(s->correction, state + (s->model->depth - 1) * 2 * width, width, distributions);
    }
    for (int i = 0; i < MEMORIES; i++, told += 3, told_before += 3) {
        prediction p;
        charwise_advance(s->memories[i], (const intervals *)(before + s->intervals[i]), before + s->lengths[i], shift,
                         told_before[2], character, (intervals *)(after + s->intervals[i]), after + s->lengths[i], &p);
        memcpy(distributions + 256 * (1 + i), p.probabilities, sizeof p.probabilities);
        if (i == 0) memcpy(distributions + 256 * (1 + MEMORIES), p.habits, sizeof p.habits);
        told[0] = found[2 * i] = p.order, told[1] = found[2 * i + 1] = p.count, told[2] = p.own;
    }
    charwise_features(distributions, 2 + MEMORIES, found, MEMORIES, kind, features);
    charwise_mix(s->gate, features, distributions, (double *)(after + s->mixed));
    return 0;
}
