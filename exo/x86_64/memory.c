/* SPDX-License-Identifier: MPL-2.0 */
/* The four functions that the compiler calls on its own. Whole words, several to a round: string instructions cost an emulator
 * far more, and no register of the FPU may be touched here. */
#include "x86.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

void *memset(void *to, int value, size_t bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

void *memset(void *to, int value, size_t bytes)
{
    uint8_t *at = to;
    uint64_t pattern = (uint8_t)value * 0x0101010101010101ul;
    for (; bytes >= 64; bytes -= 64, at += 64)
        for (unsigned i = 0; i < 64; i += 8)
            *(word *)(at + i) = pattern;
    for (; bytes >= 8; bytes -= 8, at += 8)
        *(word *)at = pattern;
    while (bytes--)
        *at++ = (uint8_t)value;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) { return memmove(to, from, bytes); }

void *memmove(void *to, const void *from, size_t bytes)
{
    uint8_t *at = to;
    const uint8_t *source = from;
    if ((uint64_t)at - (uint64_t)source >= bytes) {
        for (; bytes >= 8; bytes -= 8, at += 8, source += 8)
            *(word *)at = *(const word *)source;
        while (bytes--)
            *at++ = *source++;
        return to;
    }
    while (bytes--)
        at[bytes] = source[bytes];
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const uint8_t *left = a, *right = b;
    for (; bytes; bytes--, left++, right++)
        if (*left != *right)
            return *left < *right ? -1 : 1;
    return 0;
}
