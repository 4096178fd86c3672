/* SPDX-License-Identifier: MPL-2.0 */
/* What libFuzzer calls, and what the targets share. */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The input once more, in memory of exactly that length and one byte aligned as malloc does: the sanitizer sees what is read beyond. */
static inline uint8_t *exact_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);
    if (size != 0)
        memcpy(copy, data, size);
    return copy;
}

/* An input as a stream of choices, for targets that need more than one block of bytes; zeros when it has ended. */
struct choices {
    const uint8_t *at, *end;
};
static inline uint8_t choice8(struct choices *c) { return c->at < c->end ? *c->at++ : 0; }
static inline uint16_t choice16(struct choices *c) { return (uint16_t)(choice8(c) | choice8(c) << 8); }
static inline uint32_t choice32(struct choices *c) { return choice16(c) | (uint32_t)choice16(c) << 16; }
static inline uint64_t choice64(struct choices *c) { return choice32(c) | (uint64_t)choice32(c) << 32; }

#endif
