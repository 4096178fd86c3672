/* SPDX-License-Identifier: MPL-2.0 */
/* Runs one input of the fuzzer's corpus, without libFuzzer: what it reaches is counted. */
#include "fuzz.h"
#include <stdio.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* There is only one input. */
void reset_save(void) {}
void reset_restore(void) {}

int main(int argc, char **argv)
{
    static uint8_t data[1 << 16];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL)
        return 2;
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    LLVMFuzzerInitialize(&argc, &argv);
    return LLVMFuzzerTestOneInput(data, size);
}
