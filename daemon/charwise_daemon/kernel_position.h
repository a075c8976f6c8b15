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

/* Take in what a memory says: its distribution, that of what is habitual of the first, and how its match is told. */
static void said(const course *s, int i, const prediction *p, uint8_t *at) {
    double *distributions = (double *)at;
    int32_t *told = (int32_t *)(at + s->told) + 3 * i;
    memcpy(distributions + 256 * (1 + i), p->probabilities, sizeof p->probabilities);
    if (i == 0) memcpy(distributions + 256 * (1 + MEMORIES), p->habits, sizeof p->habits);
    told[0] = p->order, told[1] = p->count, told[2] = p->own;
}

/* Read `length` characters after a state, 0 or 1, for what the LSTM says. Return 0, or -1 where no memory could be had. */
static int read_one(const course *s, const float *before, int turn, uint8_t character, int length, uint8_t *at) {
    double *shares = (double *)at;
    float scores[256], *state = (float *)(at + s->state);
    if (!s->model) {
        memset(shares, 0, 256 * sizeof(double));
        return 0;
    }
    const int width = s->model->width, depth = s->model->depth;
    if (!length) memcpy(state, before, sizeof(float) * depth * 2 * width);
    if (charwise_lstm(s->model, s->path, turn, before, &character, length, 1, state, scores, shares)) return -1;
    if (s->correction) correct(s->correction, state + (depth - 1) * 2 * width, width, shares);
    return 0;
}

/* Mix what all sources say, after a character of a kind. */
static void mix_all(const course *s, int kind, uint8_t *at) {
    const int32_t *told = (const int32_t *)(at + s->told);
    int32_t found[2 * MEMORIES];
    for (int i = 0; i < MEMORIES; i++) found[2 * i] = told[3 * i], found[2 * i + 1] = told[3 * i + 1];
    double *features = (double *)(at + s->features);
    charwise_features((const double *)at, 2 + MEMORIES, found, MEMORIES, kind, features);
    charwise_mix(s->gate, features, (const double *)at, (double *)(at + s->mixed));
}

/* What is known where a course begins: after a state (NULL where there is none), and contexts that end in a character of
 * a kind, one for the first memory and one for the others. Return 0, or -1 where no memory could be had. */
EXPORT int charwise_begin(const course *s, const float *state, const uint8_t *context, int length, const uint8_t *own,
                          int own_length, int kind, uint8_t *first) {
    if (read_one(s, state, 0, 0, 0, first)) return -1;
    for (int i = 0; i < MEMORIES; i++) {
        prediction p;
        charwise_match(s->memories[i], i ? own : context, i ? own_length : length,
                       (intervals *)(first + s->intervals[i]), first + s->lengths[i], &p);
        said(s, i, &p, first);
    }
    mix_all(s, kind, first);
    return 0;
}

/* What is known after one more character, of a kind; `shift` is how many came since the course began, this one included.
 * Return 0, or -1 where no memory could be had. */
EXPORT int charwise_step(const course *s, int character, int kind, int32_t shift, const uint8_t *before,
                         uint8_t *after) {
    const int32_t *told = (const int32_t *)(before + s->told);
    if (read_one(s, (const float *)(before + s->state), shift, (uint8_t)character, 1, after)) return -1;
    for (int i = 0; i < MEMORIES; i++) {
        prediction p;
        charwise_advance(s->memories[i], (const intervals *)(before + s->intervals[i]), before + s->lengths[i], shift,
                         told[3 * i + 2], character, (intervals *)(after + s->intervals[i]), after + s->lengths[i], &p);
        said(s, i, &p, after);
    }
    mix_all(s, kind, after);
    return 0;
}
