/* SPDX-License-Identifier: MPL-2.0 */
/* Random bytes: the first 32 bytes of each ChaCha20 batch become the next key, so that what was given out cannot be found again. */
#include <cpuid.h>
#include <los/random.h>
#include <los/schedule.h>

static uint32_t key[8];
static bool seeded;

static uint32_t rotate(uint32_t x, unsigned n) { return (x << n) | (x >> (32 - n)); }

static void quarter(uint32_t *s, unsigned a, unsigned b, unsigned c, unsigned d)
{
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

/* RFC 8439 section 2.3, with a 64-bit block counter and nonce 0. */
static void block(uint64_t counter, uint32_t out[16])
{
    uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    memcpy(start + 4, key, sizeof(key));
    start[12] = (uint32_t)counter;
    start[13] = (uint32_t)(counter >> 32);
    memcpy(out, start, sizeof(start));
    for (int i = 0; i < 10; i++) {
        quarter(out, 0, 4, 8, 12), quarter(out, 1, 5, 9, 13), quarter(out, 2, 6, 10, 14),
            quarter(out, 3, 7, 11, 15);
        quarter(out, 0, 5, 10, 15), quarter(out, 1, 6, 11, 12), quarter(out, 2, 7, 8, 13),
            quarter(out, 3, 4, 9, 14);
    }
    for (int i = 0; i < 16; i++)
        out[i] += start[i];
}

__attribute__((target("rdrnd"))) static bool cpu_random(unsigned long long *value)
{
    for (int tries = 0; tries < 10; tries++)
        if (__builtin_ia32_rdrand64_step(value))
            return true;
    return false;
}

static void rekey(void)
{
    uint32_t out[16];
    block(0, out);
    memcpy(key, out, sizeof(key));
}

void los_random_mix(const void *from, size_t bytes)
{
    const uint8_t *at = from;
    for (size_t i = 0; i < bytes; i++) {
        ((uint8_t *)key)[i % sizeof(key)] ^= at[i];
        if (i % sizeof(key) == sizeof(key) - 1)
            rekey();
    }
    rekey();
}

static void seed(void)
{
    unsigned eax, ebx, ecx = 0, edx;
    bool has = __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_RDRND);
    for (int i = 0; i < 8; i++) {
        unsigned long long words[3] = {__builtin_ia32_rdtsc(), los_wall_now(), 0};
        if (has)
            cpu_random(&words[2]);
        los_random_mix(words, sizeof(words));
    }
    seeded = true;
}

void los_random_bytes(void *to, size_t bytes)
{
    uint8_t *at = to;
    uint32_t out[16], next[8];
    if (!seeded)
        seed();
    uint64_t tick =
        __builtin_ia32_rdtsc(); /* never the same key twice, even if two library OSes were seeded alike */
    key[0] ^= (uint32_t)tick;
    key[1] ^= (uint32_t)(tick >> 32);
    block(0, out);
    memcpy(next, out, sizeof(next));
    for (uint64_t counter = 1; bytes; counter++) {
        size_t n = bytes < sizeof(out) ? bytes : sizeof(out);
        block(counter, out);
        memcpy(at, out, n);
        at += n;
        bytes -= n;
    }
    memcpy(key, next, sizeof(key));
}
