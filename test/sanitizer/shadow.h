/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The shadow: a byte for each eight bytes of the container segment. 0: all may be touched; 1 to 7: that many from the first on; above
 * 0x80: none, and why. It is the hosted machine's memory, at the same address in every runner, like the container segment.
 */
#ifndef SANITIZER_SHADOW_H
#define SANITIZER_SHADOW_H

#define SHADOW_GUEST  0x700000000000ul /* LOS_SEGMENT, and its size */
#define SHADOW_OF     (512ul << 30)
#define SHADOW_START  0x740000000000ul /* the host's: behind HOST_FRAMES */
#define SHADOW_BYTES  (SHADOW_OF >> 3)
#define SHADOW_OFFSET (SHADOW_START - (SHADOW_GUEST >> 3)) /* 0x660000000000: the compiler is told so, too */

enum shadow {
    SHADOW_STACK_LEFT = 0xf1, /* up to SHADOW_SCOPE: the compiler's */
    SHADOW_STACK_MIDDLE = 0xf2,
    SHADOW_STACK_RIGHT = 0xf3,
    SHADOW_SCOPE = 0xf8,
    SHADOW_GLOBAL = 0xf9,
    SHADOW_FREED = 0xfd,
    SHADOW_RED_ZONE = 0xfc,
    SHADOW_NO_OBJECT = 0xfb,
    SHADOW_FREE_PAGE = 0xfe,
    SHADOW_ALLOCA = 0xca,
};

#endif
