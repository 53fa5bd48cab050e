/* Functions, parsers and formatters for Quintet's rules, written in C.
 *
 *     #include "quintet_module.h"
 *
 *     QUINTET_DECLARE("fn zeros(s: Bytes) -> Int")
 *
 *     QUINTET_EXPORT("zeros") uint32_t zeros(const quintet_cell *args, quintet_cell *out) {
 *         quintet_bytes s = quintet_get_bytes(&args[0]);
 *         int64_t n = 0;
 *         for (uint32_t i = 0; i < s.len; i++) n += s.at[i] == 0;
 *         return quintet_int(out, n);
 *     }
 *
 *     clang --target=wasm32 -O2 -nostdlib -ffreestanding -Wl,--no-entry -I... -o zeros.wasm zeros.c
 *     python3 -m ziglang cc -target wasm32-freestanding -O2 -nostdlib -Wl,--no-entry -I... -o zeros.wasm zeros.c
 *
 * A parser fills a cell for each of its fields, in the order of the declaration, and answers QUINTET_VALUE, or QUINTET_NIL where the text is
 * not what it parses. What an answer refers to is part of an argument or of the module's memory, and stays until the next call. */
#ifndef QUINTET_MODULE_H
#define QUINTET_MODULE_H

#include <stdint.h>

/* A value: 1 where there is one and 0 for nil, and its words. */
typedef struct {
    uint64_t present;
    uint64_t words[3];
} quintet_cell;

typedef struct {
    const uint8_t *at;
    uint32_t len;
} quintet_bytes;

/* What a call answers. */
enum { QUINTET_NIL = 0, QUINTET_VALUE = 1, QUINTET_TRAP = 2 };

/* What the module has: lines as `quintet module show` prints them, without the version. */
#define QUINTET_DECLARE(lines) \
    __asm__(".section .custom_section.quintet,\"\",@\n.ascii \"quintet 1\\n" lines "\\n\"\n.text\n");

#define QUINTET_EXPORT(name) __attribute__((export_name(name)))

static inline int quintet_is_nil(const quintet_cell *cell) { return cell->present == 0; }
static inline int64_t quintet_get_int(const quintet_cell *cell) { return (int64_t)cell->words[0]; }
static inline int quintet_get_bool(const quintet_cell *cell) { return cell->words[0] != 0; }
static inline double quintet_get_float(const quintet_cell *cell) {
    union { uint64_t bits; double value; } it = { cell->words[0] };
    return it.value;
}
static inline quintet_bytes quintet_get_bytes(const quintet_cell *cell) {
    quintet_bytes bytes = { (const uint8_t *)(uintptr_t)cell->words[0], (uint32_t)cell->words[1] };
    return bytes;
}

static inline uint32_t quintet_set(quintet_cell *out, uint64_t a, uint64_t b, uint64_t c) {
    out->present = 1;
    out->words[0] = a;
    out->words[1] = b;
    out->words[2] = c;
    return QUINTET_VALUE;
}
static inline uint32_t quintet_int(quintet_cell *out, int64_t value) { return quintet_set(out, (uint64_t)value, 0, 0); }
static inline uint32_t quintet_bool(quintet_cell *out, int value) { return quintet_set(out, value != 0, 0, 0); }
static inline uint32_t quintet_float(quintet_cell *out, double value) {
    union { double value; uint64_t bits; } it = { value };
    return quintet_set(out, it.bits, 0, 0);
}
static inline uint32_t quintet_answer_bytes(quintet_cell *out, const uint8_t *at, uint32_t len) {
    return quintet_set(out, (uint64_t)(uintptr_t)at, len, 0);
}

/* An argument of many calls, for a function that is exported as `NAME__column` beside `NAME`: where its values lie, as records have them. That
 * function is given such an argument for each parameter, room for a result of each call, a word (an Ip three), and for a byte that says
 * whether there is one, and the number of the calls; it answers QUINTET_VALUE. */
typedef struct {
    uint32_t base, first, present, bit, stride, unused[3];
} quintet_column;

static inline const uint8_t *quintet_column_at(const quintet_column *column, uint32_t from, uint32_t call) {
    return (const uint8_t *)(uintptr_t)(column->base + from + call * column->stride);
}
static inline int quintet_column_is_nil(const quintet_column *column, uint32_t call) {
    return !(*(const uint64_t *)quintet_column_at(column, column->present, call) >> (column->bit & 63) & 1);
}
static inline uint64_t quintet_column_word(const quintet_column *column, uint32_t call) {
    return *(const uint64_t *)quintet_column_at(column, column->first, call);
}
static inline quintet_bytes quintet_column_bytes(const quintet_column *column, uint32_t call) {
    uint64_t word = quintet_column_word(column, call);
    quintet_bytes bytes = { (const uint8_t *)(uintptr_t)(column->base + (uint32_t)word), (uint32_t)(word >> 32) };
    return bytes;
}

#endif
