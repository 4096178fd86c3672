/* SPDX-License-Identifier: MPL-2.0 */
/* Dereferences NULL: the shell must report a segmentation fault, status 139. With an argument: jumps to NULL instead. */
#include <stddef.h>
int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        ((void (*)(void))(size_t)(argc - 2))();
    *(volatile int *)(size_t)(argc - 1) = 1;
    return 0;
}
