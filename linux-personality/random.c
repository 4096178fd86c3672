/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random bytes: the ChaCha20 block function (RFC 8439) run as a generator that replaces its own key with its first output after every
 * request, so that old output cannot be computed from a later state. Seeded from RDRAND, the clocks and cycle jitter.
 */
#include <machine.h>

static uint32_t key[8];
static bool seeded;

#define ROTATE(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define QUARTER(a, b, c, d)                                                                                    \
    (a += b, d = ROTATE(d ^ a, 16), c += d, b = ROTATE(b ^ c, 12), a += b, d = ROTATE(d ^ a, 8), c += d,       \
     b = ROTATE(b ^ c, 7))

static void block(uint64_t counter, uint8_t out[64])
{
    static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    uint32_t start[16], x[16];
    memcpy(start, constants, sizeof(constants));
    memcpy(start + 4, key, sizeof(key));
    start[12] = (uint32_t)counter;
    start[13] = (uint32_t)(counter >> 32);
    start[14] = start[15] = 0;
    memcpy(x, start, sizeof(x));
    for (int round = 0; round < 10; round++) {
        QUARTER(x[0], x[4], x[8], x[12]);
        QUARTER(x[1], x[5], x[9], x[13]);
        QUARTER(x[2], x[6], x[10], x[14]);
        QUARTER(x[3], x[7], x[11], x[15]);
        QUARTER(x[0], x[5], x[10], x[15]);
        QUARTER(x[1], x[6], x[11], x[12]);
        QUARTER(x[2], x[7], x[8], x[13]);
        QUARTER(x[3], x[4], x[9], x[14]);
    }
    for (int i = 0; i < 16; i++)
        x[i] += start[i];
    memcpy(out, x, 64);
}

static void seed(void)
{
    uint8_t mixed[64];
    for (int i = 0; i < 8; i++) {
        uint64_t word = 0;
        lx_hardware_random(&word);
        for (int jitter = 0; jitter < 16; jitter++)
            word = (word << 7 | word >> 57) ^ lx_cycles() ^ los_now();
        word ^= los_wall_now() * 0x9e3779b97f4a7c15ull;
        key[i] ^= (uint32_t)word ^ (uint32_t)(word >> 32);
        block((uint64_t)i, mixed);
        memcpy(key, mixed, sizeof(key));
    }
    seeded = true;
}

void lx_random(void *to, size_t bytes)
{
    uint8_t out[64], next[32], *at = to;
    if (!seeded)
        seed();
    uint64_t word;
    if (lx_hardware_random(&word)) {
        key[0] ^= (uint32_t)word;
        key[1] ^= (uint32_t)(word >> 32);
    }
    uint64_t counter = 0;
    block(counter++, out);
    memcpy(next, out, sizeof(next));
    while (bytes > 0) {
        block(counter++, out);
        size_t n = bytes < sizeof(out) ? bytes : sizeof(out);
        memcpy(at, out, n);
        at += n;
        bytes -= n;
    }
    memcpy(key, next, sizeof(key));
    memset(out, 0, sizeof(out));
}

long lx_sys_getrandom(const struct lx_args *args)
{
    uint64_t to = args->arg[0], bytes = args->arg[1], flags = args->arg[2], done = 0;
    uint8_t chunk[256];
    if (flags & ~(uint64_t)(LX_GRND_NONBLOCK | LX_GRND_RANDOM | LX_GRND_INSECURE) ||
        (flags & (LX_GRND_RANDOM | LX_GRND_INSECURE)) == (LX_GRND_RANDOM | LX_GRND_INSECURE))
        return -LOS_E_INVAL;
    if (bytes > INT32_MAX)
        bytes = INT32_MAX;
    while (done < bytes) {
        size_t n = bytes - done < sizeof(chunk) ? bytes - done : sizeof(chunk);
        lx_random(chunk, n);
        if (los_copy_out(to + done, chunk, n) != 0)
            return done > 0 ? (long)done : -LOS_E_FAULT;
        done += n;
        if (los_cpu()->need_resched && los_signal_is_pending(los_current()))
            break;
    }
    return (long)done;
}
