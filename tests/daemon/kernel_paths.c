/* Runs every path of the kernel that this processor has on random LSTMs; prints how many ran, fails where two differ.
 * For processors that the tests do not run on: test_kernel.py builds it for ARM and runs it under emulation. */
#include "../../daemon/charwise_daemon/kernel.c"

#include <stdio.h>

enum { WIDTH = 24, DEPTH = 2, LENGTH = 40 };

static uint32_t chance = 1;
static uint32_t draw(void) { return (chance = chance * 1664525u + 1013904223u) >> 8; }
static float draw_float(void) { return (float)draw() / (1 << 23) - 1; }

static matrix draw_matrix(int rows, int columns) {
    matrix m = {.rows = (rows + 15) / 16 * 16, .columns = (columns + 15) / 16 * 16};
    int8_t *tiles = calloc((size_t)m.rows * m.columns, 1);
    float *scales = calloc(m.rows, sizeof(float)), *biases = calloc(m.rows, sizeof(float));
    int32_t *sums = calloc(m.rows, sizeof(int32_t));
    for (int i = 0; i < m.rows * m.columns; i++) tiles[i] = (int8_t)(draw() % 255 - 127);
    for (int row = 0; row < m.rows; row++) {
        scales[row] = draw_float() / 4096, biases[row] = draw_float();
        for (int k = 0; k < m.columns / 4; k++)
            for (int j = 0; j < 4; j++)
                sums[row] += 128 * tiles[(row / 16) * 16 * m.columns + k * 64 + (row % 16) * 4 + j];
    }
    m.tiles = tiles, m.scales = scales, m.biases = biases, m.sums = sums;
    return m;
}

int main(void) {
    float table[256 * 4 * WIDTH];
    for (int i = 0; i < 256 * 4 * WIDTH; i++) table[i] = draw_float();
    const matrix below[DEPTH] = {{0}, draw_matrix(4 * WIDTH, WIDTH)};
    const matrix across[DEPTH] = {draw_matrix(4 * WIDTH, WIDTH), draw_matrix(4 * WIDTH, WIDTH)};
    const lstm m = {table, below, across, draw_matrix(256, WIDTH), DEPTH, WIDTH};
    int ran = 0;
    for (int batch = 1; batch <= MOST_BATCH; batch++) {
        static float start[MOST_BATCH * DEPTH * 2 * WIDTH], after[2][MOST_BATCH * DEPTH * 2 * WIDTH];
        static float logits[2][MOST_BATCH * 256];
        uint8_t text[LENGTH * MOST_BATCH];
        for (int i = 0; i < LENGTH * batch; i++) text[i] = (uint8_t)draw();
        charwise_lstm(&m, PORTABLE, 0, start, text, LENGTH, batch, after[0], logits[0], NULL);
        for (int path = AVX2; path <= NEON; path++) {
            if (!charwise_can_run(path)) continue;
            charwise_lstm(&m, path, batch, start, text, LENGTH, batch, after[1], logits[1], NULL);
            ran++;
            if (memcmp(after[0], after[1], sizeof(float) * batch * DEPTH * 2 * WIDTH) ||
                memcmp(logits[0], logits[1], sizeof(float) * batch * 256)) {
                printf("path %d differs from portable C at batch %d\n", path, batch);
                return 1;
            }
        }
    }
    printf("%d runs agree\n", ran);
    return 0;
}
