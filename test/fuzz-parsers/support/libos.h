/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The library OS below a target, as its unit tests have it: memory, a process with root's credentials, an empty root file system. A target
 * that includes this defines libos_input, which runs in a thread of that process. What it leaves behind stays for the next input: free
 * pages must be as many afterwards as before, but for what grows once.
 */
#ifndef FUZZ_LIBOS_H
#define FUZZ_LIBOS_H

#include "file_fixture.h"
#include "target.h"

void libos_start(void); /* called once, in that thread, before the first input */
void libos_input(const uint8_t *data, size_t size);

#endif
