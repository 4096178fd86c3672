/* SPDX-License-Identifier: MPL-2.0 */
/* Random bytes: ChaCha20 (RFC 8439) with fast key erasure, seeded from the CPU's generator where it has one and from time. */
#ifndef LOS_RANDOM_H
#define LOS_RANDOM_H
#include <los/base.h>
void los_random_bytes(void *to, size_t bytes);
void los_random_mix(const void *from, size_t bytes); /* written to /dev/random: stirred into the key */
#endif
