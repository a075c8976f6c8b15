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
