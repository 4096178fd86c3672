/* SPDX-License-Identifier: MPL-2.0 */
/* Takes memory and touches it until there is none: malloc fails, or the system ends this process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int main(void)
{
    for (long mebibytes = 0; mebibytes < 1 << 20; mebibytes++) {
        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) {
            printf("memoryhog: ENOMEM\n");
            return 3;
        }
        memset(p, (int)mebibytes | 1, 1 << 20);
    }
    return 0;
}
